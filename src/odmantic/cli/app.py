"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import odmantic

app: typer.Typer = typer.Typer(no_args_is_help=True, add_completion=False)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"odmantic {odmantic.__version__}")
        raise typer.Exit


@app.callback()
def odmantic_command(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Typed MongoDB documents on pydantic and PyMongo."""


@app.command()
def serve(
    *,
    members: Annotated[
        int, typer.Option(min=1, max=7, help="How many members the replica set has.")
    ] = 1,
    path: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="Keep the data in this directory. Without it, the data is temporary.",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="P",
            min=1,
            max=65535,
            help="The first member's port; the others follow. Without it, free ports are found.",
        ),
    ] = None,
) -> None:
    """Run a MongoDB replica set until Ctrl-C, and print its URI."""
    from odmantic.cli import serve as command  # noqa: PLC0415 (`--help` need not wait for it)

    raise typer.Exit(command.serve(members, path, port))


@app.command()
def demo(
    *,
    mongo_uri: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="Use this replica set instead of starting one, with a database of its own that"
            " is dropped at the end.",
        ),
    ] = None,
) -> None:
    """Move money between accounts, in transactions, and check that none is lost."""
    from odmantic.cli import demo as command  # noqa: PLC0415 (`--help` need not wait for it)

    raise typer.Exit(command.demo(mongo_uri))
