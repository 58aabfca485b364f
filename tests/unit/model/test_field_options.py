"""Every argument of pydantic's `Field` is one of ours, and obeyed on every path; documents hold every field by its key."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, List, Literal, Tuple, Union

import bson
import pydantic
import pytest
from pydantic import AliasChoices, BaseModel, ValidationError

from odmantic import EmbeddedModel, Field, Model
from odmantic._codec.decode import decode_document, validate_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import SOMEWHERE
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError

CASES: list[Tuple[Any, dict[str, Any], list[Any]]] = [
    (int, {"gt": 1}, [1, 2]),
    (int, {"ge": 1}, [0, 1]),
    (int, {"lt": 1}, [1, 0]),
    (int, {"le": 1}, [2, 1]),
    (int, {"multiple_of": 2}, [3, 4]),
    (int, {"strict": True}, ["1", 2]),
    (str, {"strict": True}, [1, "a"]),
    (str, {"coerce_numbers_to_str": True}, [1, "a"]),
    (str, {"min_length": 2}, ["a", "ab"]),
    (str, {"max_length": 2}, ["abc", "ab"]),
    (str, {"pattern": "^a"}, ["b", "ab"]),
    (List[int], {"max_length": 1}, [[1, 2], [1]]),
    (List[int], {"fail_fast": True}, [["a", "b"], [1]]),
    (float, {"allow_inf_nan": False}, [math.nan, math.inf, 1.0]),
    (Decimal, {"max_digits": 3}, ["12.34", "1.23"]),
    (Decimal, {"decimal_places": 1}, ["1.23", "1.2"]),
    (Decimal, {"gt": 1}, ["1", "2"]),
    (Union[int, str], {"union_mode": "left_to_right"}, ["1", "a", 1]),
    (Union[str, int], {"union_mode": "smart"}, ["1", 1]),
    (str, {"frozen": True}, ["a"]),
    (str, {"title": "T", "description": "D", "examples": ["a"]}, [1, "a"]),
    (str, {"json_schema_extra": {"a": 1}}, [1, "a"]),
    (str, {"field_title_generator": lambda name, _: name.upper()}, [1, "a"]),
    (str, {"exclude": True}, [1, "a"]),
    (str, {"exclude_if": lambda value: value == "a"}, [1, "a"]),
    (str, {"repr": False}, [1, "a"]),
    (str, {"init": True}, [1, "a"]),
    (str, {"kw_only": True}, [1, "a"]),
    (str, {"serialization_alias": "ex"}, [1, "a"]),
]


def holder(base: Any, annotation: Any, info: Any) -> Any:
    namespace = {"__module__": __name__, "__annotations__": {"x": annotation}, "x": info}
    if base is BaseModel:
        namespace["model_config"] = {"validate_assignment": True, "validate_default": True}
    return type(base)("Holder", (base,), namespace)


def outcome(action: Callable[[], Any]) -> Any:
    try:
        return repr(action().__dict__["x"])
    except (ValidationError, DocumentParsingError) as error:
        return [line["type"] for line in getattr(error, "inner", error).errors()]


def read_in_bulk(model: Any, document: Any) -> Any:
    found: list[Any] = []
    refused = mapping_of(model).codec.read_all([document], found.append, SOMEWHERE)
    return validate_document(model, refused) if refused is not None else found[0]


def assigned(instance: Any, value: Any) -> Any:
    instance.x = value
    return instance


@pytest.mark.parametrize(("annotation", "options", "values"), CASES)
def test_an_option_is_obeyed_as_in_pydantic(annotation, options, values):
    ours = holder(Model, annotation, Field(**options))
    theirs = holder(BaseModel, annotation, pydantic.Field(**options))
    good = values[-1]
    for value in values:
        made = outcome(lambda: theirs(x=value))  # noqa: B023 - called at once
        assert outcome(lambda: ours(x=value)) == made  # noqa: B023
        expected = outcome(lambda: assigned(theirs(x=good), value))  # noqa: B023
        assert outcome(lambda: assigned(ours(x=good), value)) == expected  # noqa: B023
        document = {"_id": bson.ObjectId(), "x": value}
        read = outcome(lambda: validate_document(ours, document))  # noqa: B023
        if annotation is not Decimal:
            assert read == made
        assert outcome(lambda: decode_document(ours, document)) == read  # noqa: B023
        assert outcome(lambda: read_in_bulk(ours, document)) == read  # noqa: B023


@pytest.mark.parametrize(("annotation", "options", "values"), CASES)
def test_a_field_is_stored_whatever_a_dump_shows(annotation, options, values):
    model = holder(Model, annotation, Field(**options, key_name="K"))
    instance = model(x=values[-1])

    document = bson.decode(bson.encode(instance.model_dump_doc()))

    assert set(document) == {"_id", "K"}
    assert model.model_validate_doc(document) == instance
    assert read_in_bulk(model, document) == instance


def test_every_argument_of_pydantic_is_one_of_ours():
    theirs = inspect.signature(pydantic.Field).parameters
    ours = inspect.signature(Field).parameters
    assert [name for name in theirs if name not in ours] == ["extra"]


# --- Aliases ---------------------------------------------------------------------------------------


class Person(Model):
    name: str = Field(alias="fullName", key_name="n")
    age: int = Field(1, validation_alias=AliasChoices("years", "age"), serialization_alias="AGE")


def test_an_alias_is_a_name_for_people():
    person = Person(fullName="Ada", years=36)

    assert person.model_dump_doc() == {"n": "Ada", "age": 36, "_id": person.id}
    assert person.model_dump(by_alias=True) == {"fullName": "Ada", "AGE": 36, "id": person.id}
    assert Person.model_validate_doc(person.model_dump_doc()) == person
    assert (+Person.name, +Person.age) == ("n", "age")
    person.model_update({"name": "Bob"})
    assert person.name == "Bob"


# --- Deprecated fields -----------------------------------------------------------------------------


class Old(Model):
    size: int = Field(1, deprecated="use length")


def test_to_read_a_deprecated_field_warns_where_it_is_read():
    old = Old(size=3)

    with pytest.warns(DeprecationWarning, match="use length") as caught:
        assert old.size == 3

    assert [warning.filename for warning in caught] == [__file__]


def test_the_library_reads_a_deprecated_field_without_a_warning():
    old = Old(size=3)
    old.size = 4

    assert old.model_dump_doc() == {"size": 4, "_id": old.id}
    assert Old.model_validate_doc(old.model_dump_doc()) == old
    assert old.model_dump() == {"size": 4, "id": old.id}
    assert "size=4" in repr(old)
    assert old.__fields_modified__ == {"id", "size"}
    assert (Old.size == 4) == {"size": {"$eq": 4}}


# --- Discriminators --------------------------------------------------------------------------------


class Cat(EmbeddedModel):
    kind: Literal["cat"] = Field("cat", key_name="K")
    lives: int = 9


class Dog(EmbeddedModel):
    kind: Literal["dog"] = Field("dog", key_name="K")
    lives: int = 1


class Owner(Model):
    pet: Union[Cat, Dog] = Field(discriminator="kind")


@pytest.mark.parametrize("pet", [Cat(lives=1), Dog()])
def test_a_discriminator_tells_embedded_models_apart(pet):
    owner = Owner(pet=pet)
    document = owner.model_dump_doc()

    assert document["pet"] == {"K": pet.kind, "lives": 1}
    assert Owner.model_validate_doc(document) == owner
    assert type(Owner(pet={"kind": pet.kind}).pet) is type(pet)
    assert [line["type"] for line in refused(lambda: Owner(pet={"kind": "cow"}))] == [
        "union_tag_invalid"
    ]


def refused(action: Callable[[], Any]) -> Any:
    with pytest.raises(ValidationError) as caught:
        action()
    return caught.value.errors()


# --- Defaults that are not validated ---------------------------------------------------------------


def test_a_default_that_is_not_validated_is_refused_by_a_save():
    class Odd(Model):
        count: int = Field(default_factory=lambda: "many", validate_default=False)

    assert Odd().count == "many"
    with pytest.raises(InvalidDocumentError, match="field 'count' of Odd"):
        Odd().model_dump_doc()
    assert Odd(count=3).model_dump_doc()["count"] == 3


# --- Unions ----------------------------------------------------------------------------------------


def test_unions_of_another_order_are_kept_apart():
    class One(Model):
        x: Union[int, str] = Field(1, union_mode="left_to_right")

    class Other(Model):
        x: Union[str, int] = Field("1", union_mode="left_to_right")

    assert [type(One(x="1").x), type(Other(x="1").x)] == [int, str]
