"""The code in README.md runs as it stands."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from odmantic.cli import demo

README = Path(__file__).resolve().parents[2] / "README.md"


def blocks() -> list[tuple[int, str]]:
    """The blocks of Python in the README, each with the line it starts in."""
    text = README.read_text()
    found = re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [(text.count("\n", 0, match.start(1)) + 1, match[1]) for match in found]


PROGRAMS = [block for block in blocks() if "mongodb://" in block[1]]
TESTS = [block for block in blocks() if "def test_" in block[1]]
FRAGMENTS = [block for block in blocks() if block not in PROGRAMS and block not in TESTS]


def definitions(source: str) -> str:
    """The imports and classes of a program."""
    statements = [
        statement
        for statement in ast.parse(source).body
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.ClassDef))
    ]
    return "\n".join(ast.unparse(statement) for statement in statements) + "\n"


def test_every_block_is_tried():
    assert [len(PROGRAMS), len(FRAGMENTS), len(TESTS)] == [2, 3, 1]


@pytest.mark.parametrize(("line", "source"), PROGRAMS)
def test_a_program_prints_what_it_says(line, source, make_program, capsys):
    program = make_program(source, str(README), line)

    for _ in ("the first time", "once more"):
        assert program.run() is None

        assert capsys.readouterr().out.splitlines() == program.promised


async def test_the_fragments_print_what_they_say(make_program, aio_engine, capsys):
    make_program(definitions(PROGRAMS[0][1]), str(README)).run()
    for line, source in FRAGMENTS:
        program = make_program(source, str(README), line, engine=aio_engine)

        await program.run_in_loop()

        assert capsys.readouterr().out.splitlines() == program.promised


async def test_the_transfer_moves_money(make_program, aio_engine):
    make_program(definitions(PROGRAMS[0][1]), str(README)).run()
    line, source = FRAGMENTS[0]
    program = make_program(source, str(README), line)
    program.run()
    account, transfer = program.namespace["Account"], program.namespace["transfer"]
    await aio_engine.save_all([account(owner="Ada", balance=100), account(owner="Bo")])

    await transfer(aio_engine, "Ada", "Bo", 30)
    with pytest.raises(ValueError, match="not possible"):
        await transfer(aio_engine, "Ada", "Bo", 1000)

    accounts = await aio_engine.find(account, sort=account.owner)
    assert [each.balance for each in accounts] == [70, 30]


def test_the_test_passes(tmp_path, odmantic_mongo_uri):
    source = definitions(PROGRAMS[0][1]) + TESTS[0][1]
    (tmp_path / "test_readme.py").write_text(source)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")

    command = [sys.executable, "-m", "pytest", "--odmantic-mongo-uri", odmantic_mongo_uri]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_demo_does_what_is_said():
    text = README.read_text()

    said = re.search(r"loads ([\d,]+) accounts and makes ([\d,]+) transfers, (\d+) at a time", text)
    assert [int(number.replace(",", "")) for number in said.groups()] == [
        *(len(demo.OWNERS), demo.ORDERS, demo.AT_ONCE)
    ]


def test_the_versions_are_those_of_the_package():
    needed = re.search(
        r"needs Python ([\d.]+), pydantic ([\d.]+) and PyMongo ([\d.]+)", README.read_text()
    )

    project = (README.parent / "pyproject.toml").read_text()
    patterns = (r'requires-python = ">=([\d.]+)', r'"pydantic>=([\d.]+)', r'"pymongo>=([\d.]+)')
    assert list(needed.groups()) == [re.search(pattern, project)[1] for pattern in patterns]


def test_links_lead_to_files():
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", README.read_text())

    assert links
    missing = [link for link in links if not (README.parent / link).exists()]
    assert missing == []
