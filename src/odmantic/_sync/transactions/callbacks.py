# Generated from src/odmantic/_aio/transactions/callbacks.py by tools/generate_sync.py: do not edit.
"""Runs the callbacks of a transaction, after its end and outside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._driver._sync import call_given
from odmantic._errors.transactions import CommitHookError, RollbackHookError
from odmantic._transaction.log import logger

if TYPE_CHECKING:
    from odmantic._transaction.attempt import Attempt
    from odmantic._transaction.callbacks import Callback


_OR_COMMIT_HOOKS = " or after_commit hook(s)"
_OR_ROLLBACK_HOOKS = " or after_rollback hook(s)"


def run_callbacks(attempt: Attempt) -> None:
    """Run the callbacks for the way in which an attempt has ended; none while that is unknown.

    Raises:
        CommitHookError: if it is committed, and a callable failed; all of them were called.
        RollbackHookError: if it is rolled back, and a callable failed; all of them were called.
    """
    callbacks = attempt.callbacks
    if callbacks is None:
        return
    if attempt.has_ended:
        # The transaction object may live on.
        attempt.callbacks = None
    if attempt.is_committed:
        errors = call_all(callbacks.on_commit)
        if errors:
            raise CommitHookError(
                f"the transaction is committed, but {len(errors)} on_commit callable(s)"
                f"{_OR_COMMIT_HOOKS if callbacks.effects else ''} failed: {errors!r}",
                errors,
            ) from errors[0]
    elif attempt.is_rolled_back:
        errors = call_all(callbacks.on_rollback)
        if errors:
            raise RollbackHookError(
                f"the transaction is rolled back, but {len(errors)} on_rollback callable(s)"
                f"{_OR_ROLLBACK_HOOKS if callbacks.effects else ''} failed: {errors!r}",
                errors,
            ) from errors[0]


def call_all(callbacks: list[Callback]) -> list[Exception]:
    """Call all callbacks, each once; return the errors of those that failed."""
    errors: list[Exception] = []
    while callbacks:
        callback = callbacks.pop(0)
        try:
            call_given(callback)
        except Exception as error:  # noqa: BLE001 - the others are called all the same
            logger.error("a hook failed: %s", type(error).__name__)
            errors.append(error)
    return errors
