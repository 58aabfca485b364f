"""Validation of values by a single type, as in an assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from odmantic._codec.lookups import takes_aliases
from odmantic._types.annotations import type_adapter

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class Validation:
    """A validator of a type's values, made when it is first needed."""

    def __init__(self, annotation: Any, *, arbitrary_types: bool = True) -> None:
        self._annotation = annotation
        self._arbitrary_types = arbitrary_types
        self._adapter: TypeAdapter[Any] | None = None
        self._takes_aliases = True

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """The adapter of pydantic for the type."""
        if self._adapter is None:
            self._adapter = type_adapter(self._annotation, arbitrary_types=self._arbitrary_types)
            self._takes_aliases = takes_aliases(self._adapter.core_schema)
        return self._adapter

    def __call__(self, value: Any, *, strict: bool | None = None) -> Any:
        """Validate a value.

        Raises:
            ValidationError: if it is not valid.
        """
        adapter = self.adapter
        return adapter.validate_python(
            value, strict=strict, by_alias=self._takes_aliases, by_name=True
        )


def first_problem(error: ValidationError) -> str:
    """Return the location of the first problem, and its message."""
    line = error.errors(include_url=False)[0]
    where = ".".join(map(str, line["loc"]))
    return f"{where}: {line['msg']}" if where else line["msg"]
