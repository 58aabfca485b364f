"""The benchmark runs: every workload of odmantic, once and small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def bench(odmantic_mongo_uri, tmp_path):
    """Runs a module of the benchmark with arguments; returns what it printed."""

    def run(module, *arguments, status=0):
        done = subprocess.run(
            [
                sys.executable,
                *("-m", module, "--quick", "--repeat", "1", "--size", "70"),
                *("--uri", odmantic_mongo_uri, "--output", str(tmp_path), *arguments),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done.stdout

    return run


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("only", "workloads"),
    [
        ("*/nested/sync,import,find/flat", {"import", "peak", "transaction", "references"}),
        (
            "find/*/async,save_new/nested/async,update/nested/async,insert_many/nested/async",
            {"update", "insert_many"},
        ),
    ],
    ids=["sync", "async"],
)
def test_odmantic_does_every_workload(bench, tmp_path, only, workloads):
    bench("bench", "--libraries", "odmantic", "--only", only, "--size", "10")

    cases = json.loads((tmp_path / "results.json").read_text())["cases"]
    errors = {case["workload"]: case["series"]["odmantic"]["error"] for case in cases}
    assert set(errors.values()) == {None}
    assert {"find", "save_new"} | workloads <= errors.keys()
    assert (tmp_path / "flat.svg").exists()


def test_another_environment_takes_part(bench, tmp_path):
    # This odmantic stands in for 1.1.0, so nothing has to be installed.
    bench(
        "bench",
        *("--libraries", "odmantic,odmantic 1.1.0", "--released-python", sys.executable),
        *("--only", "find_one/flat,dump/nested,import"),
    )

    cases = json.loads((tmp_path / "results.json").read_text())["cases"]
    assert [len(case["series"]) for case in cases] == [4, 4, 4, 4]
    turns = {"find_one": 6, "dump": 1, "import": 1}
    for case in cases:
        counts = {len(one["wall"]) for one in case["series"].values()}
        assert counts == {turns[case["workload"]]}


def test_what_was_not_run_again_is_kept(bench, tmp_path):
    bench("bench", "--libraries", "odmantic", "--only", "dump/flat,validate/flat")
    before = json.loads((tmp_path / "results.json").read_text())["cases"]
    bench("bench", "--libraries", "odmantic", "--only", "dump/flat", "--keep")

    after = json.loads((tmp_path / "results.json").read_text())["cases"]
    assert [case["workload"] for case in after] == ["dump", "validate"]
    assert after[1] == before[1]
    assert after[0] != before[0]


def test_what_cannot_be_kept_is_refused_before_anything_is_run(bench, tmp_path):
    earlier = json.dumps({"about": {"date": "2000-01-01"}, "cases": []})
    (tmp_path / "results.json").write_text(earlier)

    assert bench("bench", "--libraries", "odmantic", "--keep", status=1) == ""

    assert (tmp_path / "results.json").read_text() == earlier


@pytest.mark.parametrize("library", ["beanie", "butty"])
def test_peers_do_their_workloads(bench, tmp_path, library):
    pytest.importorskip(library)
    bench("bench", "--libraries", library, "--only", "*/nested/*")

    cases = json.loads((tmp_path / "results.json").read_text())["cases"]
    errors = {one["series"][library]["error"] for one in cases if library in one["series"]}
    assert errors == {None}


def test_the_scaling_run_measures_each_size(bench, tmp_path):
    bench("bench", "--scaling", "--only", "iterate/flat/sync,save_new/flat/async")

    steps = json.loads((tmp_path / "scaling.json").read_text())["steps"]
    assert [(step["operation"], step["size"]) for step in steps] == [
        ("iterate/flat/sync", 70),
        ("iterate/flat/sync", 700),
        ("save_new/flat/async", 70),
        ("save_new/flat/async", 700),
    ]
