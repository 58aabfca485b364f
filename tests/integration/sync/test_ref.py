# Generated from tests/integration/aio/test_ref.py by tools/generate_sync.py: do not edit.
"""Lazy references: stored as keys, read without their documents, and saved with them."""

from __future__ import annotations

import copy
import pickle
from collections import deque
from typing import Deque, Dict, FrozenSet, Generic, List, Optional, Set, Tuple, TypeVar
from uuid import UUID, uuid4

import pytest
from bson import ObjectId, Regex
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pydantic import BaseModel
from tests.integration.sync.reading import to_list

from odmantic import (
    EmbeddedModel,
    Field,
    Model,
    Ref,
    Reference,
    is_loaded,
    is_missing,
    query,
)
from odmantic._sync.engine import SyncEngine
from odmantic.engine import SyncCursor
from odmantic.exceptions import (
    DocumentParsingError,
    InvalidDocumentError,
    NotLoadedError,
    TargetNotFoundError,
    UnsavedReferenceError,
)
from odmantic.testing.rollback import SyncRollbackEngine


class Site(Model):
    name: str
    mirror: "Optional[Ref[Site]]" = None


class Note(EmbeddedModel):
    about: Ref[Site]
    others: List[Ref[Site]] = []


class Wrapper(BaseModel):
    site: Ref[Site]


class Post(Model):
    title: str
    source: Ref[Site] = Field(key_name="s")
    editor: Optional[Ref[Site]] = None
    likers: List[Ref[Site]] = []
    judges: Tuple[Ref[Site], ...] = Reference()
    queue: Deque[Ref[Site]] = Reference(key_name="q")
    seen: Set[Ref[Site]] = set()
    kept: FrozenSet[Ref[Site]] = Reference()
    roles: Dict[str, List[Ref[Site]]] = {}
    note: Optional[Note] = None
    notes: List[Note] = []
    wrapped: Optional[Wrapper] = None


class Careful(Model):
    editor: Optional[Ref[Site]] = Reference(missing="none")
    readers: List[Ref[Site]] = Reference(missing="drop")
    seen: Set[Ref[Site]] = Reference(missing="drop")
    author: Ref[Site] = Reference(missing="keep")
    source: Ref[Site]


class Animal(Model):
    model_config = {"inheritance": "single"}
    name: str


class Cat(Animal):
    lives: int = 9


class Position(EmbeddedModel):
    row: int = Field(key_name="r")


class Seat(Model):
    position: Position = Field(primary_field=True)


class Coded(Model):
    code: UUID = Field(primary_field=True)


class Named(Model):
    name: str = Field(primary_field=True)


T = TypeVar("T")


class Box(Model, Generic[T]):
    content: T


class Many(Model):
    seat: Ref[Seat]
    seats: Set[Ref[Seat]] = set()
    coded: Ref[Coded]
    named: Ref[Named]
    box: Ref[Box[int]]
    pet: Ref[Animal]
    cat: Ref[Cat]


class Eager(Model):
    site: Site = Reference()
    always: Ref[Site] = Reference(load="always")


class Own(Model):
    code: str = Field(primary_field=True)
    name: str

    def model_dump_doc(self, include=None):
        document = super().model_dump_doc(include)
        if "_id" in document:
            document["_id"] = "own-" + document["_id"]
        return document

    @classmethod
    def model_validate_doc(cls, raw_doc):
        return super().model_validate_doc({**raw_doc, "_id": raw_doc["_id"].removeprefix("own-")})


class OfOwn(Model):
    own: Ref[Own]
    other: Ref[Own]


class Saving(Model):
    new: Optional[Ref[Site]] = Reference(save="new")
    never: Optional[Ref[Site]] = Reference(save="never")


@pytest.fixture
def sites(sync_engine):
    return sync_engine.save_all([Site(name=name) for name in "abc"])


@pytest.fixture
def post(sync_engine, sites, commands):
    a, b, c = sites
    saved = sync_engine.save(
        Post(
            title="p",
            source=Ref(a),
            editor=Ref(b),
            likers=[Ref(b), Ref(c), Ref(b)],
            judges=(Ref(c),),
            queue=deque([Ref(a)]),
            seen={Ref(a), Ref(a)},
            kept=frozenset((Ref(c),)),
            roles={"x": [Ref(a), Ref(b)]},
            note=Note(about=Ref(a)),
            notes=[Note(about=Ref(b), others=[Ref(c)])],
            wrapped=Wrapper(site=Ref(c)),
        )
    )
    commands.clear()
    return saved


def refs_of(post):
    """Each reference of a post but those in a plain model."""
    return [
        *(post.source, post.editor, *post.likers, *post.judges, *post.queue, *post.seen),
        *(*post.kept, *post.roles["x"], post.note.about, post.notes[0].about),
        *post.notes[0].others,
    ]


def both(engine, model, *queries, **words):
    """What `find_one` and `find` give first."""
    found = engine.find_one(model, *queries, **words)
    return [found, *to_list(engine.find(model, *queries, limit=2, **words))[:1]]


# --- Stored forms ------------------------------------------------------------------------------


def test_each_form_is_stored_as_keys_and_read_unloaded(
    sync_engine, sites, post, raw_database, commands
):
    a, b, c = (site.id for site in sites)

    assert raw_database["post"].find_one() == {
        "title": "p",
        "s": a,
        "editor": b,
        "likers": [b, c, b],
        "judges": [c],
        "q": [a],
        "seen": [a],
        "kept": [c],
        "roles": {"x": [a, b]},
        "note": {"about": a, "others": []},
        "notes": [{"about": b, "others": [c]}],
        "wrapped": {"site": c},
        "_id": post.id,
    }
    for found in both(sync_engine, Post):
        assert found == post
        assert not any(ref.is_loaded for ref in [*refs_of(found), found.wrapped.site])
        assert [ref.key for ref in refs_of(found)] == [ref.key for ref in refs_of(post)]
        assert [type(found.judges), type(found.queue), type(found.seen), type(found.kept)] == [
            tuple, deque, set, frozenset,
        ]  # fmt: skip
        assert found.__fields_modified__ == set()
        sync_engine.save(found)
    assert commands.names == ["find", "find"]


def test_keys_of_every_kind(sync_engine, raw_database):
    seat, coded, named = Seat(position=Position(row=3)), Coded(code=uuid4()), Named(name="n")
    cat, box = Cat(name="Tom"), Box[int](content=5)
    many = Many(
        seat=Ref(seat), seats={Ref(seat)}, coded=Ref(coded), named=Ref(named), box=Ref(box),
        pet=Ref(cat), cat=Ref(cat),
    )  # fmt: skip
    sync_engine.save(many)

    stored = raw_database["many"].find_one()
    assert stored["seat"] == {"r": 3}
    assert stored["seats"] == [{"r": 3}]
    assert stored["named"] == "n"
    for found in both(sync_engine, Many):
        assert found == many
        assert found.seat.key == Position(row=3)
        assert found.coded.key == coded.code
        assert not found.seat.is_loaded
        sync_engine.save(found)
    for found in both(sync_engine, Many, load="*"):
        assert found.seat.value == seat
        assert {ref.value.position.row for ref in found.seats} == {3}
        assert found.coded.value == coded
        assert type(found.pet.value) is Cat
        assert type(found.box.value) is Box[int]
    assert raw_database["many"].find_one() == stored


def test_a_document_without_the_keys_has_nothing(sync_engine, sites, raw_database):
    raw_database["post"].insert_one({"title": "old", "s": sites[0].id})

    for found in both(sync_engine, Post):
        assert (found.editor, found.likers, found.judges, found.roles) == (None, [], (), {})
        assert (found.queue, found.seen, found.kept) == (deque(), set(), frozenset())
        assert found.__fields_modified__ == set()


def test_an_array_with_repetitions_is_a_set_and_stays_unmodified(
    sync_engine, sites, raw_database, commands
):
    ids = [each.id for each in sites]
    raw_database["post"].insert_one({"title": "p", "s": ids[0], "seen": [*ids, *ids]})

    for load in ((), [Post.seen]):
        for found in both(sync_engine, Post, load=load):
            assert {ref.key for ref in found.seen} == set(ids)
            commands.clear()
            sync_engine.save(found)
            assert commands.names == []


def test_documents_of_a_program_are_read(sites, post):
    document = post.model_dump_doc()

    assert Post.model_validate_doc(document) == post
    assert not Post.model_validate_doc(document).source.is_loaded
    loaded = {**document, "s": sites[0].model_dump_doc()}
    assert Post.model_validate_doc(loaded).source.value == sites[0]


# --- Loading -----------------------------------------------------------------------------------


def test_load_of_a_read_gives_loaded_references(sync_engine, sites, post, commands):
    a, _b, _c = sites
    for found in both(sync_engine, Post, load=[Post.source, "notes.about", Post.seen]):
        assert found == post
        assert found.source.value == a
        assert found.source.value.__fields_modified__ == set()
        assert [ref.value.name for ref in found.seen] == ["a"]
        assert found.notes[0].about.value.name == "b"
        assert not found.editor.is_loaded
        assert not found.note.about.is_loaded
        commands.clear()
        sync_engine.save(found)
        assert commands.names == []


def test_everything_is_loaded_by_one_query(sync_engine, post, commands):
    found = to_list(sync_engine.find(Post, load="*"))[0]

    assert all(ref.is_loaded for ref in refs_of(found))
    assert commands.names == ["find", "find"]


def test_engine_load_fills_the_same_references(sync_engine, post, commands):
    found = sync_engine.find_one(Post)
    before = refs_of(found)

    sync_engine.load(found, "*")

    assert all(one is other for one, other in zip(before, refs_of(found), strict=True))
    assert [ref.value.id for ref in before] == [ref.key for ref in before]
    instance = found.source.value
    commands.clear()
    sync_engine.load(found, Post.source)
    sync_engine.save(found)
    assert commands.names == []
    instance.name = "changed"
    sync_engine.load(found, Post.source, again=True)
    assert found.source.value is instance
    assert instance.name == "a"


def test_a_field_may_always_be_loaded(sync_engine, sites):
    sync_engine.save(Eager(site=sites[0], always=Ref(sites[1])))

    for found in both(sync_engine, Eager):
        assert found.always.value.name == "b"
    for found in both(sync_engine, Eager, load=()):
        assert not found.always.is_loaded
        assert not is_loaded(found.site)
        assert Ref(found.site) == Ref(sites[0])
        assert not Ref(found.site).is_loaded
        with pytest.raises(NotLoadedError, match=r"Eager\.site was not loaded"):
            Ref(found.site).value


def test_not_loaded_says_how_to_load(sync_engine, post):
    found = sync_engine.find_one(Post)

    with pytest.raises(NotLoadedError, match=r"Post.source was not loaded: .*load=\[Post.source\]"):
        found.source.value
    with pytest.raises(NotLoadedError, match=r"load=.*about"):
        found.notes[0].about.value
    assert found.source.value_or_none is None
    assert not is_loaded(found.source)
    with pytest.raises(NotLoadedError, match="fetch"):
        Ref.to(Site, ObjectId()).value


def test_deeper_references(sync_engine, sites, post, commands):
    a, b, _ = sites
    a.mirror = Ref(b)
    sync_engine.save(a)
    commands.clear()

    for found in both(sync_engine, Post, load=["source.mirror"]):
        assert found.source.value.mirror.value == b
        assert not found.source.value.mirror.value.mirror
    found = sync_engine.find_one(Post)
    sync_engine.load(found, (Post.source, Site.mirror))
    assert found.source.value.mirror.value == b
    sync_engine.load(found, Post.editor)
    assert found.editor.value.mirror is None


# --- Missing targets ---------------------------------------------------------------------------


def test_missing_targets_of_reads(sync_engine, sites, raw_database, commands):
    gone, here = ObjectId(), sites[0].id
    raw_database["careful"].insert_one(
        {"editor": gone, "readers": [gone, here], "seen": [here, gone], "author": gone,
         "source": here}
    )  # fmt: skip

    for found in both(sync_engine, Careful, load="*"):
        assert found.editor is None
        assert [ref.value.name for ref in found.readers] == ["a"]
        assert [ref.value.name for ref in found.seen] == ["a"]
        assert (found.author.is_missing, found.author.is_loaded) == (True, False)
        assert is_missing(found.author)
        assert found.author.key == gone
        with pytest.raises(NotLoadedError, match="does not exist"):
            found.author.value
        assert found.__fields_modified__ == set()
    found = sync_engine.find_one(Careful)
    assert found.editor.key == gone
    sync_engine.load(found, "*")
    assert found.editor is None
    assert [ref.key for ref in found.readers] == [here]
    assert [ref.key for ref in found.seen] == [here]
    assert found.author.is_missing
    commands.clear()
    found.source = Ref(sites[1])
    sync_engine.save(found)
    assert raw_database["careful"].find_one({}, {"_id": 0}) == {
        "editor": gone, "readers": [gone, here], "seen": [here, gone], "author": gone,
        "source": sites[1].id,
    }  # fmt: skip


def test_a_missing_target_is_an_error(sync_engine, post, raw_database):
    raw_database["site"].delete_many({})

    for words in ({}, {"limit": 2}):
        with pytest.raises(DocumentParsingError, match="source"):
            to_list(sync_engine.find(Post, load=[Post.source], **words))
    with pytest.raises(DocumentParsingError, match="source"):
        sync_engine.find_one(Post, load=[Post.source])
    found = sync_engine.find_one(Post)
    with pytest.raises(TargetNotFoundError, match=r"Post\.source refers to"):
        sync_engine.load(found, Post.source)
    kept = sync_engine.find_one(Post, load=[Post.source], missing="keep")
    assert kept.source.is_missing


# --- Saving ------------------------------------------------------------------------------------


def test_new_and_changed_targets_are_saved_first(sync_engine, commands, raw_database):
    site = Site(name="new", mirror=Ref(Site(name="mirror")))
    post = Post(title="p", source=Ref(site), notes=[Note(about=Ref(Site(name="deep")))])

    sync_engine.save(post)

    assert commands.started[-1].command["update" if "update" in commands.names else "insert"]
    assert {each["name"] for each in raw_database["site"].find()} == {"new", "mirror", "deep"}
    assert raw_database["post"].find_one()["s"] == site.id
    commands.clear()
    post.source.value.name = "changed"
    assert post.__fields_modified__ == set()
    sync_engine.save(post)
    assert commands.names == ["update"]
    assert raw_database["site"].find_one({"_id": site.id})["name"] == "changed"


def test_save_all_saves_targets_first(sync_engine, raw_database):
    site = Site(name="new")
    posts = [Post(title=str(number), source=Ref(site)) for number in range(3)]

    sync_engine.save_all(posts)

    assert raw_database["site"].count_documents({}) == 1
    assert [each["s"] for each in raw_database["post"].find()] == [site.id] * 3


def test_save_of_a_field_says_which_targets(sync_engine, commands):
    one, other = Site(name="one"), Site(name="other")
    sync_engine.save(Saving(new=Ref(one)))
    with pytest.raises(UnsavedReferenceError, match="never"):
        sync_engine.save(Saving(never=Ref(other)))
    sync_engine.save(other)
    one.name = other.name = "changed"
    commands.clear()
    sync_engine.save(Saving(new=Ref(one), never=Ref(other)))
    assert len(commands.names) == 1
    with pytest.raises(UnsavedReferenceError):
        sync_engine.save(Post(title="t", source=Ref(Site(name="x"))), cascade=False)


def test_a_rollback_undoes_it_in_memory(sync_engine, post, commands):
    found = sync_engine.find_one(Post, load=[Post.source])
    new = Post(title="new", source=Ref(Site(name="n")))
    with sync_engine.transaction() as transaction:
        found.source.value.name = "changed"
        found.likers.append(found.source)
        transaction.save(found)
        transaction.save(new)
        transaction.abort()
    commands.clear()
    sync_engine.save(found)
    sync_engine.save(new)
    assert sync_engine.count(Site) == 4
    again = sync_engine.find_one(Post, Post.title == "p", load=[Post.source])
    assert again.source.value.name == "changed"
    assert len(again.likers) == 4


def test_changes_of_containers_are_saved(sync_engine, sites, post, raw_database):
    found = sync_engine.find_one(Post)
    found.likers.append(Ref.to(Site, sites[0].id))
    found.seen.add(Ref(sites[1]))
    found.notes[0].about = Ref(sites[2])
    found.editor = None

    sync_engine.save(found)

    stored = raw_database["post"].find_one()
    assert stored["likers"][-1] == sites[0].id
    assert set(stored["seen"]) == {sites[0].id, sites[1].id}
    assert stored["notes"][0]["about"] == sites[2].id
    assert stored["editor"] is None


@pytest.mark.parametrize(
    "wrong", [5, None, "text", Ref.to(Animal, ObjectId()), Site(name="s")], ids=range(5)
)
def test_what_is_no_reference_is_not_stored(sync_engine, post, commands, wrong):
    post.likers.append(wrong)
    commands.clear()

    with pytest.raises(InvalidDocumentError, match="likers"):
        sync_engine.save(post)

    assert commands.names == []


# --- Filters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["ref", "loaded", "instance", "key", "text"])
def test_filters(sync_engine, sites, post, form):
    a, b, c = (
        {
            "ref": Ref.to(Site, site.id),
            "loaded": Ref(site),
            "instance": site,
            "key": site.id,
            "text": str(site.id),
        }[form]
        for site in sites
    )
    sync_engine.save(Eager(site=sites[0], always=Ref(sites[1])))
    for found in (
        Post.source == a,
        query.in_(Post.source, [a, b]),
        query.not_in(Post.source, [b]),
        Post.source != b,
        query.eq(Post.likers, b),
        Post.likers == [b, c, b],
        Post.seen == [a],
        Post.note.about == a,
    ):
        assert sync_engine.count(Post, found) == 1, found
        assert sync_engine.count(Post, query.nor_(found)) == 0, found
    assert sync_engine.count(Eager, Eager.site == a) == 1
    assert sync_engine.count(Eager, Eager.site == b) == 0


def test_a_reference_to_another_model_is_no_operand():
    for build in (lambda ref: Post.source == ref, lambda ref: query.in_(Post.likers, [ref])):
        with pytest.raises(TypeError, match="is never <Ref to Animal"):
            build(Ref.to(Animal, ObjectId()))


def test_a_reference_is_not_filtered_across():
    with pytest.raises(NotImplementedError, match="across references"):
        Post.source.name


# --- Hostile documents -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [5, 1.5, True, None, [], [ObjectId()], {}, {"$gt": ""}, {"_id": ObjectId(), "name": "x"},
     "text", Regex("x"), b"x"],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_key_is_an_error_that_names_the_field(sync_engine, sites, raw_database, wrong):
    own = {"title": "p", "s": sites[0].id}
    for field, document in {
        "source": {**own, "s": wrong},
        "likers": {**own, "likers": [sites[0].id, wrong]},
        "roles": {**own, "roles": {"x": [wrong]}},
        "seen": {**own, "seen": [wrong]},
        "about": {**own, "notes": [{"about": wrong, "others": []}]},
        "wrapped": {**own, "wrapped": {"site": wrong}},
    }.items():
        raw_database["post"].delete_many({})
        raw_database["post"].insert_one(document)
        with pytest.raises(DocumentParsingError, match=field):
            sync_engine.find_one(Post)
        with pytest.raises(DocumentParsingError, match=field):
            to_list(sync_engine.find(Post))


def test_no_target_is_taken_from_the_document_itself(sync_engine, sites, raw_database):
    raw_database["post"].insert_one(
        {"title": "p", "s": {"_id": sites[0].id, "name": "forged", "mirror": None}}
    )
    for load in ((), [Post.source]):
        with pytest.raises(DocumentParsingError, match="source"):
            sync_engine.find_one(Post, load=load)
        with pytest.raises(DocumentParsingError, match="source"):
            to_list(sync_engine.find(Post, load=load))


# --- Copies ------------------------------------------------------------------------------------


def test_copies_and_pickles(sync_engine, post, commands):
    found = sync_engine.find_one(Post, load=[Post.source, "notes.about"])
    for copied in (
        copy.copy(found),
        copy.deepcopy(found),
        pickle.loads(pickle.dumps(found)),
    ):
        assert copied == found
        assert copied.source.value == found.source.value
        assert not copied.editor.is_loaded
        commands.clear()
        sync_engine.save(copied)
        assert commands.names == []
    assert copy.copy(found).source is found.source
    assert copy.deepcopy(found).source.value is not found.source.value
    deep = found.model_copy(deep=True)
    assert deep.source.value is not found.source.value


# --- Other ways to read ------------------------------------------------------------------------


def test_documents_that_are_no_dictionaries(sync_engine, sites, post, raw_database):
    options = CodecOptions(document_class=RawBSONDocument)

    class Raw(SyncEngine):
        def get_collection(self, model):
            return super().get_collection(model).with_options(codec_options=options)

    raw = Raw(sync_engine.client, sync_engine.database_name)
    for found in both(raw, Post):
        assert found == post
        assert not any(ref.is_loaded for ref in refs_of(found))
        assert found.source.fetch(raw).name == "a"
    for found in both(raw, Post, load="*"):
        assert [ref.value.id for ref in refs_of(found)] == [ref.key for ref in refs_of(post)]
    raw_database["site"].delete_many({})
    with pytest.raises(DocumentParsingError, match="source"):
        raw.find_one(Post, load=[Post.source])


def test_a_cursor_of_the_program(sync_engine, sites, post):
    cursor = SyncCursor(Post, sync_engine.get_collection(Post).find())
    (found,) = to_list(cursor)

    assert found == post
    assert not found.source.is_loaded
    assert found.source.fetch(sync_engine).name == "a"


def test_a_stream_of_several_models(sync_engine, sites, post):
    found = to_list(sync_engine.find_any([Post, Site], sort=Post.id))

    assert [type(each) for each in found] == [Site, Site, Site, Post]
    assert found[-1] == post
    assert not found[-1].source.is_loaded
    assert found[-1].__fields_modified__ == set()


def test_an_engine_that_rolls_everything_back(sync_engine, sites, post):
    with SyncRollbackEngine(sync_engine.client, sync_engine.database_name) as engine:
        found = engine.find_one(Post)
        found.source = Ref(Site(name="new"))
        engine.save(found)
        again = engine.find_one(Post)
        assert again.source.fetch(engine).name == "new"
    assert sync_engine.find_one(Post).source == Ref(sites[0])


def test_a_model_that_writes_its_documents_itself(sync_engine, raw_database):
    own = sync_engine.save(Own(code="a", name="x"))
    holder = sync_engine.save(OfOwn(own=Ref(own), other=Ref.to(Own, "b")))

    assert raw_database["of_own"].find_one({}, {"_id": 0}) == {"own": "own-a", "other": "own-b"}
    found = sync_engine.find_one(OfOwn, load=[OfOwn.own])
    assert found.own.value.name == "x"
    assert sync_engine.find_one(OfOwn, OfOwn.own == own).id == holder.id
