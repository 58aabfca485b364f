"""When a commit is repeated, and the options of a transaction: contract, sections 22.2 and 23."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from odmantic._plan.concerns import transaction_options
from odmantic._plan.retry import commit_retry_delay, outcome_is_unknown

UNKNOWN = ["UnknownTransactionCommitResult"]
TRANSIENT = ["TransientTransactionError"]


def _failure(code, labels):
    return OperationFailure("failed", code, {"errorLabels": labels})


@pytest.mark.parametrize("code", [91, 64, 189, None])
def test_an_unknown_outcome_is_repeated(code):
    error = _failure(code, UNKNOWN)
    assert outcome_is_unknown(error)
    assert commit_retry_delay(error, attempts=1, elapsed=0.0) is not None


@pytest.mark.parametrize(
    "error",
    [
        _failure(112, TRANSIENT),
        _failure(251, []),
        AutoReconnect("closed"),
        ValueError(),
        KeyboardInterrupt(),
    ],
)
def test_a_known_outcome_is_not(error):
    assert not outcome_is_unknown(error)
    assert commit_retry_delay(error, attempts=1, elapsed=0.0) is None


def test_a_time_limit_is_not_though_its_outcome_is_unknown():
    error = ExecutionTimeout("too long", 50, {"errorLabels": UNKNOWN})
    assert outcome_is_unknown(error)
    assert commit_retry_delay(error, attempts=1, elapsed=0.0) is None


@pytest.mark.parametrize(
    ("elapsed", "repeats"), [(0, True), (119, True), (119.9, False), (120, False)]
)
def test_time_is_up_after_120_seconds(elapsed, repeats):
    delay = commit_retry_delay(_failure(91, UNKNOWN), attempts=50, elapsed=elapsed)
    assert (delay is not None) is repeats


def test_pauses_grow_up_to_half_a_second():
    error = _failure(91, UNKNOWN)
    delays = [commit_retry_delay(error, attempts=number, elapsed=0.0) for number in range(1, 30)]
    assert delays == sorted(delays)
    assert delays[0] < 0.01
    assert delays[-1] == 0.5


def _client(read=None, write=None, preference=ReadPreference.PRIMARY):
    return SimpleNamespace(
        read_concern=read or ReadConcern(),
        write_concern=write or WriteConcern(),
        read_preference=preference,
    )


def test_a_plain_client_gets_snapshot_and_majority():
    assert transaction_options(_client()) == {
        "read_preference": ReadPreference.PRIMARY,
        "read_concern": ReadConcern("snapshot"),
        "write_concern": WriteConcern("majority"),
    }


def test_configured_concerns_are_left_to_the_driver():
    client = _client(ReadConcern("local"), WriteConcern(w=1), ReadPreference.NEAREST)
    assert transaction_options(client) == {"read_preference": ReadPreference.PRIMARY}
    assert transaction_options(_client(write=WriteConcern(j=True))).keys() == {
        "read_preference",
        "read_concern",
    }


def test_a_stand_in_without_concerns_will_do():
    assert transaction_options(object()) == {"read_preference": ReadPreference.PRIMARY}
