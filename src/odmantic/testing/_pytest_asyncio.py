"""What the pytest plugin adds when pytest-asyncio is there: one fixture for each loop scope.

The fixture has to run in the loop of the test. Which one that is depends on the test's mark, while
a fixture's loop scope is fixed when it is defined.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def _cleanup_in(loop_scope: Any) -> Any:
    name = f"odmantic_async_cleanup_{loop_scope}"

    @pytest_asyncio.fixture(name=name, loop_scope=loop_scope)
    async def cleanup() -> AsyncIterator[AsyncExitStack]:
        async with AsyncExitStack() as stack:
            yield stack

    return cleanup


in_function = _cleanup_in("function")
in_class = _cleanup_in("class")
in_module = _cleanup_in("module")
in_package = _cleanup_in("package")
in_session = _cleanup_in("session")
