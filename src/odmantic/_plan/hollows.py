"""Hollow instances and lazy references for what one read does not load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._codec.keys import read_key
from odmantic._mapping.ref import Page, Unloaded, unloaded_ref
from odmantic._state.hollow import Hollow, make_hollow

if TYPE_CHECKING:
    from odmantic._mapping.loading import Part


class HollowMaker:
    """A maker of hollow instances: those of one reference share what is known of them.

    Args:
        awaits: Whether operations are awaited, as the advice shows.
    """

    __slots__ = ("_awaits", "_known", "_unloaded", "page")

    def __init__(self, *, awaits: bool) -> None:
        self._awaits = awaits
        self._known: dict[tuple[int, bool], Hollow] = {}
        self._unloaded: dict[int, Unloaded] = {}
        self.page = Page()

    def __call__(self, part: Part, id_: Any, is_missing: bool) -> Any:
        """Return what is there for an id: a hollow instance, or a `Ref`; `None` if no document can have it."""
        if part.link.is_lazy:
            return self._ref(part, id_, is_missing=is_missing)
        known = self._known.get((id(part), is_missing))
        if known is None:
            known = Hollow(part.where, part.advice(awaits=self._awaits), is_missing=is_missing)
            self._known[id(part), is_missing] = known
        # Which of several classes in a collection it is, only the document says.
        model = part.link.cls if part.link.member is None else part.link.member.classes[0]
        try:
            return make_hollow(model, read_key(model, id_), known)
        except ValueError:
            return None

    def _ref(self, part: Part, stored: Any, *, is_missing: bool) -> Any:
        unloaded = self._unloaded.get(id(part))
        if unloaded is None:
            advice = part.advice(awaits=self._awaits)
            only = () if part.link.member is None else part.link.member.only
            unloaded = Unloaded(part.where, part.load_path, advice, self.page, only)
            self._unloaded[id(part)] = unloaded
        model = part.link.cls
        try:
            key = read_key(model, stored)
        except ValueError:
            return None
        return unloaded_ref(model, key, stored, unloaded, is_missing=is_missing)
