"""The configuration document of a replica set, and what is stored of it next to the data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from odmantic.testing.errors import LocalReplicaSetError

_STATE = "odmantic-replica-set.json"
_MOST_VOTERS = 7


@dataclass(frozen=True, slots=True)
class Wanted:
    """The replica set that was requested.

    Attributes:
        election_timeout: Milliseconds without a primary until the others elect one.
        delay: Seconds by which the last member applies writes late; zero for none.
    """

    name: str
    ports: tuple[int, ...]
    election_timeout: int
    delay: int

    @property
    def hosts(self) -> tuple[str, ...]:
        """The members' addresses as in the configuration and the URI."""
        return tuple(f"127.0.0.1:{port}" for port in self.ports)


def initial_config(wanted: Wanted) -> dict[str, Any]:
    """Return the document for `replSetInitiate`."""
    return {
        "_id": wanted.name,
        "members": [_member(wanted, index) for index in range(len(wanted.ports))],
        "settings": _settings(wanted),
    }


def changed_config(stored: dict[str, Any], wanted: Wanted) -> dict[str, Any] | None:
    """Return the document for a forced `replSetReconfig`, or None if nothing has to change."""
    members = [_member(wanted, index) for index in range(len(wanted.ports))]
    settings = _settings(wanted)
    as_wanted = len(stored["members"]) == len(members) and all(
        old.get(key) == value
        for old, new in [
            *zip(stored["members"], members, strict=True),
            (stored["settings"], settings),
        ]
        for key, value in new.items()
    )
    if as_wanted:
        return None
    return {
        **stored,
        "version": stored["version"] + 1,
        "members": members,
        "settings": {**stored["settings"], **settings},
    }


def _member(wanted: Wanted, index: int) -> dict[str, Any]:
    delayed = bool(wanted.delay) and index == len(wanted.ports) - 1
    votes = index < _MOST_VOTERS
    return {
        "_id": index,
        "host": wanted.hosts[index],
        "priority": 0 if delayed or not votes else 1,
        "secondaryDelaySecs": wanted.delay if delayed else 0,
        "votes": int(votes),
    }


def _settings(wanted: Wanted) -> dict[str, Any]:
    return {
        "electionTimeoutMillis": wanted.election_timeout,
        # The default of two seconds would exceed the election timeout.
        "heartbeatIntervalMillis": max(100, min(2_000, wanted.election_timeout // 4)),
    }


@dataclass(frozen=True, slots=True)
class State:
    """The stored description of a replica set in a data directory."""

    name: str
    ports: tuple[int, ...]


def load_state(directory: Path) -> State | None:
    """Return the stored description, or None for a new directory.

    Raises:
        LocalReplicaSetError: if the file is not one of odmantic's.
    """
    file = directory / _STATE
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return State(str(stored["name"]), tuple(int(port) for port in stored["ports"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise LocalReplicaSetError(
            f"{file} does not describe a replica set: {error!r}. Restore it, or start with"
            " another directory."
        ) from error


def save_state(directory: Path, state: State) -> None:
    """Store the description for the next start from the directory."""
    temporary = directory / f"{_STATE}.new"
    temporary.write_text(json.dumps(asdict(state)) + "\n", encoding="utf-8")
    temporary.replace(directory / _STATE)
