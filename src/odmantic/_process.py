"""Which process this is; to compare it takes no call of the operating system."""

from __future__ import annotations

import os

#: Five random bytes, as another object, in each process.
number = int.from_bytes(os.urandom(5), "big")


def _renew() -> None:
    global number  # noqa: PLW0603 - it is the state of the process
    number = int.from_bytes(os.urandom(5), "big")


if hasattr(os, "register_at_fork"):  # there is no fork on Windows
    os.register_at_fork(after_in_child=_renew)
