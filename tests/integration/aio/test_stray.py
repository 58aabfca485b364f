"""Operations without `session=` inside a transaction's block: noticed, refused, let be or taken in."""

from __future__ import annotations

import contextlib
import linecache
import warnings

import pytest
from tests.integration.aio.colour import ASYNC, resolve

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
def make_engine(aio_engine, raw_database):
    """Makes an engine on the client of the test, with a policy."""
    raw_database.create_collection("user")

    def make(policy, client=None):
        return type(aio_engine)(
            client or aio_engine.client, aio_engine.database_name, stray_operations=policy
        )

    return make


class Sized(Model):
    name: str = ""

    @stored()
    @property
    def size(self) -> int:
        return len(self.name)


async def _find(engine, **session):
    return [user async for user in engine.find(User, **session)]


async def _find_one(engine, **session):
    return await engine.find_one(User, **session)


async def _count(engine, **session):
    return await engine.count(User, **session)


async def _save(engine, **session):
    return await engine.save(User(name="stray"), **session)


async def _get(engine, **session):
    return await engine.get(User, 1, **session)


async def _get_many(engine, **session):
    return await engine.get_many(User, [1], **session)


async def _exists(engine, **session):
    return await engine.exists(User, **session)


async def _distinct(engine, **session):
    return await engine.distinct(User.name, **session)


async def _save_all(engine, **session):
    return await engine.save_all([User(name="stray"), User(name="stray")], **session)


async def _insert(engine, **session):
    return await engine.insert(User(name="stray"), **session)


async def _insert_many(engine, **session):
    return await engine.insert_many([User(name="stray"), User(name="stray")], **session)


async def _replace(engine, **session):
    user = await engine.save(User(name="x"), session=NO_SESSION)
    with contextlib.suppress(DocumentNotFoundError):  # a transaction may not see it
        await engine.replace(user, **session)


async def _refresh(engine, **session):
    user = await engine.save(User(name="x"), session=NO_SESSION)
    return await engine.refresh(user, **session)


async def _update(engine, **session):
    user = await engine.save(User(name="x"), session=NO_SESSION)
    with contextlib.suppress(DocumentNotFoundError):  # a transaction may not see it
        await engine.update(user, set_(User.name, "x"), **session)


async def _delete(engine, **session):
    await engine.delete(await engine.save(User(name="x"), session=NO_SESSION), **session)


async def _remove(engine, **session):
    return await engine.remove(User, User.name == "nobody", **session)


async def _update_one(engine, **session):
    return await engine.update_one(User, User.name == "nobody", set_(User.name, "x"), **session)


async def _update_many(engine, **session):
    return await engine.update_many(User, User.name == "nobody", set_(User.name, "x"), **session)


async def _recompute(engine, **session):
    return await engine.recompute(Sized, **session)


async def _delete_one(engine, **session):
    return await engine.delete_one(User, User.name == "nobody", **session)


async def _delete_many(engine, **session):
    return await engine.delete_many(User, User.name == "nobody", **session)


async def _find_one_and_delete(engine, **session):
    return await engine.find_one_and_delete(User, User.name == "nobody", **session)


async def _find_one_and_update(engine, **session):
    return await engine.find_one_and_update(
        User, User.name == "nobody", set_(User.name, "x"), **session
    )


async def _replace_one(engine, **session):
    return await engine.replace_one(User, User.name == "nobody", User(name="x"), **session)


async def _find_one_and_replace(engine, **session):
    return await engine.find_one_and_replace(User, User.name == "nobody", User(name="x"), **session)


async def _get_or_create(engine, **session):
    return await engine.get_or_create(User, User.name == "stray", User(name="stray"), **session)


async def _configure(engine, **session):
    return await engine.configure_database([Indexed], **session)


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


async def test_warn_is_what_an_engine_does_unless_told_otherwise(aio_engine, make_engine):
    assert aio_engine.stray_operations == "warn"
    with pytest.raises(ValueError, match="loudly"):
        make_engine("loudly")


@EVERY_OPERATION
async def test_a_stray_operation_warns_at_the_callers_line(make_engine, operate):
    engine = make_engine("warn")
    with _noticed() as caught:
        async with engine.transaction():
            await operate(engine)
    (warning,) = _strays(caught)
    assert warning.filename == HERE
    line = linecache.getline(HERE, warning.lineno)
    assert f"engine.{operate.__name__[1:].replace('configure', 'configure_database')}(" in line
    assert "session=odmantic.session.NO_SESSION" in str(warning.message)


async def test_it_warns_once_for_each_place(make_engine):
    engine = make_engine("warn")
    with _noticed() as caught:
        for _ in range(3):
            async with engine.transaction():
                await engine.count(User)
                await engine.count(User)
    assert len({warning.lineno for warning in _strays(caught)}) == 2
    assert len(_strays(caught)) == 2


@EVERY_OPERATION
async def test_raise_refuses_before_anything_is_sent(make_engine, operate, commands):
    engine = make_engine("raise")
    with pytest.raises(StrayOperationError, match="NO_SESSION") as caught:
        async with engine.transaction():
            await operate(engine)
    assert isinstance(caught.value, RuntimeError)
    assert set(commands.names) <= (
        {"update"} if operate in (_delete, _replace, _refresh, _update) else set()
    )


@EVERY_OPERATION
async def test_ignore_is_silent_and_runs_outside(make_engine, operate, commands):
    engine = make_engine("ignore")
    with _noticed() as caught:
        async with engine.transaction():
            await operate(engine)
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
async def test_join_makes_it_part_of_the_transaction(make_engine, operate, commands, raw_database):
    engine = make_engine("join")
    with pytest.raises(KeyError):
        async with engine.transaction():
            await operate(engine)
            raise KeyError
    assert commands.started
    assert all(event.command["autocommit"] is False for event in commands.started)
    assert raw_database["user"].count_documents({}) == 0


async def test_a_callback_is_a_block(make_engine, commands, raw_database):
    async def work(transaction):
        await engine.save(User(name="Ada"))

    engine = make_engine("join")
    await engine.run_transaction(work)
    assert raw_database["user"].count_documents({}) == 1
    assert commands.names == ["update", "commitTransaction"]

    engine = make_engine("raise")
    with pytest.raises(StrayOperationError):
        await engine.run_transaction(work)


async def test_a_joined_operation_that_fails_dooms_the_transaction(make_engine, raw_database):
    raw_database["user"].create_index("name", unique=True)
    engine = make_engine("join")
    await engine.save(User(name="Ada"))
    with pytest.raises(Exception, match="rolled back because"):
        async with engine.transaction():
            with contextlib.suppress(Exception):
                await engine.save(User(name="Ada"))


async def test_operations_join_the_innermost_block(make_engine, raw_database):
    engine = make_engine("join")
    async with engine.transaction():
        await engine.save(User(name="outer"))
        with pytest.raises(KeyError):
            async with engine.transaction():
                await engine.save(User(name="inner"))
                raise KeyError
        await engine.save(User(name="outer again"))
    assert sorted(raw_database["user"].distinct("name")) == ["outer", "outer again"]


# --- Explicit sessions win ------------------------------------------------------------------------


@EVERY_OPERATION
async def test_no_session_runs_outside_on_purpose(make_engine, operate, commands):
    engine = make_engine("raise")
    async with engine.transaction():
        await operate(engine, session=NO_SESSION)
    assert commands.started
    assert not any("autocommit" in event.command for event in commands.started)


@pytest.mark.parametrize("policy", ["raise", "join"])
async def test_an_explicit_session_wins(make_engine, policy, raw_database):
    engine = make_engine(policy)
    with pytest.raises(KeyError):
        async with engine.transaction(), engine.session() as other:
            await engine.save(User(name="other"), session=other)
            await other.save(User(name="other too"))
            await engine.save(User(name="raw"), session=other.get_driver_session())
            raise KeyError
    assert raw_database["user"].count_documents({}) == 3


# --- No false alarms: programs that are right -----------------------------------------------------


async def _after_the_block(engine, other):
    async with engine.transaction() as transaction:
        await transaction.save(User(name="Ada"))
    await engine.count(User)


async def _after_a_failing_block(engine, other):
    with pytest.raises(KeyError):
        async with engine.transaction():
            raise KeyError
    await engine.count(User)


async def _after_a_manual_end(engine, other):
    async with engine.transaction() as transaction:
        await transaction.commit()
        await engine.count(User)
    async with engine.transaction() as transaction:
        await transaction.abort()
        await engine.count(User)


async def _manual_form(engine, other):
    transaction = engine.transaction()
    await transaction.start()
    await engine.count(User)
    await transaction.abort()


async def _another_client(engine, other):
    """Clients of one URI compare equal."""
    assert engine.client == other.client or type(engine.client) is not type(other.client)
    async with engine.transaction():
        await other.count(User)


async def _in_the_transaction(engine, other):
    async with engine.transaction() as transaction:
        await transaction.count(User)
        await engine.count(User, session=transaction)
        await engine.count(User, session=transaction.session)
        await engine.count(User, session=transaction.get_driver_session())


async def _session_block(engine, other):
    async with engine.session():
        await engine.count(User)


async def _generator(engine, other):
    """A consumer has the context of its generator, but is not in its block."""

    async def names():
        async with engine.transaction() as transaction:
            async for user in transaction.find(User):
                yield user.name

    async for _ in names():
        await engine.count(User)


async def _unit_of_work(engine, other):
    """As a fixture or a dependency of a web framework is made."""
    make = contextlib.asynccontextmanager if ASYNC else contextlib.contextmanager

    @make
    async def unit_of_work():
        async with engine.transaction() as transaction:
            yield transaction

    async with unit_of_work() as transaction:
        await transaction.save(User(name="Ada"))
        await engine.count(User)
    await engine.count(User)


async def _hooks(engine, other):
    """They are called after the end, by the code that leaves the block."""
    async with engine.transaction() as transaction:
        transaction.on_commit(lambda: engine.count(User))
    with pytest.raises(KeyError):
        async with engine.transaction() as transaction:
            transaction.on_rollback(lambda: engine.count(User))
            raise KeyError

    async def work(transaction):
        transaction.on_commit(lambda: engine.count(User))

    await engine.run_transaction(work)


async def _blocks_in_a_row(engine, other):
    for _ in range(2):
        async with engine.session() as session:
            async with session.transaction() as transaction:
                await transaction.save(User(name="Ada"))
            await engine.count(User)
    await engine.count(User)


async def _nested_parts(engine, other):
    async def part(transaction):
        await transaction.count(User)

    async def whole(transaction):
        await engine.run_transaction(part, join=transaction)
        await transaction.count(User)

    await engine.run_transaction(whole)
    await engine.count(User)


async def _two_transactions_at_a_time(engine, other):
    async with engine.transaction() as first, engine.transaction() as second:
        await first.count(User)
        await second.count(User)


async def _raw_commands(engine, other):
    async with engine.transaction():
        await resolve(engine.get_collection(User).count_documents({}))


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
async def test_a_correct_program_is_left_alone(
    make_engine, aio_engine, odmantic_mongo_uri, program
):
    await aio_engine.save(User(name="Ada"))
    other_client = type(aio_engine.client)(odmantic_mongo_uri)
    try:
        await program(make_engine("raise"), make_engine("raise", other_client))
    finally:
        await resolve(other_client.close())


async def test_two_engines_of_one_client_are_in_one_block(make_engine):
    engine, another = make_engine("warn"), make_engine("raise")
    with pytest.raises(StrayOperationError):
        async with engine.transaction():
            await another.count(User)


async def test_an_exit_stack_enters_a_block(make_engine):
    engine = make_engine("raise")
    if ASYNC:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(engine.transaction())
            with pytest.raises(StrayOperationError):
                await engine.count(User)
        await engine.count(User)
    else:
        with contextlib.ExitStack() as stack:
            stack.enter_context(engine.transaction())
            with pytest.raises(StrayOperationError):
                engine.count(User)
        engine.count(User)


async def test_join_in_a_generator_is_refused(make_engine, commands):
    engine = make_engine("join")

    async def names():
        async with engine.transaction() as transaction:
            yield transaction

    with pytest.raises(StrayOperationError, match="generator"):
        async for _ in names():
            pytest.fail("entered")
    await engine.count(User)
    assert all("autocommit" not in event.command for event in commands.started)


# --- Other tasks and threads ----------------------------------------------------------------------

if ASYNC:
    import asyncio

    @pytest.mark.parametrize("policy", ["warn", "raise"])
    async def test_another_task_is_not_in_the_block(make_engine, policy):
        engine = make_engine(policy)
        async with engine.transaction():
            assert await asyncio.create_task(engine.count(User)) == 0
            assert await asyncio.gather(engine.count(User), engine.count(User)) == [0, 0]

    async def test_another_task_does_not_join_unasked(make_engine, commands):
        engine = make_engine("join")
        async with engine.transaction():
            with pytest.raises(StrayOperationError, match="another task or thread"):
                await asyncio.create_task(engine.count(User))
            with pytest.raises(StrayOperationError, match="NO_SESSION"):
                await asyncio.gather(engine.count(User))
        assert commands.names == []

    async def test_a_task_of_before_knows_nothing_of_the_block(make_engine):
        engine, entered, results = make_engine("join"), asyncio.Event(), []

        async def worker():
            await entered.wait()
            results.append(await engine.count(User))

        task = asyncio.create_task(worker())
        await asyncio.sleep(0)
        async with engine.transaction():
            entered.set()
            await asyncio.wait({task})
        assert results == [0]

    async def test_a_wait_with_a_limit_is_in_the_block(make_engine):
        """On Python 3.10 and 3.11 it is a child task."""
        engine = make_engine("warn")
        with _noticed() as caught:
            async with engine.transaction():
                await asyncio.wait_for(engine.count(User), 10)
                await asyncio.wait_for(asyncio.wait_for(_count(engine), 10), 10)
        first, second = _strays(caught)
        assert "asyncio.wait_for(engine.count" in linecache.getline(first.filename, first.lineno)
        assert "return await engine.count" in linecache.getline(second.filename, second.lineno)

    async def test_a_wait_with_a_limit_is_refused_or_joins(make_engine, commands):
        engine = make_engine("raise")
        async with engine.transaction():
            with pytest.raises(StrayOperationError):
                await asyncio.wait_for(engine.count(User), 10)
        engine = make_engine("join")
        async with engine.transaction():
            await asyncio.wait_for(engine.save(User(name="Ada")), 10)
        assert commands.names == ["update", "commitTransaction"]

    async def test_a_wait_with_a_limit_is_in_the_block_of_a_task_of_any_kind(
        make_engine, raw_database
    ):
        """Loops of others make tasks that are not of the class `asyncio.Task`."""
        engine, loop = make_engine("join"), asyncio.get_running_loop()

        async def work():
            with pytest.raises(KeyError):
                async with engine.transaction():
                    await asyncio.wait_for(engine.save(User(name="Ada")), 10)
                    raise KeyError

        loop.set_task_factory(
            lambda loop, work, **options: asyncio.tasks._PyTask(work, loop=loop, **options)
        )
        task = loop.create_task(work())
        assert not isinstance(task, asyncio.Task)
        await task
        assert raw_database["user"].count_documents({}) == 0

    @pytest.mark.parametrize("policy", ["warn", "join"])
    @pytest.mark.each_driver
    async def test_a_wait_whose_time_is_up_rolls_back(
        make_engine, fail_point, raw_database, open_transactions, policy
    ):
        engine, ada = make_engine(policy), User(name="Ada")
        with fail_point("update", block_ms=300, times=1), pytest.raises(asyncio.TimeoutError):
            async with engine.transaction() as transaction:
                session = {"session": transaction} if policy == "warn" else {}
                await asyncio.wait_for(engine.save(ada, **session), 0.1)
        assert open_transactions() == 0
        assert raw_database["user"].count_documents({}) == 0
        await engine.save(ada)
        assert raw_database["user"].find_one() == {"_id": ada.id, "name": "Ada"}

    async def test_a_block_inside_a_wait_with_a_limit_is_a_block(make_engine):
        engine = make_engine("raise")

        async def work():
            async with engine.transaction():
                with pytest.raises(StrayOperationError):
                    await engine.count(User)

        await asyncio.wait_for(work(), 10)
        await engine.count(User)

else:
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
