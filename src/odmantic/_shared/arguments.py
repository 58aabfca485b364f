"""Checks of an engine's arguments before anything is sent: clients, their options, and names of databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from odmantic._driver.clients import ClientKind, client_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORBIDDEN_IN_DATABASE_NAMES = '/\\."$'


def check_client(client: Any, refused: frozenset[ClientKind], engine: str, advice: str) -> None:
    """Check that a client has the engine's colour.

    Raises:
        TypeError: if it certainly has not; the text names the engine and what it takes.
    """
    if isinstance(client, str):
        if "://" not in client:
            raise TypeError(
                f"{engine} cannot connect to {client!r}: it takes {advice}. A URI begins with mongodb:// or "
                "mongodb+srv://, and the name of a database is the second argument"
            )
    elif client is not None and client_kind(client) in {*refused, ClientKind.NONE}:
        raise TypeError(f"{engine} cannot use a {type(client).__name__}: it takes {advice}")


def check_client_options(client: Any, options: Mapping[str, Any] | None, engine: str) -> None:
    """Check that options come without a client.

    Raises:
        TypeError: if a client is given too; the text says where the options belong.
    """
    if options is not None and client is not None and not isinstance(client, str):
        raise TypeError(
            f"{engine} takes client_options= for a client that it makes itself, of a URI: give them to your "
            f"{type(client).__name__}"
        )


def database_in(uri: str) -> str | None:
    """Return the database name in a URI, parsed as by the driver: a password may hold delimiters of other URLs."""
    path = uri.partition("://")[2].partition("?")[0].partition("/")[2]
    return unquote_plus(path).partition(".")[0] or None


def check_database_name(name: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(f"database name has to be a string, not {name!r}")
    forbidden = [character for character in _FORBIDDEN_IN_DATABASE_NAMES if character in name]
    if forbidden:
        raise ValueError(f"database name cannot contain: {' '.join(forbidden)}")
