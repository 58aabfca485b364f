# Generated from tests/integration/aio/test_relations_several.py by tools/generate_sync.py: do not edit.
"""References to one of several models: of several collections, of one hierarchy, and of both."""

from __future__ import annotations

import copy
import pickle
from collections import deque
from typing import Annotated, Any, ClassVar, Generic, TypeVar, Union
from uuid import UUID, uuid4

import pytest
from bson import DBRef, ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pydantic import ValidationError, field_validator
from tests.integration.sync.reading import to_list

from odmantic import (
    BackReference,
    EmbeddedModel,
    Field,
    Load,
    Model,
    Reference,
    is_loaded,
    is_missing,
)
from odmantic.exceptions import (
    DocumentParsingError,
    InvalidDocumentError,
    NotLoadedError,
    ReferencedError,
    TargetNotFoundError,
    UnknownTypeError,
    UnsavedReferenceError,
)


class Company(Model):
    name: str


class Post(Model):
    title: str
    company: Company | None = Reference()


class Photo(Model):
    url: str
    tags: list[str] = []


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9


class Lion(Cat):
    pride: str = "north"


class Dog(Animal):
    tricks: list[str] = []


class Fish(Animal):
    pass


Subject = Annotated[Union[Post, Photo], "what something is about"]


class Note(EmbeddedModel):
    about: Post | Photo = Reference(key_name="a")
    replies: list[Note] = []


class Page(Model):
    name: str
    about: Post | Photo | None = Reference(key_name="ab")
    seen: list[Post | Photo] = Reference()
    ranked: tuple[Subject, ...] = Reference()
    queue: deque[Post | Photo] = Reference()
    roles: dict[str, Post | Photo] = Reference()
    notes: list[Note] = []
    back: Page | Photo | None = Reference()


class Owner(Model):
    pet: Cat | Dog = Reference()
    pets: list[Dog | Cat] = Reference()


class Shelf(Model):
    thing: Post | Cat | Dog | None = Reference()
    things: list[Post | Animal] = Reference(missing="drop")


@pytest.fixture
def things(sync_engine, commands):
    saved = sync_engine.save_all(
        [Post(title="a", company=Company(name="c")), Post(title="b")]
    ) + sync_engine.save_all([Photo(url="x", tags=["t"]), Photo(url="y")])
    commands.clear()
    return saved


@pytest.fixture
def page(sync_engine, things, commands):
    a, b, x, y = things
    saved = sync_engine.save(
        Page(
            name="p",
            about=x,
            seen=[a, x, b, x],
            ranked=(y, a),
            queue=deque([b, y]),
            roles={"one": x, "two": b},
            notes=[Note(about=a, replies=[Note(about=x)])],
        )
    )
    commands.clear()
    return saved


def both(engine, model, *queries, **words):
    """What `find_one` and `find` give first."""
    found = engine.find_one(model, *queries, **words)
    return [found, *to_list(engine.find(model, *queries, limit=2, **words))[:1]]


def classes(values):
    return [type(each) for each in values]


# --- Stored forms ------------------------------------------------------------------------------


def test_each_form_is_stored_as_dbrefs_and_read_back(sync_engine, things, page, raw_database):
    a, b, x, y = (each.id for each in things)

    def post(id_):
        return {"$ref": "post", "$id": id_}

    def photo(id_):
        return {"$ref": "photo", "$id": id_}

    options: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
    raw = raw_database["page"].with_options(codec_options=options).find_one()
    # The order of the keys counts for the server.
    assert list(raw["ab"].items()) == list(photo(x).items())
    assert [dict(each) for each in raw["seen"]] == [post(a), photo(x), post(b), photo(x)]
    assert raw_database["page"].find_one() == {
        "name": "p",
        "ab": DBRef("photo", x),
        "seen": [DBRef("post", a), DBRef("photo", x), DBRef("post", b), DBRef("photo", x)],
        "ranked": [DBRef("photo", y), DBRef("post", a)],
        "queue": [DBRef("post", b), DBRef("photo", y)],
        "roles": {"one": DBRef("photo", x), "two": DBRef("post", b)},
        "notes": [{"a": DBRef("post", a), "replies": [{"a": DBRef("photo", x), "replies": []}]}],
        "back": None,
        "_id": page.id,
    }
    for found in both(sync_engine, Page):
        assert found == page
        assert classes(found.seen) == [Post, Photo, Post, Photo]
        assert classes((found.ranked, found.queue)) == [tuple, deque]
        assert found.seen[1] is not found.seen[3]
        assert found.seen[0].company.name == "c"
        assert type(found.notes[0].replies[0].about) is Photo
        assert found.__fields_modified__ == set()


def test_a_level_takes_one_query_for_each_collection(sync_engine, things, commands):
    sync_engine.save_all(
        [Page(name=str(n), about=things[n % 4], seen=[things[(n + 1) % 4]]) for n in range(9)]
    )
    commands.clear()

    found = to_list(sync_engine.find(Page, sort=Page.name))

    assert classes(each.about for each in found[:4]) == [Post, Post, Photo, Photo]
    assert [event.command["find"] for event in commands.started] == [
        *("page", "post", "photo", "company"),
    ]
    commands.clear()
    with sync_engine.transaction() as transaction:
        assert transaction.find_one(Page, Page.name == "0") == found[0]
    assert [event.command.get("find") for event in commands.started] == [
        *("page", "post", "company", None),
    ]


def test_without_a_value_there_is_nothing(sync_engine, raw_database, commands):
    empty = sync_engine.save(Page(name="e"))
    commands.clear()
    assert (empty.about, empty.seen, empty.ranked, empty.roles) == (None, [], (), {})
    assert sync_engine.find_one(Page) == empty
    assert commands.names == ["find"]
    raw_database["page"].replace_one({}, {"name": "old"})
    assert sync_engine.find_one(Page).about is None


def test_the_class_itself_and_later_ones(sync_engine, things, raw_database):
    page = sync_engine.save(Page(name="inner", back=things[2]))
    sync_engine.save(Page(name="outer", back=page))

    found = sync_engine.find_one(Page, Page.name == "outer", load=["back.back"])

    assert classes((found.back, found.back.back)) == [Page, Photo]
    assert found.back.back.url == "x"


def test_keys_of_any_type(sync_engine, raw_database):
    class Spot(EmbeddedModel):
        row: int = Field(key_name="r")

    class Seat(Model):
        spot: Spot = Field(primary_field=True)

    class Tag(Model):
        name: str = Field(primary_field=True)

    class Asset(Model):
        key: UUID = Field(primary_field=True)

    class Mark(Model):
        model_config = {"collection": "marks"}
        on: list[Seat | Tag | Asset] = Reference()

    key = uuid4()
    mark = Mark(on=[Asset(key=key), Tag(name="t"), Seat(spot=Spot(row=1))])
    sync_engine.save(mark)

    for found in both(sync_engine, Mark):
        assert found == mark
    assert raw_database["marks"].find_one()["on"][2] == DBRef("seat", {"r": 1})
    for found in both(sync_engine, Mark, load=()):
        assert classes(found.on) == [Asset, Tag, Seat]
        assert (found.on[0].key, found.on[1].name, found.on[2].spot) == (key, "t", Spot(row=1))
        assert found.model_dump_doc() == mark.model_dump_doc()
    assert sync_engine.count(Mark, Mark.on == mark.on[0]) == 1
    assert sync_engine.count(Mark, Mark.on.in_([mark.on[2]])) == 1
    assert sync_engine.count(Mark, Mark.on == mark.on) == 1


def test_a_collection_is_followed(sync_engine, raw_database):
    class Text(Model):
        name: str

    class Film(Model):
        name: str

    class Review(Model):
        of: Text | Film = Reference()

    sync_engine.save(Review(of=Text(name="a")))
    Text.__collection__ = "texts"
    raw_database["text"].rename("texts")
    saved = sync_engine.save(Review(of=Text(name="b")))

    assert raw_database["review"].find_one({"_id": saved.id})["of"] == DBRef("texts", saved.of.id)
    assert sync_engine.find_one(Review, Review.of == saved.of) == saved
    with pytest.raises(DocumentParsingError, match="collection 'text'; known are 'texts', 'film'"):
        sync_engine.find_one(Review, Review.id != saved.id)


# --- What cannot be read -----------------------------------------------------------------------


class Strict(Model):
    """Generated code leaves its documents to validation."""

    name: str
    about: Post | Photo | None = Reference(key_name="ab", missing="none")
    seen: list[Post | Photo] = Reference(missing="drop")

    @field_validator("name")
    @classmethod
    def check(cls, value: str) -> str:
        return value


class Loose(Model):
    about: Post | Photo | None = Reference(key_name="ab", missing="none")
    seen: list[Post | Photo] = Reference(missing="drop")


ID = ObjectId()

HOSTILE = {
    "unknown": (DBRef("user", ID), "collection 'user'; known are 'post', 'photo'"),
    "other case": (DBRef("Post", ID), "collection 'Post'; known are 'post', 'photo'"),
    "database": (DBRef("post", ID, "elsewhere"), "Reference into the database 'elsewhere'"),
    "id": (ID, "names no collection: .* one of 'post', 'photo'"),
    "text": ("post", "names no collection"),
    "number": (5, "names no collection"),
    "array": ([DBRef("post", ID)], "names no collection"),
    "document": ({"title": "a"}, "names no collection"),
    "no id": ({"$ref": "post"}, "names no collection"),
    "odd name": ({"$ref": 5, "$id": ID}, "names no collection"),
    "odd database": ({"$ref": "post", "$id": ID, "$db": 5}, "names no collection"),
}


@pytest.mark.parametrize("load", [None, ()], ids=["loaded", "not loaded"])
@pytest.mark.parametrize("model", [Strict, Loose])
def test_what_leads_nowhere_is_an_error(sync_engine, things, raw_database, model, load):
    collection = raw_database[model.__collection__]
    for stored, text in HOSTILE.values():
        for place, document in (
            (("about",), {"ab": stored, "seen": []}),
            (("seen", "[1]"), {"ab": None, "seen": [DBRef("post", things[0].id), stored]}),
        ):
            collection.replace_one({}, {"name": "n", **document}, upsert=True)
            with pytest.raises(DocumentParsingError, match=text) as caught:
                to_list(sync_engine.find(model, load=load))
            assert caught.value.model is model
            assert [each["loc"] for each in caught.value.inner.errors()] == [place]
        with pytest.raises(DocumentParsingError, match=text):
            sync_engine.find_one(model, load=load)


def test_a_required_reference_is_there(sync_engine, raw_database):
    class Sure(Model):
        about: Post | Photo = Reference()

    for stored in ({}, {"about": None}, {"about": DBRef("post", ID)}):
        raw_database["sure"].insert_one(dict(stored))
        for cursor in (sync_engine.find(Sure), sync_engine.find(Sure, limit=1)):
            with pytest.raises(DocumentParsingError, match="not found for foreign key 'about'"):
                to_list(cursor)
        raw_database["sure"].delete_many({})
    raw_database["sure"].insert_one({"about": DBRef("photo", ID)})
    with pytest.raises(DocumentParsingError) as caught:
        sync_engine.find_one(Sure)
    assert f"refers to DBRef('photo', {ID!r}), and there is no" in caught.value.__notes__[1]


def test_the_own_database_may_be_named(sync_engine, things, raw_database):
    a, _, x, _ = things
    own = sync_engine.database_name
    raw_database["loose"].insert_one(
        {"ab": DBRef("post", a.id, own), "seen": [DBRef("photo", x.id, own, more=1)]}
    )
    for found in both(sync_engine, Loose):
        assert (found.about, found.seen) == (a, [x])
    for found in both(sync_engine, Loose, load=()):
        assert (found.about.id, found.seen[0].id) == (a.id, x.id)
        sync_engine.load(found)
        assert (found.about, found.seen) == (a, [x])
    raw_database["post"].delete_many({})
    with pytest.raises(DocumentParsingError, match="not found for foreign key 'ab'"):
        sync_engine.find_one(Loose, missing="raise")


def test_a_document_of_a_target_that_does_not_fit(sync_engine, things, page, raw_database):
    raw_database["photo"].update_one({"_id": page.about.id}, {"$unset": {"url": ""}})
    with pytest.raises(DocumentParsingError) as caught:
        sync_engine.find_one(Page)
    places = {each["loc"] for each in caught.value.inner.errors()}
    assert ("about", "url") in places
    assert ("seen", "[1]", "url") in places


def test_documents_of_another_class(sync_engine, things, page):
    original = sync_engine.get_collection
    options: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
    sync_engine.get_collection = lambda model: original(model).with_options(codec_options=options)

    assert to_list(sync_engine.find(Page)) == [page]
    assert sync_engine.find_one(Page) == page
    found = sync_engine.find_one(Page, load=())
    assert classes(found.seen) == [Post, Photo, Post, Photo]
    assert not is_loaded(found.seen[0])


# --- Loading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "models", "loaded"),
    [
        ([Page.about], ["photo"], "a"),
        (["seen"], ["post", "photo"], "s"),
        (["seen.company"], ["post", "photo", "company"], "sc"),
        ([(Page.seen, Post.company)], ["post", "photo", "company"], "sc"),
        (["*"], ["post", "photo"], "as"),
        (["seen.*"], ["post", "photo", "company"], "sc"),
        (["notes.replies.about"], ["photo"], ""),
        ((), [], ""),
    ],
    ids=str,
)
def test_exactly_these_paths_are_loaded(sync_engine, page, commands, load, models, loaded):
    for found in both(sync_engine, Page, load=load):
        assert found == page
        assert is_loaded(found.about) == ("a" in loaded)
        assert classes([found.about, *found.seen]) == [Photo, Post, Photo, Post, Photo]
        assert [is_loaded(each) for each in found.seen] == ["s" in loaded] * 4
        if "s" in loaded:
            assert is_loaded(found.seen[0].company) == ("c" in loaded)
    assert [event.command["find"] for event in commands.started] == ["page", *models] * 2


@pytest.mark.parametrize(
    ("load", "text"),
    [
        (["about.nobody"], "Post or Photo has no reference 'nobody'"),
        (["about.company.name"], "Company has no reference 'name'"),
        ([(Page.about, Page.about)], "Page is not the class that it starts at or leads to"),
    ],
)
def test_unknown_paths_are_refused(sync_engine, load, text):
    with pytest.raises(ValueError, match=text):
        sync_engine.find(Page, load=load)


def test_what_is_not_loaded(sync_engine, page, raw_database, commands):
    found = sync_engine.find_one(Page, load=())
    hollow = found.about
    assert repr(hollow) == f"Photo(id={hollow.id!r}, <not loaded>)"
    with pytest.raises(NotLoadedError, match=r"^Page\.about was not loaded: read with load="):
        hollow.url
    with pytest.raises(NotLoadedError, match="was not loaded"):
        found.model_dump_json()
    assert found.model_dump()["about"] == {"id": hollow.id}
    assert found.model_dump_doc() == page.model_dump_doc()
    for clone in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert not is_loaded(clone.seen[0])
        assert clone == found
    commands.clear()
    sync_engine.save_all([found, found.about])
    assert commands.names == []
    found.about, found.name = found.seen[0], "new"
    sync_engine.save(found)
    assert commands.names == ["update"]
    assert raw_database["page"].find_one()["ab"] == DBRef("post", page.seen[0].id)


def test_loading_later(sync_engine, page, raw_database, commands):
    found = sync_engine.find_one(Page, load=())
    about, first = found.about, found.seen[0]
    commands.clear()

    sync_engine.load(found, Page.about, "seen.company")

    assert found.about is about
    assert about.url == "x"
    assert first.company.name == "c"
    assert found == page
    assert [event.command["find"] for event in commands.started] == ["photo", "post", "company"]
    assert not is_loaded(found.ranked[0])
    assert found.__fields_modified__ == set()
    raw_database["photo"].delete_one({"_id": about.id})
    with pytest.raises(TargetNotFoundError, match=r"Page\.about refers to _id .* no such document"):
        sync_engine.load(found, Page.about, again=True)


# --- Missing targets ---------------------------------------------------------------------------


class Careful(Model):
    about: Post | Photo | None = Reference(missing="none")
    seen: list[Post | Photo] = Reference(missing="drop")
    ranked: tuple[Post | Photo, ...] = Reference(missing="keep")
    roles: dict[str, Post | Photo] = Reference(missing="drop")
    kept: Post | Photo = Reference(missing="keep")


@pytest.fixture
def careful(sync_engine, things, raw_database, commands):
    a, b, x, y = things
    saved = sync_engine.save(
        Careful(
            about=x,
            seen=[a, x, b, y, x, a, b],
            ranked=(a, x, y),
            roles={"a": a, "b": b, "x": x, "y": y},
            kept=x,
        )
    )
    raw_database["post"].delete_one({"_id": a.id})
    raw_database["photo"].delete_one({"_id": x.id})
    commands.clear()
    return saved


@pytest.mark.parametrize("within", ["nothing", "transaction", "load"])
def test_what_stands_in(sync_engine, things, careful, raw_database, commands, within):
    a, b, x, y = things
    if within == "nothing":
        found = sync_engine.find_one(Careful)
    elif within == "load":
        found = sync_engine.find_one(Careful, load=())
        sync_engine.load(found)
    else:
        with sync_engine.transaction() as transaction:
            found = transaction.find_one(Careful)

    assert found.about is None
    assert found.seen == [b, y, b]
    assert found.roles == {"b": b, "y": y}
    assert found.ranked == (a, x, y)
    assert classes(found.ranked) == [Post, Photo, Photo]
    assert [is_missing(each) for each in found.ranked] == [True, True, False]
    assert is_missing(found.kept)
    before = raw_database["careful"].find_one()
    commands.clear()
    sync_engine.save(found)
    assert commands.names == []
    found.ranked = (b,)
    sync_engine.save(found)
    assert raw_database["careful"].find_one() == {**before, "ranked": [DBRef("post", b.id)]}


def test_dropping_deeper_ones_that_are_shared(sync_engine, things, careful, raw_database):
    class Wall(Model):
        on: list[Careful | Photo] = Reference(missing="drop")

    _, b, _, y = things
    sync_engine.save(Wall(on=[careful, y, careful]), cascade=False)

    for found in both(sync_engine, Wall):
        assert [each.seen for each in (found.on[0], found.on[2])] == [[b, y, b]] * 2
        assert found.on[0].seen is not found.on[2].seen
        assert found.on[1] == y


def test_what_a_call_says_goes_before(sync_engine, things, careful):
    found = sync_engine.find_one(Careful, missing="keep")
    assert is_missing(found.about)
    assert [is_missing(each) for each in found.seen] == [
        *(True, True, False, False, True, True, False)
    ]
    with pytest.raises(DocumentParsingError, match="not found for foreign key 'about'"):
        sync_engine.find_one(Careful, missing="raise")


def test_what_is_replaced_meanwhile_is_not_taken_for_missing(
    sync_engine, things, careful, raw_database
):
    _, b, _, y = things
    original = sync_engine.get_collection
    ours = {"seen": [DBRef("post", b.id)], "ranked": [], "roles": {}, "kept": DBRef("post", b.id)}
    raw_database["careful"].update_one({}, {"$set": {**ours, "about": DBRef("photo", y.id)}})

    class Changing:
        def __init__(self, collection):
            self._collection = collection

        def find(self, *args, **kwargs):
            raw_database["careful"].update_one({}, {"$set": {"about": DBRef("post", b.id)}})
            raw_database["photo"].delete_one({"_id": y.id})
            return self._collection.find(*args, **kwargs)

        def __getattr__(self, name):
            return getattr(self._collection, name)

    def get_collection(model):
        collection = original(model)
        return Changing(collection) if model is Photo else collection

    sync_engine.get_collection = get_collection
    found = sync_engine.find_one(Careful)
    assert found.about == b


# --- Saves -------------------------------------------------------------------------------------


def test_targets_of_all_classes_are_saved_first_and_once(sync_engine, raw_database, commands):
    post, photo = Post(title="n", company=Company(name="c")), Photo(url="u")
    page = Page(name="p", about=photo, seen=[photo, post, post], notes=[Note(about=post)])

    sync_engine.save(page)

    sent = [event.command["update"] for event in commands.started]
    assert sorted(sent[:-1]) == ["company", "photo", "post"]
    assert sent[-1] == "page"
    found = sync_engine.find_one(Page)
    assert found == page
    found.seen[0].url = "changed"
    commands.clear()
    sync_engine.save(found)
    assert [event.command["update"] for event in commands.started] == ["photo"]
    commands.clear()
    sync_engine.save_all([page, found])
    assert commands.names == []


def test_many_are_saved_in_few_commands(sync_engine, commands):
    pages = [
        Page(name=str(n), about=Photo(url=str(n)), seen=[Post(title=str(n))]) for n in range(9)
    ]
    sync_engine.save_all(pages)
    assert len(commands.names) == 3
    assert to_list(sync_engine.find(Page, sort=Page.id)) == pages


def test_what_changes_is_sent(sync_engine, things, page, commands):
    a, b, x, y = things
    found = sync_engine.find_one(Page)

    def sent():
        commands.clear()
        sync_engine.save(found)
        return [event.command["updates"][0]["u"] for event in commands.started]

    assert sent() == []
    found.about = y
    found.seen.append(a)
    found.notes[0].about = x
    refs = [DBRef("post", a.id), DBRef("photo", x.id), DBRef("post", b.id)]
    assert sent() == [
        {
            "$set": {
                "ab": DBRef("photo", y.id),
                "seen": [*refs, refs[1], refs[0]],
                "notes": [{"a": refs[1], "replies": [{"a": refs[1], "replies": []}]}],
            }
        }
    ]
    found.about = None
    assert sent() == [{"$set": {"ab": None}}]


def test_another_class_with_the_same_id_is_a_change(sync_engine, raw_database):
    class Word(Model):
        text: str = Field(primary_field=True)

    class Term(Model):
        text: str = Field(primary_field=True)

    class Entry(Model):
        of: Word | Term = Reference()
        more: list[Word | Term] = Reference()

    word, term = Word(text="x"), Term(text="x")
    entry = sync_engine.save(Entry(of=word, more=[word, term]))
    found = sync_engine.find_one(Entry)
    assert classes([found.of, *found.more]) == [Word, Word, Term]
    for each in (entry, found):
        each.of = term
        each.more = [term, word]
        sync_engine.save(each)
        stored = raw_database["entry"].find_one()
        assert stored["of"] == DBRef("term", "x")
        assert stored["more"] == [DBRef("term", "x"), DBRef("word", "x")]
        raw_database["entry"].update_one({}, {"$set": {"of": DBRef("word", "x"), "more": []}})


def test_what_is_no_target_is_not_stored(sync_engine, things, page, raw_database, commands):
    before = raw_database["page"].find_one()
    commands.clear()
    for wrong in (things[0].id, None, "x", DBRef("post", things[0].id), Company(name="new"), Page):
        page.seen.append(wrong)
        with pytest.raises(InvalidDocumentError):
            sync_engine.save(page)
        page.seen.pop()
    page.seen.extend([Post(title="new"), Company(name="new")])
    with pytest.raises(InvalidDocumentError, match="to a Post or a Photo cannot lead to a Company"):
        sync_engine.save(page)
    assert commands.names == []
    with pytest.raises(ValidationError):
        page.about = Company(name="c")
    assert raw_database["page"].find_one() == before


def test_unsaved_targets_are_refused(sync_engine, commands):
    class Lonely(Model):
        of: Post | Photo = Reference(save="never")

    with pytest.raises(UnsavedReferenceError, match="reference 'of' leads to a Photo"):
        sync_engine.save(Lonely(of=Photo(url="u")))
    with pytest.raises(UnsavedReferenceError, match="leads to a Post"):
        sync_engine.save(Page(name="p", seen=[Post(title="t")]), cascade=False)
    assert commands.names == []


def test_a_rollback_gives_changes_back(sync_engine, things, page, raw_database):
    _, _, _, y = things
    found = sync_engine.find_one(Page)
    new = Post(title="new")
    with pytest.raises(ZeroDivisionError):
        with sync_engine.transaction() as transaction:
            found.about = new
            found.seen.append(y)
            transaction.save(found)
            assert transaction.find_one(Page).about == new
            1 / 0
    assert found.__fields_modified__ >= {"about"}
    assert raw_database["post"].count_documents({}) == 2
    sync_engine.save(found)
    assert sync_engine.find_one(Page) == found
    assert raw_database["post"].count_documents({}) == 3


# --- Filters -----------------------------------------------------------------------------------


def test_filters(sync_engine, things, page):
    a, b, x, y = things
    other = sync_engine.save(Page(name="q", about=a, seen=[y]))

    def names(*queries):
        return [each.name for each in to_list(sync_engine.find(Page, *queries, sort=Page.name))]

    hollow = sync_engine.find_one(Page, Page.name == "q", load=()).about
    assert names(Page.about == x) == ["p"]
    assert names(Page.about == hollow) == ["q"]
    assert names(Page.about != x) == ["q"]
    assert names(Page.about == DBRef("post", a.id)) == ["q"]
    assert names(Page.about == DBRef("post", str(a.id))) == ["q"]
    assert names(Page.about == {"$ref": "post", "$id": a.id}) == ["q"]
    assert names(Page.about == None) == []  # noqa: E711
    assert names(Page.about.in_([a, x])) == ["p", "q"]
    assert names(Page.about.in_([b, None])) == []
    assert names(Page.about.not_in([x])) == ["q"]
    assert names(Page.seen == x) == ["p"]
    assert names(Page.seen == [y]) == ["q"]
    assert names(Page.seen.in_([y])) == ["q"]
    assert names({"about": 5} | (Page.roles == page.roles)) == ["p"]
    assert names({"ab": DBRef("photo", x.id)}) == ["p"]
    assert names({"ab.$ref": "photo"}) == ["p"]
    assert other.about == a


def test_filters_that_mean_nothing_are_refused():
    id_ = ObjectId()
    for value in (id_, str(id_), 5, {"title": "x"}):
        with pytest.raises(TypeError, match=r"Page\.about leads to a Post or Photo, so that"):
            Page.about == value  # noqa: B015
    with pytest.raises(TypeError, match="and is never a Company"):
        Page.about.in_([Company(name="c")])
    with pytest.raises(ValueError, match="no document of 'user', but of one of 'post', 'photo'"):
        Page.seen == DBRef("user", id_)  # noqa: B015
    with pytest.raises(ValueError, match=r"Page\.about leads to documents of its own database"):
        Page.about == DBRef("post", id_, "elsewhere")  # noqa: B015
    with pytest.raises(NotImplementedError, match="filtering across references"):
        Page.about.url


def test_an_index_serves_filters(sync_engine, things, raw_database):
    class Indexed(Model):
        of: Post | Photo = Reference(index=True)
        more: list[Post | Photo] = Reference(index=True)

    sync_engine.configure_database([Indexed])
    sync_engine.save_all([Indexed(of=each, more=things[:2]) for each in things])

    for query, count in ((Indexed.of.in_(things[1:3]), 2), (Indexed.more == things[0], 4)):
        plan = raw_database["indexed"].find(query).explain()
        assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
        stats = raw_database.command(
            "explain", {"find": "indexed", "filter": query}, verbosity="executionStats"
        )["executionStats"]
        assert stats["totalDocsExamined"] == stats["nReturned"] == count


# --- Hierarchies -------------------------------------------------------------------------------


@pytest.fixture
def animals(sync_engine, commands):
    saved = sync_engine.save_all(
        [Cat(name="c"), Dog(name="d", tricks=["sit"]), Lion(name="l"), Fish(name="f")]
    )
    commands.clear()
    return saved


def test_classes_of_a_hierarchy_are_stored_by_id(sync_engine, animals, raw_database, commands):
    cat, dog, lion, fish = animals
    owner = sync_engine.save(Owner(pet=lion, pets=[dog, cat, lion]))
    assert raw_database["owner"].find_one() == {
        "_id": owner.id, "pet": lion.id, "pets": [dog.id, cat.id, lion.id],
    }  # fmt: skip
    commands.clear()
    for found in both(sync_engine, Owner):
        assert found == owner
        assert classes([found.pet, *found.pets]) == [Lion, Dog, Cat, Lion]
    sent = [event.command["filter"] for event in commands.started[:2]]
    # Another test may have added a class.
    assert {"Cat", "Lion", "Dog"} <= {*sent[1]["_type"]["$in"]} <= {"Cat", "Lion", "Dog", "Tiger"}
    assert sync_engine.count(Owner, Owner.pet == lion) == 1
    assert sync_engine.count(Owner, Owner.pet == lion.id) == 1
    with pytest.raises(ValidationError):
        Owner(pet=fish)
    for other in (fish, Animal(name="a")):
        owner.pets.append(other)
        name = type(other).__name__
        with pytest.raises(InvalidDocumentError, match=f"a Dog or a Cat cannot lead to a {name}"):
            sync_engine.save(owner)
        owner.pets.pop()


def test_a_target_of_another_class_is_missing(sync_engine, animals, raw_database):
    class Keeper(Model):
        pet: Cat | Dog | None = Reference(missing="none")

    class Simple(Model):
        pet: Cat | Dog = Reference()

    fish = animals[3]
    raw_database["keeper"].insert_one({"pet": fish.id})
    raw_database["simple"].insert_one({"pet": fish.id})

    for found in both(sync_engine, Keeper):
        assert found.pet is None
    for cursor in (sync_engine.find(Simple), sync_engine.find(Simple, limit=1)):
        with pytest.raises(DocumentParsingError, match="not found for foreign key 'pet'"):
            to_list(cursor)
    found = sync_engine.find_one(Simple, load=())
    with pytest.raises(TargetNotFoundError):
        sync_engine.load(found)


def test_one_of_a_hierarchy_is_read_in_one_round_trip(sync_engine, animals, commands):
    class Simple(Model):
        pet: Cat | Dog = Reference()

    saved = sync_engine.save(Simple(pet=animals[1]))
    commands.clear()
    assert sync_engine.find_one(Simple) == saved
    assert commands.names == ["aggregate"]


def test_what_is_not_loaded_of_a_hierarchy(sync_engine, animals):
    _, dog, lion, _ = animals
    owner = sync_engine.save(Owner(pet=lion, pets=[dog]))
    for found in both(sync_engine, Owner, load=()):
        pet = found.pet
        assert not is_loaded(pet)
        assert pet.id == lion.id
        sync_engine.load(found)
        assert found.pet is pet
        assert classes([found.pet, *found.pets]) == [Lion, Dog]
        assert found == owner


def test_classes_that_are_added_later(sync_engine, animals, raw_database):
    owner = sync_engine.save(Owner(pet=animals[0]))
    assert sync_engine.find_one(Owner) == owner

    class Tiger(Cat):
        stripes: int = 3

    owner.pet = Tiger(name="t")
    sync_engine.save(owner)
    for found in both(sync_engine, Owner):
        assert type(found.pet) is Tiger


def test_a_hierarchy_and_another_collection(sync_engine, things, animals, raw_database):
    a = things[0]
    _, dog, lion, fish = animals
    shelf = sync_engine.save(Shelf(thing=lion, things=[a, fish, dog]))
    assert raw_database["shelf"].find_one() == {
        "thing": DBRef("animal", lion.id),
        "things": [DBRef("post", a.id), DBRef("animal", fish.id), DBRef("animal", dog.id)],
        "_id": shelf.id,
    }
    for found in both(sync_engine, Shelf):
        assert found == shelf
        assert classes([found.thing, *found.things]) == [Lion, Post, Fish, Dog]
    assert sync_engine.count(Shelf, Shelf.thing == lion) == 1
    with pytest.raises(
        TypeError, match=r"Shelf\.thing leads to a Post or Cat or Dog, and is never a"
    ):
        Shelf.thing == fish  # noqa: B015
    raw_database["shelf"].update_one({}, {"$set": {"thing": DBRef("animal", fish.id)}})
    with pytest.raises(DocumentParsingError, match="not found for foreign key 'thing'"):
        sync_engine.find_one(Shelf)
    raw_database["animal"].update_one({"_id": fish.id}, {"$set": {"_type": "Bird"}})
    with pytest.raises((DocumentParsingError, UnknownTypeError)):
        sync_engine.find_one(Shelf)


def test_separate_collections_of_one_base(sync_engine, raw_database):
    class Vehicle(Model, inheritance="separate"):
        wheels: int = 4

    class Car(Vehicle):
        model: str

    class Truck(Vehicle):
        load: int = 5

    class Trip(Model):
        by: Vehicle | Car = Reference()

    for vehicle in (Car(model="m"), Vehicle()):
        trip = sync_engine.save(Trip(by=vehicle))
        name = type(vehicle).__collection__
        assert raw_database["trip"].find_one({"_id": trip.id})["by"] == DBRef(name, vehicle.id)
        found = sync_engine.find_one(Trip, Trip.by == vehicle)
        assert found == trip
        assert type(found.by) is type(vehicle)
    with pytest.raises(InvalidDocumentError, match="to a Vehicle or a Car cannot lead to a Truck"):
        sync_engine.save(Trip(by=Truck()))
    assert raw_database["truck"].count_documents({}) == 0


# --- Where they may be -------------------------------------------------------------------------


T = TypeVar("T")


class Box(EmbeddedModel, Generic[T]):
    content: T


def test_in_classes_of_other_kinds(sync_engine, things, raw_database):
    class Base(Model, inheritance="abstract"):
        about: Post | Photo = Reference(key_name="a")

    class Comment(Base, inheritance="single"):
        text: str = ""

    class Long(Comment):
        more: list[Photo | Post] = Reference()

    class Parcel(Model):
        box: Box[Note] | None = None
        notes: dict[str, list[Note]] = {}

    a, _, x, _ = things
    saved = sync_engine.save_all([Comment(about=a), Long(about=x, more=[x, a])])
    assert to_list(sync_engine.find(Comment, sort=Comment.id)) == saved
    assert sync_engine.find_one(Long) == saved[1]
    found = sync_engine.find_one(Comment, Comment.about == x, load=())
    assert classes([found, found.about, *found.more]) == [Long, Photo, Photo, Post]
    parcel = Parcel(box=Box[Note](content=Note(about=a)), notes={"x": [Note(about=x)]})
    sync_engine.save(parcel)
    for found in both(sync_engine, Parcel):
        assert found == parcel


def test_instances_are_kept_and_mappings_validated(sync_engine, things):
    a, _, x, _ = things
    page = Page(name="p", about=x, seen=[a, x], roles={"k": a})
    assert page.about is x
    assert page.seen[0] is a
    assert page.roles["k"] is a
    page = Page(name="p", about={"url": "u"}, seen=[{"title": "t"}, {"url": "v", "tags": []}])
    assert classes([page.about, *page.seen]) == [Photo, Post, Photo]
    with pytest.raises(ValidationError):
        Page(name="p", about={"nothing": 1})
    assert sync_engine.save(page) == page


# --- Delete rules ------------------------------------------------------------------------------


class Line(EmbeddedModel):
    on: Post | Photo = Reference(on_delete="pull_element", key_name="o")


class Ruled(Model):
    about: Post | Photo | None = Reference(on_delete="nullify", key_name="ab")
    seen: list[Post | Photo] = Reference(on_delete="pull")
    roles: dict[str, Post | Photo] = Reference(on_delete="pull")
    lines: list[Line] = []


class Kept(Model):
    about: Post | Photo = Reference(on_delete="deny")
    more: list[Ruled | Page] = Reference(on_delete="cascade")


def test_delete_rules(sync_engine, things, raw_database):
    a, b, x, y = things
    # The same id in another collection is another document.
    twin = sync_engine.save(Post(id=x.id, title="twin"))
    ruled = sync_engine.save(
        Ruled(
            about=x,
            seen=[a, x, twin, x],
            roles={"a": a, "x": x, "$x": x},
            lines=[Line(on=x), Line(on=twin)],
        )
    )
    kept = sync_engine.save(Kept(about=y, more=[ruled]))

    sync_engine.delete(x)

    assert raw_database["ruled"].find_one() == {
        "_id": ruled.id,
        "ab": None,
        "seen": [DBRef("post", a.id), DBRef("post", x.id)],
        "roles": {"a": DBRef("post", a.id)},
        "lines": [{"o": DBRef("post", x.id)}],
    }
    with pytest.raises(ReferencedError) as caught:
        sync_engine.delete(y)
    assert (caught.value.ids, caught.value.holders) == ([y.id], [kept.id])
    sync_engine.delete(ruled)
    assert raw_database["kept"].count_documents({}) == 0
    assert b.title == "b"


# --- Back references ---------------------------------------------------------------------------


class Song(Model):
    name: str
    praised: ClassVar["BackReference[Praise]"] = BackReference("Praise", "of")
    in_more: ClassVar["BackReference[Praise]"] = BackReference("Praise", "more")
    in_places: ClassVar["BackReference[Praise]"] = BackReference("Praise", "places")


class Film(Model):
    name: str
    praised: ClassVar["BackReference[Praise]"] = BackReference("Praise", "of")


class Book(Model):
    praised: ClassVar["BackReference[Praise]"] = BackReference("Praise", "of")


class Praise(Model):
    of: Song | Film = Reference(key_name="o")
    more: list[Song | Film] = Reference()
    places: dict[str, Song | Film] = Reference()


def test_back_references(sync_engine):
    song = Song(name="s")
    film = Film(name="f", id=song.id)
    first = Praise(of=song, more=[film], places={"x": song})
    second = Praise(of=film, more=[song, film, song], places={"y": film})
    sync_engine.save_all([first, second])

    assert song.praised.fetch(sync_engine) == [first]
    assert film.praised.fetch(sync_engine) == [second]
    assert song.in_more.fetch(sync_engine) == [second]
    assert song.in_places.fetch(sync_engine) == [first]
    assert song.praised.count(sync_engine) == 1
    assert sync_engine.find_one(Praise, song.praised.query, load=()) == first
    third = sync_engine.save(Praise(of=song))
    for path in (Song.praised, Load(Song.praised, sort=Praise.id, limit=2)):
        found = sync_engine.find_one(Song, load=[path])
        assert [each.id for each in found.praised.value] == [first.id, third.id]
    with pytest.raises(TypeError, match=r"Praise\.of refers to Song and Film, and not to Book"):
        Book().praised.query


# --- Cycles of new instances -------------------------------------------------------------------


class Left(Model):
    other: Left | Right | None = Reference()
    more: list[Right | Left] = Reference()


class Right(Model):
    other: Right | Left | None = Reference(missing="none")


def test_new_instances_that_refer_to_each_other(sync_engine, raw_database):
    left, right = Left(), Right()
    left.other, right.other = right, left
    left.more.extend([right, left])
    sync_engine.save(left)
    assert raw_database["left"].find_one() == {
        "_id": left.id,
        "other": DBRef("right", right.id),
        "more": [DBRef("right", right.id), DBRef("left", left.id)],
    }
    assert raw_database["right"].find_one() == {"_id": right.id, "other": DBRef("left", left.id)}
    for save in ("save_all", "save"):
        one, other = Left(), Right()
        one.other, other.other = other, one
        getattr(sync_engine, save)([one, other] if save == "save_all" else other)
        assert raw_database["left"].find_one({"_id": one.id})["other"] == DBRef("right", other.id)
        assert raw_database["right"].find_one({"_id": other.id})["other"] == DBRef("left", one.id)
        assert one.__fields_modified__ == other.__fields_modified__ == set()
    found = sync_engine.find_one(Left, Left.id == left.id)
    assert type(found.other) is Right
    assert type(found.other.other) is Left


def test_other_writes(sync_engine, things, raw_database):
    a, _, x, _ = things
    pages = [Page(name="n", about=x, seen=[a, x]), Page(name="m", about=Post(title="new"))]
    sync_engine.insert_many(pages)
    assert raw_database["page"].find_one({"_id": pages[1].id})["ab"] == DBRef(
        "post", pages[1].about.id
    )
    page = sync_engine.replace(pages[0].model_copy(update={"about": a}))
    assert raw_database["page"].find_one({"_id": page.id})["ab"] == DBRef("post", a.id)
    assert to_list(sync_engine.find(Page, sort=Page.id)) == [page, pages[1]]
