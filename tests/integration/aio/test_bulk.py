"""`save_all` in bulk: few commands, and the same errors and states as saves one after the other."""

from __future__ import annotations

import copy
import pickle

import pymongo.errors
import pytest
from bson import ObjectId, Timestamp
from tests.integration.aio.colour import ASYNC, resolve

from odmantic import AIOEngine, EmbeddedModel, Field, Model, Reference
from odmantic import ObjectId as AutomaticId
from odmantic.exceptions import (
    DuplicateKeyError,
    InvalidDocumentError,
    TransactionAbortedError,
    WriteConflictError,
)

if ASYNC:
    import asyncio


class Customer(Model):
    name: str = Field(unique=True)
    visits: int = 0


class Order(Model):
    number: int = Field(unique=True)
    customer: Customer = Reference()


class Parcel(Model):
    code: str = Field(primary_field=True)
    weight: float = 1.0


class Size(EmbeddedModel):
    width: int


class Crate(Model):
    size: Size = Field(primary_field=True)
    weight: float = 1.0
    content: str = ""


class Box(Model):
    content: object = None

    model_config = {"arbitrary_types_allowed": True}


class Category(Model):
    name: str


class Item(Model):
    category: Category = Reference()


class Line(Model):
    item: Item = Reference()
    order: Order = Reference()


class Loose(Model):
    name: str

    model_config = {"extra": "allow"}


class Event(Model):
    at: Timestamp

    model_config = {"arbitrary_types_allowed": True}


def _customers(count, start=0):
    return [Customer(name=str(number)) for number in range(start, start + count)]


def _sent(commands):
    return [(event.command_name, event.command[event.command_name]) for event in commands.started]


def _are_saved(instances):
    return [not instance.__fields_modified__ for instance in instances]


# --- Commands ----------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_new_instances_are_one_insert(aio_engine, raw_database, commands):
    customers = await aio_engine.save_all(_customers(50))

    assert _sent(commands) == [("insert", "customer")]
    assert commands.started[0].command["ordered"] is True
    assert list(raw_database["customer"].find()) == [each.model_dump_doc() for each in customers]
    assert all(_are_saved(customers))


async def test_instances_with_given_ids_are_one_update(aio_engine, raw_database, commands):
    raw_database["customer"].insert_one({"_id": ObjectId("5" * 24), "name": "old", "note": "kept"})
    customers = [Customer(id=ObjectId(str(number) * 24), name=str(number)) for number in range(9)]

    await aio_engine.save_all(customers)

    assert _sent(commands) == [("update", "customer")]
    assert raw_database["customer"].count_documents({}) == 9
    assert raw_database["customer"].find_one({"_id": ObjectId("5" * 24)}) == {
        "_id": ObjectId("5" * 24), "name": "5", "visits": 0, "note": "kept",
    }  # fmt: skip


@pytest.mark.each_driver
async def test_changed_instances_are_one_update_of_what_changed(aio_engine, commands):
    customers = await aio_engine.save_all(_customers(10))
    commands.clear()
    for customer in customers[::2]:
        customer.visits += 1

    await aio_engine.save_all(customers)

    [event] = commands.started
    assert [(each["q"], each["u"], each["upsert"]) for each in event.command["updates"]] == [
        ({"_id": each.id}, {"$set": {"visits": 1}}, False) for each in customers[::2]
    ]
    assert all(_are_saved(customers))
    commands.clear()
    await aio_engine.save_all(customers)
    assert commands.names == []


async def test_references_are_written_before_by_level(aio_engine, commands):
    category = Category(name="tea")
    lines = [
        Line(
            item=Item(category=category),
            order=Order(number=number, customer=Customer(name=str(number))),
        )
        for number in range(3)
    ]

    await aio_engine.save_all(lines)

    sent = _sent(commands)
    assert sorted(sent[:2]) == [("insert", "customer"), ("update", "category")]
    assert sorted(sent[2:4]) == [("insert", "item"), ("insert", "order")]
    assert sent[4:] == [("insert", "line")]
    assert await aio_engine.count(Line) == 3


async def test_new_and_changed_instances_in_turn_are_one_command(aio_engine, commands):
    old = await aio_engine.save_all(_customers(20))
    for customer in old:
        customer.visits = 1
    new = _customers(20, 20)
    commands.clear()

    await aio_engine.save_all([each for pair in zip(old, new, strict=True) for each in pair])

    assert _sent(commands) == [("update", "customer")]
    assert await aio_engine.count(Customer) == 40


async def test_new_instances_behind_changed_ones_are_inserted(aio_engine, commands):
    old = await aio_engine.save_all(_customers(20))
    for customer in old:
        customer.visits = 1
    commands.clear()

    await aio_engine.save_all([*old, *_customers(20, 20)])

    assert _sent(commands) == [("update", "customer"), ("insert", "customer")]
    assert await aio_engine.count(Customer, Customer.visits == 1) == 20


async def test_many_instances_are_sent_in_batches(aio_engine, commands, monkeypatch):
    monkeypatch.setattr("odmantic._plan.planner.BATCH_SIZE", 100)
    monkeypatch.setattr("odmantic._plan.planner.UPDATE_BATCH_SIZE", 70)
    customers = _customers(250)

    await aio_engine.save_all(customers)

    assert [len(event.command["documents"]) for event in commands.started] == [100, 100, 50]
    assert all(_are_saved(customers))
    commands.clear()
    for customer in customers:
        customer.visits += 1
    await aio_engine.save_all(customers)
    assert [len(event.command["updates"]) for event in commands.started] == [70, 70, 70, 40]
    assert await aio_engine.count(Customer, Customer.visits == 1) == 250


async def test_an_error_leaves_out_the_group_behind_it(aio_engine, raw_database):
    raw_database["customer"].create_index("name", unique=True)
    customers, box = [Customer(name="a"), Customer(name="a")], Box(content="b")

    with pytest.raises(DuplicateKeyError):
        await aio_engine.save_all([*customers, box])

    assert _are_saved([*customers, box]) == [True, False, False]
    assert await aio_engine.count(Box) == 0


@pytest.mark.each_driver
async def test_large_documents_are_split_by_the_driver(aio_engine, commands):
    boxes = [Box(content="x" * 10_000_000) for _ in range(6)]

    await aio_engine.save_all(boxes)

    assert set(commands.names) == {"insert"}
    assert await aio_engine.count(Box) == 6


async def test_a_subclass_that_writes_in_its_own_way_is_asked_for_each(aio_engine):
    collection = aio_engine.get_collection(Customer)
    written = []

    class Audited(type(collection)):
        def update_one(self, *args, **kwargs):
            written.append(args)
            return super().update_one(*args, **kwargs)

    if type(collection).__module__.startswith("motor"):
        pytest.skip("Motor makes its collections by itself")
    audited = Audited(aio_engine.database, "customer")
    aio_engine.get_collection = lambda model: audited

    await aio_engine.save_all(_customers(3))

    assert len(written) == 3


# --- Ids ---------------------------------------------------------------------------------------


async def test_copies_are_no_second_insert(aio_engine):
    first = Customer(name="a")

    await aio_engine.save_all([first, first.model_copy(update={"name": "b"}), Customer(name="c")])

    assert [each.name async for each in aio_engine.find(Customer)] == ["b", "c"]


@pytest.mark.parametrize(
    "copied",
    [
        lambda each: each.model_copy(),
        copy.copy,
        copy.deepcopy,
        lambda each: pickle.loads(pickle.dumps(each)),
        lambda each: Customer(id=each.id, name=each.name),
        lambda each: Customer(**each.model_dump()),
        lambda each: Customer.model_validate_json(each.model_dump_json()),
        lambda each: Customer.model_construct(_fields_set=set(), **each.model_dump()),
    ],
)
async def test_a_copy_may_be_saved_first(aio_engine, copied):
    customers = _customers(3)
    await aio_engine.save(copied(customers[1]))

    await aio_engine.save_all(customers)

    assert await aio_engine.count(Customer) == 3
    assert all(_are_saved(customers))


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda each: pickle.loads(pickle.dumps(each)),
        lambda each: Customer(id=each.id, name=each.name),
    ],
)
async def test_a_copy_may_be_saved_first_in_a_transaction(aio_engine, copied):
    customers = _customers(3)
    await aio_engine.save(copied(customers[1]))

    async with aio_engine.transaction() as transaction:
        await transaction.save_all(customers)

    assert await aio_engine.count(Customer) == 3


@pytest.mark.parametrize("place", [0, 2, 4])
async def test_a_document_with_an_automatic_id_may_exist(aio_engine, raw_database, commands, place):
    customers = _customers(5)
    raw_database["customer"].insert_one({"_id": customers[place].id, "name": "raw", "note": "kept"})

    await aio_engine.save_all(customers)

    assert _sent(commands) == [("insert", "customer"), ("update", "customer")]
    assert all(_are_saved(customers))
    assert [each["name"] for each in raw_database["customer"].find(sort=["name"])] == list("01234")
    assert raw_database["customer"].find_one({"_id": customers[place].id})["note"] == "kept"


async def test_deleted_instances_are_saved_again(aio_engine):
    customers = await aio_engine.save_all(_customers(2))
    for customer in customers:
        await aio_engine.delete(customer)

    await aio_engine.save_all(customers)

    assert await aio_engine.find_one(Customer, Customer.name == "1") == customers[1]


async def test_a_modified_set_emptied_from_outside_is_respected(aio_engine, commands):
    customers = _customers(3)
    customers[1].__fields_modified__.clear()

    await aio_engine.save_all(customers)

    assert [each["name"] for each in commands.started[0].command["documents"]] == ["0", "2"]


async def test_extras_are_stored_as_by_one_save(aio_engine, raw_database):
    one = await aio_engine.save(Loose(name="a", place={"city.name": "Oslo"}))
    await aio_engine.save_all([Loose(name="b", place={"city.name": "Oslo"}), Loose(name="c")])

    stored = list(raw_database["loose"].find({}, {"_id": 0}))
    assert stored[0] | {"name": "b"} == stored[1]
    assert one.name == "a"


async def test_an_empty_timestamp_stays_empty(aio_engine, raw_database):
    await aio_engine.save_all([Event(at=Timestamp(0, 0)), Event(at=Timestamp(0, 0))])

    assert [each["at"] for each in raw_database["event"].find()] == [Timestamp(0, 0)] * 2


# --- Documents that are gone -------------------------------------------------------------------


async def test_documents_that_are_gone_are_written_as_a_whole(aio_engine, raw_database, commands):
    customers = await aio_engine.save_all(_customers(6))
    raw_database["customer"].delete_many({"name": {"$in": ["1", "4"]}})
    for customer in customers:
        customer.visits = 7
    raw_database["customer"].update_one({"name": "2"}, {"$set": {"name": "theirs"}})
    commands.clear()

    await aio_engine.save_all(customers)

    assert commands.names == ["update", "find", "update"]
    assert len(commands.started[-1].command["updates"]) == 2
    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1
    stored = {
        each["_id"]: (each["name"], each["visits"]) for each in raw_database["customer"].find()
    }
    assert stored == {
        each.id: ("theirs" if number == 2 else str(number), 7)
        for number, each in enumerate(customers)
    }
    assert all(_are_saved(customers))


async def test_documents_that_are_gone_in_a_transaction(aio_engine, raw_database):
    customers = await aio_engine.save_all(_customers(4))
    raw_database["customer"].delete_one({"name": "1"})
    async with aio_engine.transaction() as transaction:
        for customer in customers:
            customer.visits = 7
        await transaction.save_all(customers)

    assert sorted(each["name"] for each in raw_database["customer"].find({"visits": 7})) == list(
        "0123"
    )


async def test_documents_with_ids_of_any_type_that_are_gone(aio_engine, raw_database):
    crates = await aio_engine.save_all([Crate(size=Size(width=width)) for width in range(3)])
    raw_database["crate"].delete_one({"_id": {"width": 1}})
    raw_database["crate"].update_one({"_id": {"width": 2}}, {"$set": {"content": "theirs"}})
    for crate in crates:
        crate.weight = 2.0

    await aio_engine.save_all(crates)

    stored = {each["_id"]["width"]: each for each in raw_database["crate"].find()}
    assert stored[1] == {"_id": {"width": 1}, "weight": 2.0, "content": ""}
    assert stored[2]["content"] == "theirs"
    assert all(_are_saved(crates))


async def test_documents_that_are_gone_before_one_that_fails(aio_engine, raw_database):
    await aio_engine.configure_database([Customer])
    customers = await aio_engine.save_all(_customers(4))
    raw_database["customer"].delete_one({"name": "0"})
    for customer in customers:
        customer.visits = 7
    customers[2].name = "1"

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save_all(customers)

    assert caught.value.instance is customers[2]
    assert _are_saved(customers) == [True, True, False, False]
    assert raw_database["customer"].find_one({"name": "0"})["visits"] == 7


# --- Errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.each_driver
async def test_a_duplicate_names_its_instance(aio_engine, raw_database, given):
    await aio_engine.configure_database([Customer])
    customers = [
        Customer(name=name, **({"id": ObjectId()} if given else {})) for name in "abcdabef"
    ]

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save_all(customers)

    error = caught.value
    assert error.instance is customers[4]
    assert type(error.driver_error) is pymongo.errors.DuplicateKeyError
    assert error.driver_error.code == 11000
    assert error.driver_error.details["keyValue"] == {"name": "a"}
    assert error.driver_error.details["index"] == 0
    assert error.__cause__ is error.driver_error
    assert _are_saved(customers) == [True] * 4 + [False] * 4
    assert raw_database["customer"].count_documents({}) == 4
    for customer in customers[4:]:
        customer.name += "2"
    await aio_engine.save_all(customers)
    assert raw_database["customer"].count_documents({}) == 8


async def test_a_duplicate_is_told_as_by_one_save(aio_engine):
    await aio_engine.configure_database([Customer])
    await aio_engine.save(Customer(name="a"))
    with pytest.raises(DuplicateKeyError) as by_one:
        await aio_engine.save(Customer(name="a"))
    with pytest.raises(DuplicateKeyError) as by_many:
        await aio_engine.save_all([Customer(name="b"), Customer(name="a")])

    one, many = by_one.value.driver_error, by_many.value.driver_error
    assert (str(many), many.details) == (str(one), one.details)


async def test_what_stands_before_a_reference_that_fails_is_written(aio_engine, raw_database):
    await aio_engine.configure_database([Customer, Order])
    orders = [
        Order(number=number, customer=Customer(name=name)) for number, name in enumerate("abca")
    ]

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save_all(orders)

    assert caught.value.instance is orders[3].customer
    assert _are_saved(orders) == [True, True, True, False]
    assert raw_database["order"].count_documents({}) == 3


async def test_the_first_of_two_errors_is_raised(aio_engine, raw_database):
    await aio_engine.configure_database([Customer, Order])
    orders = [
        Order(number=number, customer=Customer(name=name))
        for number, name in [(0, "a"), (0, "b"), (1, "c"), (2, "a")]
    ]

    with pytest.raises(DuplicateKeyError) as caught:
        await aio_engine.save_all(orders)

    assert caught.value.instance is orders[1]
    assert _are_saved(orders) == [True, False, False, False]
    assert _are_saved([each.customer for each in orders]) == [True, True, True, False]


async def test_a_refused_document_is_a_write_error(aio_engine, raw_database):
    raw_database.create_collection("customer", validator={"visits": {"$lt": 5}})
    customers = _customers(4)
    customers[2].visits = 9

    with pytest.raises(pymongo.errors.WriteError) as caught:
        await aio_engine.save_all(customers)

    assert caught.value.code == 121
    assert _are_saved(customers) == [True, True, False, False]


async def test_a_value_without_a_stored_form(aio_engine, raw_database):
    boxes = [Box(content=content) for content in (1, 2, object(), 3)]

    with pytest.raises(InvalidDocumentError, match="field 'content' of Box"):
        await aio_engine.save_all(boxes)

    assert _are_saved(boxes) == [True, True, False, False]
    assert [each["content"] for each in raw_database["box"].find()] == [1, 2]
    boxes[2].content = 2.5
    await aio_engine.save_all(boxes)
    assert [each["content"] for each in raw_database["box"].find()] == [1, 2, 2.5, 3]


async def test_a_document_that_is_too_large(aio_engine, raw_database):
    boxes = [Box(content=1), Box(content=2), Box(content="x" * 17_000_000), Box(content=3)]

    with pytest.raises(InvalidDocumentError, match="larger than the 16 MiB"):
        await aio_engine.save_all(boxes)

    assert _are_saved(boxes) == [True, True, False, False]


async def test_a_document_that_is_nested_too_deeply_for_the_server(aio_engine, raw_database):
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"d": deep}
    boxes = [Box(content=1), Box(content=2), Box(content=deep), Box(content=3)]

    with pytest.raises(InvalidDocumentError, match="field 'content' of Box"):
        await aio_engine.save_all(boxes)

    assert _are_saved(boxes) == [True, True, False, False]


async def test_an_instance_that_contains_itself(aio_engine, raw_database):
    loop: list[object] = []
    loop.append(loop)
    boxes = [Box(content=1), Box(content=2), Box(content=loop), Box(content=3)]

    with pytest.raises(InvalidDocumentError, match="contains itself"):
        await aio_engine.save_all(boxes)

    assert _are_saved(boxes) == [True, True, False, False]


@pytest.mark.each_driver
async def test_a_lost_connection_leaves_all_dirty(aio_engine, fail_point, raw_database):
    await aio_engine.save_all([])
    customers = _customers(5)
    with (
        fail_point("insert", close_connection=True),
        pytest.raises(pymongo.errors.ConnectionFailure),
    ):
        await aio_engine.save_all(customers)

    assert not any(_are_saved(customers))
    await aio_engine.save_all(customers)
    assert await aio_engine.count(Customer) == 5


async def test_an_instance_that_was_tried_is_never_inserted_again(aio_engine, commands, fail_point):
    customers = _customers(5)
    with fail_point("insert", error_code=11601), pytest.raises(pymongo.errors.OperationFailure):
        await aio_engine.save_all(customers)
    commands.clear()

    await aio_engine.save_all(customers)

    assert _sent(commands) == [("update", "customer")]


async def test_a_failed_write_concern_leaves_all_dirty(aio_engine, fail_point):
    customers = _customers(3)
    with (
        fail_point("insert", write_concern_error={"code": 100, "errmsg": "no such members"}),
        pytest.raises(pymongo.errors.WriteConcernError, match="no such members"),
    ):
        await aio_engine.save_all(customers)

    assert not any(_are_saved(customers))
    await aio_engine.save_all(customers)
    assert await aio_engine.count(Customer) == 3


if ASYNC:

    @pytest.mark.each_driver
    async def test_a_cancelled_write_leaves_all_dirty(aio_engine, fail_point):
        await aio_engine.save(Customer(name="first"))
        customers = _customers(5)
        with fail_point("insert", block_ms=500):
            task = asyncio.create_task(aio_engine.save_all(customers))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        assert not any(_are_saved(customers))
        await aio_engine.save_all(customers)
        assert await aio_engine.count(Customer) == 6

    @pytest.mark.each_driver
    async def test_changes_made_meanwhile_are_kept(aio_engine, fail_point):
        customers = await aio_engine.save_all(_customers(5))
        for customer in customers:
            customer.visits = 1
        with fail_point("update", block_ms=300):
            task = asyncio.create_task(aio_engine.save_all(customers))
            await asyncio.sleep(0.1)
            customers[3].name = "meanwhile"
            await task

        assert customers[3].__fields_modified__ == {"name"}
        await aio_engine.save_all(customers)
        assert await aio_engine.count(Customer, Customer.name == "meanwhile") == 1


# --- Transactions ------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_bulk_writes_are_part_of_a_transaction(aio_engine, commands):
    customers = _customers(10)
    with pytest.raises(RuntimeError, match="enough"):
        async with aio_engine.transaction() as transaction:
            await transaction.save_all(customers)
            assert all(_are_saved(customers))
            assert await transaction.count(Customer) == 10
            raise RuntimeError("enough")

    assert not any(_are_saved(customers))
    assert await aio_engine.count(Customer) == 0
    async with aio_engine.transaction() as transaction:
        await transaction.save_all(customers)
    assert all(_are_saved(customers))
    assert await aio_engine.count(Customer) == 10


async def test_a_duplicate_dooms_the_transaction(aio_engine, raw_database):
    await aio_engine.configure_database([Customer])
    customers = [Customer(name=name) for name in "abac"]

    with pytest.raises(TransactionAbortedError) as caught:
        async with aio_engine.transaction() as transaction:
            with pytest.raises(DuplicateKeyError) as duplicate:
                await transaction.save_all(customers)
            assert duplicate.value.instance is customers[2]
            assert _are_saved(customers) == [True, True, False, False]

    assert type(caught.value.__cause__) is pymongo.errors.DuplicateKeyError
    assert not any(_are_saved(customers))
    assert raw_database["customer"].count_documents({}) == 0


@pytest.mark.parametrize("count", [3, 40])
async def test_a_document_with_an_automatic_id_may_exist_in_a_transaction(
    aio_engine, raw_database, count
):
    customers = _customers(count)
    raw_database["customer"].insert_one({"_id": customers[2].id, "name": "raw", "note": "kept"})

    async with aio_engine.transaction() as transaction:
        own = aio_engine.get_collection(Customer)
        await resolve(
            own.insert_one(
                {"_id": customers[1].id, "name": "own"}, session=transaction.get_driver_session()
            )
        )
        await transaction.save_all(customers)

    assert all(_are_saved(customers))
    stored = {each["_id"]: each for each in raw_database["customer"].find()}
    assert {key: each["name"] for key, each in stored.items()} == {
        each.id: each.name for each in customers
    }
    assert stored[customers[2].id]["note"] == "kept"


@pytest.mark.parametrize(
    ("count", "names"),
    [(3, ["update", "commitTransaction"]), (40, ["find", "insert", "commitTransaction"])],
)
async def test_new_instances_in_a_transaction_may_exist_for_all_we_know(
    aio_engine, commands, count, names
):
    async with aio_engine.transaction() as transaction:
        await transaction.save_all(_customers(count))

    assert commands.names == names
    assert await aio_engine.count(Customer) == count


async def test_a_failed_search_for_ids_leaves_all_dirty(aio_engine, fail_point):
    customers = _customers(40)
    with fail_point("find", error_code=11601):
        transaction = aio_engine.transaction()
        await transaction.start()
        with pytest.raises(pymongo.errors.OperationFailure, match="11601"):
            await transaction.save_all(customers)
        assert not any(_are_saved(customers))
        await transaction.abort()

    await aio_engine.save_all(customers)
    assert await aio_engine.count(Customer) == 40


@pytest.mark.parametrize("count", [3, 40])
async def test_an_id_that_appears_during_a_transaction_is_a_conflict(
    aio_engine, raw_database, count
):
    await aio_engine.save(Customer(name="first"))
    customers = _customers(count)

    async def work(transaction):
        await transaction.count(Customer)
        if not raw_database["customer"].count_documents({"_id": customers[1].id}):
            raw_database["customer"].insert_one({"_id": customers[1].id, "name": "raw"})
        await transaction.save_all(customers)

    with pytest.raises(WriteConflictError):
        await aio_engine.run_transaction(work, attempts=1)
    assert not any(_are_saved(customers))
    await aio_engine.run_transaction(work)

    assert await aio_engine.count(Customer) == count + 1
    assert all(_are_saved(customers))


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.each_driver
async def test_a_transaction_of_the_driver_is_as_ours(aio_engine, raw_database, count):
    await aio_engine.configure_database([Customer, Order])
    known = await aio_engine.save(Customer(name="first"))
    customers = _customers(count)
    raw_database["customer"].insert_one({"_id": customers[2].id, "name": "raw"})
    orders = [Order(number=1, customer=each) for each in customers[:2]]
    session = await resolve(aio_engine.client.start_session())
    try:
        await resolve(session.start_transaction())
        await aio_engine.save_all(customers, session=session)
        known.visits = 1
        raw_database["customer"].delete_one({"_id": known.id})
        with pytest.raises(DuplicateKeyError) as caught:
            await aio_engine.save_all([*orders, Event(at=Timestamp(1, 1))], session=session)
        await resolve(session.abort_transaction())
    finally:
        await resolve(session.end_session())

    assert caught.value.instance is orders[1]
    assert raw_database["customer"].count_documents({}) == 1


async def test_a_conflict_is_a_write_conflict(aio_engine, raw_database):
    customers = await aio_engine.save_all(_customers(5))
    for customer in customers:
        customer.visits += 1

    with pytest.raises(WriteConflictError) as caught:
        async with aio_engine.transaction() as transaction:
            await transaction.count(Customer)
            raw_database["customer"].update_one({"name": "3"}, {"$set": {"visits": 9}})
            await transaction.save_all(customers)

    assert caught.value.has_error_label("TransientTransactionError")
    assert [each.__fields_modified__ for each in customers] == [{"visits"}] * 5


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_value_without_a_stored_form_does_not_end_the_transaction(
    aio_engine, raw_database, is_first
):
    boxes = [Box(content=content) for content in (1, 2, object(), 3)]
    async with aio_engine.transaction() as transaction:
        if not is_first:
            await transaction.save(Box(content=0))
        with pytest.raises(InvalidDocumentError, match="field 'content' of Box"):
            await transaction.save_all(boxes)
        assert _are_saved(boxes) == [True, True, False, False]

    assert [each["content"] for each in raw_database["box"].find()] == [0, 1, 2][is_first:]


async def test_a_repeated_transaction_saves_in_bulk(aio_engine, fail_point):
    customers = _customers(5)

    async def work(transaction):
        await transaction.save_all(customers)

    with fail_point(
        "commitTransaction", times=1, error_code=112, labels=("TransientTransactionError",)
    ):
        await aio_engine.run_transaction(work)

    assert all(_are_saved(customers))
    assert await aio_engine.count(Customer) == 5


async def test_a_driver_session_is_used(aio_engine, commands):
    session = await resolve(aio_engine.client.start_session())
    try:
        await aio_engine.save_all(_customers(5), session=session)
        assert commands.started[0].command["lsid"] == session.session_id
    finally:
        await resolve(session.end_session())


async def test_two_databases_of_one_client(aio_engine, odmantic_mongo_client):
    name = aio_engine.database_name + "_other"
    other = AIOEngine(aio_engine.client, database=name)
    try:
        async with aio_engine.transaction() as transaction:
            await transaction.save_all(_customers(3))
            await other.save_all(_customers(4), session=transaction)
        assert (await aio_engine.count(Customer), await other.count(Customer)) == (3, 4)
    finally:
        odmantic_mongo_client.drop_database(name)


def test_automatic_ids_are_of_one_class():
    customer = Customer(name="a")

    assert type(customer.id) is AutomaticId
    assert isinstance(copy.deepcopy(customer).id, AutomaticId)
