"""Fetching what lazy references lead to, with engines, sessions and transactions."""

from __future__ import annotations

import pickle
from typing import List, Optional

import pytest
from bson import ObjectId
from pymongo.errors import OperationFailure
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Ref, Reference, hook
from odmantic._aio.engine import AIOEngine
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
async def sites(aio_engine):
    return await aio_engine.save_all(
        [Site(name=name, owner=Company(name=name * 2)) for name in "abc"]
    )


@pytest.fixture
async def post(aio_engine, sites, commands):
    await aio_engine.save(
        Post(
            title="p",
            source=Ref(sites[0]),
            likers=[Ref(each) for each in sites],
            note=Note(about=Ref(sites[1])),
        )
    )
    found = await aio_engine.find_one(Post)
    commands.clear()
    return found


@pytest.mark.each_driver
async def test_a_fetch_reads_once_and_fills_the_reference(aio_engine, post, sites, commands):
    ref = post.source

    site = await ref.fetch(aio_engine)

    assert site == sites[0]
    assert site.owner.name == "aa"
    assert ref.value is site
    assert post.source is ref
    assert commands.names == ["find", "find"]
    commands.clear()
    assert await ref.fetch(aio_engine) is site
    assert commands.names == []
    await aio_engine.save(post)
    assert commands.names == []
    site.name = "changed"
    assert post.__fields_modified__ == set()
    await aio_engine.save(post)
    assert commands.names == ["update"]


@pytest.mark.each_driver
async def test_again_reads_into_the_same_instance(aio_engine, post, raw_database):
    site = await post.source.fetch(aio_engine)
    raw_database["site"].update_one({"_id": site.id}, {"$set": {"name": "other"}})
    site.tags.append("unsaved")

    assert await post.source.fetch(aio_engine, again=True) is site

    assert (site.name, site.tags, site.__fields_modified__) == ("other", [], set())


async def test_references_of_a_program_are_fetched(aio_engine, sites):
    ref = Ref.to(Site, str(sites[1].id))

    assert (await ref.fetch(aio_engine)).name == "b"
    new = Site(name="new")
    assert await Ref(new).fetch(aio_engine) is new
    assert (
        await pickle.loads(pickle.dumps(Ref.to(Site, sites[0].id))).fetch(aio_engine)
    ).name == "a"


async def test_what_was_fetched_has_lazy_references_of_its_own(aio_engine, sites):
    sites[0].mirror = Ref(sites[1])
    await aio_engine.save(sites[0])
    site = await Ref.to(Site, sites[0].id).fetch(aio_engine)

    with pytest.raises(NotLoadedError, match=r"load=\[Site\.mirror\]"):
        site.mirror.value
    assert (await site.mirror.fetch(aio_engine)).name == "b"


async def test_a_class_of_a_hierarchy_is_fetched(aio_engine):
    await aio_engine.save(Owner(pet=Ref(Cat(name="Tom"))))
    found = await aio_engine.find_one(Owner)

    assert type(await found.pet.fetch(aio_engine)) is Cat


async def test_hooks_of_reads_are_called(aio_engine):
    saved = await aio_engine.save(Hooked(name="ada"))

    assert (await Ref.to(Hooked, saved.id).fetch(aio_engine)).name == "ADA"


@pytest.mark.each_driver
async def test_a_document_that_is_gone(aio_engine, post, raw_database):
    raw_database["site"].delete_many({})

    with pytest.raises(TargetNotFoundError, match=r"Post\.source refers to"):
        await post.source.fetch(aio_engine)
    assert post.source.is_missing
    assert not post.source.is_loaded
    with pytest.raises(TargetNotFoundError, match="a Ref to Site refers to"):
        await Ref.to(Site, ObjectId()).fetch(aio_engine)
    raw_database["site"].insert_one({"_id": post.source.key, "name": "back"})
    assert (await post.source.fetch(aio_engine)).name == "back"
    assert not post.source.is_missing
    raw_database["site"].delete_many({})
    with pytest.raises(TargetNotFoundError):
        await post.source.fetch(aio_engine, again=True)


async def test_a_document_that_does_not_fit(aio_engine, post, raw_database):
    raw_database["site"].update_one({"_id": post.source.key}, {"$set": {"name": 5}})

    with pytest.raises(DocumentParsingError, match="name"):
        await post.source.fetch(aio_engine)
    assert not post.source.is_loaded
    assert not post.source.is_missing


@pytest.mark.parametrize("on", [None, 5, "engine", Post])
async def test_only_engines_sessions_and_transactions_fetch(on):
    with pytest.raises(TypeError, match=r"fetch\(\) takes an engine"):
        await Ref.to(Site, ObjectId()).fetch(on)


# --- Sessions and transactions -------------------------------------------------------------------


@pytest.mark.each_driver
async def test_a_fetch_in_a_session(aio_engine, post, commands):
    async with aio_engine.session() as session:
        lsid = session.get_driver_session().session_id
        assert (await post.source.fetch(session)).name == "a"
    assert [event.command["lsid"] for event in commands.started[:2]] == [lsid, lsid]
    with pytest.raises(SessionMisuseError):
        await post.likers[0].fetch(session)


@pytest.mark.each_driver
async def test_a_fetch_in_a_transaction_sees_its_writes(aio_engine, post, commands):
    async with aio_engine.transaction() as transaction:
        site = await transaction.find_one(Site, Site.name == "a")
        site.name = "changed"
        await transaction.save(site)
        commands.clear()
        assert (await post.source.fetch(transaction)).name == "changed"
        assert all(event.command["autocommit"] is False for event in commands.started)
        await transaction.abort()
    # What was read is the document of a rolled back transaction: a save writes it.
    assert (await post.source.fetch(aio_engine, again=True)).name == "a"


async def test_a_stray_fetch_is_noticed(async_client, odmantic_database_name, sites):
    engine = AIOEngine(async_client, odmantic_database_name, stray_operations="raise")
    ref = Ref.to(Site, sites[0].id)
    async with engine.transaction() as transaction:
        with pytest.raises(StrayOperationError, match="fetch"):
            await ref.fetch(engine)
        assert (await ref.fetch(transaction)).name == "a"
        # There is nothing to read.
        assert (await ref.fetch(engine)).name == "a"


async def test_a_failed_fetch_aborts_the_transaction(aio_engine, post, fail_point):
    with (
        fail_point("find", error_code=11601),
        pytest.raises(OperationFailure, match="fetch of Site"),
    ):
        await post.source.fetch(aio_engine)
    assert (await post.source.fetch(aio_engine)).name == "a"


# --- strict_loading ------------------------------------------------------------------------------


@pytest.fixture
def strict_engine(async_client, odmantic_database_name):
    return AIOEngine(async_client, odmantic_database_name, strict_loading=True)


async def test_strict_loading_refuses_to_fetch_for_one_of_several(strict_engine, sites, commands):
    await strict_engine.save_all(
        [Post(title=str(n), source=Ref(sites[n]), note=Note(about=Ref(sites[n]))) for n in range(3)]
    )
    several = await to_list(strict_engine.find(Post))
    one = await strict_engine.find_one(Post)
    (limited,) = await to_list(strict_engine.find(Post, limit=1))
    commands.clear()

    with pytest.raises(
        NotLoadedError, match=r"Post\.source .* 3 documents .*load=\[Post\.source\]"
    ):
        await several[0].source.fetch(strict_engine)
    with pytest.raises(NotLoadedError, match=r'load=\["note\.about"\]'):
        await several[0].note.about.fetch(strict_engine)
    async with strict_engine.transaction() as transaction:
        with pytest.raises(NotLoadedError):
            await several[0].source.fetch(transaction)
    assert commands.names == []
    for ref in (one.source, limited.source, Ref.to(Site, several[0].source.key)):
        assert (await ref.fetch(strict_engine)).name == "a"
    await strict_engine.load(several, Post.source)
    assert (await several[1].source.fetch(strict_engine)).name == "b"


async def test_strict_loading_counts_what_other_reads_load(strict_engine, sites, raw_database):
    for site in sites:
        site.mirror = Ref(sites[0])
    await strict_engine.save(
        Post(title="p", source=Ref(sites[0]), likers=[Ref(each) for each in sites])
    )
    post = await strict_engine.find_one(Post, load=[Post.source])
    assert (await post.source.value.mirror.fetch(strict_engine)).name == "a"
    await strict_engine.load(post, Post.likers)
    with pytest.raises(NotLoadedError, match=r"Site\.mirror"):
        await post.likers[0].value.mirror.fetch(strict_engine)


async def test_without_strict_loading_each_is_fetched(aio_engine, sites):
    await aio_engine.save_all([Post(title=str(n), source=Ref(sites[n])) for n in range(3)])

    found = await to_list(aio_engine.find(Post, sort=Post.title))

    assert [(await each.source.fetch(aio_engine)).name for each in found] == ["a", "b", "c"]
