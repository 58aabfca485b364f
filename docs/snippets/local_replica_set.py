# --8<-- [start:with]
from pymongo import MongoClient

from odmantic import Model, SyncEngine
from odmantic.testing import LocalReplicaSet


class Ship(Model):
    name: str


with LocalReplicaSet() as replica_set, MongoClient(replica_set.uri) as client:
    engine = SyncEngine(client)
    with engine.transaction() as transaction:
        transaction.save(Ship(name="Vega"))
    print(engine.count(Ship))
    # -> 1
# --8<-- [end:with]
