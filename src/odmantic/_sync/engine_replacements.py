# Generated from src/odmantic/_aio/engine_replacements.py by tools/generate_sync.py: do not edit.
"""The writes of an engine that put the document of an instance where a query says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from odmantic._plan.arguments import check_model, check_returning
from odmantic._plan.creation import Creation
from odmantic._plan.loading import plan_load
from odmantic._plan.options import OF_REPLACEMENTS, checked_call_options
from odmantic._plan.query_update import queries_of
from odmantic._plan.replacement import Replacement, check_replacement
from odmantic._plan.sort import build_sort
from odmantic._sync.engine_find_one_and import EngineFindOneAnd
from odmantic._sync.operations.find_one_and import instance_of, saying
from odmantic._sync.operations.get_or_create import get_or_create
from odmantic._sync.operations.replace_by_query import replace_by_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.results import UpdateResult
    from typing_extensions import Unpack

    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import WriteOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.reading import ModelType
    from odmantic._sync.engine_deletions import Without
    from odmantic._sync.engine_instances import OneQuery
    from odmantic._sync.engine_scopes import SyncSessionType
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model


class EngineReplacements(EngineFindOneAnd):
    """The writes of an engine that put the document of an instance where a query says."""

    def replace_one(
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        upsert: bool = False,
        sort: SortExpressionType = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult:
        """Replace one document that matches with that of an instance, after saving what it references.

        An instance whose primary key the program did not give takes that of the document, and any other one must have
        the document's. Keys that the model does not know are gone afterwards. A replacement never changes the class of a
        document.

        Args:
            model: The model whose document is replaced.
            query: A condition, a dict, or a tuple of these, which must all hold; `{}` is any document.
            instance: The instance; it is clean afterwards, if its document was written.
            upsert: Whether the document is inserted if none matches.
            sort: Which document is replaced, if several match; as for `find`.
            without: With `"soft_delete"`, deleted documents match too.
            session: See the class.
            **options: The options of the command, but for `array_filters`; see [odmantic.typing.WriteOptions][].

        Returns:
            The driver's result. If the primary key is not given, or with `sort=`, a document that matches counts as
            modified: the server does not say more.

        Raises:
            TypeError: if `model` is not a model class, there is no query, `instance` is none of the model, or an option has
                a wrong type; also if writes are not acknowledged, and the answer is needed.
            ValueError: if the query would not find what an upsert inserts.
            NotLoadedError: if the instance was not loaded.
            DuplicateKeyError: if a unique index refuses the document; the instance is as before.
            InvalidDocumentError: if a value cannot be stored, or the document is too large.
        """
        operation = "replace_one"
        check_model(model, operation)
        check_replacement(model, instance, operation)
        call = Replacement(
            operation=operation,
            model=model,
            queries=queries_of(operation, model, query, " before the instance"),
            instance=instance,
            upsert=_checked(upsert, operation),
            sort=build_sort(sort, model),
            without=without,
            options=checked_call_options(operation, model, {**options}, OF_REPLACEMENTS),
            policy=self._raw_queries,
        )
        query_sent = call.filter

        def replace(scope: Scope) -> Any:
            return replace_by_query(self, scope, call, query_sent).result

        result: UpdateResult = self._write_by_query(instance, operation, replace, session)
        return result

    @overload
    def find_one_and_replace(
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        returning: Literal["after"] = "after",
        upsert: Literal[True],
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    def find_one_and_replace(
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        returning: Literal["after", "before"] = "after",
        upsert: bool = False,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    def find_one_and_replace(  # noqa: PLR0913 - the words of a write and of a read
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        returning: Literal["after", "before"] = "after",
        upsert: bool = False,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None:
        """Replace one document that matches with that of an instance, and return one of both, in one step.

        Args:
            model: The model whose document is replaced.
            query: A condition, a dict, or a tuple of these, which must all hold; `{}` is any document.
            instance: The instance; see `replace_one`.
            returning: Whether the result is the given instance, as `"after"` the replacement, or that of the document
                `"before"` it.
            upsert: Whether the document is inserted if none matches.
            sort: Which document is replaced, if several match; as for `find`.
            load: The paths of references to load of the document before, as for `find`.
            missing: What stands in for a target that does not exist, as for `find`.
            without: With `"soft_delete"`, deleted documents match too.
            session: See the class.
            **options: The options of the command, but for `array_filters`; see [odmantic.typing.WriteOptions][].

        Returns:
            The instance. `None` if no document matches; with an upsert, if there was none `"before"`.

        Raises:
            TypeError: if `model` is not a model class, there is no query, `instance` is none of the model, an option has a
                wrong type, or writes are not acknowledged.
            ValueError: if `returning` is neither of its values, or the query would not find what an upsert inserts.
            NotLoadedError: if the instance was not loaded.
            DuplicateKeyError: if a unique index refuses the document; the instance is as before.
            InvalidDocumentError: if a value cannot be stored, or the document is too large.
            DocumentParsingError: if the document before does not fit the model; it is replaced all the same.
        """
        operation = "find_one_and_replace"
        check_model(model, operation)
        check_replacement(model, instance, operation)
        gives_former = check_returning(returning, operation) == "before"
        call = Replacement(
            operation=operation,
            model=model,
            queries=queries_of(operation, model, query, " before the instance"),
            instance=instance,
            upsert=_checked(upsert, operation),
            sort=build_sort(sort, model),
            without=without,
            options=checked_call_options(operation, model, {**options}, OF_REPLACEMENTS),
            policy=self._raw_queries,
            gives_former=gives_former,
            needs_answer=True,
        )
        loads = plan_load(model, load, missing, self._raw_queries)
        query_sent = call.filter

        def replace(scope: Scope) -> Any:
            replaced = replace_by_query(self, scope, call, query_sent)
            if not gives_former:
                return instance if replaced.is_written else None
            if replaced.former is None:
                return None
            with saying("the document is replaced"):
                return instance_of(self, scope, loads, replaced.former, operation)

        found: ModelType | None = self._write_by_query(instance, operation, replace, session)
        return found

    def get_or_create(
        self,
        model: type[ModelType],
        query: OneQuery,
        instance: ModelType,
        *,
        session: SyncSessionType = None,
    ) -> tuple[ModelType, bool]:
        """Find the instance of a document that matches, or create the document of the given instance.

        With a unique index on what the query compares by `==`, any number of callers at the same time creates one document.
        Without such an index, there may be several.

        Args:
            model: The model.
            query: A condition, a dict, or a tuple of these, which must all hold.
            instance: The instance to create, which must meet what the query compares by `==`. Its references are saved
                before; if its primary key is not given, it takes that of the query, if there is one.
            session: See the class.

        Returns:
            The instance of the document that matches, and `False`; or the given instance, which is clean then, and `True`.

        Raises:
            TypeError: if `model` is not a model class, there is no query, the query compares by `$expr`, `instance` is none
                of the model, or writes are not acknowledged.
            ValueError: if the query would not find the document of the instance.
            NotLoadedError: if the instance was not loaded.
            DuplicateKeyError: if a unique index refuses the document, because of one that does not match, such as a deleted
                one; also in a transaction, if another one was faster. The instance is as before.
            InvalidDocumentError: if a value cannot be stored, or the document is too large.
            DocumentParsingError: if the document that matches does not fit the model.
        """
        operation = "get_or_create"
        check_model(model, operation)
        check_replacement(model, instance, operation)
        queries = queries_of(operation, model, query, " before the instance")
        call = Creation(operation, model, queries, instance, self._raw_queries)
        query_sent = call.filter

        def create(scope: Scope) -> Any:
            return get_or_create(self, scope, call, query_sent)

        answer: tuple[ModelType, bool] = self._write_by_query(
            instance, operation, create, session, sends_several=True
        )
        return answer

    def _write_by_query(
        self,
        instance: Model,
        operation: str,
        write: Callable[[Scope], Any],
        session: SyncSessionType,
        *,
        sends_several: bool = False,
    ) -> Any:
        """Write in the session of the call, or in one of its own if there may be several commands."""
        answers: list[Any] = []

        def work(scope: Scope) -> None:
            answers.append(write(scope))

        self._write_in_session(
            *((instance,), operation, work, session), cascade=True, sends_several=sends_several
        )
        return answers[0]


def _checked(upsert: object, operation: str) -> bool:
    if not isinstance(upsert, bool):
        raise TypeError(f"upsert= of {operation} is True or False, not {upsert!r:.200}")
    return upsert
