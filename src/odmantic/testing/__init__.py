"""A real replica set for the tests of your program, and a pytest plugin that runs it.

```python
with LocalReplicaSet(members=3) as replica_set:
    engine = SyncEngine(MongoClient(replica_set.uri))
```
"""

from __future__ import annotations

from odmantic.testing.errors import (
    LocalReplicaSetError,
    MongodFailedError,
    MongodNotFoundError,
    ReplicaSetTimeoutError,
)
from odmantic.testing.replica_set import LocalReplicaSet

__all__ = [
    "LocalReplicaSet",
    "LocalReplicaSetError",
    "MongodFailedError",
    "MongodNotFoundError",
    "ReplicaSetTimeoutError",
]
