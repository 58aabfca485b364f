"""Types whose values can be iterated only once: inspecting or storing a value exhausts it."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, get_origin

from odmantic._types.kinds import is_class


def is_one_shot(tp: Any) -> bool:
    """Return whether a type promises only one iteration.

    Classes that are neither abstract nor generic are accepted: nothing iterates over their values, and BSON has no form
    for them.
    """
    origin = get_origin(tp)
    cls: Any = origin or tp
    if cls is Iterable or cls is AsyncIterable:
        return True
    is_iterator = is_class(cls) and issubclass(cls, (Iterator, AsyncIterator))
    return is_iterator and (origin is not None or inspect.isabstract(tp))


def one_shot_refusal(tp: Any) -> str:
    """Return the message that fields of a type are refused, with the remedy."""
    return (
        f"{tp} fields are not supported: such a value can be gone through only once. Use a list, or Sequence[...] "
        "for what need not be one"
    )
