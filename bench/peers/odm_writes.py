"""odmantic: inserts, and writes by query, which 1.1.0 does not have."""

from __future__ import annotations

from typing import Any

from bson import ObjectId

from bench.peers.odm import MODELS, Async, Models, Sync
from bench.peers.peer import Body, id_groups_of, ids_of, new_instances
from bench.workloads import Task
from odmantic import Field, Model
from odmantic._plan.query_update import QueryUpdate, plan_query_update
from odmantic.query import in_
from odmantic.update import inc


class Counter(Model):
    """A model whose bounds become a condition of an update."""

    count: int = Field(default=0, ge=0, le=150)


class ModelsAndQueries(Models):
    """The models, and what is sent for a query, without a database."""

    def build(self, task: Task) -> Body:
        ids = ids_of(task)

        def build(one: ObjectId) -> Any:
            query, updates = (Counter.id == one,), (inc(Counter.count, 1),)
            return plan_query_update(
                QueryUpdate("update_one", Counter, query, updates, just_one=True), {}
            )

        return lambda: [build(one) for one in ids]


class SyncWrites(Sync):
    """`SyncEngine` on a `MongoClient`."""

    def insert(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)

        def body() -> int:
            for one in instances:
                self.engine.insert(one)
            return len(instances)

        return body

    def insert_many(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)
        return lambda: self.engine.insert_many(instances)

    def update_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        def body() -> int:
            count = 0
            for one in ids:
                result = self.engine.update_one(model, model.id == one, inc(model.visits, 1))
                count += result.modified_count
            return count

        return body

    def update_many(self, task: Task) -> Body:
        model = MODELS[task.kind]
        groups = id_groups_of(task)

        def body() -> int:
            count = 0
            for ids in groups:
                result = self.engine.update_many(model, in_(model.id, ids), inc(model.visits, 1))
                count += result.modified_count
            return count

        return body

    def delete_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        def body() -> int:
            return sum(self.engine.delete_one(model, model.id == one) for one in ids)

        return body

    def delete_many(self, task: Task) -> Body:
        model = MODELS[task.kind]
        groups = id_groups_of(task)

        def body() -> int:
            return sum(self.engine.delete_many(model, in_(model.id, ids)) for ids in groups)

        return body

    def update(self, task: Task) -> Body:
        model = MODELS[task.kind]
        instances = list(self.engine.find(model, limit=task.size))

        def body() -> int:
            for one in instances:
                self.engine.update(one, inc(model.visits, 1))
            return len(instances)

        return body


class AsyncWrites(Async):
    """`AIOEngine` on an `AsyncMongoClient`."""

    def insert(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)

        async def body() -> int:
            for one in instances:
                await self.engine.insert(one)
            return len(instances)

        return body

    def insert_many(self, task: Task) -> Body:
        instances = new_instances(MODELS[task.kind], task)

        async def body() -> list[Any]:
            return await self.engine.insert_many(instances)

        return body

    def update_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                result = await self.engine.update_one(model, model.id == one, inc(model.visits, 1))
                count += result.modified_count
            return count

        return body

    def update_many(self, task: Task) -> Body:
        model = MODELS[task.kind]
        groups = id_groups_of(task)

        async def body() -> int:
            count = 0
            for ids in groups:
                result = await self.engine.update_many(
                    model, in_(model.id, ids), inc(model.visits, 1)
                )
                count += result.modified_count
            return count

        return body

    def delete_one(self, task: Task) -> Body:
        model = MODELS[task.kind]
        ids = ids_of(task)

        async def body() -> int:
            count = 0
            for one in ids:
                count += await self.engine.delete_one(model, model.id == one)
            return count

        return body

    def delete_many(self, task: Task) -> Body:
        model = MODELS[task.kind]
        groups = id_groups_of(task)

        async def body() -> int:
            count = 0
            for ids in groups:
                count += await self.engine.delete_many(model, in_(model.id, ids))
            return count

        return body

    async def update(self, task: Task) -> Body:
        model = MODELS[task.kind]
        instances = await self.engine.find(model, limit=task.size)

        async def body() -> int:
            for one in instances:
                await self.engine.update(one, inc(model.visits, 1))
            return len(instances)

        return body


PEERS = (SyncWrites, AsyncWrites, ModelsAndQueries)
