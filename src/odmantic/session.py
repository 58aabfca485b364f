"""Sessions and transactions of both colours."""

from odmantic._aio.session import AIOSession, AIOSessionBase, AIOTransaction
from odmantic._sync.session import SyncSession, SyncSessionBase, SyncTransaction

__all__ = [
    "AIOSession",
    "AIOSessionBase",
    "AIOTransaction",
    "SyncSession",
    "SyncSessionBase",
    "SyncTransaction",
]
