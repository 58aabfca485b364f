"""The sync twin of `_aio_together`: a thread makes its own call at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Together(Generic[T]):
    """Items, each of which gets a call of its own."""

    __slots__ = ()

    def call(self, _key: Hashable, item: T, run: Callable[[list[T]], None]) -> None:
        """Call `run` with the item."""
        run([item])
