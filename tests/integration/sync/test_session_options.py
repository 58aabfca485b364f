# Generated from tests/integration/aio/test_session_options.py by tools/generate_sync.py: do not edit.
"""The options of sessions and transactions: what is sent for them, which one counts, and what is refused."""

from __future__ import annotations

import pytest
from pymongo.client_session import TransactionOptions
from pymongo.errors import InvalidOperation
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from odmantic import Model
from odmantic.update import set_

WRITES = [
    *("save", "save_all", "delete", "remove", "update_one", "update_many", "configure_database"),
    *("delete_one", "delete_many", "find_one_and_delete", "find_one_and_update"),
    *("replace_one", "find_one_and_replace", "get_or_create"),
]


class User(Model):
    name: str


@pytest.fixture
def user(sync_engine):
    return sync_engine.save(User(name="Ada"))


def _arguments(operation, user):
    return {
        "save": (User(name="Bob"),),
        "save_all": ([User(name="Bob")],),
        "delete": (user,),
        "remove": (User,),
        "update_one": (User, {}, set_(User.name, "Bob")),
        "update_many": (User, {}, set_(User.name, "Bob")),
        "delete_one": (User, {}),
        "delete_many": (User, {}),
        "find_one_and_delete": (User, {}),
        "replace_one": (User, {}, user),
        "find_one_and_replace": (User, {}, user),
        "get_or_create": (User, {}, user),
        "find_one_and_update": (User, {}, set_(User.name, "Bob")),
        "configure_database": ([User],),
    }[operation]


# --- Snapshots ------------------------------------------------------------------------------------


def test_a_snapshot_session_reads_one_moment(sync_engine, user):
    with sync_engine.session(snapshot=True) as session:
        assert session.count(User) == 1
        sync_engine.save(User(name="Bob"))
        assert session.count(User) == 1
        assert [found.name for found in session.find(User)] == ["Ada"]
    assert sync_engine.count(User) == 2


@pytest.mark.parametrize("operation", WRITES)
def test_a_snapshot_session_refuses_writes_before_the_server(
    sync_engine, user, commands, operation
):
    commands.clear()
    with sync_engine.session(snapshot=True) as session:
        for given in (session, session.get_driver_session()):
            with pytest.raises(RuntimeError, match=f"{operation} cannot write in a snapshot"):
                getattr(sync_engine, operation)(*_arguments(operation, user), session=given)
    assert commands.names == []


def test_a_snapshot_session_refuses_transactions_before_the_server(sync_engine, user, commands):
    def work(transaction):
        pytest.fail("was called")

    commands.clear()
    with sync_engine.session(snapshot=True) as session:
        with pytest.raises(RuntimeError, match="snapshot session is for reading only"):
            session.transaction().start()
        with pytest.raises(InvalidOperation, match="snapshot session is for reading only"):
            session.run_transaction(work)
    assert commands.names == []


@pytest.mark.parametrize(
    "options",
    [
        {"snapshot": True, "causal_consistency": True},
        {"after": "odm1.AAAA", "snapshot": True},
        {"after": "odm1.AAAA", "causal_consistency": False},
        {"after": "nonsense"},
    ],
)
def test_options_that_contradict_each_other_are_refused(sync_engine, options):
    with pytest.raises(ValueError, match=r"cannot have both|after=|not a causal token"):
        sync_engine.session(**options)


# --- Causal consistency ---------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "is_sent"), [(None, True), (True, True), (False, False)])
def test_causal_consistency_is_on_unless_it_is_turned_off(
    sync_engine, user, commands, chosen, is_sent
):
    with sync_engine.session(causal_consistency=chosen) as session:
        session.count(User)
        commands.clear()
        session.count(User)
    (event,) = commands.started
    assert ("afterClusterTime" in event.command.get("readConcern", {})) is is_sent


# --- Which option counts --------------------------------------------------------------------------

CALL = {"read_concern": ReadConcern("local"), "write_concern": WriteConcern(w=1, j=True)}
DEFAULTS = TransactionOptions(
    read_concern=ReadConcern("majority"),
    write_concern=WriteConcern(w=1),
    read_preference=ReadPreference.SECONDARY,
    max_commit_time_ms=7000,
)


@pytest.mark.parametrize(
    "case",
    [
        ({}, None, {}, "snapshot", {"w": "majority"}),
        ({}, None, {"readConcernLevel": "local", "w": 1}, "local", {"w": 1}),
        ({}, DEFAULTS, {"readConcernLevel": "local", "journal": True}, "majority", {"w": 1}),
        (CALL, DEFAULTS, {"readConcernLevel": "snapshot"}, "local", {"w": 1, "j": True}),
        (CALL, None, {}, "local", {"w": 1, "j": True}),
    ],
    ids=["ours", "client", "session", "call", "call alone"],
)
@pytest.mark.parametrize("is_callback", [True, False], ids=["callback", "block"])
def test_the_nearest_option_counts(
    sync_engine, user, commands, client_options, odmantic_mongo_uri, case, is_callback
):
    call, defaults, client, read, write = case
    own_client = type(sync_engine.client)(odmantic_mongo_uri, **client_options, **client)
    engine = type(sync_engine)(own_client, sync_engine.database_name)

    def work(transaction):
        transaction.count(User)
        transaction.save(User(name="Bob"))

    commands.clear()
    try:
        with engine.session(default_transaction_options=defaults) as session:
            if is_callback:
                session.run_transaction(work, **call)
            else:
                with session.transaction(**call) as transaction:
                    work(transaction)
    finally:
        own_client.close()

    first, *_, commit = (event.command for event in commands.started)
    assert first["readConcern"]["level"] == read
    assert commit["writeConcern"] == write
    assert ("maxTimeMS" in commit) is (is_callback or defaults is not None)


def test_the_limit_of_the_commit_comes_from_the_session_too(sync_engine, user, commands):
    commands.clear()
    with sync_engine.session(default_transaction_options=DEFAULTS) as session:
        with session.transaction() as transaction:
            transaction.save(User(name="Bob"))
        with session.transaction(max_commit_time_ms=900) as transaction:
            transaction.save(User(name="Cy"))
    limits = [
        event.command["maxTimeMS"]
        for event in commands.started
        if event.command_name == "commitTransaction"
    ]
    assert limits == [7000, 900]
