"""Loading references of instances at hand, in place."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

import pytest
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Reference, hook, is_loaded, is_missing
from odmantic.exceptions import NotLoadedError, TargetNotFoundError


class Company(Model):
    name: str


class User(Model):
    name: str
    tags: List[str] = []
    company: Optional[Company] = Reference()


class Comment(EmbeddedModel):
    by: User = Reference(key_name="b")
    replies: List["Comment"] = []


class Post(Model):
    title: str
    author: User = Reference(key_name="a")
    readers: List[User] = Reference(missing="drop")
    judges: Tuple[User, ...] = Reference(missing="drop")
    roles: Dict[str, User] = Reference(missing="keep")
    editor: Optional[User] = Reference(missing="none")
    comments: List[Comment] = []


class Animal(Model):
    model_config = {"inheritance": "single"}
    name: str


class Cat(Animal):
    lives: int = 9
    owner: Optional[User] = Reference()


class Home(Model):
    pet: Animal = Reference()


class Hooked(Model):
    name: str
    friend: Optional["Hooked"] = Reference(load="never")

    @hook("after_load")
    def greet(self) -> None:
        self.name = self.name.upper()


class Seat(Model):
    number: int = Field(primary_field=True)


class Row(Model):
    seats: List[Seat] = Reference()


@pytest.fixture
async def users(aio_engine):
    return await aio_engine.save_all(
        [User(name=name, company=Company(name=name * 2)) for name in "abc"]
    )


@pytest.fixture
async def posts(aio_engine, users, commands):
    a, b, c = users
    await aio_engine.save_all(
        [
            Post(
                title=str(number),
                author=users[number % 3],
                readers=[a, b],
                judges=(a, c),
                roles={"x": a, "y": c},
                editor=a,
                comments=[Comment(by=c, replies=[Comment(by=a)])],
            )
            for number in range(5)
        ]
    )
    found = await to_list(aio_engine.find(Post, sort=Post.title, load=()))
    commands.clear()
    return found


@pytest.mark.each_driver
async def test_a_path_is_loaded_in_place(aio_engine, posts, commands):
    before = [post.author for post in posts]

    await aio_engine.load(posts, Post.author)

    assert commands.names == ["find"]
    assert [post.author for post in posts] == before
    assert all(post.author is one for post, one in zip(posts, before, strict=True))
    assert posts[0].author.name == "a"
    assert not is_loaded(posts[0].author.company)
    assert not is_loaded(posts[0].readers[0])
    assert posts[0].__fields_modified__ == set()
    commands.clear()
    await aio_engine.save_all(posts)
    await aio_engine.load(posts, Post.author)
    assert commands.names == []


async def test_a_level_takes_one_query_for_each_model(aio_engine, posts, commands):
    await aio_engine.load(
        posts, "author.company", Post.readers, "comments.by", "comments.replies.by"
    )

    assert [event.command["find"] for event in commands.started] == ["user", "company"]
    assert posts[4].author.company.name == "bb"
    assert posts[0].comments[0].replies[0].by.name == "a"
    assert posts[0].author is not posts[0].readers[0]
    posts[0].author.name = "new"
    commands.clear()
    await aio_engine.save(posts[0])
    assert commands.names == ["update"]


async def test_without_paths_what_the_fields_say_is_loaded(aio_engine, posts, commands):
    await aio_engine.load(posts[0])

    assert len(commands.names) == 2
    assert posts[0].editor.company.name == "aa"
    assert posts[0].model_dump_json()
    await aio_engine.load(posts[1].author)
    assert posts[1].author.company.name == "bb"


async def test_again(aio_engine, posts, raw_database, commands):
    post = posts[0]
    await aio_engine.load(post, Post.author)
    author = post.author
    raw_database["user"].update_many({}, {"$set": {"name": "theirs"}})
    commands.clear()

    await aio_engine.load(post, Post.author)
    assert (commands.names, author.name) == ([], "a")
    await aio_engine.load(post, Post.author, again=True)
    assert commands.names == ["find"]
    assert post.author is author
    assert author.name == "theirs"
    assert author.__fields_modified__ == set()


async def test_in_sessions_and_transactions(aio_engine, posts, raw_database, commands):
    async with aio_engine.session() as session:
        await session.load(posts[0], Post.author)
    async with aio_engine.transaction() as transaction:
        await transaction.count(User)
        raw_database["user"].update_many({}, {"$set": {"name": "theirs"}})
        await transaction.load(posts[1:], "author.company")
    assert posts[1].author.name == "b"
    assert commands.started[-2].command["txnNumber"]


async def test_what_a_transaction_wrote_is_unknown_after_its_rollback(aio_engine, posts):
    async with aio_engine.transaction() as transaction:
        user = await transaction.find_one(User, User.name == "a")
        user.name = "inside"
        await transaction.save(user)
        await transaction.load(posts[0], Post.author)
        assert posts[0].author.name == "inside"
        await transaction.abort()

    assert posts[0].author.__fields_modified__ == {"name", "tags", "company", "id"}


async def test_missing_targets(aio_engine, users, posts, raw_database, commands):
    a, b, c = users
    post = posts[1]
    raw_database["user"].delete_one({"_id": a.id})

    await aio_engine.load(post, Post.readers, Post.judges, Post.roles, Post.editor)

    assert post.readers == [b]
    assert post.judges == (c,)
    assert post.editor is None
    assert [is_missing(post.roles["x"]), is_missing(post.roles["y"])] == [True, False]
    commands.clear()
    await aio_engine.save(post)
    assert commands.names == []
    with pytest.raises(NotLoadedError, match="does not exist"):
        post.roles["x"].name  # raises
    post.readers.append(c)
    await aio_engine.save(post)
    assert raw_database["post"].find_one({"title": "1"})["readers"] == [b.id, c.id]
    with pytest.raises(TargetNotFoundError, match=r"Post\.author refers to _id .* \(and 1 more\)"):
        await aio_engine.load(posts, Post.author)
    # All others are loaded.
    assert [is_loaded(each.author) for each in posts] == [False, True, True, False, True]
    with pytest.raises(LookupError):
        await aio_engine.load(posts[0].author)


async def test_a_changed_container_stays_changed(aio_engine, users, posts, raw_database):
    a, b, c = users
    posts[0].readers.append(c)
    raw_database["user"].delete_one({"_id": a.id})

    await aio_engine.load(posts[0], Post.readers)

    assert posts[0].readers == [b, c]
    await aio_engine.save(posts[0])
    assert raw_database["post"].find_one({"title": "0"})["readers"] == [b.id, c.id]


async def test_a_target_of_a_hierarchy(aio_engine, users):
    await aio_engine.save(Home(pet=Cat(name="Tom", owner=users[0])))
    home = await aio_engine.find_one(Home, load=())
    pet = home.pet
    assert type(pet) is Animal

    await aio_engine.load(home, Home.pet)

    assert home.pet is pet
    assert (type(pet), pet.lives) == (Cat, 9)
    assert not is_loaded(pet.owner)
    await aio_engine.load(home, (Home.pet, Cat.owner))
    assert pet.owner.name == "a"


async def test_hooks_of_what_is_loaded(aio_engine):
    last = Hooked(name="a")
    await aio_engine.save(Hooked(name="b", friend=last))
    found = await aio_engine.find_one(Hooked, Hooked.name == "b")

    await aio_engine.load(found, Hooked.friend)

    assert (found.name, found.friend.name) == ("B", "A")


async def test_many_ids(aio_engine, monkeypatch, commands):
    monkeypatch.setattr("odmantic._plan.references.MOST_IDS", 2)
    await aio_engine.save(Row(seats=[Seat(number=number) for number in range(5)]))
    row = await aio_engine.find_one(Row, load=())
    commands.clear()

    await aio_engine.load(row, Row.seats)

    assert commands.names == ["find"] * 3
    assert all(map(is_loaded, row.seats))


async def test_wrong_arguments(aio_engine, posts, commands):
    for wrong, error in (
        (lambda: aio_engine.load(posts, "nobody"), ValueError),
        (lambda: aio_engine.load(posts, Post.title), ValueError),
        (lambda: aio_engine.load([posts[0], 5], Post.author), TypeError),
        (lambda: aio_engine.load(5, Post.author), TypeError),
        (lambda: aio_engine.load(Post, Post.author), TypeError),
        (lambda: aio_engine.load(posts[0].comments[0], "by"), TypeError),
    ):
        with pytest.raises(error):
            await wrong()
    await aio_engine.load([], Post.author)
    assert commands.names == []
