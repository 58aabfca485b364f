from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from bench.data import Kind
from bench.draw import LONGEST, groups, picture, write_pictures
from bench.limits import Limits
from bench.publish import PAGE, REGION, collections, fill, machine, table
from bench.results import Case, Results, Series
from bench.workloads import WORKLOADS, Colour, Stage

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def results():
    def series(**cpu):
        return {name: Series(name, "raw", [value], [value]) for name, value in cpu.items()}

    return Results(
        {},
        [
            Case("find", Kind.FLAT, Colour.SYNC, 100, series(raw=1.0, odmantic=1.5)),
            Case("find", Kind.FLAT, Colour.ASYNC, 100, series(raw=1.0, odmantic=2.0, beanie=99.0)),
            Case("construct", Kind.FLAT, Colour.NONE, 10, {
                "pydantic": Series("pydantic", "pydantic", [2.0], [2.0]),
                "odmantic": Series("odmantic", "pydantic", [1.0], [1.0]),
            }),
        ],
    )  # fmt: skip


def test_only_named_regions_are_rewritten():
    page = "a\n<!-- bench: flat -->\nold\n<!-- end -->\nb\n<!-- bench: nested -->\nkept\n<!-- end -->\n"

    filled = fill(page, {"flat": "new"})

    assert "old" not in filled
    assert fill(filled, {"flat": "new"}) == filled
    assert filled.startswith("a\n<!-- bench: flat -->\n\nnew\n\n<!-- end -->\nb\n")
    assert "kept" in filled


def test_a_region_that_is_missing_is_an_error():
    with pytest.raises(KeyError, match="machine"):
        fill("nothing", {"machine": "x"})


def test_the_page_has_every_region():
    names = {found[2] for found in REGION.finditer(PAGE.read_text(encoding="utf-8"))}

    assert names == {"flat", "nested", "machine", "pictures", "scaling", "collections"}


def test_the_table_has_a_row_for_each_workload(results):
    lines = table(results, Limits({"find": {"flat": 1.6}}), Kind.FLAT).splitlines()

    assert lines == [
        "|  | odmantic, sync | odmantic, async | beanie, async | aim |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| find 100 into instances | 1.50 | 2.00 | 99.00 | 1.6 |",
        "| construct 10 | 0.50 | 0.50 |  |  |",
    ]


def test_garbage_collections_are_medians_of_workloads_that_had_any(results):
    series = results.cases[1].series
    series["odmantic"].collections = [[9, 1, 0], [8, 0, 0], [50, 1, 0]]
    series["raw"].collections = [[0, 0, 0]] * 3
    for one in results.cases[0].series.values():
        one.collections = [[0, 0, 0]]

    assert collections(results).splitlines()[2:] == [
        "| find 100 into instances, flat |  |  | 9, 1, 0 | 0, 0, 0 |"
    ]


def test_bars_are_as_long_as_their_ratio_up_to_the_longest(results):
    root = ET.fromstring(picture(groups(results, Kind.FLAT), Kind.FLAT))
    widths = [float(one.get("width")) for one in root.iter(f"{SVG}rect")][2:]

    assert widths[1] / widths[0] == pytest.approx(LONGEST / 2, rel=0.01)


def test_a_kind_without_results_has_no_picture(results, tmp_path):
    assert [path.name for path in write_pictures(results, tmp_path)] == ["flat.svg"]


def test_the_machine_is_described_by_kind_and_versions():
    about = {
        "date": "2030-01-02",
        "python": "CPython 3.14.0",
        "mongodb": "8.0.0",
        "versions": {"odmantic": "2.0.0", "pymongo": "4.20.0", "pydantic_core": "2.50.0"},
        "machine": {
            "system": "Linux",
            "cores": 2,
            "processor": "Fast CPU",
            "architecture": "x86_64",
        },
    }

    assert machine(about) == (
        "Measured on 2030-01-02 with CPython 3.14.0, MongoDB 8.0.0, pymongo 4.20.0, on Linux, 2 cores of Fast CPU (x86_64)."
    )


def test_every_workload_with_a_server_has_a_limit_in_the_file():
    limits = Limits.read()

    assert [
        one.name for one in WORKLOADS if one.stage is not Stage.NOTHING and not limits.has(one.name)
    ] == []
