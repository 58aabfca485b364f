"""Commits, with retries while the outcome is unknown."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pymongo
from pymongo.errors import ExecutionTimeout, InvalidOperation, PyMongoError

from odmantic._driver._aio import sleep
from odmantic._driver.deadline import remaining_seconds, seconds_for
from odmantic._driver.internals import commits_sent
from odmantic._transaction.log import log_error
from odmantic._transaction.retry import (
    RETRY_SECONDS,
    backoff,
    is_no_commit,
    may_repeat_commit,
    outcome_is_unknown,
)
from odmantic.exceptions import CommitOutcomeUnknownError

if TYPE_CHECKING:
    from odmantic._aio.transactions.channel import Channel
    from odmantic._transaction.attempt import Attempt

_TIME_LIMIT = 50
"""MaxTimeMSExpired, the code of the driver's own refusals."""


async def commit_until_known(
    channel: Channel, attempt: Attempt, max_commit_time_ms: int | None
) -> None:
    """Commit; retrying a commit is safe, and right while the outcome is unknown.

    Raises:
        CommitOutcomeUnknownError: if it is still unknown when the time is up, or the server ran out of time.
        ExecutionTimeout: if the deadline has passed, and nothing was sent.
    """
    left = seconds_for(getattr(channel.driver_session, "client", None))
    _check_time(attempt, left)
    until = time.monotonic() + (RETRY_SECONDS if left is None else min(RETRY_SECONDS, left))
    attempts = 0
    may_have_committed = attempt.commit_was_sent
    while True:
        attempts += 1
        try:
            if max_commit_time_ms is None or remaining_seconds() is None:
                await channel.commit(attempt)
            else:
                # Under `pymongo.timeout` the driver ignores the transaction's own limit for its commit.
                with pymongo.timeout(max_commit_time_ms / 1000):
                    await channel.commit(attempt)
        except PyMongoError as error:
            sent = commits_sent(channel.driver_session)
            is_unknown = outcome_is_unknown(error, attempts=attempts, sent=sent)
            # The driver retries a commit only after an error that leaves its outcome unknown.
            may_have_committed |= is_unknown or sent is None or sent > 1
            wait = backoff(attempts, random.random())  # noqa: S311 - spreads load, guards nothing
            if is_unknown and may_repeat_commit(error) and time.monotonic() + wait < until:
                log_error("commit repeated", error, attempt=attempts, wait=wait)
                await sleep(wait)
                continue
            if isinstance(error, InvalidOperation):
                raise
            if not may_have_committed or is_no_commit(error):
                attempt.commit_failed = True
                raise
            log_error("outcome of the commit unknown", error, attempt=attempts)
            raise _unknown(error, attempts) from error
        else:
            return


def _check_time(attempt: Attempt, left: float | None) -> None:
    """Refuse a first commit that comes too late. The driver would refuse it, and then the rollback as well."""
    if left is not None and left <= 0 and attempt.has_sent and not attempt.commit_was_sent:
        raise ExecutionTimeout("no time is left for the commit, which was not sent", _TIME_LIMIT)


def _unknown(error: PyMongoError, attempts: int) -> CommitOutcomeUnknownError:
    message = (
        f"the outcome of the commit is unknown after {attempts} attempt(s): the transaction may or may not have "
        f"taken effect. Look before you repeat it ({error})"
    )
    return CommitOutcomeUnknownError.standing_for(error, message, attempts=attempts)
