"""Ctrl-C while a command of a transaction is on its way, or between the commit's start and its sending.

Everything is ended, on the server as well; and what was never sent has a known outcome.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("interrupted.py")
ROLLED_BACK = {"stored": 0, "dirty": [["id", "name", "tags"]] * 2}
UNKNOWN = ROLLED_BACK | {"stored": 2}
"""Nobody knows the outcome; here the commit took effect."""
CLEAN = {"error": "KeyboardInterrupt", "open": 0, "in use": 0, "equal": True, "left": 0}


@pytest.mark.parametrize(
    ("command", "sent", "outcome"),
    [
        # Told to roll back what it has not begun yet, the server would begin it afterwards; what runs, it waits for.
        ("update", ["update", "killSessions", "abortTransaction"], ROLLED_BACK),
        (
            "aggregate",
            ["update", "update", "aggregate", "killSessions", "abortTransaction"],
            ROLLED_BACK,
        ),
        ("check-out", ["update", "update", "aggregate", "killSessions"], ROLLED_BACK),
        ("commitTransaction", ["update", "update", "aggregate", "commitTransaction"], UNKNOWN),
    ],
    ids=["the first command", "a later one", "before the commit", "the commit"],
)
def test_ctrl_c_ends_a_transaction(
    odmantic_mongo_uri, odmantic_database_name, command, sent, outcome
):
    done = subprocess.run(
        [sys.executable, PROGRAM, odmantic_mongo_uri, odmantic_database_name, command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"block", "callback", "session", "by hand"}
    for way, results in told.items():
        assert results == {"sent": sent, **outcome, **CLEAN}, way
