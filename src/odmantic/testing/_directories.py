"""The directories with the data of members: nobody else reads them, and one process at a time has each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PRIVATE = 0o700
_PRIVATE_FILE = 0o600


def make_private(directory: Path) -> None:
    """Makes a directory that only its owner enters, or turns one into that; and what lacks above it."""
    if not directory.parent.exists():
        make_private(directory.parent)
    directory.mkdir(mode=_PRIVATE, exist_ok=True)
    directory.chmod(_PRIVATE)


def make_private_file(file: Path) -> None:
    """Makes a file that only its owner reads, or turns one into that."""
    file.touch(mode=_PRIVATE_FILE)
    file.chmod(_PRIVATE_FILE)


def wait_until_free(directory: Path, pause: Callable[[str], None]) -> None:
    """Waits for the end of a mongod that has the directory.

    A program that was killed leaves its mongod to a clean shutdown, which takes a while.
    """
    while _is_held(directory / "mongod.lock"):
        pause(f"{directory}, which is in use by another mongod")


def _is_held(lock: Path) -> bool:
    """Return whether a mongod has locked the file. What it holds tells less: the number of a process may be another's."""
    if sys.platform == "win32":  # there, mongod itself says so
        return False
    import fcntl  # noqa: PLC0415  (there is none on Windows)

    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
