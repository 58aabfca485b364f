# Generated from tests/integration/aio/test_session.py by tools/generate_sync.py: do not edit.
"""Session objects: what they offer, how they begin and end, and that tasks and threads may share one."""

from __future__ import annotations

import inspect

import pymongo.synchronous.client_session
import pytest
from pymongo.errors import InvalidOperation, OperationFailure
from tests.integration.sync.reading import MANY

from odmantic import Model
from odmantic.session import SyncSession, SyncSessionBase


class User(Model):
    name: str
    email: str = ""


def _server_sessions(commands):
    return {event.command["lsid"]["id"] for event in commands.started}


# --- The object -----------------------------------------------------------------------------------


def test_engine_session_makes_a_session_that_is_not_started(sync_engine, commands):
    session = sync_engine.session()

    assert type(session) is SyncSession
    assert isinstance(session, SyncSessionBase)
    assert session.engine is sync_engine
    assert session.session is None
    assert session.is_started is False
    assert commands.started == []


def test_a_session_is_truthy_in_every_state(sync_engine):
    session = sync_engine.session()
    assert session
    with session:
        assert session
    assert session


def test_a_session_can_be_made_from_an_engine(sync_engine):
    with SyncSession(sync_engine) as session:
        assert session.engine is sync_engine
        assert session.count(User) == 0


def test_is_started_and_session_follow_start_and_end(sync_engine):
    session = sync_engine.session()

    session.start()
    assert session.is_started is True
    assert session.session is session.get_driver_session()

    session.end()
    assert session.is_started is False
    assert session.session is None


def test_the_block_gives_the_session_itself_and_ends_it(sync_engine):
    session = sync_engine.session()
    with session as entered:
        assert entered is session
        driver_session = session.get_driver_session()
        assert not driver_session.has_ended

    assert driver_session.has_ended
    assert not session.is_started


def test_starting_twice_is_refused_and_keeps_the_session(sync_engine):
    with sync_engine.session() as session:
        driver_session = session.get_driver_session()
        with pytest.raises(RuntimeError, match="Session is already started"):
            session.start()
        with pytest.raises(RuntimeError, match="Session is already started"):
            with session:
                pytest.fail("entered twice")

        assert session.get_driver_session() is driver_session
        assert session.count(User) == 0


def test_ending_a_session_that_is_not_started_is_refused(sync_engine):
    session = sync_engine.session()
    with pytest.raises(RuntimeError, match="Session is not started"):
        session.end()
    with session:
        pass
    with pytest.raises(RuntimeError, match="Session is not started"):
        session.end()


def test_an_ended_session_can_be_started_again(sync_engine):
    session = sync_engine.session()
    for _ in range(2):
        with session:
            session.save(User(name="Ada"))
    session.start()
    assert session.count(User) == 2
    session.end()


def test_exit_takes_its_arguments_by_the_names_of_the_wish():
    names = list(inspect.signature(SyncSession.__exit__).parameters)
    assert names == ["self", "exc_type", "exc_val", "exc_tb"]


# --- The driver's session ---------------------------------------------------------------------------


def test_the_driver_session_is_of_the_drivers_own_class(sync_engine):
    expected = pymongo.synchronous.client_session.ClientSession
    with sync_engine.session() as session:
        assert type(session.get_driver_session()) is expected
        assert session.get_driver_session() is session.get_driver_session()
    with sync_engine.transaction() as transaction:
        assert type(transaction.get_driver_session()) is expected
        assert transaction.get_driver_session() is transaction.session.get_driver_session()


def test_the_driver_session_fits_raw_calls(sync_engine, commands):
    with sync_engine.session() as session:
        user = session.save(User(name="Ada"))
        collection = sync_engine.get_collection(User)
        driver_session = session.get_driver_session()

        found = collection.find_one({"_id": user.id}, session=driver_session)

    assert found == {"_id": user.id, "name": "Ada", "email": ""}
    assert len(_server_sessions(commands)) == 1


def test_get_driver_session_needs_a_started_session(sync_engine):
    session = sync_engine.session()
    with pytest.raises(RuntimeError, match=r"^session not started"):
        session.get_driver_session()
    with session:
        pass
    with pytest.raises(RuntimeError, match=r"^session not started"):
        session.get_driver_session()


# --- Operations -------------------------------------------------------------------------------------


def test_every_operation_works_and_uses_the_one_driver_session(sync_engine, commands):
    with sync_engine.session() as session:
        user = User(name="Ada")
        assert session.save(user) is user
        assert session.save_all([User(name="Bob"), User(name="Cy")])
        assert [found.name for found in session.find(User, sort=User.name.desc())] == [
            "Cy",
            "Bob",
            "Ada",
        ]
        found = [found for found in session.find(User, sort=User.name, skip=1, limit=1)]
        assert [user.name for user in found] == ["Bob"]
        assert session.find_one(User, User.name == "Cy").name == "Cy"
        assert session.find_one(User, sort=User.name).name == "Ada"
        assert session.count(User) == 3
        session.delete(user)
        assert session.remove(User, just_one=True) == 1
        assert session.remove(User, User.name != "nobody") == 1

    assert len(_server_sessions(commands)) == 1


def test_a_write_in_a_session_takes_effect_immediately(sync_engine, raw_database):
    with sync_engine.session() as session:
        session.save(User(name="Ada"))
        assert raw_database["user"].count_documents({}) == 1
        assert sync_engine.count(User) == 1


def test_operations_on_a_session_that_is_not_started_are_refused(sync_engine, commands):
    session = sync_engine.session()
    user = User(name="Ada")

    def refused():
        with pytest.raises(RuntimeError, match=r"^session not started"):
            session.find(User)
        for call in (
            lambda: session.find_one(User),
            lambda: session.count(User),
            lambda: session.save(user),
            lambda: session.save_all([user]),
            lambda: session.delete(user),
            lambda: session.remove(User),
        ):
            with pytest.raises(RuntimeError, match=r"^session not started"):
                call()

    refused()
    with session:
        pass
    refused()
    assert commands.started == []


def test_operations_take_no_session_argument(sync_engine):
    with sync_engine.session() as session:
        with pytest.raises(TypeError):
            session.save(User(name="Ada"), session=session)
        with pytest.raises(TypeError):
            session.find(User, session=session)


def test_a_cursor_of_an_ended_session_is_refused_by_the_driver(sync_engine):
    sync_engine.save_all([User(name=str(number)) for number in range(MANY)])
    with sync_engine.session() as session:
        cursor = session.find(User)
        seen = 0
        for _ in cursor:
            seen += 1
            break
    with pytest.raises(InvalidOperation):
        for _ in cursor:
            seen += 1
    assert seen >= 1


def test_two_engines_of_one_client_share_a_session(sync_engine, raw_database, commands):
    other = type(sync_engine)(sync_engine.client, f"{sync_engine.database_name}_other")
    try:
        with sync_engine.session() as session:
            sync_engine.save(User(name="Ada"), session=session)
            other.save(User(name="Bob"), session=session)
            assert other.count(User, session=session) == 1
    finally:
        raw_database.client.drop_database(other.database_name)
    assert len(_server_sessions(commands)) == 1


# --- Ways out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exception_ends_the_session_and_propagates(sync_engine, error):
    session = sync_engine.session()
    with pytest.raises(error, match="mine"):
        with session:
            driver_session = session.get_driver_session()
            raise error("mine")

    assert driver_session.has_ended
    assert not session.is_started


def test_a_session_may_be_ended_inside_its_block(sync_engine):
    session = sync_engine.session()
    with session:
        session.end()
    assert not session.is_started


def test_an_exception_after_a_manual_end_is_not_replaced(sync_engine):
    with pytest.raises(ValueError, match="mine"):
        with sync_engine.session() as session:
            session.end()
            raise ValueError("mine")


def test_a_session_may_be_ended_and_restarted_inside_its_block(sync_engine):
    with sync_engine.session() as session:
        first = session.get_driver_session()
        session.end()
        session.start()
        second = session.get_driver_session()
        session.save(User(name="Ada"))

    assert first.has_ended
    assert second.has_ended


def test_a_failed_start_leaves_nothing_behind(sync_engine, monkeypatch):
    session = sync_engine.session()

    class Refusing:
        def start_session(self):
            raise OperationFailure("no sessions today")

    with monkeypatch.context() as patch:
        patch.setattr(sync_engine, "client", Refusing())
        for _ in range(2):
            with pytest.raises(OperationFailure, match="no sessions today"):
                session.start()
            assert not session.is_started
    with session:
        assert session.count(User) == 0


def test_hundred_sessions_use_one_server_session(sync_engine, commands):
    for _ in range(100):
        with sync_engine.session() as session:
            session.count(User)

    assert len(_server_sessions(commands)) == 1


def test_a_driver_session_made_by_hand_is_never_ended_by_the_engine(sync_engine):
    raw = sync_engine.client.start_session()
    try:
        sync_engine.save(User(name="Ada"), session=raw)
        assert sync_engine.count(User, session=raw) == 1
        assert not raw.has_ended
    finally:
        raw.end_session()


def test_the_session_of_a_save_without_one_is_ended_also_on_errors(
    sync_engine, raw_database, commands
):
    raw_database["user"].create_index("email", unique=True)
    sync_engine.save(User(name="Ada", email="a@x"))
    for _ in range(5):
        with pytest.raises(Exception, match="exists already"):
            sync_engine.save(User(name="Bob", email="a@x"))
        sync_engine.save(User(name="Cy", email=str(_)))

    assert len(_server_sessions(commands)) == 1


# --- A transaction in the session -------------------------------------------------------------------


def test_ending_the_session_rolls_its_transaction_back(
    sync_engine, raw_database, open_transactions
):
    user = User(name="Ada")
    session = sync_engine.session()
    session.start()
    transaction = session.transaction()
    transaction.start()
    transaction.save(user)
    session.end()

    assert not transaction.is_started
    assert user.__fields_modified__ == {"id", "name", "email"}
    for closing in (transaction.commit, transaction.abort):
        with pytest.raises(RuntimeError, match="Transaction not started"):
            closing()
    assert raw_database["user"].count_documents({}) == 0
    assert open_transactions() == 0


def test_leaving_the_session_block_rolls_its_transaction_back(sync_engine, raw_database):
    user = User(name="Ada")
    with sync_engine.session() as session:
        transaction = session.transaction()
        transaction.start()
        transaction.save(user)

    assert not transaction.is_started
    assert raw_database["user"].count_documents({}) == 0
    sync_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": ""}


def test_ending_the_session_inside_the_transactions_block_is_no_success(sync_engine, raw_database):
    user = User(name="Ada")
    with sync_engine.session() as session:
        with pytest.raises(RuntimeError, match="session was ended"):
            with session.transaction() as transaction:
                transaction.save(user)
                session.end()

    assert not transaction.is_started
    assert user.__fields_modified__ == {"id", "name", "email"}
    assert raw_database["user"].count_documents({}) == 0


def test_ending_the_own_session_inside_the_transactions_block_is_no_success(
    sync_engine, raw_database
):
    transaction = sync_engine.transaction()
    with pytest.raises(RuntimeError, match="session was ended"):
        with transaction:
            transaction.save(User(name="Ada"))
            transaction.session.end()

    assert not transaction.is_started
    assert raw_database["user"].count_documents({}) == 0
    with transaction:
        transaction.save(User(name="Bob"))
    assert raw_database["user"].count_documents({}) == 1


def test_an_exception_after_the_session_ended_in_the_block_propagates(sync_engine):
    with sync_engine.session() as session:
        with pytest.raises(ValueError, match="mine"):
            with session.transaction():
                session.end()
                raise ValueError("mine")


def test_operations_of_the_session_join_its_transaction(sync_engine, raw_database):
    user = User(name="Ada")
    with sync_engine.session() as session:
        transaction = session.transaction()
        transaction.start()
        session.save(user)
        assert session.count(User) == 1
        assert raw_database["user"].count_documents({}) == 0
        transaction.abort()

        assert user.__fields_modified__ == {"id", "name", "email"}
        assert session.count(User) == 0


def test_a_cursor_of_the_session_made_in_the_transaction_reads_in_it(sync_engine):
    with sync_engine.session() as session:
        with session.transaction() as transaction:
            transaction.save(User(name="Ada"))
            assert [user.name for user in session.find(User)] == ["Ada"]


def test_a_cursor_made_before_the_transaction_is_refused_there_and_does_it_no_harm(
    sync_engine,
):
    sync_engine.save_all([User(name=str(number)) for number in range(MANY)])
    with sync_engine.session() as session:
        cursor = session.find(User)
        for _ in cursor:
            break
        with session.transaction() as transaction:
            transaction.count(User)
            with pytest.raises(RuntimeError, match="begun in this session after"):
                for _ in cursor:
                    pass
            transaction.save(User(name="Ada"))
        assert session.count(User) == MANY + 1


from concurrent.futures import ThreadPoolExecutor


def test_threads_may_share_a_session(sync_engine, raw_database):
    with sync_engine.session() as session, ThreadPoolExecutor(5) as pool:
        users = [User(name=str(number)) for number in range(20)]
        list(pool.map(session.save, users))
        counts = list(pool.map(session.count, [User] * 5))

    assert counts == [20] * 5
    assert raw_database["user"].count_documents({}) == 20
