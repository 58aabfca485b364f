"""Instances whose documents are known, but to no engine."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from odmantic._shared import reading
from odmantic._state import dirty, transitions
from odmantic._state.places import SOMEWHERE, Known, Place, Written
from odmantic._state.state import kept_state
from odmantic._types.instances import Instance

ModelType = TypeVar("ModelType", bound=Instance)

HERE: Place = SOMEWHERE.place


def a_write() -> Written:
    """Begin a write."""
    return Written(HERE, None)


def read_document(model: type[ModelType], document: Any) -> ModelType:
    """Make an instance of a document."""
    return reading.read_document(model, document, SOMEWHERE)


def mark_read(instance: Any) -> None:
    """Note that an instance was just read."""
    transitions.mark_read(instance, SOMEWHERE)


def take(instance: Any, names: AbstractSet[str]) -> None:
    """Note that fields are about to be sent."""
    transitions.take(instance, names, a_write())


def known_of(instance: Any) -> Known | None:
    """Where the document of an instance is known."""
    return kept_state(instance).known


def dirty_fields(instance: Any) -> set[str]:
    """The fields that differ from the document where it is known."""
    known = known_of(instance)
    return dirty.dirty_fields(instance, HERE if known is None else known.place)
