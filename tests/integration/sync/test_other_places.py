# Generated from tests/integration/aio/test_other_places.py by tools/generate_sync.py: do not edit.
"""What is known of a document belongs to its deployment, database and collection: elsewhere an instance is new.

So all of it is sent there, with what it references; and what other writers changed where it is known stays, also after
a save elsewhere that failed or was rolled back.
"""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest
from pymongo.errors import OperationFailure

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.engine import SyncEngine
from odmantic.exceptions import DuplicateKeyError, EmbeddedCopyWarning


class Country(Model):
    name: str = "NO"


class Size(EmbeddedModel):
    width: int = 1


class Parcel(Model):
    code: int = 0
    weight: int = 1
    tags: list[str] = ["a"]
    size: Size = Size()
    country: Country = Reference()


class Flat(Model):
    code: int = Field(0, unique=True)
    weight: int = 1


class Loose(Model):
    code: int = 0

    model_config = {"extra": "allow"}


@pytest.fixture
def archive(sync_engine, odmantic_database_name, odmantic_mongo_client):
    name = f"{odmantic_database_name}_2"
    yield SyncEngine(sync_engine.client, database=name)
    odmantic_mongo_client.drop_database(name)


@pytest.fixture
def archived(archive, odmantic_mongo_client):
    return odmantic_mongo_client[archive.database_name]


def _each(engine, instances):
    for instance in instances:
        engine.save(instance)


def _in_transaction(engine, instances):
    with engine.transaction() as transaction:
        transaction.save_all(instances)


WAYS = {
    "save": _each,
    "save_all": lambda engine, instances: engine.save_all(instances),
    "transaction": _in_transaction,
}


# The number decides how many are written at once.
@pytest.mark.parametrize(
    ("way", "count"), [("save", 2), *((way, n) for way in [*WAYS][1:] for n in (1, 30, 150))]
)
def test_all_is_sent_to_another_database(sync_engine, archive, raw_database, archived, way, count):
    parcels = [Parcel(code=code, country=Country()) for code in range(count)]
    sync_engine.save_all(parcels)
    found = sync_engine.find(Parcel, sort=Parcel.code)

    for each in (parcels, found):
        WAYS[way](archive, each)
        for name in ("parcel", "country"):
            expected = list(raw_database[name].find(sort={"_id": 1}))
            assert list(archived[name].find(sort={"_id": 1})) == expected
        archived["parcel"].delete_many({})
        archived["country"].delete_many({})
    assert all(type(each.id) is type(Parcel(country=Country()).id) for each in parcels)


def test_extras_are_sent_too(sync_engine, archive, archived):
    sync_engine.save(Loose(code=1, more=[2]))
    loose = sync_engine.find_one(Loose)
    archive.save(loose)

    assert archived["loose"].find_one() == {"_id": loose.id, "code": 1, "more": [2]}


@pytest.mark.parametrize("way", WAYS)
def test_removed_extras_are_removed_everywhere(sync_engine, archive, raw_database, archived, way):
    loose = [Loose(code=code, token="secret", more=[code]) for code in range(3)]
    for engine in (sync_engine, archive):
        WAYS[way](engine, loose)
    for each in loose:
        del each.token
    transaction = archive.transaction()
    transaction.start()
    transaction.save_all(loose)
    sync_engine.save_all(loose, session=transaction)
    transaction.abort()
    for engine in (sync_engine, archive):
        WAYS[way](engine, loose)

    for database in (raw_database, archived):
        stored = list(database["loose"].find(sort={"code": 1}))
        assert stored == [{"_id": each.id, "code": each.code, "more": each.more} for each in loose]


def test_what_is_known_moves_with_the_last_save(sync_engine, archive, raw_database, archived):
    flat = Flat(code=1)
    sync_engine.save(flat)
    archive.save(flat)
    archived["flat"].update_one({}, {"$set": {"code": 7}})
    flat.weight = 2
    archive.save(flat)
    assert archived["flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 2}

    sync_engine.save(flat)
    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 1, "weight": 2}


@pytest.mark.parametrize("way", WAYS)
def test_a_failed_save_elsewhere_changes_nothing_that_is_known(
    sync_engine, archive, raw_database, archived, way
):
    archive.configure_database([Flat])
    archived["flat"].insert_one({"code": 1})
    flats = [Flat(code=1), Flat(code=2)]
    sync_engine.save_all(flats)
    with pytest.raises(DuplicateKeyError):
        WAYS[way](archive, flats)

    raw_database["flat"].update_many({}, {"$set": {"code": 7}})
    for flat in flats:
        flat.weight = 2
    sync_engine.save(flats[0])

    assert raw_database["flat"].find_one({"_id": flats[0].id})["code"] == 7
    assert raw_database["flat"].count_documents({"weight": 2}) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_rolled_back_save_elsewhere_changes_nothing_that_is_known(
    sync_engine, archive, raw_database, archived, times
):
    parcel = Parcel(country=Country())
    sync_engine.save(parcel)
    parcel.weight = 5
    transaction = archive.transaction()
    transaction.start()
    for number in range(times):
        parcel.tags.append(str(number))
        transaction.save(parcel)
    transaction.abort()
    raw_database["parcel"].update_one({}, {"$set": {"code": 7}})
    sync_engine.save(parcel)

    stored = raw_database["parcel"].find_one()
    assert (stored["code"], stored["weight"], stored["tags"]) == (7, 5, parcel.tags)
    assert archived["parcel"].find_one() is None


# --- Writes to two places ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_rolled_back_save_to_two_places_leaves_the_change_dirty(
    sync_engine, archive, raw_database, count, is_first
):
    flats = [Flat(code=code) for code in range(count)]
    sync_engine.save_all(flats)
    for flat in flats:
        flat.weight = 9
    transaction = sync_engine.transaction()
    transaction.start()
    if is_first:
        transaction.save_all(flats)
    archive.save_all(flats, session=transaction)
    for flat in flats:
        flat.code += 100
    archive.save_all(flats, session=transaction)
    transaction.save_all(flats)
    transaction.abort()
    raw_database["flat"].update_many({}, {"$set": {"more": 1}})
    sync_engine.save_all(flats)

    stored = list(raw_database["flat"].find({}, {"_id": 0}, sort={"code": 1}))
    assert stored == [{"code": 100 + n, "weight": 9, "more": 1} for n in range(count)]


def test_a_transaction_that_is_run_again_saves_to_both_places(
    sync_engine, archive, raw_database, archived
):
    flat = Flat()
    sync_engine.save(flat)
    flat.weight = 5
    attempts = []

    def work(transaction):
        attempts.append(1)
        transaction.save(flat)
        archive.save(flat, session=transaction)
        if len(attempts) == 1:
            raise OperationFailure("again", 112, {"errorLabels": ["TransientTransactionError"]})

    sync_engine.run_transaction(work)

    assert raw_database["flat"].find_one()["weight"] == 5
    assert archived["flat"].find_one()["weight"] == 5


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_deletion_that_is_rolled_back_leaves_one_life(
    sync_engine, archive, raw_database, is_moved
):
    flat = Flat(code=3)
    sync_engine.save(flat)
    kept = copy.copy(flat)
    if is_moved:
        archive.save(flat)
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.delete(flat)
    transaction.save(kept)
    transaction.abort()
    sync_engine.save(kept)
    sync_engine.delete(flat)
    sync_engine.save(kept)

    assert raw_database["flat"].find_one()["code"] == 3


@pytest.mark.parametrize("is_over", [False, True])
@pytest.mark.parametrize("is_deleted_there", [False, True])
@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda flat: pickle.loads(pickle.dumps(flat))]
)
def test_a_copy_from_a_rolled_back_transaction_tells_its_original_of_a_deletion(
    sync_engine, archive, raw_database, duplicate, is_deleted_there, is_over
):
    flat = Flat(code=3)
    sync_engine.save(flat)
    transaction = archive.transaction()
    transaction.start()
    if is_deleted_there:
        sync_engine.delete(flat, session=transaction)
    transaction.save(flat)
    kept = duplicate(flat)
    if is_over or is_deleted_there:
        transaction.abort()
        sync_engine.delete(kept)
    else:
        sync_engine.delete(kept)
        transaction.abort()
    assert flat.__fields_modified__ == {"id", "code", "weight"}
    sync_engine.save(flat)

    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 3, "weight": 1}


@pytest.mark.parametrize("duplicate", ["copy", "deepcopy"])
def test_a_copy_restores_what_has_moved_and_was_deleted(
    sync_engine, archive, raw_database, duplicate
):
    flats = [Flat(code=code) for code in range(300)]
    sync_engine.save_all(flats)
    kept = [getattr(copy, duplicate)(flat) for flat in flats]
    archive.save_all(flats)
    with sync_engine.transaction() as transaction:
        for flat in flats:
            transaction.delete(flat)
        transaction.save_all(kept)

    assert raw_database["flat"].count_documents({}) == 300


def test_what_is_referenced_is_known_where_it_was_read(sync_engine, raw_database):
    class Town(Model):
        size: int = 1

    class Road(Model):
        town: Town = Reference()

    road = Road(town=Town())
    sync_engine.save(road)
    sync_engine.find(Road)
    Town.__collection__ = "elsewhere"
    raw_database["elsewhere"].insert_one({"_id": road.town.id, "size": 5})
    (read,) = sync_engine.find(Road)
    Town.__collection__ = "town"
    sync_engine.save(read.town)

    assert raw_database["town"].find_one()["size"] == 5


def test_a_collection_that_is_assigned_is_another_place(sync_engine, raw_database):
    class Moved(Model):
        code: int = 0

    moved = Moved()
    sync_engine.save(moved)
    Moved.__collection__ = "elsewhere"
    sync_engine.save(moved)

    assert raw_database["elsewhere"].find_one() == {"_id": moved.id, "code": 0}


def test_the_collection_that_the_engine_gives_is_the_place(sync_engine, raw_database):
    class Tenants(SyncEngine):
        tenant = "one"

        def get_collection(self, model):
            return self.database[f"{self.tenant}_{model.__collection__}"]

    engine = Tenants(sync_engine.client, database=sync_engine.database_name)
    flat = Flat()
    engine.save(flat)
    raw_database["one_flat"].update_one({}, {"$set": {"code": 7}})
    flat.weight = 2
    engine.save(flat)
    assert raw_database["one_flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 2}

    engine.tenant = "two"
    engine.save(flat)
    assert raw_database["two_flat"].find_one() == {"_id": flat.id, "code": 0, "weight": 2}


def test_another_engine_of_the_same_client_is_no_other_place(sync_engine, raw_database):
    flat = Flat()
    sync_engine.save(flat)
    raw_database["flat"].update_one({}, {"$set": {"code": 7}})
    flat.weight = 2
    SyncEngine(sync_engine.client, database=sync_engine.database_name).save(flat)

    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 2}


def test_references_that_are_read_along_are_known(sync_engine, raw_database, archive):
    sync_engine.save(Parcel(country=Country()))
    (parcel,) = sync_engine.find(Parcel)
    single = sync_engine.find_one(Parcel)
    raw_database["country"].update_one({}, {"$set": {"more": 1}})
    raw_database["parcel"].update_one({}, {"$set": {"code": 7}})
    for each in (parcel, single):
        each.weight = 3
        sync_engine.save(each)

    assert parcel.country.__fields_modified__ == set()
    assert raw_database["parcel"].find_one()["code"] == 7


def test_what_is_stored_inside_is_no_document_of_its_own(sync_engine, raw_database):
    with pytest.warns(EmbeddedCopyWarning):

        class Holder(Model):
            copies: list[Flat] = []

    sync_engine.save(Holder(copies=[Flat(code=3)]))
    (holder,) = sync_engine.find(Holder)
    sync_engine.save(holder.copies[0])

    assert raw_database["flat"].find_one()["code"] == 3


def test_a_deletion_elsewhere_leaves_what_is_known(sync_engine, archive, raw_database):
    flat = Flat()
    archive.save(flat)
    sync_engine.save(flat)
    archive.delete(flat)
    raw_database["flat"].update_one({}, {"$set": {"code": 7}})
    flat.weight = 2
    sync_engine.save(flat)

    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 2}


# --- Copies ------------------------------------------------------------------------------------

_COPIES = [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]


@pytest.mark.parametrize("duplicate", _COPIES)
def test_a_copy_that_was_kept_restores_a_deleted_document(sync_engine, raw_database, duplicate):
    parcel = Parcel(country=Country())
    sync_engine.save(parcel)
    kept, other = duplicate(parcel), duplicate(parcel)
    before = raw_database["parcel"].find_one()
    sync_engine.delete(parcel)
    sync_engine.save(kept)
    assert raw_database["parcel"].find_one() == before

    sync_engine.save(other)
    sync_engine.delete(kept)
    sync_engine.save(other)
    assert raw_database["parcel"].find_one() == before


def test_a_pickle_of_what_is_gone_restores_a_deleted_document(sync_engine, raw_database):
    flat = Flat(code=3)
    sync_engine.save(flat)
    kept = pickle.dumps(flat)
    sync_engine.delete(flat)
    del flat
    sync_engine.save(pickle.loads(kept))

    assert raw_database["flat"].find_one()["code"] == 3


def test_a_deletion_that_is_rolled_back_leaves_copies_as_they_were(sync_engine, raw_database):
    flat = Flat()
    sync_engine.save(flat)
    kept = copy.copy(flat)
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.delete(flat)
    assert kept.__fields_modified__ == {"id", "code", "weight"}
    transaction.abort()
    raw_database["flat"].update_one({}, {"$set": {"code": 7}})
    for weight, each in enumerate((flat, kept), 2):
        each.weight = weight
        sync_engine.save(each)

    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 3}


def test_a_copy_of_what_a_transaction_read_back_is_new(sync_engine, raw_database):
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.save(Flat(code=3))
    found = transaction.find_one(Flat)
    kept = copy.copy(found)
    transaction.abort()
    sync_engine.save(kept)

    assert raw_database["flat"].find_one()["code"] == 3


def test_new_copies_of_one_document_are_saved_in_one_transaction(sync_engine, raw_database):
    flats = [Flat(code=code) for code in range(30)]
    copies = [*map(copy.copy, flats), *(flat.model_copy() for flat in flats)]
    with sync_engine.transaction() as transaction:
        transaction.save_all([*copies, *flats])

    assert raw_database["flat"].count_documents({}) == 30


_PROGRAM = """
import pickle, sys
from pymongo import MongoClient
from odmantic import SyncEngine
flat = pickle.loads(sys.stdin.buffer.read())
flat.weight = 2
with MongoClient(sys.argv[1]) as client:
    SyncEngine(client, database=sys.argv[2]).save(flat)
"""


@pytest.mark.parametrize("is_there", [True, False])
def test_a_pickle_knows_the_place_in_another_process(
    sync_engine, archive, raw_database, archived, odmantic_mongo_uri, is_there
):
    flat = Flat()
    sync_engine.save(flat)
    raw_database["flat"].update_one({}, {"$set": {"code": 7}})
    name = sync_engine.database_name if is_there else archive.database_name
    subprocess.run(
        [sys.executable, "-c", _PROGRAM, odmantic_mongo_uri, name],
        input=pickle.dumps(flat),
        check=True,
        timeout=60,
    )

    stored = (raw_database if is_there else archived)["flat"].find_one()
    assert stored == {"_id": flat.id, "code": 7 if is_there else 0, "weight": 2}


# --- Asking ------------------------------------------------------------------------------------


def test_to_ask_changes_no_answer(sync_engine, commands):
    flats = [Flat(code=code) for code in range(3)]
    flats[0].weight = 2
    assert flats[1].__fields_modified__ == {"id", "code", "weight"}
    sync_engine.save_all(flats)

    assert commands.names == ["insert"]
    assert [flat.__fields_modified__ for flat in flats] == [set()] * 3
