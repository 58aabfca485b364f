"""The engines of `odmantic.testing.rollback`, strict for type checkers as those of `odmantic.strict` are."""

from typing import TYPE_CHECKING

from odmantic._lazy import lazy_names

# What type checkers see is in strict.pyi, which is generated from these.
if TYPE_CHECKING:
    from odmantic.testing.rollback import AIORollbackEngine, SyncRollbackEngine

__all__ = ["AIORollbackEngine", "SyncRollbackEngine"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        globals(),
        {"odmantic.testing.rollback": ("AIORollbackEngine", "SyncRollbackEngine")},
    )
