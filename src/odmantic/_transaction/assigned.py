"""The values that hooks assign to an instance in a transaction, so that a rollback can undo them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from odmantic._mapping.mapping import mapping_of
from odmantic._state.dirty import dirty_fields, update_baseline
from odmantic._state.snapshot import field_digest, field_digests, take_snapshots
from odmantic._state.state import DELETED, NEW, State, all_names, standing_at, state_of
from odmantic._state.transitions import mark_clean, mark_new_again
from odmantic._transaction.tracked import Tracked
from odmantic._types.instances import Instance

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from odmantic._state.places import Place

_ABSENT: Any = object()


class Assigned:
    """The fields of an instance that changed between its creation and `end`.

    Attributes:
        instance: The instance.
        clean: The fields that have the values of the document again once these changes are undone.
    """

    __slots__ = (
        *("_after", "_before", "_deep", "_digests", "_dirty", "_place", "_set", "_was_new"),
        "clean",
        "instance",
    )

    def __init__(self, instance: Instance, place: Place) -> None:
        """Keep the present values of an instance, which is saved to a place."""
        self.instance = instance
        self.clean: AbstractSet[str] = frozenset()
        self._place = place
        self._was_new = standing_at(state_of(instance), place) in (NEW, DELETED)
        self._before = _values(instance)
        self._digests = field_digests(instance, all_names(instance))
        self._dirty = dirty_fields(instance, place)
        self._set = frozenset(instance.__pydantic_fields_set__)
        self._deep = _deep_values(instance)
        self._after: dict[str, tuple[Any, bytes | None]] = {}

    def end(self) -> bool:
        """Find what has changed since; return whether there is anything to undo."""
        now = _values(self.instance)
        for name in {**self._before, **now}:
            digest = field_digest(self.instance, name) if name in now else None
            value = now.get(name, _ABSENT)
            is_same = digest == self._digests.get(name)
            if not is_same or (digest is None and value is not self._before.get(name, _ABSENT)):
                self._after[name] = value, digest
        for name in dirty_fields(self.instance, self._place) - self._dirty - self._after.keys():
            # Assigned the same value.
            self._after[name] = now.get(name, _ABSENT), self._digests.get(name)
        return self._was_new or bool(self._after)

    def keep_clean(self, written: AbstractSet[str]) -> None:
        """Note the fields that a program wrote before in the transaction, or changed: they stay dirty."""
        self.clean = self._after.keys() - self._dirty - written

    def undo(self) -> None:
        """Put back the values that the program has not replaced since, after the writes are undone."""
        instance = self.instance
        state = state_of(instance)
        is_known = state is not None and (type(state) is not State or state.known is not None)
        for name, (value, digest) in self._after.items():
            held = _values(instance).get(name, _ABSENT)
            now = None if held is _ABSENT else field_digest(instance, name)
            if now != digest or (digest is None and held is not value):
                continue
            self._put_back(name)
            if is_known and name in self.clean:
                if name in mapping_of(type(instance)).mutable_fields:
                    update_baseline(instance, take_snapshots(instance, (name,)))
                mark_clean(instance, (name,))
        if self._was_new:
            mark_new_again(instance, self._place)

    def _put_back(self, name: str) -> None:
        instance = self.instance
        extra = instance.__pydantic_extra__
        is_field = name in mapping_of(type(instance)).fields
        held: Any = instance.__dict__ if is_field or extra is None else extra
        before = self._before.get(name, _ABSENT)
        if before is _ABSENT:
            held.pop(name, None)
        else:
            if name in self._deep:
                self._deep[name].restore()
            held[name] = before
        if name not in self._set:
            instance.__pydantic_fields_set__.discard(name)


def _values(instance: Instance) -> dict[str, Any]:
    """Return the values of fields and extras by name."""
    return {**instance.__dict__, **(instance.__pydantic_extra__ or {})}


class _Container:
    """What is directly in a list, a dictionary or an embedded object; referenced instances are documents of their own."""

    __slots__ = ("_held", "_is_list", "_kept")

    def __init__(self, value: Any) -> None:
        held: Any = vars(value) if isinstance(value, Instance) else value
        self._is_list = isinstance(held, list)
        self._held: Any = held if self._is_list or isinstance(held, dict) else None
        self._kept: Any = None if self._held is None else self._held.copy()

    def restore(self) -> None:
        if self._is_list:
            held: list[Any] = self._held
            held[:] = self._kept
        elif self._held is not None:
            self._held.clear()
            self._held.update(self._kept)


def _deep_values(instance: Instance) -> dict[str, Tracked | _Container]:
    """Return what can put back the insides of fields that change in place, except those of referenced instances."""
    mapping = mapping_of(type(instance))
    with_references = {link.name for link in mapping.links}
    kept: dict[str, Tracked | _Container] = {}
    for name in mapping.mutable_fields & instance.__dict__.keys():
        value = instance.__dict__[name]
        if name in with_references:
            kept[name] = _Container(value)
            continue
        tracked = Tracked()
        # What cannot be copied, such as a lock, is put back as an object.
        with suppress(TypeError):
            tracked.add(value)
            kept[name] = tracked
    return kept
