"""`Ref`: what it holds, what pydantic accepts for it, and what a class with one may say."""

from __future__ import annotations

import copy
import json
import pickle
from collections import deque
from typing import (
    Any,
    ClassVar,
    Dict,
    FrozenSet,
    Generic,
    List,
    Optional,
    Set,
    Tuple,
    TypeVar,
    Union,
)
from uuid import UUID, uuid4

import pytest
from bson import ObjectId
from pydantic import BaseModel, TypeAdapter, ValidationError, field_validator
from pydantic import Field as PydanticField
from typing_extensions import Annotated, TypedDict

from odmantic import EmbeddedModel, Field, Model, Ref, Reference, is_loaded, is_missing
from odmantic.exceptions import InvalidDocumentError, NotLoadedError

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Site(Model):
    name: str


class Other(Model):
    name: str


class Animal(Model):
    model_config = {"inheritance": "single"}
    name: str


class Cat(Animal):
    lives: int = 9


class Coded(Model):
    code: UUID = Field(primary_field=True)


class Small(Model):
    number: int = Field(primary_field=True, gt=0)


class Position(EmbeddedModel):
    row: int = Field(key_name="r")


class Seat(Model):
    position: Position = Field(primary_field=True)
    name: str = ""


class Box(Model, Generic[T]):
    content: T


class Node(Model):
    name: str
    parent: "Optional[Ref[Node]]" = None
    children: "List[Ref[Node]]" = []


class Base(Model):
    model_config = {"inheritance": "abstract"}
    site: Ref[Site]


class Derived(Base):
    name: str = ""


class Holder(Model):
    site: Ref[Site]
    animal: Optional[Ref[Animal]] = None
    coded: Optional[Ref[Coded]] = None
    seat: Optional[Ref[Seat]] = None
    sites: List[Ref[Site]] = []


class Plain(BaseModel):
    site: Ref[Site]
    sites: Dict[str, List[Ref[Site]]] = {}
    later: "Optional[Ref[Later]]" = None


class Later(Model):
    name: str


@pytest.fixture
def site():
    return Site(name="s")


# --- What it holds -----------------------------------------------------------------------------


def test_a_loaded_one(site):
    ref = Ref(site)

    assert ref.value is site
    assert ref.value_or_none is site
    assert ref.key == site.id
    assert (ref.is_loaded, ref.is_missing) == (True, False)
    assert (is_loaded(ref), is_missing(ref)) == (True, False)


def test_one_that_is_not_loaded(site):
    ref = Ref.to(Site, str(site.id))

    assert ref.key == site.id
    assert type(ref.key) is ObjectId
    assert ref.value_or_none is None
    assert (ref.is_loaded, ref.is_missing) == (False, False)
    assert not is_loaded(ref)
    with pytest.raises(NotLoadedError, match="a Ref to Site was not loaded"):
        ref.value


@pytest.mark.parametrize(
    ("model", "key"),
    [(Site, "x"), (Site, 5), (Site, None), (Site, {}), (Small, 0), (Small, "x"), (Coded, 5),
     (Site, Site(name="s")), (Site, Ref(Site(name="s"))), (Seat, {"row": "x"})],
    ids=range(10),
)  # fmt: skip
def test_a_key_that_the_model_cannot_have(model, key):
    with pytest.raises(ValueError, match=f"is no primary key of a {model.__name__}") as caught:
        Ref.to(model, key)
    assert repr(key)[:20] in str(caught.value)


@pytest.mark.parametrize("model", [None, "Site", int, Position, Model, BaseModel, Base])
def test_only_models_are_referred_to(model):
    with pytest.raises(TypeError, match=r"Ref\.to\(\) takes a model"):
        Ref.to(model, ObjectId())


@pytest.mark.parametrize("target", [None, "x", ObjectId(), Site, Position(row=1), {"name": "x"}])
def test_only_instances_are_targets(target):
    with pytest.raises(TypeError, match=r"Ref\(\) takes an instance of a model"):
        Ref(target)


def test_equality_and_hash(site):
    same = [Ref(site), Ref.to(Site, site.id), Ref(Site(id=site.id, name="another"))]
    others = [Ref.to(Other, site.id), Ref.to(Site, ObjectId()), site, site.id, None]

    assert all(one == other for one in same for other in same)
    assert len(set(same)) == 1
    assert not any(one == other for one in same for other in others)
    cat = Cat(name="Tom")
    assert Ref(cat) == Ref.to(Animal, cat.id)
    assert hash(Ref(cat)) == hash(Ref.to(Animal, cat.id))
    assert Ref.to(Box[int], site.id) == Ref.to(Box[str], site.id)
    seat = Seat(position=Position(row=1))
    assert {Ref(seat), Ref.to(Seat, Position(row=1)), Ref.to(Seat, {"row": 1})} == {Ref(seat)}
    assert Ref.to(Seat, Position(row=2)) != Ref(seat)


def test_it_is_immutable(site):
    ref = Ref(site)
    for name in ("key", "value", "_key", "_target", "anything"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(ref, name, 5)
        with pytest.raises(AttributeError, match="immutable"):
            delattr(ref, name)
    assert Ref[Site](site) == ref


def test_repr_shows_the_key_and_no_value(site):
    node = Node(name="n")
    node.parent = Ref(node)

    assert repr(Ref(site)) == f"<Ref to Site {site.id!r}, loaded>"
    assert repr(Ref.to(Site, site.id)) == f"<Ref to Site {site.id!r}, not loaded>"
    assert "loaded" in repr(node)


def test_copies_and_pickles(site):
    for ref in (Ref(site), Ref.to(Site, site.id)):
        for copied in (copy.copy(ref), copy.deepcopy(ref), pickle.loads(pickle.dumps(ref))):
            assert copied == ref
            assert copied is not ref
            assert copied.is_loaded == ref.is_loaded
            assert copied.value_or_none == ref.value_or_none
    assert copy.copy(Ref(site)).value is site
    assert copy.deepcopy(Ref(site)).value is not site


def test_copies_and_pickles_of_circles():
    node = Node(name="n")
    child = Node(name="c", parent=Ref(node))
    node.children.append(Ref(child))

    class_of_set = {Ref(node), Ref(child)}
    for copied in (copy.deepcopy(node), pickle.loads(pickle.dumps(node))):
        again = copied.children[0].value
        assert again.parent.value is copied
        assert again.name == "c"
    assert pickle.loads(pickle.dumps(class_of_set)) == class_of_set


# --- Validation --------------------------------------------------------------------------------


def test_what_a_field_accepts(site):
    ref = Ref.to(Site, site.id)

    assert Holder(site=ref).site is ref
    assert Holder(site=site).site.value is site
    for key in (site.id, str(site.id)):
        assert Holder(site=key).site == ref
        assert not Holder(site=key).site.is_loaded
    assert Holder(site={"name": "new"}).site.value.name == "new"
    holder = Holder(site=site)
    holder.site = site.id
    assert not holder.site.is_loaded
    holder.model_update({"site": str(site.id), "sites": [site, site.id]})
    assert [each.key for each in holder.sites] == [site.id] * 2


@pytest.mark.parametrize(
    ("value", "loc", "text"),
    [
        ("x", ("site",), "ObjectId"),
        (None, ("site",), None),
        (5, ("site",), None),
        ({"name": 5}, ("site", "name"), "valid string"),
        ({}, ("site", "name"), "Field required"),
        (Other(name="o"), ("site",), "cannot lead to a Other"),
        (Ref(Other(name="o")), ("site",), r"a Ref\[Site\] cannot be <Ref to Other"),
        (Position(row=1), ("site",), None),
        ([], ("site",), None),
    ],
    ids=range(9),
)
def test_what_a_field_refuses(value, loc, text):
    with pytest.raises(ValidationError, match=text) as caught:
        Holder(site=value)
    assert caught.value.errors()[0]["loc"][: len(loc)] == loc


def test_json_is_validated_like_the_primary_field(site):
    code = uuid4()
    data = {"site": str(site.id), "coded": str(code), "seat": {"row": 5}, "sites": [str(site.id)]}

    for found in (
        Holder.model_validate_json(json.dumps(data)),
        Holder.model_validate(data),
        Plain.model_validate_json(json.dumps({"site": str(site.id)})),
    ):
        assert found.site == Ref(site)
    holder = Holder.model_validate_json(json.dumps(data))
    assert holder.coded.key == code
    assert holder.seat.key == Position(row=5)
    named = Holder.model_validate_json(
        json.dumps({"site": {"name": "new"}, "seat": {"position": {"row": 1}, "name": "x"}})
    )
    assert named.site.value.name == "new"
    assert named.seat.value.name == "x"
    with pytest.raises(ValidationError) as caught:
        Holder.model_validate_json('{"site": {"name": 5}}')
    assert caught.value.errors()[0]["loc"] == ("site", "name")


def test_a_class_of_a_hierarchy(site):
    cat = Cat(name="Tom")

    assert Holder(site=site, animal=cat).animal.value is cat
    assert Holder(site=site, animal=Ref.to(Cat, cat.id)).animal == Ref(cat)

    class OfCats(Model):
        cat: Ref[Cat]

    for wrong in (Ref.to(Animal, cat.id), Animal(name="x"), Ref(Animal(name="x"))):
        with pytest.raises(ValidationError):
            OfCats(cat=wrong)


# --- Dumps and schemas -------------------------------------------------------------------------


def test_dumps_are_the_key(site):
    code = uuid4()
    holder = Holder(
        site=site, coded=code, seat=Position(row=3), sites=[Ref(site), Ref.to(Site, site.id)]
    )
    text = str(site.id)

    assert holder.model_dump() == {
        "id": holder.id, "site": site.id, "animal": None, "coded": code,
        "seat": {"row": 3}, "sites": [site.id, site.id],
    }  # fmt: skip
    assert holder.model_dump(mode="json") == {
        "id": str(holder.id), "site": text, "animal": None, "coded": str(code),
        "seat": {"row": 3}, "sites": [text, text],
    }  # fmt: skip
    assert json.loads(holder.model_dump_json()) == holder.model_dump(mode="json")
    assert Holder.model_validate_json(holder.model_dump_json()) == holder
    assert Holder.model_validate(holder.model_dump()) == holder
    assert holder.model_dump_doc()["seat"] == {"r": 3}


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_json_schema_is_that_of_the_key(mode):
    schema = Holder.model_json_schema(mode=mode)
    key = {k: v for k, v in Site.model_json_schema()["properties"]["id"].items() if k != "title"}
    fields = schema["properties"]

    assert {k: v for k, v in fields["site"].items() if k != "title"} == key
    assert fields["sites"]["items"] == key
    assert fields["coded"]["anyOf"][0] == {"type": "string", "format": "uuid"}
    assert "Site" not in str(schema.get("$defs"))
    (name,) = (each for each in schema["$defs"] if "Position" in each)
    assert fields["seat"]["anyOf"][0] == {"$ref": f"#/$defs/{name}"}
    assert Plain.model_json_schema(mode=mode)["properties"]["site"]["type"] == "string"
    assert TypeAdapter(List[Ref[Small]]).json_schema(mode=mode)["items"] == {
        "type": "integer", "exclusiveMinimum": 0,
    }  # fmt: skip


def test_pure_models_have_the_same_fields(site):
    pure = Holder.__pydantic_model__(site=site)
    assert pure.model_dump()["site"] == site.id


# --- Classes -----------------------------------------------------------------------------------


def test_recursive_classes():
    node = Node(name="n", parent=Node(name="p"))

    assert node.parent.value.name == "p"
    assert Node.model_json_schema()["properties"]["parent"]["anyOf"][0]["type"] == "string"
    assert Node.model_validate_doc(node.model_dump_doc()) == node


def test_classes_that_are_defined_later():
    class Early(Model):
        one: "Ref[Late]"
        other: Ref["Late"]
        several: "List[Ref[Late]]" = Reference(missing="drop")

    class Late(Model):
        name: str

    late = Late(name="x")
    early = Early(one=late, other=late.id, several=[late])
    assert early.one.value is late
    assert early.model_dump_doc()["several"] == [late.id]
    assert Plain(site=ObjectId(), later=ObjectId()).later.key


def test_generic_and_abstract_models(site):
    class OfBox(Model):
        box: Ref[Box[int]]

    box = Box[int](content=5)
    assert OfBox(box=box).box.value is box
    assert OfBox(box={"content": "6"}).box.value.content == 6
    with pytest.raises(ValidationError):
        OfBox(box=Box[str](content="x"))
    assert Derived(site=site).model_dump_doc()["site"] == site.id
    assert Derived.__references__ == ("site",)


def test_a_generic_class_refers_to_its_argument(site):
    class Link(Model, Generic[M]):
        to: Ref[M]

    link = Link[Site](to=site)
    assert link.to.value is site
    assert Link[Site].__references__ == ("to",)
    assert Link[Site].model_validate_doc(link.model_dump_doc()) == link
    with pytest.raises(ValidationError):
        Link[Site](to=Other(name="o"))


def test_in_plain_classes(site):
    class Row(TypedDict):
        site: Ref[Site]

    class Wrapper(Model):
        plain: Plain
        row: Optional[Row] = None

    wrapper = Wrapper(plain=Plain(site=site, sites={"x": [site]}), row={"site": site})
    document = wrapper.model_dump_doc()
    assert document["plain"] == {"site": site.id, "sites": {"x": [site.id]}, "later": None}
    assert document["row"] == {"site": site.id}
    read = Wrapper.model_validate_doc(document)
    assert read == wrapper
    assert not read.plain.site.is_loaded
    wrapper.plain.site = "no reference"
    with pytest.raises(InvalidDocumentError, match="plain"):
        wrapper.model_dump_doc()


def test_any_and_dictionaries_store_the_key(site):
    class Loose(Model):
        anything: Any = None
        values: Dict[str, Any] = {}

    loose = Loose(anything=Ref(site), values={"x": [Ref.to(Site, site.id)]})
    assert loose.model_dump_doc()["anything"] == site.id
    assert loose.model_dump_doc()["values"] == {"x": [site.id]}


def test_validators_of_the_class_are_called(site):
    class Checked(Model):
        site: Ref[Site]
        sites: List[Ref[Site]] = []

        @field_validator("site")
        @classmethod
        def check(cls, value: Ref[Site]) -> Ref[Site]:
            assert isinstance(value, Ref)
            return value

    checked = Checked(site=site, sites=[site])
    assert Checked.model_validate_doc(checked.model_dump_doc()) == checked


def test_defaults(site):
    class Defaults(Model):
        one: Ref[Site] = Ref(site)
        two: Ref[Site] = Field(default_factory=lambda: Ref(site), key_name="2")
        three: Annotated[Ref[Site], PydanticField(description="d")] = Field(Ref(site), index=True)
        none: Optional[Ref[Site]] = Reference()
        several: Set[Ref[Site]] = Reference(unique=True)
        kept: ClassVar[int] = 5

    made = Defaults()
    assert made.one.value is site
    assert (made.none, made.several) == (None, set())
    assert made.model_dump_doc()["2"] == site.id
    assert [each.document["key"] for each in map(_index, Defaults.__indexes__())] == [
        {"three": 1}, {"several": 1},
    ]  # fmt: skip
    with pytest.raises(TypeError, match="Unhandled field definition"):

        class Wrong(Model):
            site: Ref[Site] = 5


def _index(index):
    return index.get_pymongo_index() if hasattr(index, "get_pymongo_index") else index


# --- What is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "annotation",
    [
        Ref[int],
        Ref[Position],
        Ref[Base],
        Ref[Plain],
        Ref,
        List[Ref],
        Optional[Ref[int]],
        Union[Ref[Site], int],
        Union[Ref[Site], Ref[Other]],
        Tuple[Ref[Site], int],
        Dict[int, Tuple[Ref[Site], Ref[Other]]],
        Ref[Optional[Site]],
    ],
    ids=str,
)
@pytest.mark.parametrize("has_reference", [False, True])
def test_forms_that_are_refused(annotation, has_reference):
    default = {"field": Reference()} if has_reference else {}
    with pytest.raises(TypeError, match="field"):
        type(Model)(
            "Wrong",
            (Model,),
            {"__annotations__": {"field": annotation}, "__module__": __name__, **default},
        )


def test_a_reference_is_no_primary_key():
    with pytest.raises(TypeError, match="cannot be a primary field"):

        class Wrong(Model):
            site: Ref[Site] = Field(primary_field=True)


@pytest.mark.parametrize(
    ("annotation", "missing"), [(Ref[Site], "none"), (Ref[Site], "drop"), (List[Ref[Site]], "none")]
)
def test_what_cannot_stand_in_is_refused(annotation, missing):
    with pytest.raises(TypeError, match="missing"):
        type(Model)(
            "Wrong",
            (Model,),
            {
                "__annotations__": {"site": annotation},
                "__module__": __name__,
                "site": Reference(missing=missing),
            },
        )


def test_every_form_has_its_container(site):
    class Forms(Model):
        queue: "deque[Ref[Site]]" = Reference()
        kept: FrozenSet[Ref[Site]] = Reference()
        deep: Dict[str, List[Tuple[Ref[Site], ...]]] = {}
        options: List[Optional[Ref[Site]]] = []

    forms = Forms(queue=[site], kept=[site, site.id], deep={"x": [(site,)]}, options=[None, site])
    assert [type(forms.queue), type(forms.kept)] == [deque, frozenset]
    assert len(forms.kept) == 1
    document = forms.model_dump_doc()
    assert document == {
        "queue": [site.id], "kept": [site.id], "deep": {"x": [[site.id]]},
        "options": [None, site.id], "_id": forms.id,
    }  # fmt: skip
    assert Forms.model_validate_doc(document) == forms
    assert len(Forms.__mapping__.links) == 4
