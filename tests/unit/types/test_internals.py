"""What the library reads of pydantic beyond its documented interface is there, and means what it did.

A test that fails here with a new version of pydantic says which name of `odmantic._types.internals` broke.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest
from pydantic import (
    BaseModel,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

import odmantic
from odmantic._types import internals
from odmantic._types.internals import (
    PydanticMetaclass,
    computed_info,
    decorated,
    decorators_of,
    generic_origin,
    has_all_fields,
    has_parameters,
    is_parametrisation,
    makes_instances_itself,
)

T = TypeVar("T")


class Plain(BaseModel):
    name: str = ""


class Decorated(BaseModel):
    name: str = ""
    age: int = 0

    @field_validator("name")
    @classmethod
    def check_name(cls, value: str) -> str:
        return value

    @model_validator(mode="after")
    def check_all(self) -> Decorated:
        return self

    @field_serializer("age")
    def show_age(self, value: int) -> str:
        return str(value)

    @model_serializer
    def show(self) -> dict[str, Any]:
        return {}


class Pair(BaseModel, Generic[T]):
    first: T


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("field_validators", "check_name"),
        ("model_validators", "check_all"),
        ("field_serializers", "show_age"),
        ("model_serializers", "show"),
    ],
)
def test_decorators_are_found_by_kind(kind, name):
    assert list(decorated(Decorated, kind)) == [name]
    assert decorators_of(Plain, kind) == []


def test_a_decorator_tells_what_it_is_for():
    (validator,) = decorators_of(Decorated, "validators", "field_validators")
    (whole,) = decorators_of(Decorated, "model_validators", "root_validators")
    (serializer,) = decorators_of(Decorated, "field_serializers")
    assert tuple(validator.info.fields) == ("name",)
    assert whole.info.mode == "after"
    assert tuple(serializer.info.fields) == ("age",)


@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")
def test_decorators_of_pydantic_1_are_found():
    from pydantic import root_validator, validator

    class Old(BaseModel):
        name: str = ""

        @validator("name")
        def check_name(cls, value):  # noqa: N805
            return value

        @root_validator(skip_on_failure=True)
        def check_all(cls, values):  # noqa: N805
            return values

    assert list(decorated(Old, "validators")) == ["check_name"]
    assert list(decorated(Old, "root_validators")) == ["check_all"]


def test_computed_fields_of_a_class_body_are_told():
    decorated = computed_field(property(lambda _: 1))
    info = computed_info(decorated)
    assert info is not None
    info.return_type = int
    cls = type("Computed", (BaseModel,), {"__module__": __name__, "one": decorated})
    assert cls.model_computed_fields["one"].return_type is int
    assert computed_info(property(lambda _: 1)) is None
    assert computed_info(field_validator("*")(lambda value: value)) is None


def test_generic_classes_and_their_parametrisations():
    assert generic_origin(Pair[int]) is Pair
    assert generic_origin(Pair) is None
    assert has_parameters(Pair)
    assert not has_parameters(Pair[int])
    assert not has_parameters(Plain)


def test_a_class_statement_of_a_parametrisation_is_told_from_others():
    told: list[bool] = []

    class Meta(PydanticMetaclass):
        def __new__(mcs, *args, **kwargs):
            told.append(is_parametrisation(kwargs))
            return super().__new__(mcs, *args, **kwargs)

    class Box(BaseModel, Generic[T], metaclass=Meta):
        first: T

    Box[int]
    assert told == [False, True]


def test_unresolved_fields_are_told():
    class Waiting(BaseModel):
        other: NotYet | None = None  # noqa: F821

    assert not has_all_fields(Waiting)
    assert has_all_fields(Plain)


def test_code_that_runs_when_an_instance_is_made():
    class OwnInit(BaseModel):
        def __init__(self, **values: Any) -> None:
            super().__init__(**values)

    class Post(BaseModel):
        def model_post_init(self, context: Any, /) -> None:
            pass

    assert makes_instances_itself(OwnInit)
    assert makes_instances_itself(Post)
    assert not makes_instances_itself(Plain)


def test_no_other_module_reads_them():
    read = r"__pydantic_(decorators|generic_metadata|fields_complete|custom_init|post_init)__|pydantic\._"
    library = Path(odmantic.__file__).parent
    readers = [
        path for path in library.rglob("*.py") if re.search(read, path.read_text(encoding="utf-8"))
    ]
    assert [str(path) for path in readers] == [internals.__file__]
