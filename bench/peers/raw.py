"""The driver alone: documents go in and come out as dicts."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bson import ObjectId
from pymongo import AsyncMongoClient, MongoClient, UpdateOne
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from bench.data import OWNER_COLLECTION, collection_name, stored
from bench.peers.peer import CLIENT_OPTIONS, Body, ids_of
from bench.peers.raw_writes import AsyncWrites, SyncWrites, new_documents, with_new_ids
from bench.workloads import TASKS, Colour, Task

_AS_OURS: Any = {
    "read_concern": ReadConcern("snapshot"),
    "write_concern": WriteConcern("majority"),
}
"""The concerns of odmantic's transactions, since they are sent too."""


def _upsert(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    fields = dict(document)
    return {"_id": fields.pop("_id")}, {"$set": fields}


def _with_ids(task: Task) -> list[dict[str, Any]]:
    return [stored(task.kind, number) for number in range(task.size)]


class RawSync(SyncWrites):
    """PyMongo's `MongoClient`."""

    colour = Colour.SYNC

    async def open(self) -> None:
        self.client: MongoClient[dict[str, Any]] = MongoClient(self.uri, **CLIENT_OPTIONS)
        self.database = self.client[self.database_name]

    async def close(self) -> None:
        self.client.close()

    def find(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        return lambda: collection.find().to_list()

    def iterate(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]

        def body() -> int:
            count = 0
            for _ in collection.find():
                count += 1
            return count

        return body

    def save_new(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = new_documents(task)
        return lambda: collection.insert_many(documents).inserted_ids

    def save_given(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = _with_ids(task)

        def body() -> int:
            writes = [UpdateOne(*_upsert(one), upsert=True) for one in documents]
            return collection.bulk_write(writes).upserted_count

        return body

    def change_many(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]

        def body() -> int:
            documents = collection.find().to_list()
            for one in documents:
                one["visits"] += 1
            writes = [
                UpdateOne({"_id": one["_id"]}, {"$set": {"visits": one["visits"]}})
                for one in documents
            ]
            return collection.bulk_write(writes).modified_count

        return body

    def find_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        ids = ids_of(task)

        def body() -> int:
            return sum(collection.find_one({"_id": one}) is not None for one in ids)

        return body

    def save_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = with_new_ids(task)

        def body() -> int:
            for one in documents:
                collection.update_one(*_upsert(one), upsert=True)
            return len(documents)

        return body

    def change_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = collection.find().to_list(task.size)

        def body() -> int:
            for one in documents:
                one["visits"] += 1
                collection.update_one({"_id": one["_id"]}, {"$set": {"visits": one["visits"]}})
            return len(documents)

        return body

    def transaction(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = collection.find().to_list(2 * task.size)

        def body() -> int:
            for place in range(0, len(documents), 2):
                with (
                    self.client.start_session() as session,
                    session.start_transaction(**_AS_OURS),
                ):
                    for one in documents[place : place + 2]:
                        one["visits"] += 1
                        collection.update_one(
                            {"_id": one["_id"]},
                            {"$set": {"visits": one["visits"]}},
                            session=session,
                        )
            return len(documents) // 2

        return body

    def concurrent(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        ids = ids_of(task)

        def run(one: ObjectId) -> None:
            found = collection.find_one({"_id": one})
            assert found is not None
            collection.update_one({"_id": one}, {"$set": {"visits": found["visits"] + 1}})

        def body() -> int:
            with ThreadPoolExecutor(TASKS) as threads:
                return len(list(threads.map(run, ids)))

        return body

    def references(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind, owned=True)]
        owners = self.database[OWNER_COLLECTION]

        def body() -> list[Any]:
            documents = collection.find().to_list()
            wanted = {one["owner"] for one in documents}
            found = {one["_id"]: one for one in owners.find({"_id": {"$in": list(wanted)}})}
            for one in documents:
                one["owner"] = found[one["owner"]]
            return documents

        return body


class RawAsync(AsyncWrites):
    """PyMongo's `AsyncMongoClient`."""

    colour = Colour.ASYNC

    async def open(self) -> None:
        self.client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self.uri, **CLIENT_OPTIONS)
        self.database = self.client[self.database_name]

    async def close(self) -> None:
        await self.client.close()

    def find(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]

        async def body() -> list[Any]:
            return await collection.find().to_list()

        return body

    def iterate(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]

        async def body() -> int:
            count = 0
            async for _ in collection.find():
                count += 1
            return count

        return body

    def save_new(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = new_documents(task)

        async def body() -> list[Any]:
            return (await collection.insert_many(documents)).inserted_ids

        return body

    def save_given(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = _with_ids(task)

        async def body() -> int:
            writes = [UpdateOne(*_upsert(one), upsert=True) for one in documents]
            return (await collection.bulk_write(writes)).upserted_count

        return body

    def change_many(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]

        async def body() -> int:
            documents = await collection.find().to_list()
            for one in documents:
                one["visits"] += 1
            writes = [
                UpdateOne({"_id": one["_id"]}, {"$set": {"visits": one["visits"]}})
                for one in documents
            ]
            return (await collection.bulk_write(writes)).modified_count

        return body

    def find_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                count += (await collection.find_one({"_id": one})) is not None
            return count

        return body

    def save_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = with_new_ids(task)

        async def body() -> int:
            for one in documents:
                await collection.update_one(*_upsert(one), upsert=True)
            return len(documents)

        return body

    async def change_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = await collection.find().to_list(task.size)

        async def body() -> int:
            for one in documents:
                one["visits"] += 1
                await collection.update_one(
                    {"_id": one["_id"]}, {"$set": {"visits": one["visits"]}}
                )
            return len(documents)

        return body

    async def transaction(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = await collection.find().to_list(2 * task.size)

        async def body() -> int:
            for place in range(0, len(documents), 2):
                async with (
                    self.client.start_session() as session,
                    await session.start_transaction(**_AS_OURS),
                ):
                    for one in documents[place : place + 2]:
                        one["visits"] += 1
                        await collection.update_one(
                            {"_id": one["_id"]},
                            {"$set": {"visits": one["visits"]}},
                            session=session,
                        )
            return len(documents) // 2

        return body

    def concurrent(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        ids = ids_of(task)

        async def run(mine: list[ObjectId]) -> int:
            for one in mine:
                found = await collection.find_one({"_id": one})
                assert found is not None
                await collection.update_one({"_id": one}, {"$set": {"visits": found["visits"] + 1}})
            return len(mine)

        async def body() -> int:
            return sum(await asyncio.gather(*(run(ids[task::TASKS]) for task in range(TASKS))))

        return body

    def references(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind, owned=True)]
        owners = self.database[OWNER_COLLECTION]

        async def body() -> list[Any]:
            documents = await collection.find().to_list()
            wanted = {one["owner"] for one in documents}
            found = {one["_id"]: one async for one in owners.find({"_id": {"$in": list(wanted)}})}
            for one in documents:
                one["owner"] = found[one["owner"]]
            return documents

        return body


PEERS = (RawSync, RawAsync)
