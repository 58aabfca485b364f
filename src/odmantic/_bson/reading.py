"""Whether a document is being read, for code that pydantic calls."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

_reading: ContextVar[bool] = ContextVar("odmantic_reading", default=False)


def is_reading() -> bool:
    """Return whether a document is being read, in validators, `model_post_init` and default factories.

    Example:
        ```python
        @field_validator("password")
        @classmethod
        def hash_password(cls, value: str) -> str:
            return value if is_reading() else hashed(value)
        ```
    """
    return _reading.get()


def while_reading(read: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Call a function that reads a document."""
    token = _reading.set(True)
    try:
        return read(*arguments, **options)
    finally:
        _reading.reset(token)
