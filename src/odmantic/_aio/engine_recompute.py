"""The rewriting of stored properties by an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._aio.engine_scopes import EngineScopes
from odmantic._aio.operations.recompute import recompute
from odmantic._plan.arguments import check_model
from odmantic._plan.find import plan_find
from odmantic._plan.recompute import Recomputation

if TYPE_CHECKING:
    from odmantic._aio.engine_deletions import Query, Without
    from odmantic._aio.engine_scopes import AIOSessionType
    from odmantic._shared.reading import ModelType


class EngineRecompute(EngineScopes):
    """The rewriting of stored properties by an engine."""

    async def recompute(
        self,
        model: type[ModelType],
        *queries: Query,
        without: Without = (),
        session: AIOSessionType = None,
    ) -> int:
        """Rewrite the [stored properties][odmantic.stored] of documents, where they are missing or out of date.

        Documents are read a hundred at a time, as by `find`, and nothing else in them changes: keys that no class knows
        stay. A document that others change meanwhile is read again, so no change is lost. Only the hooks of loading are
        called, and no instance in memory changes. Outside of a transaction, an error may leave some documents
        rewritten; the call can be repeated.

        Args:
            model: The model.
            *queries: Conditions, as for `find`; all documents without any.
            without: With `"soft_delete"`, deleted documents too.
            session: See the class.

        Returns:
            The number of documents that were rewritten.

        Raises:
            TypeError: if `model` is not a model class, neither it nor what is embedded in it has stored properties, or a
                query has a wrong type.
            DocumentParsingError: if a document does not fit the model.
            DuplicateKeyError: if a unique index refuses a value; its `instance` is `None`.
            Exception: what a property raises.

        Example:
            ```python
            print(await engine.recompute(Basket), "baskets had another total")
            ```
        """
        check_model(model, "recompute")
        recomputation = Recomputation(model)
        plan = plan_find(model, queries, without=without, raw=self._raw_queries)
        scope = self._scope_for(session, "recompute", writes=True)
        return await recompute(self, scope, plan, recomputation)
