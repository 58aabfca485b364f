"""Engines, sessions, transactions and indexes for which type checkers refuse some of what 1.x accepts.

Conditions of strict engines are made by `F(User.age) > 3` or by functions such as `gt`, and never a `bool`, which is what
`User.age > 3` is to type checkers; sort orders are `F(User.age).desc()` or `desc(User.age)`. At run time, the names here
are those of `odmantic`.

Example:
    ```python
    from odmantic import F
    from odmantic.strict import AIOEngine

    engine = AIOEngine()
    await engine.find(User, F(User.age) > 3, sort=F(User.name).asc())
    ```
"""

from typing import TYPE_CHECKING

from odmantic._lazy import lazy_names

# What type checkers see is in strict.pyi, which is generated from these.
if TYPE_CHECKING:
    from odmantic.engine import AIOEngine, SyncEngine
    from odmantic.index import Index
    from odmantic.session import AIOSession, AIOTransaction, SyncSession, SyncTransaction

__all__ = [
    "AIOEngine",
    "AIOSession",
    "AIOTransaction",
    "Index",
    "SyncEngine",
    "SyncSession",
    "SyncTransaction",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "odmantic._aio.engine": ("AIOEngine", "AIOSession", "AIOTransaction"),
            "odmantic._sync.engine": ("SyncEngine", "SyncSession", "SyncTransaction"),
            "odmantic.index": ("Index",),
        },
    )
