"""BSON-aware types in place of plain ones, at any depth of an annotation."""

from __future__ import annotations

import collections
import collections.abc
import datetime as dt
import decimal
import re
import typing
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
    NewType,
    Optional,
    Pattern,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

import bson
import pytest
from annotated_types import Gt
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.regex import Regex
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypeAliasType

import odmantic.bson
from odmantic._types.adapt import FieldMetadata, adapt_annotation
from odmantic.bson import BSON_TYPES_SUBSTITUTES, DECIMAL_SERIALIZER, WithBsonSerializer, _datetime
from odmantic.field import Field

T = TypeVar("T")
PAIRS = [
    (bson.ObjectId, odmantic.bson.ObjectId),
    (Int64, odmantic.bson.Int64),
    (Decimal128, odmantic.bson.Decimal128),
    (Binary, odmantic.bson.Binary),
    (Regex, odmantic.bson.Regex),
    (dt.datetime, _datetime),
    (re.Pattern, BSON_TYPES_SUBSTITUTES[re.Pattern]),
    (Pattern, BSON_TYPES_SUBSTITUTES[Pattern]),
    (Pattern[str], BSON_TYPES_SUBSTITUTES[re.Pattern]),
    (re.Pattern[str], BSON_TYPES_SUBSTITUTES[re.Pattern]),
    (decimal.Decimal, BSON_TYPES_SUBSTITUTES[decimal.Decimal]),
]
OID = odmantic.bson.ObjectId


@pytest.mark.parametrize(("plain", "ours"), PAIRS)
def test_a_bson_type_is_substituted(plain, ours):
    assert adapt_annotation(plain) == ours


@pytest.mark.parametrize(("plain", "ours"), PAIRS)
def test_a_substitute_stays(plain, ours):
    assert adapt_annotation(ours) == ours


@pytest.mark.parametrize(("plain", "ours"), PAIRS)
@pytest.mark.parametrize("generic", [List, Set, FrozenSet, Sequence, Deque, Optional])
def test_a_bson_type_is_substituted_inside_a_generic(generic, plain, ours):
    adapted, expected = adapt_annotation(generic[plain]), generic[ours]
    assert get_origin(adapted) == get_origin(expected)
    assert get_args(adapted) == get_args(expected)


@pytest.mark.parametrize(("plain", "ours"), PAIRS)
def test_both_spellings_of_a_union_become_the_same(plain, ours):
    assert adapt_annotation(plain | None) == adapt_annotation(Optional[plain]) == Optional[ours]


@pytest.mark.parametrize(
    ("annotation", "adapted"),
    [
        (List[int], list[int]),
        (list[bson.ObjectId], list[OID]),
        (Tuple[bson.ObjectId, ...], tuple[OID, ...]),
        (Tuple[int, bson.ObjectId], tuple[int, OID]),
        (Tuple[()], tuple[()]),
        (Sequence[int], collections.abc.Sequence[int]),
        (Mapping[str, bson.ObjectId], collections.abc.Mapping[str, OID]),
        (Dict[Tuple[bson.ObjectId, ...], str], dict[tuple[OID, ...], str]),
        (typing.Type[int], type[int]),
        (Mapping[Union[bson.ObjectId, str], str], collections.abc.Mapping[Union[OID, str], str]),
        (
            Union[Dict[bson.ObjectId, Dict[Int64, List[Binary]]], Tuple[bson.ObjectId, ...]],
            Union[
                dict[OID, dict[odmantic.bson.Int64, list[odmantic.bson.Binary]]], tuple[OID, ...]
            ],
        ),
        (Annotated[bson.ObjectId, "note", 3], Annotated[OID, "note", 3]),
        (List[Annotated[bson.ObjectId, "note"]], list[Annotated[OID, "note"]]),
        (
            Annotated[List[bson.ObjectId], {"unhashable": 1}],
            Annotated[list[OID], {"unhashable": 1}],
        ),
        (Optional[Literal["a", 1]], Optional[Literal["a", 1]]),
        (
            List["Later"],  # noqa: F821 - defined later or never
            list[typing.ForwardRef("Later")],
        ),
    ],
)
def test_substitution_reaches_any_depth(annotation, adapted):
    assert adapt_annotation(annotation) == adapted


@pytest.mark.parametrize(
    "annotation",
    [
        int,
        str,
        Any,
        None,
        type(None),
        Literal["a"],
        Literal[1, "b"],
        "Later",
        T,
        BaseModel,
        dt.date,
        list,
        tuple,
        [1],
        odmantic.bson.ObjectId,
        _datetime,
    ],
)
def test_anything_else_stays(annotation):
    assert adapt_annotation(annotation) is annotation


@pytest.mark.parametrize(
    "bare",
    [
        typing.List,
        typing.Tuple,
        typing.Dict,
        typing.Set,
        typing.FrozenSet,
        typing.Sequence,
        typing.Mapping,
        typing.Deque,
        typing.OrderedDict,
        typing.Counter,
        typing.Type,
    ],
)
def test_a_bare_typing_generic_is_one_of_anything(bare):
    adapted = adapt_annotation(bare)
    assert adapted is get_origin(bare)
    TypeAdapter(adapted)


def test_a_bare_tuple_holds_anything():
    values = (1, "a", None)
    assert TypeAdapter(adapt_annotation(typing.Tuple)).validate_python(values) == values


class Box(Generic[T]):
    pass


def test_a_users_generic_keeps_its_class():
    assert adapt_annotation(Box[bson.ObjectId]) == Box[OID]


def test_a_pydantic_generic_is_a_class_of_its_own():
    class Page(BaseModel, Generic[T]):
        item: T

    assert adapt_annotation(Page[int]) is Page[int]


CALLABLES = [
    typing.Callable,
    collections.abc.Callable,
    typing.Callable[[int], int],
    typing.Callable[..., Any],
    collections.abc.Callable[[int], int],
]


@pytest.mark.parametrize("annotation", CALLABLES)
@pytest.mark.parametrize(
    "around",
    [
        lambda tp: tp,
        lambda tp: List[tp],
        lambda tp: Optional[tp],
        lambda tp: Annotated[tp, "note"],
        lambda tp: Dict[str, List[tp]],
        lambda tp: NewType("Hook", tp),
    ],
)
def test_a_callable_is_refused_at_any_depth(annotation, around):
    with pytest.raises(TypeError) as caught:
        adapt_annotation(around(annotation))
    assert str(caught.value) == f"{annotation} fields are not supported"


@pytest.mark.parametrize(
    ("behind", "adapted"),
    [
        (bson.ObjectId, OID),
        (List[bson.ObjectId], list[OID]),
        (decimal.Decimal, BSON_TYPES_SUBSTITUTES[decimal.Decimal]),
        (NewType("Inner", bson.ObjectId), OID),
    ],
)
@pytest.mark.parametrize("name", [NewType, TypeAliasType])
def test_a_named_type_is_looked_through(name, behind, adapted):
    assert adapt_annotation(name("Name", behind)) == adapted
    assert adapt_annotation(List[name("Name", behind)]) == list[adapted]


@pytest.mark.parametrize("behind", [int, List[int], odmantic.bson.ObjectId, Optional[str]])
@pytest.mark.parametrize("name", [NewType, TypeAliasType])
def test_a_named_type_that_hides_nothing_keeps_its_name(name, behind):
    named = name("Name", behind)
    assert adapt_annotation(named) is named


def test_a_parametrised_alias_is_looked_through():
    pair = TypeAliasType("pair", Tuple[T, T], type_params=(T,))
    assert adapt_annotation(pair[bson.ObjectId]) == tuple[OID, OID]
    assert adapt_annotation(pair[int]) == pair[int]


def test_an_alias_of_its_own_parameter_is_looked_through():
    same = TypeAliasType("same", T, type_params=(T,))
    assert adapt_annotation(same[bson.ObjectId]) is OID


def test_a_fixed_alias_with_parameters_is_looked_through():
    fixed = TypeAliasType("fixed", List[bson.ObjectId], type_params=(T,))
    assert adapt_annotation(fixed[int]) == list[OID]


class _RecursiveAlias:
    """Shaped like the alias of a `type` statement, whose value is evaluated late."""

    def __init__(self, value):
        self._value = value

    def __call__(self):
        """Old versions of `typing` take only callables for types."""

    @property
    def __value__(self):
        return self._value()


_RecursiveAlias.__name__ = "TypeAliasType"


def test_a_recursive_alias_ends():
    tree = _RecursiveAlias(lambda: Union[Dict[str, tree], int])
    assert adapt_annotation(tree) is tree


def test_a_recursive_alias_with_bson_types_is_adapted_once():
    tree = _RecursiveAlias(lambda: Union[Dict[str, tree], bson.ObjectId])
    assert adapt_annotation(tree) == Union[dict[str, tree], OID]


def test_an_alias_of_a_name_that_does_not_exist_yet_stays():
    alias = _RecursiveAlias(lambda: undefined_name)  # noqa: F821 - that is the point
    assert adapt_annotation(alias) is alias


def test_decimals_are_stored_by_a_serializer():
    assert DECIMAL_SERIALIZER in adapt_annotation(decimal.Decimal).__metadata__
    assert DECIMAL_SERIALIZER.bson_serializer(decimal.Decimal(1)) == Decimal128("1")


@pytest.mark.parametrize(
    "decimal_type",
    [decimal.Decimal, NewType("Money", decimal.Decimal), Annotated[decimal.Decimal, Gt(0)]],
)
def test_a_users_serializer_on_a_decimal_comes_first(decimal_type):
    users = WithBsonSerializer(str)
    metadata = adapt_annotation(Annotated[decimal_type, users]).__metadata__
    assert [item for item in metadata if isinstance(item, WithBsonSerializer)] == [users]


def test_a_users_serializer_around_a_union_leaves_it_alone():
    users = WithBsonSerializer(str)
    adapted = adapt_annotation(Annotated[Optional[decimal.Decimal], users])
    inner = BSON_TYPES_SUBSTITUTES[decimal.Decimal]
    assert adapted == Annotated[Optional[inner], users]


@pytest.mark.parametrize(
    "options", [{"key_name": "k"}, {"primary_field": True}, {"index": True}, {"unique": True}]
)
def test_field_options_on_a_part_of_an_annotation_are_refused(options):
    with pytest.raises(TypeError, match="belongs to the field as a whole"):
        adapt_annotation(List[Annotated[int, Field(**options)]])


def test_other_metadata_of_fields_on_a_part_of_an_annotation_is_refused():
    with pytest.raises(TypeError, match="belongs to the field as a whole"):
        adapt_annotation(List[Annotated[int, FieldMetadata()]])


def test_constraints_on_a_part_of_an_annotation_apply():
    adapter = TypeAdapter(adapt_annotation(List[Annotated[int, Field(gt=0)]]))
    assert adapter.validate_python([1]) == [1]
    with pytest.raises(ValueError, match="greater than 0"):
        adapter.validate_python([0])


leaves = st.sampled_from([int, str, bson.ObjectId, Int64, dt.datetime, Pattern, Regex])
annotations = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda tp: List[tp]),
        inner.map(lambda tp: Optional[tp]),
        inner.map(lambda tp: Annotated[tp, "note"]),
        st.tuples(inner, inner).map(lambda pair: Tuple[pair]),
        inner.map(lambda tp: Dict[str, tp]),
    ),
    max_leaves=8,
)


def mentions(annotation: Any) -> set[Any]:
    inner = set().union(*(mentions(argument) for argument in get_args(annotation)))
    return inner | {annotation} if isinstance(annotation, type) else inner


@given(annotations)
def test_adapting_twice_is_adapting_once(annotation):
    once = adapt_annotation(annotation)
    assert adapt_annotation(once) == once


@given(annotations)
def test_no_plain_bson_type_is_left(annotation):
    left = mentions(adapt_annotation(annotation))
    assert not left & {bson.ObjectId, Int64, dt.datetime, Regex}


def test_the_order_of_a_union_in_a_builtin_generic():
    one: Any = eval("list[int | str] | None")
    other: Any = eval("list[str | int] | None")

    assert get_args(get_args(adapt_annotation(one))[0])[0].__args__ == (int, str)
    assert get_args(get_args(adapt_annotation(other))[0])[0].__args__ == (str, int)
