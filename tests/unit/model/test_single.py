"""Class statements of a hierarchy: `inheritance="single"`."""

from __future__ import annotations

import gc
import pickle
from typing import Any, Generic, Literal, Optional, TypeVar

import pytest
from pydantic import create_model, field_validator

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._mapping.hierarchy import class_to_read, hierarchy_of, types_condition
from odmantic._mapping.mapping import mapping_of


class Stamped(Model, inheritance="abstract"):
    created: int = 1


class Animal(Stamped):
    model_config = {"inheritance": "single", "title": "An animal"}

    name: str = Field(key_name="n", index=True)

    @field_validator("name")
    @classmethod
    def check_name(cls, value: str) -> str:
        if not value:
            raise ValueError(f"a {cls.__name__} needs a name")
        return value

    def greet(self) -> str:
        return f"I am {self.name}"


class Cat(Animal):
    lives: int = 9

    def greet(self) -> str:
        return super().greet() + "!"


class Pet(Cat, inheritance="abstract"):
    owner: str = ""


class Tabby(Pet):
    stripes: int = 3
    model_config = {"type_name": "tabby", "type_aliases": ("tiger cat", 7)}


class Shape(EmbeddedModel, inheritance="single", discriminator="kind"):
    kind: str = Field(key_name="k")


class Circle(Shape):
    kind: Literal["circle", "disc"] = "disc"
    r: float


class Square(Shape):
    kind: Literal["square"] = "square"


def define(base: Any, name: str = "Other", /, **body: Any) -> Any:
    annotations = body.pop("annotations", {})
    return type(base)(
        name, (base,), {"__module__": __name__, "__annotations__": annotations, **body}
    )


def values(cls: Any, *, exact: bool = False) -> Any:
    hierarchy = hierarchy_of(cls)
    assert hierarchy is not None
    return types_condition(hierarchy, [cls], exact=exact)


def test_the_classes_share_a_collection():
    assert (+Animal, +Cat, +Tabby) == ("animal", "animal", "animal")
    assert isinstance(Tabby(name="a"), Animal)
    assert list(Tabby.__odm_fields__) == [
        *("created", "name", "id"),
        *("lives", "owner", "stripes"),
    ]
    assert Tabby(name="a").greet() == "I am a!"
    with pytest.raises(ValueError, match="a Tabby needs a name"):
        Tabby(name="")
    assert Cat.model_config["title"] is None


def test_each_class_has_a_value_and_the_root_has_none():
    assert [mapping_of(cls).hidden_type for cls in (Animal, Cat, Tabby)] == [
        {},
        {"_type": "Cat"},
        {"_type": "tabby"},
    ]
    assert values(Animal) == {}
    assert values(Animal, exact=True) == {"_type": None}
    assert values(Cat) == {"_type": {"$in": ["Cat", "tabby", "tiger cat", 7]}}
    assert values(Cat, exact=True) == {"_type": "Cat"}
    assert values(Tabby) == {"_type": {"$in": ["tabby", "tiger cat", 7]}}


def test_a_root_may_have_a_value():
    class Plant(Model, inheritance="single", type_name="plant", discriminator="what"):
        x: int = 1

    class Rose(Plant):
        pass

    assert mapping_of(Plant).hidden_type == {"what": "plant"}
    assert values(Plant) == {}
    assert values(Plant, exact=True) == {"what": {"$in": ["plant", None]}}
    assert values(Rose) == {"what": "Rose"}


def test_a_field_may_be_the_discriminator():
    hierarchy = hierarchy_of(Circle)
    assert hierarchy is not None
    assert (hierarchy.key, hierarchy.field, hierarchy.root) == ("k", "kind", Shape)
    assert mapping_of(Circle).hidden_type == {}
    assert values(Circle) == {"k": {"$in": ["disc", "circle"]}}
    assert hierarchy.class_of("square") is Square
    assert Circle.model_fields["kind"].default == "disc"


@pytest.mark.parametrize(
    ("document", "asked", "cls"),
    [
        ({"_type": "Cat"}, Animal, Cat),
        ({"_type": "tiger cat"}, Animal, Tabby),
        ({"_type": 7}, Cat, Tabby),
        ({"_type": None}, Animal, Animal),
        ({}, Animal, Animal),
        ({}, Cat, Cat),
        ({"_type": "Cat"}, Tabby, None),
        ({"_type": "Unicorn"}, Animal, None),
        ({"_type": True}, Animal, None),
        ({"_type": ["Cat"]}, Animal, None),
        ({"k": "circle"}, Shape, Circle),
    ],
)
def test_the_class_of_a_document(document: dict[str, Any], asked: Any, cls: Any):
    assert class_to_read(asked, document) is cls


def test_a_class_without_a_hierarchy_is_read_as_itself():
    class Boat(Model):
        x: int = 1

    assert hierarchy_of(Boat) is None
    assert class_to_read(Boat, {"_type": "Cat"}) is Boat


def test_an_overriding_field_keeps_its_key():
    class Dog(Animal):
        name: str = "Rex"

    assert Dog.__odm_fields__["name"].key_name == "n"
    for key in ("name", "m"):
        with pytest.raises(TypeError, match=r"Other\.name cannot have the key"):
            define(Animal, name=Field(key_name=key), annotations={"name": str})


def test_an_overriding_field_cannot_change_a_key_that_is_its_name():
    with pytest.raises(TypeError, match=r"Other\.lives cannot have the key 'l'"):
        define(Cat, lives=Field(key_name="l"), annotations={"lives": int})


def test_an_overriding_primary_key_stays_one():
    class Book(Model, inheritance="single"):
        isbn: str = Field(primary_field=True)

    class Novel(Book):
        isbn: str = "unknown"

    assert Novel.__primary_field__ == "isbn"
    assert Novel.__odm_fields__["isbn"].key_name == "_id"


@pytest.mark.parametrize(
    ("base", "body", "message"),
    [
        (Animal, {"code": Field(primary_field=True), "annotations": {"code": str}}, "Duplicated"),
        (Animal, {"t": Field(key_name="_type"), "annotations": {"t": int}}, "'_type', which tells"),
        (Animal, {"model_config": {"collection": "x"}}, "collection of its own"),
        (Animal, {"model_config": {"inheritance": "separate"}}, "share its place"),
        (Animal, {"model_config": {"discriminator": "kind"}}, "belongs to Animal"),
        (Animal, {"model_config": {"subclasses": list}}, "belongs to Animal"),
        (Animal, {"model_config": {"type_name": "Cat"}}, "Other and Cat would both be told by"),
        (Animal, {"model_config": {"type_aliases": (7,)}}, "Other and Tabby would both"),
        (
            Animal,
            {"model_config": {"type_name": "x", "inheritance": "abstract"}},
            "abstract and has no documents",
        ),
        (Model, {"model_config": {"type_name": "x"}}, "add inheritance='single'"),
        (Model, {"model_config": {"discriminator": "x"}}, "add inheritance='single'"),
        (Shape, {"annotations": {"x": int}}, "needs a value of its own"),
        (Circle, {"annotations": {"x": int}}, "would both be told by 'k'"),
        (
            Shape,
            {
                "kind": "a",
                "annotations": {"kind": Literal["a"]},
                "model_config": {"type_name": "b"},
            },
            "cannot have a type_name",
        ),
    ],
)
def test_what_contradicts_the_hierarchy_is_refused(base: Any, body: dict[str, Any], message: str):
    with pytest.raises(TypeError, match=message):
        define(base, **body)
    # Nothing of it is left.
    hierarchy = hierarchy_of(base)
    assert hierarchy is None or "Other" not in hierarchy.known_values


@pytest.mark.parametrize(
    "word",
    [
        {"discriminator": "a.b"},
        {"discriminator": "$a"},
        {"discriminator": "_id"},
        {"discriminator": 1},
        {"type_name": True},
        {"type_name": 1.5},
        {"type_aliases": "Cat"},
        {"type_aliases": (None,)},
        {"unknown_type": "ignore"},
        {"subclasses": [Cat]},
    ],
)
def test_wrong_values_of_words_are_refused(word: dict[str, Any]):
    (name,) = word
    with pytest.raises(ValueError, match=f"'Other': {name} "):
        define(Model, model_config={"inheritance": "single", **word})


def test_a_class_in_two_hierarchies_is_refused():
    class Plant(Model, inheritance="single"):
        x: int = 1

    class Layer(Plant, inheritance="abstract"):
        pass

    with pytest.raises(TypeError, match="cannot be derived from both"):

        class Coral(Layer, Pet):
            pass


def test_reloaded_code_replaces_its_classes():
    first = define(Animal, "Wolf", annotations={"x": int})
    second = define(Animal, "Wolf", annotations={"y": int})
    hierarchy = hierarchy_of(Animal)
    assert hierarchy is not None
    assert hierarchy.class_of("Wolf") is second
    assert first not in hierarchy.classes_below(Animal)


def test_a_class_that_is_gone_leaves_its_value():
    def one() -> None:
        class Ghost(Animal):
            pass

        assert values(Ghost) == {"_type": "Ghost"}

    def other() -> Any:
        class Ghost(Animal):
            x: int = 1

        return Ghost

    one()
    ghost = other()
    hierarchy = hierarchy_of(Animal)
    assert hierarchy is not None
    assert hierarchy.class_of("Ghost") is ghost


def test_classes_are_held_weakly_and_those_of_subclasses_are_not():
    made: list[int] = []

    def more() -> list[type[Any]]:
        made.append(1)
        return [define(Plant, "Rose"), define(Plant, "Oak")]

    class Plant(Model, inheritance="single", subclasses=more):
        x: int = 1

    define(Plant, "Weed")
    gc.collect()
    hierarchy = hierarchy_of(Plant)
    assert hierarchy is not None
    assert not made
    assert hierarchy.class_of("Rose").__name__ == "Rose"
    gc.collect()
    assert [each.__name__ for each in hierarchy.classes_below(Plant)] == ["Plant", "Rose", "Oak"]
    assert values(Plant) == {}
    assert made == [1]


def test_what_subclasses_returns_belongs_to_the_hierarchy():
    class Plant(Model, inheritance="single", subclasses=lambda: [Cat]):
        x: int = 1

    with pytest.raises(
        TypeError, match="subclasses of Plant has to return classes derived from it"
    ):
        values(Plant)


def test_a_later_field_may_name_a_later_class():
    class Zoo(Model, inheritance="single"):
        x: int = 1

    class House(Zoo):
        inside: Optional[Later] = None

    class Later(EmbeddedModel):
        y: int = 1

    assert House(inside=Later()).model_dump()["inside"] == {"y": 1}
    assert values(House) == {"_type": "House"}


T = TypeVar("T")


class Box(Model, Generic[T], inheritance="single"):
    content: T


class Crate(Box[T]):
    nails: int = 4


class IntBox(Box[int]):
    pass


def test_parametrisations_have_the_type_of_their_origin():
    assert +Box[int] == +IntBox == +Crate[str] == "box"
    assert mapping_of(Crate[str]).hidden_type == {"_type": "Crate"}
    assert mapping_of(IntBox).hidden_type == {"_type": "IntBox"}
    assert values(Box) == {}
    assert values(Crate[str]) == {"_type": "Crate"}
    # An IntBox is no Box[str].
    assert values(Box[str]) == {"_type": None}
    assert class_to_read(Box[int], {"_type": "IntBox"}) is IntBox
    assert class_to_read(Box[int], {}) is Box[int]
    assert class_to_read(Box[str], {"_type": "IntBox"}) is None


def test_instances_and_classes_can_be_pickled():
    tabby = Tabby(name="a")
    again = pickle.loads(pickle.dumps(tabby))
    assert (type(again), again) == (Tabby, tabby)
    assert pickle.loads(pickle.dumps(Cat)) is Cat


def test_a_dynamic_subclass_is_a_model():
    dog: Any = create_model("Dog", __base__=Animal, bark=(str, "woof"))
    assert issubclass(dog, Animal)
    assert +dog == "animal"
    assert values(dog) == {"_type": "Dog"}
    assert dog(name="a").bark == "woof"


def test_the_plain_pydantic_classes_are_derived_from_each_other():
    assert issubclass(Cat.__pydantic_model__, Animal.__pydantic_model__)
    assert set(Tabby.__pydantic_model__.model_fields) == set(Tabby.model_fields)


def test_a_moved_collection_is_that_of_all():
    class Plant(Model, inheritance="single"):
        x: int = 1

    class Rose(Plant):
        pass

    class Tea(Rose):
        pass

    Plant.__collection__ = "garden"
    assert (+Plant, +Rose, +Tea) == ("garden", "garden", "garden")

    class Oak(Plant):
        pass

    assert +Oak == "garden"
    with pytest.raises(TypeError, match=r"assign Plant\.__collection__"):
        Rose.__collection__ = "roses"


class Part(EmbeddedModel):
    of: Optional["Leaf"] = Reference()


class Trunk(Model):
    model_config = {"inheritance": "single"}

    best: Optional["Leaf"] = Reference()
    part: Optional[Part] = None


class Branch(Trunk):
    parts: list[Part]


class Leaf(Trunk):
    pass


def test_a_root_may_refer_to_classes_below_it():
    branch = Branch(best=Leaf(), parts=[Part(of=Leaf())])
    assert type(branch.parts[0].of) is Leaf
    assert [link.name for link in mapping_of(Branch).links] == ["best", "part", "parts"]
