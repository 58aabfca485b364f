"""Soft deletion: what operations see, set and send, and what rollbacks leave."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional

import pytest
from pydantic import AwareDatetime, ValidationError
from pymongo.errors import PyMongoError
from tests.integration.aio.reading import to_list

from odmantic import AIOEngine, Field, HookEvent, Model, Reference, hook, stored, utcnow
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


@pytest.mark.each_driver
async def test_a_deletion_sets_the_time(aio_engine, raw_database, commands):
    post, other = Post(title="a"), Post(title="b")
    await aio_engine.save_all([post, other])
    commands.clear()
    await aio_engine.delete(post)
    assert is_now(post.deleted_at)
    (sent,) = updates(commands)
    assert sent["q"] == {"_id": post.id}
    assert sent["u"] == {"$set": {"deleted_at": post.deleted_at}}
    commands.clear()
    await aio_engine.save(post)
    assert commands.names == []
    assert raw_database["post"].find_one({"title": "a"})["deleted_at"] == post.deleted_at

    assert await to_list(aio_engine.find(Post)) == [other]
    assert await aio_engine.find_one(Post, Post.title == "a") is None
    assert await aio_engine.count(Post) == 1
    assert await to_list(aio_engine.find(Post, without="soft_delete", sort=Post.title)) == [
        post, other,
    ]  # fmt: skip
    assert await aio_engine.find_one(Post, Post.title == "a", without="soft_delete") == post
    assert await aio_engine.count(Post, without=("soft_delete",)) == 2
    assert await aio_engine.count(Post, {"$or": [{}, {"title": "a"}]}) == 1


@pytest.mark.each_driver
async def test_a_deletion_is_undone(aio_engine, raw_database):
    post = Post(title="a")
    await aio_engine.save(post)
    await aio_engine.delete(post)
    await aio_engine.restore(post)
    assert post.deleted_at is None
    assert raw_database["post"].find_one()["deleted_at"] is None
    assert await aio_engine.find_one(Post) == post
    await aio_engine.restore(post)
    assert await aio_engine.count(Post) == 1


async def test_a_hard_deletion_deletes(aio_engine, raw_database):
    posts = [Post(title=str(n)) for n in range(4)]
    await aio_engine.save_all(posts)
    await aio_engine.delete(posts[0])
    await aio_engine.delete(posts[0], hard=True)
    await aio_engine.delete(posts[1], hard=True)
    assert raw_database["post"].count_documents({}) == 2
    for operation in (aio_engine.delete, aio_engine.restore):
        with pytest.raises(DocumentNotFoundError):
            await operation(posts[1])
    assert posts[1].deleted_at is None
    await aio_engine.delete(posts[2])
    assert await aio_engine.remove(Post, hard=True) == 1
    assert await aio_engine.remove(Post, hard=True, without="soft_delete") == 1
    assert raw_database["post"].count_documents({}) == 0


async def test_what_was_never_saved_is_not_found(aio_engine, raw_database):
    post = Post(title="a")
    with pytest.raises(DocumentNotFoundError):
        await aio_engine.delete(post)
    assert post.deleted_at is None
    await aio_engine.save(post)
    await aio_engine.save_all([post, Post(title="b")])
    assert raw_database["post"].count_documents({"deleted_at": None}) == 2


async def test_many_are_removed(aio_engine, raw_database, commands):
    await aio_engine.save_all([Post(title=str(n), views=n) for n in range(5)])
    commands.clear()
    assert await aio_engine.remove(Post, Post.views < 2) == 2
    (sent,) = updates(commands)
    assert sent["multi"] is True
    assert sent["q"] == {"$and": ({"deleted_at": None}, {"views": {"$lt": 2}})}
    assert await aio_engine.remove(Post, Post.views < 2) == 0
    assert await aio_engine.remove(Post, just_one=True) == 1
    assert await aio_engine.remove(Post) == 2
    assert await aio_engine.count(Post) == 0
    assert raw_database["post"].count_documents({"deleted_at": {"$type": "date"}}) == 5


async def test_saves_leave_it_deleted(aio_engine, raw_database):
    post = Post(title="a")
    await aio_engine.save(post)
    copy_in_memory = await aio_engine.find_one(Post)
    await aio_engine.delete(post)
    post.title = "b"
    await aio_engine.save(post)
    copy_in_memory.views = 5
    await aio_engine.save(copy_in_memory)
    await aio_engine.save_all([post, copy_in_memory, Post(title="c")])
    raw = raw_database["post"].find_one({"_id": post.id})
    assert (raw["title"], raw["views"], raw["deleted_at"]) == ("b", 5, post.deleted_at)


async def test_other_changes_stay_unsaved(aio_engine, raw_database):
    post = Post(title="a")
    await aio_engine.save(post)
    post.title = "b"
    await aio_engine.delete(post)
    assert raw_database["post"].find_one()["title"] == "a"
    await aio_engine.save(post)
    assert raw_database["post"].find_one()["title"] == "b"


async def test_references_load_deleted_documents(aio_engine):
    comment = Comment(post=Post(title="a"))
    await aio_engine.save(comment)
    await aio_engine.delete(comment.post)
    assert (await aio_engine.find_one(Comment)).post == comment.post
    assert [each.post for each in await to_list(aio_engine.find(Comment))] == [comment.post]


async def test_values_are_unique_among_live_documents(aio_engine, raw_database):
    class Account(Model):
        slug: str = Field(unique="live")
        deleted_at: Optional[datetime] = Field(default=None, key_name="d")
        model_config = {"soft_delete": "deleted_at"}

    await aio_engine.configure_database([Account])
    await aio_engine.configure_database([Account])
    index = raw_database["account"].index_information()["slug_1"]
    assert index["unique"] is True
    assert index["partialFilterExpression"] == {"d": None}
    first, second = Account(slug="a"), Account(slug="a")
    await aio_engine.save(first)
    with pytest.raises(DuplicateKeyError):
        await aio_engine.save(second)
    await aio_engine.delete(first)
    await aio_engine.save(second)
    with pytest.raises(DuplicateKeyError):
        await aio_engine.restore(first)
    assert is_now(first.deleted_at)
    await aio_engine.save(first)
    assert raw_database["account"].count_documents({"d": None}) == 1


@pytest.mark.each_driver
@pytest.mark.parametrize("is_deleted", [False, True])
async def test_a_rollback_undoes_it(aio_engine, raw_database, is_deleted):
    post = Post(title="a")
    await aio_engine.save(post)
    if is_deleted:
        await aio_engine.delete(post)
    before = post.deleted_at
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            if is_deleted:
                await transaction.restore(post)
                assert await transaction.count(Post) == 1
            else:
                await transaction.delete(post)
                assert await transaction.count(Post) == 0
                assert await transaction.count(Post, without="soft_delete") == 1
            assert post.deleted_at != before
            raise KeyError
    assert post.deleted_at == before
    post.title = "b"
    await aio_engine.save(post)
    raw = raw_database["post"].find_one()
    assert (raw["title"], raw["deleted_at"]) == ("b", before)


async def test_a_rollback_undoes_several_steps(aio_engine, commands):
    post = Post(title="a")
    await aio_engine.save(post)
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            await transaction.delete(post)
            await transaction.restore(post)
            await transaction.delete(post)
            post.title = "b"
            await transaction.save(post)
            raise KeyError
    assert post.deleted_at is None
    commands.clear()
    await aio_engine.save(post)
    assert [each["u"] for each in updates(commands)] == [{"$set": {"title": "b"}}]


async def test_what_the_program_wrote_stays_dirty(aio_engine, commands):
    post = Post(title="a")
    await aio_engine.save(post)
    own = datetime(2020, 1, 1)
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            post.deleted_at = own
            await transaction.save(post)
            await transaction.delete(post)
            raise KeyError
    assert post.deleted_at == own
    commands.clear()
    await aio_engine.save(post)
    assert [each["u"] for each in updates(commands)] == [{"$set": {"deleted_at": own}}]


async def test_what_the_program_assigned_is_kept(aio_engine, commands):
    post = Post(title="a")
    await aio_engine.save(post)
    own = datetime(2020, 1, 1)
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            await transaction.delete(post)
            post.deleted_at = own
            raise KeyError
    assert post.deleted_at == own
    commands.clear()
    await aio_engine.save(post)
    assert [each["u"] for each in updates(commands)] == [{"$set": {"deleted_at": own}}]


async def test_a_retried_transaction_deletes_once_more(aio_engine, raw_database, fail_point):
    post = Post(title="a")
    await aio_engine.save(post)
    seen = []

    async def work(transaction):
        seen.append(post.deleted_at)
        await transaction.delete(post)

    labels = ("TransientTransactionError",)
    with fail_point("commitTransaction", times=2, error_code=112, labels=labels):
        await aio_engine.run_transaction(work)
    assert seen == [None] * 3
    assert raw_database["post"].find_one()["deleted_at"] == post.deleted_at


async def test_a_failed_deletion_leaves_the_instance(aio_engine, commands, fail_point):
    post = Post(title="a")
    await aio_engine.save(post)
    with fail_point("update", times=2, error_code=8000), pytest.raises(PyMongoError):
        await aio_engine.delete(post)
    assert post.deleted_at is None
    commands.clear()
    await aio_engine.save(post)
    assert commands.names == []


async def test_frozen_models_are_deleted(aio_engine):
    class Fixed(Model):
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at", "frozen": True}

    fixed = Fixed()
    await aio_engine.save(fixed)
    await aio_engine.delete(fixed)
    assert is_now(fixed.deleted_at)
    assert await aio_engine.count(Fixed) == 0


@pytest.mark.parametrize("how", ["type", "config"])
async def test_aware_times_are_set_as_they_are_read(aio_engine, how):
    if how == "type":

        class Post(Model):
            deleted_at: Optional[AwareDatetime] = None
            model_config = {"soft_delete": "deleted_at"}

    else:

        class Post(Model):
            deleted_at: Optional[datetime] = None
            model_config = {"soft_delete": "deleted_at", "datetimes": "aware"}

    post = Post()
    await aio_engine.save(post)
    await aio_engine.delete(post)
    assert post.deleted_at.tzinfo is timezone.utc
    assert await aio_engine.find_one(Post, without="soft_delete") == post
    assert await aio_engine.remove(Post, hard=True, without="soft_delete") == 1


async def test_keys_that_are_left_out_are_removed(aio_engine, raw_database):
    class Sparse(Model):
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at", "store_none": False}

    sparse = Sparse()
    await aio_engine.save(sparse)
    assert await aio_engine.count(Sparse) == 1
    await aio_engine.delete(sparse)
    await aio_engine.restore(sparse)
    assert raw_database["sparse"].find_one() == {"_id": sparse.id}


async def test_stored_properties_follow(aio_engine, raw_database):
    class Page(Model):
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

        @stored()
        def is_live(self) -> bool:
            return self.deleted_at is None

    page = Page()
    await aio_engine.save(page)
    await aio_engine.delete(page)
    assert raw_database["page"].find_one()["is_live"] is False
    await aio_engine.restore(page)
    assert raw_database["page"].find_one()["is_live"] is True
    with pytest.warns(
        StoredFieldsWarning, match="computes no stored properties of Page: is_live"
    ) as caught:
        assert await aio_engine.remove(Page) == 1
    assert [each.filename for each in caught] == [__file__]
    assert await aio_engine.remove(Page, hard=True, without="soft_delete") == 1


async def test_subclasses_of_a_hierarchy_share_it(aio_engine, raw_database):
    class Animal(Model):
        name: str
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at", "inheritance": "single"}

    class Cat(Animal):
        pass

    animal, cat = Animal(name="a"), Cat(name="c")
    await aio_engine.save_all([animal, cat])
    await aio_engine.delete(cat)
    assert await aio_engine.count(Animal) == 1
    assert await aio_engine.count(Cat) == 0
    assert await aio_engine.count(Cat, without="soft_delete") == 1
    await aio_engine.restore(cat)
    assert await aio_engine.remove(Cat) == 1
    assert await aio_engine.count(Animal) == 1


async def test_a_model_without_it_cannot_restore(aio_engine):
    gone = Gone(n=1)
    await aio_engine.save(gone)
    with pytest.raises(TypeError, match="cannot restore a Gone: its deleted documents are gone"):
        await aio_engine.restore(gone)
    assert await aio_engine.count(Gone, without="soft_delete") == 1
    await aio_engine.delete(gone, hard=True)
    assert await aio_engine.count(Gone) == 0


async def test_an_unknown_word_is_refused(aio_engine):
    for operation in (aio_engine.find, aio_engine.find_one, aio_engine.count, aio_engine.remove):
        with pytest.raises(ValueError, match="without= can be 'soft_delete'"):
            result = operation(Post, without="softdelete")
            await result


async def test_hooks_of_deletions_are_called(aio_engine, raw_database):
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
    await aio_engine.save_all(pages)
    await aio_engine.delete(pages[0])
    await aio_engine.delete(pages[2])
    assert seen == [("delete", None), pages[0].deleted_at, ("delete", None), pages[2].deleted_at]
    assert await aio_engine.remove(Page) == 1
    assert {each["n"] for each in raw_database["page"].find({"deleted_at": None})} == {1}


@pytest.mark.parametrize("is_frozen", [False, True])
async def test_deletions_are_updates_by_the_clock(async_client, raw_database, is_frozen):
    times = iter(datetime(2024, 1, day) for day in range(1, 20))
    engine = AIOEngine(async_client, raw_database.name, clock=lambda: next(times))

    class Page(Model):
        created: Optional[datetime] = Field(on_insert=utcnow)
        updated: Optional[datetime] = Field(on_update=utcnow, frozen=is_frozen)
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

    page, other = Page(), Page()
    await engine.save(page)
    await engine.save(other)
    await engine.delete(page)
    assert page.deleted_at == page.updated == datetime(2024, 1, 3)
    await engine.restore(page)
    assert (page.deleted_at, page.updated) == (None, datetime(2024, 1, 4))
    await engine.save(page)
    assert await engine.remove(Page) == 2
    for raw in raw_database["page"].find():
        assert raw["deleted_at"] == raw["updated"] == datetime(2024, 1, 5)
    with pytest.raises(KeyError):
        async with engine.transaction() as transaction:
            await transaction.restore(page)
            raise KeyError
    assert (page.deleted_at, page.updated) == (None, datetime(2024, 1, 4))
    assert raw_database["page"].count_documents({"deleted_at": None}) == 0


async def test_a_value_that_is_not_valid_stops_it(aio_engine, raw_database):
    class Page(Model):
        by: Optional[str] = Field(on_update=lambda: given[0])
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at"}

    given = ["a"]
    page = Page()
    await aio_engine.save(page)
    given[0] = 5
    with pytest.raises(ValidationError):
        await aio_engine.delete(page)
    with pytest.raises(ValidationError):
        await aio_engine.remove(Page)
    assert page.deleted_at is None
    assert raw_database["page"].count_documents({"deleted_at": None}) == 1


async def test_a_retried_transaction_may_save_what_it_deletes(aio_engine, raw_database, fail_point):
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
    await aio_engine.save(page)

    async def work(transaction):
        await transaction.delete(page)
        for title in "bc":
            page.title = title
            await transaction.save(page)

    labels = ("TransientTransactionError",)
    with fail_point("commitTransaction", times=2, error_code=112, labels=labels):
        await aio_engine.run_transaction(work)
    raw = raw_database["page"].find_one()
    assert (raw["title"], raw["deleted_at"]) == ("c", page.deleted_at)
