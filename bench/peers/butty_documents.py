"""butty: documents on Motor, async only, each saved on its own, without sessions."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

from bson import Decimal128, ObjectId
from butty import Engine, F
from butty.query import Inc
from butty.utility.oid_document import OIDDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BeforeValidator, PlainSerializer

from bench.data import OWNER_COLLECTION, Kind, Status, collection_name, stored, values
from bench.peers.fields import FlatFields, NestedFields
from bench.peers.peer import CLIENT_OPTIONS, Body, Peer, given_instances, ids_of, new_instances
from bench.workloads import TASKS, Colour, Task


def _to_decimal(value: Any) -> Any:
    return value.to_decimal() if isinstance(value, Decimal128) else value


def _to_value(member: Enum) -> Any:
    return member.value


# butty passes pydantic's dump to the driver; its user has to convert these two types.
StoredDecimal = Annotated[Decimal, BeforeValidator(_to_decimal), PlainSerializer(Decimal128)]
StoredStatus = Annotated[Status, PlainSerializer(_to_value)]


class Flat(OIDDocument, FlatFields, collection_name=collection_name(Kind.FLAT)):
    pass


class Nested(OIDDocument, NestedFields, collection_name=collection_name(Kind.NESTED)):
    status: StoredStatus
    balance: StoredDecimal


class Owner(OIDDocument, collection_name=OWNER_COLLECTION):
    name: str
    rank: int


class FlatOwned(OIDDocument, FlatFields, collection_name=collection_name(Kind.FLAT, owned=True)):
    owner: Owner


class NestedOwned(
    OIDDocument, NestedFields, collection_name=collection_name(Kind.NESTED, owned=True)
):
    status: StoredStatus
    balance: StoredDecimal
    owner: Owner


MODELS: dict[Kind, Any] = {Kind.FLAT: Flat, Kind.NESTED: Nested}
OWNED: dict[Kind, Any] = {Kind.FLAT: FlatOwned, Kind.NESTED: NestedOwned}


class Documents(Peer):
    """The workloads without a server."""

    colour = Colour.NONE

    def construct(self, task: Task) -> Body:
        model = MODELS[task.kind]
        given = [values(task.kind, number) for number in range(task.size)]
        return lambda: [model(**one) for one in given]

    def dump(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)
        return lambda: [one.model_dump(by_alias=True) for one in instances]

    def validate(self, task: Task) -> Body:
        model = MODELS[task.kind]
        documents = [stored(task.kind, number) for number in range(task.size)]
        return lambda: [model.model_validate(one) for one in documents]


class Async(Peer):
    """butty on an `AsyncIOMotorClient`."""

    colour = Colour.ASYNC

    async def open(self) -> None:
        self.client: Any = AsyncIOMotorClient(self.uri, **CLIENT_OPTIONS)
        await Engine(self.client[self.database_name]).bind().init()

    async def close(self) -> None:
        self.client.close()

    def find(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> Any:
            return await model.find()

        return body

    def iterate(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> int:
            count = 0
            async for _ in model.find_iter():
                count += 1
            return count

        return body

    def save_new(self, task: Task) -> Body:
        return self._save(new_instances(MODELS[task.kind], task), "insert")

    def save_given(self, task: Task) -> Body:
        return self._save(given_instances(MODELS[task.kind], task), "upsert")

    def save_one(self, task: Task) -> Body:
        return self._save(new_instances(MODELS[task.kind], task), "insert")

    def insert(self, task: Task) -> Body:
        return self.save_one(task)

    async def update(self, task: Task) -> Body:
        model = MODELS[task.kind]
        instances = await model.find(limit=task.size)

        async def body() -> list[Any]:
            change = Inc({F(model.visits): 1})
            return [await model.update_document(one.id, change) for one in instances]

        return body

    def _save(self, instances: list[Any], mode: str) -> Body:
        async def body() -> int:
            for one in instances:
                await one.save(mode=mode)
            return len(instances)

        return body

    def change_many(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> int:
            instances = await model.find()
            for one in instances:
                one.visits += 1
                await one.save()
            return len(instances)

        return body

    def find_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                count += (await model.get(one)) is not None
            return count

        return body

    async def change_one(self, task: Task) -> Body:
        instances = await MODELS[task.kind].find(limit=task.size)

        async def body() -> int:
            for one in instances:
                one.visits += 1
                await one.save()
            return len(instances)

        return body

    def concurrent(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def run(mine: list[ObjectId]) -> int:
            for one in mine:
                found = await model.find_one(F(model.id) == one)
                found.visits += 1
                await found.save()
            return len(mine)

        async def body() -> int:
            return sum(await asyncio.gather(*(run(ids[task::TASKS]) for task in range(TASKS))))

        return body

    def references(self, task: Task) -> Body:
        model = OWNED[task.kind]

        async def body() -> Any:
            return await model.find()

        return body


PEERS = (Async, Documents)
