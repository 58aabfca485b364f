"""Runs a callback in a transaction, and again after a transient error."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import pymongo

from odmantic._aio.hooks import run_rollback_hooks
from odmantic._driver._aio import resolve, sleep
from odmantic._driver.deadline import remaining_seconds
from odmantic._plan.retry import RetryLimits, backoff, is_transient
from odmantic._state.log import log_error
from odmantic._state.reuse import RetryGuard
from odmantic.exceptions import (
    CommitHookError,
    CommitOutcomeUnknownError,
    RollbackHookError,
    TransactionTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from odmantic._aio.session import AIOTransaction

T = TypeVar("T")


async def repeat_transaction(
    begin: Callable[[RetryGuard], AIOTransaction],
    callback: Callable[[AIOTransaction], Awaitable[T]],
    *,
    attempts: int | None,
    timeout: float,
    restore: Iterable[Any],
) -> T:
    """Run a callback in a new transaction for each attempt, until one is committed.

    Raises:
        ValueError: `attempts` or `timeout` is not positive.
        TransactionTimeoutError: the time was up after a transient error.
        UnsafeRetryError: another attempt would have applied a change to an object twice.
    """
    _check_limits(attempts, timeout)
    guard = RetryGuard()
    for instance in restore:
        guard.tracked.add(instance)
    with pymongo.timeout(timeout):
        limits = RetryLimits(attempts, time.monotonic() + (remaining_seconds() or timeout))
        made = 0
        while True:
            made += 1
            transaction = begin(guard)
            try:
                result = await transaction.run_once(callback)
            except CommitHookError:
                raise
            except Exception as error:
                wait = backoff(made, random.random())  # noqa: S311 - spreads load, guards nothing
                if not is_transient(error) or not limits.allow(made, at=time.monotonic() + wait):
                    with suppress(
                        RollbackHookError
                    ):  # logged; the error that led to the rollback wins
                        await _run_final_hooks(transaction, error)
                    final = _final_error(error, made, limits)
                    if final is error:
                        raise
                    raise final from error
                log_error("transaction repeated", error, attempt=made, wait=wait)
                await sleep(wait)
                guard.begin_attempt()
            else:
                await _run_final_hooks(transaction, None)
                return result


async def join_transaction(
    transaction: AIOTransaction,
    callback: Callable[[AIOTransaction], Awaitable[T]],
    restore: Iterable[Any],
) -> T:
    """Run a callback in a running transaction; if it fails, that transaction can only be rolled back."""
    for instance in restore:
        transaction.track(instance)
    with transaction.dooming():
        result: T = await resolve(callback(transaction))
        return result


def _check_limits(attempts: int | None, timeout: float) -> None:
    if attempts is not None and attempts < 1:
        message = f"attempts has to be a positive number or None, not {attempts!r}"
        raise ValueError(message)
    if timeout <= 0:
        message = f"timeout has to be a positive number of seconds, not {timeout!r}"
        raise ValueError(message)


async def _run_final_hooks(transaction: AIOTransaction, error: Exception | None) -> None:
    """Call what waits for the final rollback, if there was one."""
    hooks = transaction.rolled_back_hooks()
    if hooks is not None and not isinstance(error, CommitOutcomeUnknownError):
        await run_rollback_hooks(hooks)


def _final_error(error: Exception, made: int, limits: RetryLimits) -> Exception:
    """The error to raise, which tells the number of attempts."""
    if is_transient(error) and time.monotonic() >= limits.deadline:
        message = f"the transaction was not committed in its time, after {made} attempt(s): {error}"
        return TransactionTimeoutError.standing_for(error, message, attempts=made)
    note = getattr(error, "add_note", None)
    if note is not None:
        note(f"odmantic: after {made} attempt(s) of the transaction")
    return error
