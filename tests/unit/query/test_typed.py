"""`F` around a field: the methods build what the functions build."""

from __future__ import annotations

import re
import warnings
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar

import pytest

from odmantic import EmbeddedModel, F, Field, Index, Model, Ref, Reference, query, update
from odmantic._plan.filters import build_filter
from odmantic._plan.sort import build_sort
from odmantic._plan.update import plan_update
from odmantic.exceptions import ForeignFieldWarning, QueryTruthWarning
from odmantic.path import each, element, given, matched, where
from odmantic.typing import ArrayExpr, Expr, Filter, Sort, Values
from odmantic.update import Update


class Colour(Enum):
    RED = "red"


class Line(EmbeddedModel):
    sku: str
    qty: int = Field(default=0, key_name="q")
    parts: list[int] = []


class Company(Model):
    name: str


class User(Model):
    name: str = Field(default="", key_name="n")
    nick: str | None = None
    age: int = Field(default=0, ge=0, le=150)
    quota: int = 0
    score: float = 0
    paid: Decimal = Decimal(0)
    colour: Colour = Colour.RED
    born: datetime | None = None
    tags: list[str] = Field(default=[], max_length=10)
    lines: list[Line] = []
    home: Line | None = None
    notes: dict[str, str] = {}
    anything: Any = None
    employer: Company | None = Reference()
    friend: Ref[Company] | None = None


class Animal(Model, inheritance="single"):
    age: int = 0


class Cat(Animal):
    lives: int = 9


class Other(Model):
    age: int = 0


class Twin(Model):
    age: int = 0

    model_config = {"collection": "user"}


T = TypeVar("T")


class Box(Model, Generic[T]):
    size: int = 0


PATTERN = re.compile("^A")
TEA = Line(sku="tea")

CONDITIONS = {
    "eq": (F(User.age) == 3, query.eq(User.age, 3)),
    "ne": (F(User.age) != 3, query.ne(User.age, 3)),
    "lt": (F(User.age) < 3, query.lt(User.age, 3)),
    "le": (F(User.age) <= 3, query.lte(User.age, 3)),
    "gt": (F(User.age) > 3, query.gt(User.age, 3)),
    "ge": (F(User.age) >= 3, query.gte(User.age, 3)),
    "reflected": (3 < F(User.age), User.age > 3),  # noqa: SIM300
    "in_": (F(User.age).in_({3}), query.in_(User.age, {3})),
    "in_ of keys": (F(User.age).in_({3: ""}.keys()), query.in_(User.age, [3])),
    "not_in": (F(User.age).not_in([3, 4]), query.not_in(User.age, [3, 4])),
    "exists": (F(User.nick).exists(), query.exists(User.nick)),
    "not exists": (F(User.nick).exists(False), query.exists(User.nick, False)),
    "type_": (F(User.age).type_("int", "long"), query.type_(User.age, "int", "long")),
    "is_null": (F(User.nick).is_null(), query.is_null(User.nick)),
    "mod": (F(User.age).mod(4, 1), query.mod(User.age, 4, 1)),
    "mod of decimals": (F(User.paid).mod(4, 1), query.mod(User.paid, 4, 1)),
    "bits_all_set": (F(User.age).bits_all_set(5), query.bits_all_set(User.age, 5)),
    "bits_any_set": (F(User.age).bits_any_set(5), query.bits_any_set(User.age, 5)),
    "bits_all_clear": (F(User.age).bits_all_clear([0]), query.bits_all_clear(User.age, [0])),
    "bits_any_clear": (F(User.age).bits_any_clear(5), query.bits_any_clear(User.age, 5)),
    "match": (F(User.name).match(PATTERN), query.match(User.name, PATTERN)),
    "startswith": (F(User.name).startswith("A."), query.startswith(User.name, "A.")),
    "endswith": (F(User.name).endswith("a"), query.endswith(User.name, "a")),
    "icontains": (F(User.name).icontains("a"), query.icontains(User.name, "a")),
    "iequals": (F(User.name).iequals("a"), query.iequals(User.name, "a")),
    "contains text": (F(User.name).contains("a"), query.contains(User.name, "a")),
    "contains an item": (F(User.tags).contains("a"), query.contains(User.tags, "a")),
    "all_": (F(User.tags).all_(["a"]), query.all_(User.tags, ["a"])),
    "size": (F(User.tags).size(2), query.size(User.tags, 2)),
    "elem_match": (
        F(User.lines).elem_match(F(Line.sku) == "tea", F(Line.qty) > 5),
        query.elem_match(User.lines, Line.sku == "tea", Line.qty > 5),
    ),
    "element": (
        F(User.tags).elem_match(element > "a"),
        query.elem_match(User.tags, element > "a"),
    ),
    "encoded": (F(User.colour) == Colour.RED, User.colour == Colour.RED),
    "below": (F(given(User.home).sku) == "x", User.home.sku == "x"),
    "key": (F(User.notes["en"]) == "x", User.notes["en"] == "x"),
    "fields": (F(User.age) > User.quota, User.age > User.quota),
    "typed fields": (F(User.age) > F(User.quota), User.age > User.quota),
    "and": ((F(User.age) > 3) & {"x": 1}, (User.age > 3) & {"x": 1}),
    "or": ({"x": 1} & (F(User.age) > 3), {"x": 1} & (User.age > 3)),
    "invert": (~F(User.nick).exists(), query.not_(User.nick.exists())),
    "invert joined": (
        ~((F(User.age) > 3) | (F(User.name) == "x")),
        query.not_((User.age > 3) | (User.name == "x")),
    ),
    "of Any": (Expr[Any, Any](User.anything) == 3, User.anything == 3),
    "of F": (F(F(User.age)) == 3, User.age == 3),
}


@pytest.mark.parametrize(("typed", "plain"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_is_that_of_the_function(typed, plain):
    assert typed == plain
    assert repr(typed) == repr(plain)
    assert type(typed) is type(plain) is Filter


UPDATES = {
    "set": (F(User.name).set("a"), update.set_(User.name, "a")),
    "set a key": (F(User.notes["en"]).set("a"), update.set_(User.notes["en"], "a")),
    "set_on_insert": (F(User.name).set_on_insert("a"), update.set_on_insert(User.name, "a")),
    "unset": (F(User.nick).unset(), update.unset(User.nick)),
    "rename": (
        F(User.nick).rename("n2", bounded=False),
        update.rename(User.nick, "n2", bounded=False),
    ),
    "rename to a field": (
        F(User.nick).rename(User.name),
        update.rename(User.nick, User.name),
    ),
    "inc": (F(User.age).inc(1), update.inc(User.age, 1)),
    "inc without bounds": (
        F(User.age).inc(1, bounded=False),
        update.inc(User.age, 1, bounded=False),
    ),
    "inc of a float": (F(User.score).inc(1), update.inc(User.score, 1)),
    "mul": (F(User.age).mul(2), update.mul(User.age, 2)),
    "mul of a Decimal": (F(User.paid).mul(2), update.mul(User.paid, 2)),
    "min": (F(User.age).min(3), update.min_(User.age, 3)),
    "max": (F(User.age).max(3), update.max_(User.age, 3)),
    "bit": (F(User.quota).bit(or_=1), update.bit(User.quota, or_=1)),
    "current_date": (F(User.born).current_date(), update.current_date(User.born)),
    "push": (
        F(User.tags).push("a", "b", position=0, slice=-3, sort=1),
        update.push(User.tags, "a", "b", position=0, slice=-3, sort=1),
    ),
    "push sorted": (
        F(User.lines).push(TEA, sort=F(Line.qty).desc()),
        update.push(User.lines, TEA, sort=query.desc(Line.qty)),
    ),
    "add_to_set": (F(User.tags).add_to_set("a"), update.add_to_set(User.tags, "a")),
    "pull": (F(User.tags).pull("a", "b"), update.pull(User.tags, "a", "b")),
    "pull by conditions": (
        F(User.lines).pull(F(Line.qty) == 0),
        update.pull(User.lines, Line.qty == 0),
    ),
    "pop": (F(User.tags).pop(first=True), update.pop(User.tags, first=True)),
    "each": (F(User.lines[each].qty).inc(1), update.inc(User.lines[each].qty, 1)),
    "where": (
        F(User.lines[where(F(Line.sku) == "x")].qty).inc(1),
        update.inc(User.lines[where(Line.sku == "x")].qty, 1),
    ),
}


@pytest.mark.parametrize(("typed", "plain"), UPDATES.values(), ids=UPDATES)
def test_an_update_is_that_of_the_function(typed, plain):
    assert typed == plain
    assert hash(typed) == hash(plain)
    assert repr(typed) == repr(plain)
    assert type(typed) is Update
    upsert = typed.operator == "$setOnInsert"
    plan, other = (plan_update(User, (each,), upsert=upsert) for each in (typed, plain))
    assert plan == other


DIFFERENT = {
    "value": (update.inc(User.age, 1), update.inc(User.age, 2)),
    "path": (update.inc(User.age, 1), update.inc(User.quota, 1)),
    "model": (update.inc(Twin.age, 1, bounded=False), update.inc(Other.age, 1, bounded=False)),
    "operator": (update.set_(User.age, 1), update.set_on_insert(User.age, 1)),
    "bounds": (update.inc(User.age, 1), update.inc(User.age, 1, bounded=False)),
    "side": (
        update.rename("old", User.name),
        update.rename(User.nick, User.name, bounded=False),
    ),
    "no update": (update.inc(User.age, 1), "inc(User.age, 1)"),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_updates_differ(one, other):
    assert one != other


def test_sort_orders_are_those_of_the_functions():
    assert F(User.name).asc() == query.asc(User.name)
    assert F(User.name).desc() == query.desc(User.name)
    assert type(F(User.name).desc()) is Sort
    assert build_sort(F(User.name), User) == query.asc(User.name)
    order = build_sort((F(User.age).desc(), User.name, F(User.nick)), User)
    assert list(order.items()) == [("age", -1), ("n", 1), ("nick", 1)]


def test_an_index_takes_typed_fields():
    index = Index(F(User.name), F(User.age).desc()).to_odm_index()
    assert index.get_index_specifier() == [("n", 1), ("age", -1)]


NO_FIELDS = {
    "name": "name",
    "value": User(name="Ada").age,
    "number": 3,
    "class": User,
    "none": None,
    "filter": User.age > 3,
}


@pytest.mark.parametrize("value", NO_FIELDS.values(), ids=NO_FIELDS)
@pytest.mark.parametrize("function", [F, Expr])
def test_only_a_field_has_operators(value, function):
    with pytest.raises(TypeError, match=r"F\(User\.name\)"):
        function(value)


NO_VALUES = ["text", b"bytes", bytearray(b"x"), {"a": 1}, 3, None, iter([1])]


@pytest.mark.parametrize("values", NO_VALUES, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize(
    "operator",
    [F(User.name).in_, F(User.name).not_in, F(User.tags).all_],
    ids=["in_", "not_in", "all_"],
)
def test_what_is_no_collection_of_values_is_refused(operator, values):
    with pytest.raises(TypeError, match="collection of values"):
        operator(values)


FOREIGN = {
    "condition": lambda: build_filter((F(User.age) > 3,), Other),
    "joined": lambda: build_filter(((F(Other.age) > 3) & ~(F(User.age) > 3),), Other),
    "second": lambda: build_filter((F(Other.age) > 3, F(User.nick).in_([])), Other),
    "fields": lambda: build_filter((F(User.age) > User.quota,), Other),
    "embedded": lambda: build_filter((F(Line.qty) > 3,), User),
    "sort": lambda: build_sort(F(User.age), Other),
    "desc": lambda: build_sort((F(User.age).desc(),), Other),
    "update": lambda: plan_update(Other, (F(User.quota).inc(1),)),
    "item": lambda: F(User.lines).elem_match(F(User.age) > 3),
    "pulled": lambda: F(User.lines).pull(F(User.age) > 3),
    "place": lambda: User.lines[where(F(User.age) > 3)],
}


@pytest.mark.parametrize("build", FOREIGN.values(), ids=FOREIGN)
def test_a_typed_field_of_another_model_is_refused(build):
    with pytest.raises(TypeError, match=r"User|Line"):
        build()


def test_of_a_plain_field_of_another_model_there_is_a_warning():
    F(User.age)  # which does not change the field
    with pytest.warns(ForeignFieldWarning):
        build_filter((User.age > 3,), Other)


RELATED = {
    "subclass": lambda: build_filter((F(Animal.age) > 3,), Cat),
    "base": lambda: build_filter((F(Cat.lives) > 3,), Animal),
    "collection": lambda: build_filter((F(Twin.age) > 3,), User),
    "generic": lambda: build_filter((F(Box.size) > 3,), Box[int]),
    "parametrised": lambda: build_filter((F(Box[int].size) > 3,), Box[str]),
    "unknown": lambda: build_filter((F(User.age) > 3,), None),
    "sort": lambda: build_sort(F(Animal.age), Cat),
}


@pytest.mark.parametrize("build", RELATED.values(), ids=RELATED)
def test_a_typed_field_of_a_related_model_is_taken(build):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(build()) >= 1


def test_a_typed_field_is_neither_true_nor_false():
    with pytest.raises(TypeError, match=r"F\(User\.age\) is no condition"):
        bool(F(User.age))
    with pytest.warns(QueryTruthWarning):
        assert 3 < F(User.age) < 5


def test_a_typed_field_shows_itself():
    assert repr(F(User.lines[each].qty)) == "F(User.lines[each].qty)"
    assert repr(F(User.lines[matched].qty)) == "F(User.lines[matched].qty)"


def test_a_typed_field_is_immutable():
    with pytest.raises(AttributeError, match="immutable"):
        F(User.age).value = 3
    with pytest.raises(AttributeError, match="immutable"):
        del F(User.age).inc
    with pytest.raises(TypeError):
        hash(F(User.age))


def test_a_field_below_is_looked_for_inside():
    with pytest.raises(AttributeError, match=r"F\(User\.home\.sku\)"):
        F(User.home).sku


def test_an_operator_looks_at_what_is_stored():
    with pytest.raises(TypeError, match="numbers"):
        F(User.name).inc(1)
    with pytest.raises(TypeError, match="a list"):
        F(User.age).push(1)


def operators_of(module, but):
    """Return the names of methods for the functions of a module that begin with a field."""
    named = {"set_": "set", "min_": "min", "max_": "max"}
    return {named.get(each, each) for each in module.__all__ if each not in but}


def test_every_operator_is_a_method():
    python = {"eq", "ne", "gt", "gte", "lt", "lte", "and_", "or_", "nor_", "not_"}
    no_operators = {each for each in query.__all__ if each[0].isupper()} | {
        "element",
        "key_of",
        "raw",
    }
    wanted = operators_of(query, python | no_operators) | operators_of(update, {"Update"})
    assert {each for each in wanted if not hasattr(F(User.age), each)} == set()


def test_types_are_there_for_annotations():
    assert isinstance(F(User.age), Expr)
    assert issubclass(ArrayExpr, Expr)
    assert Filter is query.QueryExpression
    assert Sort is query.SortExpression
    assert Values[int]
    assert Expr[int, int]
