# Generated from tests/integration/aio/test_cascade.py by tools/generate_sync.py: do not edit.
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
def user(sync_engine, commands):
    saved = sync_engine.save(User(name="a", company=Company(name="c")))
    commands.clear()
    return saved


def sent(commands):
    return [event.command["update"] for event in commands.started if "update" in event.command]


def test_what_the_fields_say(sync_engine, user, commands):
    new = User(name="n", company=Company(name="d"))
    sync_engine.save(Post(title="p", editor=new, readers=[user]))
    assert sent(commands) == ["company", "user", "post"]
    commands.clear()

    user.name = new.name = "changed"
    new.company.name = "changed"
    sync_engine.save(Post(title="q", editor=new, readers=[user], notes=[Note(by=user)]))
    assert sent(commands) == ["post"]
    assert user.__fields_modified__ == new.__fields_modified__ == {"name"}
    commands.clear()
    sync_engine.save(Post(title="r", author=user, editor=new))
    assert sent(commands) == ["user", "post"]


@pytest.mark.parametrize("within", ["nothing", "session", "transaction"])
@pytest.mark.parametrize("verb", ["save", "save_all"])
def test_a_call_that_does_not_cascade(sync_engine, user, commands, within, verb):
    user.name = "changed"
    user.company.name = "changed"
    post = Post(title="p", author=user, editor=user)
    given = post if verb == "save" else [post, Post(title="q")]

    if within == "nothing":
        getattr(sync_engine, verb)(given, cascade=False)
    elif within == "session":
        with sync_engine.session() as session:
            getattr(session, verb)(given, cascade=False)
    else:
        with sync_engine.transaction() as transaction:
            getattr(transaction, verb)(given, cascade=False)

    assert user.__fields_modified__ == {"name"}
    assert post.__fields_modified__ == set()
    collections = {each.command.get(each.command_name) for each in commands.started}
    assert {"user", "company"}.isdisjoint(map(str, collections))


@pytest.mark.parametrize("within", ["nothing", "transaction"])
def test_what_was_never_saved_is_refused_before_anything_is_sent(
    sync_engine, user, commands, raw_database, within
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
                sync_engine.save(post, **words)
            else:
                with sync_engine.transaction() as transaction:
                    transaction.save(post, **words)
        with pytest.raises(ValueError, match="save that first"):
            sync_engine.save_all([post, Company(name="z")], **words)
    assert [name for name in commands.names if name in ("update", "insert")] == []
    assert raw_database["post"].count_documents({}) == 0


def test_what_is_saved_in_the_same_call_comes_first(sync_engine, commands, raw_database):
    new = User(name="n", company=Company(name="d"))
    post = Post(title="p", readers=[new])

    sync_engine.save_all([post, new, new.company], cascade=False)

    assert raw_database["post"].find_one()["r"] == [new.id]
    assert [each.command.get(each.command_name) for each in commands.started] == [
        "company", "user", "post",
    ]  # fmt: skip
    other = User(name="o")
    sync_engine.save(Post(title="q", author=other, readers=[other]))
    assert raw_database["user"].count_documents({}) == 2


def test_after_a_rollback_it_was_never_saved(sync_engine, commands):
    new = User(name="n")
    with sync_engine.transaction() as transaction:
        transaction.save(new)
        transaction.save(Post(title="p", readers=[new]))
        transaction.abort()

    with pytest.raises(UnsavedReferenceError):
        sync_engine.save(Post(title="p", readers=[new]))


def test_to_another_database_it_was_never_saved(sync_engine, user, raw_database):
    other = type(sync_engine)(sync_engine.client, database=sync_engine.database_name + "_other")
    with pytest.raises(UnsavedReferenceError):
        other.save(Post(title="p", readers=[user]))
    assert other.database_name not in raw_database.client.list_database_names()


def test_what_is_not_loaded_needs_no_save(sync_engine, user, commands):
    sync_engine.save(Post(title="p", author=user))
    found = sync_engine.find_one(Post, load=())
    commands.clear()

    sync_engine.save(Post(title="q", readers=[found.author]), cascade=False)

    assert sent(commands) == ["post"]


def test_with_hooks(sync_engine, user, commands, raw_database):
    user.name = "changed"
    sync_engine.save(Hooked(name="h", friend=user))
    sync_engine.save_all([Hooked(name="i", friend=user), Hooked(name="j", friend=user)])

    assert user.__fields_modified__ == {"name"}
    assert [each["name"] for each in raw_database["hooked"].find()] == ["h!", "i!", "j!"]


def test_an_unknown_word_is_refused():
    with pytest.raises(ValueError, match=r"save of Reference\(\) is one of 'changed', 'new'"):
        Reference(save="always")
