# Generated from tests/integration/aio/test_rollback.py by tools/generate_sync.py: do not edit.
"""After a rollback the instances know that they are not saved."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
from pymongo.errors import PyMongoError

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


def _by_abort(engine, work, fail_point):
    transaction = engine.transaction()
    transaction.start()
    work(transaction)
    transaction.abort()


def _by_end(engine, work, fail_point):
    transaction = engine.transaction()
    transaction.start()
    work(transaction)
    transaction.end()


def _by_exception(engine, work, fail_point):
    with pytest.raises(_MineError):
        with engine.transaction() as transaction:
            work(transaction)
            raise _MineError


def _by_keyboard_interrupt(engine, work, fail_point):
    with pytest.raises(KeyboardInterrupt):
        with engine.transaction() as transaction:
            work(transaction)
            raise KeyboardInterrupt


def _by_failed_commit(engine, work, fail_point):
    transaction = engine.transaction()
    transaction.start()
    work(transaction)
    with fail_point("commitTransaction", error_code=251, times=1):
        with pytest.raises(PyMongoError):
            transaction.commit()


def _by_failed_exit(engine, work, fail_point):
    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(PyMongoError):
            with engine.transaction() as transaction:
                work(transaction)


def _by_abandoned_commit(engine, work, fail_point):
    transaction = engine.transaction()
    transaction.start()
    work(transaction)
    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(PyMongoError):
            transaction.commit()
    transaction.abort()


def _by_failed_operation(engine, work, fail_point):
    with pytest.raises(PyMongoError):
        with engine.transaction() as transaction:
            work(transaction)
            with fail_point("aggregate", error_code=8000, times=1):
                transaction.count(User)


def _by_ended_session(engine, work, fail_point):
    with engine.session() as session:
        transaction = session.transaction()
        transaction.start()
        work(transaction)


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
def test_a_new_instance_is_stored_completely_afterwards(
    sync_engine, raw_database, fail_point, roll_back
):
    user = User(name="Ada", email="a@x")

    def work(transaction):
        transaction.save(user)
        assert user.__fields_modified__ == set()

    roll_back(sync_engine, work, fail_point)

    assert user.__fields_modified__ == ALL
    assert raw_database["user"].count_documents({}) == 0
    sync_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": "a@x"}
    assert user.__fields_modified__ == set()


@EVERY_ENDING
def test_a_change_is_written_again_afterwards_and_nothing_else(
    sync_engine, raw_database, fail_point, commands, roll_back
):
    user = sync_engine.save(User(name="Ada", email="a@x"))
    user.name = "Grace"

    def work(transaction):
        transaction.save(user)

    roll_back(sync_engine, work, fail_point)

    assert user.name == "Grace"
    assert user.__fields_modified__ == {"name"}
    assert raw_database["user"].find_one()["name"] == "Ada"
    commands.clear()
    sync_engine.save(user)
    assert _update_of(commands) == {"name": "Grace"}
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Grace", "email": "a@x"}


@EVERY_ENDING
def test_a_deleted_instance_is_as_before(
    sync_engine, raw_database, fail_point, commands, roll_back
):
    clean = sync_engine.save(User(name="Ada"))
    dirty = sync_engine.save(User(name="Bob"))
    dirty.name = "Rob"

    def work(transaction):
        transaction.delete(clean)
        transaction.delete(dirty)
        assert clean.__fields_modified__ == ALL

    roll_back(sync_engine, work, fail_point)

    is_unknown = roll_back in {_by_failed_exit, _by_abandoned_commit}
    assert clean.__fields_modified__ == (ALL if is_unknown else set())
    assert dirty.__fields_modified__ == (ALL if is_unknown else {"name"})
    commands.clear()
    sync_engine.save_all([clean, dirty])
    assert is_unknown or _update_of(commands) == {"name": "Rob"}
    assert sorted(raw_database["user"].distinct("name")) == ["Ada", "Rob"]


# --- Ways to save -----------------------------------------------------------------------------------


def _save(engine, transaction, instance):
    transaction.save(instance)


def _save_all(engine, transaction, instance):
    transaction.save_all([instance])


def _engine_save(engine, transaction, instance):
    engine.save(instance, session=transaction)


def _engine_save_all(engine, transaction, instance):
    engine.save_all([instance], session=transaction)


def _driver_session(engine, transaction, instance):
    engine.save(instance, session=transaction.get_driver_session())


def _enclosing_session(engine, transaction, instance):
    transaction.session.save(instance)


def _engine_save_in_enclosing_session(engine, transaction, instance):
    engine.save(instance, session=transaction.session)


def _other_engine(engine, transaction, instance):
    other = type(engine)(engine.client, engine.database_name)
    other.save(instance, session=transaction)


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
def test_every_way_to_save_is_covered(sync_engine, raw_database, save, own_session):
    user = User(name="Ada")
    session = sync_engine.session()
    if not own_session:
        session.start()
    with pytest.raises(_MineError):
        with sync_engine.transaction() if own_session else session.transaction() as running:
            save(sync_engine, running, user)
            assert user.__fields_modified__ == set()
            raise _MineError
    if not own_session:
        session.end()

    assert user.__fields_modified__ == ALL
    sync_engine.save(user)
    assert raw_database["user"].count_documents({"name": "Ada", "email": ""}) == 1


def test_an_instance_saved_in_a_transaction_of_the_driver_counts_as_saved(sync_engine):
    user = User(name="Ada")
    raw = sync_engine.client.start_session()
    with raw:
        raw.start_transaction()
        sync_engine.save(user, session=raw)
        raw.abort_transaction()

    assert user.__fields_modified__ == set()


def test_a_committed_instance_counts_as_saved(sync_engine, commands):
    user = User(name="Ada")
    with sync_engine.transaction() as transaction:
        transaction.save(user)
        commands.clear()
        transaction.save(user)
        assert commands.started == []
    commands.clear()
    sync_engine.save(user)

    assert user.__fields_modified__ == set()
    assert commands.started == []


def test_a_second_save_in_the_transaction_sends_only_what_is_new(sync_engine, commands):
    user = User(name="Ada")
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(user)
            user.email = "a@x"
            commands.clear()
            transaction.save(user)
            assert _update_of(commands) == {"email": "a@x"}
            raise _MineError
    assert user.__fields_modified__ == ALL


def test_written_names_are_united_with_those_modified_since(sync_engine):
    user = sync_engine.save(User(name="Ada"))
    user.name = "Grace"
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(user)
            user.email = "g@x"
            raise _MineError

    assert user.__fields_modified__ == {"name", "email"}
    assert (user.name, user.email) == ("Grace", "g@x")


def test_an_instance_that_was_only_in_the_transaction_is_saved_by_the_next_one(
    sync_engine, raw_database
):
    user = User(name="Ada")
    transaction = sync_engine.transaction()
    for _ in range(3):
        with pytest.raises(_MineError):
            with transaction:
                transaction.save(user)
                raise _MineError
    with transaction:
        transaction.save(user)

    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": ""}


def test_a_rollback_does_not_touch_what_an_earlier_run_has_committed(sync_engine, commands):
    user = User(name="Ada")
    transaction = sync_engine.transaction()
    with transaction:
        transaction.save(user)
    with pytest.raises(_MineError):
        with transaction:
            transaction.save(User(name="Bob"))
            raise _MineError

    assert user.__fields_modified__ == set()


def test_a_failed_operation_keeps_its_own_names(sync_engine, raw_database):
    raw_database["user"].create_index("email", unique=True)
    raw_database["user"].insert_one({"name": "Eve", "email": "taken"})
    saved, refused = User(name="Ada", email="free"), User(name="Bob", email="taken")
    with pytest.raises(DuplicateKeyError):
        with sync_engine.transaction() as transaction:
            transaction.save_all([saved, refused])

    assert saved.__fields_modified__ == refused.__fields_modified__ == ALL
    refused.email = "other"
    sync_engine.save_all([saved, refused])
    assert raw_database["user"].count_documents({}) == 3


# --- Mutable fields ---------------------------------------------------------------------------------


def test_a_new_instance_with_a_list_is_stored_completely(sync_engine, raw_database):
    note = Note(title="shopping", tags=["milk"])
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(note)
            raise _MineError
    sync_engine.save(note)

    assert raw_database["note"].find_one() == {
        "_id": note.id,
        "title": "shopping",
        "tags": ["milk"],
    }


def test_a_list_changed_in_place_is_written_again(sync_engine, raw_database, commands):
    note = sync_engine.save(Note(title="shopping"))
    note.tags.append("milk")
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(note)
            raise _MineError
    commands.clear()
    sync_engine.save(note)

    assert _update_of(commands) == {"tags": ["milk"]}
    assert raw_database["note"].find_one()["tags"] == ["milk"]


def test_a_list_changed_back_after_the_rollback_is_still_right(sync_engine, raw_database):
    note = sync_engine.save(Note(title="shopping", tags=["milk"]))
    note.tags.append("tea")
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(note)
            note.tags.remove("milk")
            raise _MineError
    sync_engine.save(note)

    assert raw_database["note"].find_one()["tags"] == ["tea"]


def test_a_list_changed_before_the_deletion_is_written_after_the_rollback(
    sync_engine, raw_database
):
    note = sync_engine.save(Note(title="shopping", tags=["milk"]))
    note.tags.append("tea")
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.delete(note)
            raise _MineError
    sync_engine.save(note)

    assert raw_database["note"].find_one()["tags"] == ["milk", "tea"]


def test_embedded_objects_are_restored_with_their_instance(sync_engine, raw_database):
    shop = Shop(name="Tea", address=Address(city="Oslo"), branches=[Address(city="Rome")])
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(shop)
            assert shop.address.__fields_modified__ == set()
            raise _MineError

    assert shop.__fields_modified__ == {"id", "name", "address", "branches"}
    assert shop.address.__fields_modified__ == {"city", "street"}
    assert shop.branches[0].__fields_modified__ == {"city", "street"}
    sync_engine.save(shop)
    assert raw_database["shop"].find_one() == {
        "_id": shop.id,
        "name": "Tea",
        "address": {"city": "Oslo", "street": ""},
        "branches": [{"city": "Rome", "street": ""}],
    }


# --- References -------------------------------------------------------------------------------------


def test_referenced_instances_are_restored_as_well(sync_engine, raw_database):
    book = Book(title="Tea", publisher=Publisher(name="Leaf"))
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(book)
            assert book.publisher.__fields_modified__ == set()
            raise _MineError

    assert book.__fields_modified__ == {"id", "title", "publisher"}
    assert book.publisher.__fields_modified__ == {"id", "name"}
    sync_engine.save(book)
    assert raw_database["publisher"].find_one() == {"_id": book.publisher.id, "name": "Leaf"}
    assert sync_engine.find_one(Book).publisher.name == "Leaf"


def test_a_change_of_a_referenced_instance_is_written_again(sync_engine, raw_database):
    book = sync_engine.save(Book(title="Tea", publisher=Publisher(name="Leaf")))
    book.publisher.name = "Blossom"
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(book)
            raise _MineError

    assert book.__fields_modified__ == set()
    assert book.publisher.__fields_modified__ == {"name"}
    sync_engine.save(book)
    assert raw_database["publisher"].find_one()["name"] == "Blossom"


# --- Deletions --------------------------------------------------------------------------------------


def test_a_committed_deletion_makes_the_next_save_insert_everything(sync_engine, raw_database):
    user = sync_engine.save(User(name="Ada"))
    with sync_engine.transaction() as transaction:
        transaction.delete(user)

    assert user.__fields_modified__ == ALL
    sync_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": ""}


def test_an_instance_saved_and_deleted_in_the_transaction_is_new_again(sync_engine, raw_database):
    user = User(name="Ada")
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(user)
            transaction.delete(user)
            raise _MineError

    assert user.__fields_modified__ == ALL
    sync_engine.save(user)
    assert raw_database["user"].count_documents({"name": "Ada", "email": ""}) == 1


def test_an_instance_deleted_and_saved_in_the_transaction_keeps_its_document(
    sync_engine, raw_database
):
    user = sync_engine.save(User(name="Ada", email="a@x"))
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.delete(user)
            user.name = "Grace"
            transaction.save(user)
            raise _MineError
    sync_engine.save(user)

    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Grace", "email": "a@x"}


def test_a_change_made_after_the_deletion_is_not_lost(sync_engine, raw_database):
    user = sync_engine.save(User(name="Ada", email="a@x"))
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.delete(user)
            user.name = "Grace"
            raise _MineError

    assert user.__fields_modified__ == {"name"}
    sync_engine.save(user)
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Grace", "email": "a@x"}


# --- Reads ------------------------------------------------------------------------------------------


def test_an_instance_that_was_only_read_is_not_touched(sync_engine):
    sync_engine.save(User(name="Ada"))
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            found = transaction.find_one(User)
            transaction.save(User(name="Bob"))
            raise _MineError

    assert found.__fields_modified__ == set()


def test_an_instance_read_after_its_document_was_written_is_wholly_dirty(sync_engine, raw_database):
    user = sync_engine.save(User(name="Ada"))
    user.name = "Grace"
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(user)
            found = transaction.find_one(User, User.id == user.id)
            assert found.name == "Grace"
            assert found.__fields_modified__ == set()
            raise _MineError

    assert found.__fields_modified__ == ALL
    sync_engine.save(found)
    assert raw_database["user"].find_one()["name"] == "Grace"


def test_a_reference_read_after_its_document_was_written_is_wholly_dirty(sync_engine):
    book = sync_engine.save(Book(title="Tea", publisher=Publisher(name="Leaf")))
    publisher = book.publisher
    publisher.name = "Blossom"
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(publisher)
            (found,) = [found for found in transaction.find(Book)]
            raise _MineError

    assert found.__fields_modified__ == set()
    assert found.publisher.__fields_modified__ == {"id", "name"}


def test_an_instance_read_after_a_committed_write_is_clean(sync_engine):
    user = User(name="Ada")
    with sync_engine.transaction() as transaction:
        transaction.save(user)
        found = transaction.find_one(User)

    assert found.__fields_modified__ == set()


# --- Memory -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["commit", "abort", "failed operation", "failed commit"])
def test_a_finished_transaction_keeps_no_instance_alive(sync_engine, fail_point, ending):
    transaction = sync_engine.transaction()

    def run():
        user, deleted = User(name="Ada"), sync_engine.save(User(name="Bob"))
        transaction.start()
        transaction.save(user)
        transaction.delete(deleted)
        found = transaction.find_one(User)
        references = [weakref.ref(each) for each in (user, deleted, found)]
        if ending == "failed operation":
            with fail_point("update", error_code=8000, times=1):
                with pytest.raises(PyMongoError):
                    transaction.save(User(name="Cy"))
            transaction.abort()
        elif ending == "failed commit":
            with fail_point("commitTransaction", error_code=8000, times=1):
                with pytest.raises(PyMongoError):
                    transaction.commit()
        else:
            getattr(transaction, ending)()
        return references

    references = run()
    gc.collect()

    assert [reference() for reference in references] == [None, None, None]


# --- Writes by query ------------------------------------------------------------------------------


def _update_many(transaction, tally):
    transaction.update_many(Tally, {}, inc(Tally.number, 1), set_(Tally.name, "b"))
    assert tally.number == 5


def _update_one(transaction, tally):
    transaction.update_one(Tally, Tally.id == tally.id, inc(Tally.number, 1))


def _save_and_update_many(transaction, tally):
    tally.name = "c"
    transaction.save(tally)
    transaction.update_many(Tally, {}, inc(Tally.number, 1))


@pytest.mark.parametrize("write", [_update_many, _update_one, _save_and_update_many])
def test_what_was_read_after_a_write_by_query_is_sent_only_if_it_is_assigned(
    sync_engine, raw_database, commands, write
):
    tally = sync_engine.save(Tally(number=5))
    transaction = sync_engine.transaction()
    transaction.start()
    write(transaction, tally)
    found = transaction.find_one(Tally)
    copied = copy.copy(found)
    assert found.number == 6
    transaction.abort()
    raw_database["tally"].update_one({}, {"$inc": {"number": 10}})
    commands.started.clear()

    sync_engine.save_all([found, copied])
    assert commands.started == []
    found.note = "n"
    sync_engine.save(found)

    assert _update_of(commands) == {"note": "n"}
    (stored,) = raw_database["tally"].find({})
    assert stored == {"_id": tally.id, "number": 15, "name": "a", "note": "n"}
