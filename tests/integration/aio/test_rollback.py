"""After a rollback the instances know that they are not saved."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
from pymongo.errors import PyMongoError
from tests.integration.aio.colour import resolve

from odmantic import EmbeddedModel, Model, Reference
from odmantic.exceptions import DuplicateKeyError
from odmantic.update import inc, set_


class User(Model):
    name: str
    email: str = ""


class Note(Model):
    title: str
    tags: list[str] = []


class Address(EmbeddedModel):
    city: str
    street: str = ""


class Shop(Model):
    name: str
    address: Address
    branches: list[Address] = []


class Publisher(Model):
    name: str


class Tally(Model):
    number: int = 0
    name: str = "a"
    note: str = ""


class Book(Model):
    title: str
    publisher: Publisher = Reference()


ALL = {"id", "name", "email"}


class _MineError(Exception):
    """Leaves a block."""


def _update_of(commands):
    """The one update that was sent, as what it sets."""
    (event,) = (event for event in commands.started if event.command_name == "update")
    (update,) = event.command["updates"]
    return update["u"]["$set"]


# --- Ways to end ------------------------------------------------------------------------------------


async def _by_abort(engine, work, fail_point):
    transaction = engine.transaction()
    await transaction.start()
    await work(transaction)
    await transaction.abort()


async def _by_end(engine, work, fail_point):
    transaction = engine.transaction()
    await transaction.start()
    await work(transaction)
    await transaction.end()


async def _by_exception(engine, work, fail_point):
    with pytest.raises(_MineError):
        async with engine.transaction() as transaction:
            await work(transaction)
            raise _MineError


async def _by_keyboard_interrupt(engine, work, fail_point):
    with pytest.raises(KeyboardInterrupt):
        async with engine.transaction() as transaction:
            await work(transaction)
            raise KeyboardInterrupt


async def _by_failed_commit(engine, work, fail_point):
    transaction = engine.transaction()
    await transaction.start()
    await work(transaction)
    with fail_point("commitTransaction", error_code=251, times=1):
        with pytest.raises(PyMongoError):
            await transaction.commit()


async def _by_failed_exit(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(PyMongoError):
            async with engine.transaction() as transaction:
                await work(transaction)


async def _by_abandoned_commit(engine, work, fail_point):
    transaction = engine.transaction()
    await transaction.start()
    await work(transaction)
    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(PyMongoError):
            await transaction.commit()
    await transaction.abort()


async def _by_failed_operation(engine, work, fail_point):
    with pytest.raises(PyMongoError):
        async with engine.transaction() as transaction:
            await work(transaction)
            with fail_point("aggregate", error_code=8000, times=1):
                await transaction.count(User)


async def _by_ended_session(engine, work, fail_point):
    async with engine.session() as session:
        transaction = session.transaction()
        await transaction.start()
        await work(transaction)


_ENDINGS = [
    _by_abort,
    _by_end,
    _by_exception,
    _by_keyboard_interrupt,
    _by_failed_commit,
    _by_failed_exit,
    _by_abandoned_commit,
    _by_failed_operation,
    _by_ended_session,
]
EVERY_ENDING = pytest.mark.parametrize(
    "roll_back", _ENDINGS, ids=[ending.__name__[4:] for ending in _ENDINGS]
)


@EVERY_ENDING
async def test_a_new_instance_is_stored_completely_afterwards(
    aio_engine, raw_database, fail_point, roll_back
):
    user = User(name="Ada", email="a@x")

    async def work(transaction):
        await transaction.save(user)
        assert user.__fields_modified__ == set()

    await roll_back(aio_engine, work, fail_point)

    assert user.__fields_modified__ == ALL
    assert raw_database["user"].count_documents({}) == 0
    await aio_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": "a@x"}
    assert user.__fields_modified__ == set()


@EVERY_ENDING
@pytest.mark.each_driver
async def test_a_change_is_written_again_afterwards_and_nothing_else(
    aio_engine, raw_database, fail_point, commands, roll_back
):
    user = await aio_engine.save(User(name="Ada", email="a@x"))
    user.name = "Grace"

    async def work(transaction):
        await transaction.save(user)

    await roll_back(aio_engine, work, fail_point)

    assert user.name == "Grace"
    assert user.__fields_modified__ == {"name"}
    assert raw_database["user"].find_one()["name"] == "Ada"
    commands.clear()
    await aio_engine.save(user)
    assert _update_of(commands) == {"name": "Grace"}
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Grace", "email": "a@x"}


@EVERY_ENDING
async def test_a_deleted_instance_is_as_before(
    aio_engine, raw_database, fail_point, commands, roll_back
):
    clean = await aio_engine.save(User(name="Ada"))
    dirty = await aio_engine.save(User(name="Bob"))
    dirty.name = "Rob"

    async def work(transaction):
        await transaction.delete(clean)
        await transaction.delete(dirty)
        assert clean.__fields_modified__ == ALL

    await roll_back(aio_engine, work, fail_point)

    is_unknown = roll_back in {_by_failed_exit, _by_abandoned_commit}
    assert clean.__fields_modified__ == (ALL if is_unknown else set())
    assert dirty.__fields_modified__ == (ALL if is_unknown else {"name"})
    commands.clear()
    await aio_engine.save_all([clean, dirty])
    assert is_unknown or _update_of(commands) == {"name": "Rob"}
    assert sorted(raw_database["user"].distinct("name")) == ["Ada", "Rob"]


# --- Ways to save -----------------------------------------------------------------------------------


async def _save(engine, transaction, instance):
    await transaction.save(instance)


async def _save_all(engine, transaction, instance):
    await transaction.save_all([instance])


async def _engine_save(engine, transaction, instance):
    await engine.save(instance, session=transaction)


async def _engine_save_all(engine, transaction, instance):
    await engine.save_all([instance], session=transaction)


async def _driver_session(engine, transaction, instance):
    await engine.save(instance, session=transaction.get_driver_session())


async def _enclosing_session(engine, transaction, instance):
    await transaction.session.save(instance)


async def _engine_save_in_enclosing_session(engine, transaction, instance):
    await engine.save(instance, session=transaction.session)


async def _other_engine(engine, transaction, instance):
    other = type(engine)(engine.client, engine.database_name)
    await other.save(instance, session=transaction)


_SAVES = [
    _save,
    _save_all,
    _engine_save,
    _engine_save_all,
    _driver_session,
    _enclosing_session,
    _engine_save_in_enclosing_session,
    _other_engine,
]


@pytest.mark.parametrize("own_session", [True, False], ids=["own session", "given session"])
@pytest.mark.parametrize("save", _SAVES, ids=[save.__name__[1:] for save in _SAVES])
async def test_every_way_to_save_is_covered(aio_engine, raw_database, save, own_session):
    user = User(name="Ada")
    session = aio_engine.session()
    if not own_session:
        await session.start()
    with pytest.raises(_MineError):
        async with aio_engine.transaction() if own_session else session.transaction() as running:
            await save(aio_engine, running, user)
            assert user.__fields_modified__ == set()
            raise _MineError
    if not own_session:
        await session.end()

    assert user.__fields_modified__ == ALL
    await aio_engine.save(user)
    assert raw_database["user"].count_documents({"name": "Ada", "email": ""}) == 1


@pytest.mark.each_driver
async def test_an_instance_saved_in_a_transaction_of_the_driver_counts_as_saved(aio_engine):
    user = User(name="Ada")
    raw = await resolve(aio_engine.client.start_session())
    async with raw:
        await resolve(raw.start_transaction())
        await aio_engine.save(user, session=raw)
        await resolve(raw.abort_transaction())

    assert user.__fields_modified__ == set()


async def test_a_committed_instance_counts_as_saved(aio_engine, commands):
    user = User(name="Ada")
    async with aio_engine.transaction() as transaction:
        await transaction.save(user)
        commands.clear()
        await transaction.save(user)
        assert commands.started == []
    commands.clear()
    await aio_engine.save(user)

    assert user.__fields_modified__ == set()
    assert commands.started == []


async def test_a_second_save_in_the_transaction_sends_only_what_is_new(aio_engine, commands):
    user = User(name="Ada")
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(user)
            user.email = "a@x"
            commands.clear()
            await transaction.save(user)
            assert _update_of(commands) == {"email": "a@x"}
            raise _MineError
    assert user.__fields_modified__ == ALL


async def test_written_names_are_united_with_those_modified_since(aio_engine):
    user = await aio_engine.save(User(name="Ada"))
    user.name = "Grace"
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(user)
            user.email = "g@x"
            raise _MineError

    assert user.__fields_modified__ == {"name", "email"}
    assert (user.name, user.email) == ("Grace", "g@x")


async def test_an_instance_that_was_only_in_the_transaction_is_saved_by_the_next_one(
    aio_engine, raw_database
):
    user = User(name="Ada")
    transaction = aio_engine.transaction()
    for _ in range(3):
        with pytest.raises(_MineError):
            async with transaction:
                await transaction.save(user)
                raise _MineError
    async with transaction:
        await transaction.save(user)

    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": ""}


async def test_a_rollback_does_not_touch_what_an_earlier_run_has_committed(aio_engine, commands):
    user = User(name="Ada")
    transaction = aio_engine.transaction()
    async with transaction:
        await transaction.save(user)
    with pytest.raises(_MineError):
        async with transaction:
            await transaction.save(User(name="Bob"))
            raise _MineError

    assert user.__fields_modified__ == set()


async def test_a_failed_operation_keeps_its_own_names(aio_engine, raw_database):
    raw_database["user"].create_index("email", unique=True)
    raw_database["user"].insert_one({"name": "Eve", "email": "taken"})
    saved, refused = User(name="Ada", email="free"), User(name="Bob", email="taken")
    with pytest.raises(DuplicateKeyError):
        async with aio_engine.transaction() as transaction:
            await transaction.save_all([saved, refused])

    assert saved.__fields_modified__ == refused.__fields_modified__ == ALL
    refused.email = "other"
    await aio_engine.save_all([saved, refused])
    assert raw_database["user"].count_documents({}) == 3


# --- Mutable fields ---------------------------------------------------------------------------------


async def test_a_new_instance_with_a_list_is_stored_completely(aio_engine, raw_database):
    note = Note(title="shopping", tags=["milk"])
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(note)
            raise _MineError
    await aio_engine.save(note)

    assert raw_database["note"].find_one() == {
        "_id": note.id,
        "title": "shopping",
        "tags": ["milk"],
    }


async def test_a_list_changed_in_place_is_written_again(aio_engine, raw_database, commands):
    note = await aio_engine.save(Note(title="shopping"))
    note.tags.append("milk")
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(note)
            raise _MineError
    commands.clear()
    await aio_engine.save(note)

    assert _update_of(commands) == {"tags": ["milk"]}
    assert raw_database["note"].find_one()["tags"] == ["milk"]


async def test_a_list_changed_back_after_the_rollback_is_still_right(aio_engine, raw_database):
    note = await aio_engine.save(Note(title="shopping", tags=["milk"]))
    note.tags.append("tea")
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(note)
            note.tags.remove("milk")
            raise _MineError
    await aio_engine.save(note)

    assert raw_database["note"].find_one()["tags"] == ["tea"]


async def test_a_list_changed_before_the_deletion_is_written_after_the_rollback(
    aio_engine, raw_database
):
    note = await aio_engine.save(Note(title="shopping", tags=["milk"]))
    note.tags.append("tea")
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.delete(note)
            raise _MineError
    await aio_engine.save(note)

    assert raw_database["note"].find_one()["tags"] == ["milk", "tea"]


async def test_embedded_objects_are_restored_with_their_instance(aio_engine, raw_database):
    shop = Shop(name="Tea", address=Address(city="Oslo"), branches=[Address(city="Rome")])
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(shop)
            assert shop.address.__fields_modified__ == set()
            raise _MineError

    assert shop.__fields_modified__ == {"id", "name", "address", "branches"}
    assert shop.address.__fields_modified__ == {"city", "street"}
    assert shop.branches[0].__fields_modified__ == {"city", "street"}
    await aio_engine.save(shop)
    assert raw_database["shop"].find_one() == {
        "_id": shop.id,
        "name": "Tea",
        "address": {"city": "Oslo", "street": ""},
        "branches": [{"city": "Rome", "street": ""}],
    }


# --- References -------------------------------------------------------------------------------------


async def test_referenced_instances_are_restored_as_well(aio_engine, raw_database):
    book = Book(title="Tea", publisher=Publisher(name="Leaf"))
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(book)
            assert book.publisher.__fields_modified__ == set()
            raise _MineError

    assert book.__fields_modified__ == {"id", "title", "publisher"}
    assert book.publisher.__fields_modified__ == {"id", "name"}
    await aio_engine.save(book)
    assert raw_database["publisher"].find_one() == {"_id": book.publisher.id, "name": "Leaf"}
    assert (await aio_engine.find_one(Book)).publisher.name == "Leaf"


async def test_a_change_of_a_referenced_instance_is_written_again(aio_engine, raw_database):
    book = await aio_engine.save(Book(title="Tea", publisher=Publisher(name="Leaf")))
    book.publisher.name = "Blossom"
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(book)
            raise _MineError

    assert book.__fields_modified__ == set()
    assert book.publisher.__fields_modified__ == {"name"}
    await aio_engine.save(book)
    assert raw_database["publisher"].find_one()["name"] == "Blossom"


# --- Deletions --------------------------------------------------------------------------------------


async def test_a_committed_deletion_makes_the_next_save_insert_everything(aio_engine, raw_database):
    user = await aio_engine.save(User(name="Ada"))
    async with aio_engine.transaction() as transaction:
        await transaction.delete(user)

    assert user.__fields_modified__ == ALL
    await aio_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": ""}


async def test_an_instance_saved_and_deleted_in_the_transaction_is_new_again(
    aio_engine, raw_database
):
    user = User(name="Ada")
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(user)
            await transaction.delete(user)
            raise _MineError

    assert user.__fields_modified__ == ALL
    await aio_engine.save(user)
    assert raw_database["user"].count_documents({"name": "Ada", "email": ""}) == 1


async def test_an_instance_deleted_and_saved_in_the_transaction_keeps_its_document(
    aio_engine, raw_database
):
    user = await aio_engine.save(User(name="Ada", email="a@x"))
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.delete(user)
            user.name = "Grace"
            await transaction.save(user)
            raise _MineError
    await aio_engine.save(user)

    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Grace", "email": "a@x"}


async def test_a_change_made_after_the_deletion_is_not_lost(aio_engine, raw_database):
    user = await aio_engine.save(User(name="Ada", email="a@x"))
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.delete(user)
            user.name = "Grace"
            raise _MineError

    assert user.__fields_modified__ == {"name"}
    await aio_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Grace", "email": "a@x"}


# --- Reads ------------------------------------------------------------------------------------------


async def test_an_instance_that_was_only_read_is_not_touched(aio_engine):
    await aio_engine.save(User(name="Ada"))
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            found = await transaction.find_one(User)
            await transaction.save(User(name="Bob"))
            raise _MineError

    assert found.__fields_modified__ == set()


async def test_an_instance_read_after_its_document_was_written_is_wholly_dirty(
    aio_engine, raw_database
):
    user = await aio_engine.save(User(name="Ada"))
    user.name = "Grace"
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(user)
            found = await transaction.find_one(User, User.id == user.id)
            assert found.name == "Grace"
            assert found.__fields_modified__ == set()
            raise _MineError

    assert found.__fields_modified__ == ALL
    await aio_engine.save(found)
    assert raw_database["user"].find_one()["name"] == "Grace"


async def test_a_reference_read_after_its_document_was_written_is_wholly_dirty(aio_engine):
    book = await aio_engine.save(Book(title="Tea", publisher=Publisher(name="Leaf")))
    publisher = book.publisher
    publisher.name = "Blossom"
    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(publisher)
            (found,) = [found async for found in transaction.find(Book)]
            raise _MineError

    assert found.__fields_modified__ == set()
    assert found.publisher.__fields_modified__ == {"id", "name"}


async def test_an_instance_read_after_a_committed_write_is_clean(aio_engine):
    user = User(name="Ada")
    async with aio_engine.transaction() as transaction:
        await transaction.save(user)
        found = await transaction.find_one(User)

    assert found.__fields_modified__ == set()


# --- Memory -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["commit", "abort", "failed operation", "failed commit"])
@pytest.mark.each_driver
async def test_a_finished_transaction_keeps_no_instance_alive(aio_engine, fail_point, ending):
    transaction = aio_engine.transaction()

    async def run():
        user, deleted = User(name="Ada"), await aio_engine.save(User(name="Bob"))
        await transaction.start()
        await transaction.save(user)
        await transaction.delete(deleted)
        found = await transaction.find_one(User)
        references = [weakref.ref(each) for each in (user, deleted, found)]
        if ending == "failed operation":
            with fail_point("update", error_code=8000, times=1):
                with pytest.raises(PyMongoError):
                    await transaction.save(User(name="Cy"))
            await transaction.abort()
        elif ending == "failed commit":
            with fail_point("commitTransaction", error_code=8000, times=1):
                with pytest.raises(PyMongoError):
                    await transaction.commit()
        else:
            await getattr(transaction, ending)()
        return references

    references = await run()
    gc.collect()

    assert [reference() for reference in references] == [None, None, None]


# --- Writes by query ------------------------------------------------------------------------------


async def _update_many(transaction, tally):
    await transaction.update_many(Tally, {}, inc(Tally.number, 1), set_(Tally.name, "b"))
    assert tally.number == 5


async def _update_one(transaction, tally):
    await transaction.update_one(Tally, Tally.id == tally.id, inc(Tally.number, 1))


async def _save_and_update_many(transaction, tally):
    tally.name = "c"
    await transaction.save(tally)
    await transaction.update_many(Tally, {}, inc(Tally.number, 1))


@pytest.mark.parametrize("write", [_update_many, _update_one, _save_and_update_many])
async def test_what_was_read_after_a_write_by_query_is_sent_only_if_it_is_assigned(
    aio_engine, raw_database, commands, write
):
    tally = await aio_engine.save(Tally(number=5))
    transaction = aio_engine.transaction()
    await transaction.start()
    await write(transaction, tally)
    found = await transaction.find_one(Tally)
    copied = copy.copy(found)
    assert found.number == 6
    await transaction.abort()
    raw_database["tally"].update_one({}, {"$inc": {"number": 10}})
    commands.started.clear()

    await aio_engine.save_all([found, copied])
    assert commands.started == []
    found.note = "n"
    await aio_engine.save(found)

    assert _update_of(commands) == {"note": "n"}
    (stored,) = raw_database["tally"].find({})
    assert stored == {"_id": tally.id, "number": 15, "name": "a", "note": "n"}
