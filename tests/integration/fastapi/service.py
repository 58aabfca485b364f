"""An application with a transaction per request, in both colours, with the same paths."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Body, Depends, File, HTTPException, Response
from fastapi import UploadFile as Upload
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from odmantic import Field, Model
from odmantic.fastapi import CurrentSyncTransaction, CurrentTransaction


class Counter(Model):
    name: str = Field(unique=True)
    value: int = 0


class Said(BaseModel):
    """A response that may turn out to be wrong."""

    value: int


class Log(list[Any]):
    """What has happened in the application, in order."""


class UnhandledError(Exception):
    """Nobody handles it."""


def answer_of(how: str) -> Any:
    """What an endpoint does after it has written."""
    match how:
        case "raises":
            raise UnhandledError
        case "http-404" | "http-418":
            raise HTTPException(int(how[-3:]))
        case "status-400" | "status-404" | "status-500":
            return JSONResponse({}, int(how[-3:]))
        case "invalid":
            return {"value": "no number"}
        case "status-399" | "status-201":
            return JSONResponse({}, int(how[-3:]))
    return {"value": 1}


FAILURES = {
    "raises": 500,
    "http-404": 404,
    "http-418": 418,
    "status-400": 400,
    "status-404": 404,
    "status-500": 500,
    "status-parameter": 409,
    "invalid": 500,
}
SUCCESSES = {"status-399": 399, "status-201": 201, "well": 200}


def async_router(route_class: type[Any], log: Log) -> APIRouter:
    router = APIRouter(route_class=route_class)

    @router.patch("/counters/{name}")
    async def add(name: str, transaction: CurrentTransaction) -> Counter:
        counter = await transaction.find_one(Counter, Counter.name == name)
        if counter is None:
            raise HTTPException(404)
        counter.value += 1
        log.append("add")
        return await transaction.save(counter)

    @router.post("/counters", status_code=201)
    async def create(counter: Counter, transaction: CurrentTransaction) -> Counter:
        return await transaction.save(counter)

    @router.delete("/counters/{name}")
    async def delete(name: str, transaction: CurrentTransaction) -> None:
        await transaction.delete(Counter(name=name))

    @router.post("/ends/{how}")
    async def end(how: str, transaction: CurrentTransaction, response: Response) -> Said:
        await transaction.save(Counter(name=how))
        if how == "status-parameter":
            response.status_code = 409
        return answer_of(how)

    @router.post("/sleeps")
    async def sleep(transaction: CurrentTransaction) -> None:
        await transaction.save(Counter(name="slept"))
        log.append("saved")
        await asyncio.sleep(1)
        await transaction.save(Counter(name="woken"))

    async def visited(transaction: CurrentTransaction, tags: Annotated[Any, Body()]) -> Any:
        tags.append("dependency")
        log.append("entered")
        yield await transaction.count(Counter)
        log.append("left")

    @router.post("/everything")
    async def everything(
        tags: Annotated[Any, Body()],
        transaction: CurrentTransaction,
        response: Response,
        background: BackgroundTasks,
        count: Annotated[int, Depends(visited)],
    ) -> dict[str, Any]:
        tags.append("endpoint")
        response.headers.append("x-attempt", "made")
        response.set_cookie("attempt", "made")
        background.add_task(log.append, "background")
        await transaction.save(Counter(name="everything", value=len(tags)))
        log.append("endpoint")
        return {"tags": tags, "count": count}

    @router.post("/upload")
    async def upload(
        file: Annotated[Upload, File()], transaction: CurrentTransaction
    ) -> dict[str, int]:
        size = len(await file.read())
        await file.close()
        log.append(size)
        await transaction.save(Counter(name="upload", value=size))
        return {"size": size}

    @router.get("/free")
    async def free() -> str:
        return "free"

    return router


def sync_router(route_class: type[Any], log: Log) -> APIRouter:
    router = APIRouter(route_class=route_class)

    @router.patch("/counters/{name}")
    def add(name: str, transaction: CurrentSyncTransaction) -> Counter:
        counter = transaction.find_one(Counter, Counter.name == name)
        if counter is None:
            raise HTTPException(404)
        counter.value += 1
        log.append("add")
        return transaction.save(counter)

    @router.post("/counters", status_code=201)
    def create(counter: Counter, transaction: CurrentSyncTransaction) -> Counter:
        return transaction.save(counter)

    @router.delete("/counters/{name}")
    def delete(name: str, transaction: CurrentSyncTransaction) -> None:
        transaction.delete(Counter(name=name))

    @router.post("/ends/{how}")
    def end(how: str, transaction: CurrentSyncTransaction, response: Response) -> Said:
        transaction.save(Counter(name=how))
        if how == "status-parameter":
            response.status_code = 409
        return answer_of(how)

    @router.post("/sleeps")
    def sleep(transaction: CurrentSyncTransaction) -> None:
        transaction.save(Counter(name="slept"))
        log.append("saved")
        time.sleep(1)
        try:
            transaction.save(Counter(name="woken"))
        except Exception as error:
            log.append(type(error).__name__)
            raise

    def visited(transaction: CurrentSyncTransaction, tags: Annotated[Any, Body()]) -> Any:
        tags.append("dependency")
        log.append("entered")
        yield transaction.count(Counter)
        log.append("left")

    @router.post("/everything")
    def everything(
        tags: Annotated[Any, Body()],
        transaction: CurrentSyncTransaction,
        response: Response,
        background: BackgroundTasks,
        count: Annotated[int, Depends(visited)],
    ) -> dict[str, Any]:
        tags.append("endpoint")
        response.headers.append("x-attempt", "made")
        response.set_cookie("attempt", "made")
        background.add_task(log.append, "background")
        transaction.save(Counter(name="everything", value=len(tags)))
        log.append("endpoint")
        return {"tags": tags, "count": count}

    @router.post("/upload")
    def upload(
        file: Annotated[Upload, File()], transaction: CurrentSyncTransaction
    ) -> dict[str, int]:
        size = len(file.file.read())
        file.file.close()
        log.append(size)
        transaction.save(Counter(name="upload", value=size))
        return {"size": size}

    @router.get("/free")
    def free() -> str:
        return "free"

    return router
