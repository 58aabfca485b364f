"""What cannot work is refused where it is declared, with the endpoint's name and what to do."""

import functools
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse
from pymongo import AsyncMongoClient, MongoClient

from odmantic import AIOEngine, SyncEngine
from odmantic.fastapi import (
    CurrentSyncTransaction,
    CurrentTransaction,
    TransactionRoute,
    install_error_handlers,
)

AIO = AIOEngine(AsyncMongoClient())
SYNC = SyncEngine(MongoClient(connect=False))


async def for_async(transaction: CurrentTransaction) -> None: ...
def for_sync(transaction: CurrentSyncTransaction) -> None: ...
async def of_dependency(_: Annotated[None, Depends(for_async)]) -> None: ...
def of_sync_dependency(_: Annotated[None, Depends(for_sync)]) -> None: ...


class Repository:
    def __init__(self, transaction: CurrentTransaction) -> None: ...


class Called:
    async def __call__(self, transaction: CurrentTransaction) -> None: ...


class Streamed(StreamingResponse):
    pass


async def async_in_def(transaction: CurrentSyncTransaction) -> None: ...
def def_in_async(transaction: CurrentTransaction) -> None: ...
def def_of_async(_: Annotated[None, Depends(for_async)]) -> None: ...
async def async_of_def(_: Annotated[None, Depends(of_sync_dependency)]) -> None: ...
async def both(a: CurrentTransaction, b: CurrentSyncTransaction) -> None: ...
def def_of_repository(_: Annotated[Repository, Depends()]) -> None: ...


async def async_generator(transaction: CurrentTransaction) -> AsyncIterator[int]:
    yield 1


def generator(transaction: CurrentSyncTransaction) -> Iterator[int]:
    yield 1


@functools.wraps(for_async)
async def decorated(*arguments: Any, **named: Any) -> None: ...


def router(route_class: type[Any] = TransactionRoute, **options: Any) -> APIRouter:
    return APIRouter(route_class=route_class, **options)


@pytest.mark.parametrize(
    "endpoint",
    [for_async, for_sync, of_dependency, of_sync_dependency, decorated, Called()],
    ids=lambda endpoint: getattr(endpoint, "__name__", "called"),
)
def test_the_annotation_of_its_colour_is_taken(endpoint):
    router().add_api_route("/", endpoint)


@pytest.mark.parametrize(
    ("endpoint", "wrong", "right"),
    [
        (async_in_def, "CurrentSyncTransaction", "CurrentTransaction"),
        (async_of_def, "CurrentSyncTransaction", "CurrentTransaction"),
        (both, "CurrentSyncTransaction", "CurrentTransaction"),
        (def_in_async, "CurrentTransaction", "CurrentSyncTransaction"),
        (def_of_async, "CurrentTransaction", "CurrentSyncTransaction"),
        (def_of_repository, "CurrentTransaction", "CurrentSyncTransaction"),
        (functools.partial(async_in_def), "CurrentSyncTransaction", "CurrentTransaction"),
    ],
)
def test_the_annotation_of_the_other_colour_is_refused(endpoint, wrong, right):
    with pytest.raises(TypeError, match=rf"of '/ships' is made .* have {wrong}: use {right}"):
        router().add_api_route("/ships", endpoint)


def test_a_dependency_of_the_router_counts():
    with pytest.raises(TypeError, match="use CurrentSyncTransaction"):
        router(dependencies=[Depends(for_async)]).get("/")(lambda: None)


@pytest.mark.parametrize("endpoint", [generator, async_generator])
def test_a_generator_is_refused(endpoint):
    with pytest.raises(TypeError, match=r"generator of '/' is a generator and would send before"):
        router().add_api_route("/", endpoint, response_model=None)


@pytest.mark.parametrize("response_class", [StreamingResponse, Streamed])
def test_a_streaming_response_class_is_refused(response_class):
    with pytest.raises(TypeError, match=r"for_async of '/' has a transaction and cannot answer"):
        router().add_api_route("/", for_async, response_class=response_class)
    with pytest.raises(TypeError, match="which is made while it is sent"):
        router(default_response_class=response_class).add_api_route("/", for_async)


@pytest.mark.parametrize("response_class", [PlainTextResponse, FileResponse])
def test_another_response_class_is_taken(response_class):
    router().add_api_route("/", for_async, response_class=response_class)


def test_endpoints_without_a_transaction_may_do_all_that():
    async def streams() -> AsyncIterator[int]:
        yield 1

    router(TransactionRoute.using(SYNC)).add_api_route(
        "/", streams, response_class=StreamingResponse, response_model=None
    )


def test_an_engine_of_the_other_colour_is_refused():
    with pytest.raises(TypeError, match=r"for_async of '/', .* needs .* AIOEngine; not <"):
        router(TransactionRoute.using(SYNC)).add_api_route("/", for_async)
    with pytest.raises(TypeError, match=r"for_sync of '/', .* needs .* SyncEngine; not <"):
        router(TransactionRoute.using(AIO)).add_api_route("/", for_sync)


@pytest.mark.parametrize("wrong", [None, "engine", AIO.client, AIOEngine])
def test_what_is_no_engine_is_refused(wrong):
    with pytest.raises(TypeError, match="TransactionRoute"):
        TransactionRoute.using(wrong)


@pytest.mark.parametrize("wrong", [0, -1, float("inf"), float("nan")])
def test_a_deadline_is_a_positive_number(wrong):
    with pytest.raises(ValueError, match="timeout has to be a positive number of seconds"):
        TransactionRoute.using(AIO, timeout=wrong)


def test_route_classes_are_made_of_one_another():
    class Mine(TransactionRoute):
        timeout = 5.0

    made = Mine.using(AIO)
    assert issubclass(made, Mine)
    assert (made.engine, made.timeout, made.__name__) == (AIO, 5.0, "Mine")
    assert made.using(timeout=2).engine is AIO
    assert Mine.engine is TransactionRoute.engine is None


def test_the_description_of_the_application_is_the_same():
    async def plain(name: str, request: Request) -> int:
        return 1

    async def with_transaction(name: str, request: Request, transaction: CurrentTransaction) -> int:
        return 1

    with_transaction.__name__ = "plain"
    apps = FastAPI(), FastAPI()
    for app, endpoint, route_class in zip(
        apps, (plain, with_transaction), (None, TransactionRoute), strict=True
    ):
        part = APIRouter(**({"route_class": route_class} if route_class else {}))
        part.get("/{name}", name="named", summary="Of one")(endpoint)
        app.include_router(part, prefix="/part")
    assert apps[0].openapi() == apps[1].openapi()
    assert [app.url_path_for("named", name="x") for app in apps] == ["/part/x"] * 2


def test_a_handler_of_the_application_stays():
    from odmantic.exceptions import DuplicateKeyError, WriteConflictError

    app = FastAPI()

    @app.exception_handler(DuplicateKeyError)
    async def mine(request: Any, error: Any) -> None: ...

    install_error_handlers(app)
    assert app.exception_handlers[DuplicateKeyError] is mine
    assert WriteConflictError in app.exception_handlers
    app.middleware_stack = app.build_middleware_stack()
    with pytest.raises(RuntimeError, match="before the application starts"):
        install_error_handlers(app)


def test_nothing_else_imports_fastapi():
    program = (
        "import sys, odmantic, odmantic.engine, odmantic.session, odmantic.exceptions\n"
        "import odmantic.testing, odmantic._aio.engine, odmantic._sync.engine\n"
        "assert not {'fastapi', 'starlette', 'odmantic.fastapi'} & {*sys.modules}\n"
        "sys.modules['fastapi'] = None\n"
        "try: import odmantic.fastapi\n"
        "except ModuleNotFoundError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "odmantic.fastapi needs FastAPI: pip install 'odmantic[fastapi]'\n"
