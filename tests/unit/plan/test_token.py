"""Causal tokens: a text that carries the times a session has seen, and is checked as input."""

from __future__ import annotations

import base64
from typing import Any

import bson
import pytest
from bson.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from odmantic._transaction.token import MAX_LEAD_SECONDS, CausalTimes, decode_token, encode_token

NOW = 1_700_000_000
CLUSTER: dict[str, Any] = {
    "clusterTime": Timestamp(NOW, 3),
    "signature": {"hash": b"\x00" * 20, "keyId": 7},
}
TIMES = CausalTimes(CLUSTER, Timestamp(NOW, 2))


def _token(document, prefix="odm1."):
    return prefix + base64.urlsafe_b64encode(bson.encode(document)).decode().rstrip("=")


def test_a_token_gives_back_its_times():
    token = encode_token(TIMES)

    assert token.startswith("odm1.")
    assert decode_token(token, now=NOW) == TIMES


@given(
    st.integers(1, NOW), st.integers(0, 2**31), st.binary(min_size=20, max_size=20), st.integers(0)
)
def test_every_token_is_short_and_fit_for_a_header(time, step, digest, key):
    cluster = {
        "clusterTime": Timestamp(time, step),
        "signature": {"hash": digest, "keyId": key % 2**63},
    }
    times = CausalTimes(cluster, Timestamp(time, step))
    token = encode_token(times)

    assert len(token) <= 512
    assert all(character.isalnum() or character in "-_." for character in token)
    assert decode_token(token, now=NOW) == times


@pytest.mark.parametrize("token", [None, b"odm1.x", 1, TIMES])
def test_what_is_no_text_is_refused(token):
    with pytest.raises(TypeError, match="a causal token is a string"):
        decode_token(token, now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "odm1.",
        "odm2." + encode_token(TIMES)[5:],
        encode_token(TIMES)[5:],
        encode_token(TIMES)[:-4],
        "odm1.not base64!",
        "odm1.ä",
        "odm1." + "A" * 600,
        _token({}),
        _token({"c": CLUSTER}),
        _token({"c": CLUSTER, "o": 1}),
        _token({"c": 1, "o": TIMES.operation_time}),
        _token({"c": {}, "o": TIMES.operation_time}),
        _token({"c": {"clusterTime": 1}, "o": TIMES.operation_time}),
        _token({"c": CLUSTER, "o": TIMES.operation_time, "x": 1}),
    ],
)
def test_what_is_no_token_is_refused(token):
    with pytest.raises(ValueError, match="not a causal token"):
        decode_token(token, now=NOW)


@pytest.mark.parametrize("operation", [Timestamp(NOW, 4), Timestamp(NOW + 1, 0), Timestamp(0, 1)])
def test_an_operation_outside_of_its_cluster_time_is_refused(operation):
    with pytest.raises(ValueError, match="inconsistent"):
        decode_token(encode_token(CausalTimes(CLUSTER, operation)), now=NOW)


@pytest.mark.parametrize(("lead", "accepted"), [(MAX_LEAD_SECONDS, True), (3601, False)])
def test_a_token_far_ahead_of_the_clock_is_refused(lead, accepted):
    token = encode_token(TIMES)
    if accepted:
        assert decode_token(token, now=NOW - lead) == TIMES
    else:
        with pytest.raises(ValueError, match="3601 seconds ahead of this machine's clock"):
            decode_token(token, now=NOW - lead)


@given(st.text() | st.text("odm1.AQ-_", max_size=40).map("odm1.{}".format))
def test_any_text_is_either_a_token_or_a_value_error(text):
    try:
        times = decode_token(text, now=NOW)
    except ValueError:
        return
    assert isinstance(times, CausalTimes)
