"""Whether the document still exists that an instance and its copies stand for.

They share a `Life`. A deletion ends it, and then no copy takes the document for known any more: a copy that was kept
as a backup is saved as a whole. Such a save begins another life, which the other copies come to share by theirs. In
another place the document has a life of its own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from odmantic._state.places import Place

#: So many ends are remembered of lives that pickles have and no instance any more.
_MOST_ENDED = 100_000


class Life:
    """One existence of a document.

    Attributes:
        is_over: whether the document was deleted.
        place: where it is; `None` until it is known somewhere.
    """

    __slots__ = ("__weakref__", "_family", "_token", "is_over", "place")

    def __init__(self, token: bytes | None = None) -> None:
        """Begin; the token is what a pickle has of it."""
        self.is_over = token in _ended
        self.place: Place | None = None
        self._token = token
        self._family: list[Life] | None = None
        """The lives of the same document, once there is another: most have none."""

    def at(self, place: Place) -> Life:
        """The life of the document at a place, which a write there begins if there is none."""
        life = next(iter(self._all_living_at(place)), None)
        if life is None:
            life = Life()
            life._family = self._family = self._family or [self]
            life._family.append(life)
        life.place = place
        return life

    def end_at(self, place: Place) -> list[Life]:
        """Note the deletion at a place; give what ended: a rollback may have left several."""
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
        """Those at a place, or else those that are nowhere yet."""
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
    """Give the life that a pickle tells of: in the process that wrote it, the same one."""
    return _pickled.setdefault(token, Life(token))
