"""The creation of a document unless there is one: what is sent, and what the query says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._plan.equalities import copied_equalities
from odmantic._plan.filters import build_filter
from odmantic._plan.raw import RawQueries
from odmantic._plan.replacement import check_met

if TYPE_CHECKING:
    from collections.abc import Mapping

    from odmantic.model import Model
    from odmantic.query import QueryExpression


@dataclass(frozen=True, slots=True)
class Creation:
    """A call of a program that creates a document unless one matches.

    Attributes:
        operation: The method.
        model: The model of the query.
        queries: The conditions, which must all hold.
        instance: The instance whose document is created.
        policy: The policy for what is in MongoDB's language.
    """

    operation: str
    model: Any
    queries: tuple[Any, ...]
    instance: Model
    policy: RawQueries = RawQueries.ALLOW

    @property
    def filter(self) -> QueryExpression:
        """The filter that is sent.

        Raises:
            TypeError: if a query has a wrong type, or is refused.
        """
        return build_filter(self.queries, self.model, raw=self.policy)


@dataclass(frozen=True, slots=True)
class SentCreation:
    """A creation as it is sent.

    Attributes:
        filter: The filter.
        update: The update document.
        id: The primary key of the document that is created.
        equalities: The paths of which the query says what they equal.
    """

    filter: QueryExpression
    update: dict[str, Any]
    id: Any
    equalities: frozenset[str]


def plan_creation(
    call: Creation, query: QueryExpression, document: Mapping[str, Any], *, has_id: bool
) -> SentCreation:
    """Return what is sent.

    Args:
        call: The call.
        query: Its filter.
        document: The document of the instance.
        has_id: Whether it keeps its primary key; otherwise it takes that of the query, if it names one.

    Raises:
        TypeError: if the query cannot be that of an upsert.
        ValueError: if it would not find the document.
    """
    about = f"{call.operation} of {call.model.__name__}"
    equalities = copied_equalities(query, about)
    check_met(document, equalities, about, has_id=has_id)
    if "_id" not in equalities:
        id_, fields = document.get("_id"), dict(document)
    else:
        # The server takes it from the query, and objects to a second one.
        id_ = equalities["_id"]
        fields = {key: value for key, value in document.items() if key != "_id"}
    return SentCreation(query, {"$setOnInsert": fields}, id_, frozenset(equalities))
