"""Annotations that name what is defined later: remembered, and resolved when it exists."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from odmantic._definition import evaluate
from odmantic._mapping.annotations import models_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from odmantic._definition import Deferred

_pending: WeakSet[Any] = WeakSet()
"""The models with fields that cannot be resolved yet."""


def remember(model: Any, deferred: list[Deferred], known: dict[str, Any]) -> None:
    """Note the fields of a new class that wait for a name."""
    model.__odm_deferred__ = deferred
    # Only what a type can be made of: anything else in the frame should not be kept alive.
    model.__odm_known__ = {name: value for name, value in known.items() if _is_type_like(value)}
    _pending.add(model)


def _is_type_like(value: object) -> bool:
    return isinstance(value, type) or hasattr(value, "__origin__") or hasattr(value, "__value__")


def waiting_for(name: str) -> list[Any]:
    """Find the models with a field that waits for a name."""
    return [
        model
        for model in tuple(_pending)
        if any(deferred.missing == name for deferred in model.__odm_deferred__)
    ]


def forget(model: Any) -> None:
    """Note that all fields of a class are resolved."""
    model.__odm_deferred__ = []
    model.__odm_known__ = {}
    _pending.discard(model)


def resolved_names(model: Any, extra: dict[str, Any]) -> dict[str, Any]:
    """Give the names pydantic needs to complete a model and the models it is made of.

    Raises:
        TypeError: a resolved field cannot be defined like it is.
    """
    names = dict(extra)
    seen: set[Any] = set()
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for annotation in _resolve(one, names):
            waiting.extend(models_in(annotation))
    return names


def _resolve(model: Any, names: dict[str, Any]) -> Iterator[Any]:
    """Add the placeholders of one class to `names`; give the annotations of its fields."""
    for info in model.__pydantic_fields__.values():
        yield info.annotation
    for deferred in _deferred_of(model):
        known = {**names, **model.__odm_known__, model.__name__: model}
        annotation, missing = _evaluate(deferred, model.__module__, known)
        if missing is not None:
            continue
        declaration = deferred.declaration
        declaration.annotation = annotation
        adapted = declaration.adapted()
        names[deferred.placeholder] = adapted
        # Pydantic evaluates this name just to show it when it is missing.
        names.setdefault(deferred.missing, known.get(deferred.missing))
        yield adapted


def _deferred_of(model: Any) -> Iterator[Deferred]:
    # A parametrised class has the fields of the class it parametrises.
    for cls in model.__mro__:
        yield from vars(cls).get("__odm_deferred__", ())


def _evaluate(deferred: Deferred, module: str, known: dict[str, Any]) -> tuple[Any, str | None]:
    while True:
        annotation, missing = evaluate(deferred.declaration.annotation, module, known)
        if missing is None:
            return annotation, None
        found = _search_stack(missing, module)
        if found is None:
            return annotation, missing
        known[missing] = found


def _search_stack(name: str, module: str) -> Any:
    """Look for a name in the functions of a module that are running now."""
    frame = sys._getframe(1)  # noqa: SLF001 - as pydantic does
    while frame is not None:
        if frame.f_globals.get("__name__") == module and name in frame.f_locals:
            return frame.f_locals[name]
        frame = frame.f_back
    return None
