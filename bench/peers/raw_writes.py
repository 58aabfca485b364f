"""The driver alone: inserts, and writes by query."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from bench.data import collection_name, document
from bench.peers.peer import Body, Peer, id_groups_of, ids_of
from bench.workloads import Task

_CHANGE = {"$inc": {"visits": 1}}
_CHANGED = {"visits": True}


def new_documents(task: Task) -> list[dict[str, Any]]:
    """Return documents without ids."""
    return [document(task.kind, number) for number in range(task.size)]


def with_new_ids(task: Task) -> list[dict[str, Any]]:
    """Return documents with generated ids."""
    return [{"_id": ObjectId()} | one for one in new_documents(task)]


class SyncWrites(Peer):
    """`MongoClient`: single inserts, and writes by query."""

    database: Any

    def insert(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = with_new_ids(task)

        def body() -> int:
            for one in documents:
                collection.insert_one(one)
            return len(documents)

        return body

    def insert_many(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = new_documents(task)
        return lambda: collection.insert_many(documents).inserted_ids

    def update_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        ids = ids_of(task)

        def body() -> int:
            return sum(collection.update_one({"_id": one}, _CHANGE).modified_count for one in ids)

        return body

    def update_many(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        groups = id_groups_of(task)

        def body() -> int:
            return sum(
                collection.update_many({"_id": {"$in": ids}}, _CHANGE).modified_count
                for ids in groups
            )

        return body

    def delete_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        ids = ids_of(task)

        def body() -> int:
            return sum(collection.delete_one({"_id": one}).deleted_count for one in ids)

        return body

    def delete_many(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        groups = id_groups_of(task)

        def body() -> int:
            return sum(
                collection.delete_many({"_id": {"$in": ids}}).deleted_count for ids in groups
            )

        return body

    def update(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = collection.find().to_list(task.size)

        def body() -> int:
            for one in documents:
                changed = collection.find_one_and_update(
                    {"_id": one["_id"]}, _CHANGE, _CHANGED, return_document=ReturnDocument.AFTER
                )
                one.update(changed)
            return len(documents)

        return body


class AsyncWrites(Peer):
    """`AsyncMongoClient`: single inserts, and writes by query."""

    database: Any

    def insert(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = with_new_ids(task)

        async def body() -> int:
            for one in documents:
                await collection.insert_one(one)
            return len(documents)

        return body

    def insert_many(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = new_documents(task)

        async def body() -> list[Any]:
            return (await collection.insert_many(documents)).inserted_ids

        return body

    def update_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                count += (await collection.update_one({"_id": one}, _CHANGE)).modified_count
            return count

        return body

    def update_many(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        groups = id_groups_of(task)

        async def body() -> int:
            count = 0
            for ids in groups:
                result = await collection.update_many({"_id": {"$in": ids}}, _CHANGE)
                count += result.modified_count
            return count

        return body

    def delete_one(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                count += (await collection.delete_one({"_id": one})).deleted_count
            return count

        return body

    def delete_many(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        groups = id_groups_of(task)

        async def body() -> int:
            count = 0
            for ids in groups:
                count += (await collection.delete_many({"_id": {"$in": ids}})).deleted_count
            return count

        return body

    async def update(self, task: Task) -> Body:
        collection = self.database[collection_name(task.kind)]
        documents = await collection.find().to_list(task.size)

        async def body() -> int:
            for one in documents:
                changed = await collection.find_one_and_update(
                    {"_id": one["_id"]}, _CHANGE, _CHANGED, return_document=ReturnDocument.AFTER
                )
                one.update(changed)
            return len(documents)

        return body
