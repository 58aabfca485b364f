"""Documents and patches are read by the names of fields; if a name is absent, by an alias, unless that is another field's name.

Aliases are for people: constructors, JSON, schemas. Pydantic alone would prefer the alias, and so give two fields whose
aliases cross each other's values.
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Dict, Generic, List, Optional, Tuple, TypeVar, Union

import pydantic
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, RootModel, model_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass
from tests.unit.somewhere import read_document
from typing_extensions import NotRequired, TypedDict

from odmantic._codec.decode import decode_document, validate_document
from odmantic._codec.lookups import handlers_forget_lookups, names_first, takes_aliases
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import SOMEWHERE
from odmantic.exceptions import DocumentParsingError
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference

A = Annotated[int, pydantic.Field(alias="b")]
B = Annotated[int, pydantic.Field(alias="a")]


class Embedded(EmbeddedModel):
    a: A
    b: B


class Keyed(EmbeddedModel):
    a: A = Field(key_name="x")
    b: B = Field(key_name="a")


class Plain(BaseModel):
    a: A
    b: B


class Generated(BaseModel):
    model_config = ConfigDict(alias_generator=lambda name: {"a": "b", "b": "a"}.get(name, name))

    a: int
    b: int


class Choices(BaseModel):
    a: int = pydantic.Field(validation_alias=AliasChoices("z", "b"))
    b: int = pydantic.Field(validation_alias=AliasChoices("a", AliasPath("a", 0)))


class Recursive(BaseModel):
    a: A
    b: B
    inner: Optional["Recursive"] = None


@dataclasses.dataclass
class Standard:
    a: A
    b: B


@pydantic_dataclass
class Pydantic:
    a: A
    b: B


class Typed(TypedDict):
    a: A
    b: B
    c: NotRequired[int]


class Holder(BaseModel):
    held: List[Plain]


class Root(RootModel[Dict[str, Plain]]):
    pass


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: List[T]


class Target(Model):
    a: A
    b: B


_SWAPPED: list[tuple[Any, Any]] = [
    *((cls, {"b": 1, "a": 2}) for cls in (Embedded, Keyed, Plain, Generated, Choices)),
    *((cls, {"b": 1, "a": 2}) for cls in (Standard, Pydantic, Typed)),
    (Recursive, {"b": 1, "a": 2, "inner": {"b": 3, "a": 4}}),
    (Holder, {"held": [{"b": 1, "a": 2}]}),
    (Root, {"k": {"b": 1, "a": 2}}),
    (Page[Plain], {"items": [{"b": 1, "a": 2}]}),
    (Page[Embedded], {"items": [{"b": 1, "a": 2}]}),
]

_AROUND: list[tuple[str, Any, Any]] = [
    ("itself", lambda cls: cls, lambda value: value),
    ("optional", lambda cls: Optional[cls], lambda value: value),
    ("list", lambda cls: List[cls], lambda value: [value, value]),
    ("dict", lambda cls: Dict[str, cls], lambda value: {"k": value}),
    ("tuple", lambda cls: Tuple[int, cls], lambda value: (5, value)),
    ("deep", lambda cls: Dict[str, List[Optional[cls]]], lambda value: {"k": [None, value]}),
    ("union", lambda cls: Union[int, cls], lambda value: value),
    ("annotated", lambda cls: Annotated[cls, "mark"], lambda value: value),
]


def _readings(model: type[Model], document: Any) -> list[Any]:
    """Read a document in every way there is."""
    all_read: list[Any] = []
    documents = [document, document]
    read_all = mapping_of(model).codec.read_all
    while documents:
        refused = read_all(documents, all_read.append, SOMEWHERE)
        if refused is not None:
            all_read.append(validate_document(model, refused))
    return [
        *all_read,
        decode_document(model, document),
        read_document(model, document),
        validate_document(model, document),
    ]


def _model_with(annotation: Any) -> Any:
    return pydantic.create_model("Case", __base__=Model, x=(annotation, Field()), n=(int, 0))


@pytest.mark.parametrize(
    ("cls", "given"), _SWAPPED, ids=lambda value: getattr(value, "__name__", "")
)
@pytest.mark.parametrize("around", _AROUND, ids=lambda around: around[0])
def test_crossed_aliases_are_read_as_they_were_stored(cls: Any, given: Any, around: Any) -> None:
    _, annotate, wrap = around
    model = _model_with(annotate(cls))
    instance = model(x=wrap(given))
    document = instance.model_dump_doc()
    for read in _readings(model, document):
        assert read == instance
        assert read.model_dump_doc() == document


@pytest.mark.parametrize(
    ("cls", "given"), _SWAPPED, ids=lambda value: getattr(value, "__name__", "")
)
@pytest.mark.parametrize("around", _AROUND, ids=lambda around: around[0])
def test_a_dump_is_a_patch_that_changes_nothing(cls: Any, given: Any, around: Any) -> None:
    if cls is Typed and handlers_forget_lookups():
        pytest.skip("a dictionary is looked up by alias again")
    _, annotate, wrap = around
    model = _model_with(annotate(cls))
    instance = model(x=wrap(given))
    before = instance.model_copy(deep=True)
    patch_class = pydantic.create_model("Patch", x=(annotate(cls), ...))
    patch = patch_class(x=wrap(given))
    instance.model_update(patch)
    assert instance == before
    instance.model_update(patch.model_dump())
    assert instance == before


class Crossed(Model):
    a: A
    b: B


class Chain(Model):
    name: Annotated[str, pydantic.Field(alias="title")]
    title: Annotated[str, pydantic.Field(alias="heading")]


class WithKeys(Model):
    a: A = Field(key_name="b")
    b: B = Field(key_name="a")


class Open(Model):
    model_config = {"extra": "allow"}

    zip_code: Annotated[int, pydantic.Field(alias="zipCode")]


class Referring(Model):
    target: Target = Reference()
    plain: Plain


class Inherits(Model):
    """Its aliases come from a mixin, whose alias generator its own config could not name."""

    class Mixin(BaseModel):
        a: A
        b: B


class Mixed(Inherits.Mixin, Model):
    c: int = 0


@pytest.mark.parametrize("model", [Crossed, WithKeys, Mixed, Target])
def test_crossed_aliases_of_a_model(model: Any) -> None:
    instance = model(b=1, a=2)
    assert (instance.a, instance.b) == (1, 2)
    for read in _readings(model, instance.model_dump_doc()):
        assert read == instance
    instance.model_update(a=7)
    assert (instance.a, instance.b) == (7, 2)
    instance.model_update({"b": 8})
    assert (instance.a, instance.b) == (7, 8)
    instance.a = 9
    assert (instance.a, instance.b) == (9, 8)


def test_an_alias_that_is_a_name_further_down_a_chain() -> None:
    instance = Chain(title="n", heading="t")
    assert (instance.name, instance.title) == ("n", "t")
    for read in _readings(Chain, instance.model_dump_doc()):
        assert read == instance
    instance.model_update(title="x")
    assert (instance.name, instance.title) == ("n", "x")
    instance.model_update(name="y")
    assert (instance.name, instance.title) == ("y", "x")


def test_a_referenced_document_is_read_by_name() -> None:
    target = Target(b=1, a=2)
    instance = Referring(target=target, plain=Plain(b=3, a=4))
    document = {**instance.model_dump_doc(), "target": target.model_dump_doc()}
    for read in _readings(Referring, document):
        assert read == instance


def test_an_alias_is_no_key_of_a_model() -> None:
    instance = Open(zipCode=1)
    document = {**instance.model_dump_doc(), "zipCode": 5}
    for read in _readings(Open, document):
        assert read.zip_code == 1
        assert read.model_extra == {"zipCode": 5}
    del document["zip_code"]
    with pytest.raises(DocumentParsingError, match="Key 'zip_code' not found"):
        Open.model_validate_doc(document)


class Strictly(Model):
    model_config = {"extra": "forbid"}

    zip_code: Annotated[int, pydantic.Field(alias="zipCode")]


def test_a_patch_is_by_name_else_by_alias() -> None:
    instance = Strictly(zipCode=1)
    instance.model_update(zipCode=2)
    assert instance.zip_code == 2
    instance.model_update(zip_code=3, zipCode=4)
    assert instance.zip_code == 3
    with pytest.raises(pydantic.ValidationError, match="Extra inputs are not permitted"):
        instance.model_update(zip=5)
    assert instance.zip_code == 3


class Address(BaseModel):
    zip_code: Annotated[int, pydantic.Field(alias="zipCode")] = 0
    first: int = pydantic.Field(0, validation_alias=AliasChoices("one", AliasPath("all", 0)))
    second: int = pydantic.Field(0, validation_alias=AliasPath("all", 1))


class StrictAddress(Address):
    model_config = ConfigDict(extra="forbid")


class OpenAddress(Address):
    model_config = ConfigDict(extra="allow")


class Visible(BaseModel):
    seen: Dict[str, Any] = pydantic.Field(default_factory=dict)
    zip_code: Annotated[int, pydantic.Field(alias="zipCode")] = 0

    @model_validator(mode="before")
    @classmethod
    def look(cls, values: Any) -> Any:
        return {**values, "seen": dict(values)}


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"zip_code": 1}, (1, 0, 0)),
        ({"zipCode": 1}, (1, 0, 0)),
        ({"zip_code": 1, "zipCode": 2}, (1, 0, 0)),
        ({"zipCode": 2, "zip_code": 1}, (1, 0, 0)),
        ({"first": 1, "one": 2}, (0, 1, 0)),
        ({"one": 2}, (0, 2, 0)),
        ({"all": [3, 4]}, (0, 3, 4)),
        ({"all": [3, 4], "one": 2, "second": 5}, (0, 2, 5)),
        ({"all": [3]}, (0, 3, 0)),
        ({"all": "ab"}, (0, 0, 0)),
        ({}, (0, 0, 0)),
    ],
)
@pytest.mark.parametrize("cls", [Address, StrictAddress, OpenAddress])
@pytest.mark.parametrize("beside", [(), (Plain,)], ids=["alone", "beside crossed aliases"])
def test_a_nested_object_is_read_by_name_then_by_alias(
    stored: Any, expected: Any, cls: Any, beside: Any
) -> None:
    others: Any = {f"other{index}": (Optional[other], None) for index, other in enumerate(beside)}
    model: Any = pydantic.create_model("Case", __base__=Model, x=(cls, Field()), **others)
    document = {**model(x=cls()).model_dump_doc(), "x": stored}
    for read in _readings(model, document):
        assert (read.x.zip_code, read.x.first, read.x.second) == expected
        assert not read.x.model_extra
    instance = model(x=cls())
    instance.model_update(x=stored)
    assert (instance.x.zip_code, instance.x.first, instance.x.second) == expected


class Limited(BaseModel):
    a: Annotated[int, pydantic.Field(alias="b", le=5)]
    b: B


class Holding(Model):
    x: Limited
    y: List[Limited] = []


def test_a_nested_value_that_is_not_valid_is_refused_where_it_is() -> None:
    instance = Holding(x=Limited(b=1, a=9))
    with pytest.raises(pydantic.ValidationError) as caught:
        instance.model_update(x={"a": 9, "b": 1})
    assert [line["loc"] for line in caught.value.errors()] == [("x", "a")]
    with pytest.raises(pydantic.ValidationError) as caught:
        instance.model_update(y=[{"a": 1, "b": 1}, {"a": 9, "b": 1}])
    assert [line["loc"] for line in caught.value.errors()] == [("y", 1, "a")]
    assert (instance.x.a, instance.x.b, instance.y) == (1, 9, [])


def test_of_a_union_the_member_that_knows_most_keys_is_taken() -> None:
    class First(BaseModel):
        zip_code: Annotated[int, pydantic.Field(alias="zipCode")] = 0
        shared: int = 0

    class Second(BaseModel):
        place: Annotated[int, pydantic.Field(alias="Place")] = 0
        shared: int = 0

    class Third(BaseModel):
        other: int = 0
        shared: int = 0

    model = _model_with(Union[First, Second, Third])
    for value in (First(zipCode=1), Second(Place=2), Third(other=3)):
        instance = model(x=value)
        for read in _readings(model, instance.model_dump_doc()):
            assert type(read.x) is type(value)
            assert read == instance


def test_a_class_without_aliases_needs_nothing() -> None:
    class Without(BaseModel):
        a: int
        b: Annotated[int, pydantic.Field(alias="b")]
        c: Annotated[int, pydantic.Field(serialization_alias="a")]

    assert names_first(Without) is None
    assert takes_aliases(Without.__pydantic_core_schema__)
    assert names_first(Plain) is None
    assert not takes_aliases(Plain.__pydantic_core_schema__)
