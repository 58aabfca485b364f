"""A call that updates by query, and what is sent for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._plan.filters import build_filter
from odmantic._plan.options import NO_OPTIONS, CallOptions
from odmantic._plan.raw import RawQueries

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from odmantic._query.expressions import QueryExpression
    from odmantic.query import SortExpression


@dataclass(frozen=True, slots=True)
class QueryUpdate:
    """A call of a program that updates by query.

    Attributes:
        operation: The method.
        model: The model.
        queries: The conditions, which must all hold.
        updates: The updates; one in MongoDB's language stands alone.
        just_one: Whether one document is updated at most.
        sort: Which one.
        without: The words for what the model does not add.
        options: The options of its commands.
        upsert: Whether a document is inserted if none matches, or an instance of which it is made.
        policy: The policy for what is in MongoDB's language.
        returning: Which document the call gives, `"before"` the update or `"after"` it; `None` for none.
    """

    operation: str
    model: Any
    queries: tuple[Any, ...]
    updates: tuple[Any, ...]
    just_one: bool = False
    sort: SortExpression | None = None
    without: str | Collection[str] = ()
    options: CallOptions = NO_OPTIONS
    upsert: Any = False
    policy: RawQueries = RawQueries.ALLOW
    returning: str | None = None

    @property
    def finds(self) -> bool:
        """Whether it is sent as `findAndModify`: servers before 8.0 sort for that only."""
        return self.sort is not None or self.returning is not None

    @property
    def find_options(self) -> dict[str, Any]:
        """The arguments for the driver's method, if it is sent so."""
        options: dict[str, Any] = {}
        if self.sort is not None:
            options["sort"] = [*self.sort.items()]
        if self.returning is None:
            options["projection"] = {"_id": True}
        else:
            options["return_document"] = self.returning == "after"
        return options


@dataclass(frozen=True, slots=True)
class SentUpdate:
    """An update as it is sent.

    Attributes:
        filter: The filter.
        update: The update document, or a list of stages.
        array_filters: The conditions on items; `None` if there are none.
        upsert: Whether it inserts a document if none matches.
        document: What it inserts then, as far as that is known; the updates may change it once more.
        is_insertion: Whether it inserts, and changes nothing that is there.
    """

    filter: QueryExpression
    update: Any
    array_filters: list[Any] | None
    upsert: bool = False
    document: dict[str, Any] | None = None
    is_insertion: bool = False


class Later:
    """Updates that follow if the first one has met no document: they are planned when they are asked for, once."""

    __slots__ = ("_plan", "_planned")

    def __init__(self, plan: Callable[[], Iterable[SentUpdate]]) -> None:
        """Plan nothing yet."""
        self._plan = plan
        self._planned: tuple[SentUpdate, ...] | None = None

    def __iter__(self) -> Iterator[SentUpdate]:
        """Iterate over the updates."""
        if self._planned is None:
            self._planned = (*self._plan(),)
        return iter(self._planned)


@dataclass(frozen=True, slots=True)
class UpdatePlans:
    """What a call sends.

    Attributes:
        first: The update.
        others: Those for documents without values with defaults of which it starts; no document matches two of them.
        names: The fields that are updated.
        insert: What follows if none has met a document: it inserts one, and changes none that is there. `None` if `first`
            inserts, or nothing does.
        equalities: The paths of an inserted document that are what the query says. Two calls that say the same, and insert
            at the same time, may meet at an index on them.
    """

    first: SentUpdate
    others: Iterable[SentUpdate]
    names: frozenset[str]
    insert: SentUpdate | None = None
    equalities: frozenset[str] = frozenset()


def filter_of(call: QueryUpdate, *conditions: Any) -> QueryExpression:
    """Return the filter of a call, with what the model adds to it, and further conditions."""
    return build_filter((*call.queries, *conditions), call.model, call.without, call.policy)


def refusal(call: QueryUpdate, text: str) -> TypeError:
    """Return the error for a call."""
    return TypeError(f"{call.operation} of {call.model.__name__} {text}")
