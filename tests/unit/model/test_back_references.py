"""The declaration of a back reference: no field, a class that is looked for by name, and what it cannot be."""

from __future__ import annotations

import copy
import pickle
from typing import ClassVar, Generic, List, Optional, TypeVar

import pytest
from pydantic import BaseModel

from odmantic import BackRef, BackReference, EmbeddedModel, Field, Model, Reference


class User(Model, inheritance="separate"):
    name: str
    # Without quotes, as these annotations are text already.
    posts: ClassVar[BackReference[Post]] = BackReference("Post", "author")
    quoted: ClassVar["BackReference[Post]"] = BackReference("Post", "author")


class Post(Model):
    author: User = Reference(key_name="a")


class Page(Model):
    author: User = Reference()


class Reader(User):
    pass


class Free(Model):
    model_config = {"extra": "allow"}
    posts: ClassVar[BackReference[Free]] = BackReference("Free", "to")
    to: Optional[Free] = Reference()


# --- No field ----------------------------------------------------------------------------------


def test_it_is_no_field():
    user = User(name="x", posts=[1])

    assert "posts" not in User.__odm_fields__
    assert set(user.model_dump()) == set(user.model_dump_doc()) - {"_id"} | {"id"} == {"id", "name"}
    assert "posts" not in user.model_dump_json()
    assert "posts" not in str(User.model_json_schema())
    assert "posts" not in repr(user)
    assert user == User(name="x", id=user.id)
    assert user.__fields_modified__ == {"id", "name"}
    assert user.__pydantic_extra__ is None
    for clone in (
        copy.copy(user),
        copy.deepcopy(user),
        user.model_copy(),
        user.model_copy(deep=True),
        pickle.loads(pickle.dumps(user)),
        User.model_validate(user.model_dump()),
    ):
        assert clone == user
        assert isinstance(clone.posts, BackRef)
        assert vars(clone).keys() == {"id", "name"}


def test_it_is_something_else_on_class_and_instance():
    assert isinstance(User.posts, BackReference)
    assert User.posts is Reader.posts
    assert isinstance(User(name="x").posts, BackRef)
    assert repr(User.posts) == "<User.posts: BackReference of 'Post' by 'author'>"
    assert repr(User(name="x").posts) == "<User.posts: not loaded>"


@pytest.mark.parametrize("model", [User, Free])
def test_it_cannot_be_assigned(model):
    instance = model(name="x")
    with pytest.raises(AttributeError, match="ClassVar"):
        instance.posts = []
    assert isinstance(instance.posts, BackRef)


def test_frozen_models_have_some_too():
    class Still(Model, frozen=True):
        others: ClassVar[BackReference[Holder]] = BackReference("Holder", "still")

    class Holder(Model):
        still: Still = Reference()

    still = Still()
    assert hash(still) == hash(Still(id=still.id))
    assert still.others.query == {"still": still.id}


def test_the_pure_model_has_none_of_its_own():
    pure = User.__pydantic_model__(name="x")
    assert isinstance(pure, BaseModel)
    assert set(pure.model_dump()) == {"id", "name"}
    assert User.posts.owner is User


# --- Conditions --------------------------------------------------------------------------------


def test_conditions():
    user = User(name="x")
    assert user.posts.query == {"a": user.id}
    assert (user.posts.query & {"x": 1}) == {"$and": ({"a": user.id}, {"x": 1})}


class Key(EmbeddedModel):
    row: int = Field(key_name="r")


class Seat(Model):
    key: Key = Field(primary_field=True)
    tickets: ClassVar[BackReference[Ticket]] = BackReference("Ticket", "seat")


class Ticket(Model):
    seat: Seat = Reference()


def test_an_id_that_is_a_document_is_compared_as_a_whole():
    assert Seat(key=Key(row=1)).tickets.query == {"seat": {"$eq": {"r": 1}}}


# --- The class that refers ---------------------------------------------------------------------


def test_a_class_itself_and_its_field():
    class Author(Model):
        texts: ClassVar[BackReference[Text]]
        comments: ClassVar[BackReference[Text]]

    class Comment(EmbeddedModel):
        by: Author = Reference(key_name="b")

    class Text(Model):
        author: Author = Reference(key_name="a")
        best: Comment = Field(key_name="top")
        comments: List[Comment] = []

    for number, (field, key) in enumerate(
        [
            (Text.author, "a"),
            ("author", "a"),
            (Text.best.by, "top.b"),
            ((Text.comments, Comment.by), "comments.b"),
            (("comments", "by"), "comments.b"),
        ]
    ):
        declared = BackReference(Text, field)
        declared.__set_name__(Author, f"texts{number}")
        author = Author()
        assert BackRef(declared, author).query == {key: author.id}


def test_classes_in_the_same_scope_come_first():
    class User(Model):
        posts: ClassVar[BackReference[Post]] = BackReference("Post", "writer")

    class Post(Model):
        writer: User = Reference()

    user = User()
    assert user.posts.query == {"writer": user.id}
    other = globals()["User"](name="x")
    assert other.posts.query == {"a": other.id}


def test_a_unique_class_elsewhere():
    class Lonely(Model):
        tickets: ClassVar[BackReference[Page]] = BackReference("HoldingLonely", "it")

    def scope():
        class HoldingLonely(Model):
            it: Lonely = Reference()

        return HoldingLonely

    lonely = Lonely()
    with pytest.raises(
        TypeError, match=r"Lonely\.tickets.*no model has this name.*import the module"
    ):
        lonely.tickets.query
    holding = scope()
    assert lonely.tickets.query == {"it": lonely.id}
    assert holding.__name__ == "HoldingLonely"


def test_a_class_that_is_defined_twice():
    def define():
        class Person(Model):
            letters: ClassVar[BackReference[Letter]] = BackReference("Letter", "to")

        class Letter(Model):
            to: Person = Reference(key_name=f"to{len(kept)}")

        kept.append((Person, Letter))

    kept: list = []
    define()
    define()
    for number, (person_class, _) in enumerate(kept):
        person = person_class()
        assert person.letters.query == {f"to{number}": person.id}


def test_a_name_that_says_nothing_is_refused():
    class Box(Model):
        things: ClassVar[BackReference[Model]] = BackReference("TwiceNamed", "box")

    def one():
        class TwiceNamed(Model):
            box: Box = Reference()

        return TwiceNamed

    def other():
        class TwiceNamed(Model):
            box: Box = Reference()

        return TwiceNamed

    kept = one(), other()
    with pytest.raises(
        TypeError, match=r"several models have this name \(.*one.*other.*\): name the class"
    ) as e:
        Box().things.query
    assert "Box.things" in str(e.value)
    del kept


T = TypeVar("T")


def test_a_base_declares_it():
    class Base(Model, inheritance="abstract"):
        marks: ClassVar[BackReference[Mark]] = BackReference("Mark", "of")

    class Thing(Base):
        pass

    class Other(Base):
        pass

    class Mark(Model):
        of: Thing = Reference()

    thing = Thing()
    assert thing.marks.query == {"of": thing.id}
    with pytest.raises(
        TypeError, match=r"Other\.marks: Mark\.of refers to Thing, and not to Other"
    ):
        Other().marks.query


def test_a_generic_class_has_one():
    class Box(Model, Generic[T]):
        value: T
        labels: ClassVar[BackReference[Label]] = BackReference("Label", "on")

    class Label(Model):
        on: Box[int] = Reference()

    box = Box[int](value=1)
    assert box.labels.query == {"on": box.id}


# --- What it cannot be -------------------------------------------------------------------------


def declared(model, field, owner=User):
    it = BackReference(model, field)
    it.__set_name__(owner, "it")
    return BackRef(it, owner.model_construct())


class Nothing(Model):
    post: Post = Reference()
    count: int = 0
    embedded: Key = Key(row=1)


class Part(EmbeddedModel):
    pass


@pytest.mark.parametrize(
    ("model", "field", "text"),
    [
        (Nothing, "post", r"User\.it: Nothing\.post refers to Post, and not to User"),
        (Nothing, "count", r"User\.it: Nothing\.count is no reference"),
        (Nothing, "embedded", r"User\.it: Nothing\.embedded is no reference"),
        (Nothing, "embedded.row", r"User\.it: Nothing\.embedded\.row is no reference"),
        (Nothing, "post.author", r"User\.it: Nothing\.post\.author is no reference"),
        (Nothing, "unknown", r"User\.it: Nothing\.unknown is no reference"),
        (Nothing, "", r"User\.it: Nothing\. is no reference"),
        (Nothing, "*", r"User\.it: Nothing\.\* is no reference"),
        (Page, Post.author, r"User\.it: Page\.author is no reference"),
        (Key, "row", r"User\.it: Key is no model"),
        (Model, "row", r"User\.it: Model is no model"),
        (int, "row", r"User\.it: int is no model"),
        (None, "row", r"User\.it: None is no model"),
        ("Key", "row", r"no model has this name"),
        ("", "row", r"no model has this name"),
    ],
)
def test_declarations_that_lead_nowhere(model, field, text):
    it = declared(model, field)
    for use in (lambda: it.query, lambda: it.fetch(FakeEngine()), lambda: it.count(FakeEngine())):
        with pytest.raises(TypeError, match=text):
            use()


class FakeEngine:
    """Nothing may be asked of it."""

    _fetch = find = count = None


def test_an_embedded_model_is_referred_to_by_nothing():
    class Piece(EmbeddedModel):
        posts: ClassVar[BackReference[Post]] = BackReference("Post", "author")

    with pytest.raises(TypeError, match="'posts' is in Piece: only models have documents"):
        Piece().posts.query
    with pytest.raises(TypeError, match="outside of a class"):
        BackRef(BackReference(Post, "author"), User(name="x")).query


def test_a_class_with_a_collection_of_its_own_is_not_referred_to():
    with pytest.raises(
        TypeError, match=r"Reader\.posts: Post\.author refers to User, and not to Reader"
    ):
        Reader(name="x").posts.query


@pytest.mark.parametrize("field", [5, None, [], (Post.author, 5)])
def test_something_else_is_no_path(field):
    with pytest.raises(
        TypeError, match=r"BackReference\(\) takes a reference such as Post\.author"
    ):
        BackReference(Post, field)


def test_without_class_var_it_is_refused():
    with pytest.raises(TypeError, match="ClassVar"):

        class Wrong(Model):
            posts: BackReference[Post] = BackReference("Post", "author")

    with pytest.raises(TypeError, match="annotation"):

        class Bare(Model):
            posts = BackReference("Post", "author")
