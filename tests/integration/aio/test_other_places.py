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
from odmantic.engine import AIOEngine
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
def archive(aio_engine, odmantic_database_name, odmantic_mongo_client):
    name = f"{odmantic_database_name}_2"
    yield AIOEngine(aio_engine.client, database=name)
    odmantic_mongo_client.drop_database(name)


@pytest.fixture
def archived(archive, odmantic_mongo_client):
    return odmantic_mongo_client[archive.database_name]


async def _each(engine, instances):
    for instance in instances:
        await engine.save(instance)


async def _in_transaction(engine, instances):
    async with engine.transaction() as transaction:
        await transaction.save_all(instances)


WAYS = {
    "save": _each,
    "save_all": lambda engine, instances: engine.save_all(instances),
    "transaction": _in_transaction,
}


# The number decides how many are written at once.
@pytest.mark.parametrize(
    ("way", "count"), [("save", 2), *((way, n) for way in [*WAYS][1:] for n in (1, 30, 150))]
)
async def test_all_is_sent_to_another_database(
    aio_engine, archive, raw_database, archived, way, count
):
    parcels = [Parcel(code=code, country=Country()) for code in range(count)]
    await aio_engine.save_all(parcels)
    found = await aio_engine.find(Parcel, sort=Parcel.code)

    for each in (parcels, found):
        await WAYS[way](archive, each)
        for name in ("parcel", "country"):
            expected = list(raw_database[name].find(sort={"_id": 1}))
            assert list(archived[name].find(sort={"_id": 1})) == expected
        archived["parcel"].delete_many({})
        archived["country"].delete_many({})
    assert all(type(each.id) is type(Parcel(country=Country()).id) for each in parcels)


async def test_extras_are_sent_too(aio_engine, archive, archived):
    await aio_engine.save(Loose(code=1, more=[2]))
    loose = await aio_engine.find_one(Loose)
    await archive.save(loose)

    assert archived["loose"].find_one() == {"_id": loose.id, "code": 1, "more": [2]}


@pytest.mark.parametrize("way", WAYS)
async def test_removed_extras_are_removed_everywhere(
    aio_engine, archive, raw_database, archived, way
):
    loose = [Loose(code=code, token="secret", more=[code]) for code in range(3)]
    for engine in (aio_engine, archive):
        await WAYS[way](engine, loose)
    for each in loose:
        del each.token
    transaction = archive.transaction()
    await transaction.start()
    await transaction.save_all(loose)
    await aio_engine.save_all(loose, session=transaction)
    await transaction.abort()
    for engine in (aio_engine, archive):
        await WAYS[way](engine, loose)

    for database in (raw_database, archived):
        stored = list(database["loose"].find(sort={"code": 1}))
        assert stored == [{"_id": each.id, "code": each.code, "more": each.more} for each in loose]


@pytest.mark.each_driver
async def test_what_is_known_moves_with_the_last_save(aio_engine, archive, raw_database, archived):
    flat = Flat(code=1)
    await aio_engine.save(flat)
    await archive.save(flat)
    archived["flat"].update_one({}, {"$set": {"code": 7}})
    flat.weight = 2
    await archive.save(flat)
    assert archived["flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 2}

    await aio_engine.save(flat)
    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 1, "weight": 2}


@pytest.mark.parametrize("way", WAYS)
async def test_a_failed_save_elsewhere_changes_nothing_that_is_known(
    aio_engine, archive, raw_database, archived, way
):
    await archive.configure_database([Flat])
    archived["flat"].insert_one({"code": 1})
    flats = [Flat(code=1), Flat(code=2)]
    await aio_engine.save_all(flats)
    with pytest.raises(DuplicateKeyError):
        await WAYS[way](archive, flats)

    raw_database["flat"].update_many({}, {"$set": {"code": 7}})
    for flat in flats:
        flat.weight = 2
    await aio_engine.save(flats[0])

    assert raw_database["flat"].find_one({"_id": flats[0].id})["code"] == 7
    assert raw_database["flat"].count_documents({"weight": 2}) == 1


@pytest.mark.parametrize("times", [1, 2])
async def test_a_rolled_back_save_elsewhere_changes_nothing_that_is_known(
    aio_engine, archive, raw_database, archived, times
):
    parcel = Parcel(country=Country())
    await aio_engine.save(parcel)
    parcel.weight = 5
    transaction = archive.transaction()
    await transaction.start()
    for number in range(times):
        parcel.tags.append(str(number))
        await transaction.save(parcel)
    await transaction.abort()
    raw_database["parcel"].update_one({}, {"$set": {"code": 7}})
    await aio_engine.save(parcel)

    stored = raw_database["parcel"].find_one()
    assert (stored["code"], stored["weight"], stored["tags"]) == (7, 5, parcel.tags)
    assert archived["parcel"].find_one() is None


# --- Writes to two places ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_rolled_back_save_to_two_places_leaves_the_change_dirty(
    aio_engine, archive, raw_database, count, is_first
):
    flats = [Flat(code=code) for code in range(count)]
    await aio_engine.save_all(flats)
    for flat in flats:
        flat.weight = 9
    transaction = aio_engine.transaction()
    await transaction.start()
    if is_first:
        await transaction.save_all(flats)
    await archive.save_all(flats, session=transaction)
    for flat in flats:
        flat.code += 100
    await archive.save_all(flats, session=transaction)
    await transaction.save_all(flats)
    await transaction.abort()
    raw_database["flat"].update_many({}, {"$set": {"more": 1}})
    await aio_engine.save_all(flats)

    stored = list(raw_database["flat"].find({}, {"_id": 0}, sort={"code": 1}))
    assert stored == [{"code": 100 + n, "weight": 9, "more": 1} for n in range(count)]


async def test_a_transaction_that_is_run_again_saves_to_both_places(
    aio_engine, archive, raw_database, archived
):
    flat = Flat()
    await aio_engine.save(flat)
    flat.weight = 5
    attempts = []

    async def work(transaction):
        attempts.append(1)
        await transaction.save(flat)
        await archive.save(flat, session=transaction)
        if len(attempts) == 1:
            raise OperationFailure("again", 112, {"errorLabels": ["TransientTransactionError"]})

    await aio_engine.run_transaction(work)

    assert raw_database["flat"].find_one()["weight"] == 5
    assert archived["flat"].find_one()["weight"] == 5


@pytest.mark.parametrize("is_moved", [True, False])
async def test_a_deletion_that_is_rolled_back_leaves_one_life(
    aio_engine, archive, raw_database, is_moved
):
    flat = Flat(code=3)
    await aio_engine.save(flat)
    kept = copy.copy(flat)
    if is_moved:
        await archive.save(flat)
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.delete(flat)
    await transaction.save(kept)
    await transaction.abort()
    await aio_engine.save(kept)
    await aio_engine.delete(flat)
    await aio_engine.save(kept)

    assert raw_database["flat"].find_one()["code"] == 3


@pytest.mark.parametrize("is_over", [False, True])
@pytest.mark.parametrize("is_deleted_there", [False, True])
@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda flat: pickle.loads(pickle.dumps(flat))]
)
async def test_a_copy_from_a_rolled_back_transaction_tells_its_original_of_a_deletion(
    aio_engine, archive, raw_database, duplicate, is_deleted_there, is_over
):
    flat = Flat(code=3)
    await aio_engine.save(flat)
    transaction = archive.transaction()
    await transaction.start()
    if is_deleted_there:
        await aio_engine.delete(flat, session=transaction)
    await transaction.save(flat)
    kept = duplicate(flat)
    if is_over or is_deleted_there:
        await transaction.abort()
        await aio_engine.delete(kept)
    else:
        await aio_engine.delete(kept)
        await transaction.abort()
    assert flat.__fields_modified__ == {"id", "code", "weight"}
    await aio_engine.save(flat)

    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 3, "weight": 1}


@pytest.mark.parametrize("duplicate", ["copy", "deepcopy"])
async def test_a_copy_restores_what_has_moved_and_was_deleted(
    aio_engine, archive, raw_database, duplicate
):
    flats = [Flat(code=code) for code in range(300)]
    await aio_engine.save_all(flats)
    kept = [getattr(copy, duplicate)(flat) for flat in flats]
    await archive.save_all(flats)
    async with aio_engine.transaction() as transaction:
        for flat in flats:
            await transaction.delete(flat)
        await transaction.save_all(kept)

    assert raw_database["flat"].count_documents({}) == 300


async def test_what_is_referenced_is_known_where_it_was_read(aio_engine, raw_database):
    class Town(Model):
        size: int = 1

    class Road(Model):
        town: Town = Reference()

    road = Road(town=Town())
    await aio_engine.save(road)
    await aio_engine.find(Road)
    Town.__collection__ = "elsewhere"
    raw_database["elsewhere"].insert_one({"_id": road.town.id, "size": 5})
    (read,) = await aio_engine.find(Road)
    Town.__collection__ = "town"
    await aio_engine.save(read.town)

    assert raw_database["town"].find_one()["size"] == 5


async def test_a_collection_that_is_assigned_is_another_place(aio_engine, raw_database):
    class Moved(Model):
        code: int = 0

    moved = Moved()
    await aio_engine.save(moved)
    Moved.__collection__ = "elsewhere"
    await aio_engine.save(moved)

    assert raw_database["elsewhere"].find_one() == {"_id": moved.id, "code": 0}


async def test_the_collection_that_the_engine_gives_is_the_place(aio_engine, raw_database):
    class Tenants(AIOEngine):
        tenant = "one"

        def get_collection(self, model):
            return self.database[f"{self.tenant}_{model.__collection__}"]

    engine = Tenants(aio_engine.client, database=aio_engine.database_name)
    flat = Flat()
    await engine.save(flat)
    raw_database["one_flat"].update_one({}, {"$set": {"code": 7}})
    flat.weight = 2
    await engine.save(flat)
    assert raw_database["one_flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 2}

    engine.tenant = "two"
    await engine.save(flat)
    assert raw_database["two_flat"].find_one() == {"_id": flat.id, "code": 0, "weight": 2}


@pytest.mark.each_driver
async def test_another_engine_of_the_same_client_is_no_other_place(aio_engine, raw_database):
    flat = Flat()
    await aio_engine.save(flat)
    raw_database["flat"].update_one({}, {"$set": {"code": 7}})
    flat.weight = 2
    await AIOEngine(aio_engine.client, database=aio_engine.database_name).save(flat)

    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 2}


async def test_references_that_are_read_along_are_known(aio_engine, raw_database, archive):
    await aio_engine.save(Parcel(country=Country()))
    (parcel,) = await aio_engine.find(Parcel)
    single = await aio_engine.find_one(Parcel)
    raw_database["country"].update_one({}, {"$set": {"more": 1}})
    raw_database["parcel"].update_one({}, {"$set": {"code": 7}})
    for each in (parcel, single):
        each.weight = 3
        await aio_engine.save(each)

    assert parcel.country.__fields_modified__ == set()
    assert raw_database["parcel"].find_one()["code"] == 7


async def test_what_is_stored_inside_is_no_document_of_its_own(aio_engine, raw_database):
    with pytest.warns(EmbeddedCopyWarning):

        class Holder(Model):
            copies: list[Flat] = []

    await aio_engine.save(Holder(copies=[Flat(code=3)]))
    (holder,) = await aio_engine.find(Holder)
    await aio_engine.save(holder.copies[0])

    assert raw_database["flat"].find_one()["code"] == 3


async def test_a_deletion_elsewhere_leaves_what_is_known(aio_engine, archive, raw_database):
    flat = Flat()
    await archive.save(flat)
    await aio_engine.save(flat)
    await archive.delete(flat)
    raw_database["flat"].update_one({}, {"$set": {"code": 7}})
    flat.weight = 2
    await aio_engine.save(flat)

    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 2}


# --- Copies ------------------------------------------------------------------------------------

_COPIES = [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]


@pytest.mark.parametrize("duplicate", _COPIES)
async def test_a_copy_that_was_kept_restores_a_deleted_document(
    aio_engine, raw_database, duplicate
):
    parcel = Parcel(country=Country())
    await aio_engine.save(parcel)
    kept, other = duplicate(parcel), duplicate(parcel)
    before = raw_database["parcel"].find_one()
    await aio_engine.delete(parcel)
    await aio_engine.save(kept)
    assert raw_database["parcel"].find_one() == before

    await aio_engine.save(other)
    await aio_engine.delete(kept)
    await aio_engine.save(other)
    assert raw_database["parcel"].find_one() == before


async def test_a_pickle_of_what_is_gone_restores_a_deleted_document(aio_engine, raw_database):
    flat = Flat(code=3)
    await aio_engine.save(flat)
    kept = pickle.dumps(flat)
    await aio_engine.delete(flat)
    del flat
    await aio_engine.save(pickle.loads(kept))

    assert raw_database["flat"].find_one()["code"] == 3


async def test_a_deletion_that_is_rolled_back_leaves_copies_as_they_were(aio_engine, raw_database):
    flat = Flat()
    await aio_engine.save(flat)
    kept = copy.copy(flat)
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.delete(flat)
    assert kept.__fields_modified__ == {"id", "code", "weight"}
    await transaction.abort()
    raw_database["flat"].update_one({}, {"$set": {"code": 7}})
    for weight, each in enumerate((flat, kept), 2):
        each.weight = weight
        await aio_engine.save(each)

    assert raw_database["flat"].find_one() == {"_id": flat.id, "code": 7, "weight": 3}


async def test_a_copy_of_what_a_transaction_read_back_is_new(aio_engine, raw_database):
    transaction = aio_engine.transaction()
    await transaction.start()
    await transaction.save(Flat(code=3))
    found = await transaction.find_one(Flat)
    kept = copy.copy(found)
    await transaction.abort()
    await aio_engine.save(kept)

    assert raw_database["flat"].find_one()["code"] == 3


async def test_new_copies_of_one_document_are_saved_in_one_transaction(aio_engine, raw_database):
    flats = [Flat(code=code) for code in range(30)]
    copies = [*map(copy.copy, flats), *(flat.model_copy() for flat in flats)]
    async with aio_engine.transaction() as transaction:
        await transaction.save_all([*copies, *flats])

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
@pytest.mark.each_driver
async def test_a_pickle_knows_the_place_in_another_process(
    aio_engine, archive, raw_database, archived, odmantic_mongo_uri, is_there
):
    flat = Flat()
    await aio_engine.save(flat)
    raw_database["flat"].update_one({}, {"$set": {"code": 7}})
    name = aio_engine.database_name if is_there else archive.database_name
    subprocess.run(  # noqa: ASYNC221 - nothing else has a turn
        [sys.executable, "-c", _PROGRAM, odmantic_mongo_uri, name],
        input=pickle.dumps(flat),
        check=True,
        timeout=60,
    )

    stored = (raw_database if is_there else archived)["flat"].find_one()
    assert stored == {"_id": flat.id, "code": 7 if is_there else 0, "weight": 2}


# --- Asking ------------------------------------------------------------------------------------


async def test_to_ask_changes_no_answer(aio_engine, commands):
    flats = [Flat(code=code) for code in range(3)]
    flats[0].weight = 2
    assert flats[1].__fields_modified__ == {"id", "code", "weight"}
    await aio_engine.save_all(flats)

    assert commands.names == ["insert"]
    assert [flat.__fields_modified__ for flat in flats] == [set()] * 3
