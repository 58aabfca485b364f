"""Blank instances, which Python fills fastest before they get the class of their model."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping

Blank = type[Any] | None

FEW = 10 if sys.version_info >= (3, 13) else -1
"""The largest number of values that take less memory in a dictionary of their own than in a key-sharing one.

Since Python 3.13, key-sharing dictionaries have room for 30 values, if the class has slots.
"""

_ATTRIBUTE = "__odm_blank__"
_OF_OBJECTS = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}


def blank_of(mapping: ModelMapping) -> Blank:
    """Return a class to create and fill instances without the model's code, before they change to the model's class.

    Their dictionaries share one table of keys. Return `None` if the model's instances have another layout.
    """
    model = mapping.model
    if _ATTRIBUTE not in vars(model):
        setattr(model, _ATTRIBUTE, _make(mapping))
    blank: Blank = vars(model)[_ATTRIBUTE]
    return blank


def _make(mapping: ModelMapping) -> Blank:
    model = mapping.model
    if inspect.isabstract(model):
        return None
    # Deriving it from the model would call hooks, and show in `__subclasses__`.
    base = next(cls for cls in model.__mro__ if "__state__" in vars(cls))
    blank: type[Any] = type.__new__(type(model), f"New{model.__name__}", (base,), {**_OF_OBJECTS})
    first = blank()
    # Python shares the keys of the first instance.
    for name in mapping.fields:
        setattr(first, name, None)
    try:
        first.__class__ = model
    except TypeError:  # the model has slots of its own
        return None
    return blank
