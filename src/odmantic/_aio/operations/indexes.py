"""Creates the indexes that a model declares, and replaces those in their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import OperationFailure, PyMongoError

from odmantic._driver._aio import resolve
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.errors import add_context
from odmantic._plan.indexes import (
    CONFLICT_CODES,
    find_conflict,
    recreation,
    settle,
)
from odmantic._plan.type_indexes import (
    CANNOT_CREATE,
    refusal_of_types,
    wanted_indexes,
    widening,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pymongo import IndexModel

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic.model import Model


async def create_declared(
    engine: Engine, scope: Scope, models: Iterable[type[Model]], *, update_existing: bool
) -> None:
    """Create the indexes that models declare, one after the other."""
    hierarchies: set[int] = set()
    for model in models:
        mapping = mapping_of(model)
        if mapping.hierarchy is not None:
            # One class stands for all.
            if id(mapping.hierarchy) in hierarchies:
                continue
            hierarchies.add(id(mapping.hierarchy))
        await _Indexes(engine, scope, model).create_declared(update_existing=update_existing)
        settle(mapping)


class _Indexes:
    """The indexes of a model's collection."""

    def __init__(self, engine: Engine, scope: Scope, model: type[Model]) -> None:
        """Look the collection up; nothing is sent."""
        self._engine = engine
        self._scope = scope
        self._model = model
        self._collection: Any = engine.get_collection(model)

    async def create_declared(self, *, update_existing: bool) -> None:
        """Create the declared ones, one after the other."""
        for wanted in wanted_indexes(self._model):
            index: IndexModel | None = wanted.index
            drop: Sequence[str] = ()
            if wanted.type_key is not None:
                change = widening(wanted, await self._list())
                index, drop = change.create, change.drop
            if index is None:
                continue
            try:
                await self._create(index)
            except OperationFailure as error:
                if error.code == CANNOT_CREATE and wanted.has_several_types:
                    raise refusal_of_types(wanted) from error
                if not update_existing or error.code not in CONFLICT_CODES:
                    raise
                await self._replace(index, error)
            for name in drop:
                await self._drop(name)

    async def _create(self, index: IndexModel) -> None:
        session = self._scope.session
        await self._send(lambda: self._collection.create_indexes([index], session=session))

    async def _replace(self, index: IndexModel, conflict: OperationFailure) -> None:
        """Drop what keeps an index from being created, and create it; else put back what was dropped."""
        dropped: list[Mapping[str, Any]] = []
        try:
            while True:
                old = find_conflict(index, await self._list())
                if old is None:
                    raise conflict  # noqa: TRY301 - what was dropped is put back
                await self._drop(old["name"])
                dropped.append(old)
                try:
                    await self._create(index)
                except OperationFailure as error:
                    if error.code not in CONFLICT_CODES:
                        raise
                    conflict = error  # with one more index: by its keys after that of the same name
                else:
                    return
        except BaseException as error:
            await self._put_back(dropped, error)
            raise

    async def _list(self) -> list[dict[str, Any]]:
        async def read() -> list[dict[str, Any]]:
            session = self._scope.session
            cursor = await resolve(self._collection.list_indexes(session=session))
            return [dict(index) async for index in cursor]

        indexes: list[dict[str, Any]] = await self._send(read)
        return indexes

    async def _drop(self, name: str) -> None:
        session = self._scope.session
        await self._send(lambda: self._collection.drop_index(name, session=session))

    async def _put_back(self, dropped: list[Mapping[str, Any]], reason: BaseException) -> None:
        """Create dropped indexes again; if that fails, `reason` will tell."""
        if not dropped:
            return
        database, session = self._engine.database, self._scope.session
        command = {"createIndexes": self._collection.name, "indexes": [*map(recreation, dropped)]}
        try:
            await self._send(lambda: database.command(command, session=session))
        except PyMongoError as error:
            names = ", ".join(index["name"] for index in dropped)
            add_context(reason, f"dropped indexes could not be put back: {names} ({error})")

    async def _send(self, call: Callable[[], Any]) -> Any:
        return await self._scope.send(self._engine, call, "configure_database", self._model)
