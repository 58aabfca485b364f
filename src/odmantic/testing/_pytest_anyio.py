"""What the pytest plugin adds when anyio's plugin is there."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def odmantic_async_cleanup_anyio() -> AsyncIterator[AsyncExitStack]:
    """An exit stack in the event loop of the test, which this fixture keeps open till then."""
    async with AsyncExitStack() as stack:
        yield stack
