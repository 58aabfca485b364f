"""Every snippet of the documentation runs on a real replica set and prints what it says."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
SNIPPETS = DOCS / "snippets"
# Run by pytest itself, below.
FOR_PYTEST = SNIPPETS / "testing"


def colour_of(path: Path) -> str:
    """Tell whether a snippet is a whole program, or which engine its `main` takes."""
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case ast.AsyncFunctionDef(name="main", args=ast.arguments(args=[_])):
                return "aio"
            case ast.FunctionDef(name="main", args=ast.arguments(args=[_])):
                return "sync"
    return "program"


def snippets(colour: str) -> list[str]:
    paths = (path for path in SNIPPETS.rglob("*.py") if FOR_PYTEST not in path.parents)
    return sorted(str(path.relative_to(SNIPPETS)) for path in paths if colour_of(path) == colour)


@pytest.mark.parametrize("name", snippets("program"))
def test_a_program_prints_what_it_says(name, make_program, capsys):
    if "motor" in name:
        pytest.importorskip("motor")
    program = make_program((SNIPPETS / name).read_text(), str(SNIPPETS / name))

    assert program.run() is None

    assert capsys.readouterr().out.splitlines() == program.promised
    if name.startswith("quick_start"):
        program.run()
        assert capsys.readouterr().out.splitlines() == program.promised


@pytest.mark.parametrize("name", snippets("aio"))
async def test_an_async_snippet_prints_what_it_says(name, make_program, aio_engine, capsys):
    program = make_program((SNIPPETS / name).read_text(), str(SNIPPETS / name))

    assert program.run() is None
    await program.namespace["main"](aio_engine)

    assert capsys.readouterr().out.splitlines() == program.promised


@pytest.mark.parametrize("name", snippets("sync"))
def test_a_sync_snippet_prints_what_it_says(name, make_program, sync_engine, capsys):
    program = make_program((SNIPPETS / name).read_text(), str(SNIPPETS / name))

    assert program.run() is None
    program.namespace["main"](sync_engine)

    assert capsys.readouterr().out.splitlines() == program.promised


def test_the_tests_in_the_documentation_pass(tmp_path, odmantic_mongo_uri):
    for path in FOR_PYTEST.glob("*.py"):
        shutil.copy(path, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")

    command = [sys.executable, "-m", "pytest", "--odmantic-mongo-uri", odmantic_mongo_uri]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "5 passed" in done.stdout, done.stdout + done.stderr


def test_every_snippet_is_shown():
    pages = "".join(page.read_text() for page in DOCS.rglob("*.md"))
    shown = set(re.findall(r'--8<-- "snippets/([^":]+)', pages))
    there = {str(path.relative_to(SNIPPETS)) for path in SNIPPETS.rglob("*.py")}

    assert there == {name for name in shown if name.endswith(".py")}


def test_no_page_has_python_of_its_own():
    for page in DOCS.rglob("*.md"):
        blocks = re.findall(
            r"^ *```python.*?\n(.*?)```", page.read_text(), re.DOTALL | re.MULTILINE
        )
        assert all(block.strip().startswith("--8<--") for block in blocks), page.name
