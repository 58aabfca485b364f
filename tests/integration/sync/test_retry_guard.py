# Generated from tests/integration/aio/test_retry_guard.py by tools/generate_sync.py: do not edit.
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
def stock(sync_engine, conflict):
    shelf = Shelf(place="A", boxes=[1])
    return sync_engine.save(
        Stock(n=10, tags=["old"], prices={"eu": [1]}, shelf=shelf, maker=Maker(name="Leaf"))
    )


def _stored(raw_database):
    return raw_database["stock"].find_one({}, {"_id": 0, "maker": 0})


def test_a_change_that_would_be_applied_twice_stops_the_retry(
    sync_engine, raw_database, conflict, stock
):
    calls = []

    def sell(transaction):
        calls.append(stock.n)
        stock.n -= 1
        transaction.save(stock)

    with conflict(), pytest.raises(UnsafeRetryError, match=r"restore=\[...\]") as caught:
        sync_engine.run_transaction(sell)

    assert isinstance(caught.value, RuntimeError)
    assert "Load the object inside the callback" in str(caught.value)
    assert repr(stock.id) in str(caught.value)
    assert calls == [10, 9]
    assert _stored(raw_database)["n"] == 10
    assert stock.__fields_modified__ >= {"n"}


def test_swallowing_the_refusal_does_not_help(sync_engine, raw_database, conflict, stock):
    def sell(transaction):
        stock.n -= 1
        try:
            transaction.save(stock)
        except UnsafeRetryError:
            return

    with conflict(), pytest.raises(TransactionAbortedError, match="UnsafeRetryError"):
        sync_engine.run_transaction(sell)
    assert _stored(raw_database)["n"] == 10


def test_an_object_loaded_in_the_callback_is_right(sync_engine, raw_database, conflict, stock):
    def sell(transaction):
        found = transaction.find_one(Stock)
        found.n -= 1
        transaction.save(found)

    with conflict(times=3):
        sync_engine.run_transaction(sell)
    assert _stored(raw_database)["n"] == 9


def test_an_object_made_in_the_callback_is_right(sync_engine, raw_database, conflict):
    def make(transaction):
        return transaction.save(Maker(name="new"))

    with conflict(times=3):
        made = sync_engine.run_transaction(make)
    assert [maker["_id"] for maker in raw_database["maker"].find()] == [made.id]


def _assign(transaction, stock):
    stock.n = 5
    stock.tags = ["new"]
    transaction.save(stock)


def _assign_in_steps(transaction, stock):
    """What the second save wrote is there already when the first one is made again."""
    stock.n = 5
    transaction.save(stock)
    stock.note = "sold"
    stock.prices["us"] = [2]
    transaction.save(stock)


def _there_and_back(transaction, stock):
    stock.n -= 1
    transaction.save(stock)
    stock.n += 1
    transaction.save(stock)


def _delete_and_save(transaction, stock):
    transaction.delete(stock)
    transaction.save(stock)


def _unchanged(transaction, stock):
    transaction.save(stock)


@pytest.mark.parametrize(
    "change",
    [_assign, _assign_in_steps, _there_and_back, _delete_and_save, _unchanged],
    ids=lambda change: change.__name__[1:],
)
def test_an_idempotent_change_passes(sync_engine, raw_database, conflict, stock, change):
    def work(transaction):
        change(transaction, stock)

    with conflict(times=2):
        sync_engine.run_transaction(work)
    stored = stock.model_dump_doc()
    assert raw_database["stock"].find_one() == stored


def _subtract(stock):
    stock.n -= 1


def _append(stock):
    stock.tags.append("new")


def _append_deeply(stock):
    stock.prices["eu"].append(2)
    stock.prices["us"] = [len(stock.prices)]


def _change_embedded(stock):
    stock.shelf.boxes.append(len(stock.shelf.boxes))
    stock.shelf.place += "B"


def _change_referenced(stock):
    stock.maker.sold += 1


def _replace_all(stock):
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
def test_tracked_objects_get_their_values_back(
    sync_engine, raw_database, conflict, stock, change, way
):
    expected = Stock.model_validate_doc(
        {**stock.model_dump_doc(), "maker": stock.maker.model_dump_doc()}
    )
    change(expected)

    def work(transaction):
        if way == "track":
            assert transaction.track(stock) is stock
        change(stock)
        transaction.save(stock)

    with conflict(times=3):
        sync_engine.run_transaction(work, restore=[stock] if way == "restore" else [])

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
def test_the_same_change_without_tracking_is_refused(sync_engine, conflict, stock, change):
    def work(transaction):
        change(stock)
        transaction.save(stock)

    with conflict(), pytest.raises(UnsafeRetryError):
        sync_engine.run_transaction(work)


def test_what_a_program_holds_stays_the_same_object(sync_engine, conflict, stock):
    seen = []

    def work(transaction):
        shelf, prices = stock.shelf, stock.prices
        seen.append([stock.tags, prices, prices["eu"], shelf, shelf.boxes, stock.maker])
        stock.tags.append("new")
        stock.prices.pop("eu")
        stock.shelf = Shelf(place="other")
        stock.maker = Maker(name="other")
        transaction.save(stock)

    with conflict():
        sync_engine.run_transaction(work, restore=[stock])
    assert len(seen) == 2
    assert all(first is second for first, second in zip(seen[0], seen[1], strict=True))


def test_an_unsaved_object_from_outside_is_new_again(sync_engine, raw_database, conflict):
    maker = Maker(name="Leaf")

    def work(transaction):
        maker.sold += 1
        transaction.save(maker)

    with conflict(times=2):
        sync_engine.run_transaction(work, restore=[maker])
    assert raw_database["maker"].find_one() == {"_id": maker.id, "name": "Leaf", "sold": 1}


def test_an_object_tracked_after_its_save_is_saved_again(sync_engine, raw_database, conflict):
    """Its values at that time were written by the transaction that is rolled back."""
    maker = Maker(name="Leaf")

    def work(transaction):
        transaction.save(maker)
        transaction.track(maker)
        transaction.count(Maker)

    with conflict(times=2):
        sync_engine.run_transaction(work)
    assert raw_database["maker"].count_documents({"_id": maker.id}) == 1


def test_an_object_tracked_after_a_read_of_its_own_write_is_wholly_dirty(
    sync_engine, raw_database, conflict
):
    maker = sync_engine.save(Maker(name="Leaf"))
    calls, again = [], []

    def work(transaction):
        calls.append(1)
        if len(calls) == 1:
            maker.sold = 7
            transaction.save(maker)
            again.append(transaction.track(transaction.find_one(Maker)))
            return
        transaction.save(again[0])

    with conflict():
        sync_engine.run_transaction(work)
    assert raw_database["maker"].find_one()["sold"] == 7


def test_a_save_that_changes_nothing_does_not_undo_what_others_wrote(
    sync_engine, raw_database, conflict, stock
):
    calls = []

    def work(transaction):
        calls.append(1)
        if len(calls) == 1:
            stock.n -= 1
        else:
            # The fail point left the first transaction open on the server, with its locks.
            session = transaction.get_driver_session()
            raw_database.client.admin.command("killSessions", [session.session_id])
            raw_database["stock"].update_one({}, {"$set": {"n": 77}})
        transaction.save(stock)
        transaction.save(Maker(name="another"))

    with conflict():
        sync_engine.run_transaction(work, restore=[stock])
    assert _stored(raw_database)["n"] == 77


def test_one_instance_is_no_list_of_instances(sync_engine, stock):
    def work(transaction):
        pytest.fail("was called")

    with pytest.raises(TypeError, match=r"restore=\[stock\]"):
        sync_engine.run_transaction(work, restore=stock)


def test_a_joined_callback_has_its_objects_tracked_by_the_outer_one(
    sync_engine, raw_database, conflict, stock
):
    def inner(transaction):
        stock.n -= 1
        transaction.save(stock)

    def outer(transaction):
        sync_engine.run_transaction(inner, join=transaction, restore=[stock])

    with conflict(times=2):
        sync_engine.run_transaction(outer)
    assert _stored(raw_database)["n"] == 9


def test_tracking_in_a_block_does_nothing(sync_engine, stock):
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            transaction.track(stock)
            stock.n -= 1
            raise KeyError
    assert stock.n == 9


def test_objects_saved_in_bulk_are_guarded_alike(sync_engine, raw_database, conflict):
    makers = sync_engine.save_all([Maker(name=str(number)) for number in range(3)])

    def work(transaction):
        for maker in makers:
            maker.sold += 1
        transaction.save_all(makers)

    with conflict(), pytest.raises(UnsafeRetryError):
        sync_engine.run_transaction(work)
    assert raw_database["maker"].distinct("sold") == [0]
