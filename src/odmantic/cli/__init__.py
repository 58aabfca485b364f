"""The command `odmantic`; only the modules below need the extra `cli`."""

from __future__ import annotations

import sys
from importlib.util import find_spec

_NEEDED = ("typer", "rich")


def main() -> int:
    """Run the command with the arguments of the process.

    Returns:
        The exit status: 1 if the extra `cli` is not installed, after saying how to get it.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"The command odmantic needs {' and '.join(missing)}. Install the extra `cli`:\n\n"
            "    pip install 'odmantic[cli,server]'\n\n"
            "(`server` adds a MongoDB server that `odmantic serve` and `odmantic demo` can start.)\n"
        )
        return 1
    from odmantic.cli.app import app  # noqa: PLC0415 (typer is optional)

    app(prog_name="odmantic")
    return 0  # pragma: no cover (typer ends the process)
