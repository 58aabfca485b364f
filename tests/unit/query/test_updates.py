"""Updates: what is sent for each, which values they take, and under which conditions the server computes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Dict, List, Literal, Optional, Set, Tuple
from uuid import UUID

import bson
import pytest
from annotated_types import Len
from bson import Decimal128
from bson.timestamp import Timestamp
from pydantic import ValidationError, field_validator, model_validator

from odmantic import EmbeddedModel, Field, Model, Ref, Reference, stored
from odmantic._plan.update import plan_update
from odmantic.bson import WithBsonSerializer
from odmantic.path import each, element, matched, path_of, where
from odmantic.query import asc, desc, raw
from odmantic.update import (
    Update,
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
    set_on_insert,
    unset,
)

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")
UID = UUID(int=7)


class Colour(Enum):
    RED = "r"


class Part(EmbeddedModel):
    n: int = 0


class Line(EmbeddedModel):
    sku: str = Field(key_name="s")
    qty: int = Field(default=1, ge=0)
    parts: List[Part] = []


class Address(EmbeddedModel):
    city: str = Field(key_name="c")
    code: str = ""


class User(Model):
    email: str = ""


class Order(Model):
    model_config = {"extra": "allow", "arbitrary_types_allowed": True}

    name: str = ""
    nick: Optional[str] = Field(default=None, store_none=False)
    age: int = Field(default=0, ge=0, le=150)
    left: int = Field(default=0, ge=0)
    score: int = 0
    step: int = Field(default=0, multiple_of=5)
    level: int = 3
    maybe: Optional[int] = None
    total: Decimal = Decimal(0)
    price: Decimal = Field(default=Decimal(0), ge=Decimal(0), key_name="p")
    share: float = Field(default=0.0, lt=1)
    flag: bool = False
    colour: Colour = Colour.RED
    uid: Annotated[UUID, WithBsonSerializer(str)] = UID
    day: Optional[date] = None
    seen: Optional[datetime] = None
    stamp: Optional[Timestamp] = None
    tags: List[str] = Field(default=[], max_length=3)
    few: Annotated[List[int], Len(2, 4)] = [1, 2]
    ids: Set[Annotated[UUID, WithBsonSerializer(str)]] = set()
    pair: Tuple[int, int] = (0, 0)
    lines: List[Line] = []
    prefs: Dict[str, int] = {}
    home: Optional[Address] = None
    needed: str
    there: Address
    place: Address = Address(city="Ulm")
    customer: User = Reference()
    readers: List[User] = Reference()
    friend: Optional[User] = Reference()

    @stored()
    @property
    def twice(self) -> int:
        return self.age * 2


USER = User(id=OID)
LINE = {"s": "x", "qty": 1, "parts": []}

SENT = [
    (set_(Order.name, "Ada"), {"$set": {"name": "Ada"}}),
    (set_(Order.age, "3"), {"$set": {"age": 3}}),
    (set_(Order.price, 2), {"$set": {"p": Decimal128("2")}}),
    (set_(Order.uid, str(UID)), {"$set": {"uid": str(UID)}}),
    (set_(Order.colour, "r"), {"$set": {"colour": "r"}}),
    (set_(Order.home, {"city": "Ulm"}), {"$set": {"home": {"c": "Ulm", "code": ""}}}),
    (set_(Order.home.city, "Ulm"), {"$set": {"home.c": "Ulm"}}),
    (set_(Order.home, None), {"$set": {"home": None}}),
    (set_(Order.nick, None), {"$unset": {"nick": ""}}),
    (set_(Order.lines, [Line(sku="x")]), {"$set": {"lines": [LINE]}}),
    (set_(Order.lines[0], Line(sku="x")), {"$set": {"lines.0": LINE}}),
    (set_(Order.lines[0].qty, 5), {"$set": {"lines.0.qty": 5}}),
    (set_(Order.lines[each].qty, 5), {"$set": {"lines.$[].qty": 5}}),
    (set_(Order.lines[matched].qty, 5), {"$set": {"lines.$.qty": 5}}),
    (set_(Order.prefs["a"], "5"), {"$set": {"prefs.a": 5}}),
    (set_(Order.customer, USER), {"$set": {"customer": OID}}),
    (set_(Order.customer, str(OID)), {"$set": {"customer": OID}}),
    (set_(Order.friend, None), {"$set": {"friend": None}}),
    (set_(Order.readers, [USER, OID]), {"$set": {"readers": [OID, OID]}}),
    (set_(path_of(Order, "extra"), {"$inc": 1}), {"$set": {"extra": {"$inc": 1}}}),
    (unset(Order.seen), {"$unset": {"seen": ""}}),
    (unset(Order.prefs["a"]), {"$unset": {"prefs.a": ""}}),
    (unset(Order.home.city, bounded=False), {"$unset": {"home.c": ""}}),
    (inc(Order.score, 2), {"$inc": {"score": 2}}),
    (inc(Order.total, 2), {"$inc": {"total": Decimal128("2")}}),
    (inc(Order.lines[each].qty, -5), {"$inc": {"lines.$[].qty": -5}}),
    (inc(Order.step, 10), {"$inc": {"step": 10}}),
    (mul(Order.total, Decimal("1.1")), {"$mul": {"total": Decimal128("1.1")}}),
    (min_(path_of(Order, "extra"), 5), {"$min": {"extra": 5}}),
    (rename("old", Order.name), {"$rename": {"old": "name"}}),
    (rename(Order.name, "old"), {"$rename": {"name": "old"}}),
    (rename(Order.name, Order.home.code), {"$rename": {"name": "home.code"}}),
    (current_date(Order.seen), {"$currentDate": {"seen": True}}),
    (current_date(Order.stamp), {"$currentDate": {"stamp": {"$type": "timestamp"}}}),
    (push(Order.lines, {"sku": "x"}), {"$push": {"lines": {"$each": [LINE]}}}),
    (
        push(Order.lines, Line(sku="x"), position=0, slice=-10, sort=desc(Line.qty)),
        {"$push": {"lines": {"$each": [LINE], "$position": 0, "$slice": -10, "$sort": {"qty": -1}}}},
    ),
    (push(Order.tags, slice=-3, sort=1), {"$push": {"tags": {"$each": [], "$slice": -3, "$sort": 1}}}),
    (push(Order.readers, USER, OID), {"$push": {"readers": {"$each": [OID, OID]}}}),
    (push(Order.lines[0].parts, Part(n=1)), {"$push": {"lines.0.parts": {"$each": [{"n": 1}]}}}),
    (add_to_set(Order.ids, UID), {"$addToSet": {"ids": {"$each": [str(UID)]}}}),
    (pull(Order.tags, "a", "b"), {"$pullAll": {"tags": ["a", "b"]}}),
    (pull(Order.ids, UID), {"$pullAll": {"ids": [str(UID)]}}),
    (pull(Order.tags, {"$gt": 1}), {"$pullAll": {"tags": [{"$gt": 1}]}}),
    (pull(Order.lines, Line.qty == 0), {"$pull": {"lines": {"qty": {"$eq": 0}}}}),
    (pull(Order.lines, Line.qty == 0, Line.sku != "x"), {"$pull": {"lines": {"qty": {"$eq": 0}, "s": {"$ne": "x"}}}}),
    (pull(Order.tags, element < "b"), {"$pull": {"tags": {"$lt": "b"}}}),
    (pop(Order.tags), {"$pop": {"tags": 1}}),
    (pop(Order.tags, first=True), {"$pop": {"tags": -1}}),
    (bit(Order.score, or_=5), {"$bit": {"score": {"or": 5}}}),
]  # fmt: skip


@pytest.mark.parametrize(("update", "document"), SENT, ids=[repr(update) for update, _ in SENT])
def test_an_update_and_what_is_sent_for_it(update, document):
    assert type(update) is Update
    plan = plan_update(Order, (update,))
    assert (plan.document, plan.array_filters) == (document, [])
    assert bson.encode(document)


def test_several_updates_are_one():
    plan = plan_update(
        Order, (set_(Order.name, "x"), inc(Order.score, 1), set_(Order.total, 1), unset(Order.seen))
    )
    assert plan.document == {
        "$set": {"name": "x", "total": Decimal128("1")},
        "$inc": {"score": 1},
        "$unset": {"seen": ""},
    }


def test_an_update_is_printed_as_it_is_written():
    assert repr(inc(Order.lines[each].qty, 1)) == "inc(Order.lines[each].qty, 1)"
    assert repr(push(Order.tags, "a")) == "push(Order.tags, 'a')"
    with pytest.raises(AttributeError):
        inc(Order.score, 1).operand = 5


# --- Items that are met ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("updates", "document", "filters"),
    [
        (
            (set_(Order.lines[where(Line.sku == "x")].qty, 0),),
            {"$set": {"lines.$[e0].qty": 0}},
            [{"e0.s": {"$eq": "x"}}],
        ),
        (
            (inc(Order.lines[where(Line.sku == "x")].qty, 1), set_(Order.lines[where(Line.sku == "x")].sku, "y")),
            {"$inc": {"lines.$[e0].qty": 1}, "$set": {"lines.$[e0].s": "y"}},
            [{"e0.s": {"$eq": "x"}}],
        ),
        (
            (inc(Order.lines[where(Line.qty > 5)].parts[where(Part.n == 2)].n, 1),),
            {"$inc": {"lines.$[e0].parts.$[e1].n": 1}},
            [{"e0.qty": {"$gt": 5}}, {"e1.n": {"$eq": 2}}],
        ),
        (
            (set_(Order.tags[where(element > "a", element < "c")], "b"),),
            {"$set": {"tags.$[e0]": "b"}},
            [{"e0": {"$gt": "a", "$lt": "c"}}],
        ),
        (
            (set_(Order.lines[where((Line.qty > 5) | (Line.sku == "x"))].qty, 0),),
            {"$set": {"lines.$[e0].qty": 0}},
            [{"$or": [{"e0.qty": {"$gt": 5}}, {"e0.s": {"$eq": "x"}}]}],
        ),
    ],
)  # fmt: skip
def test_conditions_on_items_are_array_filters(updates, document, filters):
    plan = plan_update(Order, updates)
    assert plan.document == document
    assert plan.array_filters == filters


def test_a_matched_item_needs_a_query():
    assert plan_update(Order, (inc(Order.lines[matched].qty, 1),)).matched == ("lines",)


@pytest.mark.parametrize("operator", ["$where", "$expr", "$text", "$near"])
def test_some_conditions_are_for_no_item(operator):
    with pytest.raises(TypeError, match=rf"array filters have no \{operator}"):
        plan_update(Order, (set_(Order.lines[where(raw({"s": {operator: 1}}))].qty, 0),))


# --- Values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "title", "loc"),
    [
        (lambda: set_(Order.age, 151), "set_ Order.age", ("age",)),
        (lambda: set_(Order.age, {"$inc": 1}), "set_ Order.age", ("age",)),
        (lambda: set_(Order.home.city, 5), "set_ Order.home.city", ("home", "city")),
        (lambda: push(Order.tags, 5), "push Order.tags", ("tags", "each")),
        (lambda: push(Order.lines, {"sku": 5}), "push Order.lines", ("lines", "each", "sku")),
        (lambda: push(Order.tags, {"$each": ["a"]}), "push Order.tags", ("tags", "each")),
        (lambda: add_to_set(Order.ids, "x"), "add_to_set Order.ids", ("ids", "each")),
        (lambda: set_(Order.lines[each].qty, -1), "set_ Order.lines[each].qty", ("lines", "each", "qty")),
        (lambda: set_(Order.lines[0].qty, "x"), "set_ Order.lines[0].qty", ("lines", 0, "qty")),
        (lambda: set_(Order.prefs["a"], "x"), "set_ Order.prefs['a']", ("prefs", "a")),
        (lambda: set_(Order.customer, {"$gt": ""}), "set_ Order.customer", ("customer", "is-instance[ObjectId]")),
        (lambda: set_on_insert(Order.few, [1]), "set_on_insert Order.few", ("few",)),
    ],
)  # fmt: skip
def test_values_are_validated_like_assignments(call, title, loc):
    with pytest.raises(ValidationError) as caught:
        call()
    assert caught.value.title == title
    assert caught.value.errors()[0]["loc"] == loc


class Open(Model):
    any_value: Any = None
    any_list: List[Any] = []
    shelf: Dict[str, User] = Reference()
    lazy: Optional[Ref[User]] = None


class Node(EmbeddedModel):
    value: int = 0
    below: Optional[Node] = None


class Tree(Model):
    node: Node = Node()


class Animal(Model):
    model_config = {"inheritance": "single", "discriminator": "kind"}

    kind: Literal["animal"] = "animal"


def test_values_of_more_kinds():
    assert push(Open.any_value, 5).operand == {"$each": [5]}
    assert inc(Open.any_value, 1.5).operand == 1.5
    assert mul(Order.lines[each].qty, 2).guards == ()
    assert set_(Open.shelf, {"a": USER}).operand == {"a": OID}
    assert set_(Open.shelf["a"], str(OID)).operand == OID
    assert set_(Open.lazy, Ref.to(User, OID)).operand == OID
    assert set_(Tree.node.below, {"value": "5"}).operand == {"value": 5, "below": None}
    with pytest.raises(ValidationError):
        set_(Tree.node.below.value, "x")


HOSTILE = [
    {"$inc": 1}, {"$each": [1], "$slice": 1}, {"$gt": ""}, "$name", "$$ROOT", [{"$each": []}], {"a.b": 1},
    {"$position": 0}, {"$literal": 1}, bson.Code("true"), bson.SON([("$set", 1)]),
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=str)
def test_values_never_become_operators(value):
    assert set_(Open.any_value, value).operand == value
    assert set_on_insert(path_of(Order, "extra"), value).operand == value
    assert push(Open.any_list, value).operand == {"$each": [value]}
    assert add_to_set(Open.any_list, value).operand == {"$each": [value]}
    assert pull(Open.any_list, value).operand == [value]
    assert pull(Open.any_list, value).operator == "$pullAll"
    assert max_(Open.any_value, value).operand == value


class Strict(Model):
    model_config = {"strict": True}

    number: int = 0
    text: str = ""

    @field_validator("text")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()

    @model_validator(mode="after")
    def _never(self) -> Any:
        raise AssertionError("validators of whole instances do not run")


def test_what_a_class_says_of_a_field_counts():
    assert set_(Strict.text, "ABC").operand == "abc"
    with pytest.raises(ValidationError):
        set_(Strict.number, "3")


# --- Bounds ----------------------------------------------------------------------------------------


def sum_of(key, amount, operator, limit, name="$add"):
    return {"$expr": {operator: [{name: [{"$ifNull": [f"${key}", 0]}, amount]}, limit]}}


@pytest.mark.parametrize(
    ("update", "conditions"),
    [
        (inc(Order.age, 2), [{"age": {"$not": {"$gt": 148}}}]),
        (inc(Order.age, 151), [{"age": {"$exists": True}}, {"age": {"$not": {"$gt": -1}}}]),
        (inc(Order.left, -3), [{"left": {"$exists": True}}, {"left": {"$not": {"$lt": 3}}}]),
        (inc(Order.left, 3), []),
        (inc(Order.left, -3, bounded=False), []),
        (inc(Order.level, 1), [{"level": {"$exists": True}}]),
        (inc(Order.maybe, 1), [{"maybe": {"$ne": None}}]),
        (inc(Order.price, -1), [{"p": {"$exists": True}}, sum_of("p", Decimal128("-1"), "$gte", Decimal128("0"))]),
        (inc(Order.share, 0.5), [sum_of("share", 0.5, "$lt", 1)]),
        (mul(Order.age, 2), [sum_of("age", 2, "$gte", 0, "$multiply"), sum_of("age", 2, "$lte", 150, "$multiply")]),
        (min_(Order.level, 1), [{"level": {"$exists": True}}]),
        (max_(Order.maybe, 1), [{"maybe": {"$ne": None}}]),
        (push(Order.tags, "a", "b"), [{"tags.1": {"$exists": False}}]),
        (push(Order.tags, "a", slice=-3), []),
        (push(Order.tags, "a", slice=4), [{"tags.2": {"$exists": False}}]),
        (push(Order.few, 1), [{"few": {"$exists": True}}, {"few.3": {"$exists": False}}]),
        (pop(Order.few), [{"few.2": {"$exists": True}}]),
        (add_to_set(Order.tags, "a"), [
            {"$or": [{"tags.2": {"$exists": False}}, {"$and": [{"tags": {"$elemMatch": {"$eq": "a"}}}]}]}]),
        (set_(Order.age, 5), []),
        (set_(Order.home.city, "x"), [{"home": {"$type": "object"}}]),
        (set_(Order.place.code, "x"), [{"place": {"$type": "object"}}]),
        (set_(Order.there.code, "x"), []),
        (set_(Order.prefs["a"], 1), []),
        (set_(Order.lines[2].qty, 1), [{"lines.2": {"$exists": True}}]),
        (set_(Order.lines[each].qty, 1), []),
        (push(Order.lines[where(Line.qty == 1)].parts, Part()), []),
        (pull(Order.lines[2].parts, Part()), []),
        (rename(Order.name, Order.home.code), [{"home": {"$type": "object"}}]),
    ],
)  # fmt: skip
def test_what_the_server_computes_keeps_the_constraints(update, conditions):
    assert plan_update(Order, (update,)).conditions == conditions


# --- What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: inc(Order.name, 1), TypeError, r"inc\(Order\.name, \.\.\.\) needs numbers"),
        (lambda: inc(Order.flag, 1), TypeError, "needs numbers"),
        (lambda: inc(Order.age, "1"), TypeError, "takes a number"),
        (lambda: inc(Order.age, True), TypeError, "takes a number"),
        (lambda: inc(Order.age, {"$gt": 1}), TypeError, "takes a number"),
        (lambda: inc(Order.age, 1.5), TypeError, "takes an integer"),
        (lambda: inc(Order.total, 1.5), TypeError, "takes a Decimal or an integer"),
        (lambda: inc(Order.share, Decimal(1)), TypeError, "takes a float or an integer"),
        (lambda: inc(Order.share, float("nan")), ValueError, "takes a finite number"),
        (lambda: inc(Order.total, Decimal("Infinity")), ValueError, "takes a finite number"),
        (lambda: inc(Order.score, 2**63), ValueError, "64 bits"),
        (lambda: inc(Order.step, 3), ValueError, "takes a multiple of 5"),
        (lambda: push(Order.prefs, 1), TypeError, r"push\(Order\.prefs, \.\.\.\) needs a list"),
        (lambda: push(Order.ids, UID), TypeError, "use add_to_set"),
        (lambda: push(Order.pair, 1), TypeError, "length of a tuple"),
        (lambda: push(Order.tags), TypeError, "takes values"),
        (lambda: push(Order.tags, "a", "b", "c", "d"), ValueError, "at most 3 items"),
        (lambda: push(Order.tags, "a", sort="x"), TypeError, r"takes 1, -1 or desc"),
        (lambda: push(Order.tags, "a", slice="x"), TypeError, "takes an integer as slice"),
        (lambda: add_to_set(Order.tags), TypeError, "takes values"),
        (lambda: set_(Order.customer, Line(sku="x")), ValidationError, "set_ Order.customer"),
        (lambda: set_(Order.customer, Own()), TypeError, "takes what it leads to, not a Own"),
        (lambda: set_(Order.customer, None), TypeError, r"set_\(Order\.customer, \.\.\.\) takes what it leads to"),
        (lambda: set_(Order.readers, USER), TypeError, "takes what it leads to"),
        (lambda: pull(Order.tags), TypeError, "either values or conditions"),
        (lambda: pull(Order.lines, Line.qty == 0, "x"), TypeError, "either values or conditions"),
        (lambda: pull(Order.lines, User.email == "x"), TypeError, "belongs to User"),
        (lambda: pull(Order.few, 1), TypeError, "2 have to stay: say bounded=False"),
        (lambda: pop(Order.name), TypeError, "needs a list"),
        (lambda: bit(Order.total, or_=1), TypeError, "needs integers"),
        (lambda: bit(Order.score), TypeError, "takes one of"),
        (lambda: bit(Order.score, or_=1, and_=1), TypeError, "takes one of"),
        (lambda: bit(Order.age, or_=1), TypeError, "say bounded=False"),
        (lambda: current_date(Order.name), TypeError, "needs datetimes"),
        (lambda: current_date(Order.day), TypeError, "needs datetimes"),
        (lambda: min_(Order.lines, []), TypeError, "needs values with an order"),
        (lambda: unset(Order.needed), TypeError, "as it needs the key"),
        (lambda: unset(Order.home.city), TypeError, "as it needs the key"),
        (lambda: unset(Order.lines[0]), TypeError, "use pull or pop"),
        (lambda: rename("a", "b"), TypeError, "takes a field on one of its sides"),
        (lambda: rename(Order.needed, "b"), TypeError, "as it needs the key"),
        (lambda: rename("b", Order.age), TypeError, "constraints"),
        (lambda: rename(Order.lines[0].qty, "b"), TypeError, "inside a list"),
        (lambda: rename(Order.name, "$x"), ValueError, "as a key"),
        (lambda: rename(Order.name, "_id"), ValueError, "as a key"),
        (lambda: rename(Order.name, "a..b"), ValueError, "as a key"),
        (lambda: rename(Order.name, 5), TypeError, "takes a field or the text"),
        (lambda: set_(Order.id, OID), TypeError, "cannot change the primary key"),
        (lambda: set_(Order.twice, 1), TypeError, "is a stored property"),
        (lambda: set_(Open.shelf, {"a.b": USER}), ValueError, "a key in a path"),
        (lambda: set_(Open.shelf, {"a": None}), TypeError, "takes what it leads to"),
        (lambda: push(Open.any_value, 1, sort=desc(Line.qty)), TypeError, "sorts the items of a list"),
        (lambda: set_(Animal.kind, "animal"), TypeError, "cannot change the class"),
        (lambda: set_(Line.qty, 1), TypeError, "begins at no model"),
        (lambda: set_(element, 1), TypeError, "begins at no model"),
        (lambda: set_("name", 1), TypeError, "expected a field"),
    ],
)  # fmt: skip
def test_other_updates_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


class Fixed(Model):
    name: str = Field(default="", frozen=True)
    count: int = Field(default=0, frozen=True)
    tags: list[str] = Field(default=[], frozen=True)
    home: Address = Field(frozen=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda: set_(Fixed.name, "x"),
        lambda: inc(Fixed.count, 1),
        lambda: unset(Fixed.name),
        lambda: rename(Fixed.name, "other"),
        lambda: set_(Fixed.home, None),
    ],
)
def test_a_frozen_field_gets_no_other_value(call):
    with pytest.raises(TypeError, match="cannot change a frozen field"):
        call()


def test_a_frozen_field_can_be_made_and_changed_in_place():
    assert set_on_insert(Fixed.name, "x").operand == "x"
    assert push(Fixed.tags, "x").operand == {"$each": ["x"]}
    assert set_(Fixed.home.city, "Oslo").operand == "Oslo"


class Own(Model):
    name: str = ""
    number: int = 0

    def model_dump_doc(self, include: Any = None) -> Any:
        return super().model_dump_doc(include)


def test_a_class_with_its_own_documents_takes_no_values():
    with pytest.raises(TypeError, match="makes or reads them itself"):
        set_(Own.name, "x")
    assert plan_update(Own, (unset(Own.name),)).document == {"$unset": {"name": ""}}


@pytest.mark.parametrize(
    ("updates", "upsert", "error", "message"),
    [
        ((), False, ValueError, "needs changes"),
        (({"$set": {"name": "x"}},), False, TypeError, "takes changes such as"),
        ((set_(Order.name, "x"), inc(Order.score, 1), set_(Order.name, "y")), False, ValueError, "change one path"),
        ((set_(Order.home.city, "x"), set_(Order.home, None)), False, ValueError, r"set_\(Order\.home\.city, 'x'\) and"),
        ((push(Order.lines, {"sku": "x"}), set_(Order.lines[0].qty, 1)), False, ValueError, "change one path"),
        ((rename("old", Order.name), set_(Order.name, "x")), False, ValueError, "change one path"),
        ((set_(User.email, "x"),), False, TypeError, "is no update of Order"),
        ((set_on_insert(Order.name, "x"),), False, TypeError, "in an upsert only"),
        ((set_(Order.lines[matched].qty, 1),), True, ValueError, "which a new document may not have"),
        ((set_(Order.lines.qty, 1),), False, ValueError, r"say which item: Order\.lines\[0\], .*\[where\(\.\.\.\)\]"),
        ((set_(Order.lines[-1].qty, 1),), False, ValueError, "from the beginning only"),
        ((set_(Order.lines[each].parts[matched].n, 1),), False, ValueError, "one matched item"),
    ],
)  # fmt: skip
def test_updates_that_do_not_go_together_are_refused(updates, upsert, error, message):
    with pytest.raises(error, match=message):
        plan_update(Order, updates, upsert=upsert)


class Pet(Model):
    model_config = {"inheritance": "single"}


class Dog(Pet):
    tricks: int = 0


class Cat(Pet):
    mice: int = 0


def test_a_class_takes_no_updates_of_fields_that_only_its_siblings_have():
    with pytest.raises(TypeError, match=r"inc\(Cat\.mice, 1\) is no update of Dog"):
        plan_update(Dog, (inc(Cat.mice, 1),))
    assert plan_update(Dog, (inc(Dog.tricks, 1),)).document == {"$inc": {"tricks": 1}}


def test_names_that_begin_alike_are_no_conflict():
    assert plan_update(Order, (set_(Order.prefs["a"], 1), set_(Order.prefs["ab"], 1)))
    assert plan_update(Order, (inc(Order.score, 1), set_on_insert(Order.name, "x")), upsert=True)
    assert asc(Order.name) == {"name": 1}
