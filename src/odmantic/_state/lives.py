"""Whether the document of an instance and its copies still exists.

An instance and its copies share a `Life`. A deletion ends it, and then all copies are new: one that was kept as a
backup is saved whole. That save begins another life, which the copies find through the old one. At each place the
document has its own life.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from odmantic._state.places import Place

_MOST_ENDED = 100_000
"""The number of ended lives that are remembered because they may be in a pickle."""


class Life:
    """One existence of a document.

    Attributes:
        is_over: Whether the document was deleted.
        place: Its place; `None` until it is known somewhere.
    """

    __slots__ = ("__weakref__", "_family", "_token", "is_over", "place")

    def __init__(self, token: bytes | None = None) -> None:
        """Begin a life; in a pickle, the token identifies it."""
        self.is_over: bool = token in _ended
        self.place: Place | None = None
        self._token = token
        self._family: list[Life] | None = None
        """The lives of the same document, once there are several."""

    def at(self, place: Place) -> Life:
        """Return the life of the document at a place; if there is none, a write there begins it."""
        life = next(iter(self._all_living_at(place)), None)
        if life is None:
            life = Life()
            life._family = self._family = self._family or [self]
            life._family.append(life)
        life.place = place
        return life

    def end_at(self, place: Place) -> list[Life]:
        """Note the deletion at a place; return the lives that ended, since a rollback may have left several."""
        ended = self._all_living_at(place)
        for life in ended:
            life.end()
        return ended

    def go_on(self) -> None:
        """Note that the deletion was rolled back."""
        self.is_over = False
        if self._token is not None:
            _ended.pop(self._token, None)

    def _all_living_at(self, place: Place) -> list[Life]:
        """Return the lives at a place, or else those without a place."""
        living = [life for life in self._family or [self] if not life.is_over]
        here = [life for life in living if life.place is not None and life.place.is_same(place)]
        return here or [life for life in living if life.place is None]

    def end(self) -> None:
        self.is_over = True
        if self._token is not None:
            _ended[self._token] = None
            while len(_ended) > _MOST_ENDED:
                _ended.pop(next(iter(_ended)), None)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._token is None:
            self._token = os.urandom(16)
            _pickled[self._token] = self
        return _life_of, (self._token,)


_pickled: WeakValueDictionary[bytes, Life] = WeakValueDictionary()
_ended: dict[bytes | None, None] = {}


def _life_of(token: bytes) -> Life:
    """Return the life of a pickle: the same one in the process that wrote it."""
    return _pickled.setdefault(token, Life(token))
