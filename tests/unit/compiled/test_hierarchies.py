"""Generated code for hierarchies reads what validation reads, as instances of the same classes."""

from __future__ import annotations

import random
from typing import Any, Generic, List, Literal, Optional, TypeVar

import bson
import pytest
from bson.int64 import Int64
from tests.unit.somewhere import read_document

from odmantic import EmbeddedModel, Field, Model
from odmantic._codec.decode import decode_document, validate_document
from odmantic._compiled.hierarchies import MOST_BRANCHES
from odmantic._mapping.mapping import mapping_of
from odmantic.exceptions import DocumentParsingError

T = TypeVar("T")


class Chip(EmbeddedModel):
    code: str


class Animal(Model, inheritance="single"):
    name: str = Field(key_name="n")
    chips: List[Chip] = []


class Cat(Animal):
    lives: int = 9
    model_config = {"type_aliases": ("cat", 7)}


class Lion(Cat):
    pride: Optional[str] = None


class Open(Animal):
    model_config = {"extra": "allow", "type_name": "type"}


class Box(Model, Generic[T], inheritance="single", discriminator="what"):
    content: T


class Crate(Box[T]):
    nails: int = 1


class IntBox(Box[int]):
    pass


class Shape(Model, inheritance="single", discriminator="kind"):
    kind: Literal["shape"] = "shape"


class Circle(Shape):
    kind: Literal["circle", "disc"] = "circle"  # type: ignore[assignment]
    r: float = 1.0


VALUES = [
    *(None, 1, 1.0, True, 7, Int64(7), False, "a", b"x", [], {}, {"code": "a"}, [{"code": "b"}]),
    *("Cat", "cat", "Lion", "type", "Dog", "Crate", "IntBox", "circle", "disc", "shape"),
    bson.ObjectId("5f85f36d6dfecacc68428a46"),
]
KEYS = ["_type", "what", "kind", "other"]


def stored(instance: Any) -> dict[str, Any]:
    """The document of an instance as the driver reads it."""
    return bson.decode(bson.encode(instance.model_dump_doc()))


def outcome(read: Any) -> Any:
    try:
        instance = read()
    except DocumentParsingError as error:
        return type(error), str(error)
    return type(instance), instance.__dict__, instance.__pydantic_extra__


@pytest.mark.parametrize(
    ("asked", "instances"),
    [
        (Animal, [Animal(name="a"), Cat(name="b"), Lion(name="c"), Open(name="d")]),
        (Cat, [Animal(name="a"), Cat(name="b", chips=[Chip(code="x")]), Lion(name="c")]),
        (Lion, [Lion(name="c", pride="x")]),
        (Open, [Open(name="d"), Open.model_validate({"name": "d", "more": 1})]),
        (Box, [Box(content=1), Crate(content=2), IntBox(content=3)]),
        (Box[int], [Box[int](content=1), Crate[int](content=2), IntBox(content=3)]),
        (Crate[int], [Crate[int](content=2), Crate[str](content="x")]),
        (Shape, [Shape(), Circle(), Circle(kind="disc")]),
    ],
)
def test_code_and_validation_agree(asked: Any, instances: list[Any]):
    draw = random.Random(asked.__name__)
    for _ in range(600):
        document = stored(draw.choice(instances))
        for key in draw.sample([*document, *KEYS], draw.randint(0, 2)):
            if draw.random() < 0.3:
                document.pop(key, None)
            else:
                document[key] = draw.choice(VALUES)
        expected = outcome(lambda: validate_document(asked, document))  # noqa: B023 - at once
        assert outcome(lambda: decode_document(asked, document)) == expected  # noqa: B023
        assert outcome(lambda: read_document(asked, document)) == expected  # noqa: B023


@pytest.mark.parametrize("number", [MOST_BRANCHES - 1, MOST_BRANCHES, 3 * MOST_BRANCHES])
def test_any_number_of_classes(number: int):
    root: Any = type(Model)(
        "Root",
        (Model,),
        {
            "__module__": __name__,
            "__annotations__": {"x": int},
            "model_config": {"inheritance": "single"},
        },
    )
    classes = [
        type(Model)(
            f"Kind{each}",
            (root,),
            {
                "__module__": __name__,
                "__annotations__": {f"y{each}": str},
                "model_config": {"type_name": each or "zero"},
            },
        )
        for each in range(number)
    ]
    source = mapping_of(root).source()
    assert ("readers = {" in source) == (number + 1 > MOST_BRANCHES)
    instances = [root(x=0), *(cls(x=i, **{f"y{i}": "a"}) for i, cls in enumerate(classes))]
    documents = [*map(stored, instances)]
    found: list[Any] = []
    rest = documents[::-1]
    assert mapping_of(root).codec.read_all(rest, found.append, None) is None
    assert found == instances
    assert list(map(type, found)) == list(map(type, instances))
    for wrong in (True, 1.0, "one", [1], number):
        document = {**documents[0], "_type": wrong}
        assert mapping_of(root).codec.read_new(document) is None
        assert mapping_of(root).codec.read_all([document], found.append, None) == document


def test_code_of_many_classes_grows_with_their_number():
    lengths: list[int] = []
    for number in (12, 24):
        root: Any = type(Model)(
            "Root",
            (Model,),
            {
                "__module__": __name__,
                "__annotations__": {"x": int},
                "model_config": {"inheritance": "single"},
            },
        )
        classes = [
            type(Model)(
                f"Kind{each}", (root,), {"__module__": __name__, "__annotations__": {"y": int}}
            )
            for each in range(number)
        ]
        assert len(classes) == number
        lengths.append(len(mapping_of(root).source().splitlines()))
    assert lengths[1] < 2 * lengths[0]


def test_a_class_that_code_cannot_read_is_left_to_validation():
    class Custom(Animal):
        def __init__(self, **values: Any) -> None:
            super().__init__(**values)

    documents = [stored(Custom(name="a")), stored(Cat(name="b"))]
    assert mapping_of(Animal).codec.read_new(documents[0]) is None
    assert type(decode_document(Animal, documents[0])) is Custom
    assert type(mapping_of(Animal).codec.read_new(documents[1])) is Cat
