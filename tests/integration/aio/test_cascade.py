"""Which references are saved with what refers to them."""

from __future__ import annotations

from typing import List, Optional

import pytest

from odmantic import EmbeddedModel, Model, Reference, hook
from odmantic.exceptions import UnsavedReferenceError


class Company(Model):
    name: str


class User(Model):
    name: str
    company: Optional[Company] = Reference()


class Note(EmbeddedModel):
    by: Optional[User] = Reference(save="never")


class Post(Model):
    title: str
    author: Optional[User] = Reference()
    editor: Optional[User] = Reference(save="new")
    readers: List[User] = Reference(save="never", key_name="r")
    notes: List[Note] = []


class Hooked(Model):
    name: str
    friend: Optional[User] = Reference(save="never")

    @hook("before_save")
    def change(self) -> None:
        self.name += "!"


@pytest.fixture
async def user(aio_engine, commands):
    saved = await aio_engine.save(User(name="a", company=Company(name="c")))
    commands.clear()
    return saved


def sent(commands):
    return [event.command["update"] for event in commands.started if "update" in event.command]


async def test_what_the_fields_say(aio_engine, user, commands):
    new = User(name="n", company=Company(name="d"))
    await aio_engine.save(Post(title="p", editor=new, readers=[user]))
    assert sent(commands) == ["company", "user", "post"]
    commands.clear()

    user.name = new.name = "changed"
    new.company.name = "changed"
    await aio_engine.save(Post(title="q", editor=new, readers=[user], notes=[Note(by=user)]))
    assert sent(commands) == ["post"]
    assert user.__fields_modified__ == new.__fields_modified__ == {"name"}
    commands.clear()
    await aio_engine.save(Post(title="r", author=user, editor=new))
    assert sent(commands) == ["user", "post"]


@pytest.mark.each_driver
@pytest.mark.parametrize("within", ["nothing", "session", "transaction"])
@pytest.mark.parametrize("verb", ["save", "save_all"])
async def test_a_call_that_does_not_cascade(aio_engine, user, commands, within, verb):
    user.name = "changed"
    user.company.name = "changed"
    post = Post(title="p", author=user, editor=user)
    given = post if verb == "save" else [post, Post(title="q")]

    if within == "nothing":
        await getattr(aio_engine, verb)(given, cascade=False)
    elif within == "session":
        async with aio_engine.session() as session:
            await getattr(session, verb)(given, cascade=False)
    else:
        async with aio_engine.transaction() as transaction:
            await getattr(transaction, verb)(given, cascade=False)

    assert user.__fields_modified__ == {"name"}
    assert post.__fields_modified__ == set()
    collections = {each.command.get(each.command_name) for each in commands.started}
    assert {"user", "company"}.isdisjoint(map(str, collections))


@pytest.mark.parametrize("within", ["nothing", "transaction"])
async def test_what_was_never_saved_is_refused_before_anything_is_sent(
    aio_engine, user, commands, raw_database, within
):
    new = User(name="n")
    wrong = [
        (Post(title="p", readers=[user, new]), {}),
        (Post(title="p", notes=[Note(by=new)]), {}),
        (Post(title="p", author=new), {"cascade": False}),
        (Post(title="p", author=User(name="x"), readers=[new]), {}),
        (Hooked(name="h", friend=new), {}),
    ]
    for post, words in wrong:
        with pytest.raises(UnsavedReferenceError, match="leads to a User that was never saved"):
            if within == "nothing":
                await aio_engine.save(post, **words)
            else:
                async with aio_engine.transaction() as transaction:
                    await transaction.save(post, **words)
        with pytest.raises(ValueError, match="save that first"):
            await aio_engine.save_all([post, Company(name="z")], **words)
    assert [name for name in commands.names if name in ("update", "insert")] == []
    assert raw_database["post"].count_documents({}) == 0


async def test_what_is_saved_in_the_same_call_comes_first(aio_engine, commands, raw_database):
    new = User(name="n", company=Company(name="d"))
    post = Post(title="p", readers=[new])

    await aio_engine.save_all([post, new, new.company], cascade=False)

    assert raw_database["post"].find_one()["r"] == [new.id]
    assert [each.command.get(each.command_name) for each in commands.started] == [
        "company", "user", "post",
    ]  # fmt: skip
    other = User(name="o")
    await aio_engine.save(Post(title="q", author=other, readers=[other]))
    assert raw_database["user"].count_documents({}) == 2


async def test_after_a_rollback_it_was_never_saved(aio_engine, commands):
    new = User(name="n")
    async with aio_engine.transaction() as transaction:
        await transaction.save(new)
        await transaction.save(Post(title="p", readers=[new]))
        await transaction.abort()

    with pytest.raises(UnsavedReferenceError):
        await aio_engine.save(Post(title="p", readers=[new]))


async def test_to_another_database_it_was_never_saved(aio_engine, user, raw_database):
    other = type(aio_engine)(aio_engine.client, database=aio_engine.database_name + "_other")
    with pytest.raises(UnsavedReferenceError):
        await other.save(Post(title="p", readers=[user]))
    assert other.database_name not in raw_database.client.list_database_names()


async def test_what_is_not_loaded_needs_no_save(aio_engine, user, commands):
    await aio_engine.save(Post(title="p", author=user))
    found = await aio_engine.find_one(Post, load=())
    commands.clear()

    await aio_engine.save(Post(title="q", readers=[found.author]), cascade=False)

    assert sent(commands) == ["post"]


async def test_with_hooks(aio_engine, user, commands, raw_database):
    user.name = "changed"
    await aio_engine.save(Hooked(name="h", friend=user))
    await aio_engine.save_all([Hooked(name="i", friend=user), Hooked(name="j", friend=user)])

    assert user.__fields_modified__ == {"name"}
    assert [each["name"] for each in raw_database["hooked"].find()] == ["h!", "i!", "j!"]


def test_an_unknown_word_is_refused():
    with pytest.raises(ValueError, match=r"save of Reference\(\) is one of 'changed', 'new'"):
        Reference(save="always")
