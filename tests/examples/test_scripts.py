"""Every example, run as a user runs it: in both colours, and the async ones with Motor too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient
from pymongo.database import Database

EXAMPLES = Path(__file__).parents[2] / "examples"
VARIANTS = {"PyMongo async": ("aio",), "Motor": ("aio", "--motor"), "PyMongo sync": ("sync",)}

SHOWN = {
    "session": """\
Users found: 1, counted: 1
The last one is John Doe
The session is ended
""",
    "transaction": """\
Transaction completed successfully
Alice's order of 100.00 is stored
""",
    "many_saves": """\
10 new users, 10 in total
""",
    "optional_session": """\
Saved in a session of its own
Saved in the session that was given
Saved in the session that was given
3 new users, 3 in total
""",
    "rollback": """\
Caught: Simulated error
Caught: Batch operation failed
Users before and after: 0, 0
Saved outside: Test User, test@example.com
""",
    "configuration": """\
Causally consistent: True
Ended with its block: True
In a transaction: True
The driver sees in it: Grace
In a transaction: False
Committed: 1 document
""",
}
STORED = {
    "session": {"user": 1},
    "transaction": {"user": 1, "order": 1},
    "many_saves": {"user": 10},
    "optional_session": {"user": 3},
    "rollback": {"user": 1},
    "configuration": {"user": 1},
}


def run(script: Path, *arguments: str, **environment: str) -> str:
    """Runs a script in which no warning goes unnoticed; gives what it shows."""
    inherited = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), *arguments],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def uri(odmantic_mongo_uri: str, odmantic_database_name: str) -> str:
    """The server with the database of this test, which an example then uses."""
    return urlsplit(odmantic_mongo_uri)._replace(path=f"/{odmantic_database_name}").geturl()


@pytest.fixture
def database(
    odmantic_mongo_client: MongoClient[dict[str, Any]], odmantic_database_name: str
) -> Database[dict[str, Any]]:
    return odmantic_mongo_client[odmantic_database_name]


def counts(database: Database[dict[str, Any]]) -> dict[str, int]:
    """How many documents each collection has."""
    names = database.list_collection_names()
    return {name: database[name].count_documents({}) for name in names}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", SHOWN)
def test_an_example_shows_and_stores_what_it_should(name, variant, uri, database) -> None:
    directory, *options = VARIANTS[variant]
    assert run(EXAMPLES / directory / f"{name}.py", *options, uri) == SHOWN[name]
    assert counts(database) == STORED[name]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_transfer_keeps_the_sum_and_leaves_records(variant, uri, database) -> None:
    directory, *options = VARIANTS[variant]
    *steps, last = run(EXAMPLES / directory / "transfer.py", *options, uri).splitlines()
    assert steps == [
        "Before: 500.00 + 100.00 = 600.00",
        "After a transfer of 200: 300.00 + 300.00 = 600.00",
        "Insufficient funds, so nothing has changed: 300.00 + 300.00 = 600.00",
        "Destination account not found, so nothing has changed: 300.00 + 300.00 = 600.00",
    ]
    found = re.fullmatch(
        r"After (\d) of 5 simultaneous transfers of 10, (\d) write conflicts: .* = 600.00", last
    )
    assert found is not None
    done, conflicts = map(int, found.groups())
    assert done >= 1
    assert done + conflicts == 5
    ada, alan = database["account"].find()
    assert (ada["balance"], alan["balance"]) == (300 - 10 * done, 300 + 10 * done)
    assert [
        (record["from_account"], record["to_account"], record["amount"])
        for record in database["transaction"].find()
    ] == [(ada["_id"], alan["_id"], amount) for amount in (200, *[10] * done)]


def test_the_server_may_be_named_in_the_environment(uri, database) -> None:
    shown = run(EXAMPLES / "aio" / "many_saves.py", MONGODB_URI=uri)
    assert shown == SHOWN["many_saves"]
    assert counts(database) == STORED["many_saves"]


@pytest.mark.parametrize("directory", ["aio", "sync"])
def test_without_a_server_an_example_starts_one(directory, pytestconfig) -> None:
    mongod = pytestconfig.getoption("odmantic_mongod")
    given = {"ODMANTIC_MONGOD": mongod} if mongod else {}
    assert run(EXAMPLES / directory / "many_saves.py", **given) == SHOWN["many_saves"]


def test_no_example_is_forgotten() -> None:
    imported = {"models", "runner"}
    for directory in ("aio", "sync"):
        names = {path.stem for path in (EXAMPLES / directory).glob("*.py")}
        assert names == {*SHOWN, "transfer", *imported}
