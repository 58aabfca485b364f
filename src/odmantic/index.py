"""Indexes on one or several fields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pymongo

from odmantic.query import FieldProxyAny, SortExpression, asc

if TYPE_CHECKING:
    from collections.abc import Mapping


class Index:
    """An index for `model_config["indexes"]`.

    Args:
        fields: Fields of the model, or `asc(...)` and `desc(...)` of them.
        unique: Whether the server refuses a second document with the same values.
        name: The name of the index; if `None`, MongoDB derives one from the keys.
        by_type: Whether the discriminator of the model's hierarchy comes before the fields.

    Raises:
        ValueError: if there is no field.
        TypeError: if an argument is neither a field of a model nor a sort order.

    Example:
        `Index(Voyage.ship, desc(Voyage.leaves), name="ship_recent")`
    """

    def __init__(
        self,
        *fields: FieldProxyAny | SortExpression,
        unique: bool = False,
        name: str | None = None,
        by_type: bool = False,
    ) -> None:
        self.fields = fields
        self.by_type = by_type
        self.unique = unique
        self.name = name
        self._orders = tuple(
            field if isinstance(field, SortExpression) else asc(field) for field in fields
        )
        if not any(self._orders):
            raise ValueError("an index needs at least one field")

    def to_odm_index(self, type_key: str | None = None) -> ODMBaseIndex:
        """Return the index with keys for fields.

        Args:
            type_key: The key of the discriminator of the model's hierarchy.

        Raises:
            TypeError: if it is `by_type`, and the model has no hierarchy.
        """
        if self.by_type:
            if type_key is None:
                raise TypeError(
                    "an index by_type belongs to a model of a hierarchy, with inheritance='single' in its config or "
                    "in that of a base"
                )
            by_type = SortExpression({type_key: pymongo.ASCENDING})
            return ODMCompoundIndex((by_type, *self._orders), self.unique, self.name)
        if len(self._orders) == 1 and len(self._orders[0]) == 1:
            # MongoDB reads an index on one key in both directions.
            (key_name,) = self._orders[0]
            return ODMSingleFieldIndex(key_name, self.unique, self.name)
        return ODMCompoundIndex(self._orders, self.unique, self.name)


class ODMBaseIndex(ABC):
    """An index on keys."""

    __slots__ = ()

    unique: bool
    index_name: str | None
    partial: Mapping[str, Any] | None = None
    """The condition for the documents that are in the index; `None` means all."""

    @abstractmethod
    def get_index_specifier(self) -> list[tuple[str, int]]:
        """Return the keys with their directions, 1 or -1."""

    def get_pymongo_index(self) -> pymongo.IndexModel:
        """Return the driver's form of the index."""
        options: dict[str, Any] = {}
        if self.unique:
            options["unique"] = True
        if self.index_name is not None:
            options["name"] = self.index_name
        if self.partial is not None:
            options["partialFilterExpression"] = self.partial
        return pymongo.IndexModel(self.get_index_specifier(), **options)


@dataclass(frozen=True, slots=True)
class ODMSingleFieldIndex(ODMBaseIndex):
    """An ascending index on one key."""

    key_name: str
    unique: bool = False
    index_name: str | None = None
    partial: Mapping[str, Any] | None = None

    def get_index_specifier(self) -> list[tuple[str, int]]:
        """Return the keys with their directions, 1 or -1."""
        return [(self.key_name, pymongo.ASCENDING)]


@dataclass(frozen=True, slots=True)
class ODMCompoundIndex(ODMBaseIndex):
    """An index on several keys."""

    fields: tuple[SortExpression, ...]
    unique: bool = False
    index_name: str | None = None
    partial: Mapping[str, Any] | None = None

    def get_index_specifier(self) -> list[tuple[str, int]]:
        """Return the keys with their directions, 1 or -1."""
        return [item for order in self.fields for item in order.items()]
