"""What an annotation demands of values, for updates that the server computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from annotated_types import Ge, GroupedMetadata, Gt, Le, Lt, MaxLen, MinLen, MultipleOf
from pydantic.fields import FieldInfo

from odmantic._types.tree import Nullable, Type

_NAMES = {
    Ge: "ge",
    Gt: "gt",
    Le: "le",
    Lt: "lt",
    MultipleOf: "multiple_of",
    MinLen: "min_length",
    MaxLen: "max_length",
}


@dataclass(frozen=True, slots=True)
class Constraints:
    """The constraints of a type that updates can keep."""

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    multiple_of: Any = None
    min_length: int | None = None
    max_length: int | None = None

    @property
    def has_bounds(self) -> bool:
        """Whether values are limited."""
        return not (self.ge is self.gt is self.le is self.lt is None)

    def admit(self, value: Any) -> bool:
        """Return whether a value is within the bounds."""
        return not (
            (self.ge is not None and value < self.ge)
            or (self.gt is not None and value <= self.gt)
            or (self.le is not None and value > self.le)
            or (self.lt is not None and value >= self.lt)
        )


def constraints_of(node: Type) -> Constraints:
    """Return the constraints of a type, those of `T` for `T | None`."""
    found: Constraints | None = node.__dict__.get("constraints")
    if found is None:
        found = node.__dict__["constraints"] = _constraints_of(node)
    return found


def _constraints_of(node: Type) -> Constraints:
    marks = node.marks if not isinstance(node, Nullable) else (*node.marks, *node.inner.marks)
    return Constraints(**{name: value for name, value in _named(marks) if value is not None})


def _named(marks: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for mark in marks:
        if isinstance(mark, (FieldInfo, GroupedMetadata)):
            yield from _named(mark.metadata if isinstance(mark, FieldInfo) else mark)
        elif type(mark) in _NAMES:
            name = _NAMES[type(mark)]
            yield name, getattr(mark, name)
