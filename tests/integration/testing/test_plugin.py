"""The pytest plugin, in test runs of their own."""

from __future__ import annotations

import re

MODEL = """
import gc
import pytest
from odmantic import Model

class Thing(Model):
    name: str
"""

# For each kind of loop: an engine that is used, one that is used again, one that never is, and a
# fixture that uses the engine of its test at the end.
ASYNC_TESTS = """
class Test{name}:
    {marks}

    {fixture_mark}
    async def thing(self, aio_engine):
        thing = await aio_engine.save(Thing(name="one"))
        yield thing
        assert await aio_engine.count(Thing) == 1
        await aio_engine.delete(thing)

    async def test_fixture(self, thing, aio_engine):
        gc.collect()
        assert await aio_engine.find_one(Thing) == thing

    async def test_starts_empty(self, aio_engine):
        gc.collect()
        assert await aio_engine.count(Thing) == 0

    async def test_sends_nothing(self, aio_engine):
        gc.collect()
"""


def async_tests(name, marks="pass", fixture_mark="@pytest.fixture"):
    return ASYNC_TESTS.format(name=name, marks=marks, fixture_mark=fixture_mark)


ANYIO = """
@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


def test_the_async_engine_works_with_strict_pytest_asyncio_and_with_anyio(run):
    scopes = ("function", "class", "module", "package", "session")
    source = "import pytest_asyncio\n" + ANYIO
    source += async_tests("Plain", "pytestmark = pytest.mark.asyncio", "@pytest_asyncio.fixture")
    source += async_tests("Anyio", "pytestmark = pytest.mark.anyio")
    for scope in scopes:
        source += async_tests(
            scope.title(),
            f"pytestmark = pytest.mark.asyncio(loop_scope={scope!r})",
            f"@pytest_asyncio.fixture(loop_scope={scope!r})",
        )

    counts, output = run(MODEL + source, "-o", "asyncio_mode=strict")

    assert counts == {"passed": 7 * 3}, output


def test_the_async_engine_works_with_automatic_pytest_asyncio(run):
    options = [f"asyncio_default_{kind}_loop_scope=session" for kind in ("test", "fixture")]

    counts, output = run(
        MODEL + async_tests("Auto"),
        *("-o", "asyncio_mode=auto"),
        *("-o", options[0]),
        *("-o", options[1]),
    )

    assert counts == {"passed": 3}, output


def test_the_async_engine_works_without_pytest_asyncio(run):
    source = ANYIO + async_tests("Anyio", "pytestmark = pytest.mark.anyio")

    counts, output = run(MODEL + source, "-p", "no:asyncio")

    assert counts == {"passed": 3}, output


def test_the_sync_engine_works(run):
    source = """
def test_saves(sync_engine):
    sync_engine.save(Thing(name="one"))
    assert sync_engine.count(Thing) == 1

def test_starts_empty(sync_engine):
    gc.collect()
    assert sync_engine.count(Thing) == 0
"""

    counts, output = run(MODEL + source)

    assert counts == {"passed": 2}, output


def test_the_clients_of_all_engines_take_the_options_of_the_fixture(run):
    source = """
@pytest.fixture(scope="session")
def odmantic_client_options():
    return {"tz_aware": True}

@pytest.mark.asyncio
async def test_async(aio_engine, aio_rollback_engine):
    for engine in (aio_engine, aio_rollback_engine):
        assert engine.client.codec_options.tz_aware

def test_sync(sync_engine, sync_rollback_engine):
    for engine in (sync_engine, sync_rollback_engine):
        assert engine.client.codec_options.tz_aware
"""

    counts, output = run(MODEL + source)

    assert counts == {"passed": 2}, output


def test_both_engines_of_a_test_share_its_database(run):
    source = """
@pytest.mark.asyncio
async def test_it(aio_engine, sync_engine, odmantic_database_name):
    await aio_engine.save(Thing(name="one"))
    assert sync_engine.count(Thing) == 1
    assert sync_engine.database.name == odmantic_database_name
"""

    counts, output = run(MODEL + source)

    assert counts == {"passed": 1}, output


def test_databases_are_dropped(run, odmantic_mongo_client):
    before = odmantic_mongo_client.list_database_names()
    source = """
def test_it(sync_engine, odmantic_database_name):
    print("database", odmantic_database_name)
    sync_engine.save(Thing(name="one"))
    assert odmantic_database_name in sync_engine.client.list_database_names()
"""

    counts, output = run(MODEL + source, "-s")

    assert counts == {"passed": 1}, output
    name = re.search(r"database (\w+)", output)[1]
    assert name not in odmantic_mongo_client.list_database_names()
    assert {*before} <= {*odmantic_mongo_client.list_database_names()}


def test_a_database_that_exists_is_not_touched(run, raw_database):
    raw_database["precious"].insert_one({"_id": 1})
    token = raw_database.name.removeprefix("odmantic_test_")
    source = f"""
import secrets

@pytest.fixture(autouse=True)
def same_token(monkeypatch):
    monkeypatch.setattr(secrets, "token_hex", lambda size: {token!r})

def test_it(sync_engine):
    pass
"""

    counts, output = run(MODEL + source)

    assert counts == {"error": 1}
    assert "exists already and will not be touched" in output
    assert raw_database["precious"].find_one() == {"_id": 1}


def test_a_transaction_that_is_left_open_does_not_hold_up_the_run(run):
    source = """
@pytest.mark.asyncio
async def test_it(aio_engine):
    await aio_engine.save(Thing(name="one"))
    session = aio_engine.client.start_session()
    await session.start_transaction()
    await aio_engine.database.things.insert_one({}, session=session)
"""

    counts, output = run(MODEL + source, "-W", "ignore::ResourceWarning", "--durations=1")

    assert counts == {"passed": 1}, output
    assert float(re.search(r"in ([\d.]+)s", output)[1]) < 45


def test_a_sync_test_is_told_to_use_the_sync_engine(run):
    counts, output = run("def test_it(aio_engine):\n    pass\n")

    assert counts == {"error": 1}
    assert "use 'sync_engine'" in output


def test_tests_of_a_local_replica_set_are_skipped_on_a_given_server(run):
    counts, _ = run("def test_it(odmantic_replica_set):\n    pass\n")

    assert counts == {"skipped": 1}


def test_nothing_is_started_for_tests_that_ask_for_nothing(run):
    counts, output = run(
        "def test_it():\n    pass\n", "--odmantic-mongod=/nonexistent", server=False
    )

    assert counts == {"passed": 1}, output


def test_a_mongod_that_is_missing_is_reported_by_the_tests_that_need_it(run):
    counts, output = run(
        "def test_it(sync_engine):\n    pass\n", "--odmantic-mongod=/nonexistent", server=False
    )

    assert counts == {"error": 1}
    assert "MongodNotFoundError: No mongod at '/nonexistent'" in output


def test_one_replica_set_serves_the_whole_run_with_the_options_given(run, mongod, gone):
    source = """
def test_one(sync_engine, odmantic_replica_set):
    sync_engine.save(Thing(name="one"))
    print("directory", odmantic_replica_set.logs[0].parent)

def test_other(sync_engine, odmantic_replica_set):
    options = sync_engine.client.admin.command("getCmdLineOpts")["parsed"]
    assert options["setParameter"]["enableTestCommands"] == "1"
    assert len(odmantic_replica_set.ports) == 2
    print("directory", odmantic_replica_set.logs[0].parent)
"""
    conftest = """
import pytest

@pytest.fixture(scope="session")
def odmantic_replica_set_options():
    return {"server_parameters": {"enableTestCommands": 1}}
"""
    options = [f"--odmantic-mongod={mongod}"] if mongod else []

    counts, output = run(
        MODEL + source, "-s", "--odmantic-members=2", *options, server=False, conftest=conftest
    )

    assert counts == {"passed": 2}, output
    directories = {*re.findall(r"directory (\S+)", output)}
    assert len(directories) == 1
    assert gone(directories.pop(), 0)


def test_every_worker_of_xdist_has_a_replica_set_of_its_own(run, mongod, gone, tmp_path):
    source = """
@pytest.mark.parametrize("number", range(4))
def test_it(sync_engine, odmantic_replica_set, number, tmp_path_factory):
    sync_engine.save(Thing(name="one"))
    directory = odmantic_replica_set.logs[0].parent
    (tmp_path_factory.getbasetemp().parent / directory.name).touch()
"""
    options = [f"--odmantic-mongod={mongod}"] if mongod else []

    counts, output = run(
        MODEL + source, "-n2", "--basetemp=used", *options, server=False, conftest=""
    )

    assert counts == {"passed": 4}, output
    used = [file.name for file in (tmp_path / "used").glob("odmantic-*")]
    assert len(used) == 2
    assert all(gone(directory, 0) for directory in used)
