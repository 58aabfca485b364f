"""Instances that Python fills at its fastest, before they become those of a model."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping

Blank = type[Any] | None

FEW = 10 if sys.version_info >= (3, 13) else -1
"""How many values take less memory in a dictionary of their own than in one that shares its keys.

Since Python 3.13 these have room for 30 values, if the class has slots.
"""

_ATTRIBUTE = "__odm_blank__"
_OF_OBJECTS = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}


def blank_of(mapping: ModelMapping) -> Blank:
    """Return a class whose instances are made and filled without code of the model's, and then change to its class.

    Their dictionaries share one table of keys. `None` if instances of the model are of another make.
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
    # To derive it from the model would call hooks, and show in `__subclasses__`.
    base = next(cls for cls in model.__mro__ if "__state__" in vars(cls))
    blank: type[Any] = type.__new__(type(model), f"New{model.__name__}", (base,), {**_OF_OBJECTS})
    first = blank()
    # Python takes the keys of the first instance for all.
    for name in mapping.fields:
        setattr(first, name, None)
    try:
        first.__class__ = model
    except TypeError:  # it has slots of its own
        return None
    return blank
