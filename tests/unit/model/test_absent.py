"""What is left out of documents is read again: `store_none` and `store_defaults`."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Dict, List, Literal, Optional, Union

import bson
import pytest
from bson import ObjectId
from pydantic import BaseModel

from odmantic import EmbeddedModel, Field, Model
from odmantic._codec.decode import validate_document
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.save import fields_to_save, plan_save
from odmantic._shared.reading import read_document
from odmantic._state.places import SOMEWHERE, Written
from odmantic.exceptions import InvalidDocumentError


def read_in_bulk(model: Any, document: Any) -> Any:
    found: list[Any] = []
    refused = mapping_of(model).codec.read_all([document], found.append, SOMEWHERE)
    return validate_document(model, refused) if refused is not None else found[0]


def update_of(instance: Any) -> Any:
    names = fields_to_save(instance, SOMEWHERE.place)
    plan = plan_save(instance, names, Written(SOMEWHERE.place, None))
    return None if plan is None else plan.update.update


class Inner(EmbeddedModel):
    a: Optional[int] = None
    b: int = Field(1, key_name="B")
    model_config = {"store_none": False, "store_defaults": False}


class Sparse(Model):
    name: str
    nick: Optional[str] = Field(None, key_name="n")
    age: Optional[int]
    made: Optional[List[int]] = Field(default_factory=lambda: [1])
    many: Union[int, str, None] = None
    thing: Any = None
    other: Optional[int] = 5
    always: Optional[int] = Field(None, store_none=True)
    inner: Inner = Inner()
    inners: List[Inner] = []
    table: Dict[str, Optional[int]] = {}
    model_config = {"store_none": False}


class Terse(Model):
    count: int = Field(0, key_name="c")
    price: Decimal = Decimal("1.50")
    flag: bool = False
    tags: List[str] = []
    inner: Inner = Inner()
    always: int = Field(1, store_default=True)
    fresh: List[int] = Field(default_factory=list)
    maybe: Optional[int] = None
    model_config = {"store_defaults": False}


SPARSE = [
    {"name": "a", "age": None},
    {"name": "a", "age": 3, "nick": "x", "made": None, "many": "y", "thing": {"a": None}},
    {
        "name": "a",
        "age": None,
        "other": None,
        "inner": Inner(a=1, b=2),
        "inners": [Inner(), Inner(a=3)],
    },
    {"name": "a", "age": None, "table": {"x": None, "y": 1}, "always": 3},
]
TERSE = [
    {},
    {"count": 1, "price": Decimal("1.5"), "flag": True, "tags": ["a"]},
    {"inner": Inner(a=1), "always": 1, "fresh": [], "maybe": 3},
    {"tags": [""], "inner": Inner(b=1), "fresh": [0]},
]
CASES = [(Sparse, values) for values in SPARSE] + [(Terse, values) for values in TERSE]


@pytest.mark.parametrize(("model", "values"), CASES)
def test_what_is_left_out_is_read_again(model, values):
    instance = model(**values)
    document = bson.decode(bson.encode(instance.model_dump_doc()))

    for read in (model.model_validate_doc, lambda raw: validate_document(model, raw)):
        assert read(document) == instance
    assert read_in_bulk(model, document) == instance


def test_none_has_no_key():
    sparse = Sparse(name="a", age=None, made=None)

    assert sparse.model_dump_doc() == {
        "name": "a",
        "other": 5,
        "always": None,
        "inner": {},
        "inners": [],
        "table": {},
        "_id": sparse.id,
    }


def test_none_keeps_its_key_where_a_missing_one_means_something_else():
    sparse = Sparse(name="a", age=None, other=None)

    assert sparse.model_dump_doc()["other"] is None


def test_items_and_values_of_tables_stay_null():
    sparse = Sparse(name="a", age=None, table={"x": None}, thing=[None])

    assert sparse.model_dump_doc()["table"] == {"x": None}
    assert sparse.model_dump_doc()["thing"] == [None]


def test_defaults_have_no_key():
    terse = Terse()

    assert terse.model_dump_doc() == {"always": 1, "fresh": [], "_id": terse.id}
    # Decimals are compared with their digits.
    assert "price" in Terse(price=Decimal("1.5")).model_dump_doc()


def test_what_only_equals_the_default_is_stored():
    class Loose(Model):
        value: Any = 1
        model_config = {"store_defaults": False}

    assert "value" in Loose(value=True).model_dump_doc()
    assert "value" in Loose(value=1.0).model_dump_doc()
    assert "value" not in Loose(value=1).model_dump_doc()


def test_a_change_to_what_is_left_out_removes_the_key():
    document = Sparse(name="a", age=3, nick="x").model_dump_doc()
    sparse = read_document(Sparse, document, SOMEWHERE)

    sparse.nick = None
    sparse.age = None
    sparse.name = "b"

    assert update_of(sparse) == {"$set": {"name": "b"}, "$unset": {"n": "", "age": ""}}
    assert update_of(sparse) is None


def test_a_change_to_only_that():
    terse = read_document(Terse, Terse(count=3).model_dump_doc(), SOMEWHERE)

    terse.count = 0

    assert update_of(terse) == {"$unset": {"c": ""}}


def test_a_change_in_place_back_to_the_default():
    terse = read_document(Terse, Terse(tags=["a"]).model_dump_doc(), SOMEWHERE)

    terse.tags.clear()

    assert update_of(terse) == {"$unset": {"tags": ""}}


def test_a_save_of_all_removes_what_an_earlier_document_may_have():
    sparse = Sparse(name="a", age=None)

    update = update_of(sparse)

    assert set(update["$unset"]) == {"n", "age", "many", "thing"}
    assert update["$set"]["made"] == [1]


def test_embedded_objects_go_by_their_own_config():
    class Outer(Model):
        inner: Inner = Inner()
        plain: Optional[int] = None

    assert Outer().model_dump_doc()["inner"] == {}
    assert Outer().model_dump_doc()["plain"] is None
    assert Outer(inner=Inner(a=1, b=1)).model_dump_doc()["inner"] == {"a": 1}


def test_a_plain_pydantic_object_is_stored_whole():
    class Plain(BaseModel):
        a: Optional[int] = None

    class Outer(Model):
        plain: Plain = Plain()
        model_config = {"store_none": False}

    assert Outer().model_dump_doc()["plain"] == {"a": None}


@pytest.mark.parametrize(
    ("annotation", "field", "message"),
    [
        (int, Field(store_none=False), "its values are never None"),
        (Optional[int], Field(3, store_none=False), "read with the default"),
        (Optional[int], Field(None, store_none=False, if_missing=lambda: 1), "if_missing says"),
        (Optional[str], Field(None, store_none=False, primary_field=True), "primary key"),
        (int, Field(store_default=False), "it has no default"),
        (List[int], Field(default_factory=list, store_default=False), "it has no default"),
        (int, Field(1, store_default=False, if_missing=lambda: 1), "if_missing says"),
        (int, Field(1, store_default=False, primary_field=True), "primary key"),
        (Literal["x"], Field("x", store_default=False), "members of a union"),
    ],
)
def test_a_field_that_cannot_be_left_out_says_so(annotation, field, message):
    namespace = {"__module__": __name__, "__annotations__": {"x": annotation}, "x": field}
    with pytest.raises(TypeError, match=f"Odd.x cannot have store_.*=False: .*{message}"):
        type(Model)("Odd", (Model,), namespace)


def test_an_old_document_with_null_is_read():
    sparse = Sparse.model_validate_doc({"_id": ObjectId(), "name": "a", "age": None, "n": None})

    assert (sparse.age, sparse.nick, sparse.made) == (None, None, None)


def test_usual_models_leave_out_nothing():
    class Usual(Model):
        a: Optional[int] = None
        b: int = 1

    assert mapping_of(Usual).left_out == {}
    assert mapping_of(Usual).codec.take is not None
    usual = Usual()
    assert usual.model_dump_doc() == {"a": None, "b": 1, "_id": usual.id}


# --- Unions of embedded models ---------------------------------------------------------------------


class Cat(EmbeddedModel):
    kind: Literal["cat"] = "cat"
    lives: Optional[int] = 9
    model_config = {"store_none": False, "store_defaults": False}


class Dog(EmbeddedModel):
    kind: Literal["dog"] = "dog"
    lives: Optional[int] = None
    model_config = {"store_none": False, "store_defaults": False}


class Owner(Model):
    pet: Union[Cat, Dog]
    told: Union[Cat, Dog] = Field(Cat(), discriminator="kind")
    pets: List[Annotated[Union[Cat, Dog], Field(discriminator="kind")]] = []


@pytest.mark.parametrize("pet", [Cat(), Dog(), Cat(lives=None), Dog(lives=3)])
def test_what_tells_the_members_of_a_union_apart_is_stored(pet):
    owner = Owner(pet=pet, told=pet, pets=[Dog(), pet, Cat()])
    document = bson.decode(bson.encode(owner.model_dump_doc()))

    assert document["pet"]["kind"] == pet.kind
    assert Owner.model_validate_doc(document) == owner
    assert validate_document(Owner, document) == owner
    assert read_in_bulk(Owner, document) == owner


class First(EmbeddedModel):
    a: Optional[int] = None
    model_config = {"store_none": False}


class Second(EmbeddedModel):
    b: Optional[int] = None
    model_config = {"store_none": False}


class Either(Model):
    one: Union[First, Second] = First()
    many: List[Union[First, Second]] = []


def test_an_object_that_would_be_read_as_one_of_another_class_is_refused():
    either = Either(one=Second(b=1), many=[First(), Second(b=2)])
    assert Either.model_validate_doc(either.model_dump_doc()) == either

    for either in (Either(one=Second()), Either(many=[Second()])):
        with pytest.raises(InvalidDocumentError, match="would be read as"):
            either.model_dump_doc()
        documents: list[Any] = []
        write = Written(SOMEWHERE.place, None)
        take: Any = mapping_of(Either).codec.take
        take([either], documents, [], write, new=True)
        assert documents == []


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Weight(IntEnum):
    LIGHT = 1


@pytest.mark.parametrize("validates", [True, False])
def test_a_default_that_is_held_as_the_value_of_an_enum_is_left_out(*, validates: bool) -> None:
    class Paint(Model):
        colour: Colour = Colour.RED
        weight: Weight = Weight.LIGHT
        colours: List[Colour] = [Colour.RED]
        either: Union[Colour, int] = Colour.RED
        by_colour: Dict[Colour, Colour] = {Colour.RED: Colour.BLUE}
        model_config = {
            "use_enum_values": True,
            "store_defaults": False,
            "validate_assignment": validates,
        }

    paint = Paint()
    assert paint.model_dump_doc() == {"_id": paint.id}
    assert read_in_bulk(Paint, {"_id": paint.id}) == paint

    paint.colour = "blue"  # type: ignore[assignment]
    assert paint.model_dump_doc() == {"colour": "blue", "_id": paint.id}


def test_a_default_that_is_read_as_a_member_is_left_out_as_one_only() -> None:
    class Paint(Model):
        colour: Colour = Colour.RED
        model_config = {
            "use_enum_values": True,
            "store_defaults": False,
            "validate_default": False,
        }

    paint = Paint(colour=Colour.RED)
    assert paint.model_dump_doc() == {"colour": "red", "_id": paint.id}
