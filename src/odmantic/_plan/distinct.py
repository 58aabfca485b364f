"""The plan of a `distinct`: the key that is asked for, and how its values are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._codec.stored_values import value_reader
from odmantic._mapping.fields import ODMBaseField
from odmantic._plan.arguments import check_model
from odmantic._query.steps import HasPath, path_in, without_none
from odmantic._query.update_values import location_of
from odmantic._types.annotations import annotated, marks_of
from odmantic._types.tree import Array

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class DistinctPlan:
    """What a `distinct` asks for.

    Attributes:
        model: The model.
        key: The key.
        read: Makes a value of its stored form.
    """

    model: Any
    key: str
    read: Callable[[Any], Any]


def plan_distinct(field: Any) -> DistinctPlan:
    """Return the plan for a field; MongoDB takes the items of an array.

    Raises:
        TypeError: if it is not a field of a model.
    """
    if not isinstance(field, HasPath):
        raise TypeError(
            f"distinct takes a field of a model first, as in distinct(User.name), not {field!r:.200}"
        )
    path = path_in(field)
    check_model(path.root, f"distinct of {path}")
    array, step = without_none(path.node), path.step
    node = array.inner if isinstance(array, Array) else path.node
    annotation = node.annotation
    if isinstance(step, ODMBaseField) and node is step.tree:
        # What concerns the field is not in its type.
        annotation = annotated(step.pydantic_field.annotation, marks_of(step.pydantic_field))
    read = value_reader(path.root, node, annotation, location_of(path))
    return DistinctPlan(path.root, path.key, read)
