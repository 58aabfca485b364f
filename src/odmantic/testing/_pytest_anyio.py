"""Fixtures that the pytest plugin adds if anyio's plugin is there."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from odmantic.testing.rollback import AIORollbackEngine


@pytest.fixture
async def odmantic_async_cleanup_anyio() -> AsyncIterator[AsyncExitStack]:
    """An exit stack in the event loop of the test, which this fixture keeps open until then."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def odmantic_async_rollback_anyio(
    odmantic_mongo_uri: str,
    odmantic_shared_database_name: str,
    odmantic_client_options: dict[str, Any],
) -> AsyncIterator[AIORollbackEngine]:
    """The engine of the test, in its event loop."""
    from odmantic.testing.rollback._aio import aio_rollback_engine  # noqa: PLC0415

    async with aio_rollback_engine(
        odmantic_mongo_uri, odmantic_shared_database_name, odmantic_client_options
    ) as engine:
        yield engine
