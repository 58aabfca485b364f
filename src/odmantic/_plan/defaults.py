"""The defaults of a class as parts of a document, for what an upsert inserts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from odmantic._codec.absent import leave_out
from odmantic._mapping.fields import ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._types.kinds import ModelKind, kind_of
from odmantic._types.tree import Document, Nullable

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from datetime import datetime

    from odmantic._mapping.fields import ODMBaseField
    from odmantic._mapping.mapping import ModelMapping


@dataclass(slots=True)
class Defaults:
    """The defaults of the fields that nothing else gives a value.

    Attributes:
        now: Returns the time of the call.
        is_closed: Whether something else says all about a path.
        is_entered: Whether something else says a part of it.
        lacking: The paths of fields that are needed, and have no default.
    """

    now: Callable[[], datetime]
    is_closed: Callable[[str], bool]
    is_entered: Callable[[str], bool]
    lacking: list[str] = field(default_factory=list[str])

    def document(self, cls: Any, present: Container[str], before: str) -> dict[str, Any]:
        """Return the stored defaults of a class.

        Args:
            cls: The class.
            present: The keys that have values.
            before: The path of the object, with a dot at its end.
        """
        mapping = mapping_of(cls)
        found: dict[str, Any] = {
            key: value for key, value in mapping.hidden_type.items() if key not in present
        }
        for name, one in mapping.fields.items():
            key = one.key_name
            if key in present or self.is_closed(f"{before}{key}"):
                continue
            value = self._default(mapping, name, one)
            if value is PydanticUndefined:
                if not self.is_entered(f"{before}{key}"):
                    self.lacking.append(f"{before}{key}")
            else:
                encode = mapping.encoder_of[name]
                found[key] = value if encode is None else encode(value)
        return leave_out(mapping, found) if mapping.left_out else found

    def _default(self, mapping: ModelMapping, name: str, one: ODMBaseField) -> Any:
        for each in mapping.supplied:
            supplier = each.supplier(is_new=True, is_given=False) if each.name == name else None
            if supplier is not None:
                return each.validate(each.value(supplier, self.now))
        info = one.pydantic_field
        if info.default_factory is not None and info.default_factory_takes_validated_data:
            return PydanticUndefined
        return info.get_default(call_default_factory=True)


def objects_in(cls: Any, document: Mapping[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield the embedded objects in a document that have one class each: their keys, classes and documents."""
    for one in mapping_of(cls).fields.values():
        node = one.tree.inner if isinstance(one.tree, Nullable) else one.tree
        inner = document.get(one.key_name)
        is_object = isinstance(node, Document) and not isinstance(one, ODMReference)
        if is_object and isinstance(inner, dict) and kind_of(node.cls) is ModelKind.EMBEDDED:
            yield one.key_name, node.cls, inner
