"""The options that `Field()` and `Reference()` put into the metadata of an annotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


# Compared by identity: `typing` caches what it has made of equal arguments, and `Union[int, str]` equals
# `Union[str, int]`, so a field could get the annotation of another class.
@dataclass(frozen=True, slots=True, eq=False)
class FieldOptions:
    """The options for storing a field; pydantic ignores this metadata and copies it along.

    `reference` says whether the field holds a document of another collection.
    """

    key_name: str | None = None
    primary_field: bool = False
    index: bool = False
    unique: bool = False
    reference: bool = False
    if_missing: Callable[[], Any] | None = None
    store_none: bool | None = None
    store_default: bool | None = None

    def overridden_by(self, other: FieldOptions) -> FieldOptions:
        """Return the options of a field that is declared twice.

        Raises:
            ValueError: if a primary field cannot have this key.
            TypeError: if a primary field cannot be a reference.
        """
        key_names = [one.key_name for one in (other, self) if one.key_name is not None]
        merged = FieldOptions(
            key_name=key_names[0] if key_names else None,
            primary_field=self.primary_field or other.primary_field,
            index=self.index or other.index,
            unique=self.unique or other.unique,
            reference=self.reference or other.reference,
            if_missing=other.if_missing or self.if_missing,
            store_none=self.store_none if other.store_none is None else other.store_none,
            store_default=self.store_default
            if other.store_default is None
            else other.store_default,
        )
        if merged.primary_field and set(key_names) != {"_id"}:
            raise ValueError("cannot specify a primary field with a custom key_name")
        if merged.primary_field and merged.reference:
            raise TypeError("a reference cannot be a primary field")
        return merged


PLAIN = FieldOptions()
"""The options of a field declared without any."""


def options_in(metadata: Iterable[object]) -> FieldOptions:
    """Find the options in the metadata of an annotation."""
    return next((item for item in metadata if isinstance(item, FieldOptions)), PLAIN)
