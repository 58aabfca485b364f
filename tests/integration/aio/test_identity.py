"""`identity=True`: one instance for each document of a read."""

from __future__ import annotations

from collections import deque
from typing import ClassVar, Dict, List, Optional, Tuple, Union

import pytest
from tests.integration.aio.reading import to_list

from odmantic import BackReference, EmbeddedModel, Field, Model, Ref, Reference, is_loaded


class Company(Model):
    name: str
    tags: List[str] = []


class Position(EmbeddedModel):
    row: int = Field(key_name="r")


class Seat(Model):
    position: Position = Field(primary_field=True)
    note: str = ""


class User(Model):
    name: str
    best: Optional["User"] = Reference(key_name="b")
    company: Optional[Company] = Reference()
    wrote: ClassVar["BackReference[Post]"] = BackReference("Post", "author")


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    keeper: Optional[User] = Reference()


class Comment(EmbeddedModel):
    by: User = Reference()
    pets: List[Animal] = Reference()


class Post(Model):
    author: Optional[User] = Reference()
    readers: List[User] = Reference(key_name="r")
    judges: Tuple[User, ...] = Reference()
    queue: "deque[User]" = Reference()
    roles: Dict[str, User] = Reference()
    comments: List[Comment] = []
    seat: Optional[Seat] = Reference()
    lazy: Optional[Ref[User]] = None
    about: Optional[Union[User, Company]] = Reference()


User.model_rebuild()


def users_in(post):
    return [
        *(post.author, *post.readers, *post.judges, *post.queue, *post.roles.values()),
        *(post.about, *(each.by for each in post.comments)),
    ]


@pytest.fixture
async def posts(aio_engine, commands):
    company = Company(name="c", tags=["t"])
    ada = User(name="ada", company=company)
    bob = User(name="bob", company=company, best=ada)
    cat = Cat(name="tom", keeper=bob)
    seat = Seat(position=Position(row=1))
    saved = await aio_engine.save_all(
        [
            Post(
                author=ada,
                readers=[ada, bob, ada],
                judges=(ada,),
                queue=deque([ada]),
                roles={"x": ada},
                comments=[Comment(by=ada, pets=[cat, cat])],
                seat=seat,
                lazy=Ref(ada),
                about=ada,
            )
            for _ in range(3)
        ]
    )
    commands.clear()
    return saved


@pytest.mark.each_driver
@pytest.mark.parametrize("within", ["nothing", "session", "transaction"])
async def test_all_places_of_a_document_share_an_instance(aio_engine, posts, commands, within):
    async def read(target):
        usual = await to_list(target.find(Post))
        count = len(commands.started)
        found = await to_list(target.find(Post, identity=True))
        one = await target.find_one(Post, identity=True)
        assert len(commands.started) - count > count
        assert len(usual) == 3
        assert len({*map(id, (each for post in usual for each in users_in(post)))}) > 20
        return found, one

    if within == "nothing":
        found, one = await read(aio_engine)
    else:
        async with getattr(aio_engine, within)() as target:
            found, one = await read(target)

    for some in (found, [one]):
        people = {id(each): each for post in some for each in users_in(post)}
        people |= {id(post.lazy.value): post.lazy.value for post in some}
        assert sorted(each.name for each in people.values()) == ["ada", "bob"]
        companies = {id(each.company) for each in people.values()}
        assert len(companies) == 1
        [cat] = {id(each): each for post in some for each in post.comments[0].pets}.values()
        assert type(cat) is Cat
        assert cat.keeper is some[0].readers[1]
        assert len({id(post.seat) for post in some}) == 1
    assert [type(found[0].judges), type(found[0].queue)] == [tuple, deque]
    assert found[0].about is found[1].author


async def test_as_many_commands_as_without(aio_engine, posts, commands):
    await to_list(aio_engine.find(Post))
    names = commands.names
    commands.clear()
    await to_list(aio_engine.find(Post, identity=True))
    assert commands.names == names


async def test_a_shared_instance_is_saved_once(aio_engine, posts, commands, raw_database):
    found = await to_list(aio_engine.find(Post, identity=True))
    commands.clear()
    await aio_engine.save_all(found)
    assert commands.names == []
    found[2].readers[0].name = "Ada"
    found[0].readers.pop()
    await aio_engine.save_all(found)

    sent = [
        (event.command["update"], [each["u"] for each in event.command["updates"]])
        for event in commands.started
    ]
    first, second = found[0].readers
    assert sent == [
        ("user", [{"$set": {"name": "Ada"}}]),
        ("post", [{"$set": {"r": [first.id, second.id]}}]),
    ]
    assert found[1].author.name == "Ada"


async def test_a_rollback_follows_the_shared_instance(aio_engine, posts, raw_database):
    async with aio_engine.transaction() as transaction:
        found = await to_list(transaction.find(Post, identity=True))
        found[0].author.name = "Ada"
        await transaction.save(found[1])
        await transaction.abort()

    assert found[2].author.__fields_modified__ == {"name"}
    await aio_engine.save(found[2])
    assert raw_database["user"].count_documents({"name": "Ada"}) == 1


async def test_cycles_lead_back_to_the_same_instance(aio_engine, commands):
    ada, bob = User(name="ada"), User(name="bob")
    ada.best, bob.best = bob, ada
    await aio_engine.save(ada)

    found = await aio_engine.find_one(User, User.name == "ada", load=["best.best"], identity=True)
    assert found.best.name == "bob"
    assert found.best.best is found
    both = await to_list(aio_engine.find(User, sort=User.name, load=(), identity=True))
    assert both[0].best is both[1]
    assert both[1].best is both[0]
    assert is_loaded(both[0].best)
    commands.clear()
    await aio_engine.save_all(both)
    assert commands.names == []
    both[1].name = "Bob"
    await aio_engine.save(both[0])
    assert commands.names == ["update"]


async def test_what_some_place_loads_is_loaded_at_all(aio_engine, posts):
    found = await to_list(aio_engine.find(Post, load=["author", "readers.company"], identity=True))
    assert all(post.author is post.readers[0] for post in found)
    assert found[0].author.company.name == "c"
    assert found[0].about is found[0].author
    assert not is_loaded(found[0].seat)


async def test_pages_share_instances_too(aio_engine, posts, commands, monkeypatch):
    monkeypatch.setattr("odmantic._plan.find.BATCH_SIZE", 1)
    monkeypatch.setattr("odmantic._aio.cursor.PAGE_SIZE", 1)
    found = [post async for post in aio_engine.find(Post, identity=True)]
    assert "getMore" in commands.names
    assert len(found) == 3
    assert len({id(post.author) for post in found}) == 1
    assert len({id(post.author.company) for post in found}) == 1


async def test_back_references_stay_with_the_instance(aio_engine, posts, monkeypatch):
    monkeypatch.setattr("odmantic._plan.find.BATCH_SIZE", 1)
    page = aio_engine.find(User, load=["best", User.wrote], sort=User.name, identity=True)
    ada, bob = await to_list(page)
    assert bob.best is ada
    assert [len(each.wrote.value) for each in (ada, bob)] == [3, 0]
    # Here the one that is read first is a target.
    page = aio_engine.find(User, load=["best", User.wrote], sort=User.name.desc(), identity=True)
    bob, ada = [user async for user in page]
    assert bob.best is ada
    assert len(ada.wrote.value) == 3


async def test_an_engine_of_a_program_need_not_know_the_word(aio_engine, posts):
    class Own(type(aio_engine)):
        def find(self, model, *queries, sort=None, skip=0, limit=None, session=None):
            return super().find(model, *queries, sort=sort, skip=skip, limit=limit, session=session)

    own = Own(aio_engine.client, database=aio_engine.database_name)
    assert await own.find_one(Post)
    async with own.session() as session:
        assert await session.find_one(Post)
        assert len(await to_list(session.find(Post))) == 3
    with pytest.raises(TypeError, match="identity"):
        await own.find_one(Post, identity=True)
