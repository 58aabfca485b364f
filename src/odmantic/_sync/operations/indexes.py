# Generated from src/odmantic/_aio/operations/indexes.py by tools/generate_sync.py: do not edit.
"""Creates the indexes that a model declares, and replaces those in their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import OperationFailure, PyMongoError

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

    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model


def create_declared(
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
        _Indexes(engine, scope, model).create_declared(update_existing=update_existing)
        settle(mapping)


class _Indexes:
    """The indexes of a model's collection."""

    def __init__(self, engine: Engine, scope: Scope, model: type[Model]) -> None:
        """Look the collection up; nothing is sent."""
        self._engine = engine
        self._scope = scope
        self._model = model
        self._collection: Any = engine.get_collection(model)

    def create_declared(self, *, update_existing: bool) -> None:
        """Create the declared ones, one after the other."""
        for wanted in wanted_indexes(self._model):
            index: IndexModel | None = wanted.index
            drop: Sequence[str] = ()
            if wanted.type_key is not None:
                change = widening(wanted, self._list())
                index, drop = change.create, change.drop
            if index is None:
                continue
            try:
                self._create(index)
            except OperationFailure as error:
                if error.code == CANNOT_CREATE and wanted.has_several_types:
                    raise refusal_of_types(wanted) from error
                if not update_existing or error.code not in CONFLICT_CODES:
                    raise
                self._replace(index, error)
            for name in drop:
                self._drop(name)

    def _create(self, index: IndexModel) -> None:
        session = self._scope.session
        self._send(lambda: self._collection.create_indexes([index], session=session))

    def _replace(self, index: IndexModel, conflict: OperationFailure) -> None:
        """Drop what keeps an index from being created, and create it; else put back what was dropped."""
        dropped: list[Mapping[str, Any]] = []
        try:
            while True:
                old = find_conflict(index, self._list())
                if old is None:
                    raise conflict  # noqa: TRY301 - what was dropped is put back
                self._drop(old["name"])
                dropped.append(old)
                try:
                    self._create(index)
                except OperationFailure as error:
                    if error.code not in CONFLICT_CODES:
                        raise
                    conflict = error  # with one more index: by its keys after that of the same name
                else:
                    return
        except BaseException as error:
            self._put_back(dropped, error)
            raise

    def _list(self) -> list[dict[str, Any]]:
        def read() -> list[dict[str, Any]]:
            session = self._scope.session
            cursor = self._collection.list_indexes(session=session)
            return [dict(index) for index in cursor]

        indexes: list[dict[str, Any]] = self._send(read)
        return indexes

    def _drop(self, name: str) -> None:
        session = self._scope.session
        self._send(lambda: self._collection.drop_index(name, session=session))

    def _put_back(self, dropped: list[Mapping[str, Any]], reason: BaseException) -> None:
        """Create dropped indexes again; if that fails, `reason` will tell."""
        if not dropped:
            return
        database, session = self._engine.database, self._scope.session
        command = {"createIndexes": self._collection.name, "indexes": [*map(recreation, dropped)]}
        try:
            self._send(lambda: database.command(command, session=session))
        except PyMongoError as error:
            names = ", ".join(index["name"] for index in dropped)
            add_context(reason, f"dropped indexes could not be put back: {names} ({error})")

    def _send(self, call: Callable[[], Any]) -> Any:
        return self._scope.send(self._engine, call, "configure_database", self._model)
