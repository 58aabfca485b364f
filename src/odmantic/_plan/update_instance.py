"""The update of one instance's document: what is sent, which fields it touches, and why a document was not updated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from bson.decimal128 import Decimal128

from odmantic._bson.decimals import to_decimal
from odmantic._bson.values import is_document, is_stored_array
from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import check_id
from odmantic._codec.part import fits_part
from odmantic._mapping.fields import ODMBaseField
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.conditions import instance_filter
from odmantic._plan.filters import build_filter, fits_match
from odmantic._plan.query_update import QueryUpdate, plan_query_update
from odmantic._plan.raw import RawQueries
from odmantic._plan.raw_update import keys_of_stage, keys_of_update
from odmantic._plan.update import guards_of
from odmantic._query.expressions import QueryExpression
from odmantic._query.steps import Item, Key
from odmantic._query.update_values import location_of
from odmantic._query.updates import Update
from odmantic.exceptions import UnsavedChangesError, UpdateRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from odmantic._plan.query_update import SentUpdate, UpdatePlans
    from odmantic._query.guards import Guard
    from odmantic._query.steps import Path
    from odmantic.model import Model


@dataclass(frozen=True, slots=True)
class InstanceUpdate:
    """A call of a program that updates an instance.

    Attributes:
        instance: The instance.
        own_filter: The filter for its document, without the conditions of the call.
        where: The conditions of the call.
        updates: The updates; one in MongoDB's language stands alone.
        policy: The policy for what is in MongoDB's language.
    """

    instance: Model
    own_filter: QueryExpression
    where: tuple[Any, ...]
    updates: tuple[Any, ...]
    policy: RawQueries

    @property
    def by_query(self) -> QueryUpdate:
        """The same as an update by query."""
        model = type(self.instance)
        return QueryUpdate(
            operation="update",
            model=model,
            queries=(self.own_filter, *self.where),
            updates=self.updates,
            just_one=True,
            # The instance is at hand, deleted or not.
            without=() if mapping_of(model).soft_delete is None else "soft_delete",
            policy=self.policy,
        )


@dataclass(frozen=True, slots=True)
class InstanceUpdatePlan:
    """What the update of an instance sends, and what it makes of the answer.

    Attributes:
        call: The call.
        first: The update.
        others: Those for a document without values with defaults of which it starts.
        touched: The fields and extras that get the values of the document.
        replaced: Those of them that the update assigns as a whole.
        projection: What the server returns of the document; `None` for all of it.
    """

    call: InstanceUpdate
    first: SentUpdate
    others: Iterable[SentUpdate]
    touched: frozenset[str]
    replaced: frozenset[str]
    projection: dict[str, int] | None


def instance_update(
    instance: Model, where: Any, updates: tuple[Any, ...], policy: RawQueries
) -> InstanceUpdate:
    """Return the call of a program; `where` is one condition, a tuple of them, or `None`.

    Raises:
        TypeError: if it is an empty tuple.
    """
    if isinstance(where, tuple) and not where:
        raise TypeError(
            f"update of {type(instance).__name__} got an empty tuple as where=: leave it out"
        )
    given = tuple(cast("Iterable[Any]", where)) if isinstance(where, tuple) else (where,)
    model, id_ = type(instance), encode_primary_key(instance)
    check_id(model, id_, "update")
    own = QueryExpression(instance_filter(model, id_))
    return InstanceUpdate(instance, own, () if where is None else given, updates, policy)


def plan_instance_update(call: InstanceUpdate, supplied: Mapping[str, Any]) -> InstanceUpdatePlan:
    """Return what a call sends; see `plan_query_update` for `supplied` and errors."""
    mapping = mapping_of(type(call.instance))
    plans: UpdatePlans = plan_query_update(call.by_query, supplied)
    keys = _changed_keys(plans.first.update)
    names = mapping.field_names
    if keys is None:
        touched = frozenset(names.values())
    else:
        touched = frozenset(
            names.get(key, key) for key in keys if key in names or mapping.extra_allowed
        )
    touched -= {str(mapping.primary_field), *mapping.stored}
    replaced = frozenset(names.get(key, key) for key in _assigned_keys(plans.first.update))
    replaced |= {names[key] for key in supplied}
    projection = None
    if fits_part(mapping, touched):
        projection = {"_id": 1, **{mapping.fields[name].key_name: 1 for name in touched}}
    return InstanceUpdatePlan(call, plans.first, plans.others, touched, replaced, projection)


def with_hooked(call: InstanceUpdate, where: tuple[Any, ...], updates: Any) -> InstanceUpdate:
    """Return a call with the conditions and the updates that a hook has given."""
    is_several = isinstance(updates, tuple)
    several = tuple(cast("Iterable[Any]", updates)) if is_several else (updates,)
    # What a hook gives comes from the program.
    return replace(call, where=where, updates=several, policy=RawQueries.ALLOW)


def _changed_keys(update: Any) -> set[str] | None:
    """Return the keys at the top that an update may change; `None` if that may be any."""
    keys: set[str] = set()
    for stage in update if is_stored_array(update) else ():
        if not stage.keys() <= {"$set", "$addFields", "$unset"}:
            return None
        keys |= keys_of_stage(stage)
    if is_document(update):
        keys = keys_of_update(update)
    return {key.partition(".")[0] for key in keys}


def _assigned_keys(update: Any) -> set[str]:
    """Return the keys at the top that an update assigns, or removes, whatever was there."""
    if not is_document(update):  # stages compute
        return set()
    changes = (update.get(operator) for operator in ("$set", "$unset"))
    return {key for each in changes if is_document(each) for key in each if "." not in key}


def check_unsaved(plan: InstanceUpdatePlan, dirty: AbstractSet[str]) -> None:
    """Refuse to overwrite unsaved changes.

    Raises:
        UnsavedChangesError: if an update would, other than by an assignment of the whole field.
    """
    lost = dirty - plan.replaced
    if lost:
        raise UnsavedChangesError(plan.call.instance, tuple(sorted(lost)))


# --- Why nothing was updated ---------------------------------------------------------------------


class Judgement:
    """Finds out, by one read, why no document was updated: there is none, `where` did not hold, or a bound.

    Attributes:
        pipeline: The stages of the read.
        unasked: The conditions of the call, if such a read cannot tell whether they hold.
    """

    __slots__ = ("_call", "_guards", "pipeline", "unasked")

    def __init__(self, call: InstanceUpdate) -> None:
        """Make the stages."""
        self._call = call
        built = [each for each in call.updates if isinstance(each, Update)]
        self._guards = [(each, guard) for each in built for guard in guards_of(each)]
        facets: dict[str, Any] = {"found": [{"$project": self._projection()}]}
        where = build_filter(call.where) if call.where else None
        self.unasked: QueryExpression | None = None
        if where is not None and _fits_facet(where):
            facets["where"] = _test(where)
        else:
            self.unasked = where
        for number, (_, guard) in enumerate(self._guards):
            facets[f"guard{number}"] = _test(guard.condition)
        self.pipeline = [{"$match": call.own_filter}, {"$facet": facets}]

    def _projection(self) -> dict[str, int]:
        return {"_id": 1, **{_keys_of(each.path)[0]: 1 for each, _ in self._guards}}

    def has_found(self, answer: Mapping[str, Any]) -> bool:
        """Return whether there is a document."""
        return bool(answer["found"])

    def has_held(self, answer: Mapping[str, Any]) -> bool:
        """Return whether the conditions of the call hold, apart from `unasked`."""
        return bool(answer.get("where", True))

    def refusal(self, answer: Mapping[str, Any]) -> UpdateRefusedError | None:
        """Return the error for the first condition of an update that does not hold; `None` if all do by now."""
        for number, (update, guard) in enumerate(self._guards):
            if not answer[f"guard{number}"]:
                return self._refusal(update, guard, answer["found"][0])
        return None

    def _refusal(
        self, update: Update, guard: Guard, document: Mapping[str, Any]
    ) -> UpdateRefusedError:
        field = ".".join(map(str, location_of(update.path)))
        value = _value_at(document, _keys_of(update.path))
        return UpdateRefusedError(self._call.instance, field, guard.bound, value)


def _test(condition: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"$match": condition}, {"$project": {"_id": 1}}]


def _fits_facet(query: Any) -> bool:
    """Return whether a `$match` inside a `$facet` takes a filter."""
    return fits_match(query) and not _has_text(query)


def _has_text(query: Any) -> bool:
    if is_document(query):
        return "$text" in query or any(map(_has_text, query.values()))
    return is_stored_array(query) and any(map(_has_text, query))


def _keys_of(path: Path) -> list[str]:
    """Return the keys and numbers that lead to a value, as far as a path says one."""
    before = [] if path.parent is None else _keys_of(path.parent)
    match path.step:
        case ODMBaseField(key_name=str(key)) | Key(text=key):
            return [*before, key]
        case Item(place=int(number)):
            return [*before, str(number)]
        case _:
            return before


def _value_at(value: Any, keys: Iterable[str]) -> Any:
    for key in keys:
        if is_document(value):
            value = value.get(key)
        elif is_stored_array(value) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return to_decimal(value) if isinstance(value, Decimal128) else value
