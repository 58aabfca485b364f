# Generated from tests/integration/aio/test_relations.py by tools/generate_sync.py: do not edit.
"""References of every form: optional, in containers, in embedded objects, to the class itself, in cycles."""

from __future__ import annotations

import copy
import pickle
from collections import deque
from typing import Dict, Generic, List, Optional, Tuple, TypeVar

import pytest
from bson import ObjectId
from pymongo.errors import ConnectionFailure
from tests.integration.sync.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Reference, is_loaded
from odmantic.exceptions import DocumentParsingError, InvalidDocumentError, NotLoadedError
from odmantic.session import NO_SESSION


class Company(Model):
    name: str


class User(Model):
    name: str
    tags: List[str] = []
    company: Optional[Company] = Reference()


class Post(Model):
    title: str
    editor: Optional[User] = Reference()
    readers: List[User] = Reference(key_name="r")
    judges: Tuple[User, ...] = Reference()
    queue: "deque[User]" = Reference()
    roles: Dict[str, User] = Reference()


class Comment(EmbeddedModel):
    text: str
    by: User = Reference(key_name="b")
    replies: List["Comment"] = []


class Note(EmbeddedModel):
    by: Optional[User] = Reference()
    seen: List[User] = Reference()


T = TypeVar("T")


class Box(EmbeddedModel, Generic[T]):
    content: T


class Thread(Model):
    comments: List[Comment] = Field([], key_name="c")
    pinned: Optional[Comment] = None
    notes: Dict[str, List[Note]] = {}
    boxed: Optional[Box[Note]] = None
    pair: Optional[Tuple[Note, int]] = None


class Page(Model):
    title: str
    parent: Optional["Page"] = Reference()
    links: List["Page"] = Reference()
    owner: Optional["Owner"] = Reference()


class Owner(Model):
    name: str
    start: Optional[Page] = Reference()


@pytest.fixture
def users(sync_engine, commands):
    saved = sync_engine.save_all(
        [User(name=name, tags=[name], company=Company(name=name * 2)) for name in "abcd"]
    )
    commands.clear()
    return saved


@pytest.fixture
def post(sync_engine, users, commands):
    a, b, c, d = users
    saved = sync_engine.save(
        Post(
            title="p",
            editor=a,
            readers=[b, c, b],
            judges=(c, d),
            queue=deque([d, a]),
            roles={"x": a, "y": b},
        )
    )
    commands.clear()
    return saved


# --- Stored forms ------------------------------------------------------------------------------


def test_each_form_is_stored_as_ids_and_read_back(sync_engine, users, post, raw_database):
    a, b, c, d = (user.id for user in users)

    assert raw_database["post"].find_one() == {
        "title": "p",
        "editor": a,
        "r": [b, c, b],
        "judges": [c, d],
        "queue": [d, a],
        "roles": {"x": a, "y": b},
        "_id": post.id,
    }
    for found in (sync_engine.find_one(Post), to_list(sync_engine.find(Post))[0]):
        assert found == post
        assert [type(found.judges), type(found.queue)] == [tuple, deque]
        assert found.readers[0] is not found.readers[2]
        assert found.readers[0].company.name == "bb"


def test_empty_forms(sync_engine, raw_database, commands):
    empty = sync_engine.save(Post(title="e"))
    commands.clear()

    assert raw_database["post"].find_one() == {
        "title": "e", "editor": None, "r": [], "judges": [], "queue": [], "roles": {}, "_id": empty.id,
    }  # fmt: skip
    assert (empty.editor, empty.readers, empty.judges, empty.roles) == (None, [], (), {})
    assert empty.queue == deque()
    assert Post(title="x").readers is not empty.readers
    assert sync_engine.find_one(Post) == empty
    assert commands.names == ["find"]


def test_a_document_without_the_keys_has_nothing(sync_engine, raw_database):
    raw_database["post"].insert_one({"title": "old"})
    raw_database["thread"].insert_one({"c": [{"text": "t", "b": None}]})

    found = sync_engine.find_one(Post)

    assert (found.editor, found.readers, found.judges, found.roles) == (None, [], (), {})
    assert found.__fields_modified__ == set()
    with pytest.raises(DocumentParsingError, match="foreign key 'b'"):
        sync_engine.find_one(Thread)


def test_an_optional_reference_may_have_no_key(sync_engine, users, raw_database, commands):
    class Draft(Model):
        model_config = {"store_none": False}
        by: Optional[User] = Reference()
        more: List[User] = Reference()

    draft = sync_engine.save(Draft())
    assert raw_database["draft"].find_one() == {"_id": draft.id, "more": []}
    assert sync_engine.find_one(Draft) == draft
    draft.by = users[0]
    sync_engine.save(draft)
    assert raw_database["draft"].find_one()["by"] == users[0].id
    commands.clear()
    draft.by = None
    sync_engine.save(draft)
    [sent] = [event.command["updates"][0]["u"] for event in commands.started]
    assert sent == {"$unset": {"by": ""}}


def test_references_in_embedded_objects_at_any_depth(sync_engine, users, raw_database):
    a, b, c, d = users
    thread = Thread(
        comments=[
            Comment(text="1", by=a, replies=[Comment(text="2", by=b, replies=[])]),
            Comment(text="3", by=a),
        ],
        pinned=Comment(text="4", by=c),
        notes={"x": [Note(by=d, seen=[a, b]), Note()], "y": []},
        boxed=Box[Note](content=Note(by=b)),
        pair=(Note(seen=[c]), 5),
    )
    sync_engine.save(thread)

    stored = raw_database["thread"].find_one()
    assert stored["c"][0] == {
        "text": "1", "b": a.id, "replies": [{"text": "2", "b": b.id, "replies": []}],
    }  # fmt: skip
    assert stored["notes"] == {
        "x": [{"by": d.id, "seen": [a.id, b.id]}, {"by": None, "seen": []}],
        "y": [],
    }
    found = sync_engine.find_one(Thread)
    assert found == thread
    assert found.comments[0].by is not found.comments[1].by
    assert found.comments[0].replies[0].by.company.name == "bb"


# --- How many commands -------------------------------------------------------------------------


@pytest.mark.parametrize("within", ["nothing", "session", "transaction"])
def test_a_level_takes_one_query_for_a_page(sync_engine, users, commands, within):
    threads = [
        Thread(
            comments=[Comment(text=str(n), by=users[n % 4], replies=[Comment(text="r", by=users[0])])],
            notes={"x": [Note(seen=[users[(n + 1) % 4], users[n % 4]])]},
        )
        for n in range(30)
    ]  # fmt: skip
    sync_engine.save_all(threads)
    commands.clear()

    if within == "nothing":
        found = to_list(sync_engine.find(Thread, sort=Thread.id))
    elif within == "session":
        with sync_engine.session() as session:
            found = to_list(session.find(Thread, sort=Thread.id))
    else:
        with sync_engine.transaction() as transaction:
            found = to_list(transaction.find(Thread, sort=Thread.id))

    assert found == threads
    sent = [event.command["find"] for event in commands.started if "find" in event.command]
    assert sent == ["thread", "user", "company"]
    if within == "transaction":
        assert {event.command["txnNumber"] for event in commands.started[:3]}.__len__() == 1


def test_a_reference_to_one_is_still_read_in_one_round_trip(sync_engine, users, commands):
    assert sync_engine.find_one(User, User.name == "b") == users[1]
    assert commands.names == ["aggregate"]


def test_many_ids_are_asked_in_slices(sync_engine, raw_database, commands, monkeypatch):
    monkeypatch.setattr("odmantic._plan.references.MOST_IDS", 10)
    raw_database["company"].insert_many([{"_id": ObjectId(), "name": "n"} for _ in range(25)])
    ids = [each["_id"] for each in raw_database["company"].find()]

    class Fair(Model):
        companies: List[Company] = Reference()

    raw_database["fair"].insert_one({"companies": ids})
    found = sync_engine.find_one(Fair)

    assert [each.id for each in found.companies] == ids
    sizes = [len(event.command["filter"]["_id"]["$in"]) for event in commands.started[1:]]
    assert sizes == [10, 10, 5]


# --- Saves -------------------------------------------------------------------------------------


def test_targets_in_containers_are_saved_first_and_once(sync_engine, raw_database, commands):
    new = User(name="n", company=Company(name="c"))
    other = User(name="o")
    sync_engine.save(Post(title="p", editor=new, readers=[new, other, new], roles={"x": other}))

    sent = [event.command["update"] for event in commands.started]
    assert sent == ["company", "user", "user", "post"]
    assert raw_database["user"].count_documents({}) == 2


def test_many_are_saved_in_few_commands(sync_engine, raw_database, commands):
    shared = User(name="s")
    threads = [
        Thread(comments=[Comment(text="t", by=User(name=str(n)))], notes={"x": [Note(by=shared)]})
        for n in range(20)
    ]
    sync_engine.save_all(threads)

    assert len(commands.names) == 2
    assert raw_database["user"].count_documents({}) == 21
    assert to_list(sync_engine.find(Thread, sort=Thread.id)) == threads


def test_an_unchanged_read_sends_nothing(sync_engine, users, post, commands):
    thread = Thread(comments=[Comment(text="t", by=users[0])], notes={"x": [Note(seen=[users[1]])]})
    sync_engine.save(thread)
    for model in (Post, Thread):
        found = sync_engine.find_one(model)
        commands.clear()
        sync_engine.save(found)
        sync_engine.save_all([found, found])
        assert commands.names == []
        assert found.__fields_modified__ == set()


def test_what_changes_in_a_container_is_sent(sync_engine, users, post, raw_database, commands):
    found = sync_engine.find_one(Post)
    a, b, c, d = (user.id for user in users)

    def sent():
        commands.clear()
        sync_engine.save(found)
        return [event.command["updates"][0]["u"] for event in commands.started]

    found.readers.append(users[3])
    assert sent() == [{"$set": {"r": [b, c, b, d]}}]
    found.readers.reverse()
    found.roles["z"] = users[2]
    assert sent() == [{"$set": {"r": [d, b, c, b], "roles": {"x": a, "y": b, "z": c}}}]
    found.queue.popleft()
    found.judges = (users[0],)
    assert sent() == [{"$set": {"judges": [a], "queue": [a]}}]
    # Another object for the same document.
    found.readers[0] = sync_engine.find_one(User, User.id == d)
    assert sent() == []
    found.readers[0].name = "new"
    assert sent() == [{"$set": {"name": "new"}}]


def test_what_is_no_target_is_not_stored(sync_engine, users, post, raw_database):
    for wrong in (users[0].id, None, "x", Company(name="c")):
        post.readers.append(wrong)
        with pytest.raises(InvalidDocumentError):
            sync_engine.save(post)
        assert len(raw_database["post"].find_one()["r"]) == 3
        post.readers.pop()
    sync_engine.save(post)


def test_a_rollback_makes_containers_dirty_again(sync_engine, users, post, raw_database):
    found = sync_engine.find_one(Post)
    with pytest.raises(ZeroDivisionError):
        with sync_engine.transaction() as transaction:
            found.readers.append(User(name="in"))
            found.roles["new"] = found.readers[-1]
            transaction.save(found)
            1 / 0

    assert raw_database["user"].count_documents({}) == 4
    assert found.__fields_modified__ == {"readers", "roles"}
    sync_engine.save(found)
    assert raw_database["post"].find_one()["r"][-1] == found.readers[-1].id
    assert raw_database["user"].count_documents({}) == 5


def test_a_retried_transaction_saves_what_it_did(sync_engine, users, post, raw_database):
    attempts = []

    def change(transaction):
        found = transaction.find_one(Post)
        found.readers.append(users[0])
        transaction.save(found)
        attempts.append(len(found.readers))
        if len(attempts) == 1:
            raise_transient()

    sync_engine.run_transaction(change)
    assert attempts == [4, 4]
    assert len(raw_database["post"].find_one()["r"]) == 4


def raise_transient():
    error = ConnectionFailure("lost")
    error._add_error_label("TransientTransactionError")
    raise error


# --- The class itself, and cycles --------------------------------------------------------------


def test_a_class_that_refers_to_itself_is_loaded_as_deep_as_classes_differ(sync_engine):
    root = Page(title="root")
    middle = Page(title="middle", parent=root)
    leaf = Page(title="leaf", parent=middle, links=[root, middle])
    sync_engine.save(leaf)

    for found in (
        sync_engine.find_one(Page, Page.title == "leaf"),
        to_list(sync_engine.find(Page, Page.title == "leaf"))[0],
    ):
        assert found.parent.title == "middle"
        assert [each.title for each in found.links] == ["root", "middle"]
        assert not is_loaded(found.parent.parent)
        assert found.parent.parent.id == root.id
        assert not is_loaded(found.links[1].parent)
        with pytest.raises(NotLoadedError, match=r"Page.parent.parent was not loaded: read with"):
            found.parent.parent.title
        assert found.parent == middle


def test_what_ends_a_cycle_is_not_written(sync_engine, raw_database, commands):
    owner = Owner(name="o")
    sync_engine.save(Page(title="p", owner=owner))
    owner.start = sync_engine.find_one(Page)
    sync_engine.save(owner)

    found = sync_engine.find_one(Owner)
    commands.clear()
    assert found.start.owner == owner
    assert not is_loaded(found.start.owner.start)
    sync_engine.save(found)
    assert commands.names == []
    found.start.title = "q"
    found.name = "n"
    sync_engine.save(found)
    assert len(commands.names) == 2
    assert raw_database["page"].find_one()["owner"] == owner.id


def test_a_cycle_is_saved(sync_engine, raw_database):
    owner = Owner(name="o")
    owner.start = Page(title="p", owner=owner)
    sync_engine.save(owner)

    assert raw_database["owner"].find_one()["start"] == owner.start.id
    assert raw_database["page"].find_one()["owner"] == owner.id


# --- Filters -----------------------------------------------------------------------------------


def test_filters(sync_engine, users, post):
    a, b, c, d = users
    sync_engine.save(Post(title="other", readers=[d]))
    for query in (
        Post.editor == a,
        Post.editor == a.id,
        Post.editor != None,  # noqa: E711 - a filter
        Post.readers == b,
        Post.readers == b.id,
        Post.readers == [b, c, b],
        Post.readers == [b.id, c.id, b.id],
        Post.readers.in_([a, c]),
        Post.readers.not_in([d]),
        Post.readers != d,
        Post.judges.in_([d.id]),
        Post.roles == {"x": a, "y": b.id},
    ):
        assert [one.title for one in to_list(sync_engine.find(Post, query))] == ["p"]
    assert (Post.readers == b) == {"r": {"$eq": b.id}}
    assert Post.readers.in_([a, b.id]) == {"r": {"$in": [a.id, b.id]}}
    with pytest.raises(NotImplementedError, match="filtering across references"):
        Post.editor.name
    with pytest.raises(NotImplementedError, match="filtering across references"):
        Post.readers.name


def test_indexes(sync_engine, raw_database):
    class Vote(Model):
        by: User = Reference(unique=True)
        on: List[Post] = Reference(index=True, key_name="o")

    sync_engine.configure_database([Vote])
    indexes = raw_database["vote"].index_information()

    keys = {(*each["key"],): each.get("unique", False) for each in indexes.values()}
    assert keys == {(("_id", 1),): False, (("by", 1),): True, (("o", 1),): False}


# --- Missing targets ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("update", "loc"),
    [
        ({"editor": ObjectId()}, ("editor",)),
        ({"r": [ObjectId()]}, ("readers", "[0]")),
        ({"r": [None]}, ("readers", "[0]")),
        ({"r": [{"_id": 1}]}, ("readers", "[0]")),
        ({"roles": {"x": ObjectId()}}, ("roles", '["x"]')),
        ({"roles": {"x": {"a": 1}}}, ("roles", '["x"]')),
        ({"editor": {"a": 1}}, ("editor",)),
    ],
)
def test_a_missing_target_is_located(sync_engine, post, raw_database, update, loc):
    raw_database["post"].update_one({}, {"$set": update})

    for cursor in (sync_engine.find(Post), sync_engine.find(Post, limit=1)):
        with pytest.raises(DocumentParsingError, match="Referenced document not found") as caught:
            to_list(cursor)
        assert [line["loc"] for line in caught.value.inner.errors()] == [loc]
        assert caught.value.document_id == post.id


def test_a_missing_target_in_a_container_is_named(sync_engine, users, post, raw_database):
    gone, here = ObjectId(), users[0].id
    for update, where in (
        ({"r": [here, gone, here]}, "readers.[1]"),
        ({"roles": {"a": here, "$x.y": gone}}, 'roles.["$x.y"]'),
    ):
        raw_database["post"].update_one({}, {"$set": update})
        with pytest.raises(DocumentParsingError) as caught:
            to_list(sync_engine.find(Post))
        assert f"Post.{where} refers to _id {gone!r}, and there is" in caught.value.__notes__[1]
        raw_database["post"].update_one(
            {}, {"$set": dict.fromkeys(update, [] if "r" in update else {})}
        )


@pytest.mark.parametrize("update", [{"r": 5}, {"r": {"a": 1}}, {"roles": []}, {"judges": None}])
def test_what_is_no_container_is_a_parsing_error(sync_engine, post, raw_database, update):
    raw_database["post"].update_one({}, {"$set": update})

    with pytest.raises(DocumentParsingError):
        to_list(sync_engine.find(Post))


def test_what_was_read_in_a_transaction_is_of_its_moment(sync_engine, users, post, raw_database):
    with sync_engine.transaction() as transaction:
        transaction.count(Post)
        raw_database["user"].update_many({}, {"$set": {"name": "theirs"}})
        raw_database["company"].delete_many({})
        [found] = to_list(transaction.find(Post))
        names = [each.name for each in to_list(sync_engine.find(User, load=(), session=NO_SESSION))]
        transaction.abort()

    assert [each.name for each in found.readers] == ["b", "c", "b"]
    assert found.readers[0].company.name == "bb"
    assert names == ["theirs"] * 4


# --- Copies ------------------------------------------------------------------------------------


def test_copies_and_pickles_keep_the_state(sync_engine, users, post, commands):
    found = sync_engine.find_one(Post)
    for again in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        commands.clear()
        sync_engine.save(again)
        assert commands.names == []
        again.readers = again.readers[:1]
        sync_engine.save(again)
        assert commands.names == ["update"]
        sync_engine.save(found.model_copy())


def test_the_constructor_and_dumps(users):
    made = Post(title="p", readers=[{"name": "x"}], roles={"a": users[0]}, editor=None)
    assert made.readers[0].name == "x"
    assert made.model_dump()["readers"][0]["name"] == "x"
    assert made.model_dump_doc()["r"] == [made.readers[0].id]
    again = Post.model_validate_json(made.model_dump_json())
    assert again == made
    made.model_update(readers=[users[1]])
    assert made.readers == [users[1]]


# --- Budget ------------------------------------------------------------------------------------


class Leaf(Model):
    name: str = ""


class Branch(Model):
    leaf: Leaf = Reference()


class Tree(Model):
    branches: List[Branch] = Reference()


class Wood(Model):
    tree: Tree = Reference()


@pytest.mark.parametrize("within", ["nothing", "transaction"])
def test_three_levels_below_a_thousand_documents_take_three_commands(
    sync_engine, raw_database, commands, within
):
    ids = [ObjectId() for _ in range(1000)]
    raw_database["leaf"].insert_many([{"_id": each, "name": "x"} for each in ids])
    raw_database["branch"].insert_many([{"_id": each, "leaf": each} for each in ids])
    raw_database["tree"].insert_many([{"_id": each, "branches": [each]} for each in ids])
    raw_database["wood"].insert_many([{"_id": each, "tree": each} for each in ids])

    if within == "nothing":
        woods = to_list(sync_engine.find(Wood))
        sent = [*commands.started]
    else:
        with sync_engine.transaction() as transaction:
            woods = to_list(transaction.find(Wood))
            sent = [*commands.started]

    asked = [event.command["find"] for event in sent if "find" in event.command]
    assert asked == ["wood", "tree", "branch", "leaf"]
    # The last one looks for further documents of the read itself.
    assert [event.command_name for event in sent] == ["find"] * 4 + ["getMore"]
    assert {wood.tree.branches[0].leaf.id for wood in woods} == {*ids}
