# Generated from tests/integration/aio/test_insert.py by tools/generate_sync.py: do not edit.
"""`insert` makes a document and changes none; `replace` changes one as a whole and makes none; a failure changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pymongo.errors
import pytest
from bson import Int64
from pymongo.write_concern import WriteConcern
from tests.integration.sync.colour import sleep

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import (
    DocumentNotFoundError,
    DuplicateKeyError,
    InvalidDocumentError,
    NotLoadedError,
    SessionMisuseError,
    UnsafeRetryError,
    UnsavedReferenceError,
)

TRANSIENT = "TransientTransactionError"


class Size(EmbeddedModel):
    width: int = Field(key_name="w")


class Parcel(Model):
    code: str
    weight: Decimal = Field(key_name="kg", default=Decimal(1))
    tags: list[str] = []
    size: Size = Size(width=1)


class Maker(Model):
    name: str


class Part(Model):
    number: int
    maker: Maker = Reference()
    note: str = ""


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9


class Loose(Model):
    name: str

    model_config = {"extra": "allow"}


class Numbered(Model):
    number: int = Field(primary_field=True)
    name: str = ""


class Key(EmbeddedModel):
    a: int
    b: str


class Keyed(Model):
    key: Key = Field(primary_field=True)
    name: str = ""


class Secret(Model):
    text: str

    def model_dump_doc(self, include=None):
        return {"cipher": self.text[::-1]}

    @classmethod
    def model_validate_doc(cls, raw_doc):
        return cls(id=raw_doc["_id"], text=raw_doc["cipher"][::-1])


def _sent(commands, name):
    return [event.command for event in commands.started if event.command_name == name]


# --- Insert ---------------------------------------------------------------------------------------


def test_an_insert_is_one_command_with_the_whole_document(sync_engine, raw_database, commands):
    parcel = Parcel(code="A", tags=["x"], size=Size(width=3))
    assert sync_engine.insert(parcel) is parcel
    (command,) = _sent(commands, "insert")
    assert commands.names == ["insert"]
    assert [dict(each) for each in command["documents"]] == list(raw_database["parcel"].find())
    assert list(raw_database["parcel"].find()) == [parcel.model_dump_doc()]
    sync_engine.save(parcel)
    assert commands.names == ["insert"]
    parcel.size.width = 4
    sync_engine.save(parcel)
    assert _sent(commands, "update")[0]["updates"][0]["u"] == {"$set": {"size": {"w": 4}}}


@pytest.mark.parametrize(
    ("instance", "document"),
    [
        (Cat(name="Tom"), {"_type": "Cat", "name": "Tom", "lives": 9}),
        (Animal(name="Ada"), {"name": "Ada"}),
        (Loose(name="A", colour="red"), {"name": "A", "colour": "red"}),
        (Numbered(number=7, name="x"), {"_id": 7, "name": "x"}),
        (Keyed(key=Key(a=1, b="x")), {"_id": {"a": 1, "b": "x"}, "name": ""}),
        (Secret(text="abc"), {"cipher": "cba"}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_document_has_the_form_of_its_class(sync_engine, raw_database, instance, document):
    instance = instance.model_copy(deep=True)
    sync_engine.insert(instance)
    collection = raw_database[type(instance).__collection__]
    found = collection.find_one()
    assert {"_id": found["_id"], **document} == found
    assert sync_engine.find_one(type(instance)) == instance
    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.insert(instance)
    assert caught.value.instance is instance
    assert collection.count_documents({}) == 1


def test_a_document_that_exists_stays_as_it_is(sync_engine, raw_database):
    parcel = sync_engine.insert(Parcel(code="A"))
    other = Parcel(id=parcel.id, code="B", tags=["y"])
    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.insert(other)
    assert isinstance(caught.value.driver_error, pymongo.errors.DuplicateKeyError)
    assert caught.value.fields == ("id",)
    assert raw_database["parcel"].find_one()["code"] == "A"
    assert other.__fields_modified__ == {"id", "code", "weight", "tags", "size"}
    sync_engine.save(other)
    assert raw_database["parcel"].find_one()["code"] == "B"


def test_a_failed_insert_leaves_an_instance_as_dirty_as_before(sync_engine, raw_database, commands):
    parcel = sync_engine.save(Parcel(code="A", tags=["x"]))
    clean = sync_engine.find_one(Parcel)
    with pytest.raises(DuplicateKeyError):
        sync_engine.insert(clean)
    commands.clear()
    sync_engine.save(clean)
    assert commands.names == []

    for instance in (clean, parcel):
        instance.code = "B"
        instance.tags.append("y")
        with pytest.raises(DuplicateKeyError):
            sync_engine.insert(instance)
        raw_database["parcel"].update_one({}, {"$set": {"kg": 7}})
        commands.clear()
        sync_engine.save(instance)
        (command,) = _sent(commands, "update")
        assert command["updates"][0]["u"]["$set"].keys() == {"code", "tags"}


def test_a_refusal_by_another_index_leaves_an_instance_new(sync_engine, raw_database):
    raw_database["parcel"].create_index("code", unique=True)
    sync_engine.insert(Parcel(code="A"))
    other = Parcel(code="A")
    with pytest.raises(DuplicateKeyError, match="Parcel with this code exists already"):
        sync_engine.insert(other)
    other.code = "B"
    sync_engine.insert(other)
    assert raw_database["parcel"].count_documents({}) == 2


def test_an_instance_can_be_copied_to_another_database(sync_engine, raw_database, commands):
    archive = type(sync_engine)(sync_engine.client, f"{sync_engine.database_name}_2")
    client = raw_database.client
    try:
        parcel = sync_engine.save(Parcel(code="A"))
        archive.insert(parcel)
        other = client[archive.database_name]["parcel"]
        assert other.find_one() == raw_database["parcel"].find_one()
        archive.save(parcel)
        with pytest.raises(DuplicateKeyError):
            archive.insert(parcel)

        fresh = sync_engine.find_one(Parcel)
        fresh.code = "B"
        with pytest.raises(DuplicateKeyError):
            archive.insert(fresh)
        commands.clear()
        sync_engine.save(fresh)
        (command,) = _sent(commands, "update")
        assert command["updates"][0]["u"] == {"$set": {"code": "B"}}
    finally:
        client.drop_database(archive.database_name)


@pytest.mark.parametrize("what", ["save", "insert", "replace"])
def test_a_value_without_a_stored_form_is_refused_before_anything_is_sent(
    sync_engine, commands, what
):
    parcel = Parcel(code="A")
    if what == "replace":
        sync_engine.save(parcel)
        parcel = sync_engine.find_one(Parcel)
        commands.clear()
    parcel.tags.append(object())  # type: ignore[arg-type]
    with pytest.raises(InvalidDocumentError, match=f"cannot {what} Parcel: .*tags"):
        getattr(sync_engine, what)(parcel)
    assert commands.names == []
    parcel.tags.pop()
    assert parcel.__fields_modified__ == (
        set() if what == "replace" else {"id", "code", "weight", "tags", "size"}
    )


@pytest.mark.parametrize("verb", ["insert", "replace"])
@pytest.mark.parametrize("given", [Parcel, {"code": "A"}, None, Size(width=1), "x"])
def test_only_an_instance_of_a_model_can_be_written(sync_engine, commands, verb, given):
    with pytest.raises(TypeError, match=f"Can only call {verb} with a Model instance"):
        getattr(sync_engine, verb)(given)
    assert commands.names == []


@pytest.mark.parametrize("verb", ["insert", "replace"])
def test_an_instance_that_was_not_loaded_is_refused(sync_engine, commands, verb):
    sync_engine.save(Part(number=1, maker=Maker(name="Leaf")))
    part = sync_engine.find_one(Part, load=())
    commands.clear()
    with pytest.raises(NotLoadedError, match=f"{verb} needs the whole instance.*Part.maker"):
        getattr(sync_engine, verb)(part.maker)
    assert commands.names == []
    # What refers to it can be written.
    part.note = "x"
    sync_engine.replace(part)
    assert commands.names == ["update"]


def test_what_is_assigned_meanwhile_is_dirty(sync_engine, raw_database, fail_point):
    raw_database["parcel"].create_index("code", unique=True)
    sync_engine.insert(Parcel(code="A"))
    for code in ("B", "A"):
        parcel = Parcel(code=code)
        with fail_point("insert", block_ms=80):
            running = _begin(sync_engine.insert, parcel)
            parcel.tags.append("late")
            parcel.weight = Decimal(5)
            try:
                _end(running)
            except DuplicateKeyError:
                parcel.code = "C"
        sync_engine.save(parcel)
        found = sync_engine.find_one(Parcel, Parcel.id == parcel.id)
        assert (found.tags, found.weight) == (["late"], 5)


def test_writes_of_one_instance_take_turns(sync_engine, raw_database, fail_point):
    parcel = Parcel(code="A")
    with fail_point("insert", block_ms=80):
        running = _begin(sync_engine.insert, parcel)
        parcel.code = "B"
        sync_engine.replace(parcel)
        _end(running)
    assert raw_database["parcel"].find_one()["code"] == "B"


def test_an_error_of_the_server_leaves_an_instance_new(sync_engine, fail_point):
    parcel = Parcel(code="A")
    with fail_point("insert", error_code=11601):
        with pytest.raises(pymongo.errors.OperationFailure):
            sync_engine.insert(parcel)
    sync_engine.insert(parcel)


def test_an_unacknowledged_insert_is_sent_and_not_trusted(sync_engine, raw_database, monkeypatch):
    concern = WriteConcern(w=0)
    collection = sync_engine.get_collection(Parcel).with_options(write_concern=concern)
    monkeypatch.setattr(sync_engine, "get_collection", lambda model: collection)
    parcel = Parcel(code="A")
    sync_engine.insert(parcel)
    assert parcel.__fields_modified__ == {"id", "code", "weight", "tags", "size"}
    for _ in range(100):
        if raw_database["parcel"].count_documents({}):
            break
        sleep(0.01)
    assert raw_database["parcel"].count_documents({}) == 1
    with pytest.raises(TypeError, match="replace of Parcel needs the server's answer"):
        sync_engine.replace(parcel)


def test_the_collections_own_validation_can_be_bypassed(sync_engine, raw_database, commands):
    raw_database.create_collection("parcel", validator={"code": {"$ne": "bad"}})
    parcel = Parcel(code="bad")
    with pytest.raises(pymongo.errors.WriteError):
        sync_engine.insert(parcel)
    assert "bypassDocumentValidation" not in commands.started[-1].command
    with sync_engine.session() as session:
        session.insert(parcel, bypass_document_validation=True)
    assert raw_database["parcel"].count_documents({}) == 1


def test_a_snapshot_session_writes_nothing(sync_engine, raw_database):
    parcel = Parcel(code="A")
    with sync_engine.session(snapshot=True) as session:
        for verb in (session.insert, session.replace):
            with pytest.raises(SessionMisuseError, match="cannot write in a snapshot session"):
                verb(parcel)


# --- References -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["insert", "replace"])
def test_references_are_saved_before(sync_engine, raw_database, commands, verb):
    part = Part(number=1, maker=Maker(name="Leaf"))
    if verb == "replace":
        sync_engine.save(part)
        part.maker = Maker(name="Bark")
        commands.clear()
    getattr(sync_engine, verb)(part)
    assert commands.names == ["update", "insert" if verb == "insert" else "update"]
    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1
    assert raw_database["part"].find_one()["maker"] == part.maker.id
    assert part.maker.__fields_modified__ == set()


def test_references_stay_saved_if_the_insert_fails(sync_engine, raw_database):
    raw_database["part"].insert_one({"number": 1})
    raw_database["part"].create_index("number", unique=True)
    part = Part(number=1, maker=Maker(name="Leaf"))
    with pytest.raises(DuplicateKeyError) as caught:
        sync_engine.insert(part)
    assert caught.value.instance is part
    assert raw_database["maker"].count_documents({}) == 1
    assert part.maker.__fields_modified__ == set()


def test_without_cascade_no_reference_is_saved(sync_engine, commands):
    part = Part(number=1, maker=Maker(name="Leaf"))
    with pytest.raises(UnsavedReferenceError, match="maker"):
        sync_engine.insert(part, cascade=False)
    assert commands.names == []
    sync_engine.save(part.maker)
    part.maker.name = "Bark"
    commands.clear()
    with sync_engine.session() as session:
        session.insert(part, cascade=False)
    assert commands.names == ["insert"]
    assert part.maker.__fields_modified__ == {"name"}


def test_a_programs_own_save_saves_references(sync_engine, raw_database):
    saved = []

    class Own(type(sync_engine)):  # type: ignore[misc]
        def _save(self, instance, session):
            saved.append((instance, session is not None))
            return super()._save(instance, session)

    engine = Own(sync_engine.client, sync_engine.database_name)
    part = Part(number=1, maker=Maker(name="Leaf"))
    engine.insert(part)
    assert saved == [(part.maker, True)]
    assert raw_database["part"].find_one()["maker"] == part.maker.id
    with pytest.raises(TypeError, match="insert cannot have cascade=False"):
        engine.insert(Part(number=2, maker=part.maker), cascade=False)


# --- Replace --------------------------------------------------------------------------------------


def test_a_replacement_is_the_whole_document(sync_engine, raw_database, commands):
    parcel = sync_engine.save(Parcel(code="A"))
    raw_database["parcel"].update_one({}, {"$set": {"old": 1, "code": "other"}})
    commands.clear()
    parcel.weight = Decimal(2)
    assert sync_engine.replace(parcel) is parcel
    (command,) = _sent(commands, "update")
    (update,) = command["updates"]
    document = parcel.model_dump_doc()
    assert update["q"] == {"_id": parcel.id}
    assert update["u"] == {key: value for key, value in document.items() if key != "_id"}
    assert not update.get("upsert")
    assert raw_database["parcel"].find_one() == document
    sync_engine.save(parcel)
    assert len(commands.names) == 1


def test_a_replacement_makes_no_document(sync_engine, raw_database, commands):
    new = Parcel(code="A")
    with pytest.raises(DocumentNotFoundError) as caught:
        sync_engine.replace(new)
    assert caught.value.instance is new
    assert raw_database["parcel"].count_documents({}) == 0

    parcel = sync_engine.save(Parcel(code="B"))
    parcel = sync_engine.find_one(Parcel)
    raw_database["parcel"].delete_many({})
    parcel.code = "C"
    with pytest.raises(DocumentNotFoundError):
        sync_engine.replace(parcel)
    assert parcel.__fields_modified__ == {"code"}


def test_a_new_instance_can_replace_a_document(sync_engine, raw_database):
    raw_database["numbered"].insert_one({"_id": 7.0, "name": "old", "key": 1})
    sync_engine.replace(Numbered(number=7, name="new"))
    found = raw_database["numbered"].find_one()
    assert found == {"_id": 7, "name": "new"}
    # The server never changes an `_id`, though these are equal.
    assert type(found["_id"]) is float
    raw_database["numbered"].insert_one({"_id": Int64(8)})
    sync_engine.replace(Numbered(number=8))


def test_a_replacement_changes_no_class(sync_engine, raw_database):
    cat = sync_engine.save(Cat(name="Tom"))
    with pytest.raises(DocumentNotFoundError):
        sync_engine.replace(Animal(id=cat.id, name="Ada"))
    assert raw_database["animal"].find_one()["_type"] == "Cat"
    cat.lives = 8
    raw_database["animal"].update_one({}, {"$set": {"old": 1}})
    sync_engine.replace(cat)
    expected = {"_id": cat.id, "_type": "Cat", "name": "Tom", "lives": 8}
    assert raw_database["animal"].find_one() == expected


def test_extras_that_are_gone_are_gone(sync_engine, raw_database, commands):
    loose = sync_engine.save(Loose(name="A", colour="red", size=3))
    loose = sync_engine.find_one(Loose)
    del loose.colour
    sync_engine.replace(loose)
    assert raw_database["loose"].find_one() == {"_id": loose.id, "name": "A", "size": 3}
    commands.clear()
    sync_engine.save(loose)
    assert commands.names == []


@pytest.mark.parametrize("verb", ["insert", "insert_many", "replace"])
@pytest.mark.parametrize("name", ["a.b", "", ".", "a.$b", "$set", "$a.b"])
def test_the_name_of_an_extra_is_that_of_a_key(sync_engine, raw_database, commands, verb, name):
    loose = Loose(**{"name": "A", name: 1})
    if verb == "replace":
        raw_database["loose"].insert_one({"_id": loose.id, "name": "B", "a": {"b": 0}})
        if name.startswith("$"):  # which the server refuses there
            with pytest.raises(InvalidDocumentError, match="cannot replace Loose: the name"):
                sync_engine.replace(loose)
            assert commands.names == []
            return
    getattr(sync_engine, verb)([loose] if verb == "insert_many" else loose)
    stored = {"_id": loose.id, "name": "A", name: 1}
    assert raw_database["loose"].find_one() == stored
    # It can be read, and changed elsewhere; a change of the value itself would be one of another key.
    found = sync_engine.find_one(Loose)
    assert found.model_dump_doc() == stored
    found.name = "C"
    sync_engine.save(found)
    assert raw_database["loose"].find_one() == {**stored, "name": "C"}
    found.model_extra[name] = 2
    with pytest.raises(InvalidDocumentError, match="cannot save Loose: the name"):
        sync_engine.save(found)


# --- Transactions ---------------------------------------------------------------------------------

ALL = {"id", "code", "weight", "tags", "size"}


@pytest.mark.parametrize("way", ["abort", "commit fails"])
@pytest.mark.parametrize("verb", ["insert", "replace"])
def test_a_rollback_makes_all_dirty(sync_engine, raw_database, fail_point, verb, way):
    parcel = Parcel(code="A", tags=["x"])
    if verb == "replace":
        sync_engine.save(parcel)
    else:
        raw_database.create_collection("parcel")
    transaction = sync_engine.transaction()
    transaction.start()
    getattr(transaction, verb)(parcel)
    assert parcel.__fields_modified__ == set()
    if way == "abort":
        transaction.abort()
    else:
        with fail_point("commitTransaction", error_code=251, times=1):
            with pytest.raises(pymongo.errors.OperationFailure):
                transaction.commit()
    assert parcel.__fields_modified__ == (ALL if verb == "insert" else ALL - {"id"})
    if verb == "insert":
        sync_engine.insert(parcel)
    else:
        parcel.code = "B"
        sync_engine.replace(parcel)
    assert list(raw_database["parcel"].find()) == [parcel.model_dump_doc()]


@pytest.mark.parametrize("verb", ["insert", "replace"])
def test_an_unknown_outcome_makes_all_dirty_until_it_is_known(
    sync_engine, raw_database, fail_point, commands, verb
):
    parcel = Parcel(code="A", tags=["x"])
    if verb == "replace":
        sync_engine.save(parcel)
    else:
        raw_database.create_collection("parcel")
    transaction = sync_engine.transaction()
    transaction.start()
    getattr(transaction, verb)(parcel)
    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(pymongo.errors.PyMongoError):
            transaction.commit()
    assert parcel.__fields_modified__ == (ALL if verb == "insert" else ALL - {"id"})
    parcel.code = "B"
    transaction.commit()
    assert parcel.__fields_modified__ == {"code"}


def test_a_refused_insert_ends_the_transaction(sync_engine, raw_database):
    parcel = sync_engine.insert(Parcel(code="A"))
    other = Parcel(code="B")
    with pytest.raises(DuplicateKeyError):
        with sync_engine.transaction() as transaction:
            transaction.insert(other)
            transaction.insert(parcel)
    assert parcel.__fields_modified__ == set()
    assert other.__fields_modified__ == ALL
    assert raw_database["parcel"].count_documents({}) == 1


def test_a_repeated_transaction_inserts_once(sync_engine, raw_database, fail_point):
    raw_database.create_collection("parcel")
    parcel = Parcel(code="A")
    runs = []

    def work(transaction):
        runs.append(1)
        transaction.insert(parcel)

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=1):
        sync_engine.run_transaction(work)
    assert len(runs) == 2
    assert list(raw_database["parcel"].find()) == [parcel.model_dump_doc()]
    assert parcel.__fields_modified__ == set()


@pytest.mark.parametrize("verb", ["insert", "insert_many", "replace"])
def test_a_change_that_would_be_applied_twice_stops_the_retry(
    sync_engine, raw_database, fail_point, verb
):
    raw_database.create_collection("numbered")
    numbered = Numbered(number=1)
    if verb == "replace":
        sync_engine.save(numbered)

    def work(transaction):
        numbered.name += "x"
        if verb == "insert_many":
            transaction.insert_many([numbered])
        else:
            getattr(transaction, verb)(numbered)

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=1):
        with pytest.raises(UnsafeRetryError):
            sync_engine.run_transaction(work)


def test_a_value_without_a_stored_form_does_not_end_a_transaction(sync_engine, raw_database):
    raw_database.create_collection("parcel")
    bad = Parcel(code="\ud800")
    with sync_engine.transaction() as transaction:
        transaction.insert(Parcel(code="A"))
        with pytest.raises(InvalidDocumentError, match="code"):
            transaction.insert(bad)
    assert raw_database["parcel"].count_documents({}) == 1
    assert bad.__fields_modified__ == ALL


def _begin(work: Any, *arguments: Any, **options: Any) -> Any:
    """Begins a call, and gives it the time to be sent."""
    threads = ThreadPoolExecutor(1)
    running = threads.submit(work, *arguments, **options)
    threads.shutdown(wait=False)
    sleep(0.03)
    return running


def _end(running: Any) -> Any:
    return running.result()


def test_an_instance_of_a_stand_in_collection(sync_engine):
    """As in tests with mocks, nothing of the result is asked but equality with 0."""
    from unittest.mock import Mock

    collection = Mock()
    for name in ("insert_one", "insert_many", "replace_one"):
        setattr(collection, name, (Mock)())
    sync_engine.get_collection = lambda model: collection
    parcel = Parcel(code="A")
    sync_engine.insert(parcel)
    collection.insert_one.assert_called_once_with(parcel.model_dump_doc(), session=None)
    sync_engine.replace(parcel)
    sync_engine.insert_many([Parcel(code="B"), Parcel(code="C")])
    assert collection.insert_many.call_count == collection.replace_one.call_count == 1
