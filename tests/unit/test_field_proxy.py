"""Fields as seen on their class: keys, operators, embedded fields, and what is refused."""

from __future__ import annotations

import operator
from typing import Any, ClassVar, Optional

import pytest

from odmantic import query
from odmantic.field import Field, FieldProxy, KeyNameProxy
from odmantic.model import EmbeddedModel, Model
from odmantic.query import QueryExpression
from odmantic.reference import Reference


class Point(EmbeddedModel):
    row: int
    column: int = Field(key_name="c")


class Place(EmbeddedModel):
    point: Point = Field(key_name="p")
    eq: int = Field(0, key_name="e")
    parent: int = 0
    field: int = 0


class Target(Model):
    badge: int
    eq: int = 0


class Journey(Model):
    label: str = Field(key_name="l")
    place: Place = Field(key_name="pl")
    maybe: Point | None = None
    stops: list[Point]
    by_day: dict[str, Point]
    target: Target = Reference(key_name="t")


class Cell(Model):
    at: Point = Field(primary_field=True)


@pytest.mark.parametrize(
    ("proxy", "key"),
    [
        (Journey.label, "l"),
        (Journey.id, "_id"),
        (Journey.place, "pl"),
        (Journey.place.point, "pl.p"),
        (Journey.place.point.column, "pl.p.c"),
        (Journey.maybe.row, "maybe.row"),
        (Journey.stops, "stops"),
        (Journey.target, "t"),
        (Cell.at.column, "_id.c"),
        (Point.column, "c"),
    ],
)
def test_plus_gives_the_path_of_the_key(proxy, key):
    assert isinstance(proxy, FieldProxy)
    assert isinstance(+proxy, KeyNameProxy)
    assert +proxy == key
    assert ++proxy == f"${key}"
    assert repr(proxy) == f"<FieldProxy {key!r}>"


def test_three_plus_are_too_many():
    with pytest.raises(TypeError):
        +++Journey.label


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("eq", operator.eq),
        ("ne", operator.ne),
        ("lt", operator.lt),
        ("lte", operator.le),
        ("gt", operator.gt),
        ("gte", operator.ge),
    ],
)
@pytest.mark.parametrize("value", [3, None, "x"])
def test_the_three_spellings_of_a_comparison(name, python, value):
    expected = {"l": {f"${name}": value}}
    assert python(Journey.label, value) == expected
    assert getattr(Journey.label, name)(value) == expected
    assert getattr(query, name)(Journey.label, value) == expected


def test_a_comparison_may_be_written_from_the_right():
    assert operator.lt(3, Journey.label) == {"l": {"$gt": 3}}
    assert operator.eq(3, Journey.label) == {"l": {"$eq": 3}}


@pytest.mark.parametrize(("name", "argument"), [("in_", [1]), ("not_in", [1]), ("match", "^a")])
def test_the_two_spellings_of_other_operators(name, argument):
    assert getattr(Journey.label, name)(argument) == getattr(query, name)(Journey.label, argument)


@pytest.mark.parametrize("name", ["asc", "desc"])
def test_the_two_spellings_of_a_sort_order(name):
    assert getattr(Journey.label, name)() == getattr(query, name)(Journey.label)


KINDS = [
    (
        Journey.label,
        "ODMField",
        {"asc", "desc", "match", "lt", "lte", "gt", "gte", "in_", "not_in"},
    ),
    (Journey.target, "ODMReference", {"in_", "not_in"}),
    (Journey.stops, "ODMEmbeddedGeneric", set()),
    (Journey.by_day, "ODMEmbeddedGeneric", set()),
]
EVERY = ["in_", "not_in", "lt", "lte", "gt", "gte", "match", "asc", "desc"]


@pytest.mark.parametrize(("proxy", "kind", "allowed"), KINDS)
@pytest.mark.parametrize(
    "name", [*EVERY, "ne", "unknown", "parent", "field", "model", "_x", "__x__"]
)
def test_each_kind_of_field_has_its_operators(proxy, kind, allowed, name):
    if name in allowed or name == "ne":
        assert callable(getattr(proxy, name))
        return
    with pytest.raises(AttributeError) as caught:
        getattr(proxy, name)
    assert str(caught.value) == f"operator {name} not allowed for {kind} fields"


@pytest.mark.parametrize(
    ("python", "name"),
    [(operator.lt, "lt"), (operator.le, "lte"), (operator.gt, "gt"), (operator.ge, "gte")],
)
@pytest.mark.parametrize(
    ("proxy", "kind"), [(Journey.target, "ODMReference"), (Journey.stops, "ODMEmbeddedGeneric")]
)
def test_a_python_operator_is_refused_like_its_method(proxy, kind, python, name):
    with pytest.raises(AttributeError) as caught:
        python(proxy, 3)
    assert str(caught.value) == f"operator {name} not allowed for {kind} fields"


def test_a_list_of_embedded_models_can_be_compared():
    assert (Journey.stops == []) == {"stops": {"$eq": []}}
    assert (Journey.stops != [Point(row=1, column=2)]) == {"stops": {"$ne": [{"row": 1, "c": 2}]}}


@pytest.mark.parametrize("name", ["badge", "id", "eq"])
def test_a_field_across_a_reference_is_refused(name):
    with pytest.raises(
        NotImplementedError, match=r"^filtering across references is not supported: .* load="
    ):
        getattr(Journey.target, name)


def test_a_reference_is_compared_by_the_targets_key():
    target = Target(badge=1)
    assert (Journey.target == target) == {"t": {"$eq": target.id}}
    assert (Journey.target == target.id) == {"t": {"$eq": target.id}}
    assert Journey.target.in_([target]) == {"t": {"$in": [target.id]}}
    assert (Journey.target != None) == {"t": {"$ne": None}}  # noqa: E711 - a filter


def test_the_functions_take_every_kind():
    assert query.asc(Journey.target) == {"t": 1}
    assert query.lt(Journey.target, 3) == {"t": {"$lt": 3}}
    assert query.desc(Journey.stops) == {"stops": -1}


@pytest.mark.parametrize("name", ["row", "foo", "_x", "__x__"])
def test_an_unknown_name_on_an_embedded_field(name):
    with pytest.raises(AttributeError) as caught:
        getattr(Journey.place, name)
    assert str(caught.value) == f"attribute {name} not found in Place"


def test_an_embedded_field_has_every_operator():
    assert Journey.place.asc() == {"pl": 1}
    assert (Journey.place < 3) == {"pl": {"$lt": 3}}
    assert Journey.place.point.in_([Point(row=1, column=2)]) == {
        "pl.p": {"$in": [{"row": 1, "c": 2}]}
    }


@pytest.mark.parametrize(
    ("name", "key"), [("eq", "pl.e"), ("parent", "pl.parent"), ("field", "pl.field")]
)
def test_a_child_wins_over_an_attribute_of_the_proxy(name, key):
    assert +getattr(Journey.place, name) == key


def test_python_operators_work_beside_a_child_named_like_one():
    assert (Journey.place == None) == {"pl": {"$eq": None}}  # noqa: E711 - a filter
    assert (Journey.place.eq == 3) == {"pl.e": {"$eq": 3}}
    assert query.eq(Journey.place, 1) == {"pl": {"$eq": 1}}


def test_a_proxy_is_truthy():
    assert all([Journey.label, Journey.place, Journey.stops, Journey.target])


def test_a_proxy_is_not_hashable():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Journey.label)


@pytest.mark.parametrize("name", ["parent", "field", "other"])
@pytest.mark.parametrize("proxy", [Journey.label, Journey.place])
def test_a_proxy_is_immutable(proxy, name):
    with pytest.raises(AttributeError, match="immutable"):
        setattr(proxy, name, 1)
    with pytest.raises(AttributeError, match="immutable"):
        delattr(proxy, name)


def test_a_proxy_is_made_of_a_parent_and_a_field():
    field = Journey.__odm_fields__["label"]
    proxy = FieldProxy(FieldProxy(None, Journey.__odm_fields__["place"]), field)
    assert +proxy == "pl.l"
    assert object.__getattribute__(proxy, "field") is field
    assert +object.__getattribute__(proxy, "parent") == "pl"


def test_filters_of_proxies_join():
    joined = (Journey.label == "x") & (Journey.place.point.row > 2)
    assert joined == {"$and": ({"l": {"$eq": "x"}}, {"pl.p.row": {"$gt": 2}})}
    assert type(joined) is QueryExpression


# --- Proxies are what a class has: its `__dict__` shows them, and others may keep them -----------


@pytest.mark.parametrize("model", [Journey, Place, Point, Target])
def test_the_dict_of_a_class_holds_proxies(model):
    for name, field in model.__odm_fields__.items():
        for proxy in (model.__dict__[name], vars(model)[name]):
            assert isinstance(proxy, FieldProxy)
            assert proxy is getattr(model, name)
            assert +proxy == field.key_name


def test_a_proxy_of_the_dict_makes_filters_and_orders():
    proxy = Journey.__dict__["label"]

    assert query.match(proxy, "^a") == query.match(Journey.label, "^a")
    assert query.desc(proxy) == {"l": -1}
    assert (proxy == "a") == {"l": {"$eq": "a"}}
    assert +Journey.__dict__["place"].point.column == "pl.p.c"
    assert +vars(Journey)["id"] == "_id"


def test_the_dict_of_a_class_is_complete_once_its_names_are():
    class Early(Model):
        later: Optional[Later] = None

    class Later(EmbeddedModel):
        n: int = Field(key_name="k")

    assert +vars(Early)["later"].n == "later.k"


def test_a_proxy_kept_by_another_class_stays_a_proxy():
    class Repository:
        order = Journey.label

    class Sorted(Model):
        own: int = 0
        order: ClassVar[Any] = Journey.label
        nested: ClassVar[Any] = Journey.place.point.row

    Sorted.default = Sorted.own

    assert Repository.order is Repository().order is Journey.label
    assert Sorted.order is Sorted().order is Journey.label
    assert +Sorted.nested == +Sorted().nested == "pl.p.row"
    assert Sorted.default is Sorted().default is Sorted.own


def test_an_instance_without_a_value_shows_no_proxy():
    class Item(Model):
        name: str

    empty = Item.model_construct()

    assert not hasattr(empty, "name")
    with pytest.raises(AttributeError, match="'Item' object has no attribute 'name'"):
        _ = empty.name
