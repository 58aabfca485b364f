# Generated from tests/integration/aio/test_ref_several.py by tools/generate_sync.py: do not edit.
"""Lazy references to one of several models."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Dict, List, Optional, Set, Union

import pytest
from bson import DBRef, ObjectId
from pydantic import BaseModel, ValidationError
from tests.integration.sync.reading import to_list

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
def things(sync_engine):
    saved = sync_engine.save_all([Post(title="p"), Photo(url="u")])
    return [*saved, sync_engine.save(Cat(name="Tom"))]


@pytest.fixture
def page(sync_engine, things, commands):
    post, photo, cat = things
    saved = sync_engine.save(
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


def both(engine, model, *queries, **words):
    """What `find_one` and `find` give first."""
    found = engine.find_one(model, *queries, **words)
    return [found, *to_list(engine.find(model, *queries, limit=2, **words))[:1]]


def test_the_collection_is_stored_with_the_key(sync_engine, things, page, raw_database, commands):
    post, photo, cat = things
    of_post, of_photo = DBRef("post", post.id), DBRef("photo", photo.id)

    assert raw_database["page"].find_one() == {
        "name": "n", "about": of_post, "seen": [of_photo, of_post], "k": [of_photo],
        "roles": {"x": of_photo}, "note": {"about": of_photo}, "pet": cat.id,
        "wrapped": {"about": of_photo}, "_id": page.id,
    }  # fmt: skip
    for found in both(sync_engine, Page):
        assert found == page
        assert not found.about.is_loaded
        assert found.about.key == post.id
        assert found.__fields_modified__ == set()
        sync_engine.save(found)
    assert commands.names == ["find", "find"]


def test_what_was_read_is_loaded(sync_engine, things, page, commands):
    post, photo, cat = things
    for found in both(sync_engine, Page, load="*"):
        assert found.about.value == post
        assert [type(each.value) for each in found.seen] == [Photo, Post]
        assert [each.value for each in found.kept] == [photo]
        assert found.note.about.value == photo
        assert found.pet.value == cat
    found = sync_engine.find_one(Page)
    seen = found.seen[0]
    sync_engine.load(found, "*")
    assert found.seen[0] is seen
    assert [each.value.id for each in found.seen] == [photo.id, post.id]
    assert found.roles["x"].value == photo
    assert type(found.pet.value) is Cat
    commands.clear()
    sync_engine.save(found)
    assert commands.names == []


def test_each_is_fetched_from_its_collection(sync_engine, things, page):
    post, photo, cat = things
    found = sync_engine.find_one(Page)

    assert found.about.fetch(sync_engine) == post
    assert found.seen[0].fetch(sync_engine) == photo
    assert found.pet.fetch(sync_engine) == cat
    assert found.wrapped.about.fetch(sync_engine) == photo


def test_a_class_that_the_annotation_does_not_name_is_not_fetched(sync_engine, page, raw_database):
    fish = sync_engine.save(Fish(name="Wanda"))
    raw_database["page"].update_one({}, {"$set": {"pet": fish.id}})
    found = sync_engine.find_one(Page)

    with pytest.raises(TargetNotFoundError):
        found.pet.fetch(sync_engine)
    with pytest.raises(DocumentParsingError, match="pet"):
        sync_engine.find_one(Page, load=[Page.pet])


def test_new_targets_are_saved_once(sync_engine, raw_database):
    photo = Photo(url="new")
    page = Page(name="n", about=Ref(photo), seen=[Ref(photo), Ref(Post(title="new"))])

    sync_engine.save(page)

    assert raw_database["photo"].count_documents({}) == 1
    assert raw_database["post"].count_documents({}) == 1
    page.about = Ref.to(Post, photo.id)
    page.seen[0] = Ref.to(Post, photo.id)
    assert page != sync_engine.find_one(Page)
    sync_engine.save(page)
    stored = raw_database["page"].find_one()
    assert stored["about"] == stored["seen"][0] == DBRef("post", photo.id)


def test_filters(sync_engine, things, page):
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
        assert sync_engine.count(Page, found) == 1, found
    assert sync_engine.count(Page, Page.about == Ref.to(Photo, post.id)) == 0
    with pytest.raises(TypeError, match="leads to a Post or Photo"):
        Page.about == Ref(cat)  # noqa: B015


@pytest.mark.parametrize(
    "wrong",
    [5, ObjectId(), None, [], DBRef("other", ObjectId()), DBRef("post", 5),
     DBRef("post", ObjectId(), "elsewhere"), {"_id": ObjectId(), "title": "x"}],
    ids=range(8),
)  # fmt: skip
def test_what_leads_nowhere_is_an_error(sync_engine, raw_database, wrong):
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
            sync_engine.find_one(Page)


def test_missing_targets(sync_engine, page, raw_database):
    raw_database["photo"].delete_many({})

    with pytest.raises(DocumentParsingError, match="seen"):
        sync_engine.find_one(Page, load=[Page.seen])
    for found in both(sync_engine, Page, load=[Page.kept]):
        assert found.kept == set()
    for found in both(sync_engine, Page, load=[Page.seen], missing="keep"):
        assert [each.is_missing for each in found.seen] == [True, False]
    found = sync_engine.find_one(Page)
    sync_engine.load(found, Page.kept)
    assert found.kept == set()


@pytest.mark.parametrize("wrong", [Ref.to(Fish, ObjectId()), Post(title="p"), 5], ids=range(3))
def test_what_is_no_member_is_not_stored(sync_engine, page, wrong, commands):
    page.seen.append(wrong)
    commands.clear()
    with pytest.raises(InvalidDocumentError, match="seen"):
        sync_engine.save(page)
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


def test_copies_and_pickles(sync_engine, page):
    for found in both(sync_engine, Page, load=[Page.about]):
        for copied in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
            assert copied == found
            assert copied.about.value == found.about.value


def test_the_object_in_a_response():
    class Out(BaseModel):
        about: Expand[Ref[Union[Post, Photo]]]

    photo = Photo(url="u")
    assert Out(about=photo).model_dump()["about"] == {"id": photo.id, "url": "u"}
    assert len(Out.model_json_schema(mode="serialization")["properties"]["about"]["anyOf"]) == 2
