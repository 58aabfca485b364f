"""The name of an extra value is the name of one key, never a path or an operator; an extra that is gone is removed.

With `extra="allow"` names come from whoever sends the data. MongoDB reads `profile.admin` in an update as a path into
the field `profile`, so such a name is refused before anything is sent. Inside a value, names may be anything. A
deleted extra is removed from the document if this instance read or wrote it: what it does not know belongs to others.
"""

from __future__ import annotations

from typing import Any

import pytest

from odmantic import EmbeddedModel, Field, Model
from odmantic.exceptions import InvalidDocumentError


class Profile(EmbeddedModel):
    admin: bool = False


class User(Model):
    model_config = {"extra": "allow"}

    name: str = "a"
    profile: Profile = Profile()
    settings: dict[str, Any] = {}


class Bare(Model):
    model_config = {"extra": "allow"}


class Pocket(EmbeddedModel):
    model_config = {"extra": "allow"}

    name: str = "p"


class Coat(Model):
    pocket: Pocket = Pocket()


NAMES = [
    "profile.admin",
    "a.b",
    "a.",
    ".a",
    ".",
    "..",
    "",
    "$x",
    "$set",
    "$",
    "$a.b",
    "_id.x",
    "name.0",
]


@pytest.mark.parametrize("model", [User, Bare])
@pytest.mark.parametrize("name", NAMES)
async def test_a_name_is_no_path(aio_engine, raw_database, commands, model, name):
    collection = raw_database[+model]
    known = await aio_engine.save(model(token=1))
    also_known = await aio_engine.find_one(model)
    if name.startswith("_"):  # pydantic takes it for a private attribute
        known.model_extra[name] = True
    else:
        setattr(known, name, True)
    also_known.model_extra[name] = True
    commands.clear()
    before = list(collection.find())

    def make():
        return model(**{name: True})

    for call, argument in (
        (aio_engine.save, known),
        (aio_engine.save, also_known),
        (aio_engine.save, make()),
        (aio_engine.save_all, [make(), make()]),
        (aio_engine.save_all, [known, also_known]),
    ):
        with pytest.raises(InvalidDocumentError, match=rf"save {model.__name__}: ") as caught:
            await call(argument)
        assert repr(name) in str(caught.value)
        assert caught.value.model is model
    async with aio_engine.transaction() as transaction:
        with pytest.raises(InvalidDocumentError):
            await transaction.save(known)
        with pytest.raises(InvalidDocumentError):
            await transaction.save_all([make(), known])
    assert [each for each in commands.names if each != "abortTransaction"] == []
    assert list(collection.find()) == before


@pytest.mark.parametrize("name", NAMES[1:])
async def test_names_in_values_stay(aio_engine, raw_database, name):
    user = await aio_engine.save(User(settings={name: {name: 1}}, more={name: [{name: 2}]}))
    user.more[name].append(3)
    user.settings["x"] = 4
    await aio_engine.save(user)
    await aio_engine.save(Coat(pocket=Pocket(**{name: 5})))

    document = raw_database["user"].find_one()
    assert document["settings"] == {name: {name: 1}, "x": 4}
    assert document["more"] == {name: [{name: 2}, 3]}
    assert raw_database["coat"].find_one()["pocket"] == {"name": "p", name: 5}


async def test_a_stored_name_with_a_dot_is_left_alone(aio_engine, raw_database):
    raw_database["user"].insert_one({"name": "a", "a.b": 1, "profile": {}, "settings": {}})
    user = await aio_engine.find_one(User)
    assert user.model_extra == {"a.b": 1}

    user.name = "b"
    await aio_engine.save(user)
    await aio_engine.save_all([user, User(name="c")])
    user.name = "d"
    await aio_engine.save_all([user, User(name="e")])

    document = raw_database["user"].find_one({"name": "d"})
    assert {key: value for key, value in document.items() if "a" in key} == {"name": "d", "a.b": 1}
    user.model_extra["a.b"] = 2
    with pytest.raises(InvalidDocumentError, match=r"'a\.b'"):
        await aio_engine.save(user)
    del user.model_extra["a.b"]
    with pytest.raises(InvalidDocumentError, match=r"'a\.b'"):
        await aio_engine.save(user)
    assert raw_database["user"].find_one({"name": "d"}) == document


# --- Deletion ----------------------------------------------------------------------------------


def _forget(user, how):
    if how == "del":
        del user.token
    elif how == "pop":
        user.model_extra.pop("token")
    else:
        user.token = 2
        delattr(user, "token")


async def _known_users(engine, model, how):
    """Users of whom `token` was read, or written: at once, later, or by many."""
    if how == "written":
        return [await engine.save(model(token=1, more=1)) for _ in range(3)]
    if how == "written by many":
        return await engine.save_all([model(token=1, more=1) for _ in range(3)])
    if how == "written later":
        users = await engine.save_all([model(more=1) for _ in range(3)])
        for user in users:
            user.token = 1
        return await engine.save_all(users)
    await engine.save_all([model(token=1, more=1) for _ in range(3)])
    return list(await engine.find(model))


HOWS = ["written", "written by many", "written later", "read"]


@pytest.mark.parametrize("model", [User, Bare])
@pytest.mark.parametrize("way", ["del", "pop", "assigned first"])
@pytest.mark.parametrize("how", HOWS)
async def test_a_deleted_extra_is_removed(aio_engine, raw_database, commands, model, how, way):
    collection = raw_database[+model]
    one, *many = await _known_users(aio_engine, model, how)
    for user in (one, *many):
        _forget(user, way)

    await aio_engine.save(one)
    assert collection.count_documents({"token": 1}) == 2
    await aio_engine.save_all(many)
    assert collection.count_documents({"token": {"$exists": True}}) == 0
    assert collection.count_documents({"more": 1}) == 3

    # It is known to be gone: nothing is sent again, and what others write meanwhile stays.
    collection.update_many({}, {"$set": {"token": "theirs"}})
    commands.clear()
    await aio_engine.save(one)
    await aio_engine.save_all(many)
    assert commands.names == []
    one.more = many[0].more = many[1].more = 2
    await aio_engine.save(one)
    await aio_engine.save_all(many)
    assert collection.count_documents({"token": "theirs", "more": 2}) == 3
    one.token = 5
    await aio_engine.save(one)
    assert collection.count_documents({"token": 5}) == 1
    del one.token
    await aio_engine.save(one)
    assert collection.count_documents({"token": {"$exists": True}}) == 2


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize("how", HOWS)
async def test_a_deletion_follows_a_rollback(aio_engine, raw_database, how, bulk):
    users = await _known_users(aio_engine, User, how)

    async def save(engine):
        if bulk:
            await engine.save_all(users)
        else:
            for user in users:
                await engine.save(user)

    for user in users:
        del user.token
    for _ in range(2):
        async with aio_engine.transaction() as transaction:
            await save(transaction)
            assert await transaction.count(User, {"token": 1}) == 0
            await transaction.abort()
        assert raw_database["user"].count_documents({"token": 1}) == 3
    async with aio_engine.transaction() as transaction:
        await save(transaction)

    assert raw_database["user"].count_documents({"token": {"$exists": True}}) == 0


async def test_a_deletion_follows_a_failed_save(aio_engine, raw_database, fail_point):
    users = await _known_users(aio_engine, User, "read")
    for user in users:
        del user.token
    for call, argument in ((aio_engine.save, users[0]), (aio_engine.save_all, users)):
        with fail_point("update", error_code=1), pytest.raises(Exception, match="failCommand"):
            await call(argument)
    assert raw_database["user"].count_documents({"token": 1}) == 3

    await aio_engine.save_all(users)
    assert raw_database["user"].count_documents({"token": {"$exists": True}}) == 0


async def test_what_was_never_read_or_written_is_left_alone(aio_engine, raw_database):
    user = await aio_engine.save(User())
    raw_database["user"].update_one({}, {"$set": {"token": "theirs"}})
    user.token = 1
    del user.token
    user.name = "b"
    await aio_engine.save(user)
    await aio_engine.save_all([user, User()])

    assert raw_database["user"].find_one({"_id": user.id})["token"] == "theirs"


async def test_an_extra_called_like_the_key_of_a_field_is_refused(aio_engine, raw_database):
    class Renamed(Model):
        model_config = {"extra": "allow"}

        name: str = Field("a", key_name="n")

    one = Renamed(n="extra")
    for call in (aio_engine.save, lambda each: aio_engine.save_all([each, Renamed()])):
        with pytest.raises(InvalidDocumentError, match="'n' is called like a field"):
            await call(one)
    assert raw_database["renamed"].count_documents({"_id": one.id}) == 0

    del one.n
    await aio_engine.save(one)

    assert raw_database["renamed"].find_one({"_id": one.id}) == {"_id": one.id, "n": "a"}


async def test_a_document_that_is_gone_is_written_without_it(aio_engine, raw_database):
    for call in (aio_engine.save, lambda user: aio_engine.save_all([user, User()])):
        user = await aio_engine.save(User(token=1, more=2))
        raw_database["user"].delete_many({})
        del user.token
        await call(user)
        document = raw_database["user"].find_one({"_id": user.id})
        assert document == user.model_dump_doc()
        assert "token" not in document


class Odd(str):
    """A text that says that nothing is in it."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other):
        return self is other

    def __ne__(self, other):
        return self is not other

    def __contains__(self, _other):
        return False

    def __bool__(self):
        return True

    def startswith(self, *_arguments):
        return False


@pytest.mark.parametrize(
    ("way", "name"),
    [
        (way, name)
        for way in ("model_extra", "setattr", "construct", "copy")
        for name in ("profile.admin", "$set", "", "name")
        if (way, name) != ("setattr", "name")  # that assigns the field
    ],
)
@pytest.mark.parametrize("bulk", [False, True])
async def test_a_derived_text_is_its_text(aio_engine, raw_database, name, way, bulk):
    user = await aio_engine.save(User())
    key = Odd(name)
    if way == "model_extra":
        user.model_extra[key] = True
    elif way == "setattr":
        user.__setattr__(key, True)
    elif way == "construct":
        user = User.model_construct(**User().__dict__)
        user.__pydantic_extra__ = {key: True}
    else:
        user = user.model_copy(update={key: True})
    before = list(raw_database["user"].find())
    with pytest.raises(InvalidDocumentError, match="save User: "):
        await (aio_engine.save_all([user]) if bulk else aio_engine.save(user))
    assert list(raw_database["user"].find()) == before
