"""The colour of what has a sync twin here: `if ASYNC` marks what differs in it."""

from __future__ import annotations

import inspect
from typing import Any, Final

ASYNC: Final = True


async def resolve(value: Any) -> Any:
    """Return what a program's callable returned, awaited if it waits."""
    return await value if inspect.isawaitable(value) else value
