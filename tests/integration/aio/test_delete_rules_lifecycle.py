"""Delete rules with hooks, with values that updates supply, and with soft deletions."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import List, Optional

import pytest

from odmantic import Field, HookEvent, Model, Reference, hook, stored, utcnow
from odmantic.exceptions import (
    CommitHookError,
    DocumentNotFoundError,
    ReferencedError,
    StoredFieldsWarning,
)

CALLS: list[tuple[str, ...]] = []


@pytest.fixture(autouse=True)
def calls():
    CALLS.clear()
    return CALLS


class Hooked:
    """Notes the calls of its hooks."""

    @hook("before_delete")
    def note_before(self, event: HookEvent) -> None:
        CALLS.append(("before", self.name, event.operation))

    @hook("after_delete")
    def note_after(self, event: HookEvent) -> None:
        assert event.session is not None
        CALLS.append(("after", self.name, event.operation))

    @hook("after_commit")
    def note_commit(self, event: HookEvent) -> None:
        CALLS.append(("commit", self.name, *event.operations))

    @hook("after_rollback")
    def note_rollback(self, event: HookEvent) -> None:
        CALLS.append(("rollback", self.name, *event.operations))


class Owner(Hooked, Model):
    name: str


class Thing(Model):
    owner: Owner = Reference(on_delete="cascade")


class Part(Hooked, Model):
    name: str
    thing: Thing = Reference(on_delete="cascade")
    lost: Optional[Thing] = Reference()


class Query(Model):
    name: str
    parent: Optional["Query"] = Reference(on_delete="cascade")

    @hook("before_query_write")
    @classmethod
    def narrow(cls, event: HookEvent) -> None:
        CALLS.append(("query", event.operation))
        event.filter = {"$and": [event.filter, {"name": {"$ne": "kept"}}]}

    @hook("after_query_write")
    @classmethod
    def note(cls, event: HookEvent) -> None:
        CALLS.append(("after query", event.operation))


@pytest.fixture
async def owner(aio_engine, commands):
    owner = Owner(name="o")
    thing = Thing(owner=owner)
    parts = [Part(name=name, thing=thing) for name in "ab"]
    await aio_engine.save_all(parts)
    commands.clear()
    CALLS.clear()
    return owner


# --- Hooks -------------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_hooks_are_called_for_what_goes_along(aio_engine, owner, commands, raw_database):
    await aio_engine.delete(owner)
    assert [
        ("before", "o", "delete"),
        *(("before", name, "delete") for name in "ba"),
        *(("after", name, "delete") for name in "ba"),
        ("after", "o", "delete"),
        ("commit", "o", "delete"),
        *(("commit", name, "delete") for name in "ba"),
    ] == CALLS
    # Things have no hooks, so they are not read.
    found = [event.command["find"] for event in commands.started if event.command_name == "find"]
    assert found == ["owner", "thing", "part", "part", "thing", "owner"]
    assert not any(raw_database[name].count_documents({}) for name in ("owner", "thing", "part"))


async def test_hooks_of_a_removal(aio_engine, owner):
    assert await aio_engine.remove(Owner) == 1
    # Those of the matching documents are not called, as ever.
    assert [each for each in CALLS if each[0] == "before"] == [
        ("before", "b", "remove"), ("before", "a", "remove"),
    ]  # fmt: skip
    await aio_engine.save_all([Query(name="kept"), Query(name="x", parent=Query(name="y"))])
    CALLS.clear()
    assert await aio_engine.remove(Query) == 2
    assert CALLS == [("query", "remove"), ("after query", "remove")]
    assert [each.name async for each in aio_engine.find(Query)] == ["kept"]


async def test_a_dangling_reference_of_what_goes_along_does_not_matter(
    aio_engine, owner, raw_database
):
    raw_database["part"].update_many({}, {"$set": {"lost": 5}})
    raw_database["part"].update_many({}, {"$set": {"lost": owner.id}})
    await aio_engine.delete(owner)
    assert raw_database["part"].count_documents({}) == 0


async def test_a_hook_prevents_everything(aio_engine, owner, commands, raw_database):
    def refuse(instance):
        if isinstance(instance, Part) and instance.name == "a":
            raise KeyError("no")

    remove = aio_engine.add_hook("before_delete", refuse, Part)
    with pytest.raises(KeyError):
        await aio_engine.delete(owner)
    assert {*commands.names} == {"find", "abortTransaction"}
    assert owner.__fields_modified__ == set()
    assert CALLS[-1] == ("rollback", "o", "delete")
    remove()
    fails = aio_engine.add_hook("after_delete", refuse, Part)
    with pytest.raises(KeyError):
        await aio_engine.delete(owner)
    assert "commitTransaction" not in commands.names
    assert raw_database["part"].count_documents({}) == 2
    assert owner.__fields_modified__ == set()
    fails()


async def test_hooks_are_called_in_each_attempt_and_after_the_last(aio_engine, owner, fail_point):
    with fail_point(
        "commitTransaction", error_code=112, labels=("TransientTransactionError",), times=1
    ):
        await aio_engine.delete(owner)
    words = [each[0] for each in CALLS]
    assert (words.count("before"), words.count("after"), words.count("commit")) == (6, 6, 3)
    assert "rollback" not in words


async def test_hooks_write_in_the_same_transaction(aio_engine, owner, raw_database):
    async def keep(instance, event):
        await event.session.save(Owner(name=f"copy of {instance.name}"))
        assert await event.session.count(Owner) > 1
        await aio_engine.remove(Query, session=event.session)

    remove = aio_engine.add_hook("before_delete", keep, Part)
    refused = aio_engine.add_hook("after_delete", lambda instance: 1 / 0, Thing)
    aio_engine.add_hook("before_delete", lambda instance: 1 / 0, Owner)()
    with pytest.raises(ZeroDivisionError):
        await aio_engine.delete(owner)
    assert raw_database["owner"].count_documents({}) == 1
    refused()
    await aio_engine.delete(owner)
    names = {document["name"] for document in raw_database["owner"].find()}
    assert names == {"copy of a", "copy of b"}
    remove()


async def test_a_failing_hook_after_the_commit_is_told(aio_engine, owner, raw_database):
    remove = aio_engine.add_hook("after_commit", lambda instance: 1 / 0, Part)
    with pytest.raises(CommitHookError):
        await aio_engine.delete(owner)
    assert raw_database["owner"].count_documents({}) == 0
    remove()


# --- Values that updates supply ----------------------------------------------------------------


class Target(Model):
    name: str = ""


class Stamped(Model, inheritance="single"):
    target: Optional[Target] = Reference(on_delete="nullify")
    several: List[Target] = Reference(on_delete="pull")
    changed: Optional[datetime] = Field(None, on_update=utcnow, key_name="c")


class Counting(Stamped):
    times: int = Field(0, on_update=lambda: 7)


class Plain(Stamped):
    pass


class Computing(Model):
    target: Optional[Target] = Reference(on_delete="nullify")

    @stored()
    @property
    def has_target(self) -> bool:
        return self.target is not None


async def test_updated_holders_get_new_values(aio_engine, raw_database):
    target = await aio_engine.save(Target())
    holders = [Plain(target=target), Counting(target=target, several=[target]), Counting()]
    await aio_engine.save_all(holders)
    old = datetime(2000, 1, 1)
    raw_database["stamped"].update_many({}, {"$set": {"c": old, "times": 1}})
    await aio_engine.delete(target)
    plain, counting, untouched = (
        raw_database["stamped"].find_one({"_id": holder.id}) for holder in holders
    )
    assert plain["c"] == counting["c"] > old
    assert (plain["target"], plain["times"]) == (None, 1)
    assert (counting["target"], counting["several"], counting["times"]) == (None, [], 7)
    assert (untouched["c"], untouched["times"]) == (old, 1)


async def test_stored_properties_are_not_computed(aio_engine, recwarn):
    target = await aio_engine.save(Target())
    await aio_engine.delete(target)
    target = await aio_engine.save(Target())
    await aio_engine.save(Computing(target=target))
    with pytest.warns(StoredFieldsWarning, match="Computing: has_target"):
        await aio_engine.delete(target)


# --- Soft deletion -----------------------------------------------------------------------------


class SoftConfig:
    model_config = {"soft_delete": "gone"}


class User(Model):
    name: str = ""
    gone: Optional[datetime] = None
    model_config = {"soft_delete": "gone", "soft_delete_rules": True}


class Silent(Model):
    gone: Optional[datetime] = None
    model_config = {"soft_delete": "gone"}


class Post(Model):
    author: Optional[User] = Reference(on_delete="cascade")
    silent: Optional[Silent] = Reference(on_delete="cascade")
    editor: Optional[User] = Reference(on_delete="nullify")
    changed: Optional[datetime] = Field(None, on_update=utcnow)
    gone: Optional[datetime] = None
    model_config = {"soft_delete": "gone"}


class Comment(Model):
    post: Post = Reference(on_delete="cascade")


class Session(Model):
    user: User = Reference(on_delete="cascade")


class Log(Model):
    session: Session = Reference(on_delete="cascade")
    gone: Optional[datetime] = None
    model_config = {"soft_delete": "gone"}


class Contract(Model):
    user: Optional[User] = Reference(on_delete="deny")
    gone: Optional[datetime] = None
    model_config = {"soft_delete": "gone"}


@pytest.fixture
async def user(aio_engine):
    user = User(name="Ada")
    await aio_engine.save_all(
        [Comment(post=Post(author=user, editor=user)), Log(session=Session(user=user))]
    )
    return user


def state(raw_database):
    """Returns how many documents are live and softly deleted."""
    return {
        name: (
            raw_database[name].count_documents({"gone": None}),
            raw_database[name].count_documents({"gone": {"$ne": None}}),
        )
        for name in ("user", "post", "comment", "session", "log")
    }


@pytest.mark.each_driver
async def test_a_soft_deletion_takes_holders_along_softly(aio_engine, user, raw_database):
    old = Post(author=user, gone=datetime(2000, 1, 1))
    await aio_engine.save(old)
    await aio_engine.delete(user)
    assert user.gone is not None
    assert user.__fields_modified__ == set()
    # Posts are softly deleted, and fire no rules by that; sessions are really deleted, with all that refers to them.
    assert state(raw_database) == {
        "user": (0, 1), "post": (0, 2), "comment": (1, 0), "session": (0, 0), "log": (0, 0),
    }  # fmt: skip
    post = raw_database["post"].find_one({"_id": {"$ne": old.id}})
    assert post["author"] == user.id
    # What is deleted along with it keeps its references.
    assert post["editor"] == user.id
    assert post["changed"] is not None
    assert raw_database["post"].find_one({"_id": old.id})["gone"] == datetime(2000, 1, 1)
    await aio_engine.restore(user)
    assert state(raw_database)["user"] == (1, 0)
    assert state(raw_database)["post"] == (0, 2)


async def test_matching_documents_are_softly_deleted_with_rules(aio_engine, user, raw_database):
    editor = User(name="Bob")
    other = Post(editor=editor)
    await aio_engine.save(other)
    assert await aio_engine.remove(User) == 2
    assert state(raw_database) == {
        "user": (0, 2), "post": (1, 1), "comment": (1, 0), "session": (0, 0), "log": (0, 0),
    }  # fmt: skip
    assert raw_database["post"].find_one({"_id": other.id})["editor"] is None
    assert await aio_engine.remove(User) == 0


async def test_a_hard_deletion_takes_everything_along(aio_engine, user, raw_database):
    await aio_engine.delete(user)
    await aio_engine.delete(user, hard=True)
    assert state(raw_database) == dict.fromkeys(
        ("user", "post", "comment", "session", "log"), (0, 0)
    )


async def test_without_the_option_a_soft_deletion_is_as_before(aio_engine, raw_database, commands):
    silent = Silent()
    await aio_engine.save(Post(silent=silent))
    commands.clear()
    await aio_engine.delete(silent)
    assert await aio_engine.remove(Silent) == 0
    assert commands.names == ["update", "update"]
    assert raw_database["post"].count_documents({"gone": None}) == 1
    assert await aio_engine.remove(Silent, hard=True, without="soft_delete") == 1
    assert raw_database["post"].count_documents({}) == 0


async def test_deleted_holders_deny(aio_engine, user, raw_database):
    contract = await aio_engine.save(Contract(user=user))
    await aio_engine.delete(contract)
    for words in ({}, {"hard": True}):
        with pytest.raises(ReferencedError):
            await aio_engine.delete(user, **words)
    assert state(raw_database)["user"] == (1, 0)
    assert user.gone is None
    await aio_engine.delete(contract, hard=True)
    await aio_engine.delete(user)
    await aio_engine.delete(user, rules=False)


async def test_a_rollback_brings_a_soft_deletion_back(aio_engine, user, raw_database):
    before = state(raw_database)
    async with aio_engine.transaction() as transaction:
        await transaction.delete(user)
        await transaction.abort()
    assert user.gone is None
    assert user.__fields_modified__ == set()
    assert state(raw_database) == before
    with pytest.raises(DocumentNotFoundError):
        await aio_engine.delete(User())


class Chick(Model):
    """Refers back to what takes it along."""

    hen: Optional["Hen"] = Reference(on_delete="cascade")


class Hen(Model):
    first: Optional[Chick] = Reference(on_delete="cascade")
    gone: Optional[datetime] = None
    model_config = {"soft_delete": "gone", "soft_delete_rules": True}


async def test_what_refers_to_something_really_deleted_is_really_deleted(aio_engine, raw_database):
    hens = [await aio_engine.save(Hen()) for _ in range(2)]
    for hen, operation in zip(hens, itertools.count()):
        hen.first = await aio_engine.save(Chick(hen=hen))
        await aio_engine.save(hen)
        if operation:
            assert await aio_engine.remove(Hen) == 1
        else:
            await aio_engine.delete(hen)
        assert raw_database["hen"].count_documents({"_id": hen.id}) == 0
    assert raw_database["chick"].count_documents({}) == 0


class HookedSoft(Hooked, Model):
    name: str
    user: User = Reference(on_delete="cascade")
    gone: Optional[datetime] = None
    model_config = {"soft_delete": "gone"}


async def test_hooks_of_what_is_softly_deleted_along(aio_engine, user, raw_database):
    await aio_engine.save_all([HookedSoft(name="a", user=user), HookedSoft(name="b", user=user)])
    CALLS.clear()
    seen = []
    remove = aio_engine.add_hook(
        "after_delete", lambda instance: seen.append(instance.gone), HookedSoft
    )
    await aio_engine.delete(user)
    assert [each[0] for each in CALLS] == ["before", "before", "after", "after", "commit", "commit"]
    assert len(seen) == 2
    assert None not in seen
    assert raw_database["hooked_soft"].count_documents({"gone": {"$ne": None}}) == 2
    remove()
