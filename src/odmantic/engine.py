"""Engines and cursors, async and sync."""

from typing import TYPE_CHECKING

from odmantic._lazy import lazy_names

if TYPE_CHECKING:
    from odmantic._aio.cursor import AIOCursor
    from odmantic._aio.engine import AIOEngine, AIOSession, AIOTransaction
    from odmantic._aio.engine_scopes import AIOSessionType
    from odmantic._aio.session_base import AIOSessionBase
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.engine import BaseEngine
    from odmantic._shared.reading import BaseCursor, ModelType
    from odmantic._sync.cursor import SyncCursor
    from odmantic._sync.engine import SyncEngine, SyncSession, SyncTransaction
    from odmantic._sync.engine_scopes import SyncSessionType
    from odmantic._sync.session_base import SyncSessionBase
    from odmantic.exceptions import DocumentNotFoundError, DuplicateKeyError
    from odmantic.field import FieldProxy
    from odmantic.query import QueryExpression, SortExpression

__all__ = [
    "AIOCursor",
    "AIOEngine",
    "AIOSession",
    "AIOSessionBase",
    "AIOSessionType",
    "AIOTransaction",
    "BaseCursor",
    "BaseEngine",
    "DocumentNotFoundError",
    "DuplicateKeyError",
    "FieldProxy",
    "ModelType",
    "QueryExpression",
    "SortExpression",
    "SortExpressionType",
    "SyncCursor",
    "SyncEngine",
    "SyncSession",
    "SyncSessionBase",
    "SyncSessionType",
    "SyncTransaction",
]

if not TYPE_CHECKING:
    # A program rarely uses both colours.
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "odmantic._aio.cursor": ("AIOCursor",),
            "odmantic._aio.engine": ("AIOEngine", "AIOSession", "AIOTransaction"),
            "odmantic._aio.engine_scopes": ("AIOSessionType",),
            "odmantic._aio.session_base": ("AIOSessionBase",),
            "odmantic._shared.engine": ("BaseEngine",),
            "odmantic._shared.reading": ("BaseCursor", "ModelType"),
            "odmantic._plan.sort": ("SortExpressionType",),
            "odmantic._sync.cursor": ("SyncCursor",),
            "odmantic._sync.engine": ("SyncEngine", "SyncSession", "SyncTransaction"),
            "odmantic._sync.engine_scopes": ("SyncSessionType",),
            "odmantic._sync.session_base": ("SyncSessionBase",),
            "odmantic.exceptions": ("DocumentNotFoundError", "DuplicateKeyError"),
            "odmantic.field": ("FieldProxy",),
            "odmantic.query": ("QueryExpression", "SortExpression"),
        },
    )
