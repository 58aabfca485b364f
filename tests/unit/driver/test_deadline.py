"""How long what ends a transaction may take: what is left of the deadline and a second, ten seconds at most."""

from __future__ import annotations

import asyncio

import pymongo
import pytest
from pymongo import MongoClient

from odmantic._driver import deadline, internals
from odmantic._driver.clients import knows_server
from odmantic._driver.deadline import (
    is_cut_off,
    leaving,
    limited,
    remaining_seconds,
    seconds_for,
    seconds_to_end,
)


@pytest.mark.parametrize(
    ("left", "has_server", "is_cut_off", "is_lost", "expected"),
    [
        (None, True, False, False, 10.0),
        (2.0, True, False, False, 3.0),
        (60.0, True, False, False, 10.0),
        (-5.0, True, False, False, 1.0),
        (-5.0, True, False, True, 1.0),
        (None, False, False, False, 1.0),
        (60.0, False, False, True, 1.0),
        (None, True, True, False, 1.0),
        (60.0, True, True, True, 0.5),
    ],
)
def test_the_seconds_of_an_end(left, has_server, is_cut_off, is_lost, expected):
    seconds = seconds_to_end(left, has_server=has_server, is_cut_off=is_cut_off, is_lost=is_lost)
    assert seconds == expected


@pytest.mark.parametrize("is_readable", [True, False])
def test_a_deadline_of_our_own_is_known_also_where_the_drivers_cannot_be_read(
    monkeypatch, is_readable
):
    if not is_readable:
        monkeypatch.setattr(internals, "_remaining", None)
    assert remaining_seconds() is None
    with limited(5), limited(50):
        assert 4 < remaining_seconds() <= 5
    assert remaining_seconds() is None


def test_a_deadline_of_the_program_is_known():
    with pymongo.timeout(5), limited(50):
        assert 4 < remaining_seconds() <= 5


@pytest.mark.parametrize(("milliseconds", "expected"), [(None, None), (0, None), (2000, 2.0)])
def test_without_a_deadline_a_client_may_have_one(milliseconds, expected):
    with MongoClient(connect=False, timeoutMS=milliseconds) as client:
        assert seconds_for(client) == expected
        with limited(1):
            assert 0 < seconds_for(client) <= 1


def test_a_client_knows_no_server_before_it_looked_and_a_stand_in_is_its_own():
    with MongoClient(connect=False) as client:
        assert not knows_server(client)
        assert knows_server(client["database"])
    assert knows_server(object())


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt])
def test_an_exception_cuts_off_what_it_leaves_and_what_handles_it(kind):
    try:
        raise kind
    except kind as error:
        assert is_cut_off()
        cut_off = error
    assert not is_cut_off()
    with leaving(cut_off):
        assert is_cut_off()
        with leaving(KeyError()):
            assert not is_cut_off()
    assert not is_cut_off()


def test_what_only_follows_a_cancellation_is_not_cut_off():
    try:
        try:
            raise asyncio.CancelledError
        except asyncio.CancelledError as error:
            raise KeyError from error
    except KeyError as error:
        assert not is_cut_off()
        with leaving(error):
            assert not is_cut_off()


def test_the_second_is_for_the_command_in_flight_and_for_the_rollback():
    assert deadline.DRAIN_SECONDS < deadline.GRACE_SECONDS
