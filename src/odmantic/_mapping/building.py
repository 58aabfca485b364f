"""The phase in which pydantic collects the fields of a class, and must not take a field's proxy for its default."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_building: ContextVar[bool] = ContextVar("odmantic_building", default=False)


def is_building() -> bool:
    """Return whether a class is being defined."""
    return _building.get()


@contextmanager
def building_class() -> Generator[None]:
    """Note that a class is being defined."""
    token = _building.set(True)
    try:
        yield
    finally:
        _building.reset(token)
