"""The deletion of a call by query: what it deletes, and what the server is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._mapping.rules import has_rules_below
from odmantic._plan.filters import build_filter
from odmantic._plan.options import NO_OPTIONS, CallOptions
from odmantic._plan.raw import RawQueries

if TYPE_CHECKING:
    from collections.abc import Collection

    from odmantic._plan.rules import RuleOptions
    from odmantic.query import QueryExpression, SortExpression


@dataclass(frozen=True, slots=True)
class QueryDeletion:
    """A call of a program that deletes by query.

    Attributes:
        operation: The method.
        model: The model.
        queries: The conditions, which must all hold.
        just_one: Whether one document is deleted at most.
        sort: Which one.
        without: The words for what the model does not add.
        hard: Whether documents of a model with `soft_delete` are deleted for good.
        gives_document: Whether the document itself is asked for.
        options: The options of its commands.
        policy: The policy for what is in MongoDB's language.
    """

    operation: str
    model: Any
    queries: tuple[Any, ...]
    just_one: bool = False
    sort: SortExpression | None = None
    without: str | Collection[str] = ()
    hard: bool = False
    gives_document: bool = False
    options: CallOptions = NO_OPTIONS
    policy: RawQueries = RawQueries.ALLOW

    @property
    def filter(self) -> QueryExpression:
        """The filter that is sent.

        Raises:
            TypeError: if a query has a wrong type, or is refused.
            ValueError: if a word of `without` is unknown.
        """
        return build_filter(self.queries, self.model, self.without, self.policy)

    @property
    def is_soft(self) -> bool:
        """Whether documents get the time of the deletion, and stay."""
        return is_soft(self.model, hard=self.hard)

    @property
    def finds(self) -> bool:
        """Whether it is sent as `findAndModify`, which alone sorts, and gives the document."""
        return self.gives_document or self.sort is not None

    @property
    def order(self) -> list[tuple[str, Any]]:
        """The order in which the first document is deleted."""
        return [("_id", 1)] if self.sort is None else [*self.sort.items()]

    @property
    def find_options(self) -> dict[str, Any]:
        """The arguments for the driver's method, if it is sent so."""
        options = self.options.command_words
        if self.sort is not None:
            options["sort"] = self.order
        if not self.gives_document:
            options["projection"] = {"_id": True}
        return options

    def by_ids(self, query: QueryExpression, *, hard: bool) -> QueryDeletion:
        """Return the deletion of documents that the call has found already."""
        comment = {key: value for key, value in self.options.words.items() if key == "comment"}
        return QueryDeletion(
            self.operation,
            self.model,
            (query,),
            just_one=self.gives_document,
            hard=hard,
            gives_document=self.gives_document,
            options=CallOptions(comment),
        )


@dataclass(frozen=True, slots=True)
class Removed:
    """What a deletion has done.

    Attributes:
        count: The number of documents that matched.
        document: The one, if it is asked for: as it is now after a soft deletion, or else as it was.
    """

    count: int
    document: Any = None

    @classmethod
    def of_found(cls, document: Any) -> Removed:
        """Return what the answer of `findAndModify` says."""
        return cls(int(document is not None), document)


def is_soft(model: Any, *, hard: bool) -> bool:
    """Return whether a deletion leaves documents of a model there."""
    return not hard and model.__mapping__.soft_delete is not None


def may_fire(model: Any, rules: RuleOptions, *, hard: bool) -> bool:
    """Return whether the deletion of documents of a model may fire rules."""
    if not rules.are_on or not has_rules_below(model):
        return False
    return not is_soft(model, hard=hard) or bool(model.model_config.get("soft_delete_rules"))
