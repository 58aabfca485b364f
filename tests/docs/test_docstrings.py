"""The examples in docstrings run: blocks of Python, and examples that are one expression."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from fastapi import APIRouter
from pydantic import AfterValidator, field_validator
from pymongo import AsyncMongoClient, MongoClient

import odmantic
from odmantic import fastapi
from odmantic.testing.faults import aio_inject_faults, sync_inject_faults
from odmantic.testing.rollback import AIORollbackEngine, SyncRollbackEngine

SOURCE = Path(odmantic.__file__).parent
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXPRESSION = re.compile(r"^Example:\n    `([^`]+)`$", re.MULTILINE)


class Parcel(odmantic.Model):
    code: str
    weight: float


class Ship(odmantic.Model):
    name: str = "Vega"
    tonnage: int = 0
    sunk: datetime | None = None
    flags: list[str] = []


class Voyage(odmantic.Model):
    ship: str
    leaves: int


class Address(odmantic.EmbeddedModel):
    city: str


class Shop(odmantic.Model):
    address: Address
    opened: int


class Cat(odmantic.Model, inheritance="single"):
    lives: int = 9


class Stock(odmantic.Model):
    item: str
    left: int


class Line(odmantic.EmbeddedModel):
    sku: str
    quantity: int = 1


@dataclass
class Note:
    text: str


class Order(odmantic.Model):
    item: str = "tea"
    lines: list[Line] = []
    notes: list[Note] = []


class User(odmantic.Model):
    name: str
    age: int


class Basket(odmantic.Model):
    prices: list[int] = []

    @odmantic.stored()
    @property
    def total(self) -> int:
        return sum(self.prices)


class Account(odmantic.Model):
    balance: int


async def aio_program(engine: odmantic.AIOEngine) -> None:
    await engine.save(Order())


def sync_program(engine: odmantic.SyncEngine) -> None:
    engine.save(Order())


async def aio_transfer(engine: odmantic.AIOEngine) -> None:
    await engine.count(Account)


def sync_transfer(engine: odmantic.SyncEngine) -> None:
    engine.count(Account)


async def aio_accounts(engine: odmantic.AIOEngine) -> None:
    await engine.save(Account(balance=100))


def sync_accounts(engine: odmantic.SyncEngine) -> None:
    engine.save(Account(balance=100))


@cache
def documented() -> list[tuple[str, str]]:
    """Return the names and docstrings of what may have an example: only their files are parsed."""
    texts = {path: path.read_text() for path in sorted(SOURCE.rglob("*.py"))}
    return [
        (f"{path.relative_to(SOURCE)}::{node.name}", docstring)
        for path, text in texts.items()
        if "```python" in text or "Example:" in text
        for node in definitions(ast.parse(text).body)
        if (docstring := ast.get_docstring(node))
    ]


def definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    """Give the classes and functions in a body, and those in these and in their conditions."""
    for statement in body:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield statement
        for part in ("body", "orelse"):
            yield from definitions(getattr(statement, part, []))


def examples(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [
        (name, textwrap.dedent(example))
        for name, docstring in documented()
        for example in pattern.findall(docstring)
    ]


def names_for_examples() -> dict[str, object]:
    public = {name: getattr(odmantic, name) for name in odmantic.__all__}
    driver = (Annotated, AsyncMongoClient, MongoClient)
    testing = (AIORollbackEngine, SyncRollbackEngine, aio_inject_faults, sync_inject_faults)
    models = (Parcel, Ship, Voyage, Shop, Stock, Order, Line, Note, Account, User, Basket)
    operators = {
        name: getattr(module, name)
        for module in (odmantic.query, odmantic.path, odmantic.update)
        for name in module.__all__
    }
    names = {each.__name__: each for each in (*driver, *testing, *models)}
    validators = {each.__name__: each for each in (AfterValidator, field_validator)}
    own = {"F": odmantic.F, "OnInput": odmantic.OnInput, "hashed": str.title, **validators}
    own |= {
        "Cat": Cat,
        "type_is": odmantic.type_is,
        "hook": odmantic.hook,
        "Ref": odmantic.Ref,
        "utcnow": odmantic.utcnow,
    }
    own |= {"BackReference": odmantic.BackReference, "ClassVar": ClassVar, "Load": odmantic.Load}
    own |= {"current": odmantic.current, "acting_user": ContextVar("acting_user")}
    own |= {"expr": odmantic.expr, "F": odmantic.F}
    own |= {"stored": odmantic.stored, "Datetimes": odmantic.Datetimes, "datetime": datetime}
    own |= {"BsonCodec": odmantic.BsonCodec, "register_codec": odmantic.register_codec}
    web = {"APIRouter": APIRouter, **{name: getattr(fastapi, name) for name in fastapi.__all__}}
    return {
        **public,
        **names,
        **own,
        **web,
        **operators,
        "order": Order(),
        "customer": Ship(),
    }


AIO_NAMES = {"program": aio_program, "transfer": aio_transfer, "open_accounts": aio_accounts}
SYNC_NAMES = {"program": sync_program, "transfer": sync_transfer, "open_accounts": sync_accounts}


@pytest.mark.parametrize(
    ("name", "source"),
    [each for each in examples(BLOCK) if "await" in each[1] or "async" in each[1]],
)
async def test_an_async_example_runs(name, source, make_program, aio_engine, odmantic_mongo_uri):
    surroundings = {"client": aio_engine.client, "uri": odmantic_mongo_uri, **AIO_NAMES}
    names = {**names_for_examples(), **surroundings, "engine": aio_engine}
    program = make_program(source, name, **names)
    await aio_engine.save(Stock(item="tea", left=3))

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
def test_a_sync_example_runs(name, source, make_program, sync_engine, odmantic_mongo_uri):
    surroundings = {"client": sync_engine.client, "uri": odmantic_mongo_uri, **SYNC_NAMES}
    names = {**names_for_examples(), **surroundings, "engine": sync_engine}
    program = make_program(source, name, **names)
    sync_engine.save(Stock(item="tea", left=3))

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
