"""The route class in an application: engines, routers, middlewares, strays, and what cannot be sent."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

import anyio
import pytest
from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    File,
    Form,
    HTTPException,
    Request,
    Response,
    UploadFile,
    WebSocket,
)
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, ValidationError
from starlette.background import BackgroundTask
from starlette.middleware.sessions import SessionMiddleware
from tests.integration.fastapi.service import Counter

from odmantic import AIOEngine
from odmantic.exceptions import StrayOperationError, StrayOperationWarning
from odmantic.fastapi import (
    CurrentSyncTransaction,
    CurrentTransaction,
    TransactionRoute,
    install_error_handlers,
)
from odmantic.session import NO_SESSION, AIOTransaction
from odmantic.testing.rollback import AIORollbackEngine, SyncRollbackEngine

CONFLICT = {"error_code": 112, "labels": ("TransientTransactionError",)}


def routed(engine: Any = None, **options: Any) -> APIRouter:
    route_class = TransactionRoute if engine is None else TransactionRoute.using(engine)
    return APIRouter(route_class=route_class, **options)


def application(*routers: APIRouter) -> FastAPI:
    app = FastAPI()
    for router in routers:
        app.include_router(router)
    return app


@pytest.fixture
def names(raw_database) -> Any:
    raw_database.create_collection("counter")
    return lambda: sorted(found["name"] for found in raw_database["counter"].find())


async def raising(app: FastAPI, path: str, method: str = "POST") -> Any:
    """The answer to a request, or the exception of the application."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://x") as http:
        return await http.request(method, path)


# -- Engines --------------------------------------------------------------------------------------


async def test_the_engine_is_that_of_the_application(serve, engine):
    service = serve(TransactionRoute)
    answer = await service.http.post("/ends/well")
    assert (answer.status_code, service.stored) == (500, {})

    service.app.state.engine = engine
    assert (await service.http.post("/ends/well")).status_code == 200
    assert service.stored == {"well": 0}


@pytest.mark.parametrize("wrong", ["foreign", None, "text"])
async def test_a_wrong_engine_of_the_application_is_an_error_of_the_request(
    serve, colour, aio_engine, sync_engine, wrong
):
    service = serve(TransactionRoute)
    foreign = sync_engine if colour == "aio" else aio_engine
    service.app.state.engine = foreign if wrong == "foreign" else wrong
    with pytest.raises(TypeError, match=r"ends/\{how\}'.*(Engine; not|has no engine)"):
        await raising(service.app, "/ends/well")
    assert service.stored == {}


async def test_a_mounted_application_has_an_engine_of_its_own(aio_engine, connect, names):
    router = routed()

    @router.post("/{name}")
    async def create(name: str, transaction: CurrentTransaction) -> Counter:
        return await transaction.save(Counter(name=name))

    inner = application(router)
    inner.state.engine = aio_engine
    app = FastAPI()
    app.mount("/inner", inner)

    assert (await connect(app).post("/inner/one")).status_code == 200
    assert names() == ["one"]


async def test_with_the_engine_of_rolled_back_tests_a_request_is_a_part(
    colour, serve, engine, raw_database
):
    raw_database["counter"].create_index([("name", 1)], unique=True)
    if colour == "aio":
        async with AIORollbackEngine(engine.client, engine.database_name) as rolled_back:
            service = serve(TransactionRoute.using(rolled_back))
            assert (await service.http.post("/ends/well")).status_code == 200
            assert await rolled_back.count(Counter) == 1
    else:
        with SyncRollbackEngine(engine.client, engine.database_name) as rolled_back:
            service = serve(TransactionRoute.using(rolled_back))
            assert (await service.http.post("/ends/well")).status_code == 200
            assert rolled_back.count(Counter) == 1
    assert service.stored == {}


# -- Routers --------------------------------------------------------------------------------------


async def test_routers_in_routers_keep_their_transactions(aio_engine, connect, names):
    async def audited(transaction: CurrentTransaction) -> None:
        await transaction.save(Counter(name="audit"))

    inner, outer = routed(aio_engine), APIRouter(prefix="/outer")

    @inner.post("/fails")
    async def fail(transaction: CurrentTransaction) -> None:
        await transaction.save(Counter(name="fails"))
        raise ValueError

    @inner.post("/free")
    async def free() -> Response:
        return Response(status_code=204)

    @inner.post("/refuses")
    async def refuse(file: Annotated[UploadFile, File()]) -> Response:
        return Response(status_code=400)

    outer.include_router(inner, prefix="/inner", dependencies=[Depends(audited)])
    http = connect(application(outer))

    assert (await http.post("/outer/inner/fails")).status_code == 500
    assert (await http.post("/outer/inner/refuses", files={"file": b"x"})).status_code == 400
    assert names() == []
    # The dependency of the router that includes it makes a request of this endpoint a transaction, too.
    assert (await http.post("/outer/inner/free")).status_code == 204
    assert names() == ["audit"]


async def test_a_dependency_of_the_wrong_colour_is_found_in_an_included_router(
    sync_engine, connect
):
    async def audited(transaction: CurrentTransaction) -> None: ...

    router = routed(sync_engine)
    router.get("/")(lambda: None)
    app = FastAPI()
    with pytest.raises(TypeError, match="use CurrentSyncTransaction"):
        app.include_router(router, prefix="/x", dependencies=[Depends(audited)])
        await raising(app, "/x/", "GET")


@pytest.mark.parametrize("kind", ["route", "websocket", "override"])
async def test_the_annotation_needs_the_route_class(aio_engine, kind):
    app = FastAPI()
    if kind == "route":

        @app.get("/")
        async def plain(transaction: CurrentTransaction) -> None: ...

        with pytest.raises(TypeError, match=r"route_class=odmantic\.fastapi\.TransactionRoute"):
            await raising(app, "/", "GET")
    elif kind == "websocket":
        router = routed(aio_engine)

        @router.websocket("/")
        async def socket(websocket: WebSocket, transaction: CurrentTransaction) -> None: ...

        app.include_router(router)
        with pytest.raises(TypeError, match="HTTP endpoints"):
            await sent_by_websocket(app)
    else:
        router = routed(aio_engine)

        async def plain_user() -> str:
            return "nobody"

        async def stored_user(transaction: CurrentTransaction) -> str:
            return "somebody"

        @router.get("/")
        async def show(user: Annotated[str, Depends(plain_user)]) -> str:
            return user

        app.include_router(router)
        assert (await raising(app, "/", "GET")).json() == "nobody"
        app.dependency_overrides[plain_user] = stored_user
        with pytest.raises(TypeError, match="If only an override of a dependency has it"):
            await raising(app, "/", "GET")


async def test_websockets_are_left_alone(aio_engine):
    router = routed(aio_engine)

    @router.websocket("/")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("free")
        await websocket.close()

    sent = await sent_by_websocket(application(router))
    assert [message.get("text") for message in sent] == [None, "free", None]


async def sent_by_websocket(app: FastAPI) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b""}
    await app({**scope, "subprotocols": []}, receive, send)
    return sent


async def test_an_override_may_take_the_place_of_a_dependency(aio_engine, connect, names):
    router = routed(aio_engine)

    async def user(transaction: CurrentTransaction) -> str:
        return "original"

    async def other(transaction: CurrentTransaction) -> str:
        await transaction.save(Counter(name="override"))
        return "override"

    @router.post("/")
    async def show(name: Annotated[str, Depends(user)]) -> str:
        return name

    app = application(router)
    app.dependency_overrides[user] = other
    assert (await connect(app).post("/")).json() == "override"
    assert names() == ["override"]


# -- Strays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["raise", "warn", "join"])
@pytest.mark.parametrize("where", ["endpoint", "dependency"])
async def test_operations_without_session_are_seen(
    colour, engine, connect, names, policy, where, raw_database
):
    strict = type(engine)(engine.client, engine.database_name, stray_operations=policy)
    router = routed(strict)
    if colour == "aio":

        async def stray(transaction: CurrentTransaction) -> None:
            if where == "dependency":
                await strict.save(Counter(name="stray"))

        @router.post("/")
        async def create(_: Annotated[None, Depends(stray)]) -> Response:
            if where == "endpoint":
                await strict.save(Counter(name="stray"))
            await strict.save(Counter(name="meant"), session=NO_SESSION)
            return Response(status_code=400)

    else:

        def stray(transaction: CurrentSyncTransaction) -> None:
            if where == "dependency":
                strict.save(Counter(name="stray"))

        @router.post("/")
        def create(_: Annotated[None, Depends(stray)]) -> Response:
            if where == "endpoint":
                strict.save(Counter(name="stray"))
            strict.save(Counter(name="meant"), session=NO_SESSION)
            return Response(status_code=400)

    app = application(router)
    told: list[type[Exception]] = []

    @app.exception_handler(StrayOperationError)
    async def tell(request: Request, error: Exception) -> Response:
        told.append(type(error))
        return Response(status_code=418)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        answer = await connect(app).post("/")

    assert answer.status_code == (418 if policy == "raise" else 400)
    assert told == ([StrayOperationError] if policy == "raise" else [])
    strays = [warning for warning in warned if warning.category is StrayOperationWarning]
    assert [warning.filename for warning in strays] == ([__file__] if policy == "warn" else [])
    assert names() == {"raise": [], "warn": ["meant", "stray"], "join": ["meant"]}[policy]


async def test_after_the_request_nothing_is_a_stray(colour, engine, connect, names):
    strict = type(engine)(engine.client, engine.database_name, stray_operations="raise")
    router = routed(strict)
    if colour == "aio":

        async def later() -> None:
            await strict.save(Counter(name="later"))

        @router.post("/")
        async def create(transaction: CurrentTransaction) -> Response:
            response = Response()
            response.background = BackgroundTask(later)
            return response

    else:

        def later() -> None:
            strict.save(Counter(name="later"))

        @router.post("/")
        def create(transaction: CurrentSyncTransaction) -> Response:
            response = Response()
            response.background = BackgroundTask(later)
            return response

    assert (await connect(application(router)).post("/")).status_code == 200
    assert names() == ["later"]


# -- Responses ------------------------------------------------------------------------------------


async def test_a_response_that_turns_out_to_stream_is_an_error_and_rolls_back(
    colour, engine, connect, names
):
    router = routed(engine)

    class Events(Response):
        """As such classes of others are made."""

        def __init__(self) -> None:
            self.body_iterator = iter(())
            self.status_code = 200
            self.background = None

    if colour == "aio":

        @router.post("/{kind}", response_model=None)
        async def create(kind: str, transaction: CurrentTransaction) -> Any:
            await transaction.save(Counter(name=kind))
            return StreamingResponse(iter(["x"])) if kind == "stream" else Events()

    else:

        @router.post("/{kind}", response_model=None)
        def create(kind: str, transaction: CurrentSyncTransaction) -> Any:
            transaction.save(Counter(name=kind))
            return StreamingResponse(iter(["x"])) if kind == "stream" else Events()

    for kind in ("stream", "events"):
        with pytest.raises(TypeError, match=r"cannot answer with a (StreamingResponse|Events)"):
            await raising(application(router), f"/{kind}")
    assert names() == []


async def test_a_file_may_be_the_answer(aio_engine, connect, names, tmp_path):
    (tmp_path / "answer.txt").write_text("42")
    router = routed(aio_engine)

    @router.post("/", response_class=FileResponse)
    async def create(transaction: CurrentTransaction) -> str:
        await transaction.save(Counter(name="file"))
        return str(tmp_path / "answer.txt")

    assert (await connect(application(router)).post("/")).text == "42"
    assert names() == ["file"]


async def test_every_other_validation_error_stays_a_500(aio_engine, connect, names):
    class Strict(BaseModel):
        value: int

    router = routed(aio_engine)

    @router.post("/")
    async def create(transaction: CurrentTransaction) -> None:
        await transaction.save(Counter(name="invalid"))
        Strict(value="no number")

    app = application(router)
    install_error_handlers(app)
    assert (await connect(app).post("/")).status_code == 500
    with pytest.raises(ValidationError):
        await raising(app, "/")
    assert names() == []


# -- The same request -----------------------------------------------------------------------------


async def test_session_and_state_are_those_of_the_last_attempt(
    aio_engine, connect, fail_point, names
):
    router, seen = routed(aio_engine), []

    @router.post("/")
    async def create(request: Request, transaction: CurrentTransaction) -> int:
        request.session["visits"] = request.session.get("visits", 0) + 1
        request.session.setdefault("paths", []).append("x")
        assert not hasattr(request.state, "mine")
        request.state.mine = len(seen)
        seen.append(await request.json())
        await transaction.save(Counter(name="once"))
        return request.state.outer

    app = application(router)
    app.add_middleware(SessionMiddleware, secret_key="secret")

    @app.middleware("http")
    async def outer(request: Request, call_next: Any) -> Any:
        request.state.outer = 7
        response = await call_next(request)
        response.headers["x-mine"] = str(request.state.mine)
        return response

    http = connect(app)
    for visits in (1, 2):
        seen.clear()
        with fail_point("commitTransaction", times=2, **CONFLICT):
            answer = await http.post("/", json={"a": 1})
        assert (answer.status_code, answer.json()) == (200, 7)
        assert answer.headers["x-mine"] == "2"
        assert seen == [{"a": 1}] * 3
        assert decoded(http.cookies["session"]) == {"visits": visits, "paths": ["x"] * visits}
        if visits == 1:
            assert names() == ["once"]
            await aio_engine.remove(Counter)


def decoded(cookie: str) -> Any:
    import base64
    import json

    return json.loads(base64.b64decode(cookie.split(".", maxsplit=1)[0]))


async def test_the_body_may_be_read_by_hand(aio_engine, connect, fail_point):
    router, seen = routed(aio_engine), []

    @router.post("/{how}")
    async def create(how: str, request: Request, transaction: CurrentTransaction) -> int:
        match how:
            case "stream":
                body = b"".join([piece async for piece in request.stream()])
            case "body":
                body = await request.body()
            case "form":
                body = (await request.form())["field"].encode()
        seen.append(body)
        await transaction.count(Counter)
        assert not await request.is_disconnected()
        return len(body)

    http = connect(application(router))
    for how, sent in (
        ("stream", {"content": b"x" * 200_000}),
        ("body", {"content": b"x" * 200_000}),
        ("form", {"data": {"field": "x" * 200_000}}),
        ("body", {"content": b""}),
    ):
        seen.clear()
        with fail_point("commitTransaction", times=1, **CONFLICT):
            answer = await http.post(f"/{how}", **sent)
        assert answer.status_code == 200
        assert len(seen) == 2
        assert seen[0] == seen[1]


async def test_forms_with_fields_and_files(aio_engine, connect, fail_point):
    router = routed(aio_engine)

    @router.post("/")
    async def create(
        title: Annotated[str, Form()],
        files: Annotated[list[UploadFile], File()],
        transaction: CurrentTransaction,
    ) -> list[str]:
        await transaction.count(Counter)
        return (
            [title, *((await file.read()).decode() for file in files)]
            if 0
            else [
                title,
                *[(await file.read()).decode() for file in files],
            ]
        )

    with fail_point("commitTransaction", times=2, **CONFLICT):
        answer = await connect(application(router)).post(
            "/", data={"title": "t"}, files=[("files", b"one"), ("files", b"two")]
        )
    assert answer.json() == ["t", "one", "two"]


async def test_a_route_class_may_read_the_body_before(aio_engine, connect, fail_point, names):
    class Logged(TransactionRoute.using(aio_engine)):
        def get_route_handler(self) -> Any:
            handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                size = len(await request.body())
                response = await handler(request)
                response.headers["x-size"] = str(size)
                return response

            return handle

    router = APIRouter(route_class=Logged)

    @router.post("/")
    async def create(counter: Counter, transaction: CurrentTransaction) -> Counter:
        return await transaction.save(counter)

    with fail_point("commitTransaction", times=1, **CONFLICT):
        answer = await connect(application(router)).post("/", json={"name": "read"})
    assert answer.headers["x-size"] == "15"
    assert names() == ["read"]


# -- As it was before -----------------------------------------------------------------------------


async def test_a_block_in_a_dependency_works_as_before(aio_engine, connect, fail_point, names):
    async def unit_of_work() -> AsyncIterator[AIOTransaction]:
        async with aio_engine.transaction() as transaction:
            yield transaction

    app = FastAPI()
    install_error_handlers(app)

    @app.post("/{name}")
    async def create(
        name: str,
        work: Annotated[AIOTransaction, Depends(unit_of_work, scope="function")],
    ) -> Counter:
        await work.save(Counter(name=name))
        if name == "raises":
            raise HTTPException(418)
        return Counter(name=name)

    http = connect(app)
    assert (await http.post("/well")).status_code == 200
    assert (await http.post("/raises")).status_code == 418
    with fail_point("insert", "update", times=1, **CONFLICT):
        conflict = await http.post("/conflict")
    assert (conflict.status_code, conflict.headers["retry-after"]) == (503, "1")
    assert names() == ["well"]


# -- The end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["asyncio", "anyio"])
async def test_a_middleware_with_a_time_limit_leaves_nothing(serve, kind):
    service = serve()

    class Limited:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, *arguments: Any) -> None:
            if kind == "anyio":
                with anyio.move_on_after(0.4):
                    await self.app(*arguments)
                    return
            else:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.app(*arguments), 0.4)
                    return
            await PlainTextResponse("late", 504)(*arguments)

    service.app.add_middleware(Limited)
    answer = await service.http.post("/sleeps")

    assert (answer.status_code, answer.text) == (504, "late")
    assert service.open_transactions() == 0
    await asyncio.sleep(1.2)
    assert service.stored == {}


async def test_hooks_are_called_once_after_the_end(colour, engine, connect, fail_point, names):
    router, called = routed(engine), []
    if colour == "aio":

        @router.post("/{status}")
        async def create(status: int, transaction: CurrentTransaction) -> Response:
            transaction.on_commit(lambda: called.append("commit"))
            transaction.on_rollback(lambda: called.append("rollback"))
            await transaction.save(Counter(name="hooked"))
            return Response(status_code=status)

    else:

        @router.post("/{status}")
        def create(status: int, transaction: CurrentSyncTransaction) -> Response:
            transaction.on_commit(lambda: called.append("commit"))
            transaction.on_rollback(lambda: called.append("rollback"))
            transaction.save(Counter(name="hooked"))
            return Response(status_code=status)

    http = connect(application(router))
    with fail_point("commitTransaction", times=2, **CONFLICT):
        await http.post("/400")
        await http.post("/200")
    assert called == ["rollback", "commit"]


async def test_motor_clients_work_too(odmantic_mongo_uri, odmantic_database_name, connect, names):
    motor = pytest.importorskip("motor.motor_asyncio")
    client = motor.AsyncIOMotorClient(odmantic_mongo_uri)
    router = routed(AIOEngine(client, odmantic_database_name))

    @router.post("/")
    async def create(transaction: CurrentTransaction) -> int:
        (counter,) = await transaction.find(Counter) or [Counter(name="motor")]
        counter.value += 1
        await transaction.save(counter)
        return counter.value

    http = connect(application(router))
    await http.post("/")
    answers = await asyncio.gather(*(http.post("/") for _ in range(20)))
    client.close()
    assert sorted(answer.json() for answer in answers) == [*range(2, 22)]
    assert names() == ["motor"]
