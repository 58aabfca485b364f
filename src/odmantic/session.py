"""Sessions and transactions of both colours."""

from odmantic._aio.session import AIOSession
from odmantic._aio.session_base import AIOSessionBase
from odmantic._aio.transaction import AIOTransaction
from odmantic._state.blocks import NO_SESSION
from odmantic._sync.session import SyncSession
from odmantic._sync.session_base import SyncSessionBase
from odmantic._sync.transaction import SyncTransaction

__all__ = [
    "NO_SESSION",
    "AIOSession",
    "AIOSessionBase",
    "AIOTransaction",
    "SyncSession",
    "SyncSessionBase",
    "SyncTransaction",
]
