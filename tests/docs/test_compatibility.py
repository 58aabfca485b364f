"""The pages about compatibility and transactions name tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs"
PAGE = DOCS / "compatibility.md"

CLAIM = re.compile(r"`([\w/]+)`: ([^`|]+?)(?:\.? (?=`[\w/]+`: )|\.? *\|)")


def claims() -> list[tuple[str, str]]:
    """The files and behaviours in the last column of the tables."""
    rows = [row for row in PAGE.read_text().splitlines() if row.startswith(("| D", "| M", "| E"))]
    rules = (DOCS / "transactions.md").read_text().partition("\n## How we know\n")[2]
    shown = [row for row in rules.splitlines() if row.startswith("| ") and "`: " in row]
    assert rows
    assert shown
    return [
        (file, behaviour.strip())
        for row in (*rows, *shown)
        for file, behaviours in CLAIM.findall(row)
        for behaviour in behaviours.split(";")
    ]


def behaviours_of(name: str) -> set[str]:
    """The names of the tests in a file, as sentences."""
    directory, _, stem = name.rpartition("/")
    paths = [TESTS / part / directory / f"test_{stem}.py" for part in ("", "integration")]
    there = [path for path in paths if path.exists()]
    assert there, f"there is no test file {name}"
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.name.removeprefix("test_").replace("_", " ")
        for node in ast.walk(ast.parse(there[0].read_text()))
        if isinstance(node, functions) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("file", sorted({file for file, _ in claims()}))
def test_the_tests_exist(file):
    there = behaviours_of(file)

    assert there
    assert {behaviour for each, behaviour in claims() if each == file} - there <= {"all"}


@pytest.mark.parametrize(("letter", "count"), [("D", 33), ("M", 18), ("E", 24)])
def test_every_requirement_has_a_row(letter, count):
    rows = re.findall(rf"^\| {letter}(\d+) \|", PAGE.read_text(), re.MULTILINE)

    assert {int(number) for number in rows} == set(range(1, count + 1))


def test_every_row_has_a_reason_or_a_test():
    for row in PAGE.read_text().splitlines():
        if row.startswith("| ") and not row.startswith("| ---"):
            assert all(cell.strip() for cell in row.strip("|").split("|")[1:]), row
