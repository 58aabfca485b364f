"""A generic class with its arguments is no class, though Python 3.10 says that `list[int]` is an instance of `type`."""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar, Union

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Json,
    PlainSerializer,
    PlainValidator,
    WrapValidator,
)
from tests.unit.somewhere import dirty_fields, read_document
from typing_extensions import NamedTuple, TypedDict

from odmantic._codec.decode import validate_document
from odmantic._codec.encode import encode_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import SOMEWHERE
from odmantic._types.kinds import is_class
from odmantic.bson import WithBsonSerializer
from odmantic.model import EmbeddedModel, Model

K = TypeVar("K")
T = TypeVar("T")


class Inner(EmbeddedModel):
    x: int = 1


class InnerOf(EmbeddedModel, Generic[T]):
    v: T


class PlainOf(BaseModel, Generic[T]):
    v: T


@dataclass
class DataOf(Generic[T]):
    v: T


@dataclass
class Priced(Generic[T]):
    of: T
    price: Decimal


class PricedRow(NamedTuple, Generic[T]):
    of: T
    price: Decimal


class PricedKeys(TypedDict, Generic[K, T]):
    at: K
    of: T
    price: Decimal


def same(value: Any) -> Any:
    return value


def through(value: Any, handler: Any) -> Any:
    return handler(value)


PATTERN = re.compile("a", re.IGNORECASE)
CASES: list[tuple[Any, Any]] = [
    (Priced[int], Priced(1, Decimal("1.5"))),
    (list[Priced[str]], [Priced("a", Decimal(2))]),
    (PricedRow[int], PricedRow(1, Decimal("1.5"))),
    (PricedKeys[int, str], {"at": 1, "of": "a", "price": Decimal(2)}),
    (re.Pattern, PATTERN),
    (re.Pattern[str], PATTERN),
    (Union[re.Pattern[str], None], PATTERN),
    (list[re.Pattern[str]], [PATTERN]),
    (dict[str, re.Pattern], {"a": PATTERN}),
    (Union[int, list[int], re.Pattern], PATTERN),
    (Annotated[list[int], BeforeValidator(same)], [1]),
    (Annotated[dict[str, int], AfterValidator(same)], {"a": 1}),
    (Annotated[tuple[int, ...], WrapValidator(through)], (1,)),
    (Annotated[list[int], PlainValidator(same)], [1]),
    (Annotated[list[int], PlainSerializer(same)], [1]),
    (Annotated[list[int], WithBsonSerializer(list)], [1]),
    (Union[Annotated[list[int], BeforeValidator(same)], None], [1]),
    (list[Annotated[list[int], BeforeValidator(same)]], [[1]]),
    (Annotated[list[Inner], BeforeValidator(same)], [Inner()]),
    (Union[list[Inner], dict[str, Inner], None], [Inner()]),
    (InnerOf[list[int]], InnerOf[list[int]](v=[1])),
    (list[PlainOf[dict[str, int]]], [PlainOf[dict[str, int]](v={"a": 1})]),
    (DataOf[list[int]], DataOf[list[int]]([1])),
    (deque[int], deque([1])),
    (defaultdict[str, int], defaultdict(int, {"a": 1})),
    (OrderedDict[str, int], OrderedDict({"a": 1})),
    (Sequence[int], [1]),
    (Mapping[str, list[int]], {"a": [1]}),
    (tuple[int, list[int]], (1, [2])),
]


@pytest.mark.parametrize(("tp", "value"), CASES, ids=lambda each: repr(each)[:60])
def test_generic_types_round_trip(tp: Any, value: Any) -> None:
    body = {"__module__": __name__, "__annotations__": {"v": tp}}
    model: Any = type(Model)("Holder", (Model,), body)
    one = model(v=value)
    document = encode_document(one)
    read = read_document(model, document)
    assert read == validate_document(model, document) == one
    assert dirty_fields(read) == set()
    assert encode_document(read) == document
    codec = mapping_of(model).codec
    if codec.take_changes is not None:
        codec.take_changes(read, SOMEWHERE)


@pytest.mark.parametrize(
    ("tp", "text"),
    [(Json[list[int]], "[1]"), (list[Json[dict[str, list[int]]]], ['{"a": [1]}'])],
)
def test_json_of_generic_types_can_be_written(tp: Any, text: Any) -> None:
    body = {"__module__": __name__, "__annotations__": {"v": tp}}
    model: Any = type(Model)("Holder", (Model,), body)
    assert encode_document(model(v=text)).keys() == {"v", "_id"}
    assert mapping_of(model).source()


@pytest.mark.parametrize("tp", [list[int], dict[str, int], re.Pattern[str], Annotated[int, 1]])
def test_generic_types_are_no_classes(tp: Any) -> None:
    assert not is_class(tp)
    assert is_class(int)
