"""The directories with the data of members: private, and used by one process at a time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PRIVATE = 0o700
_PRIVATE_FILE = 0o600


def make_private(directory: Path) -> None:
    """Create a directory, and missing parents, that only its owner can enter, or restrict an existing one."""
    if not directory.parent.exists():
        make_private(directory.parent)
    directory.mkdir(mode=_PRIVATE, exist_ok=True)
    directory.chmod(_PRIVATE)


def make_private_file(file: Path) -> None:
    """Create a file that only its owner can read, or restrict an existing one."""
    file.touch(mode=_PRIVATE_FILE)
    file.chmod(_PRIVATE_FILE)


def wait_until_free(directory: Path, pause: Callable[[str], None]) -> None:
    """Wait for the end of a mongod that uses the directory.

    The mongod of a killed program shuts down cleanly, which takes a while.
    """
    while _is_held(directory / "mongod.lock"):
        pause(f"{directory}, which is in use by another mongod")


def _is_held(lock: Path) -> bool:
    """Return whether a mongod has locked the file. The process id in it proves nothing: another process may have it."""
    if sys.platform == "win32":  # there, mongod itself reports it
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
