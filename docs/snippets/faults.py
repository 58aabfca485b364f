# --8<-- [start:failover]
from odmantic import Model, SyncEngine
from odmantic.testing import LocalReplicaSet


class Ship(Model):
    name: str


with (
    LocalReplicaSet(members=3) as replica_set,
    SyncEngine(replica_set.uri) as engine,
):
    engine.save(Ship(name="Vega"))

    replica_set.kill_member(replica_set.wait_for_primary())  # SIGKILL
    replica_set.wait_for_primary()

    engine.save(Ship(name="Lyra"))  # the driver finds the new primary
    print(engine.count(Ship))
    # -> 2
# --8<-- [end:failover]
