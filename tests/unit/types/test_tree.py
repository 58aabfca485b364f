"""The tree that an annotation is read into: kinds of nodes, marks, what is inside, what can change."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import re
import uuid
from collections import Counter, deque
from typing import (
    Annotated,
    Any,
    Deque,
    Dict,
    FrozenSet,
    Generic,
    List,
    Literal,
    Mapping,
    NamedTuple,
    NewType,
    Optional,
    Sequence,
    Set,
    Tuple,
    Type,
    TypeVar,
    Union,
)

import bson
import pydantic
import pytest
from bson.regex import Regex
from typing_extensions import Required, TypeAliasType, TypedDict

from odmantic._types import tree
from odmantic._types.adapt import adapt_annotation
from odmantic._types.tree import read_type
from odmantic.bson import BSON_TYPES_SUBSTITUTES, DECIMAL_SERIALIZER, WithBsonSerializer
from odmantic.model import EmbeddedModel, Model


class Emb(EmbeddedModel):
    x: int = 0


class Target(Model):
    name: str


class Frozen(pydantic.BaseModel, frozen=True):
    pass


class Plain(pydantic.BaseModel):
    pass


class Colour(enum.Enum):
    RED = 1


class Pair(NamedTuple):
    a: int


class Unknown:
    pass


Money = NewType("Money", decimal.Decimal)
Numbers = TypeAliasType("Numbers", List[int])
T = TypeVar("T")
Pairs = TypeAliasType("Pairs", Tuple[T, T], type_params=(T,))
Same = TypeAliasType("Same", T, type_params=(T,))
Json = TypeAliasType("Json", "Union[int, Tuple[Json, ...]]")
Tree = TypeAliasType("Tree", "Union[Emb, List[Tree]]")


@pytest.mark.parametrize(
    "annotation",
    [
        None,
        int,
        bool,
        str,
        bytes,
        float,
        dt.date,
        dt.datetime,
        dt.time,
        dt.timedelta,
        decimal.Decimal,
        uuid.UUID,
        pathlib.Path,
        Colour,
        Pair,
        bson.ObjectId,
        bson.decimal128.Decimal128,
        bson.int64.Int64,
        bson.binary.Binary,
        Tuple,
        tuple,
        frozenset,
        Tuple[int, str],
        Tuple[int, ...],
        FrozenSet[int],
        Union[FrozenSet[int], Tuple[int, str]],
        Optional[int],
        int | None,
        Literal["a"],
        Optional[Literal[1]],
        Annotated[int, "note"],
        Target,
        Optional[Target],
        Frozen,
        Money,
        Pairs[int],
        Same[int],
        Json,
    ],
)
def test_immutable_types(annotation: Any) -> None:
    assert not read_type(annotation).is_mutable
    assert not read_type(adapt_annotation(annotation)).is_mutable


@pytest.mark.parametrize(
    "annotation",
    [
        list,
        List,
        List[int],
        set,
        dict,
        deque,
        Deque[int],
        Tuple[List[int]],
        FrozenSet[Set[int]],
        Dict[Tuple[int, ...], str],
        Mapping[str, int],
        Emb,
        Tuple[Emb, ...],
        FrozenSet[Emb],
        Dict[str, Emb],
        Optional[Emb],
        Annotated[Emb, "note"],
        Any,
        Regex,
        re.Pattern,
        re.Pattern[str],
        Plain,
        Unknown,
        T,
        Numbers,
        Pairs[Emb],
        Same[Emb],
        Union[int, List[int]],
    ],
)
def test_mutable_types(annotation: Any) -> None:
    assert read_type(annotation).is_mutable


@dataclasses.dataclass
class Box(Generic[T]):
    item: T
    others: List[Box[T]]


class Keys(TypedDict, total=False):
    a: Required[int]
    b: Annotated[str, "note"]


class Level(int, enum.Enum):
    LOW = 1


LATER = TypeAliasType("LATER", "List[Defined]")  # noqa: F821 - defined in a test


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, tree.Leaf),
        (None, tree.Leaf),
        (list, tree.Leaf),
        (List, tree.Leaf),
        (Unknown, tree.Leaf),
        (Any, tree.Anything),
        (object, tree.Leaf),
        (Literal["a", 1], tree.Choice),
        (Colour, tree.Enumeration),
        (Level, tree.Enumeration),
        (T, tree.Variable),
        (Optional[int], tree.Nullable),
        (int | None, tree.Nullable),
        (Union[int, str], tree.Union),
        (Union[int, str, None], tree.Union),
        (List[int], tree.Array),
        (Tuple[int, ...], tree.Array),
        (Sequence[int], tree.Array),
        (Tuple[int], tree.FixedTuple),
        (tuple[()], tree.FixedTuple),
        (Dict[str, int], tree.Table),
        (Mapping[int, Any], tree.Table),
        (Counter[str], tree.Type),
        (Type[int], tree.Type),
        (Plain, tree.Object),
        (Pair, tree.Object),
        (Keys, tree.Object),
        (Box, tree.Object),
        (Box[int], tree.Object),
        (Emb, tree.Document),
        (Target, tree.Target),
        (Numbers, tree.Array),
        (Money, tree.Leaf),
        (Annotated[Optional[int], 1], tree.Nullable),
        ("Unresolved", tree.Leaf),
    ],
)
def test_each_kind_of_type_is_a_kind_of_node(annotation: Any, kind: Any) -> None:
    assert type(read_type(annotation)) is kind


def test_marks_are_in_the_order_in_which_they_apply() -> None:
    node = read_type(Annotated[Annotated[int, 1], 2], [3])
    assert (node.bare, node.marks, node.is_named) == (int, (1, 2, 3), False)
    named = read_type(Annotated[NewType("named", Annotated[int, 1]), 2])
    assert (named.bare, named.marks, named.is_named) == (int, (1, 2), True)
    assert read_type(List[Annotated[int, 1]], [2]).arguments[0].marks == (1,)


def test_a_type_can_be_given_other_marks() -> None:
    node = read_type(Annotated[List[int], 1])
    assert node.marked([2]).annotation == Annotated[List[int], 2]
    assert node.marked(()).annotation == List[int]
    assert node.marked([2]).arguments[0] is node.arguments[0]


def test_parts_of_types_have_names() -> None:
    table: Any = read_type(Dict[str, List[int]])
    assert (table.key.cls, table.inner.cls, table.inner.inner.cls) == (str, list, int)
    nullable: Any = read_type(Union[None, str])
    assert nullable.inner.cls is str
    assert [each.cls for each in read_type(Tuple[int, str]).arguments] == [int, str]
    choice: Any = read_type(Literal["a", 1])
    assert (choice.values, choice.arguments) == (("a", 1), ())


def test_fields_of_a_class_have_types() -> None:
    parts = read_type(Keys).parts
    assert {name: (part.cls, part.marks) for name, part in parts.items()} == {
        "a": (int, ()),
        "b": (str, ("note",)),
    }
    box: Any = read_type(Box[int])
    assert type(box.parts["item"]) is tree.Variable
    assert box.parts["item"].bound.cls is Any
    assert [each.cls for each in box.arguments] == [int]
    assert box.parts["others"].inner.parts is box.parts


def test_an_alias_may_be_inside_of_itself() -> None:
    node: Any = read_type(Tree)
    assert node.arguments[1].inner.arguments[1] is node.arguments[1]
    assert [each.cls for each in node.models] == [Emb]
    assert read_type(Json).models == ()
    assert len(list(read_type(Json).inside)) <= 4


def test_a_generic_alias_may_be_inside_of_itself_with_its_arguments() -> None:
    nest = TypeAliasType("nest", Union[T, List[Annotated["nest[T]", 1]]], type_params=(T,))
    for alias in (nest[int], nest[Emb]):
        assert len(list(read_type(alias).inside)) <= 8


def test_an_alias_of_a_later_name_is_read_when_the_name_exists() -> None:
    assert type(read_type(List[LATER]).arguments[0]) is tree.Leaf
    globals()["Defined"] = Plain
    try:
        assert type(read_type(List[LATER]).arguments[0].arguments[0]) is tree.Object
    finally:
        del globals()["Defined"]


def test_what_comes_in_several_places_is_one_node() -> None:
    shared = List[Emb]
    node = read_type(Tuple[shared, Dict[str, shared], Emb])
    first, second, third = node.arguments
    assert first is second.arguments[1]
    assert first.arguments[0] is third
    assert [each.cls for each in node.models] == [Emb]


@pytest.mark.parametrize(
    ("annotation", "cls"),
    [
        (int, int),
        (None, type(None)),
        (Any, tree.Nothing),
        (T, tree.Nothing),
        (Union[int, str], tree.Nothing),
        (List[int], list),
        (Keys, dict),
        (bson.ObjectId, bson.ObjectId),
        (dt.datetime, dt.datetime),
        (pydantic.AwareDatetime, dt.datetime),
        (decimal.Decimal, decimal.Decimal),
        (re.Pattern, re.Pattern),
        (Literal["a", 1], str),
        (Colour, Colour),
        (Emb, Emb),
    ],
)
def test_the_class_of_values(annotation: Any, cls: type[Any]) -> None:
    assert read_type(adapt_annotation(annotation)).value_class is cls


def test_a_literal_may_have_values_of_several_classes() -> None:
    assert read_type(Literal["a", 1, "b"]).value_classes == (str, int)


@pytest.mark.parametrize("annotation", [int, None, Level, dt.datetime, Literal["a", b"b"], bytes])
def test_scalars_are_stored_as_they_are(annotation: Any) -> None:
    assert read_type(adapt_annotation(annotation)).is_scalar


@pytest.mark.parametrize(
    "annotation", [Colour, List[int], Any, dt.date, Literal[Colour.RED], Plain]
)
def test_other_types_are_no_scalars(annotation: Any) -> None:
    assert not read_type(adapt_annotation(annotation)).is_scalar


def test_a_users_serializer_comes_before_that_of_decimals() -> None:
    users = WithBsonSerializer(str)
    plain = read_type(BSON_TYPES_SUBSTITUTES[decimal.Decimal])
    assert plain.serializer is DECIMAL_SERIALIZER.bson_serializer
    assert not plain.is_stored_by_user
    own = read_type(adapt_annotation(Annotated[decimal.Decimal, users]))
    assert own.serializer is str
    assert own.is_stored_by_user
    assert read_type(int).serializer is None
