"""Sessions and transactions of both colours."""

from odmantic._aio.session import AIOSession, AIOTransaction
from odmantic._aio.session_base import AIOSessionBase
from odmantic._state.blocks import NO_SESSION
from odmantic._sync.session import SyncSession, SyncTransaction
from odmantic._sync.session_base import SyncSessionBase

__all__ = [
    "NO_SESSION",
    "AIOSession",
    "AIOSessionBase",
    "AIOTransaction",
    "SyncSession",
    "SyncSessionBase",
    "SyncTransaction",
]
