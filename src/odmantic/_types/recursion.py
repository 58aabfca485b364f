"""Recursive types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Recursion(Generic[T]):
    """A builder of results for a type that may contain itself, through an alias or a class.

    Inside itself, the type is represented by the result of `later` for the place of the final result.
    """

    def __init__(self, later: Callable[[list[T]], T]) -> None:
        self._later = later
        self._found: dict[Any, list[T]] = {}

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Return the result of `make`, which may ask for `key` again; it is called once per key."""
        found = self._found.get(key)
        if found is not None:
            return found[0] if found else self._later(found)
        found = self._found[key] = []
        found.append(make())
        return found[0]
