"""Lazy references to one of several models."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Dict, List, Optional, Set, Union

import pytest
from bson import DBRef, ObjectId
from pydantic import BaseModel, ValidationError
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Expand, Model, Ref, Reference
from odmantic.exceptions import (
    DocumentParsingError,
    InvalidDocumentError,
    TargetNotFoundError,
)


class Post(Model):
    title: str


class Photo(Model):
    url: str


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9


class Dog(Animal):
    tricks: List[str] = []


class Fish(Animal):
    pass


class Wrapper(BaseModel):
    about: Ref[Union[Post, Photo]]


class Note(EmbeddedModel):
    about: Ref[Union[Post, Photo]]


class Page(Model):
    name: str
    about: "Ref[Post | Photo]"
    seen: List[Ref[Union[Post, Photo]]] = []
    kept: Set[Ref[Union[Post, Photo]]] = Reference(key_name="k", missing="drop")
    roles: Dict[str, Ref[Union[Post, Photo]]] = {}
    note: Optional[Note] = None
    pet: Optional[Ref[Union[Cat, Dog]]] = None
    wrapped: Optional[Wrapper] = None


@pytest.fixture
async def things(aio_engine):
    saved = await aio_engine.save_all([Post(title="p"), Photo(url="u")])
    return [*saved, await aio_engine.save(Cat(name="Tom"))]


@pytest.fixture
async def page(aio_engine, things, commands):
    post, photo, cat = things
    saved = await aio_engine.save(
        Page(
            name="n",
            about=Ref(post),
            seen=[Ref(photo), Ref(post)],
            kept={Ref(photo)},
            roles={"x": Ref(photo)},
            note=Note(about=Ref(photo)),
            pet=Ref(cat),
            wrapped=Wrapper(about=Ref(photo)),
        )
    )
    commands.clear()
    return saved


async def both(engine, model, *queries, **words):
    """What `find_one` and `find` give first."""
    found = await engine.find_one(model, *queries, **words)
    return [found, *(await to_list(engine.find(model, *queries, limit=2, **words)))[:1]]


@pytest.mark.each_driver
async def test_the_collection_is_stored_with_the_key(
    aio_engine, things, page, raw_database, commands
):
    post, photo, cat = things
    of_post, of_photo = DBRef("post", post.id), DBRef("photo", photo.id)

    assert raw_database["page"].find_one() == {
        "name": "n", "about": of_post, "seen": [of_photo, of_post], "k": [of_photo],
        "roles": {"x": of_photo}, "note": {"about": of_photo}, "pet": cat.id,
        "wrapped": {"about": of_photo}, "_id": page.id,
    }  # fmt: skip
    for found in await both(aio_engine, Page):
        assert found == page
        assert not found.about.is_loaded
        assert found.about.key == post.id
        assert found.__fields_modified__ == set()
        await aio_engine.save(found)
    assert commands.names == ["find", "find"]


@pytest.mark.each_driver
async def test_what_was_read_is_loaded(aio_engine, things, page, commands):
    post, photo, cat = things
    for found in await both(aio_engine, Page, load="*"):
        assert found.about.value == post
        assert [type(each.value) for each in found.seen] == [Photo, Post]
        assert [each.value for each in found.kept] == [photo]
        assert found.note.about.value == photo
        assert found.pet.value == cat
    found = await aio_engine.find_one(Page)
    seen = found.seen[0]
    await aio_engine.load(found, "*")
    assert found.seen[0] is seen
    assert [each.value.id for each in found.seen] == [photo.id, post.id]
    assert found.roles["x"].value == photo
    assert type(found.pet.value) is Cat
    commands.clear()
    await aio_engine.save(found)
    assert commands.names == []


async def test_each_is_fetched_from_its_collection(aio_engine, things, page):
    post, photo, cat = things
    found = await aio_engine.find_one(Page)

    assert await found.about.fetch(aio_engine) == post
    assert await found.seen[0].fetch(aio_engine) == photo
    assert await found.pet.fetch(aio_engine) == cat
    assert await found.wrapped.about.fetch(aio_engine) == photo


async def test_a_class_that_the_annotation_does_not_name_is_not_fetched(
    aio_engine, page, raw_database
):
    fish = await aio_engine.save(Fish(name="Wanda"))
    raw_database["page"].update_one({}, {"$set": {"pet": fish.id}})
    found = await aio_engine.find_one(Page)

    with pytest.raises(TargetNotFoundError):
        await found.pet.fetch(aio_engine)
    with pytest.raises(DocumentParsingError, match="pet"):
        await aio_engine.find_one(Page, load=[Page.pet])


async def test_new_targets_are_saved_once(aio_engine, raw_database):
    photo = Photo(url="new")
    page = Page(name="n", about=Ref(photo), seen=[Ref(photo), Ref(Post(title="new"))])

    await aio_engine.save(page)

    assert raw_database["photo"].count_documents({}) == 1
    assert raw_database["post"].count_documents({}) == 1
    page.about = Ref.to(Post, photo.id)
    page.seen[0] = Ref.to(Post, photo.id)
    assert page != await aio_engine.find_one(Page)
    await aio_engine.save(page)
    stored = raw_database["page"].find_one()
    assert stored["about"] == stored["seen"][0] == DBRef("post", photo.id)


async def test_filters(aio_engine, things, page):
    post, photo, cat = things
    for found in (
        Page.about == Ref(post),
        Page.about == Ref.to(Post, post.id),
        Page.about == post,
        Page.about == DBRef("post", post.id),
        Page.seen == Ref.to(Photo, photo.id),
        Page.seen == [Ref(photo), post],
        Page.note.about == Ref(photo),
        Page.pet == Ref(cat),
        Page.pet == cat.id,
    ):
        assert await aio_engine.count(Page, found) == 1, found
    assert await aio_engine.count(Page, Page.about == Ref.to(Photo, post.id)) == 0
    with pytest.raises(TypeError, match="leads to a Post or Photo"):
        Page.about == Ref(cat)  # noqa: B015


@pytest.mark.parametrize(
    "wrong",
    [5, ObjectId(), None, [], DBRef("other", ObjectId()), DBRef("post", 5),
     DBRef("post", ObjectId(), "elsewhere"), {"_id": ObjectId(), "title": "x"}],
    ids=range(8),
)  # fmt: skip
async def test_what_leads_nowhere_is_an_error(aio_engine, raw_database, wrong):
    own = {"name": "n", "about": DBRef("post", ObjectId())}
    for field, document in {
        "about": {**own, "about": wrong},
        "seen": {**own, "seen": [wrong]},
        "note": {**own, "note": {"about": wrong}} if wrong is not None else None,
        "wrapped": {**own, "wrapped": {"about": wrong}},
    }.items():
        if document is None:
            continue
        raw_database["page"].delete_many({})
        raw_database["page"].insert_one(document)
        with pytest.raises(DocumentParsingError, match=field):
            await aio_engine.find_one(Page)


async def test_missing_targets(aio_engine, page, raw_database):
    raw_database["photo"].delete_many({})

    with pytest.raises(DocumentParsingError, match="seen"):
        await aio_engine.find_one(Page, load=[Page.seen])
    for found in await both(aio_engine, Page, load=[Page.kept]):
        assert found.kept == set()
    for found in await both(aio_engine, Page, load=[Page.seen], missing="keep"):
        assert [each.is_missing for each in found.seen] == [True, False]
    found = await aio_engine.find_one(Page)
    await aio_engine.load(found, Page.kept)
    assert found.kept == set()


@pytest.mark.parametrize("wrong", [Ref.to(Fish, ObjectId()), Post(title="p"), 5], ids=range(3))
async def test_what_is_no_member_is_not_stored(aio_engine, page, wrong, commands):
    page.seen.append(wrong)
    commands.clear()
    with pytest.raises(InvalidDocumentError, match="seen"):
        await aio_engine.save(page)
    assert commands.names == []


def test_validation_and_json():
    post, photo, cat = Post(title="p"), Photo(url="u"), Cat(name="Tom")
    page = Page(name="n", about=photo, seen=[post, Ref(photo)], pet=cat.id)
    dumped = page.model_dump(mode="json")

    assert dumped["about"] == {"$ref": "photo", "$id": str(photo.id)}
    assert dumped["pet"] == str(cat.id)
    assert page.model_dump()["about"] == DBRef("photo", photo.id)
    assert Page.model_validate_json(page.model_dump_json()) == page
    assert Page.model_validate(page.model_dump()) == page
    assert Page.model_validate_doc(page.model_dump_doc()) == page
    assert json.loads(page.model_dump_json())["seen"][0]["$ref"] == "post"
    for wrong in (photo.id, str(photo.id), {"url": "x"}, cat, Ref(cat), None, DBRef("cat", cat.id)):
        with pytest.raises(ValidationError):
            Page(name="n", about=wrong)
    for wrong in (Fish(name="f"), Ref(Fish(name="f")), post, "x"):
        with pytest.raises(ValidationError):
            Page(name="n", about=post, pet=wrong)
    about = Page.model_json_schema()["properties"]["about"]["anyOf"]
    assert [each["properties"]["$ref"]["const"] for each in about] == ["post", "photo"]
    assert about[0]["properties"]["$id"]["type"] == "string"
    assert Page.model_json_schema()["properties"]["pet"]["anyOf"][0]["type"] == "string"


async def test_copies_and_pickles(aio_engine, page):
    for found in await both(aio_engine, Page, load=[Page.about]):
        for copied in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
            assert copied == found
            assert copied.about.value == found.about.value


def test_the_object_in_a_response():
    class Out(BaseModel):
        about: Expand[Ref[Union[Post, Photo]]]

    photo = Photo(url="u")
    assert Out(about=photo).model_dump()["about"] == {"id": photo.id, "url": "u"}
    assert len(Out.model_json_schema(mode="serialization")["properties"]["about"]["anyOf"]) == 2
