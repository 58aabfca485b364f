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
        self._around: dict[Any, list[T]] = {}

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Give what `make` does, which may ask for `key` again."""
        if key in self._around:
            return self._later(self._around[key])
        found = self._around[key] = []
        made = make()
        found.append(made)
        del self._around[key]
        return made
