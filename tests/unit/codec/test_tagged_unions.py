"""Unions whose members a field tells apart: read and written by generated code, whatever is around them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Dict, List, Literal, Optional, Tuple, Union

import bson
import pydantic
import pytest
from pydantic import BaseModel, Discriminator, Tag, create_model
from tests.unit.somewhere import HERE, dirty_fields, mark_read, read_document
from typing_extensions import TypeAliasType

from odmantic import EmbeddedModel, Field, Model
from odmantic._codec.decode import decode_document, validate_document
from odmantic._codec.encode import encode_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import Known
from odmantic.exceptions import DocumentParsingError

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Toy(EmbeddedModel):
    name: str = Field(key_name="n")


class Cat(EmbeddedModel):
    kind: Literal["cat", "kitten"] = Field("cat", key_name="k")
    name: str
    toys: List[Toy] = Field([], key_name="t")


class Dog(EmbeddedModel):
    kind: Literal["dog"] = Field("dog", key_name="k")
    name: str
    barks: bool = True


class Branch(EmbeddedModel):
    kind: Literal["branch"] = Field("branch", key_name="k")
    below: List[Annotated[Union[Cat, Branch], Field(discriminator="kind")]] = []


class PlainCat(BaseModel):
    kind: Literal["cat"] = "cat"
    colour: Colour = Colour.RED


class PlainDog(BaseModel):
    kind: Literal["dog"] = "dog"
    colour: Colour = Colour.BLUE


CAT = Cat(name="Tom", toys=[Toy(name="ball")])
KITTEN = Cat(kind="kitten", name="Tim")
DOG = Dog(name="Rex", barks=False)
TREE = Branch(below=[CAT, Branch(below=[KITTEN]), Branch()])

PETS = Annotated[Union[Cat, Dog], Field(discriminator="kind")]
MARKS = [
    Field(discriminator="kind"),
    pydantic.Field(discriminator="kind"),
    Discriminator("kind"),
]


def holder(annotation: Any, default: Any = pydantic.fields.PydanticUndefined) -> Any:
    return create_model("Holder", __base__=Model, held=(annotation, default))


def round_trip(model: Any, value: Any) -> tuple[Any, Any]:
    """Save and read a value; return what is stored, and what is read by generated code."""
    instance = model(held=value)
    document = bson.decode(bson.encode(encode_document(instance)))
    read = mapping_of(model).codec.read_new(document)
    assert read is not None
    assert validate_document(model, document) == read == instance
    return document["held"], read.held


CONTAINERS: list[tuple[Any, Any]] = [
    (PETS, CAT),
    (PETS, KITTEN),
    (PETS, DOG),
    (Optional[PETS], None),
    (Optional[PETS], DOG),
    (List[PETS], [CAT, DOG, KITTEN]),
    (Dict[str, PETS], {"a": CAT, "b": DOG}),
    (Tuple[PETS, ...], (CAT, DOG)),
    (List[Optional[PETS]], [CAT, None, DOG]),
    (Dict[str, List[PETS]], {"a": [CAT, DOG], "b": []}),
    (Annotated[Union[Cat, Dog, Branch], Field(discriminator="kind")], TREE),
]


@pytest.mark.parametrize(("annotation", "value"), CONTAINERS)
def test_what_is_saved_is_read(annotation, value):
    model = holder(annotation)

    _, read = round_trip(model, value)

    assert type(read) is type(value)
    assert "read_f" not in model.__mapping__.source()
    # Tuples of objects are left to their encoders.
    assert (mapping_of(model).codec.take is None) == isinstance(value, tuple)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("is_optional", [False, True])
@pytest.mark.parametrize("around", [lambda tp: tp, lambda tp: List[tp]])
def test_every_spelling_is_known(mark, is_optional, around):
    union: Any = Union[Cat, Dog, None] if is_optional else Union[Cat, Dog]
    model = holder(around(Annotated[union, mark]))
    is_list = around(int) is not int

    for pet in (CAT, DOG, *([None] if is_optional else [])):
        stored, _ = round_trip(model, [pet] if is_list else pet)
        (held,) = stored if is_list else [stored]
        assert held is None if pet is None else held["k"] == pet.kind


@pytest.mark.parametrize(
    "default", [Field(discriminator="kind"), Field(None, discriminator="kind")]
)
def test_the_whole_field_may_have_the_discriminator(default):
    round_trip(holder(Optional[Union[Cat, Dog]], default), DOG)


def test_a_discriminator_in_a_container_is_part_of_the_schema():
    schema = holder(List[PETS]).model_json_schema()

    assert schema["properties"]["held"]["items"]["discriminator"]["propertyName"] == "kind"


def test_many_members_are_told_apart():
    members = [
        create_model(
            f"Member{i}",
            __base__=EmbeddedModel,
            kind=(Literal[i], i),
            **{f"f{j}": (int, j) for j in range(i)},
        )
        for i in range(30)
    ]
    union: Any = Union[tuple(members)]
    model = holder(List[Annotated[union, Field(discriminator="kind")]])
    values = [member() for member in members]

    _, read = round_trip(model, values)

    assert list(map(type, read)) == members
    instance = read_document(model, {"_id": OID, "held": [each.model_dump() for each in values]})
    assert dirty_fields(instance) == set()
    instance.held[-1].f3 = 0
    assert dirty_fields(instance) == {"held"}


class Text(str, Enum):
    CAT = "cat"
    DOG = "dog"


class Number(int, Enum):
    CAT = 1
    DOG = 2


class Plain(Enum):
    CAT = "cat"
    DOG = "dog"


@pytest.mark.parametrize("members", [Text, Number, Plain])
def test_tags_may_be_members_of_enumerations(members):
    first = create_model("First", __base__=EmbeddedModel, kind=(Literal[members.CAT], members.CAT))
    second = create_model(
        "Second", __base__=EmbeddedModel, kind=(Literal[members.DOG], members.DOG)
    )
    model = holder(List[Annotated[Union[first, second], Field(discriminator="kind")]])

    stored, read = round_trip(model, [first(), second()])

    assert [each["kind"] for each in stored] == [members.CAT.value, members.DOG.value]
    assert [each.kind for each in read] == [members.CAT, members.DOG]


def error_of(model: Any, document: Any) -> str:
    with pytest.raises(DocumentParsingError) as caught:
        decode_document(model, document)
    return str(caught.value)


def test_unknown_tags_are_refused_as_in_other_unions():
    for held in ({"k": "fish", "name": "x"}, {"k": None, "name": "x"}, {"k": ["cat"]}, {}, 1):
        tagged = error_of(holder(PETS), {"_id": OID, "held": held})
        other = error_of(holder(Union[Cat, Dog]), {"_id": OID, "held": held})
        if held != 1:
            assert tagged == other
    assert error_of(holder(PETS), {"_id": OID, "held": {"k": "fish", "name": "x"}}).startswith(
        "1 validation error for Holder\nheld.kind\n  Input should be 'cat' or 'kitten'"
    )


def test_a_wrong_value_is_reported_for_the_member_that_the_tag_names():
    class Wide(EmbeddedModel):
        kind: Literal["wide"] = Field("wide", key_name="k")
        name: str
        a: int = 0
        b: int = 0

    class Narrow(EmbeddedModel):
        kind: Literal["narrow"] = Field("narrow", key_name="k")
        name: int

    model = holder(Annotated[Union[Wide, Narrow], Field(discriminator="kind")])
    document = {"k": "narrow", "name": "x", "a": 1, "b": 2}

    assert "held.name\n  Input should be a valid integer" in error_of(
        model, {"_id": OID, "held": document}
    )


def test_a_missing_tag_is_the_default_of_the_member_that_fits():
    read = decode_document(holder(PETS), {"_id": OID, "held": {"name": "Rex", "barks": False}})

    assert read.held == DOG


def test_true_is_not_the_tag_1():
    one = create_model("One", __base__=EmbeddedModel, kind=(Literal[1], 1))
    two = create_model("Two", __base__=EmbeddedModel, kind=(Literal[2], 2))
    model = holder(Annotated[Union[one, two], Field(discriminator="kind")])

    assert mapping_of(model).codec.read_new({"_id": OID, "held": {"kind": True}}) is None


def test_changes_in_a_member_are_seen():
    model = holder(List[PETS])
    for change in (
        lambda pets: setattr(pets[0].toys[0], "name", "bone"),
        lambda pets: pets[0].toys.clear(),
        lambda pets: setattr(pets[1], "barks", True),
        lambda pets: pets.reverse(),
        lambda pets: pets.__setitem__(1, Cat(name="Rex")),
        lambda pets: setattr(pets[0], "kind", "kitten"),
    ):
        document = encode_document(model(held=[CAT.model_copy(deep=True), DOG.model_copy()]))
        read = read_document(model, document)
        validated = validate_document(model, document)
        mark_read(validated)
        for instance in (read, validated):
            assert dirty_fields(instance) == set()
            change(instance.held)
            assert dirty_fields(instance) == {"held"}


def test_instances_are_taken_for_a_bulk_write():
    model = holder(List[PETS])
    instances = [model(held=[CAT.model_copy(), DOG]), model(held=[]), model(held=[KITTEN])]
    documents: list[Any] = []

    mapping_of(model).codec.take(instances, documents, [], Known(HERE), new=True)

    assert documents == [encode_document(each) for each in instances]
    assert [dirty_fields(each) for each in instances] == [set(), set(), set()]
    instances[0].held[0].name = "other"
    assert dirty_fields(instances[0]) == {"held"}


def test_a_class_that_is_no_member_is_left_to_slower_code():
    class Puppy(Dog):  # type: ignore[misc]
        age: int = 0

    model = holder(List[PETS])
    instance = model(held=[CAT])
    instance.held.append(Puppy(name="Pip"))
    documents: list[Any] = []

    mapping_of(model).codec.take([instance], documents, [], Known(HERE), new=True)

    assert documents == []


# --- Left to pydantic -----------------------------------------------------------------------------


def test_aliases_of_the_tag_are_for_people():
    first = create_model(
        "First", __base__=EmbeddedModel, kind=(Literal["a"], Field("a", alias="type", key_name="k"))
    )
    second = create_model(
        "Second",
        __base__=EmbeddedModel,
        kind=(Literal["b"], Field("b", alias="type", key_name="k")),
    )
    model = holder(Annotated[Union[first, second], Field(discriminator="kind")])

    instance = model(held={"type": "b"})
    document = encode_document(instance)

    assert document["held"] == {"k": "b"}
    assert decode_document(model, document) == instance
    assert type(read_document(model, document).held) is second


def test_the_tags_may_have_different_keys():
    other = create_model(
        "Other", __base__=EmbeddedModel, kind=(Literal["other"], Field("other", key_name="o"))
    )
    model = holder(List[Annotated[Union[Cat, other], Field(discriminator="kind")]])
    instance = model(held=[CAT, other()])

    assert decode_document(model, encode_document(instance)) == instance


@pytest.mark.parametrize("pet", [PlainCat(), PlainDog(colour=Colour.RED)])
def test_plain_models_are_told_apart(pet):
    for members in (Union[PlainCat, PlainDog], Union[PlainDog, PlainCat]):
        for model in (
            holder(Annotated[members, Field(discriminator="kind")]),
            holder(members, Field(discriminator="kind")),
        ):
            round_trip(model, pet)
            assert mapping_of(model).codec.take is not None


def test_embedded_and_plain_models_are_told_apart():
    model = holder(List[Annotated[Union[Cat, PlainDog], Field(discriminator="kind")]])

    stored, read = round_trip(model, [CAT, PlainDog()])

    assert stored[1] == {"kind": "dog", "colour": "blue"}
    assert read == [CAT, PlainDog()]


def test_a_function_may_tell_members_apart():
    def by_barking(value: Any) -> str:
        has = value.keys() if isinstance(value, dict) else value.__dict__
        return "dog" if "barks" in has else "cat"

    union = Union[Annotated[Cat, Tag("cat")], Annotated[Dog, Tag("dog")]]

    for model in (
        holder(Annotated[union, Discriminator(by_barking)]),
        holder(union, Field(discriminator=Discriminator(by_barking))),
    ):
        for pet in (CAT, DOG):
            round_trip(model, pet)


def test_the_union_may_have_a_name():
    pets = TypeAliasType("pets", PETS)

    for annotation, value in ((pets, DOG), (List[pets], [CAT, DOG]), (Optional[pets], KITTEN)):
        model = holder(annotation)
        round_trip(model, value)
        assert "read_f" not in model.__mapping__.source()
