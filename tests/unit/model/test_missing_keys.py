"""What stands in for a key that a document lacks: `if_missing`, then the default; and where keys come from."""

from __future__ import annotations

import pickle
from typing import Annotated, Any, List

import pytest
from bson import ObjectId
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._codec.decode import validate_document
from odmantic._mapping.mapping import mapping_of
from odmantic._shared.reading import read_document
from odmantic._state.places import SOMEWHERE
from odmantic.exceptions import DocumentParsingError


def read_in_bulk(model: Any, document: Any) -> Any:
    found: list[Any] = []
    refused = mapping_of(model).codec.read_all([document], found.append, SOMEWHERE)
    return validate_document(model, refused) if refused is not None else found[0]


READERS = [lambda model, document: model.model_validate_doc(document), read_in_bulk]

calls: list[str] = []


def version() -> Any:
    calls.append("version")
    return "1"


class Part(EmbeddedModel):
    size: int = Field(if_missing=lambda: 7)


class Ship(Model):
    name: str
    version: int = Field(2, if_missing=version, key_name="v")
    tags: List[str] = Field(default_factory=list, if_missing=lambda: ["old"])
    required: Annotated[int, Field(if_missing=lambda: 5)]
    part: Part = Part(size=1)


@pytest.mark.parametrize("read", READERS)
def test_a_missing_key_is_made_up_and_validated(read):
    ship = read(Ship, {"_id": ObjectId(), "name": "a", "part": {}})

    assert (ship.version, ship.tags, ship.required, ship.part.size) == (1, ["old"], 5, 7)


@pytest.mark.parametrize("read", READERS)
def test_it_is_called_only_where_the_key_is_missing(read):
    calls.clear()
    document = {"_id": ObjectId(), "name": "a", "v": 3, "tags": [], "required": 1}

    assert read(Ship, document).version == 3
    assert calls == []


def test_it_does_not_count_as_changed():
    ship = read_document(Ship, {"_id": ObjectId(), "name": "a"}, SOMEWHERE)

    assert ship.version == 1
    assert ship.__fields_modified__ == set()


def test_a_constructor_has_the_default():
    assert Ship(name="a", required=1).version == 2


@pytest.mark.parametrize("read", READERS)
def test_a_value_that_is_not_valid_is_an_error_of_the_document(read):
    class Odd(Model):
        n: int = Field(if_missing=lambda: "many")

    with pytest.raises(DocumentParsingError, match="n\n"):
        read(Odd, {"_id": ObjectId()})


def test_a_pickle_from_before_the_field_was_added():
    old = Ship(name="a", required=1)
    state = old.__getstate__()
    del state["__dict__"]["version"]
    new = Ship.__new__(Ship)
    new.__setstate__(state)

    assert new.version == 1
    assert pickle.loads(pickle.dumps(new)).version == 1


# --- Generated keys --------------------------------------------------------------------------------


class Address(EmbeddedModel):
    zip_code: str
    model_config = {"key_generator": to_camel}


class Plain(BaseModel):
    first_name: str


class Owner(Model):
    full_name: str = ""


class House(Model):
    house_number: int
    built_in: int = Field(1900, key_name="y")
    the_address: Address
    the_owner: Owner = Reference()
    plain_one: Plain

    model_config = {"key_generator": to_camel}


def test_keys_are_generated_for_names():
    house = House(
        house_number=1,
        the_address=Address(zip_code="1"),
        the_owner=Owner(),
        plain_one=Plain(first_name="A"),
    )

    assert house.model_dump_doc() == {
        "houseNumber": 1,
        "y": 1900,
        "theAddress": {"zipCode": "1"},
        "theOwner": house.the_owner.id,
        "plainOne": {"first_name": "A"},
        "_id": house.id,
    }
    document = {**house.model_dump_doc(), "theOwner": house.the_owner.model_dump_doc()}
    assert House.model_validate_doc(document) == house
    assert read_in_bulk(House, document) == house
    assert (House.the_address.zip_code == "1") == {"theAddress.zipCode": {"$eq": "1"}}


def test_a_generator_is_inherited():
    class Base(Model):
        model_config = {"inheritance": "abstract", "key_generator": to_camel}
        the_name: str

    class Derived(Base):
        other_name: str

    assert [+Derived.the_name, +Derived.other_name] == ["theName", "otherName"]


@pytest.mark.parametrize(
    ("generate", "message"),
    [
        (lambda _: 3, "key_generator of Odd gives 3 for 'a'"),
        (lambda _: "", "key"),
        (lambda _: "$a", r"\$"),
        (lambda _: "a.b", r"\."),
        (lambda _: "same", "same"),
        (lambda _: "_id", "_id"),
    ],
)
def test_generated_keys_are_checked(generate, message):
    with pytest.raises(TypeError, match=message):
        type(Model)(
            "Odd",
            (Model,),
            {
                "__module__": __name__,
                "__annotations__": {"a": int, "b": int},
                "model_config": {"key_generator": generate},
            },
        )
