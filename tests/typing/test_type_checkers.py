"""What type checkers say to a user's program, right and wrong."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import odmantic.engine

HERE = Path(__file__).parent
FILES = sorted(file.name for file in HERE.glob("*.py") if not file.name.startswith("test_"))
"""Programs: each line with a mistake has a mark that says so."""

AND = "to a checker, `a and b` and chained comparisons are one of two values, whatever these are"
TRUTH = "mypy takes whatever `__bool__` returns for true or false"
LITERAL = "pyright forgets literals when it solves a type variable"
NOT_FOUND: dict[str, dict[str, str]] = {
    "mypy": {
        'sync.find(User, F(User.name) == "a" and F(User.age) > 3)': AND,
        "sync.find(User, 3 < F(User.age) < 5)": AND,
        "sync.find(User, not F(User.age) == 3)": TRUTH,
        "if F(User.age) > 3:": TRUTH,
    },
    "pyright": {
        'sync.find(User, F(User.name) == "a" and F(User.age) > 3)': AND,
        "sync.find(User, 3 < F(User.age) < 5)": AND,
        'await engine.find(User, F(User.kind) == "cat")': LITERAL,
        'F(User.kind).set("cat")': LITERAL,
    },
}
"""The mistakes that a checker does not find, and why; all others are found by both."""


def run(directory: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
    )
    # Both say 1 for errors in what they checked, and more for errors of their own.
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def reports_of_mypy(directory: Path, plugin: str, cache: Path) -> Iterator[tuple[str, int, str]]:
    settings = directory / "mypy.ini"
    settings.write_text(f"[mypy]\nstrict = true\nplugins = {plugin}\n", encoding="utf-8")
    command = ("mypy", "--output=json", f"--cache-dir={cache}", *FILES)
    for line in run(directory, *command).splitlines():
        report = json.loads(line)
        if report["severity"] == "error":
            yield report["file"], report["line"], report["message"]


def reports_of_pyright(directory: Path) -> Iterator[tuple[str, int, str]]:
    settings = {"typeCheckingMode": "strict", "include": [*FILES]}
    # Here an expression is there only to be looked at.
    settings["reportUnusedExpression"] = False
    (directory / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    output = json.loads(run(directory, "pyright", "--pythonpath", sys.executable, "--outputjson"))
    assert output["summary"]["filesAnalyzed"] == len(FILES)
    for report in output["generalDiagnostics"]:
        if report["severity"] == "error":
            line = report["range"]["start"]["line"] + 1
            yield Path(report["file"]).name, line, report["message"]


@pytest.mark.parametrize("checker", ["mypy", "mypy with pydantic's plugin", "pyright"])
def test_a_right_program_passes_and_every_mistake_is_found(
    checker: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    name, _, plugin = checker.partition(" with ")
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    for file in FILES:
        shutil.copy(HERE / file, tmp_path)
    if name == "pyright":
        reports = reports_of_pyright(tmp_path)
    else:
        # What mypy knows of the packages is kept from run to run, as in a user's project.
        cache = pytestconfig.cache.mkdir("mypy-with-plugin" if plugin else "mypy")
        reports = reports_of_mypy(tmp_path, "pydantic.mypy" if plugin else "", cache)
    found: dict[str, dict[int, str]] = {file: {} for file in FILES}
    for file, line, message in reports:
        found[file][line] = message
    unseen: list[str] = []
    number = 0
    for file in FILES:
        lines = (HERE / file).read_text(encoding="utf-8").splitlines()
        marked = {number for number, line in enumerate(lines, start=1) if "# mistake" in line}
        number += len(marked)
        unseen += [lines[each - 1].partition("#")[0].strip() for each in marked - set(found[file])]
        false = {each: text for each, text in found[file].items() if each not in marked}
        assert false == {}, file
    assert sorted(unseen) == sorted(NOT_FOUND[name])
    assert len(unseen) < 0.05 * number


OF_THE_LIBRARY = {"dooming", "is_rolled_back", "run_once"}
"""Methods of a transaction that programs do not call."""


@pytest.mark.parametrize("kind", ["Engine", "Session", "Transaction"])
def test_the_programs_use_every_method(kind: str) -> None:
    text = "".join((HERE / file).read_text(encoding="utf-8") for file in FILES)
    names = set(dir(getattr(odmantic.engine, f"AIO{kind}"))) - OF_THE_LIBRARY

    unused = {
        name for name in names if not name.startswith("_") and not re.search(rf"\.{name}\b", text)
    }

    assert unused == set()
