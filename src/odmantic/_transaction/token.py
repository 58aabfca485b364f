"""Causal tokens: the causal times of a session, as a short text.

A token is `odm1.` and, in URL-safe base64, the BSON of `{"c": <cluster time document>, "o": <operation time>}`. The
cluster time is the server's own signed document. See
https://www.mongodb.com/docs/manual/core/causal-consistency-read-write-concerns/
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import bson
from bson.errors import BSONError
from bson.timestamp import Timestamp

_PREFIX = "odm1."
_LONGEST = 512

MAX_LEAD_SECONDS = 3600
"""Seconds that a token may be ahead of this machine's clock; a server that follows it would stay ahead forever."""


@dataclass(frozen=True, slots=True)
class CausalTimes:
    """The causal times of a session: `cluster_time` as the server signs it, and the time of its last operation."""

    cluster_time: dict[str, Any]
    operation_time: Timestamp


def encode_token(times: CausalTimes) -> str:
    """Return the token of the times."""
    data = bson.encode({"c": times.cluster_time, "o": times.operation_time})
    return _PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode_token(token: object, *, now: float) -> CausalTimes:
    """Read a token, which is untrusted input.

    Args:
        token: The text.
        now: Seconds since the epoch, UTC.

    Raises:
        TypeError: if it is not text.
        ValueError: if it is not a token, or its times are impossible.
    """
    if not isinstance(token, str):
        raise TypeError(
            f"a causal token is a string made by session.token(), not {type(token).__name__}"
        )
    times = _parse(token)
    if times is None:
        raise ValueError("not a causal token: pass on what session.token() returned, unchanged")
    cluster_time = times.cluster_time["clusterTime"]
    if times.operation_time > cluster_time or times.operation_time.time == 0:
        raise ValueError(
            "the causal token is inconsistent: its operation lies outside of its cluster time"
        )
    if cluster_time.time > now + MAX_LEAD_SECONDS:
        raise ValueError(
            f"the causal token is {cluster_time.time - now:.0f} seconds ahead of this machine's clock; "
            f"at most {MAX_LEAD_SECONDS} are accepted"
        )
    return times


def _parse(token: str) -> CausalTimes | None:
    text = token.removeprefix(_PREFIX)
    if text == token or len(token) > _LONGEST:
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        document: dict[str, Any] = bson.decode(data)  # pyright: ignore[reportUnknownMemberType]  # its array has no type
    except (binascii.Error, BSONError, ValueError):
        return None
    if document.keys() != {"c", "o"} or not isinstance(document["o"], Timestamp):
        return None
    cluster_time: Any = document["c"]
    if not _is_cluster_time(cluster_time):
        return None
    return CausalTimes(cluster_time, document["o"])


def _is_cluster_time(document: Any) -> bool:
    """Return whether a value has the shape of a cluster time: its time, and a signature if the server signs."""
    match document:
        case {"clusterTime": Timestamp(), **rest} if not rest:
            return True
        case {"clusterTime": Timestamp(), "signature": {"hash": bytes(), "keyId": int()}, **rest}:
            return not rest and document["signature"].keys() == {"hash", "keyId"}
        case _:
            return False
