"""Updates in MongoDB's language, and the keys of update documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._bson.values import is_document, is_stored_array
from odmantic._plan.raw import check_raw
from odmantic._plan.update_call import QueryUpdate, SentUpdate, filter_of, refusal
from odmantic._query.expressions import QueryExpression, RawQuery
from odmantic._query.updates import Update

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ONE_AFTER_THE_OTHER = ": write several updates one after the other"


def plan_raw_update(call: QueryUpdate, supplied: Mapping[str, Any]) -> tuple[SentUpdate, set[str]]:
    """Return what is sent for an update as a dict, or a list of stages, and the keys that it names."""
    if len(call.updates) > 1:
        raise refusal(
            call, f"takes updates such as set_, or one dict alone, not {call.updates!r:.200}"
        )
    given = next(iter(call.updates))
    if is_stored_array(given) and not isinstance(given, tuple):
        return _plan_stages(call, given, supplied)
    if not is_document(given) or (
        isinstance(given, QueryExpression) and not isinstance(given, RawQuery)
    ):
        raise refusal(
            call,
            f"takes updates such as set_({call.model.__name__}.field, value), not {given!r:.200}"
            + (_ONE_AFTER_THE_OTHER if isinstance(given, tuple) else ""),
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
    document = with_more(update, unnamed(supplied, keys))
    return SentUpdate(filter_of(call), document, _array_filters(call)), keys


def _array_filters(call: QueryUpdate) -> list[Any] | None:
    filters = call.options.array_filters
    if filters is None:
        return None
    if not isinstance(filters, (list, tuple)):
        raise refusal(call, f"takes a list of dicts as array_filters=, not {filters!r:.200}")
    found: list[Any] = [*filters]
    for each in found:
        if not is_document(each):
            raise refusal(call, f"takes a list of dicts as array_filters=, not {each!r:.200} in it")
        check_raw(each, call.policy)
    return found


def _plan_stages(
    call: QueryUpdate, given: list[Any], supplied: Mapping[str, Any]
) -> tuple[SentUpdate, set[str]]:
    if call.options.array_filters is not None:
        raise refusal(call, "has no array_filters= with a list of stages")
    if not given:
        raise ValueError(f"{call.operation} of {call.model.__name__} got a list without stages")
    keys: set[str] = set()
    for stage in given:
        is_condition = isinstance(stage, QueryExpression) and not isinstance(stage, RawQuery)
        if not is_document(stage) or is_condition:
            hint = _ONE_AFTER_THE_OTHER if isinstance(stage, Update) else ""
            raise refusal(call, f"takes a list of stages as dicts, not {stage!r:.200} in it{hint}")
        check_raw(stage, call.policy, is_expression=True)
        keys |= keys_of_stage(stage)
    stages = [dict(stage) for stage in given]
    added = {key: {"$literal": value} for key, value in unnamed(supplied, keys).items()}
    return SentUpdate(filter_of(call), [*stages, {"$set": added}] if added else stages, None), keys


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


def unnamed(supplied: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    """Return what is supplied for keys that an update does not name: neither them nor what is above or below."""
    return {
        key: value
        for key, value in supplied.items()
        if not any(
            f"{key}.".startswith(f"{each}.") or f"{each}.".startswith(f"{key}.") for each in keys
        )
    }


def with_more(document: dict[str, Any], supplied: Mapping[str, Any]) -> dict[str, Any]:
    """Return an update document that sets more."""
    if not supplied:
        return document
    present = document.get("$set", {})
    # The server objects to what is none.
    return {**document, "$set": {**present, **supplied}} if is_document(present) else document


def first_keys(keys: set[str], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the keys of fields among the first steps of keys."""
    for key in keys:
        first = key.partition(".")[0]
        if first in names:
            yield first
