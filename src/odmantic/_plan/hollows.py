"""Hollow instances for the references of one read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._codec.keys import read_key
from odmantic._state.hollow import Hollow, make_hollow

if TYPE_CHECKING:
    from odmantic._mapping.loading import Part


class HollowMaker:
    """A maker of hollow instances: those of one reference share what is known of them.

    Args:
        awaits: Whether operations are awaited, as the advice shows.
    """

    __slots__ = ("_awaits", "_known")

    def __init__(self, *, awaits: bool) -> None:
        self._awaits = awaits
        self._known: dict[tuple[int, bool], Hollow] = {}

    def __call__(self, part: Part, stored: Any, is_missing: bool) -> Any:
        """Return the hollow instance for a stored id; `None` if no document can have it."""
        known = self._known.get((id(part), is_missing))
        if known is None:
            known = Hollow(part.where, part.advice(awaits=self._awaits), is_missing=is_missing)
            self._known[id(part), is_missing] = known
        model = part.link.cls
        try:
            return make_hollow(model, read_key(model, stored), known)
        except ValueError:
            return None
