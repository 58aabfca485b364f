"""Types that hold themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Recursion(Generic[T]):
    """Makes something of a type that may hold itself, by way of an alias or a class.

    Inside itself, the type stands for what `later` makes of the place where the result will be.
    """

    def __init__(self, later: Callable[[list[T]], T]) -> None:
        self._later = later
        self._found: dict[Any, list[T]] = {}

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Return what `make` does, which may ask for `key` again; it is called once for a key."""
        found = self._found.get(key)
        if found is not None:
            return found[0] if found else self._later(found)
        found = self._found[key] = []
        found.append(make())
        return found[0]
