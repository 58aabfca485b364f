# Generated from src/odmantic/_aio/transactions/repeat.py by tools/generate_sync.py: do not edit.
"""Runs a callback in a transaction, and retries it after a transient error."""

from __future__ import annotations

import math
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

from pydantic import BaseModel

from odmantic._driver._sync import CAN_AWAIT, call_given, sleep
from odmantic._driver.deadline import limited, remaining_seconds
from odmantic._errors.transactions import driver_error_of
from odmantic._plan.errors import add_context
from odmantic._transaction.callbacks import check_callback
from odmantic._transaction.log import log_error
from odmantic._transaction.retry import RetryLimits, backoff, is_transient
from odmantic._transaction.retry_guard import RetryGuard
from odmantic.exceptions import RollbackHookError, TransactionTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pymongo.errors import PyMongoError

    from odmantic._sync.transactions.transaction import TransactionLifetime

T = TypeVar("T")
Running = TypeVar("Running", bound="TransactionLifetime")
Given_co = TypeVar("Given_co", covariant=True)
"""The argument of the callback."""


class Repeatable(Protocol[Given_co]):
    """One attempt of a transaction that can be retried."""

    @property
    def is_rolled_back(self) -> bool:
        """Whether it ended without a commit; false if that is unknown."""
        ...

    def run_once(self, callback: Callable[[Given_co], T], /) -> T:
        """Run a callback in it, then commit or roll back."""
        ...

    def _run_last_callbacks(self) -> None:
        """Run the callbacks for its end, when no other attempt follows."""
        ...


def repeat_transaction(
    begin: Callable[[RetryGuard], Repeatable[Given_co]],
    callback: Callable[[Given_co], T],
    *,
    attempts: int | None,
    timeout: float,
    restore: Collection[object],
) -> T:
    """Run a callback in a new transaction for each attempt, until one is committed.

    Raises:
        TypeError: if the callback cannot be called here, or `restore` is one instance.
        ValueError: if `attempts` or `timeout` is not positive.
        TransactionTimeoutError: if the time was up.
        UnsafeRetryError: if another attempt would have applied a change to an object twice.
    """
    check_callback(callback, may_await=CAN_AWAIT)
    _check_limits(attempts, timeout)
    repetition = _Repetition(begin, attempts)
    for instance in _collected(restore):
        repetition.guard.tracked.add(instance)
    try:
        with limited(timeout):
            result = repetition.run(callback)
    except BaseException:
        with suppress(RollbackHookError):  # logged; the error that led to the rollback wins
            repetition.run_callbacks()
        raise
    repetition.run_callbacks()
    return result


def join_transaction(
    transaction: Running,
    callback: Callable[[Running], T],
    restore: Collection[object],
) -> T:
    """Run a callback in a running transaction; if it fails, that transaction can only be rolled back.

    Raises:
        RuntimeError: if the transaction does not run.
        TransactionAbortedError: if an operation in it failed before.
        TypeError: if the callback cannot be called here, or `restore` is one instance.
    """
    check_callback(callback, may_await=CAN_AWAIT)
    with transaction.dooming():
        for instance in _collected(restore):
            transaction.track(instance)
        result: T = call_given(callback, transaction)
        return result


class _Repetition(Generic[Given_co]):
    """The attempts of one call."""

    __slots__ = ("_attempts", "_begin", "_made", "_transaction", "guard")

    def __init__(
        self, begin: Callable[[RetryGuard], Repeatable[Given_co]], attempts: int | None
    ) -> None:
        self.guard = RetryGuard()
        self._begin = begin
        self._attempts = attempts
        self._made = 0
        self._transaction: Repeatable[Given_co] | None = None

    def run(self, callback: Callable[[Given_co], T]) -> T:
        """Run the callback until it is committed, as long as the driver's deadline allows."""
        limits = RetryLimits(self._attempts, time.monotonic() + (remaining_seconds() or 0.0))
        while True:
            self._made += 1
            self._transaction = transaction = self._begin(self.guard)
            try:
                return transaction.run_once(callback)
            except Exception as error:
                wait = backoff(self._made, random.random())  # noqa: S311 - spreads load, guards nothing
                begins = time.monotonic() + wait
                if not transaction.is_rolled_back:
                    self._tell_attempts(error)
                    raise
                if limits.are_reached(error, self._made, at=begins):
                    raise self._too_late(error) from error
                if not is_transient(error) or not limits.allow(self._made):
                    self._tell_attempts(error)
                    raise
                log_error("transaction repeated", error, attempt=self._made, wait=wait)
            sleep(wait)
            self.guard.begin_attempt()

    def run_callbacks(self) -> None:
        """Run the callbacks for the end of the last attempt."""
        if self._transaction is not None:
            self._transaction._run_last_callbacks()

    def _too_late(self, error: Exception) -> TransactionTimeoutError:
        message = (
            f"the transaction was not committed in its time, after {self._made} attempt(s): {error}"
        )
        # Nothing else makes an attempt worth repeating, or says that its time is up.
        driver_error = cast("PyMongoError", driver_error_of(error))
        return TransactionTimeoutError.standing_for(driver_error, message, attempts=self._made)

    def _tell_attempts(self, error: Exception) -> None:
        add_context(error, f"after {self._made} attempt(s) of the transaction")


def _check_limits(attempts: int | None, timeout: float) -> None:
    if attempts is not None and attempts < 1:
        raise ValueError(f"attempts has to be a positive number or None, not {attempts!r}")
    if not 0 < timeout < math.inf:
        raise ValueError(f"timeout has to be a positive number of seconds, not {timeout!r}")


def _collected(restore: Collection[object]) -> list[object]:
    """Return the objects to restore; refuse an instance, which iterates over its fields."""
    if isinstance(restore, BaseModel):
        raise TypeError(
            f"restore= takes a list of objects: restore=[{type(restore).__name__.lower()}]"
        )
    return list(restore)
