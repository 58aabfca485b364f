"""The phase in which pydantic collects the fields of a class, and must not take a field's proxy for its default."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

building: ContextVar[bool] = ContextVar("odmantic_building", default=False)
"""Whether a class is being defined; `is_building` is one call more."""


def is_building() -> bool:
    """Return whether a class is being defined."""
    return building.get()


@contextmanager
def building_class() -> Generator[None]:
    """Note that a class is being defined."""
    token = building.set(True)
    try:
        yield
    finally:
        building.reset(token)
