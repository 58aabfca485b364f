"""The FastAPI application, in particular what its clients see when the commit fails."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import MongoClient

from odmantic import AIOEngine, ObjectId
from odmantic.fastapi import TransactionRoute

SOURCE = Path(__file__).parents[2] / "examples" / "fastapi_app" / "app.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("odmantic_fastapi_app", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["pymongo", "motor"])
async def bank(
    request: pytest.FixtureRequest,
    example: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    aio_engine: AIOEngine,
    odmantic_mongo_uri: str,
    odmantic_database_name: str,
) -> AsyncIterator[AsyncClient]:
    """A client of the application on the database of this test, with either driver."""
    if request.param == "pymongo":
        engine = aio_engine
    else:
        client = AsyncIOMotorClient(odmantic_mongo_uri, appname=odmantic_database_name)
        engine = AIOEngine(client, database=odmantic_database_name)
    example.app.state.engine = engine
    await engine.configure_database([example.Account, example.Transfer])
    transport = ASGITransport(example.app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://bank") as http:
        yield http
    if request.param == "motor":
        client.close()


@pytest.fixture
def stored(
    odmantic_mongo_client: MongoClient[dict[str, Any]], odmantic_database_name: str
) -> dict[str, Any]:
    """What the driver sees: the balances by owner, and the number of transfers."""
    database = odmantic_mongo_client[odmantic_database_name]

    def look() -> tuple[dict[str, int], int]:
        balances = {found["owner"]: found["balance"] for found in database["account"].find()}
        return balances, database["transfer"].count_documents({})

    return look


@contextmanager
def failing_commits(
    client: MongoClient[dict[str, Any]], app_name: str, **data: Any
) -> Iterator[None]:
    """Lets the server refuse every commit of one client, as told in `data`.

    See https://github.com/mongodb/specifications/blob/master/source/transactions/tests/README.md
    """
    fail_point = {"failCommands": ["commitTransaction"], "appName": app_name, **data}
    fail = {"configureFailPoint": "failCommand"}
    client.admin.command({**fail, "mode": "alwaysOn", "data": fail_point})
    try:
        yield
    finally:
        client.admin.command({**fail, "mode": "off"})


async def opened(bank: AsyncClient, **balances: int) -> list[str]:
    """Opens accounts; gives their ids."""
    answers = [
        await bank.post("/accounts", json={"owner": owner, "balance": balance})
        for owner, balance in balances.items()
    ]
    assert [answer.status_code for answer in answers] == [201] * len(answers)
    return [answer.json()["id"] for answer in answers]


async def test_accounts_are_created_listed_found_changed_and_deleted(bank, stored):
    ada, alan = await opened(bank, Ada=500, Alan=100)
    listed = (await bank.get("/accounts")).json()
    assert [account["owner"] for account in listed] == ["Ada", "Alan"]
    assert (await bank.get("/accounts", params={"skip": 1})).json() == listed[1:]
    assert (await bank.get(f"/accounts/{ada}")).json() == listed[0]

    changed = await bank.patch(f"/accounts/{ada}", json={"balance": 7})
    assert changed.json() == {"id": ada, "owner": "Ada", "balance": 7}
    assert (await bank.delete(f"/accounts/{alan}")).json() == listed[1]
    assert (await bank.get(f"/accounts/{alan}")).status_code == 404
    assert stored() == ({"Ada": 7}, 0)


async def test_a_transfer_moves_money_and_leaves_a_record(bank, stored):
    ada, alan = await opened(bank, Ada=500, Alan=100)
    order = {"payer": ada, "payee": alan, "amount": 200}
    answer = await bank.post("/transfers", json=order)
    assert answer.status_code == 201
    assert answer.json().items() >= order.items()
    assert stored() == ({"Ada": 300, "Alan": 300}, 1)


async def test_a_transfer_that_is_refused_is_rolled_back(bank, stored):
    ada, alan = await opened(bank, Ada=500, Alan=100)
    poor = await bank.post("/transfers", json={"payer": alan, "payee": ada, "amount": 101})
    assert (poor.status_code, poor.json()) == (409, {"detail": "Alan has only 100"})
    # This one fails after the payer's account was written.
    nobody = {"payer": ada, "payee": str(ObjectId()), "amount": 1}
    assert (await bank.post("/transfers", json=nobody)).status_code == 404
    assert stored() == ({"Ada": 500, "Alan": 100}, 0)


async def test_an_existing_owner_or_id_is_a_conflict(bank, stored):
    (ada,) = await opened(bank, Ada=500)
    answer = await bank.post("/accounts", json={"owner": "Ada"})
    assert answer.status_code == 409
    assert answer.json()["detail"] == "Account with this owner exists already"
    answer = await bank.post("/accounts", json={"id": ada, "owner": "Eve"})
    assert answer.status_code == 409
    assert stored() == ({"Ada": 500}, 0)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/accounts/nonsense", None),
        ("POST", "/accounts", {"balance": 1}),
        ("POST", "/accounts", {"owner": "Ada", "balance": -1}),
        ("POST", "/transfers", {"payer": "nonsense", "payee": "nonsense", "amount": 1}),
    ],
)
async def test_bad_requests_are_told_why(bank, method, path, body):
    answer = await bank.request(method, path, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        ({"errorCode": 50}, 500, "It is unknown whether this was done"),
        (
            {"errorCode": 112, "errorLabels": ["TransientTransactionError"]},
            503,
            "This could not be done in time, and nothing was changed",
        ),
        ({"errorCode": 11601, "errorLabels": []}, 500, "Internal Server Error"),
    ],
)
async def test_the_client_sees_that_the_commit_failed(
    bank, stored, odmantic_mongo_client, odmantic_database_name, monkeypatch, data, status, told
):
    monkeypatch.setattr(TransactionRoute, "timeout", 0.5)
    ada, alan = await opened(bank, Ada=500, Alan=100)
    with failing_commits(odmantic_mongo_client, odmantic_database_name, **data):
        answer = await bank.post("/transfers", json={"payer": ada, "payee": alan, "amount": 200})
    assert answer.status_code == status
    assert told in answer.text
    assert stored() == ({"Ada": 500, "Alan": 100}, 0)


async def test_transfers_at_the_same_time_all_succeed(bank, stored):
    ada, alan = await opened(bank, Ada=500, Alan=100)
    order = {"payer": ada, "payee": alan, "amount": 10}
    answers = await asyncio.gather(*(bank.post("/transfers", json=order) for _ in range(20)))
    assert [answer.status_code for answer in answers] == [201] * 20
    assert stored() == ({"Ada": 300, "Alan": 300}, 20)


async def test_its_description_names_every_endpoint(bank):
    description = (await bank.get("/openapi.json")).json()
    assert set(description["paths"]) == {"/accounts", "/accounts/{account_id}", "/transfers"}
    assert description["components"]["schemas"]["Account"]["description"].startswith(
        "The account of one owner"
    )


async def test_it_prepares_the_database_and_closes_the_client(
    example, monkeypatch, aio_engine, odmantic_mongo_client, odmantic_database_name
):
    example.app.state.engine = aio_engine
    async with example.app.router.lifespan_context(example.app):
        indexes = odmantic_mongo_client[odmantic_database_name]["account"].index_information()
        assert [index["key"] for index in indexes.values() if index.get("unique")] == [
            [("owner", 1)]
        ]
    with pytest.raises(Exception, match="after close"):
        await aio_engine.count(example.Account)
