"""The deletions of an engine: of instances, and by query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from odmantic._aio.colour import ASYNC
from odmantic._aio.engine_scopes import EngineScopes
from odmantic._aio.operations.delete import delete
from odmantic._aio.operations.delete_by_query import remove
from odmantic._aio.operations.soft_deletion import restore
from odmantic._plan.arguments import check_instance, check_model
from odmantic._plan.query_deletion import QueryDeletion
from odmantic._plan.rules import MOST_DELETED, checked_options
from odmantic._plan.soft_deletion import check_softly_deleted
from odmantic._shared.reading import ModelType

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from odmantic._aio.engine_scopes import AIOSessionType
    from odmantic.model import Model
    from odmantic.query import QueryExpression

    Query: TypeAlias = QueryExpression | Mapping[Any, Any] | bool
    """`bool` is what type checkers see in `Model.field == value`; a real one is refused."""
    Word: TypeAlias = Literal["soft_delete"]
    Without: TypeAlias = Word | tuple[Word, ...] | Collection[Word]  # mypy needs the tuple


class EngineDeletions(EngineScopes):
    """The deletions of an engine."""

    if ASYNC:

        async def delete(
            self,
            instance: Model,
            *,
            hard: bool = False,
            rules: bool = True,
            rules_limit: int = MOST_DELETED,
            session: AIOSessionType = None,
        ) -> None:
            """Delete the document of an instance; referenced documents stay.

            What happens to documents that refer to it, their fields say, by `on_delete` of `Reference`. If there are any
            such rules, all is done in one transaction: that of `session=`, or else one that is retried after transient
            errors.

            If the model has `soft_delete`, the document stays too, and gets the time of the deletion, as the instance
            does, unless the deletion is `hard`.

            Args:
                instance: The instance.
                hard: Delete the document of a model with `soft_delete` for good.
                rules: Whether the rules count; without them, references may lead nowhere.
                rules_limit: The largest number of documents that may be deleted.
                session: See the class.

            Raises:
                TypeError: if `instance` is not an instance of a model.
                DocumentNotFoundError: if there is no such document.
                ReferencedError: if a document denies the deletion; nothing is written.
                ValueError: if more than `rules_limit` documents would be deleted; nothing is written.
                TransactionNotSupportedError: if there are rules, and the server is a standalone one.
            """
            check_instance(instance, "delete")
            options = checked_options(rules, rules_limit, "delete")
            scope = self._scope_for(session, "delete", writes=True)
            await delete(self, scope, instance, hard=hard, rules=options)

    elif not TYPE_CHECKING:

        def delete(
            self,
            instance: Model,
            session: AIOSessionType = None,
            *,
            hard: bool = False,
            rules: bool = True,
            rules_limit: int = MOST_DELETED,
        ) -> None:
            """Delete the document of an instance; referenced documents stay.

            What happens to documents that refer to it, their fields say, by `on_delete` of `Reference`. If there are any
            such rules, all is done in one transaction: that of `session=`, or else one that is retried after transient
            errors.

            If the model has `soft_delete`, the document stays too, and gets the time of the deletion, as the instance
            does, unless the deletion is `hard`.

            Args:
                instance: The instance.
                hard: Delete the document of a model with `soft_delete` for good.
                rules: Whether the rules count; without them, references may lead nowhere.
                rules_limit: The largest number of documents that may be deleted.
                session: See the class.

            Raises:
                TypeError: if `instance` is not an instance of a model.
                DocumentNotFoundError: if there is no such document.
                ReferencedError: if a document denies the deletion; nothing is written.
                ValueError: if more than `rules_limit` documents would be deleted; nothing is written.
                TransactionNotSupportedError: if there are rules, and the server is a standalone one.
            """
            check_instance(instance, "delete")
            options = checked_options(rules, rules_limit, "delete")
            scope = self._scope_for(session, "delete", writes=True)
            delete(self, scope, instance, hard=hard, rules=options)

    async def restore(self, instance: Model, *, session: AIOSessionType = None) -> None:
        """Undo the soft deletion of an instance and its document.

        Raises:
            TypeError: if `instance` is not an instance of a model, or the model has no `soft_delete`.
            DocumentNotFoundError: if there is no such document.
            DuplicateKeyError: if a unique index refuses the document.
        """
        check_instance(instance, "restore")
        check_softly_deleted(type(instance))
        await restore(self, self._scope_for(session, "restore", writes=True), instance)

    async def remove(
        self,
        model: type[ModelType],
        *queries: Query,
        just_one: bool = False,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = MOST_DELETED,
        session: AIOSessionType = None,
    ) -> int:
        """Delete the matching documents of a model; without a query, all of them.

        If the model has `soft_delete`, live documents get the time of the deletion. What happens to documents that refer
        to deleted ones, their fields say; see `delete`.

        Args:
            model: The model whose documents are deleted.
            *queries: Conditions, as for `find`.
            just_one: Delete at most one.
            hard: Delete documents of a model with `soft_delete` for good.
            without: With `"soft_delete"`, documents that are deleted already match too.
            rules: Whether delete rules of references count.
            rules_limit: The largest number of documents that may be deleted, if there are rules.
            session: See the class.

        Returns:
            The number of matching documents, which are deleted; those that rules delete do not count.

        Raises:
            TypeError: if `model` is not a model class, or a query has a wrong type.
            ValueError: if a word of `without` is unknown, or more than `rules_limit` documents would be deleted.
            ReferencedError: if a document denies the deletion; nothing is written.
            TransactionNotSupportedError: if there are rules, and the server is a standalone one.
        """
        check_model(model, "remove")
        options = checked_options(rules, rules_limit, "remove")
        call = QueryDeletion(
            operation="remove",
            model=model,
            queries=queries,
            just_one=just_one,
            without=without,
            hard=hard,
            policy=self._raw_queries,
        )
        query = call.filter
        scope = self._scope_for(session, "remove", writes=True)
        removed = await remove(self, scope, call, query, options)
        count: int = removed.count
        return count
