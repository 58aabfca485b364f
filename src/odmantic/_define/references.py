"""What a field that is a reference has if a program or a document gives it nothing."""

from __future__ import annotations

from collections import deque
from typing import Any

from pydantic_core import PydanticUndefined

from odmantic._types.annotations import evaluate
from odmantic._types.tree import Array, Nullable, Table, read_type

_MOST_NAMES = 20
"""The largest number of names of one annotation that are looked at before they exist."""


def empty_reference(annotation: Any) -> Any:
    """Return the default of a reference: `None` if it is optional, an empty container, or else nothing."""
    node = read_type(annotation)
    match node:
        case Nullable():
            return None
        case Array() if node.cls in (list, tuple, deque):
            cls: Any = node.cls
            return cls()
        case Table() if node.cls is dict:
            return {}
        case _:
            return PydanticUndefined


def evaluate_form(annotation: Any, module: str, known: dict[str, Any]) -> Any:
    """Evaluate an annotation with a stand-in for each name that is defined later: the containers are known by then."""
    names = dict(known)
    for _ in range(_MOST_NAMES):
        evaluated, missing = evaluate(annotation, module, names)
        if missing is None:
            return evaluated
        names[missing] = type(missing, (), {})
    return annotation
