"""Sessions and transactions, async and sync."""

from typing import TYPE_CHECKING

from odmantic._lazy import lazy_names

if TYPE_CHECKING:
    from odmantic._aio.engine import AIOSession, AIOTransaction
    from odmantic._aio.session_base import AIOSessionBase
    from odmantic._sync.engine import SyncSession, SyncTransaction
    from odmantic._sync.session_base import SyncSessionBase
    from odmantic._transaction.blocks import NO_SESSION

__all__ = [
    "NO_SESSION",
    "AIOSession",
    "AIOSessionBase",
    "AIOTransaction",
    "SyncSession",
    "SyncSessionBase",
    "SyncTransaction",
]

if not TYPE_CHECKING:
    # A program rarely uses both colours.
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "odmantic._aio.engine": ("AIOSession", "AIOTransaction"),
            "odmantic._aio.session_base": ("AIOSessionBase",),
            "odmantic._transaction.blocks": ("NO_SESSION",),
            "odmantic._sync.engine": ("SyncSession", "SyncTransaction"),
            "odmantic._sync.session_base": ("SyncSessionBase",),
        },
    )
