"""The operations that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._aio.session_lookups import SessionLookups
from odmantic._aio.session_recompute import SessionRecompute
from odmantic._aio.session_replacements import SessionReplacements
from odmantic._plan.arguments import words_said
from odmantic._plan.rules import MOST_DELETED, deletion_said
from odmantic._shared.reading import ModelType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Unpack

    from odmantic._aio.cursor import AIOCursor
    from odmantic._aio.engine_deletions import Query, Without
    from odmantic._mapping.options import Missing
    from odmantic._mapping.ref import Ref
    from odmantic._plan.loading import LoadArgument, LoadPath
    from odmantic._plan.options import FindOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic.model import Model


T = TypeVar("T")

_NOTHING: dict[str, Any] = {}
"""The arguments that an operation need not know, where they say nothing: an engine of a program's own may lack them."""


class AIOSessionBase(SessionLookups, SessionRecompute, SessionReplacements):
    """The operations of an engine, in one driver session.

    Each does what the engine's method of the same name does with `session=` set to this object.
    """

    def find(
        self,
        model: type[ModelType],
        *queries: Query,
        sort: SortExpressionType = None,
        skip: int = 0,
        limit: int | None = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> AIOCursor[ModelType]:
        """Find instances of a model; see `AIOEngine.find`."""
        return self.engine.find(
            model,
            *queries,
            sort=sort,
            skip=skip,
            limit=limit,
            session=self._as_argument(),
            **words_said(
                load=load,
                missing=missing,
                identity=identity or None,
                without=without or None,
            ),
            **options,
        )

    def find_any(
        self,
        models: Iterable[type[ModelType]],
        *queries: Query,
        sort: SortExpressionType = None,
        limit: int | None = None,
        without: Without = (),
    ) -> AIOCursor[ModelType]:
        """Find instances of several models; see `AIOEngine.find_any`."""
        return self.engine.find_any(
            models,
            *queries,
            sort=sort,
            limit=limit,
            without=without,
            session=self._as_argument(),
        )

    async def find_one(
        self,
        model: type[ModelType],
        *queries: Query,
        sort: SortExpressionType = None,
        skip: int = 0,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> ModelType | None:
        """Find one instance of a model; see `AIOEngine.find_one`."""
        return await self.engine.find_one(
            model,
            *queries,
            sort=sort,
            session=self._as_argument(),
            **words_said(
                skip=skip or None,
                load=load,
                missing=missing,
                identity=identity or None,
                without=without or None,
            ),
            **options,
        )

    async def save(self, instance: ModelType, *, cascade: bool = True) -> ModelType:
        """Save an instance and its references; see `AIOEngine.save`."""
        return await self.engine.save(
            instance,
            session=self._as_argument(),
            **(_NOTHING if cascade else {"cascade": False}),
        )

    async def save_all(
        self, instances: Iterable[ModelType], *, cascade: bool = True
    ) -> list[ModelType]:
        """Save several instances in order; see `AIOEngine.save_all`."""
        return await self.engine.save_all(
            instances,
            session=self._as_argument(),
            **(_NOTHING if cascade else {"cascade": False}),
        )

    async def delete(
        self,
        instance: Model,
        *,
        hard: bool = False,
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
    ) -> None:
        """Delete the document of an instance; see `AIOEngine.delete`."""
        said = deletion_said(hard=hard, rules=rules, rules_limit=rules_limit)
        await self.engine.delete(instance, session=self._as_argument(), **said)

    async def load(
        self, instances: Model | Iterable[Model], /, *paths: LoadPath, again: bool = False
    ) -> None:
        """Load references of instances in place; see `AIOEngine.load`."""
        await self.engine.load(instances, *paths, session=self._as_argument(), again=again)

    async def _fetch(self, ref: Ref[T], /, *, again: bool = False) -> T:
        return await self.engine._fetch(ref, again=again, session=self._as_argument())

    async def restore(self, instance: Model) -> None:
        """Undo the soft deletion of an instance; see `AIOEngine.restore`."""
        await self.engine.restore(instance, session=self._as_argument())

    async def remove(
        self,
        model: type[ModelType],
        *queries: Query,
        just_one: bool = False,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
    ) -> int:
        """Delete the matching documents; see `AIOEngine.remove`."""
        said = deletion_said(hard=hard, rules=rules, rules_limit=rules_limit)
        if without:
            said["without"] = without
        return await self.engine.remove(
            model, *queries, just_one=just_one, session=self._as_argument(), **said
        )
