"""References to one of several models in class statements: what is accepted, what is refused, and what is stored."""

from __future__ import annotations

import sys
from collections import deque
from typing import Annotated, Any, Optional, Union

import pytest
from bson import DBRef, ObjectId
from pydantic import BaseModel, ValidationError
from typing_extensions import TypeAliasType

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._codec.decode import validate_document
from odmantic._mapping.members import ELSEWHERE, Found, Member, dbref_in
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError
from odmantic.update import pull, push, set_


class Post(Model):
    title: str


class Photo(Model):
    url: str


class Posts(Model):
    model_config = {"collection": "post"}
    title: str


class Animal(Model, inheritance="single"):
    name: str


class Pet(Animal, inheritance="abstract"):
    owner: str = ""


class Cat(Pet):
    pass


class Dog(Pet):
    pass


class Fish(Animal):
    pass


class Shark(Fish):
    pass


class Leaf(EmbeddedModel):
    n: int = 0


class Plain(BaseModel):
    n: int = 0


Alias = TypeAliasType("Alias", Union[Post, Photo])
OptionalAlias = TypeAliasType("OptionalAlias", Union[Alias, None])
Marked = Annotated[Union[Post, Photo], "a mark"]

POST, PHOTO = Member(Post, is_named=True), Member(Photo, is_named=True)


def reference_of(annotation: Any, **words: Any) -> Any:
    namespace = {"__module__": __name__, "__annotations__": {"of": annotation}}
    cls = type(Model)("Made", (Model,), {**namespace, "of": Reference(**words)})
    return cls.__mapping__.fields["of"]


@pytest.mark.parametrize(
    "annotation",
    [
        Union[Post, Photo],
        "Post | Photo",
        Optional[Union[Post, Photo]],
        "Union[Post, Photo, None]",
        Alias,
        Union[Alias, None],
        OptionalAlias,
        Marked,
        Optional[Marked],
        Annotated[Optional[Alias], "another mark"],
        list[Marked],
        "list[Alias]",
        tuple[Alias, ...],
        deque[Union[Post, Photo]],
        dict[str, Alias],
        Optional[list[Alias]],
        Optional[dict[str, list[Optional[Alias]]]],
    ],
    ids=str,
)
def test_forms(annotation):
    field = reference_of(annotation)
    assert field.members == (POST, PHOTO)
    assert field.model is Post
    assert [link.cls for link in field.owner[0].__mapping__.links] == [Post, Photo]
    assert len(field.owner[0].__mapping__.targets) == 2


@pytest.mark.parametrize(
    ("annotation", "members"),
    [
        (Union[Cat, Dog], (Member(Animal, (Cat, Dog)),)),
        (Union[Fish, Shark], (Member(Fish),)),
        (Union[Shark, Fish], (Member(Fish),)),
        (Union[Cat, Animal], (Member(Animal),)),
        (Union[Cat, Shark, Fish], (Member(Animal, (Cat, Fish)),)),
        (Union[Post, Cat, Dog], (POST, Member(Animal, (Cat, Dog), True))),
        (Union[Cat, Post, Dog], (Member(Animal, (Cat, Dog), True), POST)),
        (Union[Post, Cat], (POST, Member(Cat, (), True))),
    ],
    ids=str,
)
def test_members(annotation, members):
    assert reference_of(annotation).members == members


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Union[Post, str], "leads to documents of models, and str is no model"),
        (Union[Post, str, None], "and str is no model"),
        (Union[Post, Any], "is no model"),
        (Union[Post, Plain], "and Plain is no model"),
        (Union[Post, Leaf], "and Leaf is embedded"),
        (list[Union[Photo, Leaf]], "and Leaf is embedded"),
        (dict[str, Union[Photo, ObjectId]], "and ObjectId is no model"),
        (Union[Post, list[Post]], "and list is no model"),
        (Union[Post, Posts], "Made.of cannot refer to Post or Posts: both are in the collection 'post'"),
        (Union[Photo, Posts, Post, None], "cannot refer to Posts or Post"),
        (set[Union[Post, Photo]], "a reference leads to documents"),
        (tuple[Union[Post, Photo], int], "a reference leads to documents"),
        (Union[Pet, Fish], "Pet is abstract"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused(annotation, text):
    with pytest.raises(TypeError, match=text) as caught:
        reference_of(annotation)
    assert "Made" in str(caught.value)
    assert "of" in str(caught.value)


def test_refused_with_words():
    with pytest.raises(TypeError, match="cannot have missing='none': it cannot be None"):
        reference_of(Union[Post, Photo], missing="none")
    with pytest.raises(TypeError, match="a reference cannot be a primary field"):
        reference_of(Annotated[Union[Post, Photo], Field(primary_field=True)])


def test_names_that_are_defined_later():
    class Comment(Model):
        on: Optional[Union[Later, Latest]] = Reference()
        all: list[Later | Comment] = Reference()

    class Later(Model):
        n: int = 0

    class Latest(Model):
        n: int = 0

    comment = Comment()
    assert comment.on is None
    assert comment.all == []
    comment = Comment(on=Latest(), all=[comment, Later()])
    assert comment.model_dump_doc() == {
        "on": DBRef("latest", comment.on.id),
        "all": [DBRef("comment", comment.all[0].id), DBRef("later", comment.all[1].id)],
        "_id": comment.id,
    }


def test_a_definition_that_is_completed_is_checked_too():
    class Comment(Model):
        on: Union[Post, Second] = Reference()

    with pytest.raises(TypeError, match="both are in the collection 'post'"):

        class Second(Model):
            model_config = {"collection": "post"}

        Comment(on=Second())


class Holder(Model):
    of: Post | Photo | None = Reference()
    more: list[Post | Photo] = Reference()
    pet: Cat | Dog | None = Reference()


def test_validation_and_dumps():
    post, photo = Post(title="t"), Photo(url="u")
    holder = Holder(of=photo, more=[post, photo])
    assert holder.of is photo
    assert holder.model_dump()["of"] == {"url": "u", "id": photo.id}
    again = Holder.model_validate_json(holder.model_dump_json())
    assert [type(again.of), *map(type, again.more)] == [Photo, Post, Photo]
    assert again == holder
    with pytest.raises(ValidationError):
        holder.of = Dog(name="d")
    holder.of = post
    assert holder.__fields_modified__ >= {"of"}
    schema = Holder.model_json_schema()
    choices = [{"$ref": "#/$defs/Post"}, {"$ref": "#/$defs/Photo"}]
    assert schema["properties"]["more"]["items"] == {"anyOf": choices}
    assert schema["properties"]["of"]["anyOf"] == [*choices, {"type": "null"}] or (
        schema["properties"]["of"]["anyOf"] == [{"anyOf": choices}, {"type": "null"}]
    )
    assert Holder.model_json_schema(mode="serialization")["properties"].keys() == {
        *("of", "more", "pet", "id"),
    }


def test_documents_by_hand():
    post = Post(title="t")
    holder = Holder(of=post)
    document = holder.model_dump_doc()
    with pytest.raises(DocumentParsingError, match="not found for foreign key 'of'"):
        Holder.model_validate_doc(document)
    assert Holder.model_validate_doc({**document, "of": post}) == holder
    with pytest.raises(DocumentParsingError, match="names no collection"):
        Holder.model_validate_doc({**document, "of": post.model_dump_doc()})
    holder.more.append(Fish(name="f"))
    with pytest.raises(InvalidDocumentError, match="a Post or a Photo cannot lead to a Fish"):
        holder.model_dump_doc()


def test_a_patch_keeps_instances():
    post, photo = Post(title="t"), Photo(url="u")
    holder = Holder(of=post)
    holder.model_update(of=photo, more=[post])
    assert holder.of is photo
    assert holder.more[0] is post
    holder.model_update({"of": {"title": "x"}})
    assert type(holder.of) is Post
    copied = holder.model_copy(deep=True)
    assert copied == holder
    assert copied.of is not holder.of


def test_both_ways_to_read_agree():
    class Line(EmbeddedModel):
        on: Post | Photo = Reference(key_name="o")

    class Page(Model):
        of: Post | Photo | None = Reference()
        more: list[Post | Photo] = Reference()
        names: dict[str, Photo | Post] = Reference()
        pet: Cat | Dog | None = Reference()
        any: Post | Cat | Dog | None = Reference()
        lines: list[Line] = []

    id_ = ObjectId()
    post, photo = Found(Post, {"_id": id_, "title": "t"}), Found(Photo, {"_id": id_, "url": "u"})
    cat = {"_id": id_, "_type": "Cat", "name": "c", "owner": ""}
    values = {
        "of": (post, photo, None, Photo(url="u"), Fish(name="f"), id_, DBRef("post", id_), {}),
        "more": ([], [post, photo, post], [None], [Found(Post, {"_id": id_})], post, (post,)),
        "names": ({}, {"a": photo, "b": post}, {"a": None}, {"a": Found(Fish, cat)}, [photo]),
        "pet": (cat, None, {**cat, "_type": "Fish"}, {**cat, "_type": "x"}, Found(Animal, cat), 5),
        "any": (post, Found(Animal, cat), Found(Cat, cat), photo, cat, DBRef("animal", id_)),
        "lines": ([{"o": photo}, {"o": post}], [{"o": None}], [{}], [{"o": DBRef("x", 1)}]),
    }
    read = 0
    for name, several in values.items():
        for value in several:
            document = {"_id": id_, name: value}
            quick = Page.__mapping__.codec.read_new(document)
            try:
                slow = validate_document(Page, document)
            except DocumentParsingError:
                assert quick is None
            else:
                assert quick is None or quick == slow
                assert repr(slow) == repr(quick or slow)
                read += quick is not None
    assert read == 13


def test_updates():
    photo = Photo(url="u")
    stored = DBRef("photo", photo.id)
    updates = {
        set_(Holder.of, photo): stored,
        set_(Holder.of, stored): stored,
        set_(Holder.more[0], photo): stored,
        set_(Holder.more, [photo]): [stored],
        push(Holder.more, photo): {"$each": [stored]},
        pull(Holder.more, photo): [stored],
    }
    assert [update.operand for update in updates] == [*updates.values()]
    with pytest.raises(TypeError, match=r"Holder\.of leads to a Post or Photo"):
        set_(Holder.of, photo.id)
    with pytest.raises(ValueError, match="of its own database"):
        set_(Holder.of, DBRef("photo", photo.id, "elsewhere"))


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        (DBRef("a", 1), DBRef("a", 1)),
        ({"$ref": "a", "$id": 1}, DBRef("a", 1)),
        ({"$id": 1, "$ref": "a", "$db": "d"}, DBRef("a", 1, "d")),
        ({"$ref": "a"}, None),
        ({"$ref": 5, "$id": 1}, None),
        ({"$ref": "a", "$id": 1, "$db": 5}, None),
        ({}, None),
        (None, None),
        (["$ref"], None),
        ("$ref", None),
    ],
)
def test_what_is_a_dbref(stored, found):
    assert dbref_in(stored) == found


def test_a_member():
    photo = Photo(url="u")
    assert PHOTO.has(photo)
    assert not POST.has(photo)
    assert not PHOTO.has(photo.id)
    assert not PHOTO.has(Photo)
    assert PHOTO.refer(1) == DBRef("photo", 1)
    assert PHOTO.id_in(DBRef("photo", 1)) == 1
    assert PHOTO.id_in(DBRef("photo", 1, "here"), "here") == 1
    assert PHOTO.id_in(DBRef("photo", 1, "there"), "here") is ELSEWHERE
    assert PHOTO.id_in(DBRef("post", 1)) is ELSEWHERE
    assert PHOTO.id_in(1) is ELSEWHERE
    assert PHOTO.id_in(None) is ELSEWHERE
    assert Member(Photo).id_in(1) == 1


def test_an_alias_inside_itself():
    names: dict[str, Any] = {"Union": Union, "Post": Post, "TypeAliasType": TypeAliasType}
    exec("Tree = TypeAliasType('Tree', 'Union[Post, list[Tree]]')", names)
    with pytest.raises(TypeError):
        reference_of(names["Tree"])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement is newer")
def test_a_type_statement():
    names: dict[str, Any] = {"Post": Post, "Photo": Photo}
    exec("type Subject = Post | Photo | None", names)
    subject = names["Subject"]
    assert reference_of(list[subject]).members == (POST, PHOTO)
