"""Embedded objects of the classes of a hierarchy: read as what they were when they were saved."""

from __future__ import annotations

import gc
import pickle
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import (
    Annotated,
    Any,
    Dict,
    FrozenSet,
    Generic,
    List,
    Literal,
    Optional,
    Set,
    Tuple,
    TypeVar,
    Union,
)

import bson
import pytest
from pydantic import BaseModel, SerializeAsAny, create_model, field_validator
from tests.unit.somewhere import HERE, dirty_fields, mark_read, read_document

from odmantic import BsonCodec, EmbeddedModel, Field, Model, Polymorphic, Reference
from odmantic._codec.decode import decode_document, validate_document
from odmantic._codec.encode import encode_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import Known
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError, UnknownTypeError

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")


class Shape(EmbeddedModel):
    n: int = Field(1, key_name="N")
    model_config = {"inheritance": "single", "frozen": True}


class Circle(Shape):
    radius: float = Field(key_name="r")


class Disc(Circle):
    colour: str = "red"
    model_config = {"type_name": 7, "type_aliases": ("disk",)}


class Pile(EmbeddedModel):
    model_config = {"inheritance": "single", "discriminator": "t", "type_name": "pile"}
    label: str = ""


class Heap(Pile):
    items: List[Shape] = []
    below: Optional[Pile] = None


class Kind(str, Enum):
    SHIP = "ship"


class Vehicle(EmbeddedModel):
    kind: str = Field("vehicle", key_name="k")
    model_config = {"inheritance": "single", "discriminator": "kind"}


class Car(Vehicle):
    kind: Literal["car", "van"] = "car"
    doors: int = 4


class Ship(Vehicle):
    kind: Literal[Kind.SHIP] = Kind.SHIP
    masts: int = 1


class Lid(EmbeddedModel):
    closed: bool = True


SHAPES = [Shape(), Circle(radius=2), Disc(n=3, radius=1, colour="blue")]
STORED = [
    {"N": 1},
    {"_type": "Circle", "N": 1, "r": 2.0},
    {"_type": 7, "N": 3, "r": 1.0, "colour": "blue"},
]
VEHICLES = [Vehicle(), Car(kind="van"), Ship(masts=3)]
HEAP = Heap(label="a", items=SHAPES, below=Heap(below=Pile(), items=SHAPES[1:]))


def holder(annotation: Any, default: Any = ...) -> Any:
    return create_model(
        "Holder", __base__=Model, held=(annotation, Field() if default is ... else default)
    )


def round_trip(model: Any, value: Any) -> Any:
    """Save and read a value on each path; return what is stored."""
    instance = model(held=value)
    document = bson.decode(bson.encode(encode_document(instance)))
    judged = validate_document(model, document)
    for read in (decode_document(model, document), judged, read_document(model, document)):
        assert read == instance
        assert classes_in(read.held) == classes_in(value)
    mark_read(judged)
    for read in (judged, read_document(model, document)):
        assert dirty_fields(read) == set()
    return document["held"]


def classes_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: classes_in(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [classes_in(each) for each in value]
    if isinstance(value, BaseModel):
        return (type(value), [classes_in(each) for _, each in value])
    return type(value)


@pytest.mark.parametrize(("shape", "stored"), list(zip(SHAPES, STORED, strict=True)))
def test_what_is_stored_begins_with_the_type(shape, stored):
    held = round_trip(holder(Shape), shape)

    assert held == stored
    assert [*held] == [*stored]
    assert Shape.model_validate_doc(held) == shape
    assert type(Shape.model_validate_doc(held)) is type(shape)


CONTAINERS: list[tuple[Any, Any]] = [
    (List[Shape], SHAPES),
    (Dict[str, Shape], dict(zip("abc", SHAPES, strict=True))),
    (Tuple[Shape, ...], tuple(SHAPES)),
    (Tuple[Shape, int], (SHAPES[1], 1)),
    (Optional[Shape], None),
    (Optional[Shape], SHAPES[2]),
    (List[Optional[Shape]], [*SHAPES, None]),
    (Dict[str, List[Shape]], {"a": SHAPES, "b": []}),
    (Union[Shape, int], SHAPES[1]),
    (Union[int, Shape], 1),
    (Union[Lid, Shape], SHAPES[1]),
    (Union[Shape, Lid], Lid()),
    (List[Union[Pile, Shape]], [HEAP, *SHAPES, Pile()]),
    (Pile, HEAP),
    (SerializeAsAny[Shape], SHAPES[1]),
    (List[Vehicle], VEHICLES),
    (Dict[str, Polymorphic[Vehicle]], dict(zip("abc", VEHICLES, strict=True))),
    (Car, Car(kind="van")),
    (Circle, SHAPES[2]),
]


@pytest.mark.parametrize(("annotation", "value"), CONTAINERS)
def test_it_is_read_as_it_was_saved(annotation, value):
    round_trip(holder(annotation), value)


@pytest.mark.parametrize("container", [Set, FrozenSet])
def test_sets_keep_the_classes(container):
    model = holder(container[Shape])
    instance = model(held={SHAPES[0], SHAPES[1]})

    read = decode_document(model, encode_document(instance))

    assert read == instance
    assert {type(each) for each in read.held} == {Shape, Circle}


@pytest.mark.parametrize(
    "annotation", [Shape, List[Shape], Dict[str, Shape], Optional[Shape], Pile, List[Circle]]
)
def test_generated_code_does_it(annotation):
    codec = mapping_of(holder(annotation)).codec

    assert "read_f" not in codec.source
    assert "encode_any" not in codec.source
    assert codec.take is not None


def test_a_document_without_a_type_is_of_the_declared_class():
    model = holder(Circle)

    for stored in ({"N": 1, "r": 2}, {"_type": None, "N": 1, "r": 2}):
        assert decode_document(model, {"_id": OID, "held": stored}).held == SHAPES[1]
        assert validate_document(model, {"_id": OID, "held": stored}).held == SHAPES[1]


def test_an_alias_of_the_type_is_read():
    model = holder(List[Shape])
    read = read_document(model, {"_id": OID, "held": [{"_type": "disk", "N": 3, "r": 1.0}]})

    assert type(read.held[0]) is Disc
    assert dirty_fields(read) == set()


def test_an_alias_of_a_type_that_is_a_field_is_read_as_the_type():
    class Bus(Vehicle):
        kind: Literal["bus"] = "bus"
        model_config = {"type_aliases": ("coach", 7)}

    model = holder(List[Vehicle])
    for alias in ("coach", 7):
        document = {"_id": OID, "held": [{"k": alias}]}
        for read in (read_document(model, document), validate_document(model, document)):
            assert read.held == [Bus()]
        assert Vehicle.model_validate_doc({"k": alias}) == Bus()


def test_a_mapping_that_is_put_into_a_list_is_of_the_class_that_it_names():
    model = holder(List[Vehicle])
    instance = model(held=[])
    instance.held.append({"kind": "van", "doors": 5})

    assert encode_document(instance)["held"] == [{"k": "van", "doors": 5}]


@pytest.mark.parametrize("found", ["Cube", 8, True, 7.5, ["Circle"], {}])
def test_an_unknown_type_is_refused(found):
    model = holder(List[Shape])
    document = {"_id": OID, "held": [{"N": 1}, {"_type": found, "N": 1}]}

    for read in (decode_document, validate_document, read_document):
        with pytest.raises(UnknownTypeError) as caught:
            read(model, document)
        assert caught.value.found == found
        assert caught.value.known == ("Circle", 7, "disk")
        assert caught.value.collection is None
        assert "held.[1]._type\n  Unknown type" in str(caught.value)


def test_the_error_survives_pickling():
    with pytest.raises(UnknownTypeError) as caught:
        decode_document(Drawing, {"_id": OID, "main": {"_type": "Cube"}})

    again = pickle.loads(pickle.dumps(caught.value))

    assert (again.found, again.known) == ("Cube", ("Circle", 7, "disk"))
    assert str(again) == str(caught.value)


def test_a_type_of_another_branch_is_refused():
    with pytest.raises(UnknownTypeError):
        decode_document(holder(Disc), {"_id": OID, "held": STORED[1]})


def test_a_wrong_value_is_found_in_its_place():
    document = {"_id": OID, "held": {"a": [{"_type": "Circle", "N": "x", "r": 1.0}]}}

    with pytest.raises(DocumentParsingError, match="Input should be a valid integer") as caught:
        decode_document(holder(Dict[str, List[Shape]]), document)

    assert 'held.["a"].[0].n\n' in str(caught.value)


# --- Changes --------------------------------------------------------------------------------------


class Item(EmbeddedModel):
    name: str
    model_config = {"inheritance": "single"}


class Tool(Item):
    tags: List[str] = []


class Copy(Item):
    pass


class Other(Item):
    pass


@pytest.mark.parametrize(
    "change",
    [
        lambda items: items[1].tags.append("x"),
        lambda items: setattr(items[1], "tags", ["y"]),
        lambda items: setattr(items[0], "name", "x"),
        lambda items: items.__setitem__(2, Other(name="c")),
        lambda items: items.__setitem__(0, Copy(name="a")),
        lambda items: items.__setitem__(2, Item(name="c")),
        lambda items: items.reverse(),
        lambda items: items.pop(),
    ],
)
def test_changes_are_seen(change):
    model = holder(List[Item])
    document = encode_document(model(held=[Item(name="a"), Tool(name="b"), Copy(name="c")]))
    judged = validate_document(model, document)
    mark_read(judged)

    for read in (judged, read_document(model, document)):
        change(read.held)
        assert dirty_fields(read) == {"held"}
        again = encode_document(read)
        assert encode_document(decode_document(model, again)) == again


def test_items_that_look_alike_are_told_apart():
    model = holder(List[Item])
    read = read_document(
        model,
        encode_document(model(held=[Item(name="Copy"), Other(name="a")])),
    )

    read.held[:] = [Copy(name="Other"), Item(name="a")]

    assert dirty_fields(read) == {"held"}


def test_instances_are_taken_for_a_bulk_write():
    model = holder(List[Shape])
    instances = [model(held=SHAPES), model(held=[])]
    documents: list[Any] = []

    mapping_of(model).codec.take(instances, documents, [], Known(HERE), new=True)

    assert documents == [encode_document(each) for each in instances]
    assert dirty_fields(instances[0]) == set()
    instances[0].held[0] = Circle(radius=3)
    assert dirty_fields(instances[0]) == {"held"}


def test_an_update_keeps_the_class():
    model = holder(List[Item])
    one, other = model(held=[]), model(held=[Tool(name="a", tags=["x"])])

    one.model_update(other, exclude={"id"})

    assert one.held == other.held
    assert type(one.held[0]) is Tool
    assert one.held[0] is not other.held[0]
    read = read_document(model, encode_document(model(held=[Copy(name="a")])))
    read.model_update({"held": [Other(name="a")]})
    assert dirty_fields(read) == {"held"}


# --- Classes --------------------------------------------------------------------------------------


def test_a_class_may_come_later():
    class Base(EmbeddedModel):
        model_config = {"inheritance": "single"}

    class Between(EmbeddedModel):
        base: Base

    model = holder(List[Between])
    round_trip(model, [Between(base=Base())])

    class Later(Base):
        n: int = 0

    round_trip(model, [Between(base=Later(n=1))])
    assert "read_f" not in model.__mapping__.source()

    class Checked(Base):
        n: int = 0

        @field_validator("n")
        @classmethod
        def _double(cls, n: int) -> int:
            if n < 0:
                raise ValueError("negative")
            return n

    round_trip(model, [Between(base=Checked(n=1)), Between(base=Later())])
    with pytest.raises(DocumentParsingError, match="negative"):
        read_document(model, {"_id": OID, "held": [{"base": {"_type": "Checked", "n": -1}}]})


def test_a_class_may_go():
    class Base(EmbeddedModel):
        model_config = {"inheritance": "single"}

    def define() -> None:
        class Passing(Base):
            n: int = 0

        round_trip(holder(Base), Passing())

    define()
    gc.collect()
    round_trip(holder(Base), Base())


def test_instances_of_a_class_that_was_defined_again_keep_their_type():
    class Base(EmbeddedModel):
        model_config = {"inheritance": "single"}

    def define() -> Any:
        class Again(Base):
            n: int = 0

        return Again

    old, new = define(), define()
    model = holder(List[Base])

    document = encode_document(model(held=[old(n=1), new(n=2)]))

    assert document["held"] == [{"_type": "Again", "n": 1}, {"_type": "Again", "n": 2}]
    assert [type(each) for each in decode_document(model, document).held] == [new, new]


def test_classes_may_be_imported_when_they_are_needed():
    class Base(EmbeddedModel):
        model_config = {"inheritance": "single", "subclasses": lambda: [define()]}

    def define() -> Any:
        return create_model("Imported", __base__=Base, n=(int, 0))

    read = read_document(holder(Base), {"_id": OID, "held": {"_type": "Imported", "n": 3}})

    assert read.held.n == 3


def test_many_classes_are_told_apart():
    root = create_model("Root", __base__=EmbeddedModel, __cls_kwargs__={"inheritance": "single"})
    classes = [
        create_model(f"Class{i}", __base__=root, **{f"f{j}": (int, j) for j in range(i)})
        for i in range(30)
    ]
    values = [root(), *(each() for each in classes)]

    round_trip(holder(List[root]), values)


T = TypeVar("T")


class Box(EmbeddedModel, Generic[T]):
    content: T
    model_config = {"inheritance": "single"}


class NumberBox(Box[int]):
    unit: str = ""


def test_generic_classes_are_read_as_the_annotation_says():
    round_trip(holder(Box[int]), Box[int](content=1))
    round_trip(holder(List[Box[int]]), [Box[int](content=1), NumberBox(content=2, unit="m")])


class Node(EmbeddedModel):
    below: List[Node] = []
    model_config = {"inheritance": "single"}


class Leaf(Node):
    text: str = ""


def test_a_class_may_contain_its_hierarchy():
    round_trip(holder(Node), Node(below=[Leaf(text="a"), Node(below=[Leaf()])]))


def test_extra_values_leave_the_type_alone():
    class Open(EmbeddedModel):
        model_config = {"inheritance": "single", "extra": "allow"}

    class More(Open):
        n: int = 0

    stored = round_trip(holder(List[Open]), [Open(a=1), More(n=2, b=3)])

    assert stored == [{"a": 1}, {"_type": "More", "n": 2, "b": 3}]


# --- Types that nobody knows ----------------------------------------------------------------------


class Plan(EmbeddedModel):
    n: int = 0
    model_config = {"inheritance": "single", "unknown_type": "base"}


class Map(Plan):
    scale: int = 1


def test_an_object_of_an_unknown_type_keeps_what_it_has():
    model = holder(List[Plan])
    document = {
        "_id": OID,
        "held": [
            {"_type": "Sketch", "n": 1, "by": {"name": "Ada"}},
            {"_type": "Map", "n": 2, "scale": 5},
            {"n": 3},
        ],
    }

    read = read_document(model, document)
    assert [type(each) for each in read.held] == [Plan, Map, Plan]
    assert dirty_fields(read) == set()
    assert encode_document(read) == document
    assert encode_document(read.model_copy(deep=True)) == document

    read.held[0].n = 7
    assert dirty_fields(read) == {"held"}
    assert encode_document(read)["held"][0] == {"_type": "Sketch", "n": 7, "by": {"name": "Ada"}}


def test_extra_values_of_an_unknown_type_are_kept_once():
    class Free(EmbeddedModel):
        model_config = {"inheritance": "single", "unknown_type": "base", "extra": "allow"}

    document = {"_id": OID, "held": {"_type": "Other", "x": 1}}
    read = read_document(holder(Free), document)

    assert read.held.x == 1
    assert encode_document(read) == document
    del read.held.x
    assert encode_document(read)["held"] == {"_type": "Other"}


@pytest.mark.parametrize("position", [0, 1])
def test_an_object_of_an_unknown_type_is_not_taken_for_another(position):
    model = holder(List[Plan])
    held = [{"_type": "Sketch", "n": 1}, {"_type": "Sketch", "n": 1, "by": "Ada"}]
    read = read_document(model, {"_id": OID, "held": held})

    read.held[position] = [Plan(n=1), read.held[0]][position]

    assert dirty_fields(read) == {"held"}


# --- Refused --------------------------------------------------------------------------------------


class User(Model):
    name: str = ""


class Signed(EmbeddedModel):
    by: User = Reference()


class Note(EmbeddedModel):
    by: User = Reference()
    model_config = {"inheritance": "single"}


class Comment(Note):
    text: str = ""


def test_references_come_from_the_root():
    user = User(id=OID)
    document = {
        "_id": OID,
        "held": {"_type": "Comment", "by": {"_id": OID, "name": ""}, "text": "x"},
    }

    read = read_document(holder(Note), document)

    assert read.held == Comment(by=user, text="x")
    for fields in ({"editor": (User, Reference())}, {"signed": (Signed, Field())}):
        with pytest.raises(TypeError, match=r"Late\.\w+ cannot be a reference, nor hold one: Note"):
            create_model("Late", __base__=Note, **fields)


class Page(BaseModel):
    shape: Shape


@dataclass
class Row:
    shapes: List[Shape]


def test_nothing_is_stored_where_no_type_is():
    round_trip(holder(Page), Page(shape=Shape()))

    for annotation, value in ((Page, Page(shape=SHAPES[1])), (Row, Row(shapes=[SHAPES[2]]))):
        with pytest.raises(InvalidDocumentError, match=r"would be read as Shape"):
            encode_document(holder(annotation)(held=value))


def test_a_wrong_class_in_a_list_is_refused():
    model = holder(List[Circle])
    instance = model(held=[])
    instance.held.append(Shape())

    with pytest.raises(InvalidDocumentError):
        encode_document(instance)


# --- Queries --------------------------------------------------------------------------------------


class Drawing(Model):
    main: Shape


def test_operands_have_their_type():
    assert (Drawing.main == SHAPES[1]) == {"main": {"$eq": STORED[1]}}
    assert Drawing.main.in_([SHAPES[0], SHAPES[2]]) == {"main": {"$in": [STORED[0], STORED[2]]}}
    assert (Drawing.main.n > 1) == {"main.N": {"$gt": 1}}


@pytest.mark.parametrize("options", [{}, {"extra": "allow"}])
@pytest.mark.parametrize("revalidate", ["never", "subclass-instances"])
def test_a_union_with_stored_codecs_keeps_the_class(revalidate, options):
    day = Annotated[date, BsonCodec(date.isoformat, date.fromisoformat)]

    class Event(EmbeddedModel):
        on: day = Field(alias="day")
        model_config = {"inheritance": "single", "revalidate_instances": revalidate, **options}

    class Party(Event):
        guests: int = 2

    class Diary(Model):
        entry: Union[Event, int, str]
        entries: List[Union[Event, int]] = []

    party, event = Party(day=date(2026, 1, 2)), Event(day=date(2026, 1, 3))
    diary = Diary(entry=party, entries=[party, 1, event])
    read = Diary.model_validate_doc(diary.model_dump_doc())
    assert read == diary
    assert [type(one) for one in (read.entry, *read.entries)] == [Party, Party, int, Event]
