"""How an endpoint declares that it needs the transaction, and whether a route's endpoint or dependencies do.

It relies on FastAPI's tree of `Dependant.call` and `Dependant.dependencies`, and on
`fastapi.routing.iter_route_contexts` if it exists: with it, an included router adds its dependencies only for
requests that come through it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import fastapi.routing
from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute

from odmantic.engine import AIOEngine, SyncEngine
from odmantic.session import AIOTransaction, SyncTransaction

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

IN_SCOPE = "odmantic.transaction"
"""The key of a request's scope that holds the transaction of the running attempt."""


async def _current_transaction(connection: HTTPConnection) -> Any:
    return _transaction_of(connection, AIO)


async def _current_sync_transaction(connection: HTTPConnection) -> Any:
    return _transaction_of(connection, SYNC)


CurrentTransaction: TypeAlias = Annotated[AIOTransaction, Depends(_current_transaction)]
"""The transaction of the request, in an `async def` endpoint of a `TransactionRoute` and in its dependencies."""

CurrentSyncTransaction: TypeAlias = Annotated[SyncTransaction, Depends(_current_sync_transaction)]
"""The transaction of the request, in a `def` endpoint of a `TransactionRoute` and in its dependencies."""


@dataclass(frozen=True, slots=True)
class Colour:
    """Async or sync."""

    engine_class: type[AIOEngine | SyncEngine]
    transaction_class: type[AIOTransaction | SyncTransaction]
    annotation: str
    keyword: str
    """The keyword of its endpoints."""
    marker: Callable[..., Any]
    """The dependency that identifies the annotation."""


AIO = Colour(AIOEngine, AIOTransaction, "CurrentTransaction", "async def", _current_transaction)
SYNC = Colour(
    SyncEngine, SyncTransaction, "CurrentSyncTransaction", "def", _current_sync_transaction
)


def _transaction_of(connection: HTTPConnection, colour: Colour) -> Any:
    transaction = connection.scope.get(IN_SCOPE)
    if isinstance(transaction, colour.transaction_class):
        return transaction
    if transaction is None:
        raise TypeError(
            f"{colour.annotation} works in the HTTP endpoints of a router with "
            f"route_class=odmantic.fastapi.TransactionRoute, which have it themselves or in one of their dependencies; "
            f"{connection.scope['path']!r} is none. If only an override of a dependency has it, add it to the endpoint"
        )
    raise TypeError(
        f"a dependency asks for {colour.annotation}, but the transaction of {connection.scope['path']!r} is a "
        f"{type(transaction).__name__}"
    )


def colour_wanted(route: APIRoute, dependant: Dependant) -> Colour | None:
    """Return the colour of the transaction that an endpoint or one of its dependencies declares; `None` if none does.

    Raises:
        TypeError: if the endpoint has the other colour, or is a generator.
    """
    markers = {node.call for node in _nodes(dependant)} & {AIO.marker, SYNC.marker}
    if not markers:
        return None
    endpoint = _unwrapped(route.endpoint)
    if _any_of(endpoint, inspect.isgeneratorfunction, inspect.isasyncgenfunction):
        raise TypeError(
            f"the endpoint {described(route)} is a generator and would send before the commit: collect what it yields "
            "and return that, or give it no transaction"
        )
    is_async = _any_of(endpoint, inspect.iscoroutinefunction)
    colour, other = (AIO, SYNC) if is_async else (SYNC, AIO)
    if other.marker in markers:
        raise TypeError(
            f"the endpoint {described(route)} is made with `{colour.keyword}`, and neither it nor its dependencies can "
            f"have {other.annotation}: use {colour.annotation}, or make it with `{other.keyword}`"
        )
    return colour


def colour_of_requests(route: APIRoute, routes: list[Any]) -> Colour | None:
    """Return what `colour_wanted` does, including the dependencies of the routers that include the route.

    Args:
        route: The route.
        routes: Those of the application.

    Raises:
        TypeError: if the endpoint has the other colour, or is a generator.
    """
    dependants = [route.dependant]
    contexts: Any = getattr(fastapi.routing, "iter_route_contexts", None)
    if contexts is not None:
        included = (context for context in contexts(routes) if context.original_route is route)
        dependants += [context.dependant for context in included]
    colours = [colour_wanted(route, dependant) for dependant in dependants]
    return next((colour for colour in colours if colour is not None), None)


def described(route: APIRoute) -> str:
    """Return a route's name for a message."""
    name = getattr(route.endpoint, "__qualname__", type(route.endpoint).__qualname__)
    return f"{name} of {route.path!r}"


def _nodes(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for dependency in dependant.dependencies:
        yield from _nodes(dependency)


def _unwrapped(call: Callable[..., Any]) -> Any:
    while isinstance(call, functools.partial):
        call = call.func
    return inspect.unwrap(call)


def _any_of(call: Any, *are: Callable[[Any], bool]) -> bool:
    """Return whether one of the tests holds for a function, or for the `__call__` of an object."""
    return any(is_so(call) or is_so(getattr(call, "__call__", None)) for is_so in are)  # noqa: B004 - to look it up
