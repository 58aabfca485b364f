"""The replica set that the whole suite runs on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("odmantic", deadline=None)
settings.load_profile("odmantic")


@pytest.fixture(scope="session")
def odmantic_replica_set_options() -> dict[str, Any]:
    """Fail points need the server's test commands."""
    return {"server_parameters": {"enableTestCommands": 1}}
