"""Which ports are considered."""

from __future__ import annotations

import pytest

from odmantic.testing import _ports


def test_candidates_lie_below_the_ephemeral_range():
    assert _ports.candidates(32_768) == range(10_000, 32_768)


def test_without_room_below_the_ephemeral_range_all_ports_are_candidates():
    assert _ports.candidates(1_024) == range(10_000, 65_536)


def test_given_ports_follow_each_other():
    assert _ports.choose_ports(3, 20_000, ()) == [20_000, 20_001, 20_002]


def test_former_ports_are_used_again_where_they_are_free(monkeypatch):
    monkeypatch.setattr(_ports, "is_free", lambda port: port != 11_002)
    picks = iter([11_003, 11_001, 12_000, 12_000, 13_000])
    monkeypatch.setattr("random.choice", lambda ports: next(picks))

    chosen = _ports.choose_ports(4, None, [11_001, 11_002, 11_003])

    assert chosen == [11_001, 12_000, 11_003, 13_000]


def test_when_no_port_is_free_there_is_an_error(monkeypatch):
    monkeypatch.setattr(_ports, "is_free", lambda port: False)

    with pytest.raises(OSError, match="No free port among"):
        _ports.free_port()
