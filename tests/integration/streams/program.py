"""A program that does a little of everything; `test_command_streams` runs it in every colour.

It is text for the translator, too: what the colours spell differently stands nowhere in it.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from odmantic import EmbeddedModel, Field, Index, Model, Reference
from odmantic._plan.find import FLAT_BATCH_SIZE
from odmantic.exceptions import DuplicateKeyError
from odmantic.session import NO_SESSION

MANY = FLAT_BATCH_SIZE + 200
"""More than the server sends at once."""

COMMIT_LIMIT_MS = 4321
"""A time limit that a program sets itself."""


class Address(EmbeddedModel):
    street: str
    city: str = "Graz"


class Publisher(Model):
    name: str = Field(unique=True)
    address: Address
    founded: dt.datetime = dt.datetime(1900, 1, 1)


class Book(Model):
    title: str = Field(index=True)
    tags: list[str] = []
    price: Decimal = Decimal("1.50")
    publisher: Publisher = Reference()

    model_config = {"indexes": lambda: [Index(Book.title, Book.price, name="by_price")]}


class Number(Model):
    value: int = Field(primary_field=True)


async def configure(engine):
    await engine.configure_database([Publisher, Book, Number])
    await engine.configure_database([Book], update_existing_indexes=True)


async def save(engine):
    leaf = Publisher(name="Leaf", address=Address(street="Main"))
    tea = Book(title="Tea", tags=["green"], publisher=leaf)
    await engine.save(tea)
    await engine.save(tea)
    tea.tags.append("black")
    leaf.address.city = "Wels"
    await engine.save(tea)
    tea.model_update(title="All about tea")
    await engine.save(tea)
    with suppress(DuplicateKeyError):
        await engine.save(Publisher(name="Leaf", address=Address(street="Side")))
    other = Publisher(name="Twig", address=Address(street="Side"))
    await engine.save_all([*(Book(title=title, publisher=other) for title in "ABC"), tea, other])
    await engine.save_all([Number(value=value) for value in range(MANY)])
    await engine.save_all([])


async def read(engine):
    assert await engine.find_one(Book, Book.title == "A")
    assert await engine.find_one(Book, Book.title == "absent") is None
    assert await engine.find_one(Publisher, {"address.city": "Wels"}, sort=Publisher.name.desc())
    assert await engine.count(Book) == 4
    assert await engine.count(Book, Book.title.in_(["A", "B"]), Book.price > Decimal(1)) == 2
    books = [book async for book in engine.find(Book, sort=Book.title)]
    assert books[0].publisher.name == "Twig"
    publishers = [each async for each in engine.find(Publisher, skip=1, limit=1)]
    assert len(publishers) == 1
    numbers = [each.value async for each in engine.find(Number, sort=Number.value)]
    assert numbers == list(range(MANY))
    books[0].title = "Z"
    await engine.save(books[0])


async def delete(engine):
    book = await engine.find_one(Book, Book.title == "Z")
    await engine.delete(book)
    await engine.save(book)
    await engine.delete(book)
    assert await engine.remove(Number, Number.value >= 1000) == MANY - 1000
    assert await engine.remove(Number, Number.value > 500, just_one=True) == 1


async def sessions(engine):
    async with engine.session() as session:
        await session.save(Number(value=2000))
        assert await session.count(Number, Number.value == 2000) == 1
        assert await engine.find_one(Number, Number.value == 2000, session=session)
        token = session.token()
    async with engine.session(after=token) as session:
        assert await session.count(Number, Number.value == 2000) == 1
    async with engine.session(causal_consistency=False) as session:
        await session.remove(Number, Number.value == 2000)
    async with engine.session(snapshot=True) as session:
        assert await session.find_one(Number)
        assert len([each async for each in session.find(Number)]) == 999


async def blocks(engine):
    async with engine.transaction() as transaction:
        publisher = await transaction.find_one(Publisher, Publisher.name == "Leaf")
        publisher.address.street = "Park"
        await transaction.save(publisher)
        await engine.save(Book(title="New", publisher=publisher), session=transaction)
        await transaction.save_all([Number(value=value) for value in range(3000, 3010)])
        assert len([each async for each in transaction.find(Number, Number.value >= 3000)]) == 10
        await engine.count(Number, session=NO_SESSION)
    with suppress(KeyError):
        async with engine.transaction(read_concern=ReadConcern("local")) as transaction:
            publisher.name = "Rolled back"
            await transaction.save(publisher)
            await transaction.delete(await transaction.find_one(Number, Number.value == 3001))
            await transaction.remove(Number, Number.value > 3001)
            raise KeyError
    await engine.save(publisher)
    async with engine.session() as session:
        transaction = session.transaction(max_commit_time_ms=COMMIT_LIMIT_MS)
        await transaction.start()
        await transaction.save(Number(value=4000))
        await transaction.commit()
        await session.count(Number)
        await transaction.start()
        await transaction.save(Number(value=4001))
        await transaction.abort()
        async with session.transaction():
            pass
        token = session.token()
    async with engine.session(after=token) as session:
        with suppress(DuplicateKeyError):
            async with session.transaction() as transaction:
                await transaction.save(Number(value=4001))
                await transaction.save(Publisher(name="Twig", address=Address(street="X")))


async def retried(engine):
    """Runs while the server fails one `update` with a transient error."""
    runs, over = [], []

    async def work(transaction):
        runs.append(transaction)
        transaction.on_commit(lambda: over.append(len(runs)))
        number = await transaction.find_one(Number, Number.value == 4000)
        await transaction.save(Number(value=5000 + len(runs)))
        await transaction.delete(number)
        await engine.run_transaction(part, join=transaction)
        return number.value

    async def part(transaction):
        await transaction.save_all([Number(value=6000), Number(value=6001)])

    assert await engine.run_transaction(work, attempts=3) == 4000
    assert (len(runs), over) == (2, [2])


async def recommitted(engine):
    """Runs while the server does not say of two `commitTransaction` that a majority has them."""
    async with engine.session() as session:
        await session.run_transaction(lambda transaction: transaction.save(Number(value=7000)))
        assert await session.count(Number, Number.value == 7000) == 1


async def broken_read(engine):
    """Runs while the server closes the connection at one `find`."""
    assert await engine.find_one(Number, Number.value == 7000)


async def broken_commit(engine):
    """Runs while the server closes the connection at one `commitTransaction`."""
    async with engine.transaction() as transaction:
        await transaction.save(Number(value=7001))


async def given_up(engine):
    """Runs while the server fails every `update` with a transient error."""
    with suppress(PyMongoError):
        await engine.run_transaction(
            lambda transaction: transaction.save(Number(value=8000)), attempts=2
        )
