"""Which fields code can read: by their shapes, or with what pydantic has for them alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

from odmantic._mapping.annotations import models_in, type_adapter
from odmantic._mapping.lookups import takes_aliases
from odmantic._mapping.mapping import ModelKind, kind_of, mapping_of
from odmantic._mapping.nodes import Array, Document, Node, Nullable, Opaque, Table
from odmantic._mapping.options import FieldOptions
from odmantic._mapping.plain import allows
from odmantic._mapping.shapes import is_document, is_stored_array
from odmantic._mapping.shortcuts import Shortcut, shortcuts_of
from odmantic.bson import WithBsonSerializer

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.translate import Decoder
    from odmantic.exceptions import ErrorList


def readable_nodes(mapping: ModelMapping) -> dict[str, Node] | None:
    """Give what code can read the fields by; `None` if pydantic has to look at whole documents."""
    if not allows(mapping, Shortcut.READER):
        return None
    nodes: dict[str, Node] = {}
    for name, shape in readable_shapes(mapping).items():
        node = shape or _opaque(mapping, name)
        if node is None:
            return None
        nodes[name] = node
    return nodes


def readable_shapes(mapping: ModelMapping) -> dict[str, Node | None]:
    """Give the shapes of all fields, as `readable_shape` does."""
    return {name: readable_shape(mapping, name) for name in mapping.shapes}


def readable_shape(mapping: ModelMapping, name: str) -> Node | None:
    """Give the shape of a field; `None` where validators of the user's are at work too."""
    shape = mapping.shapes[name]
    return shape if shape and _is_readable(shape, ()) else None


def _is_readable(node: Node, around: tuple[Any, ...]) -> bool:
    if isinstance(node, (Nullable, Array, Table)):
        return _is_readable(node.inner, around)
    if not isinstance(node, Document) or node.model in around:
        return True
    mapping = mapping_of(node.model)
    inner = (*around, node.model)
    return allows(mapping, Shortcut.READER) and all(
        _is_readable(shape, inner) if shape else _opaque(mapping, name)
        for name, shape in mapping.shapes.items()
    )


def _opaque(mapping: ModelMapping, name: str) -> Opaque | None:
    if Shortcut.FIELD not in shortcuts_of(mapping.model.model_config):
        return None
    info = mapping.fields[name].pydantic_field
    models = list(models_in(info.annotation))
    if any(
        kind_of(model) is ModelKind.MODEL or model.__mapping__.reference_paths for model in models
    ):
        return None
    adapter = _adapter(mapping, info.annotation, info.metadata)
    # Older versions of pydantic leave the names in an argument of a generic class as they are.
    if not adapter.pydantic_complete or _looks_around(adapter.core_schema):
        return None
    decode = next(decode for each, _, decode, _ in mapping.decoders if each == name)
    return Opaque(_reader(decode, adapter), nests=bool(models))


def _adapter(mapping: ModelMapping, annotation: Any, metadata: Iterable[Any]) -> TypeAdapter[Any]:
    marks = [item for item in metadata if not isinstance(item, (FieldOptions, WithBsonSerializer))]
    if marks:
        parts = (annotation, *marks)
        annotation = Annotated[parts]
    arbitrary_types = bool(mapping.model.model_config.get("arbitrary_types_allowed"))
    return type_adapter(annotation, arbitrary_types=arbitrary_types)


def _looks_around(schema: Any) -> bool:
    """Tell whether a validator may ask for the field it validates, or for other fields."""
    if is_document(schema):
        return schema.get("type") == "with-info" or any(map(_looks_around, schema.values()))
    return is_stored_array(schema) and any(map(_looks_around, schema))


class NotReadError(Exception):
    """Says that pydantic has to look at the whole document."""


def _reader(decode: Decoder | None, adapter: TypeAdapter[Any]) -> Callable[[Any, Any], Any]:
    validate = adapter.validator.validate_python
    by_alias = takes_aliases(adapter.core_schema)

    def read(value: Any, raw: Any) -> Any:
        if decode is not None:
            errors: ErrorList = []
            value = decode(value, None, errors, raw)
            if errors:
                raise NotReadError
        return validate(value, by_alias=by_alias, by_name=True)

    return read
