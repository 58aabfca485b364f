"""Values of objects, to be restored before a transaction is retried.

The values are restored in place: embedded objects, lists, dicts and sets stay the same objects, since a program may
refer to them. Opaque values are kept as deep copies.
"""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import enum
import re
import types
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

import bson
from pydantic import BaseModel

from odmantic._bson.forms import FORMS
from odmantic._state.state import kept_state
from odmantic._state.transitions import go_back
from odmantic._types.kinds import kind_of_instance

Restore = Callable[[], Any]
AfterRollback = Callable[[Any], "Callable[[], None] | None"]

_SLOTS = ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
"""What pydantic stores in an instance besides its values."""

_ATOMIC = (
    *(bool, int, float, str, bytes, type(None), type(Ellipsis)),
    *(dt.date, dt.tzinfo, decimal.Decimal, enum.Enum, uuid.UUID, re.Pattern),
    *(cls for cls, form in FORMS.items() if form.is_leaf),
    *(bson.ObjectId, bson.Decimal128, bson.Timestamp, bson.Regex),
    *(type, types.FunctionType, types.BuiltinFunctionType),
)


def _is_atomic(value: Any) -> bool:
    """Return whether a value cannot change in place."""
    return isinstance(value, _ATOMIC)


class Tracked:
    """Objects whose values, deep ones included, can be restored any number of times."""

    def __init__(self) -> None:
        """Begin without objects."""
        self._found: dict[int, tuple[Any, Restore]] = {}
        self._roots: list[Restore] = []
        self._after_rollback: AfterRollback = _nothing_written

    def __contains__(self, value: object) -> bool:
        """Return whether an object was tracked, directly or inside another one."""
        return id(value) in self._found

    def add(self, value: Any, after_rollback: AfterRollback | None = None) -> None:
        """Remember the present values of an object; one that is already tracked keeps its first values.

        Args:
            value: The object.
            after_rollback: Returns a function that makes an instance dirty, if the running transaction has already
                written it.

        Raises:
            TypeError: if the object holds a value that cannot be copied, such as a lock.
        """
        if value not in self:
            self._after_rollback = after_rollback or _nothing_written
            self._roots.append(self._remember(value))

    def restore(self) -> None:
        """Restore all values."""
        for put_back in self._roots:
            put_back()

    def _remember(self, value: Any) -> Restore:
        found = self._found.get(id(value))
        if found is not None:
            return found[1]
        if isinstance(value, BaseModel):
            return self._keep(value, self._model)
        if isinstance(value, (list, deque)):
            return self._keep(value, self._sequence)
        if isinstance(value, dict):
            return self._keep(value, self._dict)
        if isinstance(value, set):
            return self._keep(value, self._set)
        if isinstance(value, (tuple, frozenset)):
            return self._keep(value, self._immutable)
        if _is_atomic(value):
            return lambda: value
        kept = _copied(value)
        return lambda: copy.deepcopy(kept)

    def _keep(self, value: Any, visit: Callable[[Any], Restore]) -> Restore:
        # Registered before it is visited: an object may contain itself.
        visited: list[Restore] = []
        state = {"busy": False}

        def restore() -> Any:
            if not state["busy"]:
                state["busy"] = True
                try:
                    return visited[0]()
                finally:
                    state["busy"] = False
            return value

        self._found[id(value)] = (value, restore)
        visited.append(visit(value))
        return restore

    def _model(self, instance: BaseModel) -> Restore:
        values = {name: self._remember(value) for name, value in instance.__dict__.items()}
        slots = {name: self._remember(value) for name, value in _slots_of(instance).items()}
        kept = kept_state(instance) if kind_of_instance(instance) else None
        make_dirty = self._after_rollback(instance)

        def restore() -> BaseModel:
            held = {name: put_back() for name, put_back in values.items()}
            object.__setattr__(instance, "__dict__", held)
            for name in _SLOTS:
                if name in slots:
                    object.__setattr__(instance, name, slots[name]())
                elif name in _slots_of(instance):
                    object.__delattr__(instance, name)
            if kept is not None:
                go_back(instance, kept)
            if make_dirty is not None:
                make_dirty()
            return instance

        return restore

    def _sequence(self, items: Any) -> Restore:
        kept = [self._remember(item) for item in items]

        def restore() -> Any:
            held = [put_back() for put_back in kept]
            items.clear()
            items.extend(held)
            return items

        return restore

    def _dict(self, items: dict[Any, Any]) -> Restore:
        kept = {key: self._remember(item) for key, item in items.items()}

        def restore() -> dict[Any, Any]:
            held = {key: put_back() for key, put_back in kept.items()}
            items.clear()
            items.update(held)
            return items

        return restore

    def _set(self, items: set[Any]) -> Restore:
        kept = list(items)

        def restore() -> set[Any]:
            items.clear()
            items.update(kept)
            return items

        return restore

    def _immutable(self, items: Any) -> Restore:
        kept = [self._remember(item) for item in items]

        def restore() -> Any:
            for put_back in kept:
                put_back()
            return items

        return restore


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception as error:
        raise TypeError(
            f"an object that holds a {type(value).__name__} cannot have its values put back, for this cannot be "
            f"copied ({error}): load the object inside the callback instead"
        ) from error


def _nothing_written(_instance: Any) -> None:
    return None


def _slots_of(instance: BaseModel) -> dict[str, Any]:
    """Return the filled slots; reading an empty one as an attribute might fill it."""
    held: dict[str, Any] = {}
    for name in _SLOTS:
        try:
            held[name] = object.__getattribute__(instance, name)
        except AttributeError:
            continue
    return held
