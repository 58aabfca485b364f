from __future__ import annotations

import pytest

from bench.data import Kind, document, stored, values
from bench.libraries import LIBRARIES
from bench.options import chosen, parser, read, selections


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ("find", ["find/flat/sync", "find/flat/async", "find/nested/sync", "find/nested/async"]),
        ("find/nested,import", ["find/nested/sync", "find/nested/async", "import/flat/-"]),
        ("find*/flat/sync", ["find/flat/sync", "find_one/flat/sync"]),
        ("nothing", []),
    ],
)
def test_patterns_name_workloads_kinds_and_colours(patterns, names):
    assert [one.name for one in selections(patterns)] == names


def test_baselines_come_along():
    assert [one.name for one in chosen("odmantic")] == ["raw", "pydantic", "odmantic"]


def test_the_release_brings_baselines_of_its_own_environment():
    names = [one.name for one in chosen("odmantic 1.1.0")]

    assert names == [
        "raw",
        "pydantic",
        "raw beside 1.1.0",
        "pydantic beside 1.1.0",
        "odmantic 1.1.0",
    ]


def test_all_take_part_unless_named():
    assert chosen("*") == list(LIBRARIES)


def test_a_quick_run_has_few_rounds_unless_told():
    made = parser("bench", "")

    assert read(made.parse_args(["--quick"])).rounds < read(made.parse_args([])).rounds
    assert read(made.parse_args(["--quick", "--repeat", "5"])).rounds == 5


@pytest.mark.parametrize("kind", Kind)
def test_every_library_is_given_the_same_data(kind):
    assert values(kind, 7) == values(kind, 7) != values(kind, 8)
    assert values(kind, 7).keys() == document(kind, 7).keys() == stored(kind, 7).keys() - {"_id"}
