"""Callables that wait for the end of a transaction."""

from __future__ import annotations

import functools
import logging

import pytest

from odmantic._aio.transactions import callbacks as aio
from odmantic._sync.transactions import callbacks as sync
from odmantic._transaction.attempt import Attempt
from odmantic._transaction.callbacks import check_callback
from odmantic.exceptions import CommitHookError, RollbackHookError


class Called:
    """Notes which callbacks were called, in order; some fail."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def callback(self, name, error=None):
        def call():
            self.names.append(name)
            if error is not None:
                raise error

        return call

    def async_callback(self, name):
        async def call():
            self.names.append(name)

        return call


def commit(attempt):
    attempt.end_committed()


def roll_back(attempt):
    attempt.end_without_commit()


def lose(attempt):
    attempt.commit_was_sent = True
    attempt.end_without_commit()


def doubt(attempt):
    attempt.commit_was_sent = True
    attempt.doubt()


def run_on(attempt):
    assert attempt is not None


@pytest.fixture
def called():
    return Called()


@pytest.fixture
def attempt(called):
    attempt = Attempt()
    for name in ("first", "second", "third"):
        attempt.waiting().on_commit.append(called.callback(f"{name} on commit"))
        attempt.waiting().on_rollback.append(called.callback(f"{name} on rollback"))
    return attempt


ENDS = [
    (commit, ["first on commit", "second on commit", "third on commit"]),
    (roll_back, ["first on rollback", "second on rollback", "third on rollback"]),
    (lose, []),
    (doubt, []),
    (run_on, []),
]


@pytest.mark.parametrize(("end", "names"), ENDS)
async def test_callbacks_are_called_in_order_after_a_known_end(attempt, called, end, names):
    end(attempt)

    await aio.run_callbacks(attempt)
    await aio.run_callbacks(attempt)

    assert called.names == names


@pytest.mark.parametrize(("end", "names"), ENDS)
def test_callbacks_of_the_sync_engine_are_called_alike(attempt, called, end, names):
    end(attempt)

    sync.run_callbacks(attempt)
    sync.run_callbacks(attempt)

    assert called.names == names


@pytest.mark.parametrize(
    ("end", "kind", "text"),
    [
        (commit, CommitHookError, r"is committed, but 2 on_commit callable\(s\) failed"),
        (roll_back, RollbackHookError, r"is rolled back, but 2 on_rollback callable\(s\) failed"),
    ],
)
async def test_a_failing_callback_stops_no_other(attempt, called, caplog, end, kind, text):
    errors = [ValueError("a secret"), KeyError("another")]
    for callbacks in (attempt.callbacks.on_commit, attempt.callbacks.on_rollback):
        callbacks[:0] = [called.callback("zeroth", errors[0])]
        callbacks[2:2] = [called.callback("between", errors[1])]
    end(attempt)

    with (
        caplog.at_level(logging.DEBUG, "odmantic"),
        pytest.raises(kind, match=text) as caught,
    ):
        await aio.run_callbacks(attempt)

    assert caught.value.errors == tuple(errors)
    assert caught.value.__cause__ is errors[0]
    assert [name.split()[0] for name in called.names] == [
        *("zeroth", "first", "between", "second", "third")
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "a hook failed: ValueError",
        "a hook failed: KeyError",
    ]


async def test_callbacks_may_be_async_where_something_awaits_them(attempt, called):
    attempt.callbacks.on_commit[1:2] = [called.async_callback("async")]
    commit(attempt)

    await aio.run_callbacks(attempt)

    assert called.names == ["first on commit", "async", "third on commit"]


async def coroutine_function():
    pass


class Callables:
    async def method(self):
        pass

    async def __call__(self):
        pass


PLAIN = {"function": commit, "builtin": print, "class": Called, "lambda": lambda: None}
ASYNC = {
    "function": coroutine_function,
    "method": Callables().method,
    "object": Callables(),
    "partial": functools.partial(coroutine_function),
}
NOT_CALLABLE = {"nothing": None, "text": "notify", "number": 3, "list": []}


@pytest.mark.parametrize("callback", PLAIN.values(), ids=PLAIN)
@pytest.mark.parametrize("may_await", [True, False])
def test_what_can_be_called_is_accepted(callback, may_await):
    assert check_callback(callback, may_await=may_await) is None


@pytest.mark.parametrize("callback", ASYNC.values(), ids=ASYNC)
def test_what_is_async_needs_something_that_awaits_it(callback):
    assert check_callback(callback, may_await=True) is None

    with pytest.raises(TypeError, match=r"the sync engine cannot await .*: give it a plain"):
        check_callback(callback, may_await=False)


async def test_a_coroutine_is_no_callable():
    coroutine = coroutine_function()

    with pytest.raises(TypeError, match="a callable is needed here, not <coroutine"):
        check_callback(coroutine, may_await=True)

    await coroutine


@pytest.mark.parametrize("callback", NOT_CALLABLE.values(), ids=NOT_CALLABLE)
@pytest.mark.parametrize("may_await", [True, False])
def test_what_cannot_be_called_is_refused(callback, may_await):
    with pytest.raises(TypeError, match="a callable is needed here, not"):
        check_callback(callback, may_await=may_await)
