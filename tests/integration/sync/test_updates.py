# Generated from tests/integration/aio/test_updates.py by tools/generate_sync.py: do not edit.
"""What the server makes of updates: each document that it changes can still be read."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Optional
from uuid import UUID

import pytest
from annotated_types import Len

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._plan.update import plan_update
from odmantic.bson import WithBsonSerializer
from odmantic.path import each, element, matched, where
from odmantic.query import and_, desc, raw
from odmantic.update import (
    add_to_set,
    bit,
    current_date,
    inc,
    max_,
    min_,
    mul,
    pop,
    pull,
    push,
    rename,
    set_,
    unset,
)

TextId = Annotated[UUID, WithBsonSerializer(str)]
UIDS = [UUID(int=number) for number in range(3)]


class Part(EmbeddedModel):
    n: int = 0


class Line(EmbeddedModel):
    sku: str = Field(key_name="s")
    qty: int = Field(default=1, ge=0)
    parts: list[Part] = []


class Person(Model):
    name: str = Field(primary_field=True)


class Doc(Model):
    id: int = Field(primary_field=True)
    text: str = "a"
    maybe: Optional[str] = None
    age: int = Field(default=0, ge=0, le=150)
    level: int = 3
    price: Decimal = Field(default=Decimal(0), ge=Decimal(0), le=Decimal(10), key_name="p")
    share: float = Field(default=0.0, le=1)
    seen: Optional[datetime] = None
    tags: list[str] = Field(default=[], max_length=3)
    few: Annotated[list[int], Len(1, 3)] = [1]
    ids: set[TextId] = set()
    lines: list[Line] = Field([], key_name="l")
    prefs: dict[str, int] = {}
    friend: Optional[Person] = Reference()
    top: Optional[Line] = None


def full():
    return Doc(
        id=1, age=148, level=5, price=Decimal(9), share=0.5, tags=["a", "b"], few=[1, 2], ids=set(UIDS[:1]),
        lines=[Line(sku="x", qty=7, parts=[Part(n=1), Part(n=2)]), Line(sku="y", qty=2), Line(sku="x", qty=1)],
        prefs={"a": 1}, friend=Person(name="Ann"),
    )  # fmt: skip


CHANGED = [
    ((set_(Doc.text, "b"), set_(Doc.prefs["b"], 2)), lambda d: (d.text, d.prefs), ("b", {"a": 1, "b": 2})),
    ((set_(Doc.friend, None),), lambda d: d.friend, None),
    ((set_(Doc.ids, UIDS),), lambda d: d.ids, set(UIDS)),
    ((set_(Doc.lines[each].qty, 0),), lambda d: [one.qty for one in d.lines], [0, 0, 0]),
    ((set_(Doc.lines[1], Line(sku="z")),), lambda d: d.lines[1], Line(sku="z")),
    ((set_(Doc.lines[where(Line.sku == "x")].qty, 0),), lambda d: [one.qty for one in d.lines], [0, 2, 0]),
    ((inc(Doc.lines[where((Line.qty > 5) | (Line.sku == "y"))].qty, 1),), lambda d: [o.qty for o in d.lines], [8, 3, 1]),
    ((set_(Doc.lines[where(Line.qty > 5)].parts[where(Part.n == 2)].n, 9),), lambda d: d.lines[0].parts[1].n, 9),
    ((set_(Doc.lines[where(Line.qty > 5)].qty, 0), set_(Doc.lines[where(Line.qty > 5)].sku, "b")),
     lambda d: d.lines[0].sku + str(d.lines[0].qty), "b0"),
    ((set_(Doc.tags[where(element == "a")], "z"),), lambda d: d.tags, ["z", "b"]),
    ((unset(Doc.seen), unset(Doc.prefs["a"])), lambda d: (d.seen, d.prefs), (None, {})),
    ((inc(Doc.age, 2),), lambda d: d.age, 150),
    ((inc(Doc.age, -148),), lambda d: d.age, 0),
    ((inc(Doc.price, 1),), lambda d: d.price, Decimal(10)),
    ((inc(Doc.share, 0.5),), lambda d: d.share, 1.0),
    ((mul(Doc.price, Decimal("0.5")),), lambda d: d.price, Decimal("4.5")),
    ((min_(Doc.level, 4), max_(Doc.age, 149)), lambda d: (d.level, d.age), (4, 149)),
    ((bit(Doc.level, and_=4),), lambda d: d.level, 4),
    ((rename(Doc.text, Doc.maybe),), lambda d: (d.text, d.maybe), ("a", "a")),
    ((current_date(Doc.seen),), lambda d: type(d.seen), datetime),
    ((push(Doc.tags, "c"),), lambda d: d.tags, ["a", "b", "c"]),
    ((push(Doc.tags, "c", "d", position=0, slice=3),), lambda d: d.tags, ["c", "d", "a"]),
    ((push(Doc.lines, {"sku": "q", "qty": 9}, sort=desc(Line.qty), slice=2),), lambda d: [o.qty for o in d.lines], [9, 7]),
    ((add_to_set(Doc.tags, "a", "b"),), lambda d: d.tags, ["a", "b"]),
    ((add_to_set(Doc.ids, UIDS[0], UIDS[1]),), lambda d: d.ids, set(UIDS[:2])),
    ((pull(Doc.tags, "a", {"$gt": ""}),), lambda d: d.tags, ["b"]),
    ((pull(Doc.lines, Line.sku == "x", Line.qty < 5),), lambda d: [one.qty for one in d.lines], [7, 2]),
    ((pull(Doc.tags, element > "a"),), lambda d: d.tags, ["a"]),
    ((pop(Doc.few, first=True),), lambda d: d.few, [2]),
]  # fmt: skip

# Updates after which the document could not be read: it is left as it is.
REFUSED = [
    inc(Doc.age, 3),
    inc(Doc.age, -149),
    inc(Doc.price, Decimal("1.01")),
    inc(Doc.share, 0.51),
    mul(Doc.age, 2),
    mul(Doc.price, -1),
    push(Doc.tags, "c", "d"),
    add_to_set(Doc.tags, "c", "d"),
    max_(Doc.maybe, "x"),
    set_(Doc.lines[3].qty, 1),
    set_(Doc.lines[3], Line(sku="q")),
    set_(Doc.top.sku, "x"),
    inc(Doc.top.qty, 1),
    push(Doc.lines[7].parts, Part()),
]


def _sent(engine, updates, query=None):
    """Send updates to the document."""
    plan = plan_update(Doc, updates)
    parts = [Doc.id == 1, *map(raw, plan.conditions)]
    collection = engine.get_collection(Doc)
    filters = plan.array_filters or None
    wanted = dict(and_(*parts if query is None else (*parts, query)))
    return collection.update_one(wanted, plan.document, array_filters=filters)


@pytest.mark.parametrize("number", range(4))
def test_a_document_after_an_update(sync_engine, number):
    document = full().model_dump_doc()
    collection = sync_engine.get_collection(Doc)
    collection.insert_one(document)
    for updates, look, expected in CHANGED[number::4]:
        collection.replace_one({}, document)
        result = _sent(sync_engine, updates)
        assert result.matched_count == 1, updates
        doc = sync_engine.find_one(Doc, Doc.id == 1, load=())
        assert look(doc) == expected, updates


def test_an_update_never_makes_a_document_that_cannot_be_read(sync_engine):
    sync_engine.save(full())
    for update in REFUSED:
        assert _sent(sync_engine, [update]).matched_count == 0, update
    assert sync_engine.find_one(Doc, load=()).model_dump_doc() == full().model_dump_doc()


def test_the_item_that_the_query_met(sync_engine):
    sync_engine.save(full())
    _sent(sync_engine, [inc(Doc.lines[matched].qty, 10)], Doc.lines.sku == "y")
    assert [line.qty for line in sync_engine.find_one(Doc, load=()).lines] == [7, 12, 1]


def test_a_missing_value_is_what_an_instance_has(sync_engine):
    """The server starts at 0 or with an empty list; where an instance starts elsewhere, nothing is changed."""
    sync_engine.get_collection(Doc).insert_one({"_id": 1})
    for update in (inc(Doc.level, 1), mul(Doc.level, 2), push(Doc.few, 5), inc(Doc.age, 151)):
        assert _sent(sync_engine, [update]).matched_count == 0, update
    for update in (inc(Doc.age, 2), push(Doc.tags, "a"), add_to_set(Doc.ids, UIDS[0])):
        assert _sent(sync_engine, [update]).matched_count == 1, update
    doc = sync_engine.find_one(Doc, load=())
    assert (doc.age, doc.tags, doc.ids, doc.level) == (2, ["a"], {UIDS[0]}, 3)
