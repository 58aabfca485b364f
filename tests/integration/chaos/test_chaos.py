"""Transfers while the primary is killed, stepped down and restarted: a short run of `bench.chaos`."""

from __future__ import annotations

import pytest

from bench import chaos
from odmantic.testing import LocalReplicaSet


@pytest.fixture(scope="module")
def replica_set():
    with LocalReplicaSet(members=3) as running:
        yield running


@pytest.mark.parametrize("driver", ["pymongo", "threads"])
def test_no_money_is_lost_when_the_primary_dies(driver, replica_set):
    options = chaos.Options(
        driver, workers=8, transfers=60, kills=1, step_downs=1, seed=1815, database=driver
    )

    outcome = chaos.run(options, replica_set)

    assert not outcome.violations, str(outcome)
    assert len(outcome.ledger.acknowledged) >= 60
    assert outcome.kills == 1
    assert len(outcome.events) == 2
    assert "1 primaries killed" in str(outcome)
    assert outcome.picture().count('class="gap"') == 1 + 2  # one in the legend
