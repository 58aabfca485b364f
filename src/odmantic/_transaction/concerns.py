"""The options of sessions and transactions, and their defaults."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

_SNAPSHOT, _MAJORITY = ReadConcern("snapshot"), WriteConcern("majority")


class TransactionDefaults(Protocol):
    """A session's defaults for its transactions: the driver's `TransactionOptions`."""

    @property
    def read_concern(self) -> ReadConcern | None:
        """The read concern."""

    @property
    def write_concern(self) -> WriteConcern | None:
        """The write concern of the commit."""

    @property
    def max_commit_time_ms(self) -> int | None:
        """The limit in milliseconds for the commit on the server."""


class TransactionSettings(NamedTuple):
    """The options in a call; `None` leaves one to the session, the client, and odmantic."""

    read_concern: ReadConcern | None = None
    write_concern: WriteConcern | None = None
    max_commit_time_ms: int | None = None

    def resolved(self, defaults: TransactionDefaults | None, client: Any) -> dict[str, Any]:
        """Return keyword arguments for the driver's `start_transaction`.

        The call comes first, then the session's default options, then the client's explicit settings. The defaults
        are read concern `snapshot` and write concern `majority`. Reads go to the primary, as MongoDB demands.

        See https://www.mongodb.com/docs/manual/core/transactions/#read-concern-write-concern-read-preference
        """
        options: dict[str, Any] = {"read_preference": ReadPreference.PRIMARY}
        read_concern, write_concern, max_commit_time_ms = self
        if defaults is not None:
            read_concern = read_concern or defaults.read_concern
            write_concern = write_concern or defaults.write_concern
            max_commit_time_ms = max_commit_time_ms or defaults.max_commit_time_ms
        if read_concern is None and not _is_set(getattr(client, "read_concern", None)):
            read_concern = _SNAPSHOT
        if write_concern is None and not _is_set(getattr(client, "write_concern", None)):
            write_concern = _MAJORITY
        if read_concern is not None:
            options["read_concern"] = read_concern
        if write_concern is not None:
            options["write_concern"] = write_concern
        if max_commit_time_ms is not None:
            options["max_commit_time_ms"] = max_commit_time_ms
        return options


NOTHING_ASKED = TransactionSettings()
"""The settings of a call without options."""


def _is_set(concern: Any) -> bool:
    """Return whether a client sets a concern explicitly, or has an unknown one, as stand-ins may."""
    if isinstance(concern, ReadConcern):
        return concern.level is not None
    return not isinstance(concern, WriteConcern) or not concern.is_server_default


def session_options(
    *,
    causal_consistency: bool | None,
    snapshot: bool,
    default_transaction_options: TransactionDefaults | None,
    has_token: bool,
) -> dict[str, Any]:
    """Return keyword arguments for the driver's `start_session`: those that differ from its defaults.

    Raises:
        ValueError: if the options contradict each other.
    """
    if snapshot and causal_consistency:
        raise ValueError("a session cannot have both snapshot=True and causal_consistency=True")
    if has_token and (snapshot or causal_consistency is False):
        raise ValueError(
            "after= needs a causally consistent session: leave out snapshot= and causal_consistency="
        )
    options: dict[str, Any] = {}
    if causal_consistency is not None:
        options["causal_consistency"] = causal_consistency
    if snapshot:
        options["snapshot"] = True
    if default_transaction_options is not None:
        options["default_transaction_options"] = default_transaction_options
    return options
