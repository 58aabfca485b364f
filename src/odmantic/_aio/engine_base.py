"""The operations of an engine on documents in one database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._aio.colour import ASYNC
from odmantic._aio.cursor import AIOCursor
from odmantic._aio.engine_lookups import EngineLookups
from odmantic._aio.engine_recompute import EngineRecompute
from odmantic._aio.engine_replacements import EngineReplacements
from odmantic._aio.operations.fetch import fetch
from odmantic._aio.operations.find import find, find_one
from odmantic._aio.operations.find_any import find_any
from odmantic._aio.operations.indexes import create_declared
from odmantic._aio.operations.load import load
from odmantic._plan.arguments import (
    check_instance,
    check_model,
    collect_instances,
    words_said,
)
from odmantic._plan.filters import build_filter
from odmantic._plan.find import loads_references, plan_find
from odmantic._plan.find_any import plan_find_any
from odmantic._plan.loading import plan_loading
from odmantic._plan.sort import build_sort
from odmantic._shared.reading import ModelType, reads_by_itself

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Unpack

    from odmantic._aio.engine_deletions import Query, Without
    from odmantic._aio.engine_scopes import AIOSessionType
    from odmantic._mapping.options import Missing
    from odmantic._mapping.ref import Ref
    from odmantic._plan.loading import LoadArgument, LoadPath
    from odmantic._plan.options import FindOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic.model import Model

T = TypeVar("T")

_CALLED_BY_SESSIONS = (
    *("save", "save_all", "_get_session", "find", "find_one", "count", "delete", "remove"),
)


class AIOEngineBase(EngineLookups, EngineRecompute, EngineReplacements):
    """The operations of an engine; `AIOEngine` also creates sessions and transactions."""

    _takes_sessions = True
    """Whether sessions pass themselves as `session=`; methods of a program get the driver's session, as in 1.x."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Look at what a program replaces."""
        super().__init_subclass__(**options)
        cls._takes_sessions = all(
            getattr(cls, name) is getattr(AIOEngineBase, name) for name in _CALLED_BY_SESSIONS
        )

    async def configure_database(
        self,
        models: Iterable[type[Model]] | None = None,
        *,
        update_existing_indexes: bool = False,
        session: AIOSessionType = None,
    ) -> None:
        """Create the indexes that models declare; identical ones may exist already.

        Indexes that are no longer declared are left alone.

        Args:
            models: The models, in order; a failure leaves the indexes created before. By default those that this
                engine has used.
            update_existing_indexes: Replace an index that conflicts with a declared one: drop it, create the
                declared one, and if that fails restore the old one.
            session: See the class.

        Raises:
            TypeError: if `models` is not an iterable of model classes, or it is omitted and no model was used.
            pymongo.errors.OperationFailure: if an index conflicts (codes 85 and 86), or the server refuses it.
            pymongo.errors.DuplicateKeyError: if the data violates a unique index.
        """
        wanted = self._models_to_configure(models)
        scope = self._scope_for(session, "configure_database", writes=True)
        await create_declared(self, scope, wanted, update_existing=update_existing_indexes)

    def find(  # noqa: PLR0913 - the words of a read
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
        session: AIOSessionType = None,
        **options: Unpack[FindOptions],
    ) -> AIOCursor[ModelType]:
        """Find instances of a model that match all queries.

        References are loaded, with one query for each model and level. Await the cursor for a list, or iterate over it.

        Args:
            model: The model.
            *queries: Conditions such as `Parcel.weight > 2`, or MongoDB filters as dicts of key names.
            sort: A field, `asc(field)`, `desc(field)`, or a tuple of these.
            skip: The number of matching documents to skip.
            limit: The largest number of instances to return.
            load: The paths of references to load, such as `[Post.author, "readers.company"]`, and no others; `()` for
                none, `["*"]` for one level of all. By default what the fields say. Back references such as `User.posts`
                are loaded only by their paths, or by a `Load`.
            missing: What stands in for a target that does not exist, where that is possible: `"raise"`, `"none"`,
                `"keep"` or `"drop"`, see `Reference`. By default what the fields say.
            identity: Whether each document has one instance in all that the call returns, whatever refers to it; by
                default each place has its own.
            without: What the model does not add to the queries this time: `"soft_delete"` finds deleted documents too.
            session: See the class.
            **options: The options of the command; see [odmantic.typing.FindOptions][].

        Raises:
            TypeError: if `model` is not a model class, a query or `sort` has a wrong type, or an option is unknown.
            ValueError: if `limit` is not positive, `skip` negative, a path of `load` leads to no reference, or a word of
                `without` is unknown.
            DocumentParsingError: if a document does not fit the model; raised on consumption.
        """
        plan = plan_find(
            model,
            queries,
            sort=sort,
            skip=skip,
            limit=limit,
            load=load,
            missing=missing,
            identity=identity,
            without=without,
            raw=self._raw_queries,
            options={**options},
        )
        scope = self._scope_for(session, "find").reading(plan.options, "find", model)
        cursor = find(self, scope, plan)
        if ASYNC:
            return cursor
        else:  # noqa: RET505 - the sync query is sent by the call
            cursor.open()
            return cursor

    def find_any(
        self,
        models: Iterable[type[ModelType]],
        *queries: Query,
        sort: SortExpressionType = None,
        limit: int | None = None,
        without: Without = (),
        session: AIOSessionType = None,
    ) -> AIOCursor[ModelType]:
        """Find instances of several models in one ordered stream, by an aggregation of their collections.

        Fields in queries and sort orders stand for their keys, whichever model they come from. In a transaction, it
        needs MongoDB 5.1 or newer, and finds up to 16 MiB of documents of each model.

        Args:
            models: The models.
            *queries: Conditions, as for `find`.
            sort: A field, `asc(field)`, `desc(field)`, or a tuple of these.
            limit: The largest number of instances to return.
            without: What the models do not add to the queries this time, as for `find`.
            session: See the class.

        Raises:
            TypeError: if one is not a model class, or a query or `sort` has a wrong type.
            ValueError: if there is no model, `limit` is not positive, or the collections are in several databases.
            DocumentParsingError: if a document does not fit its model; raised on consumption.

        Example:
            ```python
            newest = await engine.find_any([Ship, Voyage], sort=desc(Voyage.leaves), limit=20)
            ```
        """
        plan = plan_find_any(
            models, queries, sort=sort, limit=limit, without=without, raw=self._raw_queries
        )
        cursor = find_any(self, self._scope_for(session, "find_any"), plan)
        if ASYNC:
            return cursor
        else:  # noqa: RET505 - the sync query is sent by the call
            cursor.open()
            return cursor

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
        session: AIOSessionType = None,
        **options: Unpack[FindOptions],
    ) -> ModelType | None:
        """Find the first matching instance; `None` if there is none; `find` explains the arguments.

        Raises:
            TypeError: if `model` is not a model class, or a query or `sort` has a wrong type.
            ValueError: if a path of `load` leads to no reference.
            DocumentParsingError: if the document does not fit the model.
        """
        check_model(model, "find_one")
        if getattr(self.find, "__func__", None) is AIOEngineBase.find and reads_by_itself(
            AIOCursor
        ):
            target = self._target(model)
            is_plain = load is None and missing is None and not skip and not options
            if is_plain and target.finds_plainly and not loads_references(model.__mapping__):
                query = build_filter(queries, model, without, self._raw_queries)
                order = build_sort(sort, model)
                scope = self._scope_for(session, "find")
                return await find_one(self, scope, target, model, query, order)
        words = words_said(
            load=load,
            missing=missing,
            identity=identity or None,
            without=without or None,
            skip=skip or None,
            **options,
        )
        cursor = self.find(model, *queries, sort=sort, limit=1, session=session, **words)
        if ASYNC:
            instances = await cursor
        else:
            instances = list(cursor)
        return instances[0] if instances else None

    async def save(
        self, instance: ModelType, *, cascade: bool = True, session: AIOSessionType = None
    ) -> ModelType:
        """Insert an instance, or update what has changed in its document, after the instances that it references.

        It sends only fields that were assigned, or changed in place, since the last read or write. Without `session=`
        the writes share a session of the call; only in a transaction do they take effect together.

        Args:
            instance: The instance.
            cascade: Whether to save the references that their fields say; otherwise none.
            session: See the class.

        Returns:
            The same object.

        Raises:
            TypeError: if `instance` is not an instance of a model.
            UnsavedReferenceError: if a reference was never saved, and is not saved here; nothing is sent.
            DuplicateKeyError: if a unique index refuses the document.
            InvalidDocumentError: if a value cannot be stored, or the document is too large.
        """
        check_instance(instance, "save")
        await self._save_in_session([instance], session, "save", cascade=cascade)
        return instance

    async def save_all(
        self,
        instances: Iterable[ModelType],
        *,
        cascade: bool = True,
        session: AIOSessionType = None,
    ) -> list[ModelType]:
        """Save several instances, references first, with few commands, up to the first error.

        It is not a transaction. Instances before the failing one stay saved, and references and instances of other
        models may be saved too; each instance knows what of it is not saved.

        Args:
            instances: The instances.
            cascade: Whether to save the references that their fields say; otherwise only the given instances.
            session: See the class.

        Returns:
            The same objects, in order.

        Raises:
            TypeError: if an element is not an instance of a model; then nothing is written.
            UnsavedReferenceError: if a reference was never saved, and is not saved here; nothing is sent.
            DuplicateKeyError: if a unique index refuses a document.
            InvalidDocumentError: if a value cannot be stored, or a document is too large.
        """
        collected = collect_instances(instances, "save_all")
        if collected:
            await self._save_in_session(collected, session, "save_all", cascade=cascade)
        return collected

    async def load(
        self,
        instances: Model | Iterable[Model],
        /,
        *paths: LoadPath,
        session: AIOSessionType = None,
        again: bool = False,
    ) -> None:
        """Load references and back references of instances in place, with one query for each model and level.

        A reference that was not loaded becomes the whole instance, which stays the same object. A path ends at a
        reference and includes its beginning. Without paths, what the fields say is loaded, and instances that are
        themselves not loaded yet.

        Args:
            instances: An instance, or several.
            *paths: Fields such as `Post.author`, back references such as `User.posts` or a `Load`, text such as
                `"author.company"`, or tuples of these.
            session: See the class.
            again: Load what is loaded already, too; changes of it that are not saved are lost.

        Raises:
            TypeError: if something is not an instance of a model.
            ValueError: if a path leads to no reference.
            TargetNotFoundError: if a document does not exist, and `missing` of its reference says nothing else; all
                others are loaded.
            DocumentParsingError: if a document does not fit its model.
        """
        planned = plan_loading(instances, paths, self._raw_queries)
        await load(self, self._scope_for(session, "load"), planned, again=again)

    async def _fetch(
        self, ref: Ref[T], /, *, again: bool = False, session: AIOSessionType = None
    ) -> T:
        """Return what a lazy reference leads to, read if it is not loaded; see `Ref.fetch`."""
        if ref.is_loaded and not again:
            return ref.value
        return await fetch(self, self._scope_for(session, "fetch"), ref, again=again)
