"""The commands."""

from __future__ import annotations

from typing import Annotated

import typer

import odmantic

app = typer.Typer(no_args_is_help=True, add_completion=False)


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
