# Generated from tests/integration/aio/test_single.py by tools/generate_sync.py: do not edit.
"""Hierarchies of models in one collection."""

from __future__ import annotations

import pickle
from typing import Any, List, Literal, Optional

import pymongo.errors
import pytest
from pydantic import ValidationError, model_validator
from tests.integration.sync.reading import to_list

from odmantic import EmbeddedModel, Field, Index, Model, ObjectId, Reference, hook, type_is
from odmantic.exceptions import (
    DocumentNotFoundError,
    DocumentParsingError,
    DuplicateKeyError,
    InvalidDocumentError,
    UnconfiguredIndexesWarning,
    UnknownTypeError,
)
from odmantic.query import desc


class Chip(EmbeddedModel):
    code: str


class Animal(Model, inheritance="single"):
    name: str = Field(key_name="n")
    tags: List[str] = []
    chip: Optional[Chip] = None


class Cat(Animal):
    lives: int = 9


class Lion(Cat):
    pride: str = "north"
    prey: List[str] = []

    model_config = {"type_aliases": ("BigCat",)}


class Dog(Animal):
    good: bool = True

    @model_validator(mode="after")
    def check(self) -> Dog:
        if self.name == "bad":
            raise ValueError("no dog is bad")
        return self


class Owner(Model):
    pet: Animal = Reference()
    cat: Cat = Reference()


def zoo() -> list[Animal]:
    return [
        Animal(name="a", tags=["x"]),
        Cat(name="b", chip=Chip(code="1")),
        Lion(name="c", prey=["zebra"]),
        Dog(name="d"),
        Lion(name="e", pride="south"),
        Cat(name="f", lives=7),
    ]


def test_documents_tell_their_class(sync_engine, raw_database):
    for each in (Animal(name="a"), Cat(name="b"), Lion(name="c")):
        sync_engine.save(each)

    documents = list(raw_database["animal"].find({}, {"_id": 0}, sort=[("n", 1)]))
    assert documents == [
        {"n": "a", "tags": [], "chip": None},
        {"_type": "Cat", "n": "b", "tags": [], "chip": None, "lives": 9},
        {
            "_type": "Lion",
            "n": "c",
            "tags": [],
            "chip": None,
            "lives": 9,
            "pride": "north",
            "prey": [],
        },
    ]


def test_instances_are_of_the_class_stored(sync_engine):
    animals = sync_engine.save_all(zoo())

    found = to_list(sync_engine.find(Animal, sort=Animal.name))
    assert found == animals
    assert list(map(type, found)) == list(map(type, animals))
    assert [type(sync_engine.find_one(Animal, Animal.id == one.id)) for one in animals] == [
        type(one) for one in animals
    ]
    assert [one.name for one in to_list(sync_engine.find(Cat, sort=Cat.name))] == [
        *("b", "c", "e", "f"),
    ]
    assert to_list(sync_engine.find(Lion, Lion.pride == "south")) == [animals[4]]
    assert sync_engine.count(Cat) == 4
    assert sync_engine.count(Animal) == 6
    assert sync_engine.count(Animal, Cat.lives > 8) == 3
    assert sync_engine.find_one(Cat, Cat.id == animals[3].id) is None
    assert sync_engine.remove(Lion) == 2
    assert sync_engine.remove(Dog, Animal.name == "d", just_one=True) == 1
    assert sync_engine.count(Animal) == 3


def test_what_was_read_is_clean(sync_engine, commands):
    sync_engine.save_all(zoo())
    found = to_list(sync_engine.find(Animal))
    commands.clear()
    sync_engine.save_all(found)
    for each in found:
        sync_engine.save(each)
    assert commands.names == []


def test_no_filter_can_widen_the_type(sync_engine):
    sync_engine.save_all(zoo())
    assert sync_engine.count(Cat, {"_type": "Dog"}) == 0
    assert sync_engine.count(Cat, {"$or": [{"n": "d"}, {"n": "b"}]}) == 1
    assert sync_engine.remove(Cat, {}) == 4
    assert sync_engine.count(Animal) == 2


def test_commands_for_the_root_are_those_of_a_usual_model(sync_engine, commands):
    animal = sync_engine.save(Animal(name="a"))
    animal.name = "b"
    sync_engine.save(animal)
    sync_engine.find_one(Animal)
    to_list(sync_engine.find(Animal, Animal.name == "b"))
    sync_engine.delete(animal)

    insert, update, find_one, find, delete = (event.command for event in commands.started)
    assert [each["q"] for each in (*insert["updates"], *update["updates"])] == [
        {"_id": animal.id}
    ] * 2
    assert insert["updates"][0]["u"] == {"$set": {"n": "a", "tags": [], "chip": None}}
    assert find_one["filter"] == {}
    assert find["filter"] == {"n": {"$eq": "b"}}
    assert delete["deletes"][0]["q"] == {"_id": animal.id}


def test_commands_for_a_class_name_its_types(sync_engine, commands):
    cat, lion = Cat(name="a"), Lion(name="b")
    sync_engine.save(cat)
    cat.lives = 8
    sync_engine.save(cat)
    sync_engine.save(lion)
    sync_engine.delete(lion)
    sync_engine.delete(cat)

    updates = [event.command["updates"][0] for event in commands.started[:3]]
    cats = {"$in": ["Cat", "Lion", "BigCat"]}
    assert [each["q"] for each in updates] == [
        {"_id": cat.id, "_type": "Cat"},
        {"_id": cat.id, "_type": cats},
        {"_id": lion.id, "_type": {"$in": ["Lion", "BigCat"]}},
    ]
    assert updates[0]["u"]["$set"]["_type"] == "Cat"
    assert updates[1]["u"] == {"$set": {"lives": 8}}
    deleted = [event.command["deletes"][0]["q"] for event in commands.started[3:]]
    assert deleted == [
        {"_id": lion.id, "_type": {"$in": ["Lion", "BigCat"]}},
        {"_id": cat.id, "_type": cats},
    ]


@pytest.mark.parametrize("bulk", [False, True])
def test_no_save_changes_the_class_of_a_document(sync_engine, raw_database, bulk):
    dog = sync_engine.save(Dog(name="a"))
    stored = raw_database["animal"].find_one()
    cat = Cat(id=dog.id, name="b")

    with pytest.raises(DuplicateKeyError):
        if bulk:
            sync_engine.save_all([cat, Cat(name="c")])
        else:
            sync_engine.save(cat)
    with pytest.raises(DocumentNotFoundError):
        sync_engine.delete(cat)
    assert raw_database["animal"].find_one() == stored


@pytest.mark.parametrize("bulk", [False, True])
def test_a_change_of_a_document_that_is_of_another_class_now(sync_engine, raw_database, bulk):
    cats = sync_engine.save_all([Cat(name="a"), Cat(name="b")])
    raw_database["animal"].update_one({"_id": cats[0].id}, {"$set": {"_type": "Dog"}})
    for cat in cats:
        cat.lives = 1

    with pytest.raises(DuplicateKeyError):
        if bulk:
            sync_engine.save_all(cats)
        else:
            sync_engine.save(cats[0])
    assert raw_database["animal"].find_one({"_id": cats[0].id})["lives"] == 9


def test_an_alias_is_read_and_written_over_as_a_whole_only(sync_engine, raw_database):
    raw_database["animal"].insert_one({"_type": "BigCat", "n": "a"})
    lion = sync_engine.find_one(Lion)
    assert type(lion) is Lion
    lion.pride = "west"
    sync_engine.save(lion)
    assert raw_database["animal"].find_one()["_type"] == "BigCat"
    assert raw_database["animal"].find_one()["pride"] == "west"

    again = Lion(id=lion.id, name="b")
    sync_engine.save(again)
    assert raw_database["animal"].find_one()["_type"] == "Lion"


@pytest.mark.parametrize("count", [3, 20, 150])
def test_a_mixed_batch_keeps_the_order_of_errors(sync_engine, raw_database, count):
    raw_database["animal"].create_index("n", unique=True)
    mixed: list[Any] = [
        (Cat, Dog, Animal, Lion)[number % 4](name=f"{number:03}") for number in range(count)
    ]
    mixed[1].name = mixed[0].name

    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.save_all(mixed)

    assert caught.value.instance is mixed[1]
    stored = [each["n"] for each in raw_database["animal"].find()]
    assert stored == ["000"]
    mixed[1].name = "x"
    sync_engine.save_all(mixed)
    assert raw_database["animal"].count_documents({}) == count


def test_a_value_that_cannot_be_stored_ends_a_mixed_batch(sync_engine, raw_database):
    mixed = zoo()
    mixed[3].tags = [chr(0xD800)]

    with pytest.raises(InvalidDocumentError):
        sync_engine.save_all(mixed)

    assert [each["n"] for each in raw_database["animal"].find()] == ["a", "b", "c"]
    mixed[3].tags = []
    sync_engine.save_all(mixed)
    assert [each["n"] for each in raw_database["animal"].find()] == [*"abcdef"]


def test_a_mixed_batch_takes_few_commands(sync_engine, commands):
    mixed = [one for _ in range(20) for one in zoo()]
    sync_engine.save_all(mixed)
    assert commands.names == ["insert"]
    commands.clear()
    for each in mixed:
        each.name += "!"
    sync_engine.save_all(mixed)
    assert commands.names == ["update"]
    assert sync_engine.count(Animal, {"n": {"$regex": "!$"}}) == len(mixed)


def test_a_mixed_batch_that_is_rolled_back_is_dirty_again(sync_engine, raw_database):
    mixed = sync_engine.save_all(zoo())
    for each in mixed:
        each.tags = ["y"]
    new = zoo()
    with sync_engine.transaction() as transaction:
        transaction.save_all([*mixed, *new])
        assert transaction.count(Animal) == 12
        transaction.abort()

    assert sync_engine.count(Animal) == 6
    sync_engine.save_all([*mixed, *new])
    assert raw_database["animal"].count_documents({}) == 12
    assert raw_database["animal"].count_documents({"tags": ["y"]}) == 6


def test_a_mixed_batch_in_a_retried_transaction(sync_engine, raw_database, fail_point):
    new = zoo()

    def save(transaction: Any) -> None:
        transaction.save_all(new)

    with fail_point(
        "commitTransaction", times=1, error_code=251, labels=("TransientTransactionError",)
    ):
        sync_engine.run_transaction(save, restore=new)
    assert raw_database["animal"].count_documents({}) == 6


def test_documents_gone_meanwhile_are_written_again(sync_engine, raw_database):
    mixed = sync_engine.save_all(zoo())
    raw_database["animal"].delete_many({"n": {"$in": ["a", "c"]}})
    for each in mixed:
        each.tags = ["z"]
    sync_engine.save_all(mixed)
    found = to_list(sync_engine.find(Animal, sort=Animal.name))
    assert found == mixed
    assert list(map(type, found)) == list(map(type, mixed))


def test_references_to_a_base_give_the_real_class(sync_engine, commands):
    lion, cat = Lion(name="a", prey=["b"]), Cat(name="b")
    owners = sync_engine.save_all([Owner(pet=lion, cat=cat), Owner(pet=cat, cat=lion)])
    commands.clear()

    found = to_list(sync_engine.find(Owner))
    assert found == owners
    assert [type(one.pet) for one in found] == [Lion, Cat]
    assert [type(one.cat) for one in found] == [Cat, Lion]
    one = sync_engine.find_one(Owner, Owner.pet == lion)
    assert (type(one.pet), type(one.cat)) == (Lion, Cat)
    commands.clear()
    sync_engine.save_all([*found, one])
    assert commands.names == []


def test_a_reference_does_not_lead_to_another_class(sync_engine, raw_database):
    owner = sync_engine.save(Owner(pet=Dog(name="a"), cat=Cat(name="b")))
    raw_database["owner"].update_one({}, {"$set": {"cat": owner.pet.id}})
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        to_list(sync_engine.find(Owner))
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        sync_engine.find_one(Owner)
    with pytest.raises(ValidationError):
        Owner(pet=Dog(name="a"), cat=Dog(name="b"))


class Port(Model):
    name: str = ""


class Yard(Model):
    city: str = ""


class Vehicle(Model, inheritance="single"):
    name: str = ""


class Ship(Vehicle):
    home: Port = Reference()


class Tug(Ship):
    tows: Vehicle = Reference()


class Bus(Vehicle):
    home: Yard = Reference()


def test_references_of_subclasses_are_loaded(sync_engine):
    port, yard = Port(name="a"), Yard(city="b")
    ship, bus = Ship(name="1", home=port), Bus(name="2", home=yard)
    vehicles = [ship, bus, Tug(name="3", home=port, tows=ship), Vehicle(name="4")]
    sync_engine.save_all(vehicles)

    found = to_list(sync_engine.find(Vehicle, sort=Vehicle.name))
    assert found == vehicles
    assert [type(one) for one in found] == [Ship, Bus, Tug, Vehicle]
    assert type(found[2].tows) is Ship
    for each in vehicles:
        one = sync_engine.find_one(Vehicle, Vehicle.id == each.id)
        assert (type(one), one) == (type(each), each)
        assert one.__fields_modified__ == set()
    assert sync_engine.find_one(Tug) == vehicles[2]


def test_an_unknown_type_is_an_error(sync_engine, raw_database):
    sync_engine.save(Cat(name="a"))
    raw_database["animal"].insert_one({"_type": "Unicorn", "n": "b"})

    for read in (
        lambda: sync_engine.find_one(Animal, Animal.name == "b"),
        lambda: to_list(sync_engine.find(Animal)),
    ):
        with pytest.raises(UnknownTypeError, match="import the module of its class") as caught:
            read()
        error = caught.value
        assert (error.found, error.collection) == ("Unicorn", "animal")
        assert error.known == ("Cat", "Lion", "BigCat", "Dog")
        assert error.model is Animal
        again = pickle.loads(pickle.dumps(error))
        assert (again.found, again.known, again.collection) == (
            error.found,
            error.known,
            "animal",
        )
        assert str(again) == str(error)
    assert sync_engine.count(Animal) == 2


class Plant(Model, inheritance="single", unknown_type="base"):
    name: str
    tags: List[str] = []


class Rose(Plant):
    thorns: int = 3


def test_an_unknown_type_may_be_read_as_the_base(sync_engine, raw_database):
    raw_database["plant"].insert_one({"_type": "Oak", "name": "a", "acorns": 5})
    sync_engine.save(Rose(name="b"))

    oak = sync_engine.find_one(Plant, Plant.name == "a")
    assert type(oak) is Plant
    oak.tags.append("old")
    sync_engine.save(oak)
    document = raw_database["plant"].find_one({"_id": oak.id}, {"_id": 0})
    assert document == {"_type": "Oak", "name": "a", "acorns": 5, "tags": ["old"]}

    raw_database["plant"].delete_one({"_id": oak.id})
    oak.name = "c"
    for save in (sync_engine.save, lambda one: sync_engine.save_all([one, Rose(name="d")])):
        with pytest.raises(InvalidDocumentError, match="of no known class"):
            save(oak)
    copied = pickle.loads(pickle.dumps(oak.model_copy(update={"id": ObjectId()})))
    with pytest.raises(InvalidDocumentError, match="of no known class"):
        sync_engine.save(copied)
    sync_engine.save(Plant(name="e"))


class Shape(Model, inheritance="single", discriminator="kind"):
    kind: str = Field("shape", key_name="k")


class Circle(Shape):
    kind: Literal["circle", "disc"] = "circle"
    r: float = 1.0


class Square(Shape):
    kind: Literal["square"] = "square"
    a: float = 1.0


def test_a_field_may_be_the_discriminator(sync_engine, raw_database, commands):
    shapes = sync_engine.save_all([Shape(), Circle(), Square(), Circle(kind="disc")])
    assert [one["k"] for one in raw_database["shape"].find()] == [
        *("shape", "circle", "square", "disc"),
    ]
    found = to_list(sync_engine.find(Shape))
    assert found == shapes
    assert [type(one) for one in found] == [Shape, Circle, Square, Circle]
    assert sync_engine.count(Circle) == 2
    assert found[1].model_dump()["kind"] == "circle"

    found[1].kind = "circle"
    found[1].r = 2.0
    commands.clear()
    sync_engine.save(found[1])
    assert commands.started[0].command["updates"][0]["u"] == {"$set": {"r": 2.0}}
    with pytest.raises(ValidationError, match="frozen"):
        found[1].kind = "disc"
    with pytest.raises(ValidationError, match="frozen"):
        found[1].model_update({"kind": "disc"})
    for kind in ("circle", "hexagon"):
        with pytest.raises(InvalidDocumentError, match="not be read as one of Shape"):
            sync_engine.save(Shape(kind=kind))


def test_a_class_defined_later_is_read_too(sync_engine):
    class Tree(Model, inheritance="single"):
        name: str = ""

    sync_engine.save(Tree(name="a"))
    assert [type(one) for one in to_list(sync_engine.find(Tree))] == [Tree]

    class Fir(Tree):
        needles: int = 1

    sync_engine.save_all([Fir(name="b"), Tree(name="c")])
    found = to_list(sync_engine.find(Tree, sort=Tree.name))
    assert [type(one) for one in found] == [Tree, Fir, Tree]
    assert [type(one) for one in to_list(sync_engine.find(Fir))] == [Fir]


def test_more_classes_than_branches(sync_engine):
    class Root(Model, inheritance="single"):
        name: str
        items: List[int] = []

    kinds: list[Any] = [
        type(Model)(
            f"Kind{number}",
            (Root,),
            {
                "__module__": __name__,
                "__annotations__": {f"x{number}": int},
                f"x{number}": number,
                "model_config": {"type_name": number if number % 2 else f"kind {number}"},
            },
        )
        for number in range(12)
    ]
    saved = sync_engine.save_all(
        [Root(name="r"), *(kind(name=f"{number:02}") for number, kind in enumerate(kinds))]
    )
    found = to_list(sync_engine.find(Root))
    assert found == saved
    assert [type(one) for one in found] == [Root, *kinds]
    assert [type(sync_engine.find_one(Root, Root.name == "07"))] == [kinds[7]]


def test_extras_and_classes_of_their_own_documents(sync_engine, raw_database):
    class Note(Model, inheritance="single", extra="allow"):
        text: str = ""

        def model_dump_doc(self, include: Any = None) -> dict[str, Any]:
            return super().model_dump_doc(include)

    class Memo(Note):
        to: str = ""

        @classmethod
        def model_validate_doc(cls, raw_doc: Any) -> Any:
            return super().model_validate_doc({**raw_doc, "to": raw_doc["to"].upper()})

    memo: Any = Memo(text="a", to="ada", more=1)
    sync_engine.save(memo)
    document = raw_database["note"].find_one()
    assert document == {"_id": memo.id, "_type": "Memo", "text": "a", "to": "ada", "more": 1}
    (found,) = to_list(sync_engine.find(Note))
    assert (type(found), found.to, found.model_extra) == (Memo, "ADA", {"more": 1})
    found.text = "b"
    sync_engine.save(found)
    assert raw_database["note"].find_one()["_type"] == "Memo"
    with pytest.raises(InvalidDocumentError, match="_type"):
        sync_engine.save(Memo.model_validate({"_type": "Note"}))


def test_queries_name_classes(sync_engine):
    sync_engine.save_all(zoo())

    def names(*queries: Any) -> Any:
        return to_list(sync_engine.find(Animal, *queries, sort=Animal.name))

    assert [one.name for one in names(type_is(Animal, exact=True))] == ["a"]
    assert [one.name for one in names(type_is(Cat, exact=True))] == ["b", "f"]
    assert [one.name for one in names(type_is(Lion, Dog))] == ["c", "d", "e"]
    assert [one.name for one in names(type_is(Dog) | (Animal.name == "a"))] == ["a", "d"]
    assert sync_engine.count(Cat, type_is(Lion)) == 2
    assert sync_engine.remove(Animal, type_is(Animal, exact=True)) == 1


class Post(Model):
    title: str
    created: int = 0


class Photo(Model):
    title: str
    created: int = 0
    owner: Owner = Reference()
    model_config = {"extra": "allow"}


def test_several_models_in_one_stream(sync_engine):
    owner = Owner(pet=Dog(name="a"), cat=Lion(name="b"))
    saved: list[Any] = sync_engine.save_all(
        [
            *(Post(title=f"p{number}", created=number) for number in (1, 4, 6)),
            *(Photo(title=f"f{number}", created=number, owner=owner) for number in (2, 3, 5)),
            Cat(name="c"),
        ]
    )
    by_time = sorted(saved[:6], key=lambda one: one.created)

    found = to_list(sync_engine.find_any([Post, Photo], sort=Post.created))
    assert found == by_time
    assert [type(one) for one in found] == [Post, Photo, Photo, Post, Photo, Post]
    assert type(found[1].owner.cat) is Lion
    assert found[1].model_extra == {}
    newest = to_list(sync_engine.find_any([Photo, Post], sort=desc(Post.created), limit=2))
    assert newest == by_time[:3:-1]
    late = to_list(sync_engine.find_any([Post, Photo], Post.created > 3, sort=Photo.created))
    assert late == by_time[3:]
    mixed = to_list(sync_engine.find_any([Cat, Post], {"created": {"$in": [None, 1]}}))
    assert [type(one) for one in mixed] == [Lion, Cat, Post]
    for each in mixed:
        assert each.__fields_modified__ == set()


def test_several_models_in_a_transaction(sync_engine):
    sync_engine.save(Post(title="a"))
    with sync_engine.transaction() as transaction:
        transaction.save_all([Post(title="b"), Cat(name="c")])
        found: list[Any] = to_list(transaction.find_any([Post, Animal]))
        assert [type(one) for one in found] == [Post, Post, Cat]
        found[0].title = "d"
        transaction.save(found[0])
        assert to_list(sync_engine.find_any([Animal], session=transaction)) == found[2:]
        transaction.abort()
    assert found[0].__fields_modified__ == {"title"}
    assert len(to_list(sync_engine.find_any([Post, Animal]))) == 1


def test_an_error_in_a_stream_of_several_models(sync_engine, raw_database):
    sync_engine.save(Post(title="a"))
    raw_database["animal"].insert_one({"_type": "Unicorn", "n": "b"})
    cursor: Any = sync_engine.find_any([Post, Animal])
    with pytest.raises(UnknownTypeError, match="Unicorn"):
        to_list(cursor)
    raw_database["photo"].insert_one({"title": "c", "created": 1, "owner": ObjectId()})
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        to_list(sync_engine.find_any([Post, Photo]))


def test_unique_indexes_cover_the_documents_of_their_class(sync_engine, raw_database):
    class Beast(Model, inheritance="single"):
        name: str = Field(unique=True)

    class Wolf(Beast):
        chip: int = Field(unique=True)

    def indexes() -> Any:
        found = raw_database["beast"].index_information().values()
        return [
            (each["key"][0][0], each.get("partialFilterExpression"))
            for each in found
            if each.get("unique")
        ]

    for model in (Wolf, Beast):
        sync_engine.configure_database([model, Wolf])
        assert indexes() == [("name", None), ("chip", {"_type": "Wolf"})]
    sync_engine.save_all([Beast(name="a"), Beast(name="b"), Wolf(name="c", chip=1)])
    with pytest.raises(DuplicateKeyError):
        sync_engine.save(Wolf(name="d", chip=1))
    with pytest.raises(DuplicateKeyError):
        sync_engine.save(Wolf(name="a", chip=2))

    class Husky(Wolf):
        model_config = {"indexes": lambda: [Index(Husky.name, by_type=True)]}

    sync_engine.save(Husky(name="e", chip=1))
    with pytest.raises(pymongo.errors.DuplicateKeyError):
        sync_engine.configure_database([Beast])
    assert indexes() == [("name", None), ("chip", {"_type": "Wolf"})]
    assert sync_engine.remove(Husky) == 1
    for _ in range(2):
        sync_engine.configure_database([Beast])
        assert indexes() == [("name", None), ("chip", {"_type": {"$in": ["Wolf", "Husky"]}})]
    with pytest.raises(DuplicateKeyError):
        sync_engine.save(Husky(name="e", chip=1))
    assert "_type_1_name_1" in raw_database["beast"].index_information()


def test_a_class_that_is_not_complete_yet_is_in_nobodys_way(sync_engine):
    class Tree(Model, inheritance="single"):
        name: str = ""

    class Palm(Tree):
        nut: Optional[Coconut] = None

    sync_engine.save_all([Tree(name="a"), Tree(name="b")])
    assert sync_engine.count(Tree) == 2
    assert len(to_list(sync_engine.find(Tree))) == 2

    class Coconut(EmbeddedModel):
        milk: int = 1

    palm = sync_engine.save(Palm(name="c", nut=Coconut()))
    assert sync_engine.find_one(Tree, Tree.name == "c") == palm
    assert to_list(sync_engine.find(Palm)) == [palm]


def test_unique_indexes_of_any_class_are_missed(sync_engine, request):
    class Tree(Model, inheritance="single", collection=request.node.name):
        name: str = ""

    class Palm(Tree):
        code: int = Field(unique=True)

    with pytest.warns(UnconfiguredIndexesWarning, match=r"configure_database\(\[Palm\]\)"):
        sync_engine.save_all([Tree(name="a"), Palm(code=1)])


def test_hooks_are_those_of_the_class_that_was_saved(sync_engine):
    seen: list[Any] = []

    class Tree(Model, inheritance="single"):
        name: str = ""

        @hook("after_load")
        def loaded(self) -> None:
            seen.append(("tree", self.name))

    class Palm(Tree):
        @hook("before_save")
        def check(self) -> None:
            self.name = self.name.upper()

        @hook("after_load")
        def loaded(self) -> None:
            seen.append(("palm", self.name))

    trees = sync_engine.save_all([Tree(name="a"), Palm(name="b"), Tree(name="c")])
    assert [one.name for one in trees] == ["a", "B", "c"]
    assert seen == []
    expected = [("tree", "a"), ("palm", "B"), ("tree", "c")]
    for find in (lambda: sync_engine.find(Tree), lambda: sync_engine.find_any([Post, Tree])):
        assert to_list(find()) == trees
        assert seen == expected
        seen.clear()
    assert sync_engine.find_one(Palm).name == "B"
    assert seen == [("palm", "B")]
