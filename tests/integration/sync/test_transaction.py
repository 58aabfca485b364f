# Generated from tests/integration/aio/test_transaction.py by tools/generate_sync.py: do not edit.
"""Transaction objects: a block commits or rolls back, its session ends, and errors in it are no success."""

from __future__ import annotations

import inspect

import pytest
from pymongo.errors import AutoReconnect, InvalidOperation, OperationFailure
from tests.integration.sync.reading import MANY

from odmantic import Model
from odmantic.exceptions import (
    DuplicateKeyError,
    StrayOperationWarning,
    TransactionAbortedError,
)
from odmantic.session import NO_SESSION, SyncSession, SyncTransaction


class User(Model):
    name: str
    email: str = ""


@pytest.fixture
def unique_email(raw_database):
    """The address of a user that exists, in a collection that refuses a second one."""
    raw_database["user"].create_index("email", unique=True)
    raw_database["user"].insert_one({"name": "Eve", "email": "taken"})
    return "taken"


def _server_sessions(commands):
    return {event.command["lsid"]["id"] for event in commands.started}


def _assert_idle_and_reusable(transaction, raw_database):
    assert transaction.is_started is False
    assert transaction.session.is_started is False
    for call in (
        lambda: transaction.save(User(name="x")),
        lambda: transaction.count(User),
        lambda: transaction.remove(User),
    ):
        with pytest.raises(RuntimeError, match=r"^transaction not started"):
            call()
    with pytest.raises(RuntimeError, match=r"^transaction not started"):
        transaction.get_driver_session()
    with pytest.raises(RuntimeError, match=r"^transaction not started"):
        transaction.find(User)
    before = raw_database["user"].count_documents({})
    with transaction:
        transaction.save(User(name="again", email="again"))
    assert raw_database["user"].count_documents({}) == before + 1


# --- The object -----------------------------------------------------------------------------------


def test_engine_transaction_makes_a_transaction_that_is_not_started(sync_engine, commands):
    transaction = sync_engine.transaction()

    assert type(transaction) is SyncTransaction
    assert transaction.engine is sync_engine
    assert type(transaction.session) is SyncSession
    assert transaction.is_started is False
    assert transaction.session.is_started is False
    assert transaction
    assert commands.started == []


def test_session_transaction_runs_in_the_session(sync_engine):
    with sync_engine.session() as session:
        for transaction in (session.transaction(), SyncTransaction(session)):
            assert transaction.session is session
            assert transaction.engine is sync_engine
            with transaction:
                assert transaction.get_driver_session() is session.get_driver_session()
            assert session.is_started


def test_a_transaction_can_be_made_from_an_engine(sync_engine):
    with SyncTransaction(sync_engine) as transaction:
        assert transaction.count(User) == 0


def test_exit_takes_its_arguments_by_the_names_of_the_wish():
    names = list(inspect.signature(SyncTransaction.__exit__).parameters)
    assert names == ["self", "exc_type", "exc_val", "exc_tb"]


def test_a_session_that_is_not_started_is_no_context(sync_engine):
    session = sync_engine.session()
    with pytest.raises(RuntimeError, match="provided session is not started"):
        SyncTransaction(session)
    with pytest.raises(RuntimeError, match="provided session is not started"):
        session.transaction()


def test_a_transaction_is_no_context(sync_engine):
    with sync_engine.transaction() as running:
        for transaction in (running, sync_engine.transaction()):
            with pytest.raises(RuntimeError, match="nested transactions"):
                SyncTransaction(transaction)
            with pytest.raises(RuntimeError, match="nested transactions"):
                transaction.transaction()


def test_other_kinds_of_context_are_refused(sync_engine):
    raw = sync_engine.client.start_session()
    try:
        for context in (None, raw, sync_engine.client, "engine"):
            with pytest.raises(TypeError, match="SyncTransaction takes"):
                SyncTransaction(context)
    finally:
        raw.end_session()


# --- Start and end ----------------------------------------------------------------------------------


def test_the_block_gives_the_transaction_itself(sync_engine):
    transaction = sync_engine.transaction()
    with transaction as entered:
        assert entered is transaction
        assert transaction.is_started is True
        assert transaction.session.is_started is True
        assert transaction.get_driver_session().in_transaction


def test_a_block_that_ends_normally_commits(sync_engine, raw_database):
    with sync_engine.transaction() as transaction:
        transaction.save(User(name="Ada"))
        sync_engine.save(User(name="Bob"), session=transaction)
        assert raw_database["user"].count_documents({}) == 0
    assert raw_database["user"].count_documents({}) == 2


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_block_that_raises_rolls_back_and_propagates(
    sync_engine, raw_database, open_transactions, error
):
    transaction = sync_engine.transaction()
    raised = error("mine")
    with pytest.raises(error) as caught:
        with transaction:
            transaction.save(User(name="Ada"))
            driver_session = transaction.get_driver_session()
            raise raised

    assert caught.value is raised
    assert driver_session.has_ended
    assert raw_database["user"].count_documents({}) == 0
    assert open_transactions() == 0
    _assert_idle_and_reusable(transaction, raw_database)


def test_the_transaction_sees_its_writes_and_others_do_not(sync_engine):
    with sync_engine.transaction() as transaction:
        user = transaction.save(User(name="Ada"))
        assert transaction.count(User) == 1
        assert transaction.find_one(User, User.id == user.id).name == "Ada"
        assert sync_engine.count(User, session=NO_SESSION) == 0
        assert sync_engine.find_one(User, session=NO_SESSION) is None
    assert sync_engine.count(User) == 1


def test_manual_commit(sync_engine, raw_database):
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.save(User(name="Ada"))
    driver_session = transaction.get_driver_session()
    transaction.commit()

    assert driver_session.has_ended
    assert raw_database["user"].count_documents({}) == 1
    _assert_idle_and_reusable(transaction, raw_database)


@pytest.mark.parametrize("method", ["abort", "end"])
def test_manual_rollback(sync_engine, raw_database, method):
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.save(User(name="Ada"))
    driver_session = transaction.get_driver_session()
    getattr(transaction, method)()

    assert driver_session.has_ended
    assert raw_database["user"].count_documents({}) == 0
    _assert_idle_and_reusable(transaction, raw_database)


@pytest.mark.parametrize(("method", "stored"), [("commit", 1), ("abort", 0), ("end", 0)])
def test_a_block_may_be_closed_inside_it(sync_engine, raw_database, commands, method, stored):
    with sync_engine.transaction() as transaction:
        transaction.save(User(name="Ada"))
        getattr(transaction, method)()
        sent = len(commands.started)
        with pytest.raises(RuntimeError, match=r"^transaction not started"):
            transaction.save(User(name="Bob"))

    assert len(commands.started) == sent
    assert raw_database["user"].count_documents({}) == stored
    _assert_idle_and_reusable(transaction, raw_database)


def test_a_block_whose_commit_failed_leaves_an_idle_transaction(
    sync_engine, raw_database, fail_point
):
    transaction = sync_engine.transaction()
    with fail_point("commitTransaction", error_code=112, labels=("TransientTransactionError",)):
        with pytest.raises(OperationFailure) as caught:
            with transaction:
                transaction.save(User(name="Ada"))
                driver_session = transaction.get_driver_session()

    assert caught.value.code == 112
    assert caught.value.has_error_label("TransientTransactionError")
    assert driver_session.has_ended
    _assert_idle_and_reusable(transaction, raw_database)


@pytest.mark.parametrize("ending", ["commit", "abort", "exit", "failure"])
def test_a_provided_session_is_never_ended(sync_engine, raw_database, ending):
    with sync_engine.session() as session:
        transaction = session.transaction()
        if ending == "exit":
            with transaction:
                transaction.save(User(name="Ada"))
        elif ending == "failure":
            with pytest.raises(ValueError, match="mine"):
                with transaction:
                    raise ValueError("mine")
        else:
            transaction.start()
            getattr(transaction, ending)()

        assert transaction.is_started is False
        assert session.is_started
        assert session.count(User) == (1 if ending == "exit" else 0)
        with transaction:
            transaction.save(User(name="Bob"))


def test_an_empty_transaction_sends_nothing(sync_engine, commands):
    with sync_engine.transaction():
        pass
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.commit()
    transaction.start()
    transaction.abort()
    with pytest.raises(ValueError, match="mine"):
        with transaction:
            raise ValueError("mine")

    assert commands.started == []


def test_hundred_transactions_use_one_server_session(sync_engine, commands):
    for number in range(100):
        try:
            with sync_engine.transaction() as transaction:
                transaction.save(User(name="Ada"))
                if number % 3 == 0:
                    raise ValueError
                if number % 3 == 1:
                    transaction.abort()
        except ValueError:
            pass

    assert len(_server_sessions(commands)) == 1


def test_a_failing_start_ends_the_own_session_and_may_be_repeated(sync_engine, monkeypatch):
    transaction = sync_engine.transaction()
    with monkeypatch.context() as patch:
        patch.setattr(
            sync_engine, "_transaction_options", lambda *_arguments: {"read_concern": "wrong"}
        )
        for _ in range(2):
            with pytest.raises(TypeError, match="read_concern"):
                transaction.start()
            assert not transaction.is_started
            assert not transaction.session.is_started
    with transaction:
        transaction.save(User(name="Ada"))
    assert sync_engine.count(User) == 1


def test_starting_in_a_session_that_ended_meanwhile_is_refused(sync_engine):
    with sync_engine.session() as session:
        transaction = session.transaction()
    with pytest.raises(RuntimeError, match="provided session is not started"):
        transaction.start()
    assert not transaction.is_started


def test_leaving_a_block_that_was_never_entered_does_nothing(sync_engine):
    assert sync_engine.transaction().__exit__(None, None, None) is None
    assert sync_engine.session().__exit__(None, None, None) is None


# --- Two transactions -------------------------------------------------------------------------------


def test_a_second_transaction_in_a_session_is_refused_and_the_first_unharmed(
    sync_engine, raw_database
):
    with sync_engine.session() as session:
        first, second = session.transaction(), session.transaction()
        with first:
            first.save(User(name="Ada"))
            with pytest.raises(InvalidOperation, match="Transaction already in progress"):
                second.start()
            assert not second.is_started
            with pytest.raises(RuntimeError, match=r"^transaction not started"):
                second.save(User(name="Bob"))
            first.save(User(name="Cy"))
    assert raw_database["user"].distinct("name") == ["Ada", "Cy"]


def test_transactions_may_follow_each_other_in_a_session(sync_engine, raw_database):
    with sync_engine.session() as session:
        first, second = session.transaction(), session.transaction()
        with first:
            first.save(User(name="Ada"))
        with second:
            second.save(User(name="Bob"))
        with pytest.raises(ValueError, match="mine"):
            with first:
                first.save(User(name="Cy"))
                raise ValueError("mine")
    assert raw_database["user"].distinct("name") == ["Ada", "Bob"]


@pytest.mark.parametrize("ending", ["commit", "abort"])
@pytest.mark.parametrize("raises", [False, True])
def test_the_exit_leaves_a_transaction_begun_meanwhile_alone(
    sync_engine, raw_database, ending, raises
):
    with sync_engine.session() as session:
        second = session.transaction()
        try:
            with session.transaction() as first:
                first.save(User(name="first"))
                getattr(first, ending)()
                second.start()
                second.save(User(name="second"))
                if raises:
                    raise ValueError
        except ValueError:
            pass

        assert second.is_started
        assert raw_database["user"].count_documents({"name": "second"}) == 0
        second.commit()
    assert raw_database["user"].count_documents({"name": "second"}) == 1


def test_transactions_of_an_engine_are_independent(sync_engine, raw_database):
    with sync_engine.transaction() as first:
        first.save(User(name="first"))
        with pytest.raises(ValueError, match="mine"):
            with sync_engine.transaction() as second:
                second.save(User(name="second"))
                assert second.count(User) == 1
                raise ValueError("mine")
    assert raw_database["user"].distinct("name") == ["first"]


def test_engines_of_one_client_share_a_transaction(sync_engine, raw_database):
    other = type(sync_engine)(sync_engine.client, f"{sync_engine.database_name}_other")
    try:
        with pytest.raises(ValueError, match="mine"):
            with sync_engine.transaction() as transaction:
                other.save(User(name="Ada"), session=transaction)
                sync_engine.save(User(name="Bob"), session=transaction)
                assert other.count(User, session=transaction) == 1
                raise ValueError("mine")
        assert other.count(User) == 0
        with sync_engine.transaction() as transaction:
            other.save(User(name="Ada"), session=transaction)
        assert other.count(User) == 1
    finally:
        raw_database.client.drop_database(other.database_name)


def test_there_is_no_ambient_transaction(sync_engine, raw_database):
    with pytest.raises(ValueError, match="mine"):
        with sync_engine.transaction() as transaction:
            transaction.save(User(name="inside"))
            with pytest.warns(StrayOperationWarning, match="save without session="):
                sync_engine.save(User(name="outside"))
            assert sync_engine.count(User, session=NO_SESSION) == 1
            raise ValueError("mine")
    assert raw_database["user"].distinct("name") == ["outside"]


# --- Errors inside ----------------------------------------------------------------------------------


def test_a_caught_error_of_an_operation_is_never_reported_as_success(
    sync_engine, raw_database, unique_email, commands
):
    transaction = sync_engine.transaction()
    user = User(name="Ada", email="free")
    with pytest.raises(OperationFailure) as caught:
        with transaction:
            transaction.save(user)
            with pytest.raises(DuplicateKeyError):
                transaction.save(User(name="Bob", email=unique_email))
            commands.clear()

    assert isinstance(caught.value, TransactionAbortedError)
    assert caught.value.code == 251
    assert isinstance(caught.value.first_error, OperationFailure)
    assert "duplicate key" in str(caught.value)
    assert caught.value.__cause__ is caught.value.first_error
    assert "commitTransaction" not in commands.names
    assert user.__fields_modified__ == {"id", "name", "email"}
    assert raw_database["user"].count_documents({}) == 1
    _assert_idle_and_reusable(transaction, raw_database)


def test_operations_after_a_failed_one_are_refused_and_nothing_is_sent(
    sync_engine, unique_email, commands
):
    with pytest.raises(TransactionAbortedError):
        with sync_engine.transaction() as transaction:
            with pytest.raises(DuplicateKeyError):
                transaction.save(User(name="Bob", email=unique_email))
            commands.clear()
            for call in (
                lambda: transaction.save(User(name="x", email="y")),
                lambda: transaction.find_one(User),
                lambda: transaction.count(User),
                lambda: transaction.remove(User),
                lambda: sync_engine.count(User, session=transaction),
                lambda: transaction.session.count(User),
            ):
                with pytest.raises(TransactionAbortedError, match="duplicate key"):
                    call()
            with pytest.raises(TransactionAbortedError):
                transaction.find(User)
            with pytest.raises(TransactionAbortedError):
                transaction.get_driver_session()
            assert commands.started == []


def test_the_exception_of_the_block_wins_over_the_failed_operation(sync_engine, unique_email):
    with pytest.raises(KeyError, match="mine"):
        with sync_engine.transaction() as transaction:
            with pytest.raises(DuplicateKeyError):
                transaction.save(User(name="Bob", email=unique_email))
            raise KeyError("mine")


def test_an_uncaught_duplicate_arrives_as_it_is(sync_engine, unique_email, open_transactions):
    bob = User(name="Bob", email=unique_email)
    with pytest.raises(DuplicateKeyError) as caught:
        with sync_engine.transaction() as transaction:
            transaction.save(bob)

    assert caught.value.instance is bob
    assert caught.value.driver_error.code == 11000
    assert open_transactions() == 0


def test_an_error_of_the_program_does_not_doom_the_transaction(sync_engine, raw_database):
    with sync_engine.transaction() as transaction:
        with pytest.raises(TypeError):
            transaction.count(object)
        with pytest.raises(ValueError, match="limit"):
            transaction.find(User, limit=0)
        transaction.save(User(name="Ada"))
    assert raw_database["user"].count_documents({}) == 1


def test_a_value_that_cannot_be_stored_never_becomes_a_partial_commit(sync_engine, raw_database):
    class Counter(Model):
        count: int

    with pytest.raises(OverflowError):
        with sync_engine.transaction() as transaction:
            transaction.save(User(name="Ada"))
            transaction.save(Counter(count=2**70))
    assert raw_database["user"].count_documents({}) == 0

    with sync_engine.transaction() as transaction:
        transaction.save(User(name="Ada"))
        with pytest.raises(OverflowError):
            transaction.save(Counter(count=2**70))
        transaction.save(User(name="Bob"))
    assert raw_database["user"].count_documents({}) == 2


def test_after_a_first_operation_that_could_not_be_sent_the_cause_is_told(
    sync_engine, raw_database, commands
):
    """The driver would have the server say that there is no such transaction, and to try again."""

    class Counter(Model):
        count: int

    transaction = sync_engine.transaction()
    with pytest.raises(TransactionAbortedError, match="8-byte ints") as caught:
        with transaction:
            with pytest.raises(OverflowError):
                transaction.save(Counter(count=2**70))
            transaction.save(User(name="Ada"))

    assert not caught.value.has_error_label("TransientTransactionError")
    assert raw_database["user"].count_documents({}) == 0
    assert not transaction.session.is_started


def test_a_write_conflict_propagates_with_its_label_and_the_block_runs_once(
    sync_engine, raw_database
):
    user = sync_engine.save(User(name="Ada"))
    runs = 0
    with pytest.raises(OperationFailure) as caught:
        with sync_engine.transaction() as transaction:
            runs += 1
            found = transaction.find_one(User)
            sync_engine.get_collection(User).update_one(
                {"_id": user.id}, {"$set": {"name": "other"}}
            )
            found.name = "mine"
            transaction.save(found)

    assert runs == 1
    assert caught.value.code == 112
    assert caught.value.has_error_label("TransientTransactionError")
    assert raw_database["user"].find_one()["name"] == "other"


def test_a_lost_connection_dooms_the_transaction(
    sync_engine, raw_database, fail_point, open_transactions
):
    user = User(name="Ada")
    with fail_point("update", times=1, close_connection=True):
        with pytest.raises(AutoReconnect) as caught:
            with sync_engine.transaction() as transaction:
                transaction.count(User)
                transaction.save(user)

    assert caught.value.has_error_label("TransientTransactionError")
    assert raw_database["user"].count_documents({}) == 0
    assert open_transactions() == 0
    sync_engine.save(user)
    assert raw_database["user"].count_documents({}) == 1


def test_the_exception_of_the_block_wins_over_a_failing_rollback(sync_engine, fail_point):
    transaction = sync_engine.transaction()
    with fail_point("abortTransaction", error_code=8000):
        with pytest.raises(ValueError, match="mine"):
            with transaction:
                transaction.save(User(name="Ada"))
                raise ValueError("mine")
    assert not transaction.is_started
    assert not transaction.session.is_started


def test_a_cursor_of_a_finished_transaction_is_refused(sync_engine, commands):
    sync_engine.save_all([User(name=str(number)) for number in range(MANY)])
    with sync_engine.transaction() as transaction:
        cursor = transaction.find(User)
        for _ in cursor:
            break
    commands.clear()
    with pytest.raises(InvalidOperation, match="transaction not started"):
        for _ in cursor:
            pass
    assert commands.started == []


def test_a_cursor_of_a_former_run_does_not_read_in_the_next_one(sync_engine):
    sync_engine.save_all([User(name=str(number)) for number in range(MANY)])
    transaction = sync_engine.transaction()
    with transaction:
        cursor = transaction.find(User)
        for _ in cursor:
            break
    with transaction:
        with pytest.raises(RuntimeError, match="transaction not started"):
            for _ in cursor:
                pass
        assert transaction.count(User) == MANY


# --- Misused driver sessions --------------------------------------------------------------------------


def test_operations_do_not_escape_a_transaction_that_was_aborted_by_hand(sync_engine, raw_database):
    with pytest.raises(InvalidOperation):
        with sync_engine.transaction() as transaction:
            transaction.save(User(name="Ada"))
            transaction.get_driver_session().abort_transaction()
            with pytest.raises(RuntimeError, match="transaction not started"):
                transaction.save(User(name="Bob"))
    assert raw_database["user"].count_documents({}) == 0
    assert not transaction.session.is_started


def test_raw_calls_of_the_driver_join_the_transaction(sync_engine, raw_database):
    collection = sync_engine.get_collection(User)
    with pytest.raises(ValueError, match="mine"):
        with sync_engine.transaction() as transaction:
            collection.insert_one({"name": "raw"}, session=transaction.get_driver_session())
            assert transaction.count(User) == 1
            raise ValueError("mine")
    assert raw_database["user"].count_documents({}) == 0


def test_a_transaction_of_the_driver_works_as_session_argument(sync_engine, raw_database):
    raw = sync_engine.client.start_session()
    with raw:
        with raw.start_transaction():
            sync_engine.save(User(name="Ada"), session=raw)
            assert sync_engine.count(User, session=raw) == 1
            assert raw_database["user"].count_documents({}) == 0
    assert raw_database["user"].count_documents({}) == 1


from concurrent.futures import ThreadPoolExecutor


def test_threads_may_share_a_transaction(sync_engine, raw_database):
    with sync_engine.transaction() as transaction, ThreadPoolExecutor(5) as pool:
        list(pool.map(transaction.save, [User(name=str(number)) for number in range(20)]))
        assert list(pool.map(transaction.count, [User] * 5)) == [20] * 5
        assert raw_database["user"].count_documents({}) == 0
    assert raw_database["user"].count_documents({}) == 20
