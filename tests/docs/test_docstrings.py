"""The examples in docstrings run: blocks of Python, and examples that are one expression."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from pymongo import AsyncMongoClient, MongoClient

import odmantic
from odmantic.query import desc

SOURCE = Path(odmantic.__file__).parent
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXPRESSION = re.compile(r"^Example:\n    `([^`]+)`$", re.MULTILINE)


class Parcel(odmantic.Model):
    code: str
    weight: float


class Ship(odmantic.Model):
    name: str = "Vega"


class Voyage(odmantic.Model):
    ship: str
    leaves: int


class Address(odmantic.EmbeddedModel):
    city: str


class Shop(odmantic.Model):
    address: Address
    opened: int


def documented(path: Path) -> Iterator[tuple[str, str]]:
    """Give the names and docstrings in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node)
            if docstring is not None:
                yield f"{path.relative_to(SOURCE)}::{node.name}", docstring


def examples(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [
        (name, textwrap.dedent(example))
        for path in sorted(SOURCE.rglob("*.py"))
        for name, docstring in documented(path)
        for example in pattern.findall(docstring)
    ]


def names_for_examples() -> dict[str, object]:
    public = {name: getattr(odmantic, name) for name in odmantic.__all__}
    clients = {"AsyncMongoClient": AsyncMongoClient, "MongoClient": MongoClient}
    names = public | clients | {"desc": desc}
    mine = (Annotated, Parcel, Ship, Voyage, Shop)
    return {**names, **{each.__name__: each for each in mine}, "order": Ship(), "customer": Ship()}


@pytest.mark.parametrize(
    ("name", "source"),
    [each for each in examples(BLOCK) if "await" in each[1] or "async" in each[1]],
)
async def test_an_async_example_runs(name, source, make_program, aio_engine):
    program = make_program(source, name, **names_for_examples(), engine=aio_engine)

    try:
        await program.run_in_loop()
    finally:
        engine = program.namespace["engine"]
        if engine is not aio_engine:
            await engine.client.close()


@pytest.mark.parametrize(
    ("name", "source"),
    [each for each in examples(BLOCK) if "await" not in each[1] and "async" not in each[1]],
)
def test_a_sync_example_runs(name, source, make_program, sync_engine):
    program = make_program(source, name, **names_for_examples(), engine=sync_engine)

    try:
        assert program.run() is None
    finally:
        engine = program.namespace["engine"]
        if engine is not sync_engine:
            engine.client.close()


@pytest.mark.parametrize(("name", "source"), examples(EXPRESSION))
def test_an_expression_has_a_value(name, source):
    assert eval(source, names_for_examples()) is not None


def test_both_colours_have_the_same_examples():
    blocks = examples(BLOCK)

    asynchronous = sum(name.startswith("_aio") for name, _ in blocks)
    assert asynchronous == sum(name.startswith("_sync") for name, _ in blocks) >= 4


def test_what_is_public_is_documented():
    names = [getattr(odmantic, name) for name in odmantic.__all__]

    assert [name for name in names if not inspect.getdoc(name)] == []
