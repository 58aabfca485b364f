"""Fixtures that the pytest plugin adds if pytest-asyncio is there: two for each loop scope.

A fixture has to run in the event loop of the test. The test's mark selects that loop, but a fixture's loop scope is
fixed when it is defined.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from odmantic.testing.rollback import AIORollbackEngine


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


def _rollback_in(loop_scope: Any) -> Any:
    name = f"odmantic_async_rollback_{loop_scope}"

    @pytest_asyncio.fixture(name=name, loop_scope=loop_scope)
    async def rollback(
        odmantic_mongo_uri: str,
        odmantic_shared_database_name: str,
        odmantic_client_options: dict[str, Any],
    ) -> AsyncIterator[AIORollbackEngine]:
        from odmantic.testing.rollback._aio import aio_rollback_engine  # noqa: PLC0415

        async with aio_rollback_engine(
            odmantic_mongo_uri, odmantic_shared_database_name, odmantic_client_options
        ) as engine:
            yield engine

    return rollback


rollback_in_function = _rollback_in("function")
rollback_in_class = _rollback_in("class")
rollback_in_module = _rollback_in("module")
rollback_in_package = _rollback_in("package")
rollback_in_session = _rollback_in("session")
