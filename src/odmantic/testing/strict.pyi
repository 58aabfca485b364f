# Generated from engines, sessions and transactions by tools/generate_sync.py: do not edit.
# mypy: disable-error-code="override, misc"
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false
# Each method takes less than the one that it replaces: that is what strict means here.

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from odmantic.strict import (
    AIOEngine,
    AIOSession,
    AIOTransaction,
    SyncEngine,
    SyncSession,
    SyncTransaction,
)
from odmantic.testing.rollback._aio import AIORollbackEngine as _AIORollbackEngine
from odmantic.testing.rollback._aio import T
from odmantic.testing.rollback._sync import SyncRollbackEngine as _SyncRollbackEngine

__all__ = ["AIORollbackEngine", "SyncRollbackEngine"]

class AIORollbackEngine(AIOEngine, _AIORollbackEngine):
    def session(self, **options: Any) -> AIOSession: ...
    def transaction(self, **options: Any) -> AIOTransaction: ...
    async def run_transaction(
        self,
        callback: Callable[[AIOTransaction], Awaitable[T]],
        *,
        restore: Collection[object] = (),
        join: AIOTransaction | None = None,
        **options: Any,
    ) -> T: ...

class SyncRollbackEngine(SyncEngine, _SyncRollbackEngine):
    def session(self, **options: Any) -> SyncSession: ...
    def transaction(self, **options: Any) -> SyncTransaction: ...
    def run_transaction(
        self,
        callback: Callable[[SyncTransaction], T],
        *,
        restore: Collection[object] = (),
        join: SyncTransaction | None = None,
        **options: Any,
    ) -> T: ...
