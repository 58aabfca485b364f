"""What `Field()` and `Reference()` say about a field, carried in the metadata of its annotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """How a field is stored; pydantic ignores this metadata and hands it on to every copy.

    `reference` tells that the field holds a document of another collection.
    """

    key_name: str | None = None
    primary_field: bool = False
    index: bool = False
    unique: bool = False
    reference: bool = False


PLAIN = FieldOptions()
"""The options of a field that was declared without any."""


def options_in(metadata: Iterable[object]) -> FieldOptions:
    """Find the options in the metadata of an annotation."""
    return next((item for item in metadata if isinstance(item, FieldOptions)), PLAIN)
