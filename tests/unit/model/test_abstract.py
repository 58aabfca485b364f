"""An abstract base gives fields, methods, validators, indexes and options to models, and has no documents itself."""

from __future__ import annotations

import copy
import pickle
from typing import Any, Generic, List, Optional, TypeVar

import pytest
from pydantic import BaseModel, ValidationError, field_validator

from odmantic import EmbeddedModel, Field, Index, Model, Reference
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.arguments import check_model
from odmantic.exceptions import DocumentParsingError
from odmantic.query import asc

T = TypeVar("T")


class Stamped(Model):
    created: int = Field(0, key_name="c", index=True)
    tags: List[str] = []

    model_config = {
        "inheritance": "abstract",
        "extra": "forbid",
        "title": "Stamp",
        "indexes": lambda: [Index(Stamped.created, asc(Stamped.tags), name="both")],
    }

    @field_validator("created")
    @classmethod
    def check_created(cls, value: int) -> int:
        if value < 0:
            raise ValueError(f"{cls.__name__} is too old")
        return value

    def age(self) -> int:
        return 10 - self.created


class Ship(Stamped):
    name: str


class Port(Stamped):
    model_config = {"extra": "allow", "collection": "harbours"}

    def age(self) -> int:
        return super().age() + 1


class Coded(Model, inheritance="abstract"):
    code: str = Field(primary_field=True)


class Crate(Coded):
    weight: float = 1.0


class Shape(EmbeddedModel, inheritance="abstract"):
    n: int = Field(1, key_name="N")


class Circle(Shape):
    r: float = 2.0


class Drawing(Model):
    main: Circle = Circle()
    more: List[Circle] = []


def test_fields_come_before_those_of_the_class():
    ship = Ship(name="a", created=3, tags=["x"])

    assert list(Ship.__odm_fields__) == ["created", "tags", "name", "id"]
    assert ship.model_dump_doc() == {"c": 3, "tags": ["x"], "name": "a", "_id": ship.id}
    assert Ship.model_validate_doc(ship.model_dump_doc()) == ship
    assert (Ship.created == 3) == {"c": {"$eq": 3}}
    assert (+Ship, +Port) == ("ship", "harbours")


def test_each_class_is_a_model_of_its_own():
    assert mapping_of(Ship).model is Ship
    assert mapping_of(Port).fields["created"] is not mapping_of(Ship).fields["created"]
    assert isinstance(Ship(name="a"), Stamped)
    assert not isinstance(Ship(name="a"), Port)


def test_changes_of_inherited_fields_are_noticed():
    ship = Ship.model_validate_doc(Ship(name="a").model_dump_doc())

    ship.created = 5

    assert ship.__fields_modified__ >= {"created"}


def test_methods_and_validators_are_inherited():
    assert Ship(name="a", created=3).age() == 7
    assert Port(created=3).age() == 8
    with pytest.raises(ValidationError, match="Ship is too old"):
        Ship(name="a", created=-1)
    with pytest.raises(DocumentParsingError, match="Port is too old"):
        Port.model_validate_doc({**Port().model_dump_doc(), "c": -1})


def test_options_are_inherited_but_for_those_of_one_class():
    with pytest.raises(ValidationError, match="extra"):
        Ship(name="a", other=1)
    assert Port(other=1).model_dump_doc()["other"] == 1
    assert Ship.model_config["title"] is None
    assert Ship.model_config["inheritance"] is None


def test_indexes_are_inherited():
    def names(model: Any) -> list[Any]:
        return [(one.get_index_specifier(), one.index_name) for one in model.__indexes__()]

    expected = [([("c", 1)], None), ([("c", 1), ("tags", 1)], "both")]
    assert names(Ship) == expected
    assert names(Port) == expected
    assert mapping_of(Ship).may_be_unique


def test_a_primary_key_is_inherited():
    assert list(Crate.__odm_fields__) == ["code", "weight"]
    assert Crate.__primary_field__ == "code"
    assert Crate(code="a").model_dump_doc() == {"_id": "a", "weight": 1.0}


def test_a_second_primary_key_is_refused():
    with pytest.raises(TypeError, match="_id"):

        class Twice(Coded):
            other: int = Field(primary_field=True)


def test_a_subclass_overrides_a_field():
    class Late(Stamped):
        created: float = Field(1.5, key_name="at")

    assert Late().model_dump_doc()["at"] == 1.5
    assert (Late.created == 2.5) == {"at": {"$eq": 2.5}}


def test_abstract_bases_of_abstract_bases():
    class Owned(Stamped, inheritance="abstract"):
        owner: str

    class Named(Model, inheritance="abstract"):
        label: str = "l"

    class Boat(Named, Owned):
        length: int

    boat = Boat(owner="o", length=3)
    assert set(Boat.__odm_fields__) == {"created", "tags", "owner", "label", "length", "id"}
    assert Boat.model_validate_doc(boat.model_dump_doc()) == boat
    assert Boat.model_config["extra"] == "forbid"


def test_an_abstract_base_and_mixins():
    class Plain(BaseModel):
        colour: str = "red"

    class Loose:
        size: Optional[int] = Field(None, key_name="s")

    class Mixed(Plain, Loose, Stamped):
        name: str

    mixed = Mixed(name="a", size=3)
    document = mixed.model_dump_doc()
    assert {"colour", "s", "c", "name", "_id"} <= document.keys()
    assert Mixed.model_validate_doc(document) == mixed


def test_embedded_models():
    drawing = Drawing(more=[Circle(n=3)])

    assert drawing.model_dump_doc()["more"] == [{"N": 3, "r": 2.0}]
    assert Drawing.model_validate_doc(drawing.model_dump_doc()) == drawing
    assert (Drawing.main.n == 1) == {"main.N": {"$eq": 1}}


def test_a_generic_abstract_base():
    class Box(Model, Generic[T], inheritance="abstract"):
        content: T

    class Numbers(Box[int]):
        pass

    assert Numbers(content="3").content == 3
    assert Numbers.model_validate_doc(Numbers(content=3).model_dump_doc()).content == 3
    assert +Numbers == "numbers"


def test_references_and_names_that_come_later():
    class Linked(Model, inheritance="abstract"):
        ship: Ship = Reference()
        later: "Optional[Later]" = None

    class Cargo(Linked):
        weight: int = 1

    class Later(EmbeddedModel):
        x: int = 1

    cargo = Cargo(ship=Ship(name="a"), later=Later())
    assert Cargo.__references__ == ("ship",)
    assert cargo.model_dump_doc()["later"] == {"x": 1}


@pytest.mark.parametrize("model", [Stamped, Coded, Shape])
def test_an_abstract_class_has_no_instances(model):
    assert model.model_rebuild(force=True)
    for make in (
        model,
        model.model_construct,
        lambda: model.model_validate({}),
        lambda: model.model_validate_json("{}"),
    ):
        with pytest.raises(TypeError, match=f"{model.__name__} cannot be instantiated"):
            make()


def test_other_models_make_no_instances_of_an_abstract_class():
    class Holder(BaseModel):
        x: Stamped
        more: list[Shape] = []

    ship = Ship(name="a")
    assert Holder(x=ship).x is ship
    assert {"Stamped", "Shape"} <= Holder.model_json_schema()["$defs"].keys()
    for make in (
        lambda: Holder.model_validate({"x": {"created": 1}}),
        lambda: Holder.model_validate_json('{"x": {"created": 1}}'),
    ):
        with pytest.raises(TypeError, match="Stamped cannot be instantiated"):
            make()
    with pytest.raises(TypeError, match="Shape cannot be instantiated"):
        Holder.model_validate({"x": ship, "more": [{}]})


def test_an_abstract_class_has_no_documents():
    with pytest.raises(TypeError, match="the class Stamped, which is abstract"):
        check_model(Stamped, "find")
    with pytest.raises(TypeError, match="not a subclass"):
        mapping_of(Stamped)
    with pytest.raises(TypeError):
        +Stamped


@pytest.mark.parametrize("annotation", [Stamped, Shape])
def test_an_abstract_class_is_no_type_of_a_field(annotation):
    with pytest.raises(TypeError, match=f"{annotation.__name__} is abstract"):
        type(Model)(
            "Holder", (Model,), {"__module__": __name__, "__annotations__": {"x": annotation}}
        )


@pytest.mark.parametrize("word", ["sole", "Abstract", True])
def test_other_words_are_refused(word):
    with pytest.raises(
        ValueError, match="'Odd': inheritance can be 'abstract', 'single' or 'separate'"
    ):
        type(Model)(
            "Odd", (Model,), {"__module__": __name__, "model_config": {"inheritance": word}}
        )


def test_a_subclass_of_a_concrete_class_is_a_plain_pydantic_class():
    class Tanker(Ship):
        volume: int

    assert not issubclass(Tanker, Model)
    with pytest.raises(TypeError, match="give Ship `inheritance=` to make it a model"):
        check_model(Tanker, "find")


def test_the_plain_pydantic_class_has_that_of_its_base():
    pure = Ship.__pydantic_model__

    assert issubclass(pure, Stamped.__pydantic_model__)
    assert pure(name="a", created=3).age() == 7
    assert set(pure.model_fields) == set(Ship.model_fields)


def test_copies_and_pickles():
    ship = Ship(name="a", created=3)

    for copied in (copy.copy(ship), copy.deepcopy(ship), pickle.loads(pickle.dumps(ship))):
        assert type(copied) is Ship
        assert copied == ship


def test_a_patch():
    ship = Ship(name="a", created=3)

    ship.model_update({"created": 4})

    assert ship.created == 4
    with pytest.raises(ValidationError):
        ship.model_update({"created": -4})
