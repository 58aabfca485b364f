"""The replica set that the whole suite runs on."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def odmantic_replica_set_options() -> dict[str, Any]:
    """Fail points need the server's test commands."""
    return {"server_parameters": {"enableTestCommands": 1}}
