# Generated from tests/integration/aio/test_soft_deletion.py by tools/generate_sync.py: do not edit.
"""Soft deletion: what operations see, set and send, and what rollbacks leave."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional

import pytest
from pydantic import AwareDatetime, ValidationError
from pymongo.errors import PyMongoError
from tests.integration.sync.reading import to_list

from odmantic import Field, HookEvent, Model, Reference, SyncEngine, hook, stored, utcnow
from odmantic.exceptions import (
    DocumentNotFoundError,
    DuplicateKeyError,
    StoredFieldsWarning,
)


class Post(Model):
    title: str
    views: int = 0
    deleted_at: Optional[datetime] = None
    model_config = {"soft_delete": "deleted_at"}


class Comment(Model):
    post: Post = Reference()


class Gone(Model):
    n: int


def is_now(time):
    return abs(datetime.now(timezone.utc).replace(tzinfo=None) - time) < timedelta(minutes=1)


def updates(commands):
    """The updates that were sent."""
    return [
        each
        for event in commands.started
        if event.command_name == "update"
        for each in event.command["updates"]
    ]


def test_a_deletion_sets_the_time(sync_engine, raw_database, commands):
    post, other = Post(title="a"), Post(title="b")
    sync_engine.save_all([post, other])
    commands.clear()
    sync_engine.delete(post)
    assert is_now(post.deleted_at)
    (sent,) = updates(commands)
    assert sent["q"] == {"_id": post.id}
    assert sent["u"] == {"$set": {"deleted_at": post.deleted_at}}
    commands.clear()
    sync_engine.save(post)
    assert commands.names == []
    assert raw_database["post"].find_one({"title": "a"})["deleted_at"] == post.deleted_at

    assert to_list(sync_engine.find(Post)) == [other]
    assert sync_engine.find_one(Post, Post.title == "a") is None
    assert sync_engine.count(Post) == 1
    assert to_list(sync_engine.find(Post, without="soft_delete", sort=Post.title)) == [
        post, other,
    ]  # fmt: skip
    assert sync_engine.find_one(Post, Post.title == "a", without="soft_delete") == post
    assert sync_engine.count(Post, without=("soft_delete",)) == 2
    assert sync_engine.count(Post, {"$or": [{}, {"title": "a"}]}) == 1


def test_a_deletion_is_undone(sync_engine, raw_database):
    post = Post(title="a")
    sync_engine.save(post)
    sync_engine.delete(post)
    sync_engine.restore(post)
    assert post.deleted_at is None
    assert raw_database["post"].find_one()["deleted_at"] is None
    assert sync_engine.find_one(Post) == post
    sync_engine.restore(post)
    assert sync_engine.count(Post) == 1


def test_a_hard_deletion_deletes(sync_engine, raw_database):
    posts = [Post(title=str(n)) for n in range(4)]
    sync_engine.save_all(posts)
    sync_engine.delete(posts[0])
    sync_engine.delete(posts[0], hard=True)
    sync_engine.delete(posts[1], hard=True)
    assert raw_database["post"].count_documents({}) == 2
    for operation in (sync_engine.delete, sync_engine.restore):
        with pytest.raises(DocumentNotFoundError):
            operation(posts[1])
    assert posts[1].deleted_at is None
    sync_engine.delete(posts[2])
    assert sync_engine.remove(Post, hard=True) == 1
    assert sync_engine.remove(Post, hard=True, without="soft_delete") == 1
    assert raw_database["post"].count_documents({}) == 0


def test_what_was_never_saved_is_not_found(sync_engine, raw_database):
    post = Post(title="a")
    with pytest.raises(DocumentNotFoundError):
        sync_engine.delete(post)
    assert post.deleted_at is None
    sync_engine.save(post)
    sync_engine.save_all([post, Post(title="b")])
    assert raw_database["post"].count_documents({"deleted_at": None}) == 2


def test_many_are_removed(sync_engine, raw_database, commands):
    sync_engine.save_all([Post(title=str(n), views=n) for n in range(5)])
    commands.clear()
    assert sync_engine.remove(Post, Post.views < 2) == 2
    (sent,) = updates(commands)
    assert sent["multi"] is True
    assert sent["q"] == {"$and": ({"deleted_at": None}, {"views": {"$lt": 2}})}
    assert sync_engine.remove(Post, Post.views < 2) == 0
    assert sync_engine.remove(Post, just_one=True) == 1
    assert sync_engine.remove(Post) == 2
    assert sync_engine.count(Post) == 0
    assert raw_database["post"].count_documents({"deleted_at": {"$type": "date"}}) == 5


def test_saves_leave_it_deleted(sync_engine, raw_database):
    post = Post(title="a")
    sync_engine.save(post)
    copy_in_memory = sync_engine.find_one(Post)
    sync_engine.delete(post)
    post.title = "b"
    sync_engine.save(post)
    copy_in_memory.views = 5
    sync_engine.save(copy_in_memory)
    sync_engine.save_all([post, copy_in_memory, Post(title="c")])
    raw = raw_database["post"].find_one({"_id": post.id})
    assert (raw["title"], raw["views"], raw["deleted_at"]) == ("b", 5, post.deleted_at)


def test_other_changes_stay_unsaved(sync_engine, raw_database):
    post = Post(title="a")
    sync_engine.save(post)
    post.title = "b"
    sync_engine.delete(post)
    assert raw_database["post"].find_one()["title"] == "a"
    sync_engine.save(post)
    assert raw_database["post"].find_one()["title"] == "b"


def test_references_load_deleted_documents(sync_engine):
    comment = Comment(post=Post(title="a"))
    sync_engine.save(comment)
    sync_engine.delete(comment.post)
    assert sync_engine.find_one(Comment).post == comment.post
    assert [each.post for each in to_list(sync_engine.find(Comment))] == [comment.post]


def test_values_are_unique_among_live_documents(sync_engine, raw_database):
    class Account(Model):
        slug: str = Field(unique="live")
        deleted_at: Optional[datetime] = Field(default=None, key_name="d")
        model_config = {"soft_delete": "deleted_at"}

    sync_engine.configure_database([Account])
    sync_engine.configure_database([Account])
    index = raw_database["account"].index_information()["slug_1"]
    assert index["unique"] is True
    assert index["partialFilterExpression"] == {"d": None}
    first, second = Account(slug="a"), Account(slug="a")
    sync_engine.save(first)
    with pytest.raises(DuplicateKeyError):
        sync_engine.save(second)
    sync_engine.delete(first)
    sync_engine.save(second)
    with pytest.raises(DuplicateKeyError):
        sync_engine.restore(first)
    assert is_now(first.deleted_at)
    sync_engine.save(first)
    assert raw_database["account"].count_documents({"d": None}) == 1


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_rollback_undoes_it(sync_engine, raw_database, is_deleted):
    post = Post(title="a")
    sync_engine.save(post)
    if is_deleted:
        sync_engine.delete(post)
    before = post.deleted_at
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            if is_deleted:
                transaction.restore(post)
                assert transaction.count(Post) == 1
            else:
                transaction.delete(post)
                assert transaction.count(Post) == 0
                assert transaction.count(Post, without="soft_delete") == 1
            assert post.deleted_at != before
            raise KeyError
    assert post.deleted_at == before
    post.title = "b"
    sync_engine.save(post)
    raw = raw_database["post"].find_one()
    assert (raw["title"], raw["deleted_at"]) == ("b", before)


def test_a_rollback_undoes_several_steps(sync_engine, commands):
    post = Post(title="a")
    sync_engine.save(post)
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            transaction.delete(post)
            transaction.restore(post)
            transaction.delete(post)
            post.title = "b"
            transaction.save(post)
            raise KeyError
    assert post.deleted_at is None
    commands.clear()
    sync_engine.save(post)
    assert [each["u"] for each in updates(commands)] == [{"$set": {"title": "b"}}]


def test_what_the_program_wrote_stays_dirty(sync_engine, commands):
    post = Post(title="a")
    sync_engine.save(post)
    own = datetime(2020, 1, 1)
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            post.deleted_at = own
            transaction.save(post)
            transaction.delete(post)
            raise KeyError
    assert post.deleted_at == own
    commands.clear()
    sync_engine.save(post)
    assert [each["u"] for each in updates(commands)] == [{"$set": {"deleted_at": own}}]


def test_what_the_program_assigned_is_kept(sync_engine, commands):
    post = Post(title="a")
    sync_engine.save(post)
    own = datetime(2020, 1, 1)
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            transaction.delete(post)
            post.deleted_at = own
            raise KeyError
    assert post.deleted_at == own
    commands.clear()
    sync_engine.save(post)
    assert [each["u"] for each in updates(commands)] == [{"$set": {"deleted_at": own}}]


def test_a_retried_transaction_deletes_once_more(sync_engine, raw_database, fail_point):
    post = Post(title="a")
    sync_engine.save(post)
    seen = []

    def work(transaction):
        seen.append(post.deleted_at)
        transaction.delete(post)

    labels = ("TransientTransactionError",)
    with fail_point("commitTransaction", times=2, error_code=112, labels=labels):
        sync_engine.run_transaction(work)
    assert seen == [None] * 3
    assert raw_database["post"].find_one()["deleted_at"] == post.deleted_at


def test_a_failed_deletion_leaves_the_instance(sync_engine, commands, fail_point):
    post = Post(title="a")
    sync_engine.save(post)
    with fail_point("update", times=2, error_code=8000), pytest.raises(PyMongoError):
        sync_engine.delete(post)
    assert post.deleted_at is None
    commands.clear()
    sync_engine.save(post)
    assert commands.names == []


def test_frozen_models_are_deleted(sync_engine):
    class Fixed(Model):
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at", "frozen": True}

    fixed = Fixed()
    sync_engine.save(fixed)
    sync_engine.delete(fixed)
    assert is_now(fixed.deleted_at)
    assert sync_engine.count(Fixed) == 0


@pytest.mark.parametrize("how", ["type", "config"])
def test_aware_times_are_set_as_they_are_read(sync_engine, how):
    if how == "type":

        class Post(Model):
            deleted_at: Optional[AwareDatetime] = None
            model_config = {"soft_delete": "deleted_at"}

    else:

        class Post(Model):
            deleted_at: Optional[datetime] = None
            model_config = {"soft_delete": "deleted_at", "datetimes": "aware"}

    post = Post()
    sync_engine.save(post)
    sync_engine.delete(post)
    assert post.deleted_at.tzinfo is timezone.utc
    assert sync_engine.find_one(Post, without="soft_delete") == post
    assert sync_engine.remove(Post, hard=True, without="soft_delete") == 1


def test_keys_that_are_left_out_are_removed(sync_engine, raw_database):
    class Sparse(Model):
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at", "store_none": False}

    sparse = Sparse()
    sync_engine.save(sparse)
    assert sync_engine.count(Sparse) == 1
    sync_engine.delete(sparse)
    sync_engine.restore(sparse)
    assert raw_database["sparse"].find_one() == {"_id": sparse.id}


def test_stored_properties_follow(sync_engine, raw_database):
    class Page(Model):
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

        @stored()
        def is_live(self) -> bool:
            return self.deleted_at is None

    page = Page()
    sync_engine.save(page)
    sync_engine.delete(page)
    assert raw_database["page"].find_one()["is_live"] is False
    sync_engine.restore(page)
    assert raw_database["page"].find_one()["is_live"] is True
    with pytest.warns(
        StoredFieldsWarning, match="computes no stored properties of Page: is_live"
    ) as caught:
        assert sync_engine.remove(Page) == 1
    assert [each.filename for each in caught] == [__file__]
    assert sync_engine.remove(Page, hard=True, without="soft_delete") == 1


def test_subclasses_of_a_hierarchy_share_it(sync_engine, raw_database):
    class Animal(Model):
        name: str
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at", "inheritance": "single"}

    class Cat(Animal):
        pass

    animal, cat = Animal(name="a"), Cat(name="c")
    sync_engine.save_all([animal, cat])
    sync_engine.delete(cat)
    assert sync_engine.count(Animal) == 1
    assert sync_engine.count(Cat) == 0
    assert sync_engine.count(Cat, without="soft_delete") == 1
    sync_engine.restore(cat)
    assert sync_engine.remove(Cat) == 1
    assert sync_engine.count(Animal) == 1


def test_a_model_without_it_cannot_restore(sync_engine):
    gone = Gone(n=1)
    sync_engine.save(gone)
    with pytest.raises(TypeError, match="cannot restore a Gone: its deleted documents are gone"):
        sync_engine.restore(gone)
    assert sync_engine.count(Gone, without="soft_delete") == 1
    sync_engine.delete(gone, hard=True)
    assert sync_engine.count(Gone) == 0


def test_an_unknown_word_is_refused(sync_engine):
    for operation in (
        sync_engine.find,
        sync_engine.find_one,
        sync_engine.count,
        sync_engine.remove,
    ):
        with pytest.raises(ValueError, match="without= can be 'soft_delete'"):
            result = operation(Post, without="softdelete")
            result


def test_hooks_of_deletions_are_called(sync_engine, raw_database):
    seen = []

    class Page(Model):
        n: int = 0
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

        @hook("before_delete")
        def before(self, event: HookEvent) -> None:
            seen.append((event.operation, self.deleted_at))

        @hook("after_delete")
        def after(self) -> None:
            seen.append(self.deleted_at)

        @hook("before_query_write")
        @classmethod
        def query(cls, event: HookEvent) -> None:
            event.filter = {"n": {"$gt": 1}}

    pages = [Page(n=n) for n in range(4)]
    sync_engine.save_all(pages)
    sync_engine.delete(pages[0])
    sync_engine.delete(pages[2])
    assert seen == [("delete", None), pages[0].deleted_at, ("delete", None), pages[2].deleted_at]
    assert sync_engine.remove(Page) == 1
    assert {each["n"] for each in raw_database["page"].find({"deleted_at": None})} == {1}


@pytest.mark.parametrize("is_frozen", [False, True])
def test_deletions_are_updates_by_the_clock(sync_client, raw_database, is_frozen):
    times = iter(datetime(2024, 1, day) for day in range(1, 20))
    engine = SyncEngine(sync_client, raw_database.name, clock=lambda: next(times))

    class Page(Model):
        created: Optional[datetime] = Field(on_insert=utcnow)
        updated: Optional[datetime] = Field(on_update=utcnow, frozen=is_frozen)
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

    page, other = Page(), Page()
    engine.save(page)
    engine.save(other)
    engine.delete(page)
    assert page.deleted_at == page.updated == datetime(2024, 1, 3)
    engine.restore(page)
    assert (page.deleted_at, page.updated) == (None, datetime(2024, 1, 4))
    engine.save(page)
    assert engine.remove(Page) == 2
    for raw in raw_database["page"].find():
        assert raw["deleted_at"] == raw["updated"] == datetime(2024, 1, 5)
    with pytest.raises(KeyError):
        with engine.transaction() as transaction:
            transaction.restore(page)
            raise KeyError
    assert (page.deleted_at, page.updated) == (None, datetime(2024, 1, 4))
    assert raw_database["page"].count_documents({"deleted_at": None}) == 0


def test_a_value_that_is_not_valid_stops_it(sync_engine, raw_database):
    class Page(Model):
        by: Optional[str] = Field(on_update=lambda: given[0])
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

    given = ["a"]
    page = Page()
    sync_engine.save(page)
    given[0] = 5
    with pytest.raises(ValidationError):
        sync_engine.delete(page)
    with pytest.raises(ValidationError):
        sync_engine.remove(Page)
    assert page.deleted_at is None
    assert raw_database["page"].count_documents({"deleted_at": None}) == 1


def test_a_retried_transaction_may_save_what_it_deletes(sync_engine, raw_database, fail_point):
    class Page(Model):
        title: str
        updated: Optional[datetime] = Field(on_update=utcnow)
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

        @stored()
        def age(self) -> Optional[float]:
            now = datetime.now(timezone.utc).replace(tzinfo=None)
            return None if self.deleted_at is None else (now - self.deleted_at).total_seconds()

    page = Page(title="a")
    sync_engine.save(page)

    def work(transaction):
        transaction.delete(page)
        for title in "bc":
            page.title = title
            transaction.save(page)

    labels = ("TransientTransactionError",)
    with fail_point("commitTransaction", times=2, error_code=112, labels=labels):
        sync_engine.run_transaction(work)
    raw = raw_database["page"].find_one()
    assert (raw["title"], raw["deleted_at"]) == ("c", page.deleted_at)
