"""Threads that share instances: no assignment is lost, and no save overtakes another."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest
from tests.unit.somewhere import dirty_fields, mark_read

from odmantic import Model
from odmantic._sync.operations.turns import Turn, Turns

ROUNDS = 10_000


class Parcel(Model):
    code: str = ""
    size: str = ""


@pytest.fixture
def _eager_threads():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def _together(*works):
    barrier = threading.Barrier(len(works))

    def run(work):
        barrier.wait()
        work()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("_eager_threads")
def test_first_assignments_of_two_threads_are_both_noted():
    parcels = [Parcel() for _ in range(ROUNDS)]
    for parcel in parcels:
        mark_read(parcel)

    def assign(name):
        for parcel in parcels:
            setattr(parcel, name, "x")

    _together(lambda: assign("code"), lambda: assign("size"))

    assert all(dirty_fields(parcel) == {"code", "size"} for parcel in parcels)


@pytest.mark.usefixtures("_eager_threads")
@pytest.mark.parametrize("kinds", [("one", "many"), ("many", "many")], ids="-".join)
def test_saves_of_an_instance_take_turns(kinds):
    turns, parcel = Turns(), Parcel()
    under_way: list[Any] = []
    overlaps = []

    def work():
        under_way.append(None)
        overlaps.append(len(under_way) > 1)
        under_way.pop()

    def save_one():
        for _ in range(ROUNDS // 5):
            turn = turns.take(parcel, None)
            work()
            turns.leave(parcel, turn)

    def save_many():
        for _ in range(ROUNDS // 5):
            turn = turns.take_all([parcel], None)
            work()
            turns.leave_all(turn)

    saves = {"one": save_one, "many": save_many}
    _together(*[saves[kind] for kind in kinds])

    assert len(overlaps) == len(kinds) * (ROUNDS // 5)
    assert not any(overlaps)


def test_a_save_of_one_lets_a_save_of_many_pass_that_began_meanwhile():
    turns, parcel = Turns(), Parcel()
    many = Turn(None, [parcel])

    class Meddling(dict[int, Turn]):
        """Another thread begins a save of many while this one begins its own."""

        def setdefault(self, key, value):
            turns._singles = dict(self)
            turns._bulks.append(many)
            return turns._singles.setdefault(key, value)

    turns._singles = Meddling()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(turns.take(parcel, None)))
    thread.start()
    thread.join(0.2)
    assert not taken
    assert not turns._singles
    turns.leave_all(many)
    thread.join(10)
    assert isinstance(taken[0], Turn)
    assert [*turns._singles.values()] == taken
