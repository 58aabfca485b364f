# Generated from src/odmantic/_aio/session_base.py by tools/generate_sync.py: do not edit.
"""The operations that sessions and transactions share with engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._plan.arguments import words_said
from odmantic._plan.rules import MOST_DELETED, deletion_said
from odmantic._shared.reading import ModelType
from odmantic._sync.session_lookups import SessionLookups
from odmantic._sync.session_recompute import SessionRecompute
from odmantic._sync.session_replacements import SessionReplacements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Unpack

    from odmantic._mapping.options import Missing
    from odmantic._mapping.ref import Ref
    from odmantic._plan.loading import LoadArgument, LoadPath
    from odmantic._plan.options import FindOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._sync.cursor import SyncCursor
    from odmantic._sync.engine_deletions import Query, Without
    from odmantic.model import Model


T = TypeVar("T")

_NOTHING: dict[str, Any] = {}
"""The arguments that an operation need not know, where they say nothing: an engine of a program's own may lack them."""


class SyncSessionBase(SessionLookups, SessionRecompute, SessionReplacements):
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
    ) -> SyncCursor[ModelType]:
        """Find instances of a model; see `SyncEngine.find`."""
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
    ) -> SyncCursor[ModelType]:
        """Find instances of several models; see `SyncEngine.find_any`."""
        return self.engine.find_any(
            models,
            *queries,
            sort=sort,
            limit=limit,
            without=without,
            session=self._as_argument(),
        )

    def find_one(
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
        """Find one instance of a model; see `SyncEngine.find_one`."""
        return self.engine.find_one(
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

    def save(self, instance: ModelType, *, cascade: bool = True) -> ModelType:
        """Save an instance and its references; see `SyncEngine.save`."""
        return self.engine.save(
            instance,
            session=self._as_argument(),
            **(_NOTHING if cascade else {"cascade": False}),
        )

    def save_all(self, instances: Iterable[ModelType], *, cascade: bool = True) -> list[ModelType]:
        """Save several instances in order; see `SyncEngine.save_all`."""
        return self.engine.save_all(
            instances,
            session=self._as_argument(),
            **(_NOTHING if cascade else {"cascade": False}),
        )

    def delete(
        self,
        instance: Model,
        *,
        hard: bool = False,
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
    ) -> None:
        """Delete the document of an instance; see `SyncEngine.delete`."""
        said = deletion_said(hard=hard, rules=rules, rules_limit=rules_limit)
        self.engine.delete(instance, session=self._as_argument(), **said)

    def load(
        self, instances: Model | Iterable[Model], /, *paths: LoadPath, again: bool = False
    ) -> None:
        """Load references of instances in place; see `SyncEngine.load`."""
        self.engine.load(instances, *paths, session=self._as_argument(), again=again)

    def _fetch(self, ref: Ref[T], /, *, again: bool = False) -> T:
        return self.engine._fetch(ref, again=again, session=self._as_argument())

    def restore(self, instance: Model) -> None:
        """Undo the soft deletion of an instance; see `SyncEngine.restore`."""
        self.engine.restore(instance, session=self._as_argument())

    def remove(
        self,
        model: type[ModelType],
        *queries: Query,
        just_one: bool = False,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
    ) -> int:
        """Delete the matching documents; see `SyncEngine.remove`."""
        said = deletion_said(hard=hard, rules=rules, rules_limit=rules_limit)
        if without:
            said["without"] = without
        return self.engine.remove(
            model, *queries, just_one=just_one, session=self._as_argument(), **said
        )
