"""Which process this is."""

from __future__ import annotations

import os

#: Another object in each process; to compare it takes no call of the operating system.
identity = object()


def _change() -> None:
    global identity  # noqa: PLW0603 - it is the state of the process
    identity = object()


if hasattr(os, "register_at_fork"):  # there is no fork on Windows
    os.register_at_fork(after_in_child=_change)
