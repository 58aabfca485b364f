from __future__ import annotations

import gc

import pytest

from bench.check import excess
from bench.compare import is_slower
from bench.data import Kind
from bench.limits import Limits
from bench.measure import time_body
from bench.report import as_text, one_line
from bench.results import Case, Results, Series
from bench.workloads import Colour

MIB = 1024 * 1024


def case(workload="find", colour=Colour.SYNC, **series):
    """A case with the processor times of each library; the clock shows ten times as much."""
    baselines = {"odmantic 1.1.0": "raw beside 1.1.0", "raw beside 1.1.0": "raw beside 1.1.0"}
    return Case(
        workload,
        Kind.FLAT,
        colour,
        100,
        {
            name: Series(name, baselines.get(name, "raw"), [10 * value for value in cpu], cpu)
            for name, cpu in {
                key.replace("_", " ").replace("11", "1.1.0"): cpu for key, cpu in series.items()
            }.items()
        },
    )


LIMITS = Limits(
    {
        "build": {"flat": 20},
        "find": {"flat": 1.5},
        "peak": {"flat": 10},
        "references": {"flat": 2, "cpu": {"flat": 2}},
        "save_one": {"flat": 1.1, "cpu": {"flat": 1.5}},
    }
)


def test_a_ratio_within_its_noise_of_the_limit_passes():
    noisy = case(raw=[1.0, 1.0, 1.0], odmantic=[1.4, 1.9, 1.8])

    assert not excess(noisy, LIMITS)


def test_a_ratio_beyond_the_limit_in_every_round_fails():
    assert excess(case(raw=[1.0, 1.0, 1.0], odmantic=[1.6, 1.9, 1.8]), LIMITS)


def test_a_workload_that_failed_fails_the_check():
    broken = case(raw=[1.0], odmantic=[])
    broken.series["odmantic"].error = "ValueError: no"

    assert excess(broken, LIMITS)


def test_a_workload_without_a_limit_passes():
    assert not excess(case("find_one", raw=[1.0], odmantic=[9.0]), LIMITS)


@pytest.mark.parametrize(("growth", "fails"), [(9 * MIB, False), (11 * MIB, True)])
def test_a_peak_is_limited_in_mebibytes(growth, fails):
    assert (excess(case("peak", raw=[1.0], odmantic=[float(growth)]), LIMITS) is not None) is fails


@pytest.mark.parametrize(("each", "fails"), [(19, False), (21, True)])
def test_what_has_no_baseline_is_limited_in_microseconds_for_each(each, fails):
    built = case("build", Colour.NONE, odmantic=[each * 100 / 1e6] * 3)

    assert (excess(built, LIMITS) is not None) is fails
    assert (
        as_text(Results({}, [built]), LIMITS).splitlines()[-1].endswith(f"  {each}.0 µs     20 µs")
    )


def test_the_clock_counts_where_the_server_does_the_work():
    slow_server = case("references", raw=[1.0, 1.0], odmantic=[1.0, 1.0])
    slow_server.series["odmantic"].wall = [30.0, 30.0]

    assert excess(slow_server, LIMITS)


@pytest.mark.parametrize(
    ("cpu", "wall", "said"),
    [
        (1.4, 1.0, None),
        (1.6, 1.0, "at least 1.60 (cpu), the limit is 1.5"),
        (1.4, 1.3, "at least 1.30 (wall), the limit is 1.1"),
    ],
)
def test_the_processor_has_a_limit_of_its_own_where_there_is_waiting(cpu, wall, said):
    waiting = case("save_one", raw=[1.0, 1.0], odmantic=[cpu, cpu])
    waiting.series["odmantic"].wall = [10 * wall, 10 * wall]

    assert excess(waiting, LIMITS) == said


def test_slower_than_the_release_is_what_no_round_denies():
    assert is_slower(case(odmantic=[1.2, 1.3], odmantic_11=[1.0, 1.0]))
    assert not is_slower(case(odmantic=[0.9, 1.3], odmantic_11=[1.0, 1.0]))


def test_results_survive_their_file(tmp_path):
    results = Results({"python": "3"}, [case(raw=[1.0, 2.0], odmantic=[1.5, 3.0])])

    results.write(tmp_path / "deep" / "results.json")

    assert Results.read(tmp_path / "deep" / "results.json") == results


def test_what_was_not_run_is_kept():
    kept, before, now = case("find_one", raw=[1.0]), case(raw=[1.0]), case(raw=[2.0])

    found = Results({"date": "1"}, [now]).completed_by(Results({"date": "1"}, [before, kept]))

    assert found.cases == [now, kept]


def test_results_of_another_day_are_not_kept():
    with pytest.raises(ValueError, match="another day"):
        Results({"date": "2"}, []).completed_by(Results({"date": "1"}, [case(raw=[1.0])]))


def test_the_release_is_divided_by_the_baseline_of_its_own_environment():
    found = case(raw=[1.0], odmantic=[1.5], raw_beside_11=[2.0], odmantic_11=[16.0])

    assert found.ratio("odmantic 1.1.0").value == 8.0
    assert "odmantic 1.50 (1.50)  odmantic 1.1.0 8.00 (8.00)" in one_line(found)


def test_the_table_shows_what_failed_and_what_is_to_be_reached():
    broken = case(raw=[1.0], odmantic=[1.5], beanie=[])
    broken.series["beanie"].error = "ValueError: no"

    heading, _, line = as_text(Results({}, [broken]), LIMITS).splitlines()

    assert heading.split()[-4:] == ["odmantic", "beanie", "to", "reach"]
    assert line.split()[-4:] == ["1.50", "(1.50)", "failed", "1.5"]


def test_garbage_collections_stand_behind_the_time():
    counted = case(raw=[0.1, 0.1], odmantic=[0.2, 0.3])
    counted.series["odmantic"].collections = [[146, 13, 0], [147, 13, 0]]

    assert "odmantic 2.50 (2.50) 146+13+0" in one_line(counted)


def test_a_run_counts_its_garbage_collections():
    garbage = [[] for _ in range(100)]

    def body():
        gc.collect(0)
        gc.collect(1)
        return garbage

    gc.disable()
    try:
        sample = time_body(body)
    finally:
        gc.enable()

    assert sample.collections == (1, 1, 0)
    kept = Series("odmantic", "raw")
    kept.add(sample)
    assert kept.usual_collections == [1, 1, 0]
