"""The configuration of a replica set, from what is wanted and what is stored."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from odmantic.testing._config import Wanted, changed_config, initial_config

WANTED = Wanted(name="set", ports=(10001, 10002, 10003), election_timeout=1000, delay=0)


def stored(wanted=WANTED):
    """A configuration as the server returns it, with more settings than were given."""
    config = copy.deepcopy(initial_config(wanted))
    for member in config["members"]:
        member |= {"arbiterOnly": False, "hidden": False}
    config["settings"] |= {"replicaSetId": "unique", "catchUpTimeoutMillis": -1}
    return {**config, "version": 4, "term": 7}


def test_every_member_can_become_primary():
    config = initial_config(WANTED)

    assert config["_id"] == "set"
    assert [member["host"] for member in config["members"]] == [
        "127.0.0.1:10001",
        "127.0.0.1:10002",
        "127.0.0.1:10003",
    ]
    assert [member["priority"] for member in config["members"]] == [1, 1, 1]
    assert [member["secondaryDelaySecs"] for member in config["members"]] == [0, 0, 0]


def test_the_last_member_is_the_delayed_one_and_never_primary():
    members = initial_config(replace(WANTED, delay=5))["members"]

    assert [member["secondaryDelaySecs"] for member in members] == [0, 0, 5]
    assert [member["priority"] for member in members] == [1, 1, 0]
    assert [member["votes"] for member in members] == [1, 1, 1]


def test_only_seven_members_vote():
    members = initial_config(replace(WANTED, ports=tuple(range(10000, 10009))))["members"]

    assert [member["votes"] for member in members] == [1] * 7 + [0] * 2
    assert [member["priority"] for member in members] == [1] * 7 + [0] * 2


@pytest.mark.parametrize(
    ("election_timeout", "heartbeat"), [(100, 100), (1000, 250), (60_000, 2000)]
)
def test_heartbeats_come_several_times_within_the_election_timeout(election_timeout, heartbeat):
    settings = initial_config(replace(WANTED, election_timeout=election_timeout))["settings"]

    assert settings["heartbeatIntervalMillis"] == heartbeat


def test_a_configuration_as_wanted_is_not_changed():
    assert changed_config(stored(), WANTED) is None


@pytest.mark.parametrize(
    "wanted",
    [
        replace(WANTED, ports=(10001, 10002, 10009)),
        replace(WANTED, ports=(10001,)),
        replace(WANTED, ports=(*WANTED.ports, 10004)),
        replace(WANTED, election_timeout=3000),
        replace(WANTED, delay=2),
    ],
)
def test_a_changed_configuration_keeps_what_cannot_change(wanted):
    before = stored()

    config = changed_config(before, wanted)

    assert config is not None
    assert before == stored()
    assert config["version"] == 5
    assert config["settings"]["replicaSetId"] == "unique"
    assert config["members"] == initial_config(wanted)["members"]
    assert changed_config(config, wanted) is None
