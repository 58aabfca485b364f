"""The base classes of the library's errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

LONGEST_VALUE = 200
"""The largest number of characters of a value in an error's text."""


class OdmanticError(Exception):
    """Base of all errors defined by odmantic."""


class BaseEngineException(OdmanticError):
    """An operation on documents of `model` failed."""

    def __init__(self, message: str, model: type[BaseModel]) -> None:
        super().__init__(message)
        self.model = model

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.model), self.__dict__
