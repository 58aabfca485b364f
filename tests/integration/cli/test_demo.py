"""`odmantic demo`: what it shows is what happened."""

from __future__ import annotations

import signal
from decimal import Decimal

import pytest
from bson import Decimal128

DATABASES = "odmantic_demo_"


@pytest.fixture
def demo_databases(odmantic_mongo_client):
    """The databases of demos that have appeared since the test began."""

    def look() -> set[str]:
        names = odmantic_mongo_client.list_database_names()
        return {name for name in names if name.startswith(DATABASES)} - before

    before: set[str] = set()
    before = look()
    return look


@pytest.fixture
def while_money_moves(odmantic_mongo_client, demo_databases, wait_until):
    """The database of a demo that has begun to move money."""

    def database():
        def has_begun():
            return [
                odmantic_mongo_client[name]
                for name in demo_databases()
                if odmantic_mongo_client[name]["transfer"].find_one()
            ]

        wait_until(has_begun)
        return has_begun()[0]

    return database


def test_the_tour_on_a_replica_set_of_its_own(start, members, temporary):
    demo = start("demo")

    shown, error = demo.communicate(timeout=120)

    assert (demo.returncode, error) == (0, "")
    assert max(map(len, shown.splitlines())) <= 80
    for said in (
        "500 of 500 accounts",
        "150 of 150 transfers",
        "refused (insufficient funds)",
        "InsufficientFundsError: rolled back",
        "✓ Nothing of it is left",
        "WriteConflict, code 112: rolled back",
        "✓ The error is labelled TransientTransactionError: safe to repeat",
        "│ Sum          │   500,000.00 │   500,000.00 │         0.00 │",
        "✓ The sum is still 500,000.00",
        "explain every balance",
    ):
        assert said in shown
    assert "✗" not in shown
    assert members() == []
    assert list(temporary.iterdir()) == []


def test_on_a_given_server_money_that_disappears_is_noticed(
    start, members, while_money_moves, demo_databases, odmantic_mongo_uri
):
    demo = start("demo", "--mongo-uri", odmantic_mongo_uri)
    accounts = while_money_moves()["account"]
    assert members() == []
    cent = {"$inc": {"balance": Decimal128(Decimal("-0.01"))}}
    assert accounts.update_one({"_id": "Customer 494"}, cent).modified_count == 1

    shown, _ = demo.communicate(timeout=120)

    assert demo.returncode == 1
    assert "✗ The sum was 500,000.00 and is 499,999.99" in shown
    assert "do not explain every balance" in shown
    assert demo_databases() == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_clears_up(
    start, while_money_moves, demo_databases, odmantic_mongo_uri, number
):
    demo = start("demo", "--mongo-uri", odmantic_mongo_uri)
    while_money_moves()

    demo.send_signal(number)

    _, error = demo.communicate(timeout=120)
    assert (demo.returncode, error) == (130, "")
    assert demo_databases() == set()


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("mongodb://127.0.0.1:1", "Error: 127.0.0.1:1: [Errno 111] Connect call failed"),
        ("mongodb://127.0.0.1:99999", "Error: Port must be an integer between"),
        ("postgres://127.0.0.1", "Error: Invalid URI scheme"),
    ],
)
def test_a_server_that_is_not_there_is_told_without_a_traceback(start, uri, told):
    demo = start("demo", "--mongo-uri", uri)
    shown, error = demo.communicate(timeout=60)
    assert (demo.returncode, shown) == (1, "")
    assert error.startswith(told)
    assert error.count("\n") == 1
