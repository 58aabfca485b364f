# Generated from tests/integration/aio/test_stray.py by tools/generate_sync.py: do not edit.
"""Operations without `session=` inside a transaction's block: noticed, refused, let be or taken in."""

from __future__ import annotations

import contextlib
import linecache
import warnings

import pytest

from odmantic import Field, Model, stored
from odmantic.exceptions import (
    DocumentNotFoundError,
    StrayOperationError,
    StrayOperationWarning,
)
from odmantic.session import NO_SESSION
from odmantic.update import set_

HERE = __file__


class User(Model):
    name: str


class Indexed(Model):
    name: str = Field(index=True)


@pytest.fixture
def make_engine(sync_engine, raw_database):
    """Makes an engine on the client of the test, with a policy."""
    raw_database.create_collection("user")

    def make(policy, client=None):
        return type(sync_engine)(
            client or sync_engine.client, sync_engine.database_name, stray_operations=policy
        )

    return make


class Sized(Model):
    name: str = ""

    @stored()
    @property
    def size(self) -> int:
        return len(self.name)


def _find(engine, **session):
    return [user for user in engine.find(User, **session)]


def _find_one(engine, **session):
    return engine.find_one(User, **session)


def _count(engine, **session):
    return engine.count(User, **session)


def _save(engine, **session):
    return engine.save(User(name="stray"), **session)


def _get(engine, **session):
    return engine.get(User, 1, **session)


def _get_many(engine, **session):
    return engine.get_many(User, [1], **session)


def _exists(engine, **session):
    return engine.exists(User, **session)


def _distinct(engine, **session):
    return engine.distinct(User.name, **session)


def _save_all(engine, **session):
    return engine.save_all([User(name="stray"), User(name="stray")], **session)


def _insert(engine, **session):
    return engine.insert(User(name="stray"), **session)


def _insert_many(engine, **session):
    return engine.insert_many([User(name="stray"), User(name="stray")], **session)


def _replace(engine, **session):
    user = engine.save(User(name="x"), session=NO_SESSION)
    with contextlib.suppress(DocumentNotFoundError):  # a transaction may not see it
        engine.replace(user, **session)


def _refresh(engine, **session):
    user = engine.save(User(name="x"), session=NO_SESSION)
    return engine.refresh(user, **session)


def _update(engine, **session):
    user = engine.save(User(name="x"), session=NO_SESSION)
    with contextlib.suppress(DocumentNotFoundError):  # a transaction may not see it
        engine.update(user, set_(User.name, "x"), **session)


def _delete(engine, **session):
    engine.delete(engine.save(User(name="x"), session=NO_SESSION), **session)


def _remove(engine, **session):
    return engine.remove(User, User.name == "nobody", **session)


def _update_one(engine, **session):
    return engine.update_one(User, User.name == "nobody", set_(User.name, "x"), **session)


def _update_many(engine, **session):
    return engine.update_many(User, User.name == "nobody", set_(User.name, "x"), **session)


def _recompute(engine, **session):
    return engine.recompute(Sized, **session)


def _delete_one(engine, **session):
    return engine.delete_one(User, User.name == "nobody", **session)


def _delete_many(engine, **session):
    return engine.delete_many(User, User.name == "nobody", **session)


def _find_one_and_delete(engine, **session):
    return engine.find_one_and_delete(User, User.name == "nobody", **session)


def _find_one_and_update(engine, **session):
    return engine.find_one_and_update(User, User.name == "nobody", set_(User.name, "x"), **session)


def _replace_one(engine, **session):
    return engine.replace_one(User, User.name == "nobody", User(name="x"), **session)


def _find_one_and_replace(engine, **session):
    return engine.find_one_and_replace(User, User.name == "nobody", User(name="x"), **session)


def _get_or_create(engine, **session):
    return engine.get_or_create(User, User.name == "stray", User(name="stray"), **session)


def _configure(engine, **session):
    return engine.configure_database([Indexed], **session)


EVERY_OPERATION = pytest.mark.parametrize(
    "operate",
    [
        *(_find, _find_one, _count, _get, _get_many, _exists, _distinct),
        *(_save, _save_all, _insert, _insert_many, _replace),
        *(_refresh, _update, _delete),
        *(_remove, _update_one, _update_many, _recompute, _configure),
        *(_delete_one, _delete_many, _find_one_and_delete, _find_one_and_update),
        *(_replace_one, _find_one_and_replace, _get_or_create),
    ],
    ids=lambda operate: operate.__name__[1:],
)


def _strays(caught):
    return [each for each in caught if issubclass(each.category, StrayOperationWarning)]


@contextlib.contextmanager
def _noticed():
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        warnings.simplefilter("default")
        yield caught


# --- Policies -------------------------------------------------------------------------------------


def test_warn_is_what_an_engine_does_unless_told_otherwise(sync_engine, make_engine):
    assert sync_engine.stray_operations == "warn"
    with pytest.raises(ValueError, match="loudly"):
        make_engine("loudly")


@EVERY_OPERATION
def test_a_stray_operation_warns_at_the_callers_line(make_engine, operate):
    engine = make_engine("warn")
    with _noticed() as caught:
        with engine.transaction():
            operate(engine)
    (warning,) = _strays(caught)
    assert warning.filename == HERE
    line = linecache.getline(HERE, warning.lineno)
    assert f"engine.{operate.__name__[1:].replace('configure', 'configure_database')}(" in line
    assert "session=odmantic.session.NO_SESSION" in str(warning.message)


def test_it_warns_once_for_each_place(make_engine):
    engine = make_engine("warn")
    with _noticed() as caught:
        for _ in range(3):
            with engine.transaction():
                engine.count(User)
                engine.count(User)
    assert len({warning.lineno for warning in _strays(caught)}) == 2
    assert len(_strays(caught)) == 2


@EVERY_OPERATION
def test_raise_refuses_before_anything_is_sent(make_engine, operate, commands):
    engine = make_engine("raise")
    with pytest.raises(StrayOperationError, match="NO_SESSION") as caught:
        with engine.transaction():
            operate(engine)
    assert isinstance(caught.value, RuntimeError)
    assert set(commands.names) <= (
        {"update"} if operate in (_delete, _replace, _refresh, _update) else set()
    )


@EVERY_OPERATION
def test_ignore_is_silent_and_runs_outside(make_engine, operate, commands):
    engine = make_engine("ignore")
    with _noticed() as caught:
        with engine.transaction():
            operate(engine)
    assert _strays(caught) == []
    assert not any("autocommit" in event.command for event in commands.started)


@pytest.mark.parametrize(
    "operate",
    [
        *(_find, _find_one, _count, _save, _save_all, _insert, _insert_many, _remove, _update_many),
        *(_delete_many, _find_one_and_delete, _find_one_and_update),
        *(_replace_one, _get_or_create),
    ],
    ids=lambda operate: operate.__name__[1:],
)
def test_join_makes_it_part_of_the_transaction(make_engine, operate, commands, raw_database):
    engine = make_engine("join")
    with pytest.raises(KeyError):
        with engine.transaction():
            operate(engine)
            raise KeyError
    assert commands.started
    assert all(event.command["autocommit"] is False for event in commands.started)
    assert raw_database["user"].count_documents({}) == 0


def test_a_callback_is_a_block(make_engine, commands, raw_database):
    def work(transaction):
        engine.save(User(name="Ada"))

    engine = make_engine("join")
    engine.run_transaction(work)
    assert raw_database["user"].count_documents({}) == 1
    assert commands.names == ["update", "commitTransaction"]

    engine = make_engine("raise")
    with pytest.raises(StrayOperationError):
        engine.run_transaction(work)


def test_a_joined_operation_that_fails_dooms_the_transaction(make_engine, raw_database):
    raw_database["user"].create_index("name", unique=True)
    engine = make_engine("join")
    engine.save(User(name="Ada"))
    with pytest.raises(Exception, match="rolled back because"):
        with engine.transaction():
            with contextlib.suppress(Exception):
                engine.save(User(name="Ada"))


def test_operations_join_the_innermost_block(make_engine, raw_database):
    engine = make_engine("join")
    with engine.transaction():
        engine.save(User(name="outer"))
        with pytest.raises(KeyError):
            with engine.transaction():
                engine.save(User(name="inner"))
                raise KeyError
        engine.save(User(name="outer again"))
    assert sorted(raw_database["user"].distinct("name")) == ["outer", "outer again"]


# --- Explicit sessions win ------------------------------------------------------------------------


@EVERY_OPERATION
def test_no_session_runs_outside_on_purpose(make_engine, operate, commands):
    engine = make_engine("raise")
    with engine.transaction():
        operate(engine, session=NO_SESSION)
    assert commands.started
    assert not any("autocommit" in event.command for event in commands.started)


@pytest.mark.parametrize("policy", ["raise", "join"])
def test_an_explicit_session_wins(make_engine, policy, raw_database):
    engine = make_engine(policy)
    with pytest.raises(KeyError):
        with engine.transaction(), engine.session() as other:
            engine.save(User(name="other"), session=other)
            other.save(User(name="other too"))
            engine.save(User(name="raw"), session=other.get_driver_session())
            raise KeyError
    assert raw_database["user"].count_documents({}) == 3


# --- No false alarms: programs that are right -----------------------------------------------------


def _after_the_block(engine, other):
    with engine.transaction() as transaction:
        transaction.save(User(name="Ada"))
    engine.count(User)


def _after_a_failing_block(engine, other):
    with pytest.raises(KeyError):
        with engine.transaction():
            raise KeyError
    engine.count(User)


def _after_a_manual_end(engine, other):
    with engine.transaction() as transaction:
        transaction.commit()
        engine.count(User)
    with engine.transaction() as transaction:
        transaction.abort()
        engine.count(User)


def _manual_form(engine, other):
    transaction = engine.transaction()
    transaction.start()
    engine.count(User)
    transaction.abort()


def _another_client(engine, other):
    """Clients of one URI compare equal."""
    assert engine.client == other.client or type(engine.client) is not type(other.client)
    with engine.transaction():
        other.count(User)


def _in_the_transaction(engine, other):
    with engine.transaction() as transaction:
        transaction.count(User)
        engine.count(User, session=transaction)
        engine.count(User, session=transaction.session)
        engine.count(User, session=transaction.get_driver_session())


def _session_block(engine, other):
    with engine.session():
        engine.count(User)


def _generator(engine, other):
    """A consumer has the context of its generator, but is not in its block."""

    def names():
        with engine.transaction() as transaction:
            for user in transaction.find(User):
                yield user.name

    for _ in names():
        engine.count(User)


def _unit_of_work(engine, other):
    """As a fixture or a dependency of a web framework is made."""
    make = contextlib.contextmanager

    @make
    def unit_of_work():
        with engine.transaction() as transaction:
            yield transaction

    with unit_of_work() as transaction:
        transaction.save(User(name="Ada"))
        engine.count(User)
    engine.count(User)


def _hooks(engine, other):
    """They are called after the end, by the code that leaves the block."""
    with engine.transaction() as transaction:
        transaction.on_commit(lambda: engine.count(User))
    with pytest.raises(KeyError):
        with engine.transaction() as transaction:
            transaction.on_rollback(lambda: engine.count(User))
            raise KeyError

    def work(transaction):
        transaction.on_commit(lambda: engine.count(User))

    engine.run_transaction(work)


def _blocks_in_a_row(engine, other):
    for _ in range(2):
        with engine.session() as session:
            with session.transaction() as transaction:
                transaction.save(User(name="Ada"))
            engine.count(User)
    engine.count(User)


def _nested_parts(engine, other):
    def part(transaction):
        transaction.count(User)

    def whole(transaction):
        engine.run_transaction(part, join=transaction)
        transaction.count(User)

    engine.run_transaction(whole)
    engine.count(User)


def _two_transactions_at_a_time(engine, other):
    with engine.transaction() as first, engine.transaction() as second:
        first.count(User)
        second.count(User)


def _raw_commands(engine, other):
    with engine.transaction():
        engine.get_collection(User).count_documents({})


_CORRECT = [
    _after_the_block,
    _after_a_failing_block,
    _after_a_manual_end,
    _manual_form,
    _another_client,
    _in_the_transaction,
    _session_block,
    _generator,
    _unit_of_work,
    _hooks,
    _blocks_in_a_row,
    _nested_parts,
    _two_transactions_at_a_time,
    _raw_commands,
]


@pytest.mark.parametrize("program", _CORRECT, ids=[each.__name__[1:] for each in _CORRECT])
def test_a_correct_program_is_left_alone(make_engine, sync_engine, odmantic_mongo_uri, program):
    sync_engine.save(User(name="Ada"))
    other_client = type(sync_engine.client)(odmantic_mongo_uri)
    try:
        program(make_engine("raise"), make_engine("raise", other_client))
    finally:
        other_client.close()


def test_two_engines_of_one_client_are_in_one_block(make_engine):
    engine, another = make_engine("warn"), make_engine("raise")
    with pytest.raises(StrayOperationError):
        with engine.transaction():
            another.count(User)


def test_an_exit_stack_enters_a_block(make_engine):
    engine = make_engine("raise")
    with contextlib.ExitStack() as stack:
        stack.enter_context(engine.transaction())
        with pytest.raises(StrayOperationError):
            engine.count(User)
    engine.count(User)


def test_join_in_a_generator_is_refused(make_engine, commands):
    engine = make_engine("join")

    def names():
        with engine.transaction() as transaction:
            yield transaction

    with pytest.raises(StrayOperationError, match="generator"):
        for _ in names():
            pytest.fail("entered")
    engine.count(User)
    assert all("autocommit" not in event.command for event in commands.started)


# --- Other tasks and threads ----------------------------------------------------------------------

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context


@pytest.mark.parametrize("policy", ["warn", "raise"])
def test_another_thread_is_not_in_the_block(make_engine, policy):
    engine = make_engine(policy)
    with ThreadPoolExecutor(1) as pool, engine.transaction():
        assert pool.submit(engine.count, User).result() == 0
        assert pool.submit(copy_context().run, engine.count, User).result() == 0


def test_another_thread_does_not_join_unasked(make_engine, commands):
    engine = make_engine("join")
    with ThreadPoolExecutor(1) as pool, engine.transaction():
        with pytest.raises(StrayOperationError, match="another task or thread"):
            pool.submit(copy_context().run, engine.count, User).result()
    assert commands.names == []


def test_a_thread_of_a_pool_does_not_stay_in_a_block(make_engine):
    engine = make_engine("raise")

    def work():
        with engine.transaction():
            pass
        return engine.count(User), threading.get_ident()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result() == pool.submit(work).result()
