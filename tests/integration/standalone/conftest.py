"""A mongod that belongs to no replica set, as many have on their own machine."""

from __future__ import annotations

import time

import pytest
from pymongo import MongoClient

from odmantic.testing._member import Member
from odmantic.testing._mongod import find_mongod
from odmantic.testing._ports import free_port
from odmantic.testing._processes import Processes


@pytest.fixture(scope="session")
def odmantic_mongo_uri(tmp_path_factory, pytestconfig):
    """The URI of a standalone server, in place of the replica set's."""
    directory = tmp_path_factory.mktemp("standalone")
    processes = Processes(0.0)
    member = Member(
        index=0,
        port=free_port(),
        directory=directory / "data",
        mongod=find_mongod(pytestconfig.getoption("odmantic_mongod"), directory),
        arguments=("--wiredTigerCacheSizeGB", "0.25"),
        processes=processes,
    )
    deadline = time.monotonic() + 60

    def pause(waiting_for):
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain for {waiting_for}")
        time.sleep(0.05)

    try:
        member.start()
        assert member.wait_until_it_answers(pause)
        yield f"mongodb://127.0.0.1:{member.port}/"
    finally:
        processes.close()


@pytest.fixture(scope="session")
def odmantic_mongo_client(odmantic_mongo_uri):
    """A client for the standalone server: the suite's own may already be for the replica set."""
    with MongoClient(odmantic_mongo_uri) as client:
        yield client
