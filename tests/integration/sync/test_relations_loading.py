# Generated from tests/integration/aio/test_relations_loading.py by tools/generate_sync.py: do not edit.
"""What reads load of references: by field, by call, and what stands in for what is not loaded or does not exist."""

from __future__ import annotations

import copy
import pickle
from typing import Any, Dict, List, Optional, Tuple

import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pydantic import TypeAdapter, computed_field, field_validator, model_validator
from pydantic_core import PydanticSerializationError
from tests.integration.sync.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Reference, is_loaded, is_missing
from odmantic.exceptions import DocumentNotFoundError, DocumentParsingError, NotLoadedError


class Company(Model):
    name: str
    parts: List[int] = []


class User(Model):
    name: str
    tags: List[str] = []
    company: Optional[Company] = Reference()

    @property
    def shout(self) -> str:
        return self.name.upper()


class Comment(EmbeddedModel):
    by: User = Reference(key_name="b")
    replies: List["Comment"] = []


class Post(Model):
    title: str
    author: User = Reference(key_name="a")
    readers: List[User] = Reference()
    comments: List[Comment] = []


class Lazy(Model):
    author: User = Reference(load="never")
    readers: Dict[str, User] = Reference(load="never")
    parent: Optional["Lazy"] = Reference(load="never")


class Careful(Model):
    editor: Optional[User] = Reference(missing="none")
    readers: List[User] = Reference(missing="drop")
    judges: Tuple[User, ...] = Reference(missing="keep")
    roles: Dict[str, User] = Reference(missing="drop")
    author: User = Reference(missing="keep")


class Strict(Model):
    """A class that looks at its instances."""

    name: str
    number: int = Field(primary_field=True)

    @model_validator(mode="after")
    def check(self) -> Strict:
        assert self.name
        return self

    @field_validator("name")
    @classmethod
    def check_name(cls, value: str) -> str:
        return value

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> str:
        return self.name * 2


class Holder(Model):
    strict: Strict = Reference()
    others: List[Strict] = Reference()


class Position(EmbeddedModel):
    row: int = Field(key_name="r")


class Seat(Model):
    position: Position = Field(primary_field=True)


class Ticket(Model):
    seat: Seat = Reference()
    spare: Optional[Seat] = Reference()


@pytest.fixture
def users(sync_engine):
    return sync_engine.save_all([User(name=name, company=Company(name=name * 2)) for name in "abc"])


@pytest.fixture
def posts(sync_engine, users, commands):
    a, b, c = users
    saved = sync_engine.save_all(
        [
            Post(
                title=str(number),
                author=users[number % 3],
                readers=[a, b],
                comments=[Comment(by=c, replies=[Comment(by=a)])],
            )
            for number in range(5)
        ]
    )
    commands.clear()
    return saved


def both(engine, model, *queries, **words):
    """What `find_one` and `find` give first."""
    found = engine.find_one(model, *queries, **words)
    return [found, *to_list(engine.find(model, *queries, limit=2, **words))[:1]]


# --- load= -------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [(), False, []])
def test_nothing_is_loaded(sync_engine, posts, commands, nothing):
    for found in both(sync_engine, Post, Post.title == "0", load=nothing):
        assert found.title == "0"
        assert not is_loaded(found.author)
        assert found.author.id == posts[0].author.id
        assert [is_loaded(each) for each in found.readers] == [False, False]
        assert not is_loaded(found.comments[0].by)
        assert not is_loaded(found.comments[0].replies[0].by)
        assert not is_missing(found.author)
        assert found.__fields_modified__ == set()
        assert found == posts[0]
    assert commands.names == ["find", "find"]


@pytest.mark.parametrize(
    ("load", "models", "loaded"),
    [
        ([Post.author], ["user"], "a"),
        ([Post.author, Post.readers], ["user"], "ar"),
        (["readers.company"], ["user", "company"], "r"),
        ([(Post.author, User.company)], ["user", "company"], "a"),
        (["comments.by"], ["user"], "c"),
        ([(Post.comments, Comment.by)], ["user"], "c"),
        (["comments.replies.by.company"], ["user", "company"], ""),
        (["*"], ["user"], "arc"),
        ("*", ["user"], "arc"),
        (["author.*"], ["user", "company"], "a"),
        ([(Post.author, "*")], ["user", "company"], "a"),
        (["*", "author.company"], ["user", "company"], "arc"),
        (Post.author, ["user"], "a"),
        (None, ["user", "company"], "arc"),
    ],
    ids=str,
)
def test_exactly_these_paths_are_loaded(sync_engine, posts, commands, load, models, loaded):
    found = to_list(sync_engine.find(Post, sort=Post.title, load=load))

    assert found == posts
    assert [event.command["find"] for event in commands.started] == ["post", *models]
    first = found[0]
    assert is_loaded(first.author) == ("a" in loaded)
    assert is_loaded(first.readers[0]) == ("r" in loaded)
    assert is_loaded(first.comments[0].by) == ("c" in loaded)


def test_what_is_deeper_than_a_path_is_not_loaded(sync_engine, posts, commands):
    for found in both(sync_engine, Post, load=[Post.author]):
        assert found.author.name == "a"
        assert not is_loaded(found.author.company)
    # To one, in one round trip.
    assert commands.names == ["aggregate", "find", "find"]


def test_a_class_is_loaded_as_deep_as_the_path(sync_engine, users, commands):
    last = None
    for _ in range(5):
        last = sync_engine.save(Lazy(author=users[0], parent=last))
    commands.clear()

    for found in both(sync_engine, Lazy, Lazy.id == last.id, load=["parent.parent.parent"]):
        third = found.parent.parent.parent
        assert is_loaded(third)
        assert not is_loaded(third.parent)
        assert not is_loaded(found.author)
        with pytest.raises(NotLoadedError, match=r'load=\["parent.parent.parent.parent"\]'):
            third.parent.author


@pytest.mark.parametrize(
    ("load", "error", "text"),
    [
        (["nobody"], ValueError, "Post has no reference 'nobody'"),
        (["title"], ValueError, "Post has no reference 'title'"),
        ([Post.title], ValueError, "Post has no reference 'title'"),
        (["author.name"], ValueError, "User has no reference 'name'"),
        (["comments"], ValueError, "no reference is there"),
        ([""], ValueError, "cannot follow ''"),
        ([()], ValueError, "no reference is there"),
        ([User.company], ValueError, "User is not the class that it starts at"),
        ([(Post.author, Post.author)], ValueError, "Post is not the class that it starts at"),
        ([5], ValueError, "neither a field nor text"),
        (True, TypeError, "load= takes paths"),
        (5, TypeError, "load= takes paths"),
    ],
)
def test_unknown_paths_are_refused_at_the_call(sync_engine, commands, load, error, text):
    with pytest.raises(error, match=text):
        sync_engine.find(Post, load=load)
    with pytest.raises(error, match=text):
        sync_engine.find_one(Post, load=load)
    assert commands.names == []


def test_a_field_says_never(sync_engine, users, commands):
    saved = sync_engine.save(Lazy(author=users[0], readers={"x": users[1]}))
    commands.clear()

    for found in both(sync_engine, Lazy):
        assert [is_loaded(found.author), is_loaded(found.readers["x"])] == [False, False]
        assert found.parent is None
        assert found == saved
    assert commands.names == ["find", "find"]
    found = sync_engine.find_one(Lazy, load=[Lazy.readers])
    assert found.readers["x"].name == "b"
    assert not is_loaded(found.author)


def test_in_sessions_and_transactions(sync_engine, posts, commands):
    with sync_engine.session() as session:
        found = session.find_one(Post, load=())
        assert not is_loaded(found.author)
    with sync_engine.transaction() as transaction:
        [found] = to_list(transaction.find(Post, limit=1, load=[Post.author]))
        assert [is_loaded(found.author), is_loaded(found.readers[0])] == [True, False]
        found.title = "changed"
        transaction.save(found)
        again = transaction.find_one(Post, Post.title == "changed", load=())
        assert not is_loaded(again.author)
        transaction.abort()
    assert again.__fields_modified__ != set()
    assert again.author.__fields_modified__ == set()


# --- Hollow instances --------------------------------------------------------------------------


@pytest.fixture
def hollow(sync_engine, posts):
    return sync_engine.find_one(Post, Post.title == "0", load=()).author


def test_what_a_hollow_instance_has_not(hollow):
    call = "engine.load"
    text = f"Post.author was not loaded: read with load=[Post.author] or {call}(post, Post.author)"
    for get in (
        lambda: hollow.name,
        lambda: hollow.shout,
        lambda: getattr(hollow, "tags", None),
        lambda: setattr(hollow, "name", "x"),
        lambda: setattr(hollow, "tags", []),
        lambda: setattr(hollow, "company", None),
        lambda: hollow.model_update(name="x"),
        lambda: hollow.model_copy(update={"name": "x"}),
        hollow.model_dump_json,
        lambda: hollow.model_dump(mode="json"),
    ):
        with pytest.raises(NotLoadedError) as caught:
            get()
        assert str(caught.value) == text
        assert isinstance(caught.value, RuntimeError)
    with pytest.raises(AttributeError):
        hollow.unknown
    assert hollow.__dict__.keys() == {"id"}
    assert not hasattr(hollow, "unknown")


def test_what_a_hollow_instance_has(hollow, posts):
    author = posts[0].author
    assert repr(hollow) == f"User(id={author.id!r}, <not loaded>)"
    assert hollow.model_dump() == {"id": author.id}
    assert hollow == author
    assert author == hollow
    assert hollow == copy.copy(hollow)
    assert hollow != posts[1].author
    assert hollow != Company(name="x", id=author.id)
    assert hollow.__fields_modified__ == set()
    assert isinstance(hollow, User)


def test_copies_and_pickles_stay_hollow(hollow):
    clones = [
        copy.copy(hollow),
        copy.deepcopy(hollow),
        pickle.loads(pickle.dumps(hollow)),
        hollow.model_copy(),
        hollow.model_copy(deep=True),
    ]
    for clone in clones:
        assert not is_loaded(clone)
        assert clone == hollow
        assert clone is not hollow
        with pytest.raises(NotLoadedError, match=r"^Post.author was not loaded"):
            clone.name


def test_what_holds_a_hollow_instance_has_no_json(sync_engine, posts):
    found = sync_engine.find_one(Post, Post.title == "0", load=())
    for get in (
        found.model_dump_json,
        lambda: found.model_dump(mode="json"),
        found.comments[0].model_dump_json,
    ):
        with pytest.raises(NotLoadedError, match="was not loaded"):
            get()
    for get in (
        lambda: TypeAdapter(List[Post]).dump_json([found]),
        lambda: TypeAdapter(List[User]).dump_python(found.readers, mode="json"),
    ):
        with pytest.raises(PydanticSerializationError, match="was not loaded"):
            get()
    assert found.model_dump()["author"] == {"id": found.author.id}
    assert found.model_dump_doc()["a"] == found.author.id
    with pytest.raises(NotLoadedError):
        found.author.model_dump_doc()
    assert found.model_dump_json(include={"title"}) == '{"title":"0"}'


def test_a_hollow_instance_is_written_nowhere(sync_engine, posts, raw_database, commands):
    found = sync_engine.find_one(Post, Post.title == "0", load=())
    users = raw_database["user"].count_documents({})
    commands.clear()

    sync_engine.save(found)
    sync_engine.save_all([found, found.author])
    sync_engine.save(found.author)
    with sync_engine.transaction() as transaction:
        transaction.save(found.author)
    assert commands.names == []
    found.title = "new"
    found.readers.append(found.author)
    sync_engine.save(found)
    sync_engine.save_all([Post(title="other", author=found.author), found.author])

    assert commands.names == ["update", "update"]
    assert raw_database["user"].count_documents({}) == users
    assert len(raw_database["post"].find_one({"title": "new"})["readers"]) == 3
    assert raw_database["post"].find_one({"title": "other"})["a"] == found.author.id


def test_a_hollow_instance_is_not_written_to_another_database(sync_engine, posts, raw_database):
    found = sync_engine.find_one(Post, Post.title == "0", load=())
    other = type(sync_engine)(sync_engine.client, database=sync_engine.database_name + "_other")
    try:
        other.save(found.author)
        assert raw_database.client[other.database_name]["user"].count_documents({}) == 0
    finally:
        raw_database.client.drop_database(other.database_name)


def test_a_hollow_instance_in_filters_and_deletions(sync_engine, posts, raw_database):
    found = sync_engine.find_one(Post, Post.title == "0", load=())
    assert sync_engine.count(Post, Post.author == found.author) == 2

    sync_engine.delete(found.author)

    assert raw_database["user"].find_one({"_id": found.author.id}) is None
    assert not is_loaded(found.author)
    with pytest.raises(DocumentNotFoundError):
        sync_engine.delete(found.author)
    with sync_engine.transaction() as transaction:
        transaction.delete(found.readers[1])
        transaction.abort()
    assert not is_loaded(found.readers[1])


def test_two_places_share_no_hollow_instance(sync_engine, users, commands):
    sync_engine.save_all([Post(title="x", author=users[0]) for _ in range(2)])

    one, other = to_list(sync_engine.find(Post, load=[Post.author]))

    assert one.author.company == other.author.company
    assert one.author.company is not other.author.company


def test_classes_that_look_at_their_instances(sync_engine, commands):
    strict = Strict(number=1, name="n")
    sync_engine.save(Holder(strict=strict, others=[strict]))

    for found in both(sync_engine, Holder, load=()):
        assert (found.strict.number, found.others[0].number) == (1, 1)
        assert not is_loaded(found.strict)
        # A computed field needs the others.
        with pytest.raises(NotLoadedError):
            found.model_dump()
        assert found.strict.model_dump(include={"number"}) == {"number": 1}
        assert repr(found.strict) == "Strict(number=1, <not loaded>)"
        assert Holder(strict=found.strict).strict is found.strict


def test_keys_of_any_type(sync_engine, raw_database):
    seat = Seat(position=Position(row=1))
    sync_engine.save(Ticket(seat=seat))

    for found in both(sync_engine, Ticket, load=()):
        assert found.seat.position == Position(row=1)
        assert found.spare is None
        assert found.model_dump_doc()["seat"] == {"r": 1}
    raw_database["seat"].delete_many({})
    raw_database["ticket"].update_one({}, {"$set": {"spare": {"r": 2}}})
    for found in both(sync_engine, Ticket, missing="keep"):
        assert [is_missing(found.seat), is_missing(found.spare)] == [True, True]
        assert found.spare.position == Position(row=2)
    for cursor in (sync_engine.find(Ticket), sync_engine.find(Ticket, limit=1)):
        with pytest.raises(DocumentParsingError, match="foreign key 'spare'"):
            to_list(cursor)
    raw_database["ticket"].update_one({}, {"$set": {"seat": "nonsense"}})
    with pytest.raises(DocumentParsingError):
        sync_engine.find_one(Ticket, load=())


def test_documents_of_another_class(sync_engine, posts, commands):
    original = sync_engine.get_collection
    options: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
    sync_engine.get_collection = lambda model: original(model).with_options(codec_options=options)

    assert to_list(sync_engine.find(Post, sort=Post.title)) == posts
    found = sync_engine.find_one(Post, sort=Post.title, load=[Post.author])
    assert found.author.name == "a"
    assert not is_loaded(found.author.company)
    found = sync_engine.find_one(Post, sort=Post.title, load=())
    assert not is_loaded(found.author)


# --- missing -----------------------------------------------------------------------------------


@pytest.fixture
def careful(sync_engine, users, raw_database, commands):
    a, b, c = users
    saved = sync_engine.save(
        Careful(editor=a, readers=[a, b, a, c], judges=(a, b), roles={"x": a, "y": b}, author=a)
    )
    raw_database["user"].delete_one({"_id": a.id})
    commands.clear()
    return saved


@pytest.mark.parametrize("within", ["nothing", "transaction"])
def test_what_stands_in(sync_engine, users, careful, raw_database, commands, within):
    a, b, c = users
    if within == "nothing":
        found = sync_engine.find_one(Careful)
    else:
        with sync_engine.transaction() as transaction:
            [found] = to_list(transaction.find(Careful))
        assert commands.names[:3] == ["find", "find", "find"]

    assert found.editor is None
    assert found.readers == [b, c]
    assert found.roles == {"y": b}
    assert found.judges == (a, b)
    assert [is_missing(each) for each in found.judges] == [True, False]
    assert is_missing(found.author)
    assert not is_loaded(found.author)
    assert repr(found.author) == f"User(id={a.id!r}, <missing>)"
    with pytest.raises(NotLoadedError, match=r"Careful\.author leads to a document that does not"):
        found.author.name
    # What stands in is not stored.
    before = raw_database["careful"].find_one()
    commands.clear()
    sync_engine.save(found)
    assert commands.names == []
    found.judges = (b,)
    sync_engine.save(found)
    assert raw_database["careful"].find_one() == {**before, "judges": [b.id]}
    found.readers.append(a)
    sync_engine.save(found)
    assert raw_database["careful"].find_one()["readers"] == [b.id, c.id, a.id]


def test_what_a_call_says_goes_before(sync_engine, users, careful, raw_database):
    _, b, c = users
    found = sync_engine.find_one(Careful, missing="keep")
    assert is_missing(found.editor)
    assert [is_missing(each) for each in found.readers] == [True, False, True, False]
    # None is possible only for the editor; the others do as their fields say.
    found = sync_engine.find_one(Careful, missing="none")
    assert found.editor is None
    assert found.readers == [b, c]
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        sync_engine.find_one(Careful, missing="raise")
    assert not is_missing(sync_engine.find_one(Careful, load=()).author)


def test_what_means_nothing_is_refused(sync_engine):
    with pytest.raises(ValueError, match="missing= takes one of 'raise', 'none'"):
        sync_engine.find(Post, missing="nothing")
    with pytest.raises(ValueError, match=r"means nothing to Holder \(strict: it cannot be None"):
        sync_engine.find(Holder, missing="none")
    with pytest.raises(ValueError, match="it has no references"):
        sync_engine.find(Company, missing="drop")
    for words in ({"load": "sometimes"}, {"missing": "ignore"}):
        with pytest.raises(ValueError, match=r"of Reference\(\) is one of"):
            Reference(**words)


def test_one_round_trip_of_what_may_be_missing(sync_engine, users, raw_database, commands):
    class Pick(Model):
        one: Optional[User] = Reference(missing="none")
        other: User = Reference(missing="keep")

    sync_engine.save(Pick(one=users[0], other=users[1]))
    raw_database["user"].delete_many({})
    commands.clear()

    found = sync_engine.find_one(Pick)

    assert found.one is None
    assert is_missing(found.other)
    assert commands.names == ["aggregate"]


class _Changing:
    """A collection during whose reads something else happens first."""

    def __init__(self, collection, change):
        self._collection = collection
        self._change = change

    def find(self, *args, **kwargs):
        self._change()
        return self._collection.find(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self._collection, name)


def test_what_is_replaced_meanwhile_is_not_taken_for_missing(
    sync_engine, users, careful, raw_database
):
    _, b, c = users
    original = sync_engine.get_collection
    raw_database["careful"].update_one(
        {}, {"$set": {"editor": c.id, "readers": [c.id], "author": b.id, "judges": [], "roles": {}}}
    )

    def change():
        raw_database["careful"].update_one({}, {"$set": {"editor": b.id, "readers": [b.id, b.id]}})
        raw_database["user"].delete_one({"_id": c.id})

    def get_collection(asked):
        collection = original(asked)
        return _Changing(collection, change) if asked is User else collection

    sync_engine.get_collection = get_collection
    found = sync_engine.find_one(Careful)

    assert found.editor == b
    assert found.readers == [b, b]
