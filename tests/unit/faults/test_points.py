"""Which fault can happen to which command, and how the report tells it."""

from __future__ import annotations

import pickle
import re

import pytest

from odmantic.exceptions import CommitOutcomeUnknownError
from odmantic.testing.faults import (
    ALL_FAULTS,
    SERVER_FAULTS,
    Command,
    Fault,
    FaultPoint,
    FaultReport,
    FaultRun,
    FaultViolationsError,
)

UPDATE = {"update": "ship", "lsid": {}, "autocommit": False, "startTransaction": True}


def test_a_command_is_recognised():
    assert Command.of(UPDATE) == Command("update", "ship", in_transaction=True, begins=True)
    assert Command.of({"commitTransaction": 1, "autocommit": False}) == Command(
        "commitTransaction", "", in_transaction=True
    )
    assert Command.of({"find": "ship"}) == Command("find", "ship")
    assert str(Command("find", "ship")) == "find ship"
    assert str(Command("commitTransaction")) == "commitTransaction"


@pytest.mark.parametrize("name", ["hello", "isMaster", "ping", "endSessions", "saslStart"])
def test_what_the_driver_sends_by_itself_does_not_count(name):
    assert Command.of({name: 1}) is None


def test_errors_of_commits_happen_to_commits_only():
    commit = Command("commitTransaction", in_transaction=True)
    update = Command("update", "ship", in_transaction=True)
    for fault in (Fault.COMMIT_DELAYED, Fault.COMMIT_UNKNOWN, Fault.COMMIT_UNKNOWN_UNDONE):
        assert fault.applies_to(commit)
        assert not fault.applies_to(update)


def test_errors_of_transactions_happen_in_transactions_only():
    for fault in (Fault.TRANSIENT, Fault.WRITE_CONFLICT):
        assert fault.applies_to(Command("update", "ship", in_transaction=True))
        assert not fault.applies_to(Command("update", "ship"))
        assert not fault.applies_to(Command("abortTransaction", in_transaction=True))


def test_everything_can_be_lost():
    for fault in (Fault.LOST_BEFORE, Fault.LOST_AFTER, *set(ALL_FAULTS) - set(SERVER_FAULTS)):
        assert fault.applies_to(Command("find", "ship"))
        assert not fault.needs_fail_points


POINT = FaultPoint(2, Command("update", "ship"), Fault.LOST_AFTER)


def test_a_report_is_a_table():
    unknown = CommitOutcomeUnknownError("?")
    report = FaultReport(
        (
            FaultRun(None, result=1, attempts=1),
            FaultRun(POINT, attempts=2, violations=("two\nlines", "and another")),
            FaultRun(POINT, error=unknown, reached=False),
        )
    )

    rows = [re.split(" {2,}", line) for line in str(report).splitlines()]
    assert rows == [
        ["#", "command", "fault", "outcome", "violations"],
        ["-" * 1, "-" * 11, "-" * 21, "-" * 51, "-" * 22],
        ["-", "-", "none", "returned", "-"],
        [
            *("2", "update ship", "connection lost after"),
            *("returned, 2 attempts", "two lines; and another"),
        ],
        [
            *("2", "update ship", "connection lost after"),
            *("raised CommitOutcomeUnknownError, point not reached", "-"),
        ],
    ]
    assert [str(violation) for violation in report.violations] == [
        "connection lost after at command 2 (update ship): two\nlines",
        "connection lost after at command 2 (update ship): and another",
    ]


def test_violations_are_raised():
    FaultReport((FaultRun(None),)).raise_for_violations()
    report = FaultReport((FaultRun(None, violations=("bad",)),))

    with pytest.raises(FaultViolationsError, match="1 violation") as caught:
        report.raise_for_violations()

    assert caught.value.report is report
    assert isinstance(caught.value, AssertionError)
    assert "undisturbed: bad" in str(report.violations[0])
    assert pickle.loads(pickle.dumps(caught.value)).report == report
