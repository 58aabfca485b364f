# Generated from src/odmantic/_aio/session_lookups.py by tools/generate_sync.py: do not edit.
"""The reads by primary key, and without instances, that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from odmantic._plan.arguments import words_said
from odmantic._sync.session_writes import SessionWrites

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable

    from typing_extensions import Unpack

    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import FindOptions
    from odmantic._shared.reading import ModelType
    from odmantic._sync.engine_deletions import Query, Without

T = TypeVar("T")


class SessionLookups(SessionWrites):
    """The reads of an engine by primary key, and those that return no instances, in one driver session."""

    def get(
        self,
        model: type[ModelType],
        id: Any,  # noqa: A002 - the name of the field
        *,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
    ) -> ModelType | None:
        """Return the instance with a primary key; see `SyncEngine.get`."""
        words = words_said(
            load=load, missing=missing, identity=identity or None, without=without or None
        )
        return self.engine.get(model, id, session=self._as_argument(), **words)

    def get_many(
        self,
        model: type[ModelType],
        ids: Iterable[Any],
        *,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
    ) -> list[ModelType | None]:
        """Return the instances with some primary keys; see `SyncEngine.get_many`."""
        words = words_said(
            load=load, missing=missing, identity=identity or None, without=without or None
        )
        return self.engine.get_many(model, ids, session=self._as_argument(), **words)

    def count(
        self,
        model: type[ModelType],
        *queries: Query,
        skip: int = 0,
        limit: int | None = None,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> int:
        """Count the matching documents; see `SyncEngine.count`."""
        words = words_said(skip=skip or None, limit=limit, without=without or None)
        return self.engine.count(model, *queries, session=self._as_argument(), **words, **options)

    def exists(
        self,
        model: type[ModelType],
        *queries: Query,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> bool:
        """Return whether a document matches; see `SyncEngine.exists`."""
        words = words_said(without=without or None)
        return self.engine.exists(model, *queries, session=self._as_argument(), **words, **options)

    def estimated_count(self, model: type[ModelType], **options: Unpack[FindOptions]) -> int:
        """Return the number of documents in a collection by its metadata; see `SyncEngine.estimated_count`."""
        return self.engine.estimated_count(model, session=self._as_argument(), **options)

    @overload
    def distinct(
        self,
        field: list[T] | set[T] | frozenset[T] | deque[T] | tuple[T, ...],
        *queries: Query,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    @overload
    def distinct(
        self,
        field: T,
        *queries: Query,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    def distinct(
        self,
        field: Any,
        *queries: Query,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> list[Any]:
        """Return the different values of a field; see `SyncEngine.distinct`."""
        words = words_said(without=without or None)
        return self.engine.distinct(
            field, *queries, session=self._as_argument(), **words, **options
        )
