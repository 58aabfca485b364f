"""What documents are read from, of either colour: engines, sessions and transactions.

Values that wait for nothing themselves call them, and hand on what they return: what is awaited stays so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol


class AsyncSource(Protocol):
    """An async engine, or a session or transaction of one."""

    def count(self, model: Any, /, *queries: Any) -> Coroutine[Any, Any, int]:
        """Count documents."""
        ...

    def find(self, model: Any, /, *queries: Any, **words: Any) -> Awaitable[list[Any]]:
        """Find instances."""
        ...


class SyncSource(Protocol):
    """A sync engine, or a session or transaction of one."""

    def count(self, model: Any, /, *queries: Any) -> int:
        """Count documents."""
        ...

    def find(self, model: Any, /, *queries: Any, **words: Any) -> Any:
        """Find instances."""
        ...


def check_source(on: object, call: str) -> None:
    """Check that documents can be read from something.

    Raises:
        TypeError: if it is no engine, session or transaction.
    """
    if not hasattr(type(on), "_fetch"):
        raise TypeError(
            f"{call} takes an engine, or a session or transaction of one, not {on!r:.200}: write {call}(engine)"
        )


def waits(found: object) -> bool:
    """Return whether the result of a call is to be awaited."""
    return hasattr(type(found), "__await__")
