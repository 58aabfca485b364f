"""odmantic, this one and 1.1.0: the same program runs on both."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

import odmantic
from bench.data import (
    OWNER_COLLECTION,
    Kind,
    Status,
    collection_name,
    stored,
    values,
)
from bench.peers.peer import (
    CLIENT_OPTIONS,
    Body,
    Peer,
    given_instances,
    id_groups_of,
    ids_of,
    new_instances,
)
from bench.workloads import TASKS, Colour, Task
from odmantic import AIOEngine, EmbeddedModel, Model, Reference, SyncEngine


class Flat(Model):
    name: str
    email: str
    city: str
    age: int
    visits: int
    score: float
    active: bool
    joined: datetime

    model_config = {"collection": collection_name(Kind.FLAT)}


class Address(EmbeddedModel):
    street: str
    zip_code: str
    floor: int


class Item(EmbeddedModel):
    sku: str
    quantity: int
    price: float


class Nested(Model):
    name: str
    email: str
    city: str
    age: int
    visits: int
    score: float
    active: bool
    joined: datetime
    address: Address
    items: list[Item]
    tags: list[str]
    status: Status
    balance: Decimal

    model_config = {"collection": collection_name(Kind.NESTED)}


class Owner(Model):
    name: str
    rank: int

    model_config = {"collection": OWNER_COLLECTION}


class FlatOwned(Model):
    name: str
    email: str
    city: str
    age: int
    visits: int
    score: float
    active: bool
    joined: datetime
    owner: Owner = Reference()

    model_config = {"collection": collection_name(Kind.FLAT, owned=True)}


class NestedOwned(Model):
    name: str
    email: str
    city: str
    age: int
    visits: int
    score: float
    active: bool
    joined: datetime
    address: Address
    items: list[Item]
    tags: list[str]
    status: Status
    balance: Decimal
    owner: Owner = Reference()

    model_config = {"collection": collection_name(Kind.NESTED, owned=True)}


MODELS: dict[Kind, Any] = {Kind.FLAT: Flat, Kind.NESTED: Nested}
OWNED: dict[Kind, Any] = {Kind.FLAT: FlatOwned, Kind.NESTED: NestedOwned}


class Models(Peer):
    """The models without a database."""

    colour = Colour.NONE

    def construct(self, task: Task) -> Body:
        model = MODELS[task.kind]
        given = [values(task.kind, number) for number in range(task.size)]
        return lambda: [model(**one) for one in given]

    def dump(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)
        return lambda: [one.model_dump_doc() for one in instances]

    def validate(self, task: Task) -> Body:
        model = MODELS[task.kind]
        documents = [stored(task.kind, number) for number in range(task.size)]
        return lambda: [model.model_validate_doc(one) for one in documents]


class Sync(Peer):
    """`SyncEngine` on a `MongoClient`."""

    colour = Colour.SYNC

    async def open(self) -> None:
        self.client: MongoClient[dict[str, Any]] = MongoClient(self.uri, **CLIENT_OPTIONS)
        self.engine = SyncEngine(self.client, self.database_name)

    async def close(self) -> None:
        self.client.close()

    def find(self, task: Task) -> Body:
        model = MODELS[task.kind]
        return lambda: list(self.engine.find(model))

    def iterate(self, task: Task) -> Body:
        model = MODELS[task.kind]

        def body() -> int:
            count = 0
            for _ in self.engine.find(model):
                count += 1
            return count

        return body

    def save_new(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)
        return lambda: self.engine.save_all(instances)

    def save_given(self, task: Task) -> Body:
        instances = given_instances(MODELS[task.kind], task)
        return lambda: self.engine.save_all(instances)

    def change_many(self, task: Task) -> Body:
        model = MODELS[task.kind]

        def body() -> list[Any]:
            instances = list(self.engine.find(model))
            for one in instances:
                one.visits += 1
            return self.engine.save_all(instances)

        return body

    def find_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        def body() -> int:
            return sum(self.engine.find_one(model, model.id == one) is not None for one in ids)

        return body

    def save_one(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)

        def body() -> int:
            for one in instances:
                self.engine.save(one)
            return len(instances)

        return body

    def change_one(self, task: Task) -> Body:
        instances = list(self.engine.find(MODELS[task.kind], limit=task.size))

        def body() -> int:
            for one in instances:
                one.visits += 1
                self.engine.save(one)
            return len(instances)

        return body

    def delete_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        def body() -> int:
            return sum(self.engine.remove(model, model.id == one, just_one=True) for one in ids)

        return body

    def delete_many(self, task: Task) -> Body:
        model = MODELS[task.kind]
        groups = id_groups_of(task)

        def body() -> int:
            return sum(self.engine.remove(model, model.id.in_(ids)) for ids in groups)

        return body

    def transaction(self, task: Task) -> Body:
        instances = list(self.engine.find(MODELS[task.kind], limit=2 * task.size))

        def body() -> int:
            for place in range(0, len(instances), 2):
                with self.engine.transaction() as transaction:
                    for one in instances[place : place + 2]:
                        one.visits += 1
                        transaction.save(one)
                    transaction.commit()
            return len(instances) // 2

        return body

    def concurrent(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        def run(one: ObjectId) -> None:
            found = self.engine.find_one(model, model.id == one)
            assert found is not None
            found.visits += 1
            self.engine.save(found)

        def body() -> int:
            with ThreadPoolExecutor(TASKS) as threads:
                return len(list(threads.map(run, ids)))

        return body

    def references(self, task: Task) -> Body:
        model = OWNED[task.kind]
        return lambda: list(self.engine.find(model))


class Async(Peer):
    """`AIOEngine` on an `AsyncMongoClient`; 1.1.0 supports only Motor."""

    colour = Colour.ASYNC

    async def open(self) -> None:
        self.client: Any
        if odmantic.__version__.startswith("1."):
            from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415

            self.client = AsyncIOMotorClient(self.uri, **CLIENT_OPTIONS)
        else:
            from pymongo import AsyncMongoClient  # noqa: PLC0415

            self.client = AsyncMongoClient(self.uri, **CLIENT_OPTIONS)
        self.engine = AIOEngine(self.client, self.database_name)

    async def close(self) -> None:
        closing = self.client.close()
        if closing is not None:
            await closing

    def find(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> list[Any]:
            return await self.engine.find(model)

        return body

    def iterate(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> int:
            count = 0
            async for _ in self.engine.find(model):
                count += 1
            return count

        return body

    def save_new(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)

        async def body() -> list[Any]:
            return await self.engine.save_all(instances)

        return body

    def save_given(self, task: Task) -> Body:
        instances = given_instances(MODELS[task.kind], task)

        async def body() -> list[Any]:
            return await self.engine.save_all(instances)

        return body

    def change_many(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> list[Any]:
            instances = await self.engine.find(model)
            for one in instances:
                one.visits += 1
            return await self.engine.save_all(instances)

        return body

    def find_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                count += (await self.engine.find_one(model, model.id == one)) is not None
            return count

        return body

    def save_one(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)

        async def body() -> int:
            for one in instances:
                await self.engine.save(one)
            return len(instances)

        return body

    async def change_one(self, task: Task) -> Body:
        instances = await self.engine.find(MODELS[task.kind], limit=task.size)

        async def body() -> int:
            for one in instances:
                one.visits += 1
                await self.engine.save(one)
            return len(instances)

        return body

    def delete_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                count += await self.engine.remove(model, model.id == one, just_one=True)
            return count

        return body

    def delete_many(self, task: Task) -> Body:
        model = MODELS[task.kind]
        groups = id_groups_of(task)

        async def body() -> int:
            count = 0
            for ids in groups:
                count += await self.engine.remove(model, model.id.in_(ids))
            return count

        return body

    async def transaction(self, task: Task) -> Body:
        instances = await self.engine.find(MODELS[task.kind], limit=2 * task.size)

        async def body() -> int:
            for place in range(0, len(instances), 2):
                async with self.engine.transaction() as transaction:
                    for one in instances[place : place + 2]:
                        one.visits += 1
                        await transaction.save(one)
                    await transaction.commit()
            return len(instances) // 2

        return body

    def concurrent(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def run(mine: list[ObjectId]) -> int:
            for one in mine:
                found = await self.engine.find_one(model, model.id == one)
                assert found is not None
                found.visits += 1
                await self.engine.save(found)
            return len(mine)

        async def body() -> int:
            return sum(await asyncio.gather(*(run(ids[task::TASKS]) for task in range(TASKS))))

        return body

    def references(self, task: Task) -> Body:
        model = OWNED[task.kind]

        async def body() -> list[Any]:
            return await self.engine.find(model)

        return body


PEERS = (Sync, Async, Models)
