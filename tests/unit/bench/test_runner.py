"""Who takes part in which round."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bench.data import Kind
from bench.libraries import LIBRARIES, OURS, RELEASED, baseline_of
from bench.measure import Sample
from bench.results import Case, Series
from bench.runner import Extent, Runner, WrongCountError, taking_part
from bench.workloads import Colour, find_workload

BESIDE = "raw beside 1.1.0"
NAMES = ("raw", OURS, "beanie", BESIDE, RELEASED)
EXTENT = Extent(rounds=9, budget=3.0, quick=False)


def names(number, *, workload="find", failed=(), **used):
    libraries = [library for library in LIBRARIES if library.name in NAMES]
    case = Case(workload, Kind.FLAT, Colour.ASYNC, 10)
    for library in libraries:
        series = Series(library.name, baseline_of(library, find_workload(workload)))
        series.error = "it failed" if library.name in failed else None
        case.series[library.name] = series
    spent = dict.fromkeys(NAMES, 0.0) | {"beanie": used.get("beanie", 0.0)}
    spent |= {OURS: used.get("ours", 0.0), RELEASED: used.get("released", 0.0)}
    return {library.name for library in taking_part(libraries, case, EXTENT, spent, number)}


def test_all_take_part_while_they_have_time():
    assert names(8, ours=2.9, beanie=3.0, released=1.0) == set(NAMES)


def test_the_others_stop_when_their_time_is_up():
    assert names(2, beanie=3.1) == set(NAMES) - {"beanie"}


def test_a_baseline_stops_with_those_that_need_it():
    assert names(2, released=3.1) == {"raw", OURS, "beanie"}


def test_odmantic_does_all_rounds():
    assert {"raw", OURS} == names(8, ours=99.0, beanie=99.0, released=99.0)


@pytest.mark.parametrize(
    ("workload", "rounds"), [("find", 2), ("find_one", 12), ("memory", 1), ("peak", 1)]
)
def test_nobody_stops_before_enough_rounds(workload, rounds):
    assert "beanie" in names(rounds - 1, workload=workload, beanie=99.0)
    assert "beanie" not in names(rounds, workload=workload, beanie=99.0)


def test_who_failed_takes_part_no_more():
    assert names(0, failed=("beanie", RELEASED)) == {"raw", OURS}


def test_memory_takes_few_rounds():
    assert [EXTENT.rounds_of(find_workload(name)) for name in ("find", "memory", "peak")] == [
        9,
        3,
        3,
    ]


def test_single_operations_take_several_turns_in_a_round():
    assert EXTENT.rounds_of(find_workload("find_one")) == 54


@pytest.mark.parametrize(("workload", "left"), [("insert", 10), ("delete_one", 0)])
def test_what_a_run_leaves_in_the_database_is_counted(workload, left):
    found = left
    runner: Any = object.__new__(Runner)
    runner._database = SimpleNamespace(count=lambda _kind: found)
    case = Case(workload, Kind.FLAT, Colour.SYNC, 10)
    runner._check(case, Sample(1.0, 1.0, 10), 10)

    found = 1

    with pytest.raises(WrongCountError, match=f"1 documents instead of {left}"):
        runner._check(case, Sample(1.0, 1.0, 10), 10)
