"""The replica set that the whole suite runs on."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("odmantic", deadline=None)
settings.load_profile("odmantic")


def pytest_configure(config: pytest.Config) -> None:
    """Let tests depend neither on how the run was started nor on when garbage is collected."""
    _take_signals()
    # An AsyncMongoClient whose monitor is making a connection when it is closed does not close that
    # socket. What is forgotten here has other warnings: a client, or a connection's transport.
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket.*proto=6:ResourceWarning")


_LONG = {"bench", "chaos", "places", "testing", "typing"}
"""Folders with tests that take seconds."""


@pytest.hookimpl(trylast=True)  # after the order was made random
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with long tests: the run would wait for one that begins last, with one processor at work."""
    items.sort(key=lambda item: _LONG.isdisjoint(item.path.parts[-3:-1]))


def _take_signals() -> None:
    """Undo what `nohup` and a shell's `&` have children ignore: tests send these signals to programs."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def odmantic_replica_set_options() -> dict[str, Any]:
    """Fail points need the server's test commands."""
    return {"server_parameters": {"enableTestCommands": 1}}
