"""MongoDB's other operators: the filters that they make, and the paths and operands that they refuse."""

from __future__ import annotations

import re
from collections import deque
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address
from typing import Annotated, Any, Deque, Dict, List, Literal, Optional, Set, Tuple, Union
from uuid import UUID

import bson
import pytest
from bson import Decimal128, Int64
from bson.regex import Regex
from pydantic import AnyUrl, Base64Str, BaseModel, SecretStr

from odmantic import EmbeddedModel, Field, Model, Ref, Reference, as_type, query
from odmantic.bson import WithBsonSerializer
from odmantic.exceptions import StringOperandWarning
from odmantic.path import each, element, path_of
from odmantic.query import QueryExpression, elem_match, not_, raw

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")
UID = UUID(int=7)
TextId = Annotated[UUID, WithBsonSerializer(str)]


class Colour(Enum):
    RED = "r"


class Level(IntEnum):
    LOW = 1


class Line(EmbeddedModel):
    sku: str = Field("", key_name="s")
    qty: int = 0
    price: Decimal = Decimal(0)
    tags: List[str] = []


class Note(BaseModel):
    text: str = ""


class User(Model):
    name: str = ""


class Book(Model):
    key: TextId = Field(primary_field=True)


class Item(Model):
    name: str = Field("", key_name="n")
    maybe: Optional[str] = None
    age: int = 0
    price: Decimal = Decimal(0)
    share: float = 0
    rights: bytes = b""
    level: Level = Level.LOW
    colour: Colour = Colour.RED
    word: Literal["a", "b"] = "a"
    url: Optional[AnyUrl] = None
    secret: Optional[SecretStr] = None
    address: Optional[IPv4Address] = None
    day: Optional[date] = None
    when: Optional[datetime] = None
    flag: bool = False
    coded: Base64Str = ""
    own: Annotated[int, WithBsonSerializer(str)] = 0
    tags: List[str] = Field([], key_name="t")
    prices: List[Decimal] = []
    ids: Set[TextId] = set()
    oids: List[bson.ObjectId] = []
    colours: Optional[List[Colour]] = None
    grid: List[List[Decimal]] = []
    pair: Tuple[int, Decimal] = (0, Decimal(0))
    queue: Deque[int] = deque()
    patterns: List[re.Pattern] = []
    text_or_list: Union[str, List[str]] = ""
    anything: Any = None
    any_list: List[Any] = []
    bare: list = []
    prefs: Dict[str, List[int]] = {}
    two_lists: Union[List[Line], List[int]] = []
    lazy: List[Ref[Book]] = []
    words: Dict[str, str] = {}
    lines: List[Line] = Field([], key_name="l")
    maybe_lines: Optional[List[Optional[Line]]] = None
    notes: List[Note] = []
    line: Line = Line()
    owner: User = Reference()
    readers: List[User] = Reference()
    books: List[Book] = Reference()
    shelf: Dict[str, Book] = Reference()


USER = User(id=OID)

CALLS = [
    ("is_null", Item.maybe, (), {"maybe": {"$type": "null"}}),
    ("is_null", Item.line.sku, (), {"line.s": {"$type": "null"}}),
    ("is_null", Item.owner, (), {"owner": {"$type": "null"}}),
    ("is_null", Item.readers, (), {"readers": {"$type": "null"}}),
    ("exists", Item.name, (), {"n": {"$exists": True}}),
    ("exists", Item.lines, (False,), {"l": {"$exists": False}}),
    ("exists", Item.prefs["a"], (), {"prefs.a": {"$exists": True}}),
    ("type_", Item.age, ("int", "long"), {"age": {"$type": ["int", "long"]}}),
    ("type_", Item.line, ("object",), {"line": {"$type": ["object"]}}),
    ("mod", Item.age, (4, 1), {"age": {"$mod": [4, 1]}}),
    ("mod", Item.price, (4, -1), {"price": {"$mod": [4, -1]}}),
    ("mod", Item.prices[each], (4, 1), {"prices": {"$mod": [4, 1]}}),
    ("mod", Item.level, (2, 1), {"level": {"$mod": [2, 1]}}),
    ("bits_all_set", Item.age, (5,), {"age": {"$bitsAllSet": 5}}),
    ("bits_any_set", Item.age, ([0, 70],), {"age": {"$bitsAnySet": [0, 70]}}),
    ("bits_all_clear", Item.rights, (b"\x05",), {"rights": {"$bitsAllClear": b"\x05"}}),
    ("bits_any_clear", Item.lines.qty, ((1,),), {"l.qty": {"$bitsAnyClear": [1]}}),
    ("startswith", Item.name, ("a.b",), {"n": Regex(r"^a\.b")}),
    ("startswith", Item.url, ("https://",), {"url": Regex("^https://")}),
    ("startswith", Item.address, ("10.",), {"address": Regex(r"^10\.")}),
    ("startswith", Item.own, ("1",), {"own": Regex("^1")}),
    ("startswith", Item.anything, ("a",), {"anything": Regex("^a")}),
    ("startswith", Item.lines.tags[each], ("a",), {"l.tags": Regex("^a")}),
    ("startswith", Item.name, ("",), {"n": Regex("^")}),
    ("endswith", Item.maybe, ("c$",), {"maybe": Regex(r"c\$\z")}),
    ("endswith", Item.word, ("a\0",), {"word": Regex(r"a\x00\z")}),
    ("contains", Item.name, ("x|y",), {"n": Regex(r"x\|y")}),
    ("contains", Item.colour, (Colour.RED,), {"colour": Regex("r")}),
    ("contains", Item.tags[each], ("x",), {"t": Regex("x")}),
    ("icontains", Item.name, ("(?i)",), {"n": Regex(r"\(\?i\)", "i")}),
    ("iequals", Item.name, ("A b",), {"n": Regex(r"^A\ b\z", "i")}),
    ("contains", Item.tags, ("x",), {"t": {"$eq": "x"}}),
    ("contains", Item.prices, (Decimal("1.5"),), {"prices": {"$eq": Decimal128("1.5")}}),
    ("contains", Item.ids, (UID,), {"ids": {"$eq": str(UID)}}),
    ("contains", Item.oids, (str(OID),), {"oids": {"$eq": OID}}),
    ("contains", Item.colours, (Colour.RED,), {"colours": {"$eq": "r"}}),
    ("contains", Item.grid, ([Decimal(1)],), {"grid": {"$elemMatch": {"$eq": [Decimal128("1")]}}}),
    ("contains", Item.pair, (Decimal(1),), {"pair": {"$eq": Decimal128("1")}}),
    ("contains", Item.queue, (1,), {"queue": {"$eq": 1}}),
    ("contains", Item.text_or_list, (1,), {"text_or_list": {"$eq": 1}}),
    ("contains", Item.lines, (Line(),), {"l": {"$eq": Line().model_dump_doc()}}),
    ("contains", Item.readers, (USER,), {"readers": {"$eq": OID}}),
    ("contains", Item.readers, (str(OID),), {"readers": {"$eq": OID}}),
    ("contains", Item.lazy, (UID,), {"lazy": {"$eq": str(UID)}}),
    ("startswith", Item.lazy[each], ("0",), {"lazy": Regex("^0")}),
    ("startswith", Item.notes[each], ("0",), {"notes": Regex("^0")}),
    ("contains", Item.books, (UID,), {"books": {"$eq": str(UID)}}),
    ("contains", Item.prefs["a"], (1,), {"prefs.a": {"$eq": 1}}),
    ("contains", Item.lines[0].tags, ("x",), {"l.0.tags": {"$eq": "x"}}),
    ("all_", Item.tags, (["a", "b"],), {"t": {"$all": ["a", "b"]}}),
    ("all_", Item.prices, ((Decimal(1),),), {"prices": {"$all": [Decimal128("1")]}}),
    ("all_", Item.readers, ([USER, OID],), {"readers": {"$all": [OID, OID]}}),
    ("all_", Item.tags, ([],), {"t": {"$all": []}}),
    ("all_", Item.lines, ([Line()],), {"l": {"$all": [Line().model_dump_doc()]}}),
    ("size", Item.tags, (0,), {"t": {"$size": 0}}),
    ("size", Item.readers, (2,), {"readers": {"$size": 2}}),
    ("size", Item.text_or_list, (2,), {"text_or_list": {"$size": 2}}),
    ("size", Item.anything, (2,), {"anything": {"$size": 2}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "field", "arguments", "expected"),
    CALLS,
    ids=[f"{c[0]}-{n}" for n, c in enumerate(CALLS)],
)
def test_a_call_and_what_it_makes(name, field, arguments, expected):
    made = getattr(query, name)(field, *arguments)

    assert type(made) is QueryExpression
    assert made == expected
    assert getattr(field, name)(*arguments) == expected
    assert bson.encode(made)


def test_the_patterns_are_equal_in_flags_too():
    assert query.icontains(Item.name, "x")["n"].flags == Regex("", "i").flags
    assert query.contains(Item.name, "x")["n"].flags == 0


# --- Conditions on one item ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ((Line.qty > 5, Line.sku == "x"), {"qty": {"$gt": 5}, "s": {"$eq": "x"}}),
        (((Line.qty > 5) & (Line.sku == "x"),), {"qty": {"$gt": 5}, "s": {"$eq": "x"}}),
        ((Line.qty > 5, Line.qty < 9), {"qty": {"$gt": 5, "$lt": 9}}),
        ((Line.qty != 5, Line.qty != 9), {"qty": {"$ne": 5}, "$and": [{"qty": {"$ne": 9}}]}),
        ((Line.price == Decimal(1),), {"price": {"$eq": Decimal128("1")}}),
        ((Line.sku.startswith("a"), Line.sku != "ab"), {"s": Regex("^a"), "$and": [{"s": {"$ne": "ab"}}]}),
        (((Line.qty > 5) | (Line.sku == "x"),), {"$or": [{"qty": {"$gt": 5}}, {"s": {"$eq": "x"}}]}),
        ((Line.qty > 5, (Line.qty < 9) | (Line.sku == "x")),
         {"qty": {"$gt": 5}, "$or": [{"qty": {"$lt": 9}}, {"s": {"$eq": "x"}}]}),
        ((Line.qty.in_([1]), not_(Line.sku == "x")), {"qty": {"$in": [1]}, "s": {"$not": {"$eq": "x"}}}),
        ((raw({"$where": "true"}), Line.qty > 1), {"qty": {"$gt": 1}, "$where": "true"}),
        ((Line.tags.contains("x"), elem_match(Line.tags, element > "a")),
         {"tags": {"$eq": "x", "$elemMatch": {"$gt": "a"}}}),
    ],
)  # fmt: skip
def test_conditions_on_one_embedded_object(conditions, expected):
    for field, key in ((Item.lines, "l"), (Item.maybe_lines, "maybe_lines")):
        made = elem_match(field, *conditions)
        assert type(made) is QueryExpression
        assert made == {key: {"$elemMatch": expected}}
        assert field.elem_match(*conditions) == made
        assert bson.encode(made)


@pytest.mark.parametrize(
    ("field", "conditions", "expected"),
    [
        (Item.prices, (element > 4, element < Decimal(6)), {"$gt": 4, "$lt": Decimal128("6")}),
        (Item.prices, ((element > 4) & (element < 6),), {"$gt": 4, "$lt": 6}),
        (Item.ids, (element == UID,), {"$eq": str(UID)}),
        (Item.ids, (element.in_([UID, "x"]),), {"$in": [str(UID), "x"]}),
        (Item.oids, (element != str(OID),), {"$ne": OID}),
        (Item.readers, (element == USER,), {"$eq": OID}),
        (Item.tags, (element.startswith("a"), element != "ab"), {"$regex": Regex("^a"), "$ne": "ab"}),
        (Item.prices, (not_(element > Decimal(4)),), {"$not": {"$gt": Decimal128("4")}}),
        (Item.grid, (query.size(element, 2),), {"$size": 2}),
        (Item.grid, (elem_match(element, element > Decimal(4)),), {"$elemMatch": {"$gt": Decimal128("4")}}),
        (Item.any_list, (Line.qty > 5,), {"qty": {"$gt": 5}}),
        (Item.anything, (element > 5,), {"$gt": 5}),
        (Item.two_lists, (Line.qty > 5,), {"qty": {"$gt": 5}}),
        (Item.notes, (path_of(Note, "text") == "x",), {"text": {"$eq": "x"}}),
    ],
)  # fmt: skip
def test_conditions_on_one_item(field, conditions, expected):
    made = elem_match(field, *conditions)
    ((_, value),) = made.items()
    assert value == {"$elemMatch": expected}
    assert bson.encode(made)


@pytest.mark.parametrize(
    ("field", "conditions", "error", "message"),
    [
        (Item.lines, (), TypeError, r"elem_match\(Item\.lines, \.\.\.\) takes conditions on one item"),
        (Item.lines, ({"qty": 1},), TypeError, r"write raw"),
        (Item.lines, (True,), TypeError, r"takes conditions such as"),
        (Item.lines, (Item.lines.qty > 5,), TypeError, r"l\.qty belongs to Item: write Line\.qty"),
        (as_type(Item.lines, Line), (User.name == "x",), TypeError, r"name belongs to User"),
        (Item.lines, (QueryExpression({"s": 1}),), TypeError, "s is none of these"),
        (Item.lines, (User.name < User.name,), TypeError, r"\$expr is none of these"),
        (Item.lines, (User.name == "x",), TypeError, r"name belongs to User"),
        (Item.lines, ((Line.qty > 1) | (User.name == "x"),), TypeError, r"belongs to User"),
        (Item.lines, (element > 4, Line.qty > 5), TypeError, "not on both"),
        (Item.readers, (User.name == "x",), TypeError, r"write element == "),
        (Item.tags, (Line.qty > 5,), TypeError, r"qty belongs to Line: write element"),
        (Item.prices, ((element > 4) | (element < 2),), TypeError, "joined by and only"),
        (Item.prices, (element > 4, element > 6), ValueError, r"each operator once for element, and not \$gt twice"),
        (Item.any_list, (element.in_([{"$gt": 1}]),), TypeError, r"keys in \$ by \$in"),
        (Item.any_list, (element > re.compile("x"),), TypeError, r"cannot compare element by \$gt"),
        (Item.name, (element > 4,), TypeError, r"elem_match\(Item\.name, \.\.\.\) needs a list"),
    ],
)  # fmt: skip
def test_other_conditions_are_refused(field, conditions, error, message):
    with pytest.raises(error, match=message):
        elem_match(field, *conditions)


# --- Negations and MongoDB's own language ----------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Item.age > 5, {"age": {"$not": {"$gt": 5}}}),
        (Item.name.match("^a"), {"n": {"$not": re.compile("^a")}}),
        (Item.name.startswith("a"), {"n": {"$not": Regex("^a")}}),
        (elem_match(Item.lines, Line.qty > 5), {"l": {"$not": {"$elemMatch": {"qty": {"$gt": 5}}}}}),
        ((Item.age > 5) & (Item.age < 9), {"$nor": ((Item.age > 5) & (Item.age < 9),)}),
        ({"age": 5}, {"$nor": ({"age": 5},)}),
        (raw({"age": {"$gt": 5}}), {"$nor": ({"age": {"$gt": 5}},)}),
        (QueryExpression({"age": 5}), {"$nor": ({"age": 5},)}),
        (QueryExpression(), {"$nor": ({},)}),
        (not_(Item.age > 5), {"age": {"$not": {"$not": {"$gt": 5}}}}),
    ],
)  # fmt: skip
def test_a_negation(condition, expected):
    assert type(not_(condition)) is QueryExpression
    assert not_(condition) == expected


@pytest.mark.parametrize("condition", [True, None, "x", 3, ["x"]])
def test_only_a_condition_is_negated(condition):
    with pytest.raises(TypeError, match="cannot build query"):
        not_(condition)


def test_a_raw_filter_is_what_it_was():
    given = {"$where": "true"}
    made = raw(given)
    assert made == given
    assert isinstance(made, QueryExpression)
    assert repr(made) == "raw({'$where': 'true'})"
    given["x"] = "1"
    assert made == {"$where": "true"}
    assert (made & (Item.age > 1)) == {"$and": ({"$where": "true"}, {"age": {"$gt": 1}})}


@pytest.mark.parametrize("value", [None, "x", 3, True, [{"a": 1}]])
def test_a_raw_filter_is_a_mapping(value):
    with pytest.raises(TypeError, match="raw takes a filter as a dict"):
        raw(value)


# --- What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "field", "arguments", "advice"),
    [
        ("startswith", Item.age, ("1",), "needs text, and Item.age never holds any"),
        ("endswith", Item.tags, ("a",), r"for its items write endswith\(Item\.tags\[each\], \.\.\.\)"),
        ("icontains", Item.words, ("a",), r"write icontains\(Item\.words\[key\], \.\.\.\)"),
        ("iequals", Item.owner, ("a",), "Item.owner never holds any"),
        ("startswith", Item.level, ("a",), "needs text"),
        ("startswith", Item.when, ("a",), "needs text"),
        ("startswith", Item.id, ("a",), "needs text"),
        ("contains", Item.age, (1,), "needs text or a list"),
        ("contains", Item.shelf, (1,), "never holds any"),
        ("contains", Item.text_or_list, ("x",), r"write all_\(\.\.\., \[value\]\) for an item"),
        ("contains", Item.anything, ("x",), "may be about text or about a list"),
        ("size", Item.name, (1,), r"size\(Item\.name, \.\.\.\) needs a list"),
        ("size", Item.line.sku, (1,), r"size\(Item\.line\.sku, \.\.\.\) needs a list"),
        ("size", Item.owner, (1,), "needs a list"),
        ("size", Item.coded, (-1,), "of at least 0"),
        ("all_", Item.line, ([1],), "needs a list"),
        ("all_", Item.shelf, ([1],), "needs a list"),
        ("mod", Item.name, (1, 1), "needs numbers"),
        ("mod", Item.flag, (1, 1), "needs numbers"),
        ("mod", Item.day, (1, 1), "needs numbers"),
        ("bits_all_set", Item.share, (1,), "needs integers or bytes"),
        ("bits_any_set", Item.price, (1,), "needs integers or bytes"),
        ("bits_all_clear", Item.name, (1,), "needs integers or bytes"),
        ("bits_any_clear", Item.tags, (1,), "needs integers or bytes"),
    ],
)  # fmt: skip
def test_a_path_without_such_values_is_refused(name, field, arguments, advice):
    with pytest.raises((TypeError, ValueError), match=advice) as caught:
        getattr(query, name)(field, *arguments)
    assert str(caught.value).startswith(f"{name}(Item.")


@pytest.mark.parametrize(
    ("name", "field", "arguments", "error"),
    [
        *[("startswith", Item.name, (each_,), TypeError) for each_ in (None, 5, b"a", re.compile("a"), {"$gt": ""}, ["a"])],
        *[("contains", Item.name, (each_,), TypeError) for each_ in (None, 5, {"$gt": ""}, ["a"], Level.LOW)],
        *[("size", Item.tags, (each_,), TypeError) for each_ in (None, "5", True, 1.0, {"$gt": 0}, [1])],
        *[("size", Item.tags, (each_,), ValueError) for each_ in (-1, 2**63)],
        *[("mod", Item.age, (each_, 1), TypeError) for each_ in (None, "5", True, 1.5, {"$gt": 0}, [1])],
        *[("mod", Item.age, (1, each_), TypeError) for each_ in (None, "5", False, 1.5, {"$gt": 0})],
        ("mod", Item.age, (0, 1), ValueError),
        ("mod", Item.age, (2**64, 1), ValueError),
        *[("bits_all_set", Item.age, (each_,), TypeError) for each_ in (None, "5", True, {"$gt": 0}, [1.5], ["1"], {1})],
        *[("bits_all_set", Item.age, (each_,), ValueError) for each_ in (-1, 2**63, [-1])],
        *[("exists", Item.age, (each_,), TypeError) for each_ in (None, 1, "x", {"$gt": 0})],
        ("type_", Item.age, (), TypeError),
        *[("type_", Item.age, (each_,), ValueError) for each_ in ("text", "", 2, None, "int\0", ("int",))],
        *[("all_", Item.tags, (each_,), TypeError) for each_ in (None, 5)],
    ],
)  # fmt: skip
def test_an_operand_of_another_kind_is_refused(name, field, arguments, error):
    with pytest.raises(error) as caught:
        getattr(query, name)(field, *arguments)
    if name != "all_":
        assert str(caught.value).startswith(
            f"{name}(Item.{str(+field).replace('n', 'name') if field is Item.name else ''}"
        )


@pytest.mark.parametrize("stranger", ["name", 3, None, Item, {"n": 1}])
@pytest.mark.parametrize(
    "call",
    [query.is_null, query.exists, lambda f: query.size(f, 1), lambda f: elem_match(f, element > 1),
     lambda f: query.contains(f, 1), lambda f: query.all_(f, []), lambda f: query.startswith(f, "")],
)  # fmt: skip
def test_only_a_field_can_be_asked_about(call, stranger):
    with pytest.raises(TypeError, match="expected a field of a model"):
        call(stranger)


def test_text_as_a_list_of_its_characters_is_warned_of():
    with pytest.warns(StringOperandWarning, match=r'^all_ of t .* write \["ab"\]|^all_ of t'):
        assert query.all_(Item.tags, "ab") == {"t": {"$all": ["a", "b"]}}


# --- Values never become operators -----------------------------------------------------------------

HOSTILE = [
    {"$gt": ""}, {"$elemMatch": {"$gt": 0}}, {"$regex": "^"}, {"$eq": 1}, {"$where": "true"},
    {"$ne": None}, {"$all": []}, {"$size": 0}, {"$each": [1]}, bson.SON([("$gt", "")]),
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=str)
@pytest.mark.parametrize("field", [Item.tags, Item.any_list, Item.bare, Item.lines])
def test_a_document_with_an_operator_is_an_item(field, value):
    key = str(+field)
    assert query.contains(field, value) == {key: {"$eq": value}}
    assert query.all_(field, [value]) == {"$and": ({key: {"$eq": value}},)}
    assert query.all_(field, ["a", value]) == {
        "$and": ({key: {"$all": ["a"]}}, {key: {"$eq": value}})
    }
    assert (field[each] == value) == {key: {"$eq": value}}
    assert elem_match(field, element == value) == {key: {"$elemMatch": {"$eq": value}}}


@pytest.mark.parametrize("value", [re.compile("^"), Regex("^"), [1], [[{"$gt": ""}]]], ids=str)
def test_a_pattern_or_an_array_is_an_item_too(value):
    equals = {"$elemMatch": {"$eq": value}} if isinstance(value, list) else {"$eq": value}
    assert query.contains(Item.any_list, value) == {"any_list": equals}
    assert query.all_(Item.any_list, [value]) == {"$and": ({"any_list": equals},)}


@pytest.mark.parametrize(
    "text", [".*", "^", "$", "(a+)+$", "a|b", r"\z", "[", "(?s)", "\0", "{1,", "\n"]
)
def test_text_stands_for_itself_in_a_pattern(text):
    for name in ("startswith", "endswith", "contains", "icontains", "iequals"):
        made = getattr(query, name)(Item.name, text)["n"]
        python = made.pattern.replace(r"\z", r"\Z") if text != r"\z" else None
        if python is not None:
            assert re.compile(python).search(text), (name, made)
            assert not re.compile(python).search("@")


# --- Types stored in a form of their own -----------------------------------------------------------


def test_a_type_with_a_form_of_its_own_is_compared_in_it():
    stored = Item.model_validate({"coded": "aGVsbG8=", "line": {}, "owner": USER}).model_dump_doc()[
        "coded"
    ]
    assert (Item.coded == "hello") == {"coded": {"$eq": stored}}
    assert Item.coded.in_(["hello"]) == {"coded": {"$in": [stored]}}


def test_a_form_that_the_program_defines_may_be_written():
    assert (Item.own == 5) == {"own": {"$eq": "5"}}
    assert (Item.own == "5") == {"own": {"$eq": "5"}}


# --- Two fields of one document --------------------------------------------------------------------


class Plan(Model):
    used: int = Field(0, key_name="u")
    quota: int = 0
    line: Line = Line()
    table: Dict[str, int] = {}
    lines: List[Line] = []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Plan.used > Plan.quota, {"$gt": ["$u", "$quota"]}),
        (Plan.used == Plan.line.qty, {"$eq": ["$u", "$line.qty"]}),
        (query.lte(Plan.used, Plan.table["a"]), {"$lte": ["$u", "$table.a"]}),
        (Plan.lines != Plan.line, {"$ne": ["$lines", "$line"]}),
    ],
)  # fmt: skip
def test_fields_are_compared_by_an_expression(condition, expected):
    assert condition == {"$expr": expected}
    assert next(iter(condition)).model is Plan
    assert not_(condition) == {"$nor": (condition,)}


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (Plan.used, Plan.lines.qty, "Plan.lines.qty may be several values"),
        (Plan.lines[each].qty, Plan.used, r"Plan\.lines\[each\]\.qty may be several values"),
        (element, Plan.used, "element may be several values"),
        (Plan.used, Item.age, "Plan.used and Item.age are of different documents"),
    ],
)  # fmt: skip
def test_other_fields_are_not_compared(one, other, message):
    with pytest.raises(TypeError, match=message):
        one > other  # noqa: B015 - raises


def test_integers_of_the_driver_are_integers():
    # A `range` of all of them would be searched one by one.
    assert query.mod(Item.age, Int64(4), Int64(1)) == {"age": {"$mod": [4, 1]}}
