# Generated from tests/integration/aio/test_delete_rules_places.py by tools/generate_sync.py: do not edit.
"""Delete rules at every place where a reference can be: in containers, in embedded objects, in hierarchies."""

from __future__ import annotations

from collections import deque
from typing import Any, Deque, Dict, Generic, List, Optional, Set, Tuple, TypeVar
from uuid import UUID, uuid4

import pytest
from bson import Binary

from odmantic import EmbeddedModel, Field, Model, Ref, Reference
from odmantic.exceptions import DocumentNotFoundError, ReferencedError


class User(Model):
    name: str = ""


class Target(Model):
    name: str = ""


class Nulled(EmbeddedModel):
    by: Optional[User] = Reference(on_delete="nullify", key_name="b")
    text: str = "t"


class Absent(EmbeddedModel):
    by: Optional[User] = Reference(on_delete="nullify", key_name="b")
    text: str = "t"
    model_config = {"store_none": False}


class Pulled(EmbeddedModel):
    by: User = Reference(on_delete="pull_element", key_name="b")
    text: str = "t"


class Reader(EmbeddedModel):
    seen: List[User] = Reference(on_delete="pull", key_name="s")
    named: Dict[str, User] = Reference(on_delete="pull")


class Group(EmbeddedModel):
    notes: List[Nulled] = []
    best: Optional[Nulled] = None
    late: Optional[List[Pulled]] = None


T = TypeVar("T")


class Box(EmbeddedModel, Generic[T]):
    content: T


class Direct(Model):
    editor: Optional[User] = Reference(on_delete="nullify", key_name="e")
    absent: Optional[User] = Reference(on_delete="nullify")
    model_config = {"store_none": False}


class Containers(Model):
    readers: List[User] = Reference(on_delete="pull", key_name="r")
    queue: Deque[User] = Reference(on_delete="pull")
    judges: Tuple[User, ...] = Reference(on_delete="pull")
    grid: List[List[User]] = Reference(on_delete="pull")
    roles: Dict[str, User] = Reference(on_delete="pull")
    teams: Dict[str, List[User]] = Reference(on_delete="pull")
    tables: List[Dict[str, User]] = Reference(on_delete="pull")
    gaps: List[Optional[User]] = Reference(on_delete="nullify")
    slots: Dict[str, Optional[User]] = Reference(on_delete="nullify")


class Embedding(Model):
    one: Optional[Nulled] = None
    absent: Optional[Absent] = None
    several: List[Nulled] = Field([], key_name="sv")
    absents: List[Absent] = []
    grid: List[List[Nulled]] = []
    by_name: Dict[str, Nulled] = {}
    absent_by_name: Dict[str, Absent] = {}
    lists_by_name: Dict[str, List[Nulled]] = {}
    pair: Optional[Tuple[Nulled, int]] = None
    pairs_by_name: Dict[str, Tuple[int, Nulled]] = {}
    groups: List[Group] = []
    groups_by_name: Dict[str, Group] = {}
    boxed: Optional[Box[Nulled]] = None
    boxes: List[Box[List[Nulled]]] = []


class Pulling(Model):
    several: List[Pulled] = Field([], key_name="sv")
    grid: List[List[Pulled]] = []
    lists_by_name: Dict[str, List[Pulled]] = {}
    boxed: Optional[Box[List[Pulled]]] = None
    readers: List[Reader] = []
    readers_by_name: Dict[str, Reader] = {}


@pytest.fixture
def users(sync_engine):
    return sync_engine.save_all([User(name="Ada"), User(name="Bob")])


def left_after_deletion(sync_engine, raw_database, user, *instances):
    """Returns the stored documents after the deletion of a user, without their ids."""
    sync_engine.save_all([*instances])
    sync_engine.delete(user)
    assert raw_database["user"].count_documents({"_id": user.id}) == 0
    documents = [
        raw_database[type(instance).__collection__].find_one({"_id": instance.id})
        for instance in instances
    ]
    for document in documents:
        del document["_id"]
    return documents


def expected(instance, **changed):
    """Returns what was stored with some keys changed; without those that are `...`."""
    document = {**instance.model_dump_doc(), **changed}
    del document["_id"]
    return {key: value for key, value in document.items() if value is not ...}


def test_a_reference_of_a_document(sync_engine, raw_database, users):
    a, b = users
    one, other = Direct(editor=a, absent=b), Direct(editor=b, absent=a)
    left = left_after_deletion(sync_engine, raw_database, a, one, other)
    assert left == [{"absent": b.id}, {"e": b.id}]


def test_containers_of_references(sync_engine, raw_database, users):
    a, b = users
    one = Containers(
        readers=[a, b, a],
        queue=deque([b, a]),
        judges=(a, a),
        grid=[[a, b], [], [a]],
        roles={"x.y": a, "$set": b, "$": a},
        teams={"x.y": [a, b], "$gt": [b]},
        tables=[{"a.b": a, "$c": b}, {}],
        gaps=[a, None, b],
        slots={"x.y": a, "$z": b, "n": None},
    )
    untouched = Containers(
        roles={"x.y": b}, slots={"x": None}, readers=[b], grid=[[b]], gaps=[None]
    )
    left = left_after_deletion(sync_engine, raw_database, a, one, untouched)
    assert left[0] == {
        "r": [b.id],
        "queue": [b.id],
        "judges": [],
        "grid": [[b.id], [], []],
        "roles": {"$set": b.id},
        "teams": {"x.y": [b.id], "$gt": [b.id]},
        "tables": [{"$c": b.id}, {}],
        "gaps": [None, None, b.id],
        "slots": {"x.y": None, "$z": b.id, "n": None},
    }
    assert left[1] == expected(untouched)
    found = sync_engine.find_one(Containers, Containers.id == one.id)
    assert found.teams == {"x.y": [b], "$gt": [b]}


def test_embedded_objects(sync_engine, raw_database, users):
    a, b = users
    na, nb = Nulled(by=a), Nulled(by=b)
    xa, xb = {"b": None, "text": "t"}, {"b": b.id, "text": "t"}
    one = Embedding(
        one=na,
        absent=Absent(by=a),
        several=[na, nb, Nulled(), na],
        absents=[Absent(by=a), Absent(by=b)],
        grid=[[na, nb], [], [nb]],
        by_name={"x.y": na, "$z": nb},
        absent_by_name={"x.y": Absent(by=a), "$z": Absent(by=b)},
        lists_by_name={"x.y": [nb, na], "$z": []},
        pair=(na, 3),
        pairs_by_name={"x.y": (1, na), "$z": (2, nb)},
        groups=[
            Group(notes=[na, nb], best=nb),
            Group(best=na, late=None),
            Group(notes=[nb], best=na, late=[Pulled(by=b), Pulled(by=a)]),
        ],
        groups_by_name={
            "x.y": Group(notes=[na], best=na, late=[Pulled(by=a), Pulled(by=b)]),
            "$z": Group(notes=[nb], best=None),
        },
        boxed=Box[Nulled](content=na),
        boxes=[Box[List[Nulled]](content=[nb, na])],
    )
    untouched = Embedding(by_name={"x": nb}, several=[nb], groups=[Group(best=nb, notes=[nb])])
    left = left_after_deletion(sync_engine, raw_database, a, one, untouched)
    pb = {"b": b.id, "text": "t"}
    assert left[0] == {
        "one": xa,
        "absent": {"text": "t"},
        "sv": [xa, xb, xa, xa],
        "absents": [{"text": "t"}, {"b": b.id, "text": "t"}],
        "grid": [[xa, xb], [], [xb]],
        "by_name": {"x.y": xa, "$z": xb},
        "absent_by_name": {"x.y": {"text": "t"}, "$z": {"b": b.id, "text": "t"}},
        "lists_by_name": {"x.y": [xb, xa], "$z": []},
        "pair": [xa, 3],
        "pairs_by_name": {"x.y": [1, xa], "$z": [2, xb]},
        "groups": [
            {"notes": [xa, xb], "best": xb, "late": None},
            {"notes": [], "best": xa, "late": None},
            {"notes": [xb], "best": xa, "late": [pb]},
        ],
        "groups_by_name": {
            "x.y": {"notes": [xa], "best": xa, "late": [pb]},
            "$z": {"notes": [xb], "best": None, "late": None},
        },
        "boxed": {"content": xa},
        "boxes": [{"content": [xb, xa]}],
    }
    assert left[1] == expected(untouched)


def test_embedded_objects_are_pulled(sync_engine, raw_database, users):
    a, b = users
    pa, pb = Pulled(by=a), Pulled(by=b)
    xb = {"b": b.id, "text": "t"}
    one = Pulling(
        several=[pa, pb, pa],
        grid=[[pa], [pb, pa], []],
        lists_by_name={"x.y": [pa, pb], "$z": [pa]},
        boxed=Box[List[Pulled]](content=[pa, pb]),
        readers=[Reader(seen=[a, b], named={"x.y": a, "$z": b}), Reader(seen=[b])],
        readers_by_name={"x.y": Reader(seen=[a, b], named={"x.y": a, "$z": b})},
    )
    left = left_after_deletion(sync_engine, raw_database, a, one)
    assert left == [
        {
            "sv": [xb],
            "grid": [[], [xb], []],
            "lists_by_name": {"x.y": [xb], "$z": []},
            "boxed": {"content": [xb]},
            "readers": [{"s": [b.id], "named": {"$z": b.id}}, {"s": [b.id], "named": {}}],
            "readers_by_name": {"x.y": {"s": [b.id], "named": {"$z": b.id}}},
        }
    ]


class Seen(EmbeddedModel):
    by: Ref[User] = Reference(on_delete="pull_element")


class Lazily(Model):
    author: Optional[Ref[User]] = Reference(on_delete="nullify")
    readers: List[Ref[User]] = Reference(on_delete="pull")
    likers: Set[Ref[User]] = Reference(on_delete="pull")
    roles: Dict[str, Ref[User]] = Reference(on_delete="pull")
    seen: List[Seen] = []


class LazilyTaken(Model):
    author: Ref[User] = Reference(on_delete="cascade")


def test_lazy_references(sync_engine, raw_database, users):
    a, b = users
    ra, rb = Ref(a), Ref(b)
    one = Lazily(
        author=ra,
        readers=[ra, rb],
        likers={ra, rb},
        roles={"x.y": ra, "$z": rb},
        seen=[Seen(by=ra), Seen(by=rb)],
    )
    sync_engine.save_all([LazilyTaken(author=ra), LazilyTaken(author=rb)])
    left = left_after_deletion(sync_engine, raw_database, a, one)
    assert left == [
        {
            "author": None,
            "readers": [b.id],
            "likers": [b.id],
            "roles": {"$z": b.id},
            "seen": [{"by": b.id}],
        }
    ]
    assert [each["author"] for each in raw_database["lazily_taken"].find()] == [b.id]


class Comment(EmbeddedModel):
    replies: List["Comment"] = []
    by: Optional[User] = Reference(on_delete="nullify", key_name="b")
    to: Optional[Target] = Reference(on_delete="deny")


class Row(EmbeddedModel):
    by: User = Reference(on_delete="pull_element")
    rows: List["Row"] = []


class Thread(Model):
    comments: List[Comment] = Field([], key_name="c")
    pinned: Optional[Comment] = None
    rows: List[Row] = []


def test_objects_in_themselves(sync_engine, raw_database, users, commands):
    a, b = users
    target = sync_engine.save(Target())
    one = Thread(
        comments=[
            Comment(
                by=a, replies=[Comment(by=b), Comment(by=a, replies=[Comment(by=a), Comment()])]
            ),
            Comment(by=b),
        ],
        pinned=Comment(replies=[Comment(by=a)]),
        rows=[
            Row(by=b, rows=[Row(by=a, rows=[Row(by=b)]), Row(by=b, rows=[Row(by=a)])]),
            Row(by=a),
        ],
    )
    deepest = Comment(by=a, to=target)
    for _ in range(48):
        deepest = Comment(replies=[deepest])
    other = Thread(comments=[deepest], rows=[Row(by=b)])
    before = [one.model_dump_doc(), other.model_dump_doc()]
    sync_engine.save_all([one, other])
    with pytest.raises(ReferencedError) as caught:
        sync_engine.delete(target)
    assert caught.value.field == ".".join(["comments", *["replies"] * 48, "to"])
    assert (caught.value.ids, caught.value.holders) == ([target.id], [other.id])
    commands.clear()

    sync_engine.delete(a)

    found = [raw_database["thread"].find_one({"_id": each.id}) for each in (one, other)]
    assert found == [_without(each, a.id) for each in before]
    assert str(found).count(str(a.id)) == 0
    assert str(found[0]).count(str(b.id)) == 2 + 3 - 1
    # At places where no document has it, nothing is sent.
    updates = [each.command for each in commands.started if each.command_name == "update"]
    assert len([each for each in updates if each["update"] == "thread"]) == 4 + 1 + 3


def _without(value, id_):
    """Returns a document of a thread without an id."""
    if isinstance(value, dict):
        return {
            key: None if key == "b" and each == id_ else _without(each, id_)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [
            _without(each, id_)
            for each in value
            if not (isinstance(each, dict) and each.get("by") == id_)
        ]
    return value


# --- Denials and cascades in depth --------------------------------------------------------------


class Denial(EmbeddedModel):
    of: Target = Reference(on_delete="deny")


class Denying(Model):
    one: Optional[Denial] = None
    several: List[Denial] = []
    grid: List[List[Denial]] = []
    named: Dict[str, List[Denial]] = {}
    pair: Optional[Tuple[int, Denial]] = None


class Taking(EmbeddedModel):
    of: Dict[str, Target] = Reference(on_delete="cascade")


class Taken(Model):
    several: List[Taking] = []


@pytest.mark.parametrize("place", ["one", "several", "grid", "named", "pair"])
def test_a_denial_at_any_place(sync_engine, place):
    target, other = sync_engine.save_all([Target(), Target()])
    denial = Denial(of=target)
    values: dict[str, Any] = {
        "one": denial,
        "several": [Denial(of=other), denial],
        "grid": [[], [denial]],
        "named": {"x.y": [], "$z": [denial]},
        "pair": (1, denial),
    }
    holder = sync_engine.save(Denying(**{place: values[place]}))
    with pytest.raises(ReferencedError) as caught:
        sync_engine.remove(Target)
    assert caught.value.field == f"{place}.of"
    assert target.id in caught.value.ids
    assert caught.value.holders == [holder.id]
    if place != "several":
        assert caught.value.ids == [target.id]
        sync_engine.delete(other)
    sync_engine.delete(holder)
    sync_engine.delete(target)


def test_a_cascade_through_containers(sync_engine, raw_database):
    target, other = sync_engine.save_all([Target(), Target()])
    holders = [
        Taken(several=[Taking(of={"x.y": other}), Taking(of={"$a": other, "$z": target})]),
        Taken(several=[Taking(of={"x.y": other})]),
        Taken(),
    ]
    sync_engine.save_all(holders)
    sync_engine.delete(target)
    left = {document["_id"] for document in raw_database["taken"].find()}
    assert left == {holders[1].id, holders[2].id}


# --- References to itself, cycles ---------------------------------------------------------------


class Node(Model):
    parent: Optional["Node"] = Reference(on_delete="cascade")
    peers: List["Node"] = Reference(on_delete="pull")


class Egg(Model):
    by: Optional["Hen"] = Reference(on_delete="cascade")


class Hen(Model):
    of: Optional[Egg] = Reference(on_delete="cascade")


def test_a_tree_goes_with_its_root(sync_engine, raw_database, commands):
    root = Node()
    children = [Node(parent=root) for _ in range(3)]
    leaves = [Node(parent=child, peers=[root]) for child in children for _ in range(2)]
    stays = Node(peers=[*leaves, *children, root])
    sync_engine.save_all([*leaves, stays])
    commands.clear()
    sync_engine.delete(root)
    assert [*raw_database["node"].find()] == [{"_id": stays.id, "parent": None, "peers": []}]
    assert commands.names.count("delete") == 2
    assert commands.names.count("update") == 1


def test_matching_documents_may_refer_to_each_other(sync_engine, raw_database):
    root = Node()
    sync_engine.save_all([Node(parent=Node(parent=root)), Node()])
    assert sync_engine.remove(Node, Node.parent != None) == 2  # noqa: E711
    assert sync_engine.remove(Node) == 2
    assert raw_database["node"].count_documents({}) == 0


def test_cycles_end(sync_engine, raw_database):
    egg = sync_engine.save(Egg())
    hen = sync_engine.save(Hen(of=egg))
    egg.by = hen
    sync_engine.save(egg)
    loop = sync_engine.save(Node())
    raw_database["node"].update_one({}, {"$set": {"parent": loop.id}})
    sync_engine.delete(hen)
    sync_engine.delete(loop)
    assert raw_database["hen"].count_documents({}) == raw_database["egg"].count_documents({}) == 0
    assert raw_database["node"].count_documents({}) == 0


class Chain(Model):
    before: Optional["Chain"] = Reference(on_delete="deny")


def test_what_is_deleted_too_denies_nothing(sync_engine, raw_database):
    first = Chain()
    second = Chain(before=first)
    sync_engine.save(second)
    with pytest.raises(ReferencedError):
        sync_engine.delete(first)
    assert sync_engine.remove(Chain) == 2
    assert raw_database["chain"].count_documents({}) == 0


# --- Hierarchies -------------------------------------------------------------------------------


class Animal(Model, inheritance="single"):
    name: str = ""
    friend: Optional["Animal"] = Reference(on_delete="nullify")


class Cat(Animal):
    prey: Optional[Animal] = Reference(on_delete="cascade")


class Dog(Animal):
    pass


class Tag(Model):
    animal: Optional[Animal] = Reference(on_delete="nullify")
    cat: Optional[Cat] = Reference(on_delete="nullify")
    dogs: List[Dog] = Reference(on_delete="pull")


def test_a_rule_of_the_base_is_about_all_classes(sync_engine, raw_database, commands):
    cat, dog = sync_engine.save_all([Cat(name="c"), Dog(name="d")])
    friend = sync_engine.save(Dog(friend=cat))
    tags = [Tag(animal=cat, cat=cat, dogs=[dog]), Tag(animal=dog)]
    sync_engine.save_all(tags)
    commands.clear()
    sync_engine.delete(cat)
    assert raw_database["animal"].find_one({"_id": friend.id})["friend"] is None
    first, second = raw_database["tag"].find().sort("_id", 1)
    assert (first["animal"], first["cat"], first["dogs"]) == (None, None, [dog.id])
    assert second["animal"] == dog.id
    # Inherited fields count once; dogs are not looked for.
    updates = [
        event.command["update"] for event in commands.started if event.command_name == "update"
    ]
    assert sorted(updates) == ["animal", "tag", "tag"]

    commands.clear()
    assert sync_engine.remove(Animal, Animal.name == "d") == 1
    first, second = raw_database["tag"].find().sort("_id", 1)
    assert (first["dogs"], second["animal"]) == ([], None)


def test_holders_of_one_class_are_told_by_their_type(sync_engine, raw_database):
    prey = sync_engine.save(Dog())
    cat = sync_engine.save(Cat(prey=prey))
    # A document of another class has the same key by chance.
    raw_database["animal"].insert_one({"_type": "Dog", "_id": 1, "prey": prey.id})
    raw_database["animal"].insert_one({"_id": 2, "prey": prey.id})
    sync_engine.delete(prey)
    assert {document["_id"] for document in raw_database["animal"].find()} == {1, 2}
    assert raw_database["animal"].count_documents({"_id": cat.id}) == 0


def test_the_class_of_the_document_counts(sync_engine, raw_database):
    cat = sync_engine.save(Cat())
    tag = sync_engine.save(Tag(cat=cat))
    sync_engine.delete(Animal(id=cat.id))
    assert raw_database["tag"].find_one({"_id": tag.id})["cat"] is None
    dog = sync_engine.save(Dog())
    with pytest.raises(DocumentNotFoundError):
        sync_engine.delete(Cat(id=dog.id))
    assert raw_database["animal"].count_documents({}) == 1


class Paper(Model, inheritance="separate"):
    by: Optional[Target] = Reference(on_delete="cascade")


class Thesis(Paper):
    grade: int = 1


class Cover(Model):
    paper: Paper = Reference(on_delete="cascade")


def test_classes_with_collections_of_their_own(sync_engine, raw_database):
    target = sync_engine.save(Target())
    paper, thesis = sync_engine.save_all([Paper(by=target), Thesis(by=target)])
    covers = sync_engine.save_all([Cover(paper=paper), Cover(paper=Paper(id=thesis.id))])
    sync_engine.delete(thesis)
    assert raw_database["cover"].count_documents({}) == 2
    sync_engine.save(Thesis(by=target))
    sync_engine.delete(target)
    assert raw_database["paper"].count_documents({}) == 1
    assert raw_database["thesis"].count_documents({}) == 0
    assert {document["_id"] for document in raw_database["cover"].find()} == {covers[1].id}


# --- Primary keys ------------------------------------------------------------------------------


class Point(EmbeddedModel):
    x: int
    y: int = 0


class Place(Model):
    id: Point = Field(primary_field=True)


class Visit(Model):
    place: Optional[Place] = Reference(on_delete="nullify")
    places: List[Place] = Reference(on_delete="pull")
    named: Dict[str, Place] = Reference(on_delete="pull")


class Token(Model):
    id: UUID = Field(default_factory=uuid4, primary_field=True)


class Use(Model):
    token: Token = Reference(on_delete="cascade")
    named: Dict[str, Token] = Reference(on_delete="pull")


class Loose(Model):
    id: Any = Field(primary_field=True)


class Holder(Model):
    loose: Loose = Reference(on_delete="cascade")
    named: Dict[str, Loose] = Reference(on_delete="cascade")


def test_ids_that_are_documents(sync_engine, raw_database):
    one, other = Place(id=Point(x=1)), Place(id=Point(x=1, y=1))
    sync_engine.save(Visit(place=one, places=[one, other], named={"a.b": one, "$c": other}))
    sync_engine.delete(one)
    visit = raw_database["visit"].find_one()
    assert visit["place"] is None
    assert visit["places"] == [{"x": 1, "y": 1}]
    assert visit["named"] == {"$c": {"x": 1, "y": 1}}
    assert sync_engine.remove(Place) == 1
    assert raw_database["visit"].find_one()["named"] == {}


def test_ids_that_are_uuids(sync_engine, raw_database):
    one, other = Token(), Token()
    sync_engine.save_all([Use(token=one), Use(token=other, named={"a.b": one, "c": other})])
    sync_engine.delete(one)
    (use,) = raw_database["use"].find()
    assert use["named"] == {"c": Binary.from_uuid(other.id)}


def test_no_id_is_an_operator(sync_engine, raw_database):
    text, number = Loose(id="$name"), Loose(id=1)
    sync_engine.save_all([Holder(loose=text, named={"a": number}), Holder(loose=number)])
    for hostile in ({"$gt": ""}, {"$ne": None}, {"$exists": True}):
        with pytest.raises(DocumentNotFoundError):
            sync_engine.delete(Loose(id=hostile))
    assert raw_database["loose"].count_documents({}) == 2
    sync_engine.delete(text)
    assert raw_database["holder"].count_documents({}) == 1
    # Numbers are equal whatever their type; booleans are no numbers.
    with pytest.raises(DocumentNotFoundError):
        sync_engine.delete(Loose(id=True))
    sync_engine.delete(Loose(id=1.0))
    assert raw_database["holder"].count_documents({}) == 0


def test_documents_of_other_shapes_stay(sync_engine, raw_database, users):
    a, _ = users
    strange = [
        {"_id": 1, "by_name": [a.id], "lists_by_name": "x", "pairs_by_name": {"a": 1, "b": [1]}},
        {"_id": 2, "by_name": {"a": None, "b": 3}, "lists_by_name": {"a": {"b": a.id}, "c": None}},
        {"_id": 3, "groups_by_name": {"a": {"notes": None}, "b": []}, "groups": None},
        {"_id": 4, "by_name": {"a": 1, "b": {"b": a.id}, "c": {"b": [a.id]}}, "groups": 3},
    ]
    raw_database["embedding"].insert_many(strange)
    sync_engine.delete(a)
    strange[3]["by_name"]["b"]["b"] = None
    assert [*raw_database["embedding"].find().sort("_id", 1)] == strange
