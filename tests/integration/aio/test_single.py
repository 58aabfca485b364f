"""Hierarchies of models in one collection."""

from __future__ import annotations

import pickle
from typing import Any, List, Literal, Optional

import pymongo.errors
import pytest
from pydantic import ValidationError, model_validator
from tests.integration.aio.reading import to_list

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


async def test_documents_tell_their_class(aio_engine, raw_database):
    for each in (Animal(name="a"), Cat(name="b"), Lion(name="c")):
        await aio_engine.save(each)

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


@pytest.mark.each_driver
async def test_instances_are_of_the_class_stored(aio_engine):
    animals = await aio_engine.save_all(zoo())

    found = await to_list(aio_engine.find(Animal, sort=Animal.name))
    assert found == animals
    assert list(map(type, found)) == list(map(type, animals))
    assert [type(await aio_engine.find_one(Animal, Animal.id == one.id)) for one in animals] == [
        type(one) for one in animals
    ]
    assert [one.name for one in await to_list(aio_engine.find(Cat, sort=Cat.name))] == [
        *("b", "c", "e", "f"),
    ]
    assert await to_list(aio_engine.find(Lion, Lion.pride == "south")) == [animals[4]]
    assert await aio_engine.count(Cat) == 4
    assert await aio_engine.count(Animal) == 6
    assert await aio_engine.count(Animal, Cat.lives > 8) == 3
    assert await aio_engine.find_one(Cat, Cat.id == animals[3].id) is None
    assert await aio_engine.remove(Lion) == 2
    assert await aio_engine.remove(Dog, Animal.name == "d", just_one=True) == 1
    assert await aio_engine.count(Animal) == 3


async def test_what_was_read_is_clean(aio_engine, commands):
    await aio_engine.save_all(zoo())
    found = await to_list(aio_engine.find(Animal))
    commands.clear()
    await aio_engine.save_all(found)
    for each in found:
        await aio_engine.save(each)
    assert commands.names == []


async def test_no_filter_can_widen_the_type(aio_engine):
    await aio_engine.save_all(zoo())
    assert await aio_engine.count(Cat, {"_type": "Dog"}) == 0
    assert await aio_engine.count(Cat, {"$or": [{"n": "d"}, {"n": "b"}]}) == 1
    assert await aio_engine.remove(Cat, {}) == 4
    assert await aio_engine.count(Animal) == 2


async def test_commands_for_the_root_are_those_of_a_usual_model(aio_engine, commands):
    animal = await aio_engine.save(Animal(name="a"))
    animal.name = "b"
    await aio_engine.save(animal)
    await aio_engine.find_one(Animal)
    await to_list(aio_engine.find(Animal, Animal.name == "b"))
    await aio_engine.delete(animal)

    insert, update, find_one, find, delete = (event.command for event in commands.started)
    assert [each["q"] for each in (*insert["updates"], *update["updates"])] == [
        {"_id": animal.id}
    ] * 2
    assert insert["updates"][0]["u"] == {"$set": {"n": "a", "tags": [], "chip": None}}
    assert find_one["filter"] == {}
    assert find["filter"] == {"n": {"$eq": "b"}}
    assert delete["deletes"][0]["q"] == {"_id": animal.id}


async def test_commands_for_a_class_name_its_types(aio_engine, commands):
    cat, lion = Cat(name="a"), Lion(name="b")
    await aio_engine.save(cat)
    cat.lives = 8
    await aio_engine.save(cat)
    await aio_engine.save(lion)
    await aio_engine.delete(lion)
    await aio_engine.delete(cat)

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
async def test_no_save_changes_the_class_of_a_document(aio_engine, raw_database, bulk):
    dog = await aio_engine.save(Dog(name="a"))
    stored = raw_database["animal"].find_one()
    cat = Cat(id=dog.id, name="b")

    with pytest.raises(DuplicateKeyError):
        if bulk:
            await aio_engine.save_all([cat, Cat(name="c")])
        else:
            await aio_engine.save(cat)
    with pytest.raises(DocumentNotFoundError):
        await aio_engine.delete(cat)
    assert raw_database["animal"].find_one() == stored


@pytest.mark.parametrize("bulk", [False, True])
async def test_a_change_of_a_document_that_is_of_another_class_now(aio_engine, raw_database, bulk):
    cats = await aio_engine.save_all([Cat(name="a"), Cat(name="b")])
    raw_database["animal"].update_one({"_id": cats[0].id}, {"$set": {"_type": "Dog"}})
    for cat in cats:
        cat.lives = 1

    with pytest.raises(DuplicateKeyError):
        if bulk:
            await aio_engine.save_all(cats)
        else:
            await aio_engine.save(cats[0])
    assert raw_database["animal"].find_one({"_id": cats[0].id})["lives"] == 9


async def test_an_alias_is_read_and_written_over_as_a_whole_only(aio_engine, raw_database):
    raw_database["animal"].insert_one({"_type": "BigCat", "n": "a"})
    lion = await aio_engine.find_one(Lion)
    assert type(lion) is Lion
    lion.pride = "west"
    await aio_engine.save(lion)
    assert raw_database["animal"].find_one()["_type"] == "BigCat"
    assert raw_database["animal"].find_one()["pride"] == "west"

    again = Lion(id=lion.id, name="b")
    await aio_engine.save(again)
    assert raw_database["animal"].find_one()["_type"] == "Lion"


@pytest.mark.parametrize("count", [3, 20, 150])
async def test_a_mixed_batch_keeps_the_order_of_errors(aio_engine, raw_database, count):
    raw_database["animal"].create_index("n", unique=True)
    mixed: list[Any] = [
        (Cat, Dog, Animal, Lion)[number % 4](name=f"{number:03}") for number in range(count)
    ]
    mixed[1].name = mixed[0].name

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save_all(mixed)

    assert caught.value.instance is mixed[1]
    stored = [each["n"] for each in raw_database["animal"].find()]
    assert stored == ["000"]
    mixed[1].name = "x"
    await aio_engine.save_all(mixed)
    assert raw_database["animal"].count_documents({}) == count


async def test_a_value_that_cannot_be_stored_ends_a_mixed_batch(aio_engine, raw_database):
    mixed = zoo()
    mixed[3].tags = [chr(0xD800)]

    with pytest.raises(InvalidDocumentError):
        await aio_engine.save_all(mixed)

    assert [each["n"] for each in raw_database["animal"].find()] == ["a", "b", "c"]
    mixed[3].tags = []
    await aio_engine.save_all(mixed)
    assert [each["n"] for each in raw_database["animal"].find()] == [*"abcdef"]


async def test_a_mixed_batch_takes_few_commands(aio_engine, commands):
    mixed = [one for _ in range(20) for one in zoo()]
    await aio_engine.save_all(mixed)
    assert commands.names == ["insert"]
    commands.clear()
    for each in mixed:
        each.name += "!"
    await aio_engine.save_all(mixed)
    assert commands.names == ["update"]
    assert await aio_engine.count(Animal, {"n": {"$regex": "!$"}}) == len(mixed)


async def test_a_mixed_batch_that_is_rolled_back_is_dirty_again(aio_engine, raw_database):
    mixed = await aio_engine.save_all(zoo())
    for each in mixed:
        each.tags = ["y"]
    new = zoo()
    async with aio_engine.transaction() as transaction:
        await transaction.save_all([*mixed, *new])
        assert await transaction.count(Animal) == 12
        await transaction.abort()

    assert await aio_engine.count(Animal) == 6
    await aio_engine.save_all([*mixed, *new])
    assert raw_database["animal"].count_documents({}) == 12
    assert raw_database["animal"].count_documents({"tags": ["y"]}) == 6


async def test_a_mixed_batch_in_a_retried_transaction(aio_engine, raw_database, fail_point):
    new = zoo()

    async def save(transaction: Any) -> None:
        await transaction.save_all(new)

    with fail_point(
        "commitTransaction", times=1, error_code=251, labels=("TransientTransactionError",)
    ):
        await aio_engine.run_transaction(save, restore=new)
    assert raw_database["animal"].count_documents({}) == 6


async def test_documents_gone_meanwhile_are_written_again(aio_engine, raw_database):
    mixed = await aio_engine.save_all(zoo())
    raw_database["animal"].delete_many({"n": {"$in": ["a", "c"]}})
    for each in mixed:
        each.tags = ["z"]
    await aio_engine.save_all(mixed)
    found = await to_list(aio_engine.find(Animal, sort=Animal.name))
    assert found == mixed
    assert list(map(type, found)) == list(map(type, mixed))


async def test_references_to_a_base_give_the_real_class(aio_engine, commands):
    lion, cat = Lion(name="a", prey=["b"]), Cat(name="b")
    owners = await aio_engine.save_all([Owner(pet=lion, cat=cat), Owner(pet=cat, cat=lion)])
    commands.clear()

    found = await to_list(aio_engine.find(Owner))
    assert found == owners
    assert [type(one.pet) for one in found] == [Lion, Cat]
    assert [type(one.cat) for one in found] == [Cat, Lion]
    one = await aio_engine.find_one(Owner, Owner.pet == lion)
    assert (type(one.pet), type(one.cat)) == (Lion, Cat)
    commands.clear()
    await aio_engine.save_all([*found, one])
    assert commands.names == []


async def test_a_reference_does_not_lead_to_another_class(aio_engine, raw_database):
    owner = await aio_engine.save(Owner(pet=Dog(name="a"), cat=Cat(name="b")))
    raw_database["owner"].update_one({}, {"$set": {"cat": owner.pet.id}})
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        await to_list(aio_engine.find(Owner))
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        await aio_engine.find_one(Owner)
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


@pytest.mark.each_driver
async def test_references_of_subclasses_are_loaded(aio_engine):
    port, yard = Port(name="a"), Yard(city="b")
    ship, bus = Ship(name="1", home=port), Bus(name="2", home=yard)
    vehicles = [ship, bus, Tug(name="3", home=port, tows=ship), Vehicle(name="4")]
    await aio_engine.save_all(vehicles)

    found = await to_list(aio_engine.find(Vehicle, sort=Vehicle.name))
    assert found == vehicles
    assert [type(one) for one in found] == [Ship, Bus, Tug, Vehicle]
    assert type(found[2].tows) is Ship
    for each in vehicles:
        one = await aio_engine.find_one(Vehicle, Vehicle.id == each.id)
        assert (type(one), one) == (type(each), each)
        assert one.__fields_modified__ == set()
    assert await aio_engine.find_one(Tug) == vehicles[2]


async def test_an_unknown_type_is_an_error(aio_engine, raw_database):
    await aio_engine.save(Cat(name="a"))
    raw_database["animal"].insert_one({"_type": "Unicorn", "n": "b"})

    for read in (
        lambda: aio_engine.find_one(Animal, Animal.name == "b"),
        lambda: to_list(aio_engine.find(Animal)),
    ):
        with pytest.raises(UnknownTypeError, match="import the module of its class") as caught:
            await read()
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
    assert await aio_engine.count(Animal) == 2


class Plant(Model, inheritance="single", unknown_type="base"):
    name: str
    tags: List[str] = []


class Rose(Plant):
    thorns: int = 3


async def test_an_unknown_type_may_be_read_as_the_base(aio_engine, raw_database):
    raw_database["plant"].insert_one({"_type": "Oak", "name": "a", "acorns": 5})
    await aio_engine.save(Rose(name="b"))

    oak = await aio_engine.find_one(Plant, Plant.name == "a")
    assert type(oak) is Plant
    oak.tags.append("old")
    await aio_engine.save(oak)
    document = raw_database["plant"].find_one({"_id": oak.id}, {"_id": 0})
    assert document == {"_type": "Oak", "name": "a", "acorns": 5, "tags": ["old"]}

    raw_database["plant"].delete_one({"_id": oak.id})
    oak.name = "c"
    for save in (aio_engine.save, lambda one: aio_engine.save_all([one, Rose(name="d")])):
        with pytest.raises(InvalidDocumentError, match="of no known class"):
            await save(oak)
    copied = pickle.loads(pickle.dumps(oak.model_copy(update={"id": ObjectId()})))
    with pytest.raises(InvalidDocumentError, match="of no known class"):
        await aio_engine.save(copied)
    await aio_engine.save(Plant(name="e"))


class Shape(Model, inheritance="single", discriminator="kind"):
    kind: str = Field("shape", key_name="k")


class Circle(Shape):
    kind: Literal["circle", "disc"] = "circle"
    r: float = 1.0


class Square(Shape):
    kind: Literal["square"] = "square"
    a: float = 1.0


async def test_a_field_may_be_the_discriminator(aio_engine, raw_database, commands):
    shapes = await aio_engine.save_all([Shape(), Circle(), Square(), Circle(kind="disc")])
    assert [one["k"] for one in raw_database["shape"].find()] == [
        *("shape", "circle", "square", "disc"),
    ]
    found = await to_list(aio_engine.find(Shape))
    assert found == shapes
    assert [type(one) for one in found] == [Shape, Circle, Square, Circle]
    assert await aio_engine.count(Circle) == 2
    assert found[1].model_dump()["kind"] == "circle"

    found[1].kind = "circle"
    found[1].r = 2.0
    commands.clear()
    await aio_engine.save(found[1])
    assert commands.started[0].command["updates"][0]["u"] == {"$set": {"r": 2.0}}
    with pytest.raises(ValidationError, match="frozen"):
        found[1].kind = "disc"
    with pytest.raises(ValidationError, match="frozen"):
        found[1].model_update({"kind": "disc"})
    for kind in ("circle", "hexagon"):
        with pytest.raises(InvalidDocumentError, match="not be read as one of Shape"):
            await aio_engine.save(Shape(kind=kind))


async def test_a_class_defined_later_is_read_too(aio_engine):
    class Tree(Model, inheritance="single"):
        name: str = ""

    await aio_engine.save(Tree(name="a"))
    assert [type(one) for one in await to_list(aio_engine.find(Tree))] == [Tree]

    class Fir(Tree):
        needles: int = 1

    await aio_engine.save_all([Fir(name="b"), Tree(name="c")])
    found = await to_list(aio_engine.find(Tree, sort=Tree.name))
    assert [type(one) for one in found] == [Tree, Fir, Tree]
    assert [type(one) for one in await to_list(aio_engine.find(Fir))] == [Fir]


async def test_more_classes_than_branches(aio_engine):
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
    saved = await aio_engine.save_all(
        [Root(name="r"), *(kind(name=f"{number:02}") for number, kind in enumerate(kinds))]
    )
    found = await to_list(aio_engine.find(Root))
    assert found == saved
    assert [type(one) for one in found] == [Root, *kinds]
    assert [type(await aio_engine.find_one(Root, Root.name == "07"))] == [kinds[7]]


async def test_extras_and_classes_of_their_own_documents(aio_engine, raw_database):
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
    await aio_engine.save(memo)
    document = raw_database["note"].find_one()
    assert document == {"_id": memo.id, "_type": "Memo", "text": "a", "to": "ada", "more": 1}
    (found,) = await to_list(aio_engine.find(Note))
    assert (type(found), found.to, found.model_extra) == (Memo, "ADA", {"more": 1})
    found.text = "b"
    await aio_engine.save(found)
    assert raw_database["note"].find_one()["_type"] == "Memo"
    with pytest.raises(InvalidDocumentError, match="_type"):
        await aio_engine.save(Memo.model_validate({"_type": "Note"}))


async def test_queries_name_classes(aio_engine):
    await aio_engine.save_all(zoo())

    def names(*queries: Any) -> Any:
        return to_list(aio_engine.find(Animal, *queries, sort=Animal.name))

    assert [one.name for one in await names(type_is(Animal, exact=True))] == ["a"]
    assert [one.name for one in await names(type_is(Cat, exact=True))] == ["b", "f"]
    assert [one.name for one in await names(type_is(Lion, Dog))] == ["c", "d", "e"]
    assert [one.name for one in await names(type_is(Dog) | (Animal.name == "a"))] == ["a", "d"]
    assert await aio_engine.count(Cat, type_is(Lion)) == 2
    assert await aio_engine.remove(Animal, type_is(Animal, exact=True)) == 1


class Post(Model):
    title: str
    created: int = 0


class Photo(Model):
    title: str
    created: int = 0
    owner: Owner = Reference()
    model_config = {"extra": "allow"}


@pytest.mark.each_driver
async def test_several_models_in_one_stream(aio_engine):
    owner = Owner(pet=Dog(name="a"), cat=Lion(name="b"))
    saved: list[Any] = await aio_engine.save_all(
        [
            *(Post(title=f"p{number}", created=number) for number in (1, 4, 6)),
            *(Photo(title=f"f{number}", created=number, owner=owner) for number in (2, 3, 5)),
            Cat(name="c"),
        ]
    )
    by_time = sorted(saved[:6], key=lambda one: one.created)

    found = await to_list(aio_engine.find_any([Post, Photo], sort=Post.created))
    assert found == by_time
    assert [type(one) for one in found] == [Post, Photo, Photo, Post, Photo, Post]
    assert type(found[1].owner.cat) is Lion
    assert found[1].model_extra == {}
    newest = await to_list(aio_engine.find_any([Photo, Post], sort=desc(Post.created), limit=2))
    assert newest == by_time[:3:-1]
    late = await to_list(aio_engine.find_any([Post, Photo], Post.created > 3, sort=Photo.created))
    assert late == by_time[3:]
    mixed = await to_list(aio_engine.find_any([Cat, Post], {"created": {"$in": [None, 1]}}))
    assert [type(one) for one in mixed] == [Lion, Cat, Post]
    for each in mixed:
        assert each.__fields_modified__ == set()


async def test_several_models_in_a_transaction(aio_engine):
    await aio_engine.save(Post(title="a"))
    async with aio_engine.transaction() as transaction:
        await transaction.save_all([Post(title="b"), Cat(name="c")])
        found: list[Any] = await to_list(transaction.find_any([Post, Animal]))
        assert [type(one) for one in found] == [Post, Post, Cat]
        found[0].title = "d"
        await transaction.save(found[0])
        assert await to_list(aio_engine.find_any([Animal], session=transaction)) == found[2:]
        await transaction.abort()
    assert found[0].__fields_modified__ == {"title"}
    assert len(await to_list(aio_engine.find_any([Post, Animal]))) == 1


async def test_an_error_in_a_stream_of_several_models(aio_engine, raw_database):
    await aio_engine.save(Post(title="a"))
    raw_database["animal"].insert_one({"_type": "Unicorn", "n": "b"})
    cursor: Any = aio_engine.find_any([Post, Animal])
    with pytest.raises(UnknownTypeError, match="Unicorn"):
        await to_list(cursor)
    raw_database["photo"].insert_one({"title": "c", "created": 1, "owner": ObjectId()})
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        await to_list(aio_engine.find_any([Post, Photo]))


async def test_unique_indexes_cover_the_documents_of_their_class(aio_engine, raw_database):
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
        await aio_engine.configure_database([model, Wolf])
        assert indexes() == [("name", None), ("chip", {"_type": "Wolf"})]
    await aio_engine.save_all([Beast(name="a"), Beast(name="b"), Wolf(name="c", chip=1)])
    with pytest.raises(DuplicateKeyError):
        await aio_engine.save(Wolf(name="d", chip=1))
    with pytest.raises(DuplicateKeyError):
        await aio_engine.save(Wolf(name="a", chip=2))

    class Husky(Wolf):
        model_config = {"indexes": lambda: [Index(Husky.name, by_type=True)]}

    await aio_engine.save(Husky(name="e", chip=1))
    with pytest.raises(pymongo.errors.DuplicateKeyError):
        await aio_engine.configure_database([Beast])
    assert indexes() == [("name", None), ("chip", {"_type": "Wolf"})]
    assert await aio_engine.remove(Husky) == 1
    for _ in range(2):
        await aio_engine.configure_database([Beast])
        assert indexes() == [("name", None), ("chip", {"_type": {"$in": ["Wolf", "Husky"]}})]
    with pytest.raises(DuplicateKeyError):
        await aio_engine.save(Husky(name="e", chip=1))
    assert "_type_1_name_1" in raw_database["beast"].index_information()


async def test_a_class_that_is_not_complete_yet_is_in_nobodys_way(aio_engine):
    class Tree(Model, inheritance="single"):
        name: str = ""

    class Palm(Tree):
        nut: Optional[Coconut] = None

    await aio_engine.save_all([Tree(name="a"), Tree(name="b")])
    assert await aio_engine.count(Tree) == 2
    assert len(await to_list(aio_engine.find(Tree))) == 2

    class Coconut(EmbeddedModel):
        milk: int = 1

    palm = await aio_engine.save(Palm(name="c", nut=Coconut()))
    assert await aio_engine.find_one(Tree, Tree.name == "c") == palm
    assert await to_list(aio_engine.find(Palm)) == [palm]


async def test_unique_indexes_of_any_class_are_missed(aio_engine, request):
    class Tree(Model, inheritance="single", collection=request.node.name):
        name: str = ""

    class Palm(Tree):
        code: int = Field(unique=True)

    with pytest.warns(UnconfiguredIndexesWarning, match=r"configure_database\(\[Palm\]\)"):
        await aio_engine.save_all([Tree(name="a"), Palm(code=1)])


async def test_hooks_are_those_of_the_class_that_was_saved(aio_engine):
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

    trees = await aio_engine.save_all([Tree(name="a"), Palm(name="b"), Tree(name="c")])
    assert [one.name for one in trees] == ["a", "B", "c"]
    assert seen == []
    expected = [("tree", "a"), ("palm", "B"), ("tree", "c")]
    for find in (lambda: aio_engine.find(Tree), lambda: aio_engine.find_any([Post, Tree])):
        assert await to_list(find()) == trees
        assert seen == expected
        seen.clear()
    assert (await aio_engine.find_one(Palm)).name == "B"
    assert seen == [("palm", "B")]
