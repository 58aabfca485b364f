# Generated from tests/integration/aio/test_ref_together.py by tools/generate_sync.py: do not edit.
"""Lazy references with what else refers to documents: rules of deletions, back references, other writes and operators."""

from __future__ import annotations

from typing import ClassVar, Dict, List, Optional, Set

import pytest
from tests.integration.sync.reading import to_list

from odmantic import BackReference, EmbeddedModel, Model, Ref, Reference, query
from odmantic.exceptions import ReferencedError


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


class Denied(Model):
    site: Ref[Site] = Reference(on_delete="deny")


@pytest.fixture
def sites(sync_engine):
    return sync_engine.save_all([Site(name=name) for name in "abc"])


def test_rules_of_deletions_follow_lazy_references(sync_engine, sites, raw_database):
    a, b, c = sites
    held = Held(
        nullify=Ref(a), pull={Ref(a), Ref(b)}, roles={"x": Ref(a), "y": Ref(c)},
        notes=[Note(about=Ref(a)), Note(about=Ref(b))],
    )  # fmt: skip
    sync_engine.save_all([held, Held(cascade=Ref(a))])

    sync_engine.delete(a)

    (stored,) = raw_database["held"].find()
    assert stored == {
        "_id": held.id, "cascade": None, "nullify": None, "pull": [b.id], "roles": {"y": c.id},
        "notes": [{"about": None}, {"about": b.id}],
    }  # fmt: skip
    sync_engine.save(Denied(site=Ref(b)))
    with pytest.raises(ReferencedError, match=r"Denied\.site"):
        sync_engine.delete(b)


def test_back_references_of_lazy_references(sync_engine, sites):
    a, b, _ = sites
    post = sync_engine.save(Post(source=Ref(a), likers=[Ref(a), Ref(b)]))

    assert [each.id for each in a.posts.fetch(sync_engine)] == [post.id]
    assert b.posts.count(sync_engine) == 0
    assert [each.id for each in b.liked.fetch(sync_engine)] == [post.id]


@pytest.mark.parametrize("verb", ["insert", "insert_many", "save", "save_all"])
def test_every_write_saves_new_targets(sync_engine, raw_database, verb):
    post = Post(source=Ref(Site(name="new")), likers=[Ref(Site(name="other"))])
    several = verb in ("insert_many", "save_all")

    getattr(sync_engine, verb)([post] if several else post)

    assert raw_database["site"].count_documents({}) == 2
    assert raw_database["post"].find_one()["source"] == post.source.key


def test_a_replacement_keeps_references(sync_engine, sites, raw_database):
    post = sync_engine.save(Post(source=Ref(sites[0])))
    post.source = Ref(sites[1])

    sync_engine.replace(post)

    assert raw_database["post"].find_one()["source"] == sites[1].id


def test_references_in_a_circle(sync_engine, sites):
    one = Post(title="one", source=Ref(sites[0]))
    other = Post(title="other", source=Ref(sites[0]), parent=Ref(one))
    one.parent = Ref(other)

    sync_engine.save(one)

    found = to_list(sync_engine.find(Post, sort=Post.title, load=["parent.parent"]))
    assert [each.parent.value.parent.value.title for each in found] == ["one", "other"]


def test_operators(sync_engine, sites):
    a, b, _ = sites
    sync_engine.save(
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
        assert sync_engine.count(Post, found) == 1, found
    assert sync_engine.count(Post, query.contains(Post.seen, Ref(a))) == 0
