"""A route whose requests run in a transaction.

It relies on FastAPI's `APIRoute.get_route_handler`, the documented way to wrap a request: its handler returns a
response that is validated and serialised but not sent yet; dependencies with `yield` are left after that (from FastAPI
0.118 on).
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, cast

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from odmantic._threads import run_transaction_in_threads
from odmantic.engine import AIOEngine, SyncEngine
from odmantic.fastapi._request import Carried, KeptBody
from odmantic.fastapi._wanted import (
    AIO,
    IN_SCOPE,
    SYNC,
    Colour,
    colour_of_requests,
    colour_wanted,
    described,
)

if TYPE_CHECKING:
    from typing_extensions import Self

    Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_FIRST_ERROR = 400
"""The lowest status of a response that rolls back."""


class TransactionRoute(APIRoute):
    """A route that runs a request in a transaction, if its endpoint or a dependency declares `CurrentTransaction`.

    An attempt is the whole request: its body is parsed, its dependencies are resolved and its endpoint is called. The
    commit comes after the response was made and before it is sent. A response of status 400 or above, and any
    exception, rolls back. After a transient error, such as a conflict with another request, there is another attempt
    with a new transaction; nothing of the failed one is sent, neither headers nor background tasks.

    `async def` endpoints declare `CurrentTransaction` and need an `AIOEngine`; `def` endpoints declare
    `CurrentSyncTransaction` and need a `SyncEngine`. Other endpoints of the router are not affected.

    Attributes:
        engine: The engine; by default `app.state.engine`, looked up for each request.
        timeout: Seconds for all attempts of a request; then `TransactionTimeoutError` is raised.

    Raises:
        TypeError: if the annotation or engine of an endpoint is of the wrong kind (async or sync), or the endpoint is a
            generator or has a streaming `response_class`; this is raised when it is declared.

    Example:
        ```python
        router = APIRouter(route_class=TransactionRoute.using(engine))


        @router.post("/ships")
        async def create_ship(ship: Ship, transaction: CurrentTransaction) -> Ship:
            return await transaction.save(ship)
        ```
    """

    engine: ClassVar[AIOEngine | SyncEngine | None] = None
    timeout: ClassVar[float] = 30.0

    @classmethod
    def using(
        cls, engine: AIOEngine | SyncEngine | None = None, *, timeout: float | None = None
    ) -> type[Self]:
        """Return a new route class with an engine, or with another deadline.

        Args:
            engine: The engine; by default that of this class.
            timeout: Seconds for all attempts of a request; by default as in this class.

        Raises:
            TypeError: if `engine` is not an engine.
            ValueError: if `timeout` is not positive.
        """
        if engine is None and timeout is None:
            raise TypeError(f"{cls.__name__}.using takes an AIOEngine or a SyncEngine, not None")
        options: dict[str, Any] = {"__module__": cls.__module__, "__doc__": cls.__doc__}
        if engine is not None:
            _check_engine(engine, (AIO, SYNC), f"{cls.__name__}.using")
            options["engine"] = engine
        if timeout is not None:
            if not 0 < timeout < math.inf:
                raise ValueError(f"timeout has to be a positive number of seconds, not {timeout!r}")
            options["timeout"] = timeout
        return cast("type[Self]", type(cls.__name__, (cls,), options))

    def get_route_handler(self) -> Handler:
        """Return the request handler; FastAPI calls this when an endpoint is declared and when a router is included.

        Raises:
            TypeError: if the endpoint cannot have a transaction, see the class.
        """
        handler = super().get_route_handler()
        colour = colour_wanted(self, self.dependant)
        if colour is not None:
            _check_definition(self, colour)
        is_known = colour is not None

        async def handle(request: Request) -> Response:
            nonlocal colour, is_known
            if not is_known:
                colour, is_known = colour_of_requests(self, request.app.routes), True
            if colour is None:
                return await handler(request)
            return await _run_in_transaction(self, handler, request, colour)

        return handle


class _RollBackError(Exception):
    """An exception that carries a response out of the transaction, which it rolls back."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


async def _run_in_transaction(
    route: TransactionRoute, handler: Handler, request: Request, colour: Colour
) -> Response:
    engine = _engine_of(route, request, colour)
    scope = request.scope
    body = KeptBody(request)
    carried = Carried(scope)

    async def attempt(transaction: Any) -> Response:
        carried.restore()
        scope[IN_SCOPE] = transaction
        try:
            response = await handler(type(request)(scope, body.again()))
        finally:
            del scope[IN_SCOPE]
        _check_is_made(response, route)
        if response.status_code >= _FIRST_ERROR:
            raise _RollBackError(response)
        return response

    try:
        # Before the transaction, which would wait for a slow client.
        await body.read()
        return await _run(engine, attempt, route.timeout)
    except _RollBackError as rolled_back:
        return rolled_back.response
    finally:
        body.close()


async def _run(
    engine: AIOEngine | SyncEngine, attempt: Callable[[Any], Awaitable[Response]], timeout: float
) -> Response:
    if isinstance(engine, AIOEngine):
        return await engine.run_transaction(attempt, timeout=timeout)
    return await run_transaction_in_threads(
        engine, attempt, timeout=timeout, in_thread=run_in_threadpool
    )


def _engine_of(route: TransactionRoute, request: Request, colour: Colour) -> AIOEngine | SyncEngine:
    engine = route.engine
    if engine is None:
        engine = getattr(request.app.state, "engine", None)
        if engine is None:
            raise TypeError(
                f"the endpoint {described(route)} has no engine: set app.state.engine = ..., or use "
                "route_class=TransactionRoute.using(engine)"
            )
    return cast("AIOEngine | SyncEngine", _check_engine(engine, (colour,), _needy(route, colour)))


def _check_definition(route: TransactionRoute, colour: Colour) -> None:
    if route.engine is not None:
        _check_engine(route.engine, (colour,), _needy(route, colour))
    # FastAPI wraps results that are not responses.
    response_class: Any = getattr(route.response_class, "value", route.response_class)
    if isinstance(response_class, type) and issubclass(response_class, StreamingResponse):
        raise TypeError(_streams(route, response_class))


def _needy(route: TransactionRoute, colour: Colour) -> str:
    return f"the endpoint {described(route)}, made with `{colour.keyword}`,"


def _check_engine(engine: Any, colours: tuple[Colour, ...], where: str) -> Any:
    if isinstance(engine, tuple(colour.engine_class for colour in colours)):
        return engine
    wanted = " or ".join(colour.engine_class.__name__ for colour in colours)
    raise TypeError(f"{where} needs one of these engines: {wanted}; not {engine!r}")


def _check_is_made(response: Response, route: TransactionRoute) -> None:
    if isinstance(response, StreamingResponse) or hasattr(response, "body_iterator"):
        raise TypeError(_streams(route, type(response)))


def _streams(route: TransactionRoute, response_class: type[Response]) -> str:
    return (
        f"the endpoint {described(route)} has a transaction and cannot answer with a {response_class.__name__}, which "
        "is made while it is sent, after the commit: return what it would send, or stream in an endpoint without one"
    )
