"""Stored properties as seen on their class: fields for queries."""

from __future__ import annotations

from typing import Any

from odmantic._mapping.building import is_building
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.options import options_of_property
from odmantic._query.paths import FieldProxy


class StoredAttribute:
    """A descriptor in place of a stored property, which gives the class a proxy, and instances their values."""

    def __init__(self, wrapped: Any, name: str) -> None:
        """Cover the descriptor `wrapped`, which has a name on its class."""
        self._wrapped = wrapped
        self._name = name

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        if instance is not None or is_building():
            return self._wrapped.__get__(instance, owner)
        return FieldProxy(None, mapping_of(owner).stored[self._name], owner)

    def assign(self, instance: Any, value: Any) -> None:
        """Call the property's own setter.

        Raises:
            AttributeError: if it has none, or its value is cached.
        """
        if getattr(self._wrapped, "fset", None) is None:
            raise AttributeError(
                f"{type(instance).__name__}.{self._name} is a stored property, which is computed: assign the fields that it "
                "is computed from"
            )
        self._wrapped.__set__(instance, value)


def cover(cls: Any) -> None:
    """Make the stored properties of a class fields for queries."""
    for name, info in cls.__pydantic_computed_fields__.items():
        if options_of_property(info.wrapped_property) is None:
            continue
        found = _attribute(cls, name)
        if not isinstance(found, StoredAttribute):
            type.__setattr__(cls, name, StoredAttribute(found, name))


def assign_property(instance: Any, name: str, value: Any) -> None:
    """Assign a stored property.

    Raises:
        AttributeError: if it has no setter.
    """
    _attribute(instance.__class__, name).assign(instance, value)


def forget_cached(instance: Any) -> None:
    """Have stored properties computed when they are next read."""
    for name in instance.__mapping__.stored:
        instance.__dict__.pop(name, None)


def _attribute(cls: Any, name: str) -> Any:
    mro: tuple[type[Any], ...] = cls.__mro__
    return next(vars(each)[name] for each in mro if name in vars(each))
