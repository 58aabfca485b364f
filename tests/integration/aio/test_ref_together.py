"""Lazy references with what else refers to documents: rules of deletions, back references, other writes and operators."""

from __future__ import annotations

from typing import ClassVar, Dict, List, Optional, Set

import pytest
from bson import ObjectId
from tests.integration.aio.reading import to_list

from odmantic import BackReference, EmbeddedModel, Model, Ref, Reference, query
from odmantic.exceptions import ReferencedError, UnsavedReferenceError


class Site(Model):
    name: str
    posts: ClassVar["BackReference[Post]"] = BackReference("Post", "source")
    liked: ClassVar["BackReference[Post]"] = BackReference("Post", "likers")


class Note(EmbeddedModel):
    about: Optional[Ref[Site]] = Reference(on_delete="nullify")


class Post(Model):
    title: str = ""
    source: Ref[Site]
    likers: List[Ref[Site]] = []
    seen: Set[Ref[Site]] = set()
    roles: Dict[str, Ref[Site]] = {}
    parent: "Optional[Ref[Post]]" = Reference()


class Held(Model):
    cascade: Optional[Ref[Site]] = Reference(on_delete="cascade")
    nullify: Optional[Ref[Site]] = Reference(on_delete="nullify")
    pull: Set[Ref[Site]] = Reference(on_delete="pull")
    roles: Dict[str, Ref[Site]] = Reference(on_delete="pull")
    notes: List[Note] = []


class Ring(Model):
    name: str
    several: "List[Ref[Ring]]" = []
    by_name: "Dict[str, Ref[Ring]]" = {}
    seen: "Set[Ref[Ring]]" = set()


class Closed(Model):
    next: "Ref[Closed]"


class Denied(Model):
    site: Ref[Site] = Reference(on_delete="deny")


@pytest.fixture
async def sites(aio_engine):
    return await aio_engine.save_all([Site(name=name) for name in "abc"])


async def test_rules_of_deletions_follow_lazy_references(aio_engine, sites, raw_database):
    a, b, c = sites
    held = Held(
        nullify=Ref(a), pull={Ref(a), Ref(b)}, roles={"x": Ref(a), "y": Ref(c)},
        notes=[Note(about=Ref(a)), Note(about=Ref(b))],
    )  # fmt: skip
    await aio_engine.save_all([held, Held(cascade=Ref(a))])

    await aio_engine.delete(a)

    (stored,) = raw_database["held"].find()
    assert stored == {
        "_id": held.id, "cascade": None, "nullify": None, "pull": [b.id], "roles": {"y": c.id},
        "notes": [{"about": None}, {"about": b.id}],
    }  # fmt: skip
    await aio_engine.save(Denied(site=Ref(b)))
    with pytest.raises(ReferencedError, match=r"Denied\.site"):
        await aio_engine.delete(b)


async def test_back_references_of_lazy_references(aio_engine, sites):
    a, b, _ = sites
    post = await aio_engine.save(Post(source=Ref(a), likers=[Ref(a), Ref(b)]))

    assert [each.id for each in await a.posts.fetch(aio_engine)] == [post.id]
    assert await b.posts.count(aio_engine) == 0
    assert [each.id for each in await b.liked.fetch(aio_engine)] == [post.id]


async def test_back_references_are_loaded_with_their_lazy_references(aio_engine, sites, commands):
    a, b, _ = sites
    posts = [Post(title=str(n), source=Ref(site)) for n, site in enumerate([a, a, b])]
    await aio_engine.save_all(posts)
    commands.clear()

    found = await to_list(aio_engine.find(Site, sort=Site.name, load=[Site.posts]))

    assert len(commands.names) == 2
    assert [len(site.posts.value) for site in found] == [2, 1, 0]
    assert found[0].posts.value[0].source == Ref(a)
    assert (await found[0].posts.value[0].source.fetch(aio_engine)) == a


@pytest.mark.parametrize("verb", ["insert", "insert_many", "save", "save_all"])
async def test_every_write_saves_new_targets(aio_engine, raw_database, verb):
    post = Post(source=Ref(Site(name="new")), likers=[Ref(Site(name="other"))])
    several = verb in ("insert_many", "save_all")

    await getattr(aio_engine, verb)([post] if several else post)

    assert raw_database["site"].count_documents({}) == 2
    assert raw_database["post"].find_one()["source"] == post.source.key


async def test_a_replacement_keeps_references(aio_engine, sites, raw_database):
    post = await aio_engine.save(Post(source=Ref(sites[0])))
    post.source = Ref(sites[1])

    await aio_engine.replace(post)

    assert raw_database["post"].find_one()["source"] == sites[1].id


@pytest.mark.parametrize("verb", ["save", "save_all", "insert_many"])
async def test_references_in_a_circle(aio_engine, sites, commands, verb):
    one = Post(title="one", source=Ref(sites[0]))
    other = Post(title="other", source=Ref(sites[0]), parent=Ref(one))
    one.parent = Ref(other)
    self_made = Post(title="self", source=Ref(sites[0]))
    self_made.parent = Ref(self_made)

    for posts in ([one], [self_made]):
        await getattr(aio_engine, verb)(posts[0] if verb == "save" else posts)
    commands.clear()
    await aio_engine.save_all([one, other, self_made])

    assert commands.names == []
    found = await to_list(aio_engine.find(Post, sort=Post.title, load=["parent.parent"]))
    assert [each.parent.value.parent.value.title for each in found] == ["one", "other", "self"]


async def test_containers_in_a_circle(aio_engine, raw_database):
    one, other, third = Ring(name="1"), Ring(name="2"), Ring(name="3")
    one.several = [Ref(other), Ref(one)]
    other.by_name = {"x": Ref(third)}
    third.seen = {Ref(one)}

    await aio_engine.save(one)

    stored = {each["name"]: each for each in raw_database["ring"].find()}
    assert stored["1"]["several"] == [other.id, one.id]
    assert stored["2"]["by_name"] == {"x": third.id}
    assert stored["3"]["seen"] == [one.id]


async def test_required_references_in_a_circle_are_refused(aio_engine, commands):
    one = Closed.model_construct(id=ObjectId())
    other = Closed(next=Ref(one))
    one.next = Ref(other)

    with pytest.raises(UnsavedReferenceError):
        await aio_engine.save(other)

    assert commands.names == []


async def test_operators(aio_engine, sites):
    a, b, _ = sites
    await aio_engine.save(
        Post(source=Ref(a), likers=[Ref(a), Ref(b)], seen={Ref(b)}, roles={"x": Ref(a)})
    )
    for found in (
        query.contains(Post.likers, Ref(a)),
        query.all_(Post.likers, [a, Ref.to(Site, b.id)]),
        query.size(Post.likers, 2),
        query.is_null(Post.parent),
        query.exists(Post.source),
        query.contains(Post.seen, Ref(b)),
    ):
        assert await aio_engine.count(Post, found) == 1, found
    assert await aio_engine.count(Post, query.contains(Post.seen, Ref(a))) == 0
