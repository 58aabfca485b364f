"""beanie: documents with methods, async only."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from beanie import BulkWriter, DecimalAnnotation, Document, Link, init_beanie
from beanie.odm.utils.encoder import Encoder
from beanie.odm.utils.parsing import parse_obj
from beanie.operators import In, Inc
from bson import ObjectId
from pydantic import Field
from pymongo import AsyncMongoClient

from bench.data import OWNER_COLLECTION, Kind, Status, collection_name, stored, values
from bench.peers.fields import FlatFields, NestedFields
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


class Flat(Document, FlatFields):
    class Settings:
        name = collection_name(Kind.FLAT)


class Nested(Document, NestedFields):
    status: Status
    balance: DecimalAnnotation

    class Settings:
        name = collection_name(Kind.NESTED)


class Counter(Document):
    count: int = Field(default=0, ge=0, le=150)


class Owner(Document):
    name: str
    rank: int

    class Settings:
        name = OWNER_COLLECTION


class FlatOwned(Document, FlatFields):
    owner: Link[Owner]

    class Settings:
        name = collection_name(Kind.FLAT, owned=True)


class NestedOwned(Document, NestedFields):
    status: Status
    balance: DecimalAnnotation
    owner: Link[Owner]

    class Settings:
        name = collection_name(Kind.NESTED, owned=True)


MODELS: dict[Kind, Any] = {Kind.FLAT: Flat, Kind.NESTED: Nested}
OWNED: dict[Kind, Any] = {Kind.FLAT: FlatOwned, Kind.NESTED: NestedOwned}
DOCUMENTS = [Flat, Nested, Counter, Owner, FlatOwned, NestedOwned]


class Connected(Peer):
    """Documents bound to a database; before that beanie cannot create any."""

    _shared: ClassVar[AsyncMongoClient[dict[str, Any]] | None] = None
    """The client of both peers: documents are bound to a single one."""

    async def open(self) -> None:
        if Connected._shared is None:
            Connected._shared = AsyncMongoClient(self.uri, **CLIENT_OPTIONS)
            database = Connected._shared[self.database_name]
            await init_beanie(database=database, document_models=DOCUMENTS)
        self.client = Connected._shared

    async def close(self) -> None:
        Connected._shared = None
        await self.client.close()


class Documents(Connected):
    """The workloads without a server."""

    colour = Colour.NONE

    def construct(self, task: Task) -> Body:
        model = MODELS[task.kind]
        given = [values(task.kind, number) for number in range(task.size)]
        return lambda: [model(**one) for one in given]

    def dump(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)
        return lambda: [Encoder(to_db=True).encode(one) for one in instances]

    def validate(self, task: Task) -> Body:
        model = MODELS[task.kind]
        documents = [stored(task.kind, number) for number in range(task.size)]
        return lambda: [parse_obj(model, one) for one in documents]

    def build(self, task: Task) -> Body:
        ids = ids_of(task)

        def build(one: ObjectId) -> Any:
            update = Counter.find_one(Counter.id == one).update(Inc({Counter.count: 1}))
            return update.find_query, update.update_query

        return lambda: [build(one) for one in ids]


class Async(Connected):
    """beanie on an `AsyncMongoClient`."""

    colour = Colour.ASYNC

    def find(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> Any:
            return await model.find_all().to_list()

        return body

    def iterate(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> int:
            count = 0
            async for _ in model.find_all():
                count += 1
            return count

        return body

    def save_new(self, task: Task) -> Body:
        model = MODELS[task.kind]
        instances = new_instances(MODELS[task.kind], task)

        async def body() -> Any:
            return (await model.insert_many(instances)).inserted_ids

        return body

    def save_given(self, task: Task) -> Body:
        instances = given_instances(MODELS[task.kind], task)

        async def body() -> int:
            for one in instances:
                await one.save()
            return len(instances)

        return body

    def change_many(self, task: Task) -> Body:
        model = MODELS[task.kind]

        async def body() -> int:
            instances = await model.find_all().to_list()
            async with BulkWriter() as writer:
                for one in instances:
                    one.visits += 1
                    await one.replace(bulk_writer=writer)
            return len(instances)

        return body

    def insert_many(self, task: Task) -> Body:
        return self.save_new(task)

    def update_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                result = await model.find_one(model.id == one).update(Inc({model.visits: 1}))
                count += result.modified_count
            return count

        return body

    def update_many(self, task: Task) -> Body:
        model = MODELS[task.kind]
        groups = id_groups_of(task)

        async def body() -> int:
            count = 0
            for ids in groups:
                result = await model.find(In(model.id, ids)).update(Inc({model.visits: 1}))
                count += result.modified_count
            return count

        return body

    def delete_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                count += (await model.find_one(model.id == one).delete()).deleted_count
            return count

        return body

    def delete_many(self, task: Task) -> Body:
        model = MODELS[task.kind]
        groups = id_groups_of(task)

        async def body() -> int:
            count = 0
            for ids in groups:
                count += (await model.find(In(model.id, ids)).delete()).deleted_count
            return count

        return body

    async def update(self, task: Task) -> Body:
        model = MODELS[task.kind]
        instances = await model.find_all(limit=task.size).to_list()

        async def body() -> int:
            for one in instances:
                await one.update(Inc({model.visits: 1}))
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

    def save_one(self, task: Task) -> Body:
        return self.insert(task)

    def insert(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)

        async def body() -> int:
            for one in instances:
                await one.insert()
            return len(instances)

        return body

    async def change_one(self, task: Task) -> Body:
        instances = await MODELS[task.kind].find_all(limit=task.size).to_list()

        async def body() -> int:
            for one in instances:
                one.visits += 1
                await one.save()
            return len(instances)

        return body

    async def transaction(self, task: Task) -> Body:
        instances = await MODELS[task.kind].find_all(limit=2 * task.size).to_list()

        async def body() -> int:
            for place in range(0, len(instances), 2):
                async with (
                    self.client.start_session() as session,
                    await session.start_transaction(),
                ):
                    for one in instances[place : place + 2]:
                        one.visits += 1
                        await one.save(session=session)
            return len(instances) // 2

        return body

    def concurrent(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def run(mine: list[ObjectId]) -> int:
            for one in mine:
                found = await model.get(one)
                found.visits += 1
                await found.save()
            return len(mine)

        async def body() -> int:
            return sum(await asyncio.gather(*(run(ids[task::TASKS]) for task in range(TASKS))))

        return body

    def references(self, task: Task) -> Body:
        model = OWNED[task.kind]

        async def body() -> Any:
            return await model.find_all(fetch_links=True).to_list()

        return body


PEERS = (Async, Documents)
