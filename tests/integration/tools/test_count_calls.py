"""The script that counts calls: each operation has some, in the order in which they happen."""

from __future__ import annotations

import json
import re
import shutil

import count_calls


def test_every_operation_is_counted(odmantic_mongo_uri, capsys):
    count_calls.main(["--uri", odmantic_mongo_uri])

    printed = capsys.readouterr().out
    rows = re.findall(
        r"^\| ([a-z ]+?) +\| +(\d+) \((\d+)\) \| +(\d+) \((\d+)\) \|$", printed, re.MULTILINE
    )
    names = [name.replace("_", " ") for name in count_calls.OPERATIONS]
    assert [row[0] for row in rows] == [*names, *names]
    for _, *numbers in rows:
        flat_calls, flat_modules, calls, modules = map(int, numbers)
        assert 1 < flat_modules < flat_calls <= calls
        assert 1 < modules < calls


def test_the_list_shows_calls_in_order_and_nested(odmantic_mongo_uri, capsys):
    count_calls.main(["--uri", odmantic_mongo_uri, "--list", "save_new"])

    _, title, *lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"sync flat save_new: \d+ calls, \d+ modules", title)
    first, second = lines[:2]
    assert re.fullmatch(r"  _sync/engine_base\.py:\d+ +SyncEngineBase\.save", first)
    assert second.rindex("  ") == first.rindex("  ") + 2, "it is called by the first"
    assert any(line.startswith("  generated for Flat:") for line in lines)


def test_an_operation_has_the_same_calls_each_time(odmantic_mongo_uri):
    measured = [count_calls.measure(odmantic_mongo_uri, ["save_new"]) for _ in range(2)]
    assert measured[0] == measured[1]


def test_another_package_is_measured_in_a_process_of_its_own(odmantic_mongo_uri, tmp_path, capsys):
    shutil.copytree(count_calls.PACKAGE, tmp_path / "odmantic")
    only = ["--only", "find_one"]

    count_calls.main(["--uri", odmantic_mongo_uri, "--source", f"copy={tmp_path}", *only])

    printed = capsys.readouterr().out
    rows = re.findall(r"^\| find one \|(.*)\|$", printed, re.MULTILINE)
    for row in rows:
        flat_copy, flat_now, nested_copy, nested_now = (cell.strip() for cell in row.split("|"))
        assert (flat_copy, nested_copy) == (flat_now, nested_now)
    assert len(rows) == 2


def test_a_program_can_read_the_calls(odmantic_mongo_uri, capsys):
    count_calls.main(["--uri", odmantic_mongo_uri, "--json", "--only", "count", "delete"])

    answer = json.loads(capsys.readouterr().out)
    assert answer["package"] == str(count_calls.PACKAGE)
    measured = {(colour, model, name) for colour, model, name, _ in answer["calls"]}
    assert measured == {
        (colour, model, name)
        for colour in ("async", "sync")
        for model in ("flat", "nested")
        for name in ("count", "delete")
    }
    assert all(calls for *_, calls in answer["calls"])
