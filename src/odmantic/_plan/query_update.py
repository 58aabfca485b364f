"""The update of a call by query: what is sent for the query and the updates of a program, and what the model adds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from odmantic._bson.values import is_document, is_stored_array
from odmantic._caller import warn_caller
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.suppliers import utcnow
from odmantic._plan.completion import Said, Upsert, complete, touched_keys
from odmantic._plan.equalities import copied_equalities, document_of, is_inside
from odmantic._plan.raw_update import (
    first_keys,
    keys_of_update,
    plan_raw_update,
    unnamed,
    with_more,
)
from odmantic._plan.update import UpdatePlan, plan_update
from odmantic._plan.update_call import (
    Later,
    QueryUpdate,
    SentUpdate,
    UpdatePlans,
    filter_of,
    refusal,
)
from odmantic._plan.update_starts import (
    MOST_STARTS,
    UnknownOrderError,
    repetitions,
    started,
)
from odmantic._plan.upsert import Insertion, has_own_documents, plan_insertion, upsert_of
from odmantic._query.expressions import LOGICAL, QueryExpression
from odmantic._query.updates import Update
from odmantic.exceptions import StoredFieldsWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime


__all__ = [
    "QueryUpdate",
    "SentUpdate",
    "UpdatePlans",
    "plan_query_update",
    "queries_of",
]


def queries_of(
    operation: str, model: Any, query: Any, before: str = " before the updates"
) -> tuple[Any, ...]:
    """Return the conditions of a `query` argument: one, or a tuple; `before` says for errors where it stands.

    Raises:
        TypeError: if it has none.
    """
    if isinstance(query, tuple):
        if not query:
            raise TypeError(
                f"{operation} of {model.__name__} got no condition: write {{}} for all documents"
            )
        return tuple(cast("Iterable[Any]", query))
    if not is_document(query) and not isinstance(query, bool):
        raise TypeError(
            f"{operation} of {model.__name__} takes a query{before}: a condition, a dict or a tuple of these, "
            f"and {{}} for all documents, not {query!r:.200}"
        )
    return (query,)


def plan_query_update(
    call: QueryUpdate, supplied: Mapping[str, Any], now: Callable[[], datetime] = utcnow
) -> UpdatePlans:
    """Return what a call sends.

    Args:
        call: The call.
        supplied: What fields with `on_update` get, by key, unless the update names them.
        now: Returns the time of the call.

    Raises:
        TypeError: if a query, an update or a filter has a wrong type, or is refused.
        ValueError: if there is no update, or the updates do not go together.
    """
    updates = call.updates
    upsert = upsert_of(call.operation, call.model, call.upsert, now)
    if updates and Update not in map(type, updates):
        first, keys = plan_raw_update(call, supplied)
        plans = UpdatePlans(first, (), _names(call, keys))
        if upsert is not None:
            plans = _with_raw_upsert(plans, call, upsert)
    else:
        if call.options.array_filters is not None:
            raise refusal(
                call, "array_filters= belongs to an update as a dict: use [where(...)] here"
            )
        plan = plan_update(call.model, updates, upsert=upsert is not None)
        keys = keys_of_update(plan.document)
        added = unnamed(supplied, keys)
        first = _sent(call, plan, added)
        others: Iterable[SentUpdate] = ()
        if plan.conditions:
            others = _others(call, added, upsert=upsert is not None)
        plans = UpdatePlans(first, others, _names(call, keys))
        if upsert is not None:
            plans = _with_upsert(plans, call, upsert, added, is_guarded=bool(plan.conditions))
    _warn_of_stored(call)
    return plans


# --- Upserts -------------------------------------------------------------------------------------


def _with_upsert(
    plans: UpdatePlans,
    call: QueryUpdate,
    upsert: Upsert,
    supplied: Mapping[str, Any],
    *,
    is_guarded: bool,
) -> UpdatePlans:
    """Return what a call with updates made of fields sends, with what inserts a document.

    A document that fails the conditions of updates must not get a second one beside it. So with conditions, the updates
    insert nothing, and what inserts comes behind them, without conditions.
    """
    query = filter_of(call)
    known = copied_equalities(query, upsert.about)
    try:
        begun = plan_update(call.model, started(call.updates, known), upsert=True).document
    except UnknownOrderError:
        raise ValueError(
            f"{upsert.about}: only the server knows what becomes of a default of {call.model.__name__} here: give the value by set_"
        ) from None
    update = with_more(begun, supplied)
    insertion = plan_insertion(upsert, query, update, touched_keys(plans.first.update))
    equalities = _untouched(insertion.equalities, update)
    if is_guarded or insertion.is_separate:
        return replace(plans, insert=_inserting(query, insertion), equalities=equalities)
    return replace(
        plans,
        first=_upserting(plans.first, insertion.completion, insertion.document),
        equalities=equalities,
    )


def _with_raw_upsert(plans: UpdatePlans, call: QueryUpdate, upsert: Upsert) -> UpdatePlans:
    """Return what a call with an update in MongoDB's language sends, if it may insert a document."""
    sent = plans.first
    equalities = copied_equalities(sent.filter, upsert.about)
    is_staged = isinstance(sent.update, list)
    # The server does not say whether it has inserted what it gives.
    needs_key = call.sort is not None and call.returning is None
    if is_staged and (upsert.instance is not None or needs_key):
        raise refusal(
            call,
            "makes the document of a list of stages alone: leave out sort=, and say upsert=True",
        )
    added: dict[str, Any] = {}
    document: dict[str, Any] | None = None
    if not is_staged and not has_own_documents(call.model):
        document = document_of(equalities)
        keys = touched_keys(sent.update)
        added = complete(upsert, Said(equalities, keys, keys), document).found
    if needs_key and "_id" not in (document or {}):
        raise refusal(
            call, "needs to know the primary key for sort= with upsert=: leave it out of the update"
        )
    first = _upserting(sent, added, document)
    untouched = frozenset[str]() if is_staged else _untouched(equalities, sent.update)
    return replace(plans, first=first, equalities=untouched)


def _untouched(equalities: Iterable[str], update: Mapping[str, Any]) -> frozenset[str]:
    keys = touched_keys(update)
    return frozenset(
        each
        for each in equalities
        if not any(is_inside(each, key) or is_inside(key, each) for key in keys)
    )


def _upserting(
    sent: SentUpdate, completion: dict[str, Any], document: dict[str, Any] | None
) -> SentUpdate:
    update = sent.update
    if completion:
        given = update.get("$setOnInsert", {})
        # The server objects to what is none.
        if is_document(given):
            update = {**update, "$setOnInsert": {**given, **completion}}
    return replace(sent, update=update, upsert=True, document=document)


def _inserting(query: QueryExpression, insertion: Insertion) -> SentUpdate:
    update = {"$setOnInsert": insertion.alone}
    return SentUpdate(
        query, update, None, upsert=True, document=insertion.document, is_insertion=True
    )


# --- Updates made of fields ----------------------------------------------------------------------


def _others(
    call: QueryUpdate, supplied: Mapping[str, Any], *, upsert: bool
) -> Iterable[SentUpdate]:
    """Return the updates for documents without values with defaults, which most calls for one document never send.

    Raises:
        ValueError: if there are too many.
    """

    def plan() -> Iterator[SentUpdate]:
        for each in repetitions(call.updates):
            again = plan_update(call.model, each, upsert=upsert)
            yield _sent(call, again, supplied)

    # What fails must do so before anything is written.
    is_soon = not call.just_one or len(call.updates) > MOST_STARTS
    return (*plan(),) if is_soon else Later(plan)


def _names(call: QueryUpdate, keys: set[str]) -> frozenset[str]:
    names = mapping_of(call.model).field_names
    return frozenset([names[each] for each in first_keys(keys, names)])


def _sent(call: QueryUpdate, plan: UpdatePlan, supplied: Mapping[str, Any]) -> SentUpdate:
    """Return what is sent for updates that are made of fields."""
    for key in plan.matched:
        if not any(_is_about(each, key) for each in call.queries):
            raise ValueError(
                f"{call.operation} of {call.model.__name__} with [matched] needs a condition on {key!r} in its query, "
                "which says which item is meant"
            )
    conditions: list[Any] = plan.conditions
    if plan.matched:
        conditions = [_meeting_no_item(each) for each in conditions]
    document = with_more(plan.document, supplied)
    filters: Any = plan.array_filters or None
    return SentUpdate(filter_of(call, *map(QueryExpression, conditions)), document, filters)


def _is_about(query: Any, key: str) -> bool:
    """Return whether a filter demands something of an array."""
    for each, value in query.items():
        if each in LOGICAL and each != "$nor" and is_stored_array(value):
            if any(is_document(part) and _is_about(part, key) for part in value):
                return True
        elif each == key or str(each).startswith(f"{key}."):
            return True
    return False


def _meeting_no_item(condition: dict[str, Any]) -> dict[str, Any]:
    """Return a condition after which `$` in an update still means the item that the program's query met.

    `{"tags": {"$exists": True}}` meets the first item of `tags`.
    """
    ((key, wanted),) = condition.items()
    if wanted != {"$exists": True} or any(part.isdecimal() for part in key.split(".")):
        return condition
    return {"$expr": {"$ne": [{"$type": f"${key}"}, "missing"]}}


def _warn_of_stored(call: QueryUpdate) -> None:
    stored = mapping_of(call.model).stored
    if stored:
        warn_caller(
            f"{call.operation} changes documents of {call.model.__name__}, and computes none of its stored properties: "
            f"{', '.join(stored)}. Call recompute if one depends on what is changed; filter this warning if none does",
            StoredFieldsWarning,
        )
