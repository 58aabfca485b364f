"""What an instance knows of its document at a place, and what it goes back to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from odmantic import Model
from odmantic._state.dirty import dirty_fields, update_baseline
from odmantic._state.lives import Life
from odmantic._state.places import Deployment, Known, Place, Written
from odmantic._state.snapshot import take_snapshots
from odmantic._state.state import (
    AS_MADE,
    DELETED,
    ELSEWHERE,
    KNOWN,
    NEW,
    Standing,
    State,
    kept_state,
    standing_at,
)
from odmantic._state.transitions import give_back, go_back, mark_assigned, mark_read, take


class Parcel(Model):
    code: int = 0
    tags: list[int] = []


class Priced(Model):
    price: Decimal = Decimal(1)


def _place(name: str) -> Place:
    return Place(Deployment(addresses=frozenset({("host", 1)})), name, "parcel")


HERE, THERE = _place("here"), _place("there")
EVERYTHING = {"id", "code", "tags"}


def _over() -> Life:
    life = Life()
    life.end()
    return life


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        (None, NEW),
        (State(None), NEW),
        (State(None, {"code"}), NEW),
        (State(None, life=_over()), NEW),
        (Known(HERE), KNOWN),
        (Known(_place("here")), KNOWN),
        (State(Known(HERE)), KNOWN),
        (State(Written(HERE, None), {"code"}, Life()), KNOWN),
        (Known(THERE), ELSEWHERE),
        (State(Known(THERE), {"code"}), ELSEWHERE),
        (State(Known(HERE), life=_over()), DELETED),
        (State(Known(THERE), life=_over()), DELETED),
    ],
)
def test_one_decision_tells_what_is_known_here(state: Any, standing: Standing) -> None:
    assert standing_at(state, HERE) is standing


def _read() -> Parcel:
    parcel = Parcel()
    mark_read(parcel, Known(HERE))
    return parcel


def test_a_failed_write_to_another_place_goes_back_with_what_was_assigned() -> None:
    parcel, write = _read(), Written(THERE, None)
    parcel.code = 1
    take(parcel, EVERYTHING, write)
    update_baseline(parcel, take_snapshots(parcel, ["tags"]))
    assert dirty_fields(parcel, THERE) == set()
    parcel.tags = [1]

    give_back(parcel, EVERYTHING, write)

    assert dirty_fields(parcel, HERE) == {"code", "tags"}
    assert dirty_fields(parcel, THERE) == EVERYTHING


def test_writes_to_several_places_may_fail_in_any_order() -> None:
    parcel, first, second = _read(), Written(THERE, None), Written(_place("third"), None)
    parcel.code = 1
    take(parcel, EVERYTHING, first)
    take(parcel, EVERYTHING, second)

    give_back(parcel, EVERYTHING, first)
    give_back(parcel, EVERYTHING, second)

    assert dirty_fields(parcel, HERE) == {"code"}
    assert kept_state(parcel).earlier is None


def test_a_write_that_ended_leaves_nothing_to_go_back_to() -> None:
    parcel = _read()
    for place in (THERE, HERE, THERE):
        write = Written(place, None)
        take(parcel, EVERYTHING, write)
        earlier = kept_state(parcel).earlier
        assert earlier is not None
        assert earlier.earlier is None
        write.end()
        assert kept_state(parcel).earlier is None


def test_changes_that_cannot_be_taken_leave_the_state_as_it_was() -> None:
    parcel, write = Priced(), Written(THERE, None)
    mark_read(parcel, Known(HERE))
    take(parcel, {"id", "price"}, write)
    vars(parcel)["price"] = "no number"
    parcel.__fields_modified__.add("price")
    before = kept_state(parcel)
    take_changes: Any = Priced.__mapping__.codec.take_changes

    assert take_changes(parcel, Known(THERE)) is None

    assert kept_state(parcel) == before
    assert before.earlier is not None


def test_a_kept_state_can_be_gone_back_to_as_often_as_wanted() -> None:
    made, parcel = Parcel(), _read()
    new, clean = kept_state(made), kept_state(parcel)
    parcel.tags.append(1)
    parcel.code = 1
    dirty = kept_state(parcel)
    names = parcel.__fields_modified__
    for _ in range(2):
        go_back(made, clean)
        go_back(parcel, new)
        assert dirty_fields(parcel, HERE) == EVERYTHING
        go_back(made, new)
        go_back(parcel, dirty)
        assert dirty_fields(parcel, HERE) == {"code", "tags"}
        assert kept_state(made).earlier is AS_MADE
    go_back(parcel, clean)
    assert dirty_fields(parcel, HERE) == {"tags"}
    assert names == {"code"}


def test_an_assignment_to_an_instance_as_it_was_made_leaves_no_state() -> None:
    parcel = Parcel()
    parcel.code = 1

    assert kept_state(parcel) == (None, None, None, None, AS_MADE)
    assert dirty_fields(parcel, HERE) == EVERYTHING


def test_an_assignment_that_found_the_instance_clean_is_noted() -> None:
    parcel = _read()
    mark_assigned(parcel, "code", Known(HERE))

    assert dirty_fields(parcel, HERE) == {"code"}
