"""Engines whose operations are all part of one transaction, which is rolled back in the end.

They are for tests that share one prepared database, which none of them changes. Whichever task or thread an operation
runs in, it is part of the transaction, because the engine says so, not the code around it. Transactions of the program
become parts of it, as MongoDB has no nested ones: leaving a block normally keeps its changes until the rollback; a
block that fails after it has written leaves nothing but the rollback, because MongoDB cannot undo a part.
"""

from __future__ import annotations

from odmantic.testing.rollback._aio import AIORollbackEngine
from odmantic.testing.rollback._rules import PartUndoneError
from odmantic.testing.rollback._sync import SyncRollbackEngine

__all__ = ["AIORollbackEngine", "PartUndoneError", "SyncRollbackEngine"]
