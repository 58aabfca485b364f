"""Unions whose members share a stored form: what was saved is read, with its types, by generated code and by validation."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Dict, List, Literal, Optional, Set, Tuple, Union

import bson
import pytest
from pydantic import BaseModel, RootModel, StrictInt, create_model

from odmantic import Model
from odmantic._bson.alike import is_alike
from odmantic._codec.decode import decode_document, validate_document
from odmantic.bson import Int64

LARGE = 2**40


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Letter(str, Enum):
    A = "a"


class Mixed(Enum):
    TEXT = "a"
    NUMBER = 2
    PAIR = (1, 2)


class Measure(BaseModel):
    value: Union[float, int]


class Number(RootModel[Union[float, int]]):
    pass


def model_with(annotation: Any, **config: Any) -> Any:
    return create_model(
        "Thing", __base__=Model, __module__=__name__, __cls_kwargs__=config, value=(annotation, ...)
    )


def read(model: Any, stored: Any) -> list[Any]:
    """Read a value by generated code and by validation."""
    document = {"_id": bson.ObjectId(), "value": stored}
    return [each(model, document).value for each in (decode_document, validate_document)]


def as_stored(model: Any, value: Any) -> Any:
    """Return what a client reads of a saved value."""
    return bson.decode(bson.encode(model(value=value).model_dump_doc()))["value"]


@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Union[float, int], LARGE),
        (Union[float, int], 3),
        (Union[float, int], 3.0),
        (Union[int, float], 3.0),
        (Optional[Union[float, int]], LARGE),
        (Union[bool, int], 1),
        (Union[bool, int], True),
        (Union[int, str], LARGE),
        (Union[float, StrictInt], LARGE),
        (Union[Decimal, int], LARGE),
        (Union[datetime, int], LARGE),
        (Union[float, Literal[1099511627776]], LARGE),
        (List[Union[float, int]], [LARGE, 1.5]),
        (Dict[str, Union[float, int]], {"a": LARGE}),
        (Union[List[float], List[int]], [LARGE]),
        (Union[Dict[str, float], Dict[str, int]], {"a": LARGE}),
        (Union[Tuple[float], Tuple[int]], (LARGE,)),
        (Union[float, Size], Size.LARGE),
        (Union[float, Size], 2.0),
        (Union[Size, float], Size.LARGE),
        (Union[Size, float], 2.0),
        (Union[bool, Size], Size.SMALL),
        (Union[bool, Size], True),
        (Union[float, Mixed], Mixed.NUMBER),
        (Union[Size, int], 7),
        (Union[Letter, str], "b"),
        (Union[Set[int], List[date]], {0}),
        (Union[Set[int], List[date]], [date(1970, 1, 1)]),
        (Union[List[date], Set[int]], {0}),
        (Union[Set[time], Mixed], Mixed.PAIR),
        (Union[List[str], List[datetime]], ["1"]),
        (Union[Dict[str, Size], Dict[str, float]], {"a": 1.0}),
        (Union[Set[int], List[date], List[Measure]], {0}),
        (Union[Set[int], List[date], List[Measure]], [Measure(value=1.5)]),
        (Union[Number, str], Number(LARGE)),
        (Union[Fraction, str], "01"),
        (Union[Fraction, Path], Path("01")),
        (Union[time, str], "10:00"),
    ],
    ids=str,
)
def test_what_was_saved_is_read(annotation: Any, value: Any, *, is_strict: bool) -> None:
    model = model_with(annotation, strict=is_strict)

    found = read(model, as_stored(model, value))

    assert all(is_alike(each, value) for each in found), found


def test_a_large_integer_in_a_nested_model_stays_one() -> None:
    model = model_with(Measure)

    assert all(is_alike(each.value, LARGE) for each in read(model, {"value": bson.Int64(LARGE)}))


def test_a_union_with_int64_keeps_it() -> None:
    model = model_with(Union[float, Int64])

    assert [type(each) for each in read(model, bson.Int64(5))] == [bson.Int64, bson.Int64]


@pytest.mark.parametrize(
    ("annotation", "stored", "value"),
    [
        (Union[str, Letter], "a", "a"),
        (Union[int, Size], 2, 2),
        (Union[List[int], Set[int]], [1], [1]),
        (Union[date, datetime], datetime(2020, 1, 1), date(2020, 1, 1)),
        (Union[Fraction, str], "1/2", Fraction(1, 2)),
    ],
    ids=str,
)
def test_of_members_that_would_store_the_same_the_first_is_read(
    annotation: Any, stored: Any, value: Any
) -> None:
    assert all(is_alike(each, value) for each in read(model_with(annotation), stored))


@pytest.mark.parametrize(
    ("annotation", "stored", "value"),
    [(Union[float, Size], 7, 7.0), (Union[Set[int], List[date]], [1, 1], {1})],
    ids=str,
)
def test_what_no_member_would_store_is_what_pydantic_makes_of_it(
    annotation: Any, stored: Any, value: Any
) -> None:
    found = read(model_with(annotation), stored)

    assert all(is_alike(each, value) for each in found), found
