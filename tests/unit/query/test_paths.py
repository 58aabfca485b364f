"""Paths into lists and dictionaries: the keys that filters have for them, and what is refused."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Dict, List, Literal, Optional, Set, Tuple, Union
from uuid import UUID

import pytest
from bson import Decimal128
from pydantic import BaseModel
from typing_extensions import TypedDict

from odmantic import BsonCodec, EmbeddedModel, F, Field, Index, Model, Reference, as_type, type_is
from odmantic._query.steps import path_in
from odmantic.exceptions import ForeignFieldWarning
from odmantic.field import FieldProxy
from odmantic.path import each, element, given, matched, path_of, where
from odmantic.query import asc, eq, exists


class Colour(Enum):
    RED = "r"


class Part(EmbeddedModel):
    number: int = Field(key_name="n")


class Line(EmbeddedModel):
    sku: str = Field(key_name="s")
    size: int = 0
    contains: int = 0
    parts: List[Part] = Field([], key_name="ps")
    part: Optional[Part] = None


class Other(EmbeddedModel):
    weight: int = 0


class User(Model):
    name: str = ""
    size: int = 0


class Note(BaseModel):
    text: str


@dataclass
class Pair:
    left: int


class Row(TypedDict):
    cell: Decimal


class Order(Model):
    model_config = {"extra": "allow"}

    lines: List[Line] = Field([], key_name="l")
    maybe: Optional[List[Optional[Line]]] = None
    grid: List[List[Line]] = []
    prefs: Dict[str, Decimal] = Field({}, key_name="p")
    by_number: Dict[int, Line] = {}
    by_id: Dict[UUID, int] = {}
    by_colour: Dict[Colour, int] = {}
    by_word: Dict[Literal["a", "b"], int] = {}
    tags: Set[str] = set()
    pair: Tuple[int, Decimal] = (0, Decimal(0))
    mixed: Union[Line, Other, None] = None
    several: List[Union[Line, Other]] = []
    either: Union[List[Decimal], Dict[str, int], None] = None
    anything: Any = None
    any_keys: Dict[Any, int] = {}
    two: Union[List[int], Dict[str, int], List[str]] = []
    coded: Annotated[dict, BsonCodec(dict)] = {}
    lines_pair: Tuple[Line, Line]
    bare: dict = {}
    items: list = []
    notes: List[Note] = []
    row: Optional[Row] = None
    name: str = ""
    one: Line
    buyer: User = Reference()
    readers: List[User] = Reference()


KEYS = [
    (Order.lines.sku, "l.s", "Order.lines.sku"),
    (Order.lines.parts.number, "l.ps.n", "Order.lines.parts.number"),
    (Order.lines[0].sku, "l.0.s", "Order.lines[0].sku"),
    (Order.lines[each].sku, "l.s", "Order.lines[each].sku"),
    (Order.lines[1].parts[each].number, "l.1.ps.n", "Order.lines[1].parts[each].number"),
    (Order.lines[12], "l.12", "Order.lines[12]"),
    (Order.lines.part.number, "l.part.n", "Order.lines.part.number"),
    (Order.maybe.sku, "maybe.s", "Order.maybe.sku"),
    (Order.maybe[0].sku, "maybe.0.s", "Order.maybe[0].sku"),
    (Order.grid[0].sku, "grid.0.s", "Order.grid[0].sku"),
    (Order.grid[0][1].sku, "grid.0.1.s", "Order.grid[0][1].sku"),
    (Order.prefs["theme"], "p.theme", "Order.prefs['theme']"),
    (Order.prefs["with space"], "p.with space", "Order.prefs['with space']"),
    (Order.by_number[5].sku, "by_number.5.s", "Order.by_number[5].sku"),
    (Order.by_id[UUID(int=7)], f"by_id.{UUID(int=7)}", f"Order.by_id[{UUID(int=7)!r}]"),
    (Order.by_colour[Colour.RED], "by_colour.r", "Order.by_colour[<Colour.RED: 'r'>]"),
    (Order.by_colour["r"], "by_colour.r", "Order.by_colour['r']"),
    (Order.by_word["a"], "by_word.a", "Order.by_word['a']"),
    (Order.tags[each], "tags", "Order.tags[each]"),
    (Order.pair[1], "pair.1", "Order.pair[1]"),
    (Order.either[0], "either.0", "Order.either[0]"),
    (Order.either["a"], "either.a", "Order.either['a']"),
    (Order.anything["a"][0]["b"], "anything.a.0.b", "Order.anything['a'][0]['b']"),
    (Order.any_keys[5], "any_keys.5", "Order.any_keys[5]"),
    (Order.two[each], "two", "Order.two[each]"),
    (Order.two["a"], "two.a", "Order.two['a']"),
    (Order.coded["a"]["b"], "coded.a.b", "Order.coded['a']['b']"),
    (Order.pair[each], "pair", "Order.pair[each]"),
    (Order.lines_pair[1].sku, "lines_pair.1.s", "Order.lines_pair[1].sku"),
    (Order.bare["a"], "bare.a", "Order.bare['a']"),
    (Order.items[each], "items", "Order.items[each]"),
    (Order.row["cell"], "row.cell", "Order.row['cell']"),
    (Order.readers[0], "readers.0", "Order.readers[0]"),
    (as_type(Order.mixed, Other).weight, "mixed.weight", "Order.mixed.weight"),
    (as_type(Order.several, Other).weight, "several.weight", "Order.several.weight"),
    (as_type(Order.several[0], Line).sku, "several.0.s", "Order.several[0].sku"),
    (given(Order.maybe)[0].sku, "maybe.0.s", "Order.maybe[0].sku"),
    (path_of(Order, "lines").sku, "l.s", "Order.lines.sku"),
    (path_of(Order, "undeclared"), "undeclared", "Order['undeclared']"),
    (path_of(Note, "text"), "text", "Note.text"),
    (path_of(Pair, "left"), "left", "Pair.left"),
    (path_of(Row, "cell"), "cell", "Row.cell"),
    (Line.parts.number, "ps.n", "Line.parts.number"),
]


@pytest.mark.parametrize(("path", "key", "shown"), KEYS, ids=[key for _, key, _ in KEYS])
def test_a_path_has_the_keys_of_documents(path, key, shown):
    assert isinstance(path, FieldProxy)
    assert +path == key
    assert ++path == f"${key}"
    assert (path == None) == {key: {"$eq": None}}  # noqa: E711 - a filter
    assert asc(path) == {key: 1}
    assert repr(path) == f"<FieldProxy {key!r}>"
    assert str(object.__getattribute__(path, "_path")) == shown


def test_a_path_knows_where_it_starts():
    assert (+Order.lines[0].sku).model is Order
    assert (+Order.prefs["a"]).model is Order
    assert (+Line.parts.number).model is Line


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Order.prefs["a"] == Decimal("1.5"), {"p.a": {"$eq": Decimal128("1.5")}}),
        (Order.pair[1] > Decimal(1), {"pair.1": {"$gt": Decimal128("1")}}),
        (Order.lines[0] == Line(sku="x"), {"l.0": {"$eq": {
            "s": "x", "size": 0, "contains": 0, "ps": [], "part": None}}}),
        (Order.lines.parts == [Part(number=1)], {"l.ps": {"$eq": [{"n": 1}]}}),
        (Order.lines.part == Part(number=1), {"l.part": {"$eq": {"n": 1}}}),
        (Order.row["cell"].in_([Decimal(1)]), {"row.cell": {"$in": [Decimal128("1")]}}),
        (Order.readers[0] == User(id="0" * 24), {"readers.0": {"$eq": User(id="0" * 24).id}}),
        (Order.readers[0].in_(["1" * 24]), {"readers.0": {"$in": [User(id="1" * 24).id]}}),
        (Order.anything["a"] == Colour.RED, {"anything.a": {"$eq": "r"}}),
    ],
)  # fmt: skip
def test_operands_have_the_form_of_what_is_there(condition, expected):
    assert condition == expected


@pytest.mark.parametrize("name", ["size", "contains"])
def test_a_field_wins_over_the_operator_of_its_name(name):
    for path, key in ((Order.lines, "l"), (Order.one, "one"), (Order.lines[0], "l.0")):
        assert +getattr(path, name) == f"{key}.{name}"
    assert exists(Order.lines) == {"l": {"$exists": True}}


# --- Keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "a.b", ".", "$set", "$", "a\0", "\0", "$[]", "a.$", "$where"])
def test_a_key_that_leads_elsewhere_is_refused(key):
    for path in (Order.prefs, Order.anything, Order.bare, Order.either):
        with pytest.raises(
            ValueError, match=r"a key in a path is not empty, does not begin with \$"
        ):
            path[key]
    with pytest.raises(ValueError, match="a key in a path"):
        path_of(Order, key)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (Order.prefs, 5), (Order.prefs, None), (Order.prefs, b"a"), (Order.prefs, {"$gt": ""}),
        (Order.prefs, ["a"]), (Order.prefs, each), (Order.prefs, matched), (Order.prefs, slice(1)),
        (Order.any_keys, (1, 2)),
        (Order.by_number, "5"), (Order.by_number, True), (Order.by_id, "x"), (Order.by_colour, "x"),
        (Order.lines, "0"), (Order.lines, slice(1)), (Order.lines, 1.0), (Order.lines, None),
        (Order.lines, True), (Order.name, 0), (Order.name, "a"), (Order.one, 0), (Order.one, "sku"),
        (Order.buyer, 0), (Order.id, 0), (Order.row, "other"), (Order.either, None),
    ],
)  # fmt: skip
def test_a_place_that_is_not_there_is_refused(path, key):
    with pytest.raises(TypeError, match=r"^Order\."):
        path[key]


def test_a_tuple_has_its_items():
    for number in (2, -3, 10):
        with pytest.raises(ValueError, match=r"Order\.pair has 2 items"):
            Order.pair[number]


# --- Places without a meaning in filters -----------------------------------------------------------


def test_a_filter_counts_from_the_beginning():
    path = Order.tags[-1]
    with pytest.raises(
        ValueError, match=r"Order\.tags\[-1\]: a filter counts .* Order\.tags\[each\]"
    ):
        path == "x"  # noqa: B015 - raises


@pytest.mark.parametrize("place", [matched, where(Line.sku == "x")])
def test_places_of_updates_are_refused_in_filters(place):
    path = Order.lines[place].sku
    for call in (lambda: path == "x", lambda: +path, lambda: asc(path)):
        with pytest.raises(
            ValueError, match=r"^Order\.lines\[.*\]: .*elem_match\(Order\.lines, \.\.\.\)"
        ):
            call()
    assert "Order.lines[" in repr(path)


@pytest.mark.parametrize(
    "conditions", [(), (User.name == "x",), (Order.lines.sku == "x",), ("x",), ({"s": 1},), (element > 4, Line.sku == "x")]
)  # fmt: skip
def test_a_place_is_described_by_conditions_on_its_class(conditions):
    with pytest.raises(TypeError, match=r"^where\(Order\.lines, \.\.\.\) takes conditions"):
        Order.lines[where(*conditions)]


# --- What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Order.lines.weight, r"operator weight not allowed for ODMEmbeddedGeneric fields$"),
        (lambda: Order.lines.gt, r"operator gt not allowed for ODMEmbeddedGeneric fields$"),
        (lambda: Order.by_number.sku, r"for ODMEmbeddedGeneric fields: write Order\.by_number\[key\]\.sku"),
        (lambda: Order.lines_pair.sku, r": write Order\.lines_pair\[0\]\.sku"),
        (lambda: Order.mixed.weight, r": write as_type\(Order\.mixed, Other\)\.weight"),
        (lambda: Order.lines[0].weight, r"^attribute weight not found in Line$"),
        (lambda: Order.prefs["a"].foo, r"operator foo not allowed for Order\.prefs\['a'\]"),
        (lambda: Order.grid.sku, r"operator sku not allowed for ODMField fields"),
    ],
)  # fmt: skip
def test_an_unknown_name_says_where_it_is(call, message):
    with pytest.raises(AttributeError, match=message):
        call()


@pytest.mark.parametrize("path", [Order.readers, Order.readers[0], Order.readers[each]])
@pytest.mark.parametrize("name", ["name", "size"])
def test_references_are_not_followed_in_containers_either(path, name):
    with pytest.raises(NotImplementedError, match="filtering across references"):
        getattr(path, name)


@pytest.mark.parametrize("path", [Order.name, Order.lines, Order.prefs, Order.one, Order.lines[0]])
def test_a_field_is_neither_iterated_nor_searched(path):
    with pytest.raises(TypeError):
        iter(path)
    with pytest.raises(TypeError):
        [*path]
    with pytest.raises(TypeError):
        "x" in path  # noqa: B015 - raises


@pytest.mark.parametrize("stranger", [None, "x", 3, Order, Order.one == None])  # noqa: E711 - a filter
def test_given_takes_fields_only(stranger):
    with pytest.raises(TypeError, match="expected a field of a model"):
        given(stranger)


@pytest.mark.parametrize(("cls", "name"), [(Note, "x"), (User, "x"), (Pair, "right"), (Row, "x")])
def test_a_field_that_is_not_there_has_no_path(cls, name):
    with pytest.raises(ValueError, match=r"has no field '(x|right)'"):
        path_of(cls, name)


@pytest.mark.parametrize("cls", [int, "Note", None, 3, List[int]])
def test_a_class_without_fields_has_no_paths(cls):
    with pytest.raises(TypeError, match="path_of takes a class with fields"):
        path_of(cls, "x")


# --- Where paths go --------------------------------------------------------------------------------


def test_paths_are_for_sort_orders_and_indexes():
    assert asc(Order.lines.sku) == {"l.s": 1}
    index = Index(Order.lines.sku, Order.prefs["a"]).to_odm_index()
    assert index.get_index_specifier() == [("l.s", 1), ("p.a", 1)]


def test_a_condition_with_a_path_can_be_pickled():
    condition = (Order.lines[0].sku == "x") & exists(Order.prefs["a"])
    assert pickle.loads(pickle.dumps(condition)) == condition


@pytest.mark.parametrize(
    "field",
    [
        *(Order.id, Order.lines, Order.lines.sku, Order.lines[0].sku, Order.prefs["a"]),
        *(F(Order.id), F(Order.lines[each].sku)),
    ],
    ids=repr,
)
def test_copies_of_a_field_are_the_field(field):
    assert copy.copy(field) is field
    assert copy.deepcopy([field])[0] is field


@pytest.mark.parametrize(
    "field", [Order.id, Order.lines, Order.lines.sku, F(Order.id), F(Order.lines.sku)], ids=repr
)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_field_is_pickled_by_its_names(field, protocol):
    again = pickle.loads(pickle.dumps(field, protocol))
    assert type(again) is type(field)
    assert repr(again) == repr(field)
    assert path_in(again).step is path_in(field).step
    assert path_in(again).is_typed == path_in(field).is_typed


@pytest.mark.parametrize("field", [Order.lines[0], F(Order.lines[each].sku), element], ids=repr)
def test_a_path_with_places_is_not_pickled(field):
    with pytest.raises(TypeError, match="cannot be pickled: only the path of a field by names can"):
        pickle.dumps(field)


def test_a_class_may_be_asked_for_among_items():
    class Shape(EmbeddedModel):
        model_config = {"inheritance": "single"}

    class Circle(Shape):
        radius: int = 0

    class Drawing(Model):
        shapes: List[Shape] = []

    assert type_is(Drawing.shapes[0], Circle) == {"shapes.0._type": "Circle"}
    assert type_is(Drawing.shapes[each], Circle) == {"shapes._type": "Circle"}
    assert +as_type(Drawing.shapes[0], Circle).radius == "shapes.0.radius"
    with pytest.raises(AttributeError, match=r"write as_type\(\.\.\., Circle\)\.radius"):
        Drawing.shapes.radius


def test_each_access_of_a_nested_field_gives_the_same_path():
    assert Order.one.part.number is Order.one.part.number
    assert eq(Order.one.part.number, 1) == {"one.part.n": {"$eq": 1}}


def test_a_path_of_another_class_is_foreign():
    from odmantic._plan.filters import build_filter

    with pytest.warns(ForeignFieldWarning, match="'l.0.s' comes from a field of Order"):
        build_filter((Order.lines[0].sku == "x",), User)
    with pytest.warns(ForeignFieldWarning, match="comes from a field of Row"):
        build_filter((path_of(Row, "cell") == 1,), User)
    with pytest.raises(TypeError, match="element"):
        build_filter((element > 4,), User)
