# Generated from src/odmantic/_aio/engine_query_deletions.py by tools/generate_sync.py: do not edit.
"""The deletions of an engine that take exactly one query."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._driver.plain import check_acknowledged
from odmantic._plan.arguments import check_model
from odmantic._plan.loading import plan_load
from odmantic._plan.options import OF_DELETIONS, checked_call_options
from odmantic._plan.query_deletion import QueryDeletion
from odmantic._plan.query_update import queries_of
from odmantic._plan.rules import MOST_DELETED, checked_options
from odmantic._plan.sort import build_sort
from odmantic._sync.engine_updates import EngineUpdates
from odmantic._sync.operations.delete_by_query import remove
from odmantic._sync.operations.find_one_and import deleted_instance

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import WriteOptions
    from odmantic._plan.rules import RuleOptions
    from odmantic._plan.sort import SortExpressionType
    from odmantic._shared.reading import ModelType
    from odmantic._sync.engine_deletions import Without
    from odmantic._sync.engine_instances import OneQuery
    from odmantic._sync.engine_scopes import SyncSessionType
    from odmantic._sync.operations.delete_by_query import Then


class EngineQueryDeletions(EngineUpdates):
    """The deletions of an engine that take exactly one query."""

    def delete_one(
        self,
        model: type[ModelType],
        query: OneQuery,
        *,
        sort: SortExpressionType = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> bool:
        """Delete one document that matches; no instance in memory changes.

        If the model has `soft_delete`, a live document gets the time of the deletion. What happens to documents that
        refer to it, their fields say; see `delete`.

        Args:
            model: The model whose document is deleted.
            query: A condition, a dict, or a tuple of these, which must all hold; `{}` is any document.
            sort: Which document is deleted, if several match; as for `find`.
            hard: Delete the document of a model with `soft_delete` for good.
            without: With `"soft_delete"`, documents that are deleted already match too.
            rules: Whether delete rules of references count.
            rules_limit: The largest number of documents that may be deleted, if there are rules.
            session: See the class.
            **options: The options of the command, but for `array_filters` and `bypass_document_validation`; see
                [odmantic.typing.WriteOptions][].

        Returns:
            Whether there was one.

        Raises:
            TypeError: if `model` is not a model class, there is no query, an option has a wrong type, writes are not
                acknowledged, or there is a `write_concern` in a transaction, which rules have.
            ValueError: if a word of `without` is unknown, or more than `rules_limit` documents would be deleted.
            ReferencedError: if a document denies the deletion; nothing is written.
            TransactionNotSupportedError: if there are rules, and the server is a standalone one.

        Example:
            ```python
            if not engine.delete_one(Stock, Stock.left == 0, sort=Stock.item):
                print("nothing is sold out")
            ```
        """
        check_model(model, "delete_one")
        call = QueryDeletion(
            operation="delete_one",
            model=model,
            queries=queries_of("delete_one", model, query, ""),
            options=checked_call_options("delete_one", model, {**options}, OF_DELETIONS),
            just_one=True,
            sort=build_sort(sort, model),
            without=without,
            hard=hard,
            policy=self._raw_queries,
        )
        counting = checked_options(rules, rules_limit, "delete_one")
        removed = self._delete_by_query(call, counting, session)
        return bool(removed.count)

    def delete_many(
        self,
        model: type[ModelType],
        query: OneQuery,
        *,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> int:
        """Delete all documents that match; no instance in memory changes.

        It is `remove` with a query that must be there. Outside of a transaction, an error may leave some documents
        deleted, and others not.

        Args:
            model: The model whose documents are deleted.
            query: A condition, a dict, or a tuple of these, which must all hold; `{}` for all documents.
            hard: Delete documents of a model with `soft_delete` for good.
            without: With `"soft_delete"`, documents that are deleted already match too.
            rules: Whether delete rules of references count.
            rules_limit: The largest number of documents that may be deleted, if there are rules.
            session: See the class.
            **options: The options of the command, but for `array_filters` and `bypass_document_validation`; see
                [odmantic.typing.WriteOptions][].

        Returns:
            The number of matching documents, which are deleted; those that rules delete do not count.

        Raises:
            TypeError: if `model` is not a model class, there is no query, an option has a wrong type, writes are not
                acknowledged, or there is a `write_concern` in a transaction, which rules have.
            ValueError: if a word of `without` is unknown, or more than `rules_limit` documents would be deleted.
            ReferencedError: if a document denies the deletion; nothing is written.
            TransactionNotSupportedError: if there are rules, and the server is a standalone one.
        """
        check_model(model, "delete_many")
        call = QueryDeletion(
            operation="delete_many",
            model=model,
            queries=queries_of("delete_many", model, query, ""),
            options=checked_call_options("delete_many", model, {**options}, OF_DELETIONS),
            without=without,
            hard=hard,
            policy=self._raw_queries,
        )
        counting = checked_options(rules, rules_limit, "delete_many")
        removed = self._delete_by_query(call, counting, session)
        count: int = removed.count
        return count

    def find_one_and_delete(  # noqa: PLR0913 - the words of a deletion
        self,
        model: type[ModelType],
        query: OneQuery,
        *,
        sort: SortExpressionType = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None:
        """Delete one document that matches, and return its instance, in one step: two callers never get the same one.

        The instance counts as never saved: saving it makes the document anew. If the model has `soft_delete`, it is that
        of the document with the time of the deletion, and clean. Its references are loaded by further reads.

        Args:
            model: The model whose document is deleted.
            query: A condition, a dict, or a tuple of these, which must all hold; `{}` is any document.
            sort: Which document is deleted, if several match; as for `find`.
            load: The paths of references to load, as for `find`.
            missing: What stands in for a target that does not exist, as for `find`.
            hard: Delete the document of a model with `soft_delete` for good.
            without: With `"soft_delete"`, documents that are deleted already match too.
            rules: Whether delete rules of references count.
            rules_limit: The largest number of documents that may be deleted, if there are rules.
            session: See the class.
            **options: The options of the command, but for `array_filters` and `bypass_document_validation`; see
                [odmantic.typing.WriteOptions][].

        Returns:
            The instance; `None` if no document matches.

        Raises:
            TypeError: if `model` is not a model class, there is no query, an option has a wrong type, writes are not
                acknowledged, or there is a `write_concern` in a transaction, which rules have.
            ValueError: if a word of `without` is unknown, a path of `load` leads to no reference, or more than
                `rules_limit` documents would be deleted.
            ReferencedError: if a document denies the deletion; nothing is written.
            DocumentParsingError: if the document does not fit the model. It is deleted all the same, unless there are
                rules: then nothing is.
            TransactionNotSupportedError: if there are rules, and the server is a standalone one.
        """
        check_model(model, "find_one_and_delete")
        call = QueryDeletion(
            operation="find_one_and_delete",
            model=model,
            queries=queries_of("find_one_and_delete", model, query, ""),
            options=checked_call_options("find_one_and_delete", model, {**options}, OF_DELETIONS),
            just_one=True,
            sort=build_sort(sort, model),
            without=without,
            hard=hard,
            gives_document=True,
            policy=self._raw_queries,
        )
        counting = checked_options(rules, rules_limit, "find_one_and_delete")
        loads = plan_load(model, load, missing, self._raw_queries)
        then = partial(deleted_instance, self, call, loads)
        found: ModelType | None = self._delete_by_query(call, counting, session, then)
        return found

    def _delete_by_query(
        self,
        call: QueryDeletion,
        rules: RuleOptions,
        session: SyncSessionType,
        then: Then | None = None,
    ) -> Any:
        query = call.filter
        scope = self._scope_for(session, call.operation, writes=True)
        scope.check_options(call.options, call.operation, call.model)
        collection = call.options.collection(self._target(call.model).writing)
        check_acknowledged(collection, call.operation, call.model)
        return remove(self, scope, call, query, rules, then)
