"""Sessions and transactions, async and sync."""

from typing import TYPE_CHECKING

from odmantic._lazy import lazy_names

if TYPE_CHECKING:
    from odmantic._aio.session import AIOSession
    from odmantic._aio.session_base import AIOSessionBase
    from odmantic._aio.transactions.transaction import AIOTransaction
    from odmantic._sync.session import SyncSession
    from odmantic._sync.session_base import SyncSessionBase
    from odmantic._sync.transactions.transaction import SyncTransaction
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
            "odmantic._aio.session": ("AIOSession",),
            "odmantic._aio.session_base": ("AIOSessionBase",),
            "odmantic._aio.transactions.transaction": ("AIOTransaction",),
            "odmantic._transaction.blocks": ("NO_SESSION",),
            "odmantic._sync.session": ("SyncSession",),
            "odmantic._sync.session_base": ("SyncSessionBase",),
            "odmantic._sync.transactions.transaction": ("SyncTransaction",),
        },
    )
