"""Count the Python calls of odmantic's own code in one operation, warm, on a real server.

Calls of the driver, pydantic and the standard library do not count, nor does code written in C. A coroutine or
a generator counts once, however often it is resumed. The code generated for a class counts as one more module.

Counts depend on the version of Python (3.12 and later run comprehensions in their function), not on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import os
import platform
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pymongo
from pymongo import AsyncMongoClient, MongoClient

import odmantic
from odmantic import AIOEngine, EmbeddedModel, Model, SyncEngine
from odmantic.testing import LocalReplicaSet
from odmantic.update import set_

PACKAGE = Path(odmantic.__file__).parent
_WARM_UP = 3
_DOCUMENTS = 10
_GENERATED = re.compile(r"<odmantic (\w+) \d+>")


# --- what is counted ------------------------------------------------------------------------------


class Flat(Model):
    """A document of scalars."""

    name: str
    city: str = "Paris"
    age: int = 36
    is_active: bool = True


class Line(EmbeddedModel):
    """A line of an order."""

    article: str
    quantity: int


class Address(EmbeddedModel):
    """The destination of an order."""

    street: str
    city: str


class Nested(Model):
    """A document with an embedded one, a list of embedded ones and a list of strings."""

    name: str
    address: Address = Address(street="Rue 1", city="Paris")
    lines: list[Line] = [Line(article=f"article {number}", quantity=number) for number in range(3)]
    tags: list[str] = ["a", "b", "c"]


MODELS: dict[str, type[Any]] = {"flat": Flat, "nested": Nested}


@dataclass(frozen=True, slots=True)
class Subject:
    """An engine, async or sync, and a model."""

    engine: Any
    model: type[Any]
    is_async: bool

    def make(self) -> Any:
        """Return a new instance."""
        return self.model(name="new")

    def read(self, cursor: Any) -> Any:
        """Return all instances of a cursor, or an awaitable for them."""
        return cursor if self.is_async else list(cursor)


class Counted(NamedTuple):
    """The step of an operation that is counted; the others prepare it, or clean up."""

    call: Callable[[], Any]


Steps = Iterator[Callable[[], Any] | Counted]


def _save_new(subject: Subject) -> Steps:
    instance = subject.make()
    yield Counted(lambda: subject.engine.save(instance))


def _save_changed(subject: Subject) -> Steps:
    instance = subject.make()
    yield lambda: subject.engine.save(instance)
    instance.name = "changed"
    yield Counted(lambda: subject.engine.save(instance))


def _save_unchanged(subject: Subject) -> Steps:
    instance = subject.make()
    yield lambda: subject.engine.save(instance)
    yield Counted(lambda: subject.engine.save(instance))


def _find(subject: Subject) -> Steps:
    model = subject.model
    yield Counted(lambda: subject.read(subject.engine.find(model, model.name == "here")))


def _find_one(subject: Subject) -> Steps:
    model = subject.model
    yield Counted(lambda: subject.engine.find_one(model, model.name == "here"))


def _count(subject: Subject) -> Steps:
    model = subject.model
    yield Counted(lambda: subject.engine.count(model, model.name == "here"))


def _delete(subject: Subject) -> Steps:
    instance = subject.make()
    yield lambda: subject.engine.save(instance)
    yield Counted(lambda: subject.engine.delete(instance))


def _insert(subject: Subject) -> Steps:
    instance = subject.make()
    yield Counted(lambda: subject.engine.insert(instance))


def _update_one(subject: Subject) -> Steps:
    model = subject.model
    yield Counted(
        lambda: subject.engine.update_one(model, model.name == "x", set_(model.name, "y"))
    )


def _update_many(subject: Subject) -> Steps:
    model = subject.model
    yield Counted(
        lambda: subject.engine.update_many(model, model.name == "x", set_(model.name, "y"))
    )


def _delete_one(subject: Subject) -> Steps:
    model = subject.model
    yield Counted(lambda: subject.engine.delete_one(model, model.name == "x"))


def _save_new_in_transaction(subject: Subject) -> Steps:
    first, instance = subject.make(), subject.make()
    transaction = subject.engine.transaction()
    yield transaction.start
    yield lambda: transaction.save(first)
    yield Counted(lambda: transaction.save(instance))
    yield transaction.commit


def _save_changed_in_transaction(subject: Subject) -> Steps:
    instance = subject.make()
    transaction = subject.engine.transaction()
    yield transaction.start
    yield lambda: transaction.save(instance)
    instance.name = "changed"
    yield Counted(lambda: transaction.save(instance))
    yield transaction.commit


def _empty_transaction(subject: Subject) -> Steps:
    block = _async_block if subject.is_async else _sync_block
    yield Counted(lambda: block(subject.engine))


async def _async_block(engine: AIOEngine) -> None:
    async with engine.transaction():
        pass


def _sync_block(engine: SyncEngine) -> None:
    with engine.transaction():
        pass


OPERATIONS: dict[str, Callable[[Subject], Steps]] = {
    "save_new": _save_new,
    "save_changed": _save_changed,
    "save_unchanged": _save_unchanged,
    "find": _find,
    "find_one": _find_one,
    "count": _count,
    "delete": _delete,
    "insert": _insert,
    "update_one": _update_one,
    "update_many": _update_many,
    "delete_one": _delete_one,
    "save_new_in_transaction": _save_new_in_transaction,
    "save_changed_in_transaction": _save_changed_in_transaction,
    "empty_transaction": _empty_transaction,
}


# --- counting -------------------------------------------------------------------------------------


class Call(NamedTuple):
    """A call: its place, and its depth in nested calls of odmantic's."""

    depth: int
    module: str
    line: int
    function: str


@dataclass(slots=True)
class Counter:
    """A counter of the calls of odmantic's code in this thread, while its block runs."""

    calls: list[Call] = field(default_factory=list[Call])
    _frames: dict[FrameType, int] = field(default_factory=dict[FrameType, int])

    def __enter__(self) -> None:
        sys.setprofile(self._note)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        self._frames.clear()

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        # A resumed coroutine is "called" again, with the same frame.
        if event != "call" or frame in self._frames:
            return
        module = self._module(frame)
        if module is not None:
            depth = self._frames[frame] = self._depth(frame)
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name)
            self.calls.append(Call(depth, module, code.co_firstlineno, name))

    @staticmethod
    def _module(frame: FrameType) -> str | None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            return path.relative_to(PACKAGE).as_posix()
        found = _GENERATED.fullmatch(str(path))
        return f"generated for {found[1]}" if found else None

    def _depth(self, frame: FrameType) -> int:
        caller = frame.f_back
        while caller is not None and caller not in self._frames:
            caller = caller.f_back
        return 0 if caller is None else self._frames[caller] + 1


async def _calls(subject: Subject, operation: Callable[[Subject], Steps]) -> list[Call]:
    """Return the calls of an operation that has already run a few times."""
    calls: list[Call] = []
    for _ in range(_WARM_UP + 1):
        for step in operation(subject):
            counter = Counter()
            if isinstance(step, Counted):
                with counter:
                    await _run(step.call)
                calls = counter.calls
            else:
                await _run(step)
    return calls


async def _run(call: Callable[[], Any]) -> None:
    result = call()
    if inspect.isawaitable(result):
        await result


Found = dict[tuple[str, str, str], list[Call]]
"""Calls by colour, model and operation."""


def measure(uri: str, operations: Sequence[str]) -> Found:
    """Count the calls of the package imported here, in a new database."""
    database = f"odmantic_calls_{secrets.token_hex(6)}"
    with MongoClient[dict[str, Any]](uri) as client:
        try:
            return asyncio.run(_measure(uri, SyncEngine(client, database), operations))
        finally:
            client.drop_database(database)


async def _measure(uri: str, sync_engine: SyncEngine, operations: Sequence[str]) -> Found:
    found: Found = {}
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        engines = {"sync": sync_engine, "async": AIOEngine(client, sync_engine.database_name)}
        for name, model in MODELS.items():
            sync_engine.save_all([model(name="here") for _ in range(_DOCUMENTS)])
            for colour, engine in engines.items():
                subject = Subject(engine, model, is_async=colour == "async")
                for each in operations:
                    found[colour, name, each] = await _calls(subject, OPERATIONS[each])
    return found


def measure_source(source: Path, uri: str, operations: Sequence[str]) -> Found:
    """Count the calls of another package, in a new process."""
    command = [sys.executable, __file__, "--uri", uri, "--json", "--only", *operations]
    environment = os.environ | {"PYTHONPATH": str(source)}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    answer = json.loads(done.stdout)
    if Path(answer["package"]).parent != source:
        sys.exit(f"{source} holds no package odmantic")
    return {
        (colour, model, operation): [Call(*call) for call in calls]
        for colour, model, operation, calls in answer["calls"]
    }


# --- output ---------------------------------------------------------------------------------------


def table(found: Mapping[str, Found], colour: str, operations: Sequence[str]) -> str:
    """Return a Markdown table: a row per operation, with the calls and, in parentheses, their modules."""
    columns = [(model, name) for model in MODELS for name in found]
    lines = [[colour, *(" ".join(column) for column in columns)]]
    for operation in operations:
        all_calls = [found[name][colour, model, operation] for model, name in columns]
        cells = [f"{len(calls)} ({_count_modules(calls)})" for calls in all_calls]
        lines.append([operation.replace("_", " "), *cells])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_row(line, widths) for line in (lines[0], rule, *lines[1:]))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return f"| {' | '.join((cells[0].ljust(widths[0]), *padded))} |"


def _count_modules(calls: list[Call]) -> int:
    return len({call.module for call in calls})


def listing(found: Found) -> str:
    """Return the calls in order, indented by depth."""
    lines: list[str] = []
    for key, calls in found.items():
        lines.append(f"{' '.join(key)}: {len(calls)} calls, {_count_modules(calls)} modules")
        for call in calls:
            place = f"{call.module}:{call.line}"
            lines.append(f"  {place:40} {'  ' * call.depth}{call.function}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--uri", help="a replica set; without it one is started")
    add("--only", nargs="+", choices=OPERATIONS, metavar="OPERATION", help=", ".join(OPERATIONS))
    add("--list", choices=OPERATIONS, metavar="OPERATION", help="print the calls of one, in order")
    add("--json", action="store_true", help="print the calls of this package for a program")
    add(
        "--source",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="measure the package in the directory PATH as well, such as src/ of an earlier commit",
    )
    options = parser.parse_args(arguments)
    if options.uri:
        return _tell(options, options.uri)
    with LocalReplicaSet() as replica_set:
        return _tell(options, replica_set.uri)


def _tell(options: argparse.Namespace, uri: str) -> None:
    operations = [options.list] if options.list else options.only or list(OPERATIONS)
    found: dict[str, Found] = {}
    for source in options.source:
        name, _, path = source.partition("=")
        found[name] = measure_source(Path(path).resolve(), uri, operations)
    found["now"] = measure(uri, operations)
    if options.json:
        calls = [(*key, each) for key, each in found["now"].items()]
        print(json.dumps({"package": str(PACKAGE), "calls": calls}))
    elif options.list:
        for name, each in found.items():
            print(f"# {name}\n{listing(each)}")
    else:
        print(f"Python {platform.python_version()}, PyMongo {pymongo.version}: calls (modules)")
        for colour in ("async", "sync"):
            print(f"\n{table(found, colour, operations)}")


if __name__ == "__main__":
    main()
