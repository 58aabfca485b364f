"""What a local replica set can do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import socketserver
import threading
import time

import pytest
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.errors import PyMongoError

from odmantic.testing import (
    LocalReplicaSet,
    LocalReplicaSetError,
    MongodFailedError,
    _ports,
    _startup,
    _wire,
)


@pytest.fixture
def one_member(odmantic_replica_set):
    """That of the run, for tests that leave it as it is."""
    return odmantic_replica_set


def member_config(client):
    return client.admin.command("replSetGetConfig")["config"]


def test_one_member_takes_transactions_at_once_and_steps_down_and_up_again(mongod):
    with LocalReplicaSet(mongod=mongod) as replica_set, MongoClient(replica_set.uri) as client:
        with client.start_session() as session, session.start_transaction():
            client.test.things.insert_one({"_id": 1}, session=session)

        assert client.test.things.find_one() == {"_id": 1}
        assert replica_set.primary == 0
        assert replica_set.step_down() == 0


def test_it_listens_on_the_loopback_interface_only(one_member):
    with MongoClient(one_member.uri) as client:
        options = client.admin.command("getCmdLineOpts")["parsed"]["net"]

    assert options["bindIp"] == "127.0.0.1"
    assert options["unixDomainSocket"] == {"enabled": False}
    assert options["port"] < _ports.ephemeral_range()[0]


def test_options_reach_the_server(mongod):
    first = _ports.free_port()
    replica_set = LocalReplicaSet(
        mongod=mongod,
        port=first,
        election_timeout=2.5,
        cache_size_gb=0.3,
        server_parameters={"enableTestCommands": True, "transactionLifetimeLimitSeconds": 7},
        arguments=["--oplogSize", "64"],
    )
    with replica_set, MongoClient(replica_set.uri) as client:
        options = client.admin.command("getCmdLineOpts")["parsed"]
        settings = member_config(client)["settings"]
        assert replica_set.ports == (first,)

    assert options["storage"]["wiredTiger"]["engineConfig"]["cacheSizeGB"] == 0.3
    assert options["setParameter"]["enableTestCommands"] == "true"
    assert options["setParameter"]["transactionLifetimeLimitSeconds"] == "7"
    assert options["replication"]["oplogSizeMB"] == 64
    assert settings["electionTimeoutMillis"] == 2500
    assert settings["heartbeatIntervalMillis"] == 625


def test_several_at_once_do_not_disturb_each_other(mongod, one_member, raw_database):
    with LocalReplicaSet(mongod=mongod) as other:
        assert one_member.name != other.name
        assert not {*one_member.ports} & {*other.ports}
        raw_database["things"].insert_one({})
        with MongoClient(other.uri) as client:
            assert client[raw_database.name]["things"].find_one() is None


async def test_several_can_start_at_the_same_time(mongod):
    sets = [LocalReplicaSet(mongod=mongod) for _ in range(3)]
    try:
        await asyncio.gather(*(asyncio.to_thread(one.start) for one in sets))

        assert [one.primary for one in sets] == [0, 0, 0]
        assert len({one.ports for one in sets}) == 3
    finally:
        await asyncio.gather(*(asyncio.to_thread(one.stop) for one in sets))


def _the_killed_primary_is_replaced_and_comes_back(three_members):
    killed = three_members.wait_for_primary()
    with MongoClient(three_members.uri) as client:
        things = client.test.get_collection("killed", write_concern=WriteConcern("majority"))
        things.insert_one({"_id": "before"})

        three_members.kill_member(killed)
        started = time.monotonic()
        new = three_members.wait_for_primary()
        elapsed = time.monotonic() - started
        things.insert_one({"_id": "meanwhile"})

        assert new != killed
        assert elapsed < 8
        assert not three_members.is_running(killed)

        three_members.restart_member(killed)

        assert three_members.is_running(killed)
        with MongoClient(
            three_members.member_uri(killed), readPreference="secondaryPreferred"
        ) as restarted:
            deadline = time.monotonic() + 10
            while restarted.test.killed.count_documents({}) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert restarted.test.killed.count_documents({}) == 2


def _the_primary_steps_down_for_another(three_members):
    before = three_members.wait_for_primary()

    after = three_members.step_down()

    assert after != before
    assert three_members.primary == after


def _a_primary_that_is_stopped_hands_over(three_members):
    stopped = three_members.wait_for_primary()

    three_members.stop_member(stopped)

    assert not three_members.is_running(stopped)
    assert three_members.wait_for_primary() != stopped
    three_members.restart_member(stopped)


def _restarting_a_running_member_shuts_it_down_first(three_members):
    member = three_members.wait_for_primary()

    three_members.restart_member(member)

    assert three_members.is_running(member)


def test_three_members_take_over_from_each_other(mongod):
    """One after the other, for three members take seconds to start."""
    with LocalReplicaSet(3, mongod=mongod) as three_members:
        _the_killed_primary_is_replaced_and_comes_back(three_members)
        _the_primary_steps_down_for_another(three_members)
        _a_primary_that_is_stopped_hands_over(three_members)
        _restarting_a_running_member_shuts_it_down_first(three_members)


def test_two_members_step_down_for_each_other_until_one_is_lost(mongod):
    with LocalReplicaSet(2, mongod=mongod) as replica_set:
        first = replica_set.wait_for_primary()
        started = time.monotonic()

        assert replica_set.step_down() != first
        assert replica_set.step_down() == first
        assert time.monotonic() - started < 30

        replica_set.kill_member(0)
        deadline = time.monotonic() + 10
        while replica_set.primary is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert replica_set.primary is None

        with pytest.raises(MongodFailedError, match="ended with signal 9") as caught:
            _startup.wait_until_all_take_part(replica_set._members, lambda waiting_for: None)
        assert caught.value.exit_code == -9


def test_a_delayed_member_answers_with_the_past_and_is_no_successor(mongod):
    with (
        LocalReplicaSet(2, mongod=mongod, delay=3) as replica_set,
        MongoClient(replica_set.uri) as client,
        MongoClient(replica_set.member_uri(1)) as delayed,
    ):
        members = member_config(client)["members"]
        assert [member["secondaryDelaySecs"] for member in members] == [0, 3]
        assert [member["priority"] for member in members] == [1, 0]

        late = delayed.get_database("test", read_preference=ReadPreference.SECONDARY).things
        client.test.get_collection("things", write_concern=WriteConcern(1)).insert_one({"_id": 1})
        assert late.find_one() is None

        deadline = time.monotonic() + 10
        while late.find_one() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert late.find_one() == {"_id": 1}
        assert replica_set.step_down() == 0


def test_it_can_be_started_again_and_is_another_to_clients_of_the_former(mongod):
    replica_set = LocalReplicaSet(mongod=mongod, port=_ports.free_port())
    with replica_set:
        name, uri = replica_set.name, replica_set.uri
    with replica_set:
        assert replica_set.name != name
        assert replica_set.primary == 0
        with (
            MongoClient(uri, serverSelectionTimeoutMS=200) as client,
            pytest.raises(PyMongoError),
        ):
            client.test.things.find_one()


def test_it_cannot_be_started_twice(one_member):
    with pytest.raises(LocalReplicaSetError, match="already"):
        one_member.start()


@pytest.mark.parametrize(
    "use",
    [
        lambda replica_set: replica_set.uri,
        lambda replica_set: replica_set.primary,
        lambda replica_set: replica_set.kill_member(0),
        lambda replica_set: replica_set.step_down(),
    ],
)
def test_it_says_that_it_is_not_running(use):
    with pytest.raises(LocalReplicaSetError, match="not running"):
        use(LocalReplicaSet())


def test_its_text_says_where_it_is(one_member):
    assert repr(LocalReplicaSet()) == "<LocalReplicaSet of 1, not running>"
    assert repr(one_member) == f"<LocalReplicaSet of 1, at {one_member.uri}>"


@pytest.mark.parametrize("options", [{"members": 0}, {"members": 1, "delay": 5}])
def test_impossible_sets_are_refused(options):
    with pytest.raises(ValueError, match="member"):
        LocalReplicaSet(**options)


# -- Ports ----------------------------------------------------------------------------------------


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_member_whose_port_is_taken_gets_another(mongod, monkeypatch, taken_port):
    found = _ports.free_port
    ports = iter([taken_port])
    monkeypatch.setattr(
        "odmantic.testing._ports.free_port", lambda taken=(): next(ports, None) or found(taken)
    )

    with LocalReplicaSet(2, mongod=mongod) as replica_set:
        assert replica_set.wait_for_primary() in {0, 1}
        assert taken_port not in replica_set.ports


def test_another_mongod_on_the_port_is_not_taken_for_ours(mongod, monkeypatch, one_member):
    found = _ports.free_port
    ports = iter(one_member.ports)
    monkeypatch.setattr(
        "odmantic.testing._ports.free_port", lambda taken=(): next(ports, None) or found(taken)
    )
    with LocalReplicaSet(mongod=mongod) as replica_set:
        assert replica_set.ports != one_member.ports
        assert replica_set.primary == one_member.primary == 0


def test_a_given_port_that_is_taken_is_an_error(mongod, taken_port):
    with pytest.raises(LocalReplicaSetError, match="taken by another program"):
        LocalReplicaSet(mongod=mongod, port=taken_port).start()


# -- Data that stays ------------------------------------------------------------------------------


def insert(replica_set, identifier):
    with MongoClient(replica_set.uri) as client:
        things = client.test.get_collection("things", write_concern=WriteConcern("majority"))
        things.insert_one({"_id": identifier})


def stored(replica_set):
    with MongoClient(replica_set.uri) as client:
        return sorted(thing["_id"] for thing in client.test.things.find())


def test_a_path_keeps_the_data_and_the_ports_for_one_at_a_time(mongod, tmp_path):
    with LocalReplicaSet(path=tmp_path, mongod=mongod) as replica_set:
        with pytest.raises(LocalReplicaSetError, match="in use by another mongod"):
            LocalReplicaSet(path=tmp_path, mongod=mongod, timeout=0.5).start()
        insert(replica_set, 1)
        uri = replica_set.uri

    with LocalReplicaSet(path=tmp_path, mongod=mongod) as replica_set:
        assert replica_set.uri == uri
        assert stored(replica_set) == [1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("place", ["", "some/where"])
def test_the_data_is_its_owners_alone(mongod, tmp_path, place):
    path = tmp_path / place
    (tmp_path / "member-0").mkdir(mode=0o755)
    former = os.umask(0)
    try:
        with LocalReplicaSet(path=path, mongod=mongod) as replica_set:
            assert replica_set.logs[0].parent == path
            modes = {each.name: each.stat().st_mode & 0o777 for each in path.iterdir()}
    finally:
        os.umask(former)
    assert (modes["member-0"], modes["member-0.log"]) == (0o700, 0o600)
    if place:
        assert [each.stat().st_mode & 0o777 for each in (path, path.parent)] == [0o700, 0o700]


@contextlib.contextmanager
def program_on(port):
    """Another program on a port, which hangs up on everybody."""

    class Program(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Program(("127.0.0.1", port), socketserver.BaseRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield
        server.shutdown()
        thread.join()


def test_the_data_works_again_on_one_other_port_and_on_all_others(mongod, tmp_path):
    with LocalReplicaSet(2, path=tmp_path, mongod=mongod) as replica_set:
        insert(replica_set, 1)
        former = replica_set.ports

    with (
        program_on(former[0]),
        LocalReplicaSet(2, path=tmp_path, mongod=mongod) as replica_set,
    ):
        assert replica_set.ports[0] != former[0]
        assert replica_set.ports[1] == former[1]
        insert(replica_set, 2)
        former = replica_set.ports

    first = _ports.free_port()
    while not all(map(_ports.is_free, range(first, first + 2))):
        first = _ports.free_port()
    with LocalReplicaSet(2, path=tmp_path, mongod=mongod, port=first) as replica_set:
        assert replica_set.ports == (first, first + 1)
        assert not {*replica_set.ports} & {*former}
        assert stored(replica_set) == [1, 2]


def test_the_data_works_again_where_another_replica_set_has_its_port(mongod, tmp_path):
    with LocalReplicaSet(path=tmp_path, mongod=mongod) as replica_set:
        insert(replica_set, 1)
        former = replica_set.ports[0]

    with (
        LocalReplicaSet(mongod=mongod, port=former) as other,
        LocalReplicaSet(path=tmp_path, mongod=mongod) as replica_set,
    ):
        assert replica_set.ports != other.ports
        assert stored(replica_set) == [1]
        assert stored(other) == []


def test_what_the_server_refuses_is_an_error(one_member):
    invalid = {"replSetReconfig": {"_id": "other", "version": 9, "members": []}, "force": True}
    with pytest.raises(LocalReplicaSetError, match="Member 0 refused replSetReconfig: "):
        _startup._repeat(one_member._members[0], invalid, lambda waiting_for: None)


def test_a_program_that_hangs_up_is_no_server():
    port = _ports.free_port()
    with program_on(port), pytest.raises(OSError, match=r"closed|reset"):
        _wire.command(port, {"ping": 1})


def test_the_number_of_members_and_the_options_can_change(mongod, tmp_path):
    with LocalReplicaSet(path=tmp_path, mongod=mongod) as replica_set:
        insert(replica_set, 1)

    with LocalReplicaSet(2, path=tmp_path, mongod=mongod, election_timeout=2) as replica_set:
        insert(replica_set, 2)
        with MongoClient(replica_set.uri) as client:
            assert member_config(client)["settings"]["electionTimeoutMillis"] == 2000

    with LocalReplicaSet(path=tmp_path, mongod=mongod) as replica_set:
        assert stored(replica_set) == [1, 2]


def test_data_survives_a_kill(mongod, tmp_path, program, gone, processes_of):
    running = program(
        f"replica_set._path = __import__('pathlib').Path({str(tmp_path / 'data')!r})\n"
        "replica_set.start()\n"
        "from pymongo import MongoClient\n"
        "MongoClient(replica_set.uri, w='majority').test.things.insert_one({'_id': 1})\n"
        "tell_directory()\n"
        "time.sleep(60)\n"
    )
    directory = running.stdout.readline().strip()
    running.kill()

    # At once: its mongod is about to shut down, which is waited for.
    with LocalReplicaSet(path=directory, mongod=mongod) as replica_set:
        assert stored(replica_set) == [1]
        assert len(processes_of(directory)) == 1


def test_a_damaged_description_of_the_data_is_refused(mongod, tmp_path):
    (tmp_path / "odmantic-replica-set.json").write_text("{}", encoding="utf-8")

    with pytest.raises(LocalReplicaSetError, match=r"odmantic-replica-set\.json"):
        LocalReplicaSet(path=tmp_path, mongod=mongod).start()
