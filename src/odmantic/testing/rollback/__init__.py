"""Engines whose operations are all part of one transaction, which is rolled back in the end.

They are for tests that share one prepared database, which none of them changes. The engine makes every operation part
of the transaction, in any task or thread. MongoDB has no nested transactions, so the program's transactions join it:
leaving a block normally keeps its changes until the rollback; a block that fails after it has written dooms the
transaction, because MongoDB cannot undo a part.
"""

from __future__ import annotations

from odmantic.testing.rollback._aio import AIORollbackEngine
from odmantic.testing.rollback._rules import PartUndoneError
from odmantic.testing.rollback._sync import SyncRollbackEngine

__all__ = ["AIORollbackEngine", "PartUndoneError", "SyncRollbackEngine"]
