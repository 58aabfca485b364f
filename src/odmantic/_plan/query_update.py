"""The update of a call by query: what is sent for the query and the updates of a program, and what the model adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from odmantic._bson.values import is_document, is_stored_array
from odmantic._caller import warn_caller
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.filters import build_filter
from odmantic._plan.options import NO_OPTIONS, CallOptions
from odmantic._plan.raw import RawQueries, check_raw
from odmantic._plan.update import UpdatePlan, plan_update
from odmantic._plan.update_starts import repetitions
from odmantic._query.expressions import LOGICAL, QueryExpression, RawQuery
from odmantic._query.updates import Update
from odmantic.exceptions import StoredFieldsWarning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

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
    """

    filter: QueryExpression
    update: Any
    array_filters: list[Any] | None


@dataclass(frozen=True, slots=True)
class UpdatePlans:
    """What a call sends.

    Attributes:
        first: The update.
        others: Those for documents without values with defaults of which it starts; no document matches two of them.
        names: The fields that are updated.
    """

    first: SentUpdate
    others: tuple[SentUpdate, ...]
    names: frozenset[str]


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


def plan_query_update(call: QueryUpdate, supplied: Mapping[str, Any]) -> UpdatePlans:
    """Return what a call sends.

    Args:
        call: The call.
        supplied: What fields with `on_update` get, by key, unless the update names them.

    Raises:
        TypeError: if a query, an update or a filter has a wrong type, or is refused.
        ValueError: if there is no update, or the updates do not go together.
    """
    updates = call.updates
    if updates and Update not in map(type, updates):
        first, keys = _plan_raw(call, supplied)
        others: tuple[SentUpdate, ...] = ()
    else:
        if call.options.array_filters is not None:
            raise _refusal(
                call, "array_filters= belongs to an update as a dict: use [where(...)] here"
            )
        plan = plan_update(call.model, updates)
        keys = keys_of_update(plan.document)
        first = _sent(call, plan, _unnamed(supplied, keys))
        others = tuple(
            _sent(call, plan_update(call.model, each), _unnamed(supplied, keys))
            for each in (repetitions(updates) if plan.conditions else ())
        )
    _warn_of_stored(call)
    names = mapping_of(call.model).field_names
    return UpdatePlans(first, others, frozenset(names[each] for each in _first(keys, names)))


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
    document = _with(plan.document, supplied)
    filters: Any = plan.array_filters or None
    return SentUpdate(_filter(call, *map(QueryExpression, conditions)), document, filters)


def _filter(call: QueryUpdate, *conditions: Any) -> QueryExpression:
    return build_filter((*call.queries, *conditions), call.model, call.without, call.policy)


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


# --- Updates in MongoDB's language ---------------------------------------------------------------


def _plan_raw(call: QueryUpdate, supplied: Mapping[str, Any]) -> tuple[SentUpdate, set[str]]:
    """Return what is sent for an update as a dict, or a list of stages, and the keys that it names."""
    if len(call.updates) > 1:
        raise _refusal(
            call, f"takes updates such as set_, or one dict alone, not {call.updates!r:.200}"
        )
    given = next(iter(call.updates))
    if is_stored_array(given) and not isinstance(given, tuple):
        return _plan_stages(call, given, supplied)
    if not is_document(given) or (
        isinstance(given, QueryExpression) and not isinstance(given, RawQuery)
    ):
        raise _refusal(
            call,
            f"takes updates such as set_({call.model.__name__}.field, value), not {given!r:.200}",
        )
    check_raw(given, call.policy)
    update: dict[str, Any] = dict(given)
    wrong = next((key for key in update if not str(key).startswith("$")), None)
    if wrong is not None or not update:
        raise ValueError(
            f"{call.operation} of {call.model.__name__} changes documents by operators such as $set, and replaces none: "
            + (f"{wrong!r:.200} is no operator" if update else "there is no operator")
        )
    keys = keys_of_update(update)
    document = _with(update, _unnamed(supplied, keys))
    return SentUpdate(_filter(call), document, _array_filters(call)), keys


def _array_filters(call: QueryUpdate) -> list[Any] | None:
    filters = call.options.array_filters
    if filters is None:
        return None
    if not isinstance(filters, (list, tuple)):
        raise _refusal(call, f"takes a list of dicts as array_filters=, not {filters!r:.200}")
    found: list[Any] = [*filters]
    for each in found:
        if not is_document(each):
            raise _refusal(
                call, f"takes a list of dicts as array_filters=, not {each!r:.200} in it"
            )
        check_raw(each, call.policy)
    return found


def _plan_stages(
    call: QueryUpdate, given: list[Any], supplied: Mapping[str, Any]
) -> tuple[SentUpdate, set[str]]:
    if call.options.array_filters is not None:
        raise _refusal(call, "has no array_filters= with a list of stages")
    if not given:
        raise ValueError(f"{call.operation} of {call.model.__name__} got a list without stages")
    keys: set[str] = set()
    for stage in given:
        is_condition = isinstance(stage, QueryExpression) and not isinstance(stage, RawQuery)
        if not is_document(stage) or is_condition:
            raise _refusal(call, f"takes a list of stages as dicts, not {stage!r:.200} in it")
        check_raw(stage, call.policy, is_expression=True)
        keys |= keys_of_stage(stage)
    stages = [dict(stage) for stage in given]
    added = {key: {"$literal": value} for key, value in _unnamed(supplied, keys).items()}
    return SentUpdate(_filter(call), [*stages, {"$set": added}] if added else stages, None), keys


def keys_of_stage(stage: Mapping[str, Any]) -> set[str]:
    """Return the keys that a stage of an update names, as far as it changes only those."""
    found: set[str] = set()
    for operator, operand in stage.items():
        if operator == "$unset":
            found.update([operand] if isinstance(operand, str) else map(str, operand))
        elif operator in _OF_FIELDS and is_document(operand):
            found.update(map(str, operand))
    return found


_OF_FIELDS = frozenset({"$set", "$addFields", "$project"})


# --- Keys ----------------------------------------------------------------------------------------


def keys_of_update(document: Mapping[str, Any]) -> set[str]:
    """Return the keys that an update document changes."""
    found: set[str] = set()
    for operator, changes in document.items():
        if is_document(changes):
            found.update(map(str, changes))
            if operator == "$rename":
                found.update(map(str, changes.values()))
    return found


def _unnamed(supplied: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    """Return what is supplied for keys that an update does not name: neither them nor what is above or below."""
    return {
        key: value
        for key, value in supplied.items()
        if not any(
            f"{key}.".startswith(f"{each}.") or f"{each}.".startswith(f"{key}.") for each in keys
        )
    }


def _with(document: dict[str, Any], supplied: Mapping[str, Any]) -> dict[str, Any]:
    """Return an update document that sets more."""
    if not supplied:
        return document
    present = document.get("$set", {})
    # The server objects to what is none.
    return {**document, "$set": {**present, **supplied}} if is_document(present) else document


def _first(keys: set[str], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the keys of fields among the first steps of keys."""
    for key in keys:
        first = key.partition(".")[0]
        if first in names:
            yield first


def _warn_of_stored(call: QueryUpdate) -> None:
    stored = mapping_of(call.model).stored
    if stored:
        warn_caller(
            f"{call.operation} changes documents of {call.model.__name__}, and computes none of its stored properties: "
            f"{', '.join(stored)}. Call recompute if one depends on what is changed; filter this warning if none does",
            StoredFieldsWarning,
        )


def _refusal(call: QueryUpdate, text: str) -> TypeError:
    return TypeError(f"{call.operation} of {call.model.__name__} {text}")
