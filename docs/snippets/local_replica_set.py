# --8<-- [start:with]
from odmantic import Model, SyncEngine
from odmantic.testing import LocalReplicaSet


class Ship(Model):
    name: str


with LocalReplicaSet() as replica_set, SyncEngine(replica_set.uri) as engine:
    with engine.transaction() as transaction:
        transaction.save(Ship(name="Vega"))
    print(engine.count(Ship))
    # -> 1
# --8<-- [end:with]
