"""What failed transactions leave behind: a program for odmantic 1.1.0 as well as for this one.

In each case a transaction fails, and the same objects are saved afterwards; then the database must equal the objects.
`python -m bench.rollback_cases URI DATABASE` tries them with the installed odmantic, and prints a JSON object for each.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import pymongo.errors
from pymongo import MongoClient
from pymongo.monitoring import CommandListener

from odmantic import EmbeddedModel, Field, Model, Reference, SyncEngine

BLOCKS = 50


class Address(EmbeddedModel):
    city: str


class Customer(Model):
    name: str = Field(primary_field=True)
    points: int = 0
    address: Address = Field(default_factory=lambda: Address(city="London"))


class Order(Model):
    number: int = Field(primary_field=True)
    state: str = "new"
    customer: Customer = Reference()


class Stock(Model):
    item: str = Field(primary_field=True)
    left: int


class Refusal(Exception):  # noqa: N818 - a reason to roll back
    pass


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a case.

    Attributes:
        expected: The objects, or the right number.
        found: The documents, or the number found.
    """

    case: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected == self.found


class Shop:
    """A database, with the clients that use it."""

    def __init__(self, uri: str, database: str) -> None:
        self.sessions = Sessions()
        self.client = MongoClient[dict[str, Any]](uri, event_listeners=[self.sessions])
        self.engine = SyncEngine(self.client, database=database)
        self.database = self.client[database]

    def clear(self) -> None:
        """Empty the collections; they exist, so that transactions do not conflict in creating them."""
        for name in ("customer", "order", "stock"):
            if name not in self.database.list_collection_names():
                self.database.create_collection(name)
            self.database[name].delete_many({})

    def stored(self, instance: Model) -> dict[str, Any] | None:
        key = instance.model_dump_doc()["_id"]
        found: dict[str, Any] | None = self.database[type(instance).__collection__].find_one(
            {"_id": key}
        )
        return found

    def fail(self, *operations: Callable[[Any], object]) -> None:
        """Have a transaction roll back after some operations."""
        with suppress(Refusal), self.engine.transaction() as transaction:
            for operate in operations:
                operate(transaction)
            raise Refusal

    def saving(self, instance: Model, **changes: Any) -> Callable[[Any], object]:
        def save(transaction: Any) -> None:
            for name, value in changes.items():
                setattr(instance, name, value)
            self.engine.save(instance, session=transaction)

        return save

    def deleting(self, instance: Model) -> Callable[[Any], object]:
        return lambda transaction: self.engine.delete(instance, session=transaction)


class Sessions(CommandListener):
    """The server sessions in which commands were sent."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    def started(self, event: Any) -> None:
        if "lsid" in event.command:
            self.seen.add(bytes(event.command["lsid"]["id"]))

    def succeeded(self, event: Any) -> None:
        pass

    def failed(self, event: Any) -> None:
        pass


# --- The cases: a transaction fails, and the objects are returned to be saved again ------------------


def new(shop: Shop) -> list[Model]:
    stock = Stock(item="tea", left=3)
    shop.fail(shop.saving(stock))
    return [stock]


def new_and_changed_afterwards(shop: Shop) -> list[Model]:
    order = Order(number=1, customer=shop.engine.save(Customer(name="Ada")))
    shop.fail(shop.saving(order))
    order.state = "paid"
    return [order]


def changed(shop: Shop) -> list[Model]:
    stock = shop.engine.save(Stock(item="tea", left=3))
    shop.fail(shop.saving(stock, left=2))
    return [stock]


def changed_before_and_after(shop: Shop) -> list[Model]:
    customer = shop.engine.save(Customer(name="Ada"))
    customer.points = 5
    shop.fail(shop.saving(customer))
    customer.address.city = "Ockham"
    return [customer]


def changed_deep(shop: Shop) -> list[Model]:
    customer = shop.engine.save(Customer(name="Ada"))
    customer.address.city = "Ockham"
    customer.points = 5
    shop.fail(shop.saving(customer))
    return [customer]


def new_with_its_reference(shop: Shop) -> list[Model]:
    order = Order(number=1, customer=Customer(name="Bo"))
    shop.fail(shop.saving(order))
    return [order, order.customer]


def deleted(shop: Shop) -> list[Model]:
    stock = shop.engine.save(Stock(item="tea", left=3))
    shop.fail(shop.deleting(stock))
    return [stock]


def changed_and_deleted(shop: Shop) -> list[Model]:
    stock = shop.engine.save(Stock(item="tea", left=3))
    shop.fail(shop.saving(stock, left=2), shop.deleting(stock))
    return [stock]


def commit_failed(shop: Shop) -> list[Model]:
    stock = shop.engine.save(Stock(item="tea", left=3))
    with suppress(pymongo.errors.OperationFailure), shop.engine.transaction() as transaction:
        shop.saving(stock, left=2)(transaction)
        lsid = transaction.get_driver_session().session_id
        shop.client.admin.command("killSessions", [lsid])
    return [stock]


STORIES: dict[str, Callable[[Shop], list[Model]]] = {
    "a new object": new,
    "a new object, changed afterwards": new_and_changed_afterwards,
    "a changed object": changed,
    "an object changed before and after": changed_before_and_after,
    "an embedded object, changed": changed_deep,
    "a new object with a new reference": new_with_its_reference,
    "a deleted object": deleted,
    "an object changed, then deleted": changed_and_deleted,
    "a changed object, the commit fails": commit_failed,
}


# The expected and the actual content.
Outcome = tuple[str, str]


def saved_again(story: Callable[[Shop], list[Model]]) -> Callable[[Shop], Outcome]:
    """Return the case of a story: its objects are saved after the end of the transaction."""

    def run(shop: Shop) -> Outcome:
        instances = story(shop)
        for instance in instances:
            shop.engine.save(instance)
        return compared(shop, instances)

    return run


# --- Cases with another ending -----------------------------------------------------------------------


def repeated_by_a_loop(shop: Shop) -> Outcome:
    """Place an order again after a conflict, as programs for odmantic 1.x do, and return the case's outcome."""
    shop.engine.save(Stock(item="tea", left=3))
    order = Order(number=1, customer=shop.engine.save(Customer(name="Ada")))
    for attempt in range(5):
        try:
            with shop.engine.transaction() as transaction:
                shop.engine.save(order, session=transaction)
                stock = shop.engine.find_one(Stock, Stock.item == "tea", session=transaction)
                assert stock is not None
                if attempt == 0:  # another client
                    shop.database.stock.update_one({"_id": "tea"}, {"$inc": {"left": -1}})
                shop.saving(stock, left=stock.left - 1)(transaction)
            break
        except pymongo.errors.OperationFailure as error:
            if not error.has_error_label("TransientTransactionError"):
                raise
    return compared(shop, [order, Stock(item="tea", left=1)])


def server_sessions(shop: Shop) -> Outcome:
    """Fail some blocks one after the other, and return how many server sessions that took."""
    shop.sessions.seen.clear()
    for number in range(BLOCKS):
        shop.fail(shop.saving(Stock(item=str(number), left=1)))
    return "1", str(len(shop.sessions.seen))


CASES: dict[str, Callable[[Shop], Outcome]] = {
    **{name: saved_again(story) for name, story in STORIES.items()},
    "an order, placed again by a loop": repeated_by_a_loop,
    f"server sessions of {BLOCKS} failed blocks": server_sessions,
}


def compared(shop: Shop, instances: list[Model]) -> Outcome:
    """Return the documents that instances should have, and those that are stored."""
    expected = [instance.model_dump_doc() for instance in instances]
    found = map(shop.stored, instances)
    shown = [
        (summary(each), summary(stored, each)) for each, stored in zip(expected, found, strict=True)
    ]
    return ", ".join(each for each, _ in shown), ", ".join(stored for _, stored in shown)


def summary(document: dict[str, Any] | None, order: dict[str, Any] | None = None) -> str:
    """Return a document without quotes, its keys in the order of another one."""
    if document is None:
        return "nothing"
    keys = [key for key in {**(order or {}), **document} if key in document]
    return "{" + ", ".join(f"{key}: {_shown(document[key])}" for key in keys) + "}"


def _shown(value: Any) -> str:
    return summary(dict(value)) if isinstance(value, dict) else str(value)


def results(uri: str, database: str) -> Iterator[Result]:
    """Try every case."""
    shop = Shop(uri, database)
    try:
        for name, case in CASES.items():
            shop.clear()
            yield Result(name, *case(shop))
    finally:
        shop.client.drop_database(database)
        shop.client.close()


if __name__ == "__main__":
    for result in results(*sys.argv[1:3]):
        print(json.dumps(asdict(result)), flush=True)
