"""Blocks of transactions, and operations that stand beside the transaction of theirs."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import sys
import threading
import warnings
import weakref
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from odmantic._transaction.attempt import Attempt, AttemptState
from odmantic._transaction.blocks import (
    Block,
    StrayOperations,
    block_of,
    enter_block,
    is_entered_in_generator,
    leave_block,
    session_of_block,
)
from odmantic.exceptions import StrayOperationError, StrayOperationWarning

ME, SOMEBODY = "this task", "another task"
IGNORE, WARN, RAISE, JOIN = StrayOperations


class Client(NamedTuple):
    """Equal to all others of its URI."""

    uri: str = "mongodb://localhost"


@pytest.fixture(autouse=True)
def _own_context():
    """Leave no block behind in the context of the next test."""
    yield
    for attempt in entered:
        leave_block(attempt)
    entered.clear()


entered: list[Attempt] = []


def enter(client, driver_session=None, owner=ME):
    attempt = Attempt()
    entered.append(attempt)
    enter_block(Block(client, attempt, driver_session, owner))
    return attempt


def session_for(client, policy, runs_for=lambda owner: owner == ME):
    return session_of_block(client, policy, "save", runs_for, lambda _owner: None)


def test_a_block_is_found_by_the_identity_of_its_client():
    client, twin = Client(), Client()
    attempt = enter(client)

    assert client == twin
    assert block_of(client).attempt is attempt
    assert block_of(twin) is None


def test_the_innermost_open_block_counts():
    client = Client()
    first, second = enter(client), enter(client)
    assert block_of(client).attempt is second

    second.end_committed()
    assert block_of(client).attempt is first

    leave_block(first)
    assert block_of(client) is None


def test_blocks_may_be_left_in_any_order():
    one, other = Client("one"), Client("other")
    first, second = enter(one), enter(other)

    leave_block(first)
    leave_block(first)

    assert block_of(one) is None
    assert block_of(other).attempt is second


def test_a_block_that_is_left_in_another_context_is_over():
    client = Client()
    attempt = enter(client)

    contextvars.copy_context().run(leave_block, attempt)

    assert block_of(client) is None


def test_a_block_that_was_left_keeps_nothing_alive():
    attempt = enter(Client())
    gone = weakref.ref(attempt)
    entered.clear()
    kept = contextvars.copy_context()

    leave_block(attempt)
    del attempt

    assert gone() is None
    assert kept


def test_a_block_whose_transaction_has_ended_is_over():
    client = Client()
    attempt = enter(client)

    attempt.end_without_commit()

    assert block_of(client) is None


def test_a_thread_is_in_no_block():
    client, found = Client(), []
    enter(client)

    thread = threading.Thread(target=lambda: found.append(block_of(client)))
    thread.start()
    thread.join()

    assert found == [None]


@pytest.mark.parametrize("policy", StrayOperations)
def test_outside_of_blocks_no_policy_does_anything(policy):
    enter(Client("another"))

    assert session_for(Client(), policy) is None


@pytest.mark.parametrize(
    ("policy", "owner", "outcome"),
    [
        (IGNORE, ME, None),
        (WARN, ME, StrayOperationWarning),
        (RAISE, ME, StrayOperationError),
        (JOIN, ME, "the driver's session"),
        (IGNORE, SOMEBODY, None),
        (WARN, SOMEBODY, None),
        (RAISE, SOMEBODY, None),
        (JOIN, SOMEBODY, StrayOperationError),
    ],
)
def test_what_becomes_of_an_operation_without_session(policy, owner, outcome):
    client = Client()
    enter(client, "the driver's session", owner)

    if outcome is StrayOperationWarning:
        with pytest.warns(StrayOperationWarning, match="save without session=") as caught:
            assert session_for(client, policy) is None
        assert [warning.filename for warning in caught] == [__file__]
    elif outcome is StrayOperationError:
        with pytest.raises(StrayOperationError, match=r"session=odmantic\.session\.NO_SESSION"):
            session_for(client, policy)
    else:
        assert session_for(client, policy) == outcome


def test_it_warns_once_for_each_place():
    client = Client()
    enter(client)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            session_for(client, WARN)
        session_for(client, WARN)

    lines = [warning.lineno for warning in caught]
    assert len(lines) == len(set(lines)) <= 2


@pytest.mark.parametrize("state", [AttemptState.ENDED, AttemptState.SESSION_ENDED])
def test_after_the_end_of_its_transaction_a_block_is_none(state):
    client = Client()
    enter(client).end_without_commit(state)

    assert session_for(client, RAISE) is None


def a_frame():
    return inspect.currentframe()


def test_where_only_the_event_loop_called_the_place_of_the_waiting_task_is_named():
    client, frame = Client(), a_frame()

    async def run():
        enter(client)
        waiting = (lambda _owner: True), (lambda _owner: frame)
        asyncio.get_running_loop().call_soon(session_of_block, client, WARN, "save", *waiting)
        await asyncio.sleep(0)

    with pytest.warns(StrayOperationWarning) as caught:
        asyncio.run(run())

    places = [(warning.filename, warning.lineno) for warning in caught]
    assert places == [(__file__, a_frame.__code__.co_firstlineno + 1)]


def test_a_generator_shares_its_context_with_its_consumer():
    def plain():
        return is_entered_in_generator(sys._getframe())

    def generator():
        yield is_entered_in_generator(sys._getframe())

    @contextmanager
    def manager():
        yield is_entered_in_generator(sys._getframe())

    async def coroutine():
        return is_entered_in_generator(sys._getframe())

    async def asynchronous_generator():
        yield is_entered_in_generator(sys._getframe())

    async def run():
        return await coroutine(), [each async for each in asynchronous_generator()]

    with manager() as in_manager:
        assert [plain(), *generator(), in_manager] == [False, True, True]
    assert asyncio.run(run()) == (False, [True])
