"""Repeated transactions and objects from outside the callback: put back, or refused; never changed twice."""

from __future__ import annotations

import pytest

from odmantic import EmbeddedModel, Model, Reference
from odmantic.exceptions import TransactionAbortedError, UnsafeRetryError

TRANSIENT = "TransientTransactionError"


class Shelf(EmbeddedModel):
    place: str
    boxes: list[int] = []


class Maker(Model):
    name: str
    sold: int = 0


class Stock(Model):
    n: int
    note: str = ""
    tags: list[str] = []
    prices: dict[str, list[int]] = {}
    shelf: Shelf = Shelf(place="A")
    maker: Maker = Reference()


@pytest.fixture
def conflict(fail_point, raw_database):
    """Has the first commits of the test fail as a write conflict does."""
    for name in ("stock", "maker"):
        raw_database.create_collection(name)
    return lambda times=1: fail_point(
        "commitTransaction", error_code=251, labels=(TRANSIENT,), times=times
    )


@pytest.fixture
async def stock(aio_engine, conflict):
    shelf = Shelf(place="A", boxes=[1])
    return await aio_engine.save(
        Stock(n=10, tags=["old"], prices={"eu": [1]}, shelf=shelf, maker=Maker(name="Leaf"))
    )


def _stored(raw_database):
    return raw_database["stock"].find_one({}, {"_id": 0, "maker": 0})


async def test_a_change_that_would_be_applied_twice_stops_the_retry(
    aio_engine, raw_database, conflict, stock
):
    calls = []

    async def sell(transaction):
        calls.append(stock.n)
        stock.n -= 1
        await transaction.save(stock)

    with conflict(), pytest.raises(UnsafeRetryError, match=r"restore=\[...\]") as caught:
        await aio_engine.run_transaction(sell)

    assert isinstance(caught.value, RuntimeError)
    assert "Load the object inside the callback" in str(caught.value)
    assert repr(stock.id) in str(caught.value)
    assert calls == [10, 9]
    assert _stored(raw_database)["n"] == 10
    assert stock.__fields_modified__ >= {"n"}


async def test_swallowing_the_refusal_does_not_help(aio_engine, raw_database, conflict, stock):
    async def sell(transaction):
        stock.n -= 1
        try:
            await transaction.save(stock)
        except UnsafeRetryError:
            return

    with conflict(), pytest.raises(TransactionAbortedError, match="UnsafeRetryError"):
        await aio_engine.run_transaction(sell)
    assert _stored(raw_database)["n"] == 10


async def test_an_object_loaded_in_the_callback_is_right(aio_engine, raw_database, conflict, stock):
    async def sell(transaction):
        found = await transaction.find_one(Stock)
        found.n -= 1
        await transaction.save(found)

    with conflict(times=3):
        await aio_engine.run_transaction(sell)
    assert _stored(raw_database)["n"] == 9


async def test_an_object_made_in_the_callback_is_right(aio_engine, raw_database, conflict):
    async def make(transaction):
        return await transaction.save(Maker(name="new"))

    with conflict(times=3):
        made = await aio_engine.run_transaction(make)
    assert [maker["_id"] for maker in raw_database["maker"].find()] == [made.id]


async def _assign(transaction, stock):
    stock.n = 5
    stock.tags = ["new"]
    await transaction.save(stock)


async def _assign_in_steps(transaction, stock):
    """What the second save wrote is there already when the first one is made again."""
    stock.n = 5
    await transaction.save(stock)
    stock.note = "sold"
    stock.prices["us"] = [2]
    await transaction.save(stock)


async def _there_and_back(transaction, stock):
    stock.n -= 1
    await transaction.save(stock)
    stock.n += 1
    await transaction.save(stock)


async def _delete_and_save(transaction, stock):
    await transaction.delete(stock)
    await transaction.save(stock)


async def _unchanged(transaction, stock):
    await transaction.save(stock)


@pytest.mark.parametrize(
    "change",
    [_assign, _assign_in_steps, _there_and_back, _delete_and_save, _unchanged],
    ids=lambda change: change.__name__[1:],
)
async def test_an_idempotent_change_passes(aio_engine, raw_database, conflict, stock, change):
    async def work(transaction):
        await change(transaction, stock)

    with conflict(times=2):
        await aio_engine.run_transaction(work)
    stored = stock.model_dump_doc()
    assert raw_database["stock"].find_one() == stored


async def _subtract(stock):
    stock.n -= 1


async def _append(stock):
    stock.tags.append("new")


async def _append_deeply(stock):
    stock.prices["eu"].append(2)
    stock.prices["us"] = [len(stock.prices)]


async def _change_embedded(stock):
    stock.shelf.boxes.append(len(stock.shelf.boxes))
    stock.shelf.place += "B"


async def _change_referenced(stock):
    stock.maker.sold += 1


async def _replace_all(stock):
    stock.tags = [*stock.tags, "new"]
    stock.shelf = Shelf(place=stock.shelf.place + "B")
    stock.maker = Maker(name=stock.maker.name + "B")


CHANGES = pytest.mark.parametrize(
    "change",
    [_subtract, _append, _append_deeply, _change_embedded, _change_referenced, _replace_all],
    ids=lambda change: change.__name__[1:],
)


@CHANGES
@pytest.mark.parametrize("way", ["restore", "track"])
async def test_tracked_objects_get_their_values_back(
    aio_engine, raw_database, conflict, stock, change, way
):
    expected = Stock.model_validate_doc(
        {**stock.model_dump_doc(), "maker": stock.maker.model_dump_doc()}
    )
    await change(expected)

    async def work(transaction):
        if way == "track":
            assert transaction.track(stock) is stock
        await change(stock)
        await transaction.save(stock)

    with conflict(times=3):
        await aio_engine.run_transaction(work, restore=[stock] if way == "restore" else [])

    ignored = {"maker"} if change is _replace_all else set()
    stored = raw_database["stock"].find_one()
    for name in set(stored) - ignored:
        assert stored[name] == expected.model_dump_doc()[name]
    maker = raw_database["maker"].find_one({"_id": stored["maker"]})
    assert (maker["name"], maker["sold"]) == (expected.maker.name, expected.maker.sold)
    assert stock.__fields_modified__ == set()


@pytest.mark.parametrize(
    "change",
    [_subtract, _append, _append_deeply, _change_embedded, _change_referenced],
    ids=lambda change: change.__name__[1:],
)
async def test_the_same_change_without_tracking_is_refused(aio_engine, conflict, stock, change):
    async def work(transaction):
        await change(stock)
        await transaction.save(stock)

    with conflict(), pytest.raises(UnsafeRetryError):
        await aio_engine.run_transaction(work)


async def test_what_a_program_holds_stays_the_same_object(aio_engine, conflict, stock):
    seen = []

    async def work(transaction):
        shelf, prices = stock.shelf, stock.prices
        seen.append([stock.tags, prices, prices["eu"], shelf, shelf.boxes, stock.maker])
        stock.tags.append("new")
        stock.prices.pop("eu")
        stock.shelf = Shelf(place="other")
        stock.maker = Maker(name="other")
        await transaction.save(stock)

    with conflict():
        await aio_engine.run_transaction(work, restore=[stock])
    assert len(seen) == 2
    assert all(first is second for first, second in zip(seen[0], seen[1], strict=True))


async def test_an_unsaved_object_from_outside_is_new_again(aio_engine, raw_database, conflict):
    maker = Maker(name="Leaf")

    async def work(transaction):
        maker.sold += 1
        await transaction.save(maker)

    with conflict(times=2):
        await aio_engine.run_transaction(work, restore=[maker])
    assert raw_database["maker"].find_one() == {"_id": maker.id, "name": "Leaf", "sold": 1}


async def test_an_object_tracked_after_its_save_is_saved_again(aio_engine, raw_database, conflict):
    """Its values at that time were written by the transaction that is rolled back."""
    maker = Maker(name="Leaf")

    async def work(transaction):
        await transaction.save(maker)
        transaction.track(maker)
        await transaction.count(Maker)

    with conflict(times=2):
        await aio_engine.run_transaction(work)
    assert raw_database["maker"].count_documents({"_id": maker.id}) == 1


async def test_an_object_tracked_after_a_read_of_its_own_write_is_wholly_dirty(
    aio_engine, raw_database, conflict
):
    maker = await aio_engine.save(Maker(name="Leaf"))
    calls, again = [], []

    async def work(transaction):
        calls.append(1)
        if len(calls) == 1:
            maker.sold = 7
            await transaction.save(maker)
            again.append(transaction.track(await transaction.find_one(Maker)))
            return
        await transaction.save(again[0])

    with conflict():
        await aio_engine.run_transaction(work)
    assert raw_database["maker"].find_one()["sold"] == 7


async def test_a_save_that_changes_nothing_does_not_undo_what_others_wrote(
    aio_engine, raw_database, conflict, stock
):
    calls = []

    async def work(transaction):
        calls.append(1)
        if len(calls) == 1:
            stock.n -= 1
        else:
            # The fail point left the first transaction open on the server, with its locks.
            session = transaction.get_driver_session()
            raw_database.client.admin.command("killSessions", [session.session_id])
            raw_database["stock"].update_one({}, {"$set": {"n": 77}})
        await transaction.save(stock)
        await transaction.save(Maker(name="another"))

    with conflict():
        await aio_engine.run_transaction(work, restore=[stock])
    assert _stored(raw_database)["n"] == 77


async def test_one_instance_is_no_list_of_instances(aio_engine, stock):
    async def work(transaction):
        pytest.fail("was called")

    with pytest.raises(TypeError, match=r"restore=\[stock\]"):
        await aio_engine.run_transaction(work, restore=stock)


async def test_a_joined_callback_has_its_objects_tracked_by_the_outer_one(
    aio_engine, raw_database, conflict, stock
):
    async def inner(transaction):
        stock.n -= 1
        await transaction.save(stock)

    async def outer(transaction):
        await aio_engine.run_transaction(inner, join=transaction, restore=[stock])

    with conflict(times=2):
        await aio_engine.run_transaction(outer)
    assert _stored(raw_database)["n"] == 9


async def test_tracking_in_a_block_does_nothing(aio_engine, stock):
    with pytest.raises(KeyError):
        async with aio_engine.transaction() as transaction:
            transaction.track(stock)
            stock.n -= 1
            raise KeyError
    assert stock.n == 9


async def test_objects_saved_in_bulk_are_guarded_alike(aio_engine, raw_database, conflict):
    makers = await aio_engine.save_all([Maker(name=str(number)) for number in range(3)])

    async def work(transaction):
        for maker in makers:
            maker.sold += 1
        await transaction.save_all(makers)

    with conflict(), pytest.raises(UnsafeRetryError):
        await aio_engine.run_transaction(work)
    assert raw_database["maker"].distinct("sold") == [0]
