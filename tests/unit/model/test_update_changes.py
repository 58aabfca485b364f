"""`model_update` stores what an assignment would store: values are compared by type and stored form, at any depth.

Equality is not enough: `1 == True`, `0.0 == -0.0`, and dictionaries in another order are equal. A value that is the
same in both respects leaves the current object where it is.
"""

from __future__ import annotations

import dataclasses
import math
from collections import OrderedDict, deque
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from typing import Any, Dict, List, Optional, Union

import pytest
from bson import Int64
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from tests.unit.somewhere import dirty_fields, read_document

from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Colour(IntEnum):
    RED = 1


class Any1(Model):
    x: Any = None


class Part(EmbeddedModel):
    x: Any = None


class Lenient(EmbeddedModel):
    """Its objects are equal whatever they hold."""

    x: Any = None

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Plain(BaseModel):
    model_config = ConfigDict(extra="allow")

    x: Any = None


@dataclasses.dataclass
class Data:
    x: Any = None
    y: Any = dataclasses.field(default=0, compare=False)


class Refusing:
    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]


_PAIRS: list[tuple[Any, Any]] = [
    (1, True),
    (True, 1),
    (0, False),
    (1, 1.0),
    (1, Colour.RED),
    (1, Int64(1)),
    (1, Decimal(1)),
    (0.0, -0.0),
    (Decimal("1.0"), Decimal("1.00")),
    (Decimal(0), Decimal("-0")),
    (Decimal128("1.0"), Decimal128("1.00")),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a": 1}, OrderedDict(a=1)),
    ({1}, {True}),
    ({1}, frozenset({1})),
    ((1,), [1]),
    (
        datetime(2020, 1, 1, 12, tzinfo=timezone.utc),
        datetime(2020, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ),
    (Part(x=1), Part(x=True)),
    (Part(x=1), Plain(x=1)),
    (Lenient(x=1), Lenient(x=2)),
    (Plain(x=1), Plain(x=True)),
    (Plain(y=1), Plain(y=True)),
    (Data(1), Data(True)),
    (Data(y=1), Data(y=2)),
]

_WRAPPERS: list[Any] = [
    lambda value: value,
    lambda value: [value],
    lambda value: {"k": [0, value]},
    lambda value: (value,),
    lambda value: deque([value]),
    lambda value: Part(x=value),
    lambda value: Plain(x={"k": value}),
    lambda value: Data([value]),
]


@pytest.mark.parametrize("wrap", _WRAPPERS)
@pytest.mark.parametrize(("old", "new"), _PAIRS)
def test_a_patch_stores_what_an_assignment_stores(old: Any, new: Any, wrap: Any) -> None:
    updated, assigned = Any1(x=wrap(old)), Any1(x=wrap(old))
    updated.__fields_modified__.clear()
    value = wrap(new)
    updated.model_update(x=value)
    assigned.x = value
    assert repr(updated.x) == repr(assigned.x)
    assert updated.__fields_modified__ == {"x"}


@pytest.mark.parametrize(
    "value",
    [
        *(None, 1, "a", 1.5, math.nan, Decimal("1.0"), Colour.RED, b"x"),
        *({"a": [1, {"b": 2}]}, [1, [2]], (1, 2), {1, 2}, frozenset("a")),
        *(Part(x=[1]), Plain(x=1, y=2), Data([1])),
        datetime(2020, 1, 1, tzinfo=timezone.utc),
    ],
)
def test_an_equal_value_keeps_the_current_object(value: Any) -> None:
    import copy

    instance = Any1(x=value)
    instance.__fields_modified__.clear()
    current = instance.x
    instance.model_update(x=copy.deepcopy(value))
    assert instance.x is current
    assert instance.__fields_modified__ == set()


def test_what_cannot_be_compared_has_changed() -> None:
    instance = Any1(x=Refusing())
    instance.__fields_modified__.clear()
    new = Refusing()
    instance.model_update(x=new)
    assert instance.x is new
    assert instance.__fields_modified__ == {"x"}


class Typed(Model):
    flag: Union[int, bool] = 1
    number: float = 0.0
    price: Decimal = Decimal("1.0")
    order: Dict[str, int] = {"a": 1, "b": 2}
    parts: List[Part] = []
    key: str = Field("k", key_name="stored_key")


@pytest.mark.parametrize(
    "patch",
    [
        {"flag": True},
        {"number": -0.0},
        {"price": Decimal("1.00")},
        {"order": {"b": 2, "a": 1}},
        {"parts": [{"x": True}]},
    ],
)
@pytest.mark.parametrize("kind", ["mapping", "keywords", "model"])
def test_a_read_document_is_sent_again_for_any_of_these(patch: dict[str, Any], kind: str) -> None:
    instance = read_document(Typed, Typed(parts=[Part(x=1)]).model_dump_doc())
    if kind == "mapping":
        instance.model_update(patch)
    elif kind == "keywords":
        instance.model_update(**patch)
    else:
        fields: Any = {name: (Any, value) for name, value in patch.items()}
        from pydantic import create_model

        instance.model_update(create_model("Patch", **fields)(**patch))
    (name,) = patch
    assert dirty_fields(instance) == {name}
    expected = Typed.model_validate({**Typed().model_dump(), **patch}).model_dump_doc()[name]
    assert repr(instance.model_dump_doc()[name]) == repr(expected)


class Owner(Model):
    name: str = Field(primary_field=True)
    age: Any = 0


class Owned(Model):
    owner: Owner = Reference()
    leg: Optional[Part] = None


def test_a_reference_is_compared_in_all_its_fields() -> None:
    owned = Owned(owner=Owner(name="a", age=1))
    current = owned.owner
    owned.model_update(owner=Owner(name="a", age=1))
    assert owned.owner is current
    owned.model_update(owner=Owner(name="a", age=True))
    assert owned.owner.age is True


_VALUES = st.recursive(
    st.sampled_from([0, False, 0.0, -0.0, 1, True, 1.0, Decimal(1), Decimal("1.0"), "1", None]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
        | st.builds(lambda x: Part(x=x), inner)
    ),
    max_leaves=4,
)


@given(_VALUES, _VALUES)
def test_updating_then_looks_like_assigning(old: Any, new: Any) -> None:
    updated, assigned = Any1(x=old), Any1(x=old)
    updated.model_update(x=new)
    assigned.x = new
    assert repr(updated.x) == repr(assigned.x)
    assert repr(updated.model_dump_doc()["x"]) == repr(assigned.model_dump_doc()["x"])
