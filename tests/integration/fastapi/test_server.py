"""The service behind a real server, on the loopback interface."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from httpx import AsyncClient


@pytest.fixture
def running(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Runs the service in a server; gives it with a client, and the server's port."""

    @asynccontextmanager
    async def run() -> AsyncIterator[tuple[Any, AsyncClient, int]]:
        service = serve()
        config = uvicorn.Config(service.app, port=0, lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        try:
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
                yield service, http, port
        finally:
            server.should_exit = True
            await task

    return run


async def test_concurrent_requests_on_one_document_all_succeed(running):
    async with running() as (service, http, _):
        service.store(hits=0)
        answers = await asyncio.gather(*(http.patch("/counters/hits") for _ in range(20)))

        assert [answer.status_code for answer in answers] == [200] * 20
        assert sorted(answer.json()["value"] for answer in answers) == [*range(1, 21)]
        assert service.stored == {"hits": 20}


async def test_a_response_is_sent_once_with_its_headers(running, fail_point):
    async with running() as (service, http, _):
        conflict = {"error_code": 112, "labels": ("TransientTransactionError",)}
        with fail_point("commitTransaction", times=2, **conflict):
            answer = await http.post("/everything", json=["body"])

        assert answer.json()["tags"] == ["body", "dependency", "endpoint"]
        assert answer.headers.get_list("x-attempt") == ["made"]
        assert service.stored == {"everything": 3}
    # It runs behind the answer, and the server waits for it.
    assert service.log.count("background") == 1


async def test_a_client_that_goes_away_while_it_sends_leaves_nothing(running):
    async with running() as (service, _, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /everything HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(f'{head}Content-Length: 100\r\n\r\n["half'.encode())
        await writer.drain()
        await asyncio.sleep(0.2)
        assert service.open_transactions() == 0
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.2)

        assert service.log == []
        assert service.stored == {}


async def test_a_client_that_goes_away_later_changes_nothing(running):
    async with running() as (service, _, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /sleeps HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        while not service.log:
            await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(1.5)

        # As without a transaction: the server does not stop what it has begun.
        assert service.stored == {"slept": 0, "woken": 0}
        assert service.open_transactions() == 0
