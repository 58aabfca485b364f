# --8<-- [start:make]
from typing import Any

from pymongo import MongoClient

from odmantic import SyncEngine

client: MongoClient[dict[str, Any]] = MongoClient("mongodb://localhost:27017")
engine = SyncEngine(client, database="fleet")
# --8<-- [end:make]

from odmantic import Model


class Ship(Model):
    name: str


with client:
    engine.save(Ship(name="Vega"))
    print(engine.count(Ship))
    # -> 1
