# --8<-- [start:failover]
from pymongo import MongoClient

from odmantic import Model, SyncEngine
from odmantic.testing import LocalReplicaSet


class Ship(Model):
    name: str


with (
    LocalReplicaSet(members=3) as replica_set,
    MongoClient(replica_set.uri) as client,
):
    engine = SyncEngine(client)
    engine.save(Ship(name="Vega"))

    replica_set.kill_member(replica_set.primary)  # SIGKILL
    replica_set.wait_for_primary()

    engine.save(Ship(name="Lyra"))  # the driver finds the new primary
    print(engine.count(Ship))
    # -> 2
# --8<-- [end:failover]
