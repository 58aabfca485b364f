"""Fields without a value, in instances that were pickled before their class had them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._mapping.mapping import mapping_of
from odmantic._types.annotations import annotated, type_adapter
from odmantic._types.instances import Instance

if TYPE_CHECKING:
    from odmantic._mapping.fields import ODMBaseField


def has_fields_of_its_class(instance: Instance) -> bool:
    """Return whether an unpickled instance has the current fields of its class."""
    cls = type(instance)
    fields, values = mapping_of(cls).fields, instance.__dict__
    # The values may include others, such as a cached property.
    return values.keys() >= fields.keys() and all(
        name in fields or hasattr(cls, name) for name in values
    )


def fill_missing(instance: Instance) -> None:
    """Fill missing fields with their default, as in a document that lacks the key; others stay missing."""
    values: Any = instance.__dict__
    for name, field in mapping_of(type(instance)).fields.items():
        if name not in values and not field.is_required_in_doc():
            values[name] = _default(field, values)


def _default(field: ODMBaseField, values: dict[str, Any]) -> Any:
    info = field.pydantic_field
    if field.if_missing is not None:
        default = field.if_missing()
    else:
        default = info.get_default(call_default_factory=True, validated_data=values)
    annotation = annotated(info.annotation, info.metadata)
    return type_adapter(annotation, arbitrary_types=True).validate_python(default)
