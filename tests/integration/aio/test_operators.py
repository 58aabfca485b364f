"""What MongoDB finds by each operator and path, in documents that tell them apart."""

from __future__ import annotations

import itertools
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Optional
from uuid import UUID

import pytest

from odmantic import EmbeddedModel, Field, Model, Reference, query
from odmantic.bson import Binary, WithBsonSerializer
from odmantic.path import each, element, given, path_of
from odmantic.query import elem_match, not_, raw

TextId = Annotated[UUID, WithBsonSerializer(str)]
UIDS = [UUID(int=number) for number in range(4)]


class Colour(Enum):
    RED = "r"
    BLUE = "b"


class Part(EmbeddedModel):
    number: int = Field(key_name="n")


class Line(EmbeddedModel):
    sku: str = Field(key_name="s")
    qty: int = 0
    parts: list[Part] = Field([], key_name="ps")


class Person(Model):
    name: str = Field(primary_field=True)


class Doc(Model):
    model_config = {"extra": "allow"}

    id: int = Field(primary_field=True)
    text: str = Field("", key_name="t")
    number: int = 0
    maybe: Optional[str] = None
    mask: int = 0
    blob: Binary = Binary(b"")
    colours: set[Colour] = set()
    prices: list[Decimal] = []
    ids: list[TextId] = []
    grid: list[list[int]] = []
    lines: list[Line] = Field([], key_name="l")
    line: Optional[Line] = None
    prefs: dict[str, Decimal] = Field({}, key_name="p")
    by_number: dict[int, Line] = {}
    wild: list[Any] = []
    readers: list[Person] = Reference()


ANN, BOB = Person(name="Ann"), Person(name="Bob")

DOCS = [
    Doc(id=0),
    Doc(
        id=1, text="a.b", number=5, maybe="x", mask=0b101, colours={Colour.RED},
        prices=[Decimal("1.5"), Decimal(9)], ids=UIDS[:2], grid=[[1, 2], [3]],
        lines=[Line(sku="tea", qty=7, parts=[Part(number=1)]), Line(sku="nut", qty=1)],
        line=Line(sku="tea"), prefs={"theme": Decimal(1)}, by_number={5: Line(sku="a")},
        wild=[{"$gt": ""}, "a", [1]], readers=[ANN, BOB], extra="yes",
    ),
    Doc(
        id=2, text="Axb\n", number=8, mask=0b100, blob=Binary(b"\x05"), colours={Colour.RED, Colour.BLUE},
        prices=[Decimal(5)], ids=UIDS[2:], grid=[[1], [2]],
        lines=[Line(sku="tea", qty=1), Line(sku="nut", qty=7, parts=[Part(number=2)])],
        line=Line(sku="nut", qty=3), prefs={"theme": Decimal(2), "x": Decimal(0)}, wild=[1, 2], readers=[ANN],
    ),
    Doc(id=3, text="ß(.*)\0z", number=-3, grid=[[]], lines=[Line(sku="")], wild=["$gt"]),
]  # fmt: skip

FOUND = [
    (Doc.lines.sku == "tea", {1, 2}),
    (Doc.lines.parts.number == 2, {2}),
    (Doc.lines[0].qty > 5, {1}),
    (Doc.lines[1].sku == "nut", {1, 2}),
    (Doc.lines[each].qty == 7, {1, 2}),
    (Doc.lines[1].parts[0].number == 2, {2}),
    (Doc.prefs["theme"] == Decimal(2), {2}),
    (Doc.prefs["theme"].in_([Decimal(1), Decimal(2)]), {1, 2}),
    (Doc.by_number[5].sku == "a", {1}),
    (Doc.grid[0] == [1, 2], {1}),
    (Doc.grid[0][1] == 2, {1}),
    (Doc.readers[0] == ANN, {1, 2}),
    (given(Doc.line).sku == "nut", {2}),
    (path_of(Doc, "extra") == "yes", {1}),
    (query.is_null(Doc.maybe), {0, 2, 3}),
    (query.is_null(Doc.line.sku), set()),
    (query.exists(Doc.line.sku), {1, 2}),
    (query.exists(Doc.line.sku, False), {0, 3}),
    (query.exists(Doc.prefs["x"]), {2}),
    (query.type_(Doc.maybe, "string"), {1}),
    (query.type_(Doc.number, "int", "long"), {0, 1, 2, 3}),
    (query.mod(Doc.number, 4, 1), {1}),
    (query.mod(Doc.number, -4, -3), {3}),
    (query.bits_all_set(Doc.mask, 5), {1}),
    (query.bits_any_set(Doc.mask, [2, 0]), {1, 2}),
    (query.bits_all_clear(Doc.mask, [0]), {0, 2, 3}),
    (query.bits_any_clear(Doc.mask, 5), {0, 2, 3}),
    (query.bits_all_set(Doc.blob, b"\x05"), {2}),
    (query.startswith(Doc.text, "a."), {1}),
    (query.startswith(Doc.text, ""), {0, 1, 2, 3}),
    (query.endswith(Doc.text, "b"), {1}),
    (query.endswith(Doc.text, "b\n"), {2}),
    (query.contains(Doc.text, "(.*)\0"), {3}),
    (query.contains(Doc.text, ".b"), {1}),
    (query.icontains(Doc.text, "AX"), {2}),
    (query.iequals(Doc.text, "A.B"), {1}),
    (query.iequals(Doc.text, "axb"), set()),
    (query.contains(Doc.colours, Colour.BLUE), {2}),
    (query.contains(Doc.prices, Decimal(9)), {1}),
    (query.contains(Doc.ids, UIDS[2]), {2}),
    (query.contains(Doc.grid, [1]), {2}),
    (query.contains(Doc.grid, [[1], [2]]), set()),
    (query.contains(Doc.lines, Line(sku="")), {3}),
    (query.contains(Doc.wild, {"$gt": ""}), {1}),
    (query.contains(Doc.wild, [1]), {1}),
    (query.contains(Doc.readers, BOB), {1}),
    (query.contains(Doc.readers, "Bob"), {1}),
    (query.all_(Doc.colours, [Colour.RED, Colour.BLUE]), {2}),
    (query.all_(Doc.ids, UIDS[:2]), {1}),
    (query.all_(Doc.readers, [ANN, "Bob"]), {1}),
    (query.all_(Doc.wild, ["a", {"$gt": ""}, [1]]), {1}),
    (query.all_(Doc.wild, [{"$elemMatch": {"$gt": 0}}]), set()),
    (query.all_(Doc.wild, []), set()),
    (query.size(Doc.lines, 2), {1, 2}),
    (query.size(Doc.readers, 1), {2}),
    (query.size(Doc.grid[0], 0), {3}),
    ((Doc.lines.sku == "tea") & (Doc.lines.qty > 5), {1, 2}),
    (elem_match(Doc.lines, Line.sku == "tea", Line.qty > 5), {1}),
    (elem_match(Doc.lines, Line.qty > 5, Line.qty < 7), set()),
    (elem_match(Doc.lines, Line.qty != 7, Line.qty != 1), {3}),
    (elem_match(Doc.lines, (Line.qty > 5) | (Line.sku == "")), {1, 2, 3}),
    (elem_match(Doc.lines, not_(Line.sku == "tea"), Line.qty > 5), {2}),
    (elem_match(Doc.lines, elem_match(Line.parts, Part.number > 1)), {2}),
    (elem_match(Doc.lines, raw({"s": "tea"}), Line.qty == 1), {2}),
    (elem_match(Doc.prices, element > 4, element < 6), {2}),
    ((Doc.prices > Decimal(4)) & (Doc.prices < Decimal(6)), {1, 2}),
    (elem_match(Doc.prices, not_(element > Decimal(4))), {1}),
    (elem_match(Doc.grid, elem_match(element, element > 2)), {1}),
    (elem_match(Doc.grid, query.size(element, 2)), {1}),
    (elem_match(Doc.ids, element.in_([UIDS[3]])), {2}),
    (elem_match(Doc.wild, element.startswith("$")), {3}),
    (elem_match(Doc.readers, element == BOB), {1}),
    (not_(Doc.number > 5), {0, 1, 3}),
    (not_(Doc.text.startswith("a")), {0, 2, 3}),
    (not_(not_(Doc.number > 5)), {2}),
    (not_((Doc.number > 5) | (Doc.number < 0)), {0, 1}),
    (not_(elem_match(Doc.lines, Line.qty > 5)), {0, 3}),
    (raw({"$expr": {"$gt": ["$number", 6]}}), {2}),
]


async def test_what_is_found(aio_engine):
    await aio_engine.save_all(DOCS)

    for number, (condition, ids) in enumerate(FOUND):
        found = await aio_engine.find(Doc, condition, load=())
        assert {doc.id for doc in found} == ids, (number, condition)
    assert await aio_engine.count(Doc, *[condition for condition, ids in FOUND if 1 in ids]) == 1
    # A sort order by an item, and one of a dictionary.
    by_item = await aio_engine.find(Doc, sort=(query.desc(Doc.lines.qty), Doc.id), load=())
    assert [doc.id for doc in by_item] == [1, 2, 3, 0]
    by_value = await aio_engine.find(Doc, sort=query.desc(Doc.prefs["theme"]), limit=2, load=())
    assert [doc.id for doc in by_value] == [2, 1]


class Word(Model):
    id: int = Field(primary_field=True)
    text: str = ""


async def test_each_character_stands_for_itself(aio_engine, raw_database):
    """No text is found by another one: of two different numbers, one has a bit that the other one lacks."""
    characters = [*map(chr, [*range(128), 0x85, 0xA0, 0xDF, 0x130, 0x17F, 0x2028, 0x212A])]
    numbers = range(len(characters))
    raw_database["word"].insert_many(
        [{"_id": number, "text": characters[number]} for number in numbers]
    )
    for bit, is_set in itertools.product(range(8), (True, False)):
        some = [number for number in numbers if bool(number & 1 << bit) is is_set]
        patterns = [query.startswith(Word.text, characters[number]) for number in some]
        found = await aio_engine.find(Word, query.or_(*patterns), sort=Word.id)
        assert [word.id for word in found] == some


async def test_a_reference_inside_a_list_is_loaded_by_its_path(aio_engine):
    class Entry(EmbeddedModel):
        person: Person = Reference()

    class Log(Model):
        entries: list[Entry] = []

    await aio_engine.save(Log(entries=[Entry(person=ANN)]))

    for path in (Log.entries.person, Log.entries[each].person):
        log = await aio_engine.find_one(Log, Log.entries.person == ANN, load=[path])
        assert log.entries[0].person.name == "Ann"
    with pytest.raises(ValueError, match=r"load= of Log cannot follow .*Log\.entries\[0\]"):
        await aio_engine.find_one(Log, load=[Log.entries[0].person])
