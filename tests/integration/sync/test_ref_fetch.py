# Generated from tests/integration/aio/test_ref_fetch.py by tools/generate_sync.py: do not edit.
"""Fetching what lazy references lead to, with engines, sessions and transactions."""

from __future__ import annotations

import pickle
from typing import List, Optional

import pytest
from bson import ObjectId
from pymongo.errors import OperationFailure
from tests.integration.sync.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Ref, Reference, hook
from odmantic._sync.engine import SyncEngine
from odmantic.exceptions import (
    DocumentParsingError,
    NotLoadedError,
    SessionMisuseError,
    StrayOperationError,
    TargetNotFoundError,
)


class Company(Model):
    name: str


class Site(Model):
    name: str
    tags: List[str] = []
    owner: Optional[Company] = Reference()
    mirror: "Optional[Ref[Site]]" = None


class Note(EmbeddedModel):
    about: Ref[Site]


class Post(Model):
    title: str
    source: Ref[Site] = Field(key_name="s")
    likers: List[Ref[Site]] = []
    note: Optional[Note] = None
    main: Optional[Site] = Reference(load="never")


class Hooked(Model):
    name: str

    @hook("after_load")
    def greet(self) -> None:
        self.name = self.name.upper()


class Animal(Model):
    model_config = {"inheritance": "single"}
    name: str


class Cat(Animal):
    lives: int = 9


class Owner(Model):
    pet: Ref[Animal]


@pytest.fixture
def sites(sync_engine):
    return sync_engine.save_all([Site(name=name, owner=Company(name=name * 2)) for name in "abc"])


@pytest.fixture
def post(sync_engine, sites, commands):
    sync_engine.save(
        Post(
            title="p",
            source=Ref(sites[0]),
            likers=[Ref(each) for each in sites],
            note=Note(about=Ref(sites[1])),
        )
    )
    found = sync_engine.find_one(Post)
    commands.clear()
    return found


def test_a_fetch_reads_once_and_fills_the_reference(sync_engine, post, sites, commands):
    ref = post.source

    site = ref.fetch(sync_engine)

    assert site == sites[0]
    assert site.owner.name == "aa"
    assert ref.value is site
    assert post.source is ref
    assert commands.names == ["find", "find"]
    commands.clear()
    assert ref.fetch(sync_engine) is site
    assert commands.names == []
    sync_engine.save(post)
    assert commands.names == []
    site.name = "changed"
    assert post.__fields_modified__ == set()
    sync_engine.save(post)
    assert commands.names == ["update"]


def test_again_reads_into_the_same_instance(sync_engine, post, raw_database):
    site = post.source.fetch(sync_engine)
    raw_database["site"].update_one({"_id": site.id}, {"$set": {"name": "other"}})
    site.tags.append("unsaved")

    assert post.source.fetch(sync_engine, again=True) is site

    assert (site.name, site.tags, site.__fields_modified__) == ("other", [], set())


def test_references_of_a_program_are_fetched(sync_engine, sites):
    ref = Ref.to(Site, str(sites[1].id))

    assert ref.fetch(sync_engine).name == "b"
    new = Site(name="new")
    assert Ref(new).fetch(sync_engine) is new
    assert (pickle.loads(pickle.dumps(Ref.to(Site, sites[0].id))).fetch(sync_engine)).name == "a"


def test_what_was_fetched_has_lazy_references_of_its_own(sync_engine, sites):
    sites[0].mirror = Ref(sites[1])
    sync_engine.save(sites[0])
    site = Ref.to(Site, sites[0].id).fetch(sync_engine)

    with pytest.raises(NotLoadedError, match=r"load=\[Site\.mirror\]"):
        site.mirror.value
    assert site.mirror.fetch(sync_engine).name == "b"


def test_a_class_of_a_hierarchy_is_fetched(sync_engine):
    sync_engine.save(Owner(pet=Ref(Cat(name="Tom"))))
    found = sync_engine.find_one(Owner)

    assert type(found.pet.fetch(sync_engine)) is Cat


def test_hooks_of_reads_are_called(sync_engine):
    saved = sync_engine.save(Hooked(name="ada"))

    assert Ref.to(Hooked, saved.id).fetch(sync_engine).name == "ADA"


def test_a_document_that_is_gone(sync_engine, post, raw_database):
    raw_database["site"].delete_many({})

    with pytest.raises(TargetNotFoundError, match=r"Post\.source refers to"):
        post.source.fetch(sync_engine)
    assert post.source.is_missing
    assert not post.source.is_loaded
    with pytest.raises(TargetNotFoundError, match="a Ref to Site refers to"):
        Ref.to(Site, ObjectId()).fetch(sync_engine)
    raw_database["site"].insert_one({"_id": post.source.key, "name": "back"})
    assert post.source.fetch(sync_engine).name == "back"
    assert not post.source.is_missing
    raw_database["site"].delete_many({})
    with pytest.raises(TargetNotFoundError):
        post.source.fetch(sync_engine, again=True)


def test_a_document_that_does_not_fit(sync_engine, post, raw_database):
    raw_database["site"].update_one({"_id": post.source.key}, {"$set": {"name": 5}})

    with pytest.raises(DocumentParsingError, match="name"):
        post.source.fetch(sync_engine)
    assert not post.source.is_loaded
    assert not post.source.is_missing


@pytest.mark.parametrize("on", [None, 5, "engine", Post])
def test_only_engines_sessions_and_transactions_fetch(on):
    with pytest.raises(TypeError, match=r"fetch\(\) takes an engine"):
        Ref.to(Site, ObjectId()).fetch(on)


# --- Sessions and transactions -------------------------------------------------------------------


def test_a_fetch_in_a_session(sync_engine, post, commands):
    with sync_engine.session() as session:
        lsid = session.get_driver_session().session_id
        assert post.source.fetch(session).name == "a"
    assert [event.command["lsid"] for event in commands.started[:2]] == [lsid, lsid]
    with pytest.raises(SessionMisuseError):
        post.likers[0].fetch(session)


def test_a_fetch_in_a_transaction_sees_its_writes(sync_engine, post, commands):
    with sync_engine.transaction() as transaction:
        site = transaction.find_one(Site, Site.name == "a")
        site.name = "changed"
        transaction.save(site)
        commands.clear()
        assert post.source.fetch(transaction).name == "changed"
        assert all(event.command["autocommit"] is False for event in commands.started)
        transaction.abort()
    # What was read is the document of a rolled back transaction: a save writes it.
    assert post.source.fetch(sync_engine, again=True).name == "a"


def test_a_stray_fetch_is_noticed(sync_client, odmantic_database_name, sites):
    engine = SyncEngine(sync_client, odmantic_database_name, stray_operations="raise")
    ref = Ref.to(Site, sites[0].id)
    with engine.transaction() as transaction:
        with pytest.raises(StrayOperationError, match="fetch"):
            ref.fetch(engine)
        assert ref.fetch(transaction).name == "a"
        # There is nothing to read.
        assert ref.fetch(engine).name == "a"


def test_a_failed_fetch_aborts_the_transaction(sync_engine, post, fail_point):
    with (
        fail_point("find", error_code=11601),
        pytest.raises(OperationFailure, match="fetch of Site"),
    ):
        post.source.fetch(sync_engine)
    assert post.source.fetch(sync_engine).name == "a"


# --- strict_loading ------------------------------------------------------------------------------


@pytest.fixture
def strict_engine(sync_client, odmantic_database_name):
    return SyncEngine(sync_client, odmantic_database_name, strict_loading=True)


def test_strict_loading_refuses_to_fetch_for_one_of_several(strict_engine, sites, commands):
    strict_engine.save_all(
        [Post(title=str(n), source=Ref(sites[n]), note=Note(about=Ref(sites[n]))) for n in range(3)]
    )
    several = to_list(strict_engine.find(Post))
    one = strict_engine.find_one(Post)
    (limited,) = to_list(strict_engine.find(Post, limit=1))
    commands.clear()

    with pytest.raises(
        NotLoadedError, match=r"Post\.source .* 3 documents .*load=\[Post\.source\]"
    ):
        several[0].source.fetch(strict_engine)
    with pytest.raises(NotLoadedError, match=r'load=\["note\.about"\]'):
        several[0].note.about.fetch(strict_engine)
    with strict_engine.transaction() as transaction:
        with pytest.raises(NotLoadedError):
            several[0].source.fetch(transaction)
    assert commands.names == []
    for ref in (one.source, limited.source, Ref.to(Site, several[0].source.key)):
        assert ref.fetch(strict_engine).name == "a"
    strict_engine.load(several, Post.source)
    assert several[1].source.fetch(strict_engine).name == "b"


def test_strict_loading_counts_what_other_reads_load(strict_engine, sites, raw_database):
    for site in sites:
        site.mirror = Ref(sites[0])
    strict_engine.save(Post(title="p", source=Ref(sites[0]), likers=[Ref(each) for each in sites]))
    post = strict_engine.find_one(Post, load=[Post.source])
    assert post.source.value.mirror.fetch(strict_engine).name == "a"
    strict_engine.load(post, Post.likers)
    with pytest.raises(NotLoadedError, match=r"Site\.mirror"):
        post.likers[0].value.mirror.fetch(strict_engine)


def test_without_strict_loading_each_is_fetched(sync_engine, sites):
    sync_engine.save_all([Post(title=str(n), source=Ref(sites[n])) for n in range(3)])

    found = to_list(sync_engine.find(Post, sort=Post.title))

    assert [each.source.fetch(sync_engine).name for each in found] == ["a", "b", "c"]
