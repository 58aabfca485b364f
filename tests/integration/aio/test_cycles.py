"""New instances that refer to each other: one reference is set by a second write of the same call."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Union

import pytest
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Reference, hook
from odmantic.exceptions import BulkWriteError, DuplicateKeyError, UnsavedReferenceError


class Owner(Model):
    name: str = Field(unique=True)
    start: Optional["Page"] = Reference(key_name="s")


class Page(Model):
    title: str = "p"
    owner: Owner = Reference()


class Node(Model):
    model_config = {"store_none": False}
    next: Optional["Node"] = Reference(key_name="n")


class Note(EmbeddedModel):
    by: Optional["Person"] = Reference(key_name="b")
    seen: Dict[str, "Person"] = Reference()


class Person(Model):
    name: str = ""
    friends: List["Person"] = Reference(key_name="f")
    notes: List[Note] = Field([], key_name="no")
    partner: Optional["Person"] = Reference(unique=True)


class Strict(Model):
    other: "Strict" = Reference()


Owner.model_rebuild()
Note.model_rebuild()
Person.model_rebuild()


def pair():
    owner = Owner(name="o")
    owner.start = Page(owner=owner)
    return owner, owner.start


def writes(commands):
    """The collections that were written, and what of the updates."""
    return [
        (event.command[event.command_name], [each["u"] for each in event.command.get("updates", ())])
        for event in commands.started
        if event.command_name in ("update", "insert")
    ]  # fmt: skip


@pytest.mark.each_driver
@pytest.mark.parametrize("within", ["nothing", "session", "transaction"])
@pytest.mark.parametrize("number", [0, 1])
async def test_the_optional_reference_is_set_last(
    aio_engine, raw_database, commands, within, number
):
    owner, page = pair()
    given = (owner, page)[number]
    if within == "nothing":
        await aio_engine.save(given)
    else:
        async with getattr(aio_engine, within)() as target:
            await target.save(given)

    (_, [first]), (_, [second]), (_, [third]) = writes(commands)
    assert first["$set"] == {"name": "o", "s": None}
    assert second["$set"] == {"title": "p", "owner": owner.id}
    assert third == {"$set": {"s": page.id}}
    assert raw_database["owner"].find_one()["s"] == page.id
    assert owner.__fields_modified__ == page.__fields_modified__ == set()
    commands.clear()
    await aio_engine.save_all([owner, page])
    assert writes(commands) == []


@pytest.mark.parametrize("within", ["nothing", "transaction"])
async def test_many_cycles_take_three_commands(aio_engine, raw_database, commands, within):
    pages = [Page(owner=Owner(name=str(n))) for n in range(20)]
    for page in pages:
        page.owner.start = page
    if within == "nothing":
        await aio_engine.save_all(pages)
    else:
        async with aio_engine.transaction() as transaction:
            await transaction.save_all(pages)

    assert [name for name, _ in writes(commands)] == ["owner", "page", "owner"]
    assert writes(commands)[2][1] == [{"$set": {"s": page.id}} for page in pages]
    stored = {one["_id"]: one["s"] for one in raw_database["owner"].find()}
    assert stored == {page.owner.id: page.id for page in pages}
    assert not any(page.owner.__fields_modified__ for page in pages)


async def test_a_ring_has_one_second_write(aio_engine, raw_database, commands):
    ring = [Node() for _ in range(5)]
    for node, following in zip(ring, [*ring[1:], ring[0]], strict=True):
        node.next = following
    await aio_engine.save(ring[2])

    sent = [update for _, updates in writes(commands) for update in updates]
    assert sent[0] == {"$setOnInsert": {"_id": ring[1].id}}
    assert len(sent) == 6
    assert sent[-1] == {"$set": {"n": ring[2].id}}
    assert {one["_id"]: one["n"] for one in raw_database["node"].find()} == {
        node.id: node.next.id for node in ring
    }


async def test_to_itself_and_to_what_is_saved_nothing_is_set_later(
    aio_engine, raw_database, commands
):
    node = Node()
    node.__dict__["next"] = node  # pydantic refuses the assignment
    await aio_engine.save(node)
    assert len(writes(commands)) == 1

    owner, page = Owner(name="o"), Page(owner=Owner(name="p"))
    await aio_engine.save(page)
    page.owner, owner.start = owner, page
    commands.clear()
    await aio_engine.save(owner)
    assert [name for name, _ in writes(commands)] == ["owner", "page"]
    assert writes(commands)[0][1] == [{"$set": {"name": "o", "s": page.id}}]


async def test_containers_and_embedded_objects_lack_the_element(aio_engine, raw_database, commands):
    a, b, c = (Person(name=name) for name in "abc")
    await aio_engine.save(c)
    commands.clear()
    a.friends = [c, b, b]
    b.friends = [a, c, a]
    b.notes = [Note(by=a, seen={"x": a, "y": c}), Note(by=c)]
    await aio_engine.save(a)

    first, _, last = (update["$set"] for _, [update] in writes(commands))
    assert first["f"] == [c.id]
    assert first["no"] == [{"b": None, "seen": {"y": c.id}}, {"b": c.id, "seen": {}}]
    assert last == {
        "f": [a.id, c.id, a.id],
        "no": [{"b": a.id, "seen": {"x": a.id, "y": c.id}}, {"b": c.id, "seen": {}}],
    }
    assert not {*a.__fields_modified__, *b.__fields_modified__}
    found = await aio_engine.find_one(Person, Person.name == "b")
    assert [each.name for each in found.friends] == ["a", "c", "a"]


async def test_a_unique_reference_keeps_its_id(aio_engine, raw_database):
    await aio_engine.configure_database([Person])
    people = [Person(name=str(n)) for n in range(4)]
    for one, other in zip(people, [people[1], people[0], people[3], people[2]], strict=True):
        one.partner = other
    await aio_engine.save_all(people)

    partners = {one["_id"]: one["partner"] for one in raw_database["person"].find()}
    assert partners == {one.id: one.partner.id for one in people}


@pytest.mark.parametrize("verb", ["save", "save_all"])
async def test_a_cycle_of_required_references_is_refused_by_name(aio_engine, commands, verb):
    one = Strict.model_construct()
    one.other = Strict.model_construct(other=one)
    given: Any = one if verb == "save" else [one, one.other]
    with pytest.raises(
        UnsavedReferenceError,
        match=r"cannot save Strict: .*\(Strict.other -> Strict.other -> Strict\)",
    ):
        await getattr(aio_engine, verb)(given)
    assert writes(commands) == []


@pytest.mark.parametrize("verb", ["save", "save_all"])
async def test_a_repeated_save_completes_what_has_failed(
    aio_engine, raw_database, fail_point, verb
):
    owner, page = pair()
    raw_database["page"].create_index("title", unique=True)
    taken = raw_database["page"].insert_one({"title": "p"}).inserted_id
    given: Any = owner if verb == "save" else [owner, Owner(name="x")]
    with pytest.raises(DuplicateKeyError):
        await getattr(aio_engine, verb)(given)

    assert raw_database["owner"].find_one({"name": "o"})["s"] is None
    assert owner.__fields_modified__ == {"start"}
    raw_database["page"].delete_one({"_id": taken})
    await getattr(aio_engine, verb)(given)
    assert raw_database["owner"].find_one({"name": "o"})["s"] == page.id
    assert raw_database["page"].find_one()["owner"] == owner.id


@pytest.mark.parametrize("verb", ["save", "save_all"])
async def test_a_failed_second_write_leaves_the_field_dirty(aio_engine, raw_database, verb):
    raw_database.create_collection("owner", validator={"s": {"$not": {"$type": "objectId"}}})
    owners = [pair()[0], Owner(name="x")]
    owners[1].start = Page(owner=owners[1])
    given: Any = owners[0] if verb == "save" else owners
    with pytest.raises(Exception, match="failed validation"):
        await getattr(aio_engine, verb)(given)

    assert owners[0].__fields_modified__ == {"start"}
    assert owners[0].start.__fields_modified__ == set()
    raw_database.command("collMod", "owner", validator={})
    await getattr(aio_engine, verb)(given)
    assert raw_database["owner"].find_one({"name": "o"})["s"] == owners[0].start.id
    assert owners[0].__fields_modified__ == set()


async def test_inserts_set_it_last_too(aio_engine, raw_database, commands):
    owner, page = pair()
    await aio_engine.insert(owner)
    other, second = pair()
    other.name = "other"
    await aio_engine.insert_many([second, other])
    third = Owner(name="third")
    third.start = Page(owner=third)
    await aio_engine.insert(third.start)

    names = ["owner", "page", "owner"] * 3
    assert [name for name, _ in writes(commands)] == names
    stored = {one["_id"]: one["s"] for one in raw_database["owner"].find()}
    assert stored == {one.id: one.start.id for one in (owner, other, third)}
    assert not any(one.__fields_modified__ for one in (owner, page, other, second, third))


async def test_inserts_that_fail_write_nothing_else(aio_engine, raw_database):
    owner, page = pair()
    await aio_engine.insert(Page(id=page.id, owner=Owner(name="x")))
    with pytest.raises(DuplicateKeyError):
        await aio_engine.insert(page)
    assert raw_database["owner"].find_one({"name": "o"})["s"] is None
    assert owner.__fields_modified__ == {"start"}
    other, second = pair()
    other.name = "other"
    with pytest.raises(BulkWriteError):
        await aio_engine.insert_many([second, Page(id=page.id, owner=other)], ordered=False)
    assert raw_database["page"].count_documents({}) == 2


async def test_a_reference_to_several_models(aio_engine, raw_database, commands):
    class Letter(Model):
        about: Optional["Union[Owner, Topic]"] = Reference()
        more: List["Union[Owner, Topic]"] = Reference()

    class Topic(Model):
        note: Letter = Reference()

    Letter.model_rebuild()
    owner = await aio_engine.save(Owner(name="o"))
    note = Letter(more=[owner])
    note.about = topic = Topic(note=note)
    note.more.append(topic)
    commands.clear()
    await aio_engine.save_all([note, owner])
    [first] = [event.command["updates"][0]["u"]["$set"] for event in commands.started[:1]]
    assert (first["about"], [each.id for each in first["more"]]) == (None, [owner.id])
    [document] = raw_database["letter"].find()
    assert (document["about"].id, [each.id for each in document["more"]]) == (
        topic.id,
        [owner.id, topic.id],
    )


@pytest.mark.each_driver
@pytest.mark.parametrize("verb", ["save", "save_all"])
async def test_a_rollback_makes_all_of_them_new(aio_engine, raw_database, verb):
    owner, page = pair()
    given: Any = owner if verb == "save" else [owner, Owner(name="x")]
    async with aio_engine.transaction() as transaction:
        await getattr(transaction, verb)(given)
        await transaction.abort()

    assert raw_database["owner"].count_documents({}) == 0
    await getattr(aio_engine, verb)(given)
    assert raw_database["owner"].find_one({"name": "o"})["s"] == page.id
    assert raw_database["page"].find_one()["owner"] == owner.id


async def test_a_reference_that_is_not_saved_along_comes_first_all_the_same(aio_engine, commands):
    class Letter(Model):
        to: Optional[Owner] = Reference(save="never")
        of: Optional[Owner] = Reference()

    new = Owner(name="n")
    await aio_engine.save_all([Letter(to=new), Letter(of=new)])
    assert next(name for name, _ in writes(commands)) == "owner"


# --- Hooks -------------------------------------------------------------------------------------

fired: List[str] = []


class Author(Model):
    name: str = "a"
    best: Optional["Book"] = Reference()

    @hook("before_save")
    def before(self) -> None:
        fired.append(f"before {self.name}")

    @hook("after_save")
    def after(self) -> None:
        fired.append(f"after {self.name} {sorted(self.__fields_modified__)}")

    @hook("after_commit")
    def committed(self) -> None:
        fired.append(f"committed {self.name}")


class Book(Model):
    name: str = "b"
    author: Optional[Author] = Reference()

    @hook("before_insert")
    def before(self) -> None:
        fired.append("before b")
        if self.author is None:
            self.author = Author(best=self)

    @hook("after_insert")
    def after(self) -> None:
        fired.append("after b")


Author.model_rebuild()


@pytest.mark.parametrize("within", ["nothing", "transaction"])
@pytest.mark.parametrize("verb", ["save", "save_all"])
@pytest.mark.parametrize("made_by_hook", [False, True])
async def test_hooks_are_called_once(
    aio_engine, raw_database, commands, verb, within, made_by_hook
):
    fired.clear()
    book = Book()
    if not made_by_hook:
        book.author = Author(best=book)
    given: Any = book if verb == "save" else [book, Owner(name="x")]
    if within == "nothing":
        await getattr(aio_engine, verb)(given)
    else:
        async with aio_engine.transaction() as transaction:
            await getattr(transaction, verb)(given)

    assert sorted(fired) == ["after a []", "after b", "before a", "before b", "committed a"]
    assert fired.index("after b") > fired.index("before a")
    assert raw_database["author"].find_one()["best"] == book.id
    assert raw_database["book"].find_one()["author"] == book.author.id
    sent = [name for name, _ in writes(commands)]
    assert len(sent) == 3 + (verb == "save_all")
    assert not {*book.__fields_modified__, *book.author.__fields_modified__}


async def test_nobody_sees_an_id_that_leads_nowhere(aio_engine, raw_database, commands):
    """At no time between two commands of a call."""
    owners = [pair()[0] for _ in range(3)]
    for number, owner in enumerate(owners):
        owner.name = str(number)
    owners[0].start.owner = owners[1]
    owners[1].start.owner = owners[0]
    seen = []
    aio_engine.add_hook("after_save", lambda _: seen.append(dangling(raw_database)), Page)
    await aio_engine.save_all(owners)
    assert dangling(raw_database) == []
    assert seen
    assert not any(seen)
    found = await to_list(aio_engine.find(Owner, sort=Owner.name))
    assert [one.start.owner.name for one in found] == ["1", "0", "2"]


def dangling(database):
    ids = {one["_id"] for name in ("owner", "page") for one in database[name].find()}
    referred = [one.get("s") for one in database["owner"].find()]
    referred += [one["owner"] for one in database["page"].find()]
    return [each for each in referred if each is not None and each not in ids]
