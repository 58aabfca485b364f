"""The conditions that a model adds to the filters of its operations: one place for all of them.

| Source | `without=` | Queries | One instance | References to it |
| --- | --- | --- | --- | --- |
| the type, in a hierarchy | never | yes | yes | yes |
| soft deletion | `"soft_delete"` | yes | no | no |

Queries are reads, `count`, and writes by query. The conditions come before those of the program, in this order, joined
by `$and`, so that no filter can widen them. A new source is a line of the table and one of `_SOURCES`; a class that has
none pays one test of `mapping.has_conditions`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from odmantic._codec.ids import id_filter, ids_filter
from odmantic._mapping.hierarchy import types_condition
from odmantic._mapping.mapping import mapping_of
from odmantic._query.expressions import QueryExpression, RawQuery, and_

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping

Condition = Mapping[str, Any]


class Purpose(Enum):
    """What a filter is for."""

    QUERY = auto()
    """A read, a count, or a write by query."""
    INSTANCE = auto()
    """The write of one known document: a save or a deletion."""
    REFERENCE = auto()
    """The documents to which references lead."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A reason to add a condition."""

    condition: Callable[[ModelMapping], Condition]
    """Returns the condition for a model; it is empty if there is none."""
    purposes: frozenset[Purpose]
    word: str | None = None
    """The word of `without=` that leaves it out."""


_SOURCES = (
    _Source(lambda mapping: mapping.type_condition, frozenset(Purpose)),
    _Source(lambda mapping: mapping.live_condition, frozenset({Purpose.QUERY}), "soft_delete"),
)

_WORDS = tuple(each.word for each in _SOURCES if each.word is not None)


def checked_words(without: str | Collection[str]) -> Collection[str]:
    """Return the words of a `without=` argument, which is one or several.

    Raises:
        ValueError: if one is unknown.
    """
    words = (without,) if isinstance(without, str) else without
    for word in words:
        if word not in _WORDS:
            known = " or ".join(map(repr, _WORDS))
            raise ValueError(f"without= can be {known}, or a tuple of such words, and not {word!r}")
    return words


def conditions_of(
    model: Any, purpose: Purpose = Purpose.QUERY, without: Collection[str] = ()
) -> list[Condition]:
    """Return the conditions that a model adds to a filter, in order.

    Args:
        model: The model.
        purpose: What the filter is for.
        without: The words of the sources that are left out.
    """
    mapping = mapping_of(model)
    if not mapping.has_conditions:
        return []
    conditions = (
        each.condition(mapping)
        for each in _SOURCES
        if purpose in each.purposes and (each.word is None or each.word not in without)
    )
    return [each for each in conditions if each]


def restricted(
    queries: tuple[Any, ...], model: Any, without: Collection[str] = ()
) -> QueryExpression:
    """Return the filter for the documents of a model that match all queries of a program."""
    conditions = conditions_of(model, Purpose.QUERY, without)
    parts: tuple[Any, ...] = (*conditions, *queries)
    if len(parts) == 1:
        return as_expression(parts[0])
    return and_(*parts) if parts else QueryExpression()


def as_expression(query: Mapping[str, Any]) -> QueryExpression:
    """Return a copy of a filter, which is meant as it is if the filter was."""
    return (RawQuery if isinstance(query, RawQuery) else QueryExpression)(query)


def instance_filter(model: Any, id_: Any, *, is_whole: bool = False) -> dict[str, Any]:
    """Return the filter for the document of an instance, by the stored form of its primary key.

    Args:
        model: The class of the instance.
        id_: The primary key.
        is_whole: Whether the whole document is written: it never replaces one of a subclass.
    """
    query = id_filter(id_)
    if mapping_of(model).has_conditions:
        query.update(instance_conditions(model, is_whole=is_whole))
    return query


def instance_conditions(model: Any, *, is_whole: bool = False) -> Condition:
    """Return the conditions for the document of an instance, besides its primary key; see `instance_filter`."""
    mapping = mapping_of(model)
    together = _with({}, conditions_of(model, Purpose.INSTANCE))
    if is_whole and mapping.type_condition:
        together.update(mapping.exact_type_condition)
    return together


def instances_filter(model: Any, ids: list[Any]) -> dict[str, Any]:
    """Return the filter for the documents of instances of a model, like `instance_filter`."""
    return _with(ids_filter(ids), conditions_of(model, Purpose.INSTANCE))


def targets_filter(model: Any, ids: list[Any], only: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Return the filter for the documents of a model to which references lead; see `Member` for `only`."""
    return target_match(model, ids_filter(ids), only)


def target_match(model: Any, query: dict[str, Any], only: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Return the `$match` of a lookup for a document of a model to which a reference leads."""
    found = _with(query, conditions_of(model, Purpose.REFERENCE))
    hierarchy = mapping_of(model).hierarchy
    return found if hierarchy is None or not only else {**found, **types_condition(hierarchy, only)}


def _with(query: dict[str, Any], conditions: list[Condition]) -> dict[str, Any]:
    """Return a filter by primary keys with conditions about other keys."""
    for each in conditions:
        query = {**query, **each}
    return query
