"""The identity of this process, compared without a call to the operating system."""

from __future__ import annotations

import os

number = int.from_bytes(os.urandom(5), "big")
"""Five random bytes as an integer, a new object in each process."""


def _renew() -> None:
    global number  # noqa: PLW0603 - the state of the process
    number = int.from_bytes(os.urandom(5), "big")


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_renew)
