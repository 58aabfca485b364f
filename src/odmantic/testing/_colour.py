"""The colour flag of the code here that has a sync twin: `if ASYNC` marks the differences."""

from __future__ import annotations

import inspect
from typing import Any, Final

ASYNC: Final = True


async def resolve(value: Any) -> Any:
    """Return the result of a program's callable, awaited if it is awaitable."""
    return await value if inspect.isawaitable(value) else value
