"""The replacement of a document that is found by query: what is sent, and which primary key the instance gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_document, is_stored_array
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.arguments import check_instance, check_loaded_instances
from odmantic._plan.equalities import copied_equalities, is_same
from odmantic._plan.filters import build_filter
from odmantic._plan.options import NO_OPTIONS, CallOptions
from odmantic._plan.raw import RawQueries
from odmantic._state.state import ELSEWHERE, has_document, standing_at, state_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from odmantic._plan.save_plan import SavePlan
    from odmantic._state.places import Place
    from odmantic.model import Model
    from odmantic.query import QueryExpression, SortExpression


@dataclass(frozen=True, slots=True)
class Replacement:
    """A call of a program that replaces a document by query.

    Attributes:
        operation: The method.
        model: The model of the query.
        queries: The conditions, which must all hold.
        instance: The instance whose document takes the place of the one that is found.
        upsert: Whether the document is inserted if there is none to replace.
        sort: Which one is replaced.
        without: The words for what the model does not add.
        options: The options of its commands.
        policy: The policy for what is in MongoDB's language.
        gives_former: Whether the document that is replaced is asked for.
        needs_answer: Whether the writes of the collection have to be acknowledged.
    """

    operation: str
    model: Any
    queries: tuple[Any, ...]
    instance: Model
    upsert: bool = False
    sort: SortExpression | None = None
    without: str | Collection[str] = ()
    options: CallOptions = NO_OPTIONS
    policy: RawQueries = RawQueries.ALLOW
    gives_former: bool = False
    needs_answer: bool = False

    @property
    def filter(self) -> QueryExpression:
        """The filter that is sent: a replacement never changes the class of a document.

        Raises:
            TypeError: if a query has a wrong type, or is refused.
            ValueError: if a word of `without` is unknown.
        """
        exact = mapping_of(type(self.instance)).exact_type_condition
        query = build_filter(self.queries, self.model, self.without, self.policy)
        return build_filter((query, exact)) if exact else query


@dataclass(frozen=True, slots=True)
class SentReplacement:
    """A replacement as it is sent.

    Attributes:
        filter: The filter.
        change: The document, or stages that make it of the one that is found.
        id: The primary key of the document, if it is inserted.
        finds: Whether it is sent as `findAndModify`, which alone sorts, and tells what was found.
        equalities: The paths of which the query of an upsert says what they equal.
    """

    filter: QueryExpression
    change: Any
    id: Any
    finds: bool
    equalities: frozenset[str] = frozenset()

    @property
    def is_staged(self) -> bool:
        """Whether stages make the document."""
        return isinstance(self.change, list)


def check_replacement(model: Any, instance: Any, operation: str) -> None:
    """Check the instance of a replacement.

    Raises:
        TypeError: if it is none of the model.
        NotLoadedError: if it was not loaded.
    """
    check_instance(instance, operation)
    if not isinstance(instance, model):
        raise TypeError(
            f"{operation} of {model.__name__} takes an instance of {model.__name__}, not {type(instance).__name__}"
        )
    if mapping_of(type(instance)).collection != mapping_of(model).collection:
        raise TypeError(
            f"{operation} of {model.__name__} cannot write a {type(instance).__name__}, which has another collection"
        )
    check_loaded_instances((instance,), operation)


def has_given_id(instance: Model, place: Place) -> bool:
    """Return whether an instance has a primary key that it keeps: the program gave it, or its document has it."""
    mapping = mapping_of(type(instance))
    if mapping.primary_field in instance.__pydantic_fields_set__:
        return True
    return has_document(instance, place) or standing_at(state_of(instance), place) is ELSEWHERE


def plan_replacement(
    call: Replacement, query: QueryExpression, plan: SavePlan, *, has_id: bool
) -> SentReplacement:
    """Return what is sent.

    Args:
        call: The call.
        query: Its filter.
        plan: The plan of the whole instance.
        has_id: Whether the instance keeps its primary key; otherwise it takes that of the document that is found.

    Raises:
        TypeError: if the document is inserted if there is none, and the query cannot be that of an upsert.
        ValueError: if it is, and the query would not find the document.
    """
    equalities: Mapping[str, Any] = {}
    if call.upsert:
        about = f"{call.operation} of {call.model.__name__}"
        equalities = copied_equalities(query, about)
        check_met(plan.document, equalities, about, has_id=has_id)
    finds = call.sort is not None or call.gives_former or not has_id
    if has_id:
        return SentReplacement(query, plan.document, plan.id_, finds, frozenset(equalities))
    document = {key: value for key, value in plan.document.items() if key != "_id"}
    if not call.upsert:
        return SentReplacement(query, document, plan.id_, finds)
    # The server would make a primary key of its own, whatever the model wants. In the query, one may stand too.
    id_ = equalities.get("_id", plan.id_)
    own = {"_id": {"$ifNull": ["$_id", {"$literal": id_}]}}
    stages = [{"$replaceWith": {"$mergeObjects": [own, {"$literal": document}]}}]
    return SentReplacement(query, stages, id_, finds, frozenset(equalities))


def check_met(
    document: Mapping[str, Any], equalities: Mapping[str, Any], about: str, *, has_id: bool
) -> None:
    """Check that a query would find a document that is inserted for it.

    Args:
        document: The document.
        equalities: What the query says of it, by path.
        about: The beginning of errors.
        has_id: Whether it has its primary key already.

    Raises:
        ValueError: if it would not.
    """
    for path, wanted in equalities.items():
        if path == "_id" and not has_id:
            continue
        if not _meets(document, path.split("."), wanted):
            raise ValueError(
                f"{about}: the instance has another value of {path!r} than the query, which would not find it again"
            )


def _meets(value: Any, path: list[str], wanted: Any) -> bool:
    """Return whether a stored value has another one at a path, or in an array there."""
    if not path:
        among = value if is_stored_array(value) else ()
        return is_same(value, wanted) or any(is_same(each, wanted) for each in among)
    first, *rest = path
    if is_document(value):
        return _meets(value[first], rest, wanted) if first in value else wanted is None
    if is_stored_array(value):
        if (
            first.isdecimal()
            and int(first) < len(value)
            and _meets(value[int(first)], rest, wanted)
        ):
            return True
        return any(is_document(each) and _meets(each, path, wanted) for each in value)
    return wanted is None
