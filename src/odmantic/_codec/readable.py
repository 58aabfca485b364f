"""The fields that generated code can read: by their shapes, or with pydantic's schema for the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, create_model

from odmantic._bson.codecs import BsonCodec
from odmantic._bson.reading import while_reading
from odmantic._bson.values import is_document, is_stored_array
from odmantic._codec.lookups import takes_aliases
from odmantic._mapping.options import FieldOptions
from odmantic._mapping.plain import allows
from odmantic._mapping.shortcuts import Shortcut, shortcuts_of
from odmantic._mapping.trees import union_shape
from odmantic._mapping.variants import embedded_in, embedded_throughout, follow_hierarchies
from odmantic._types.annotations import annotated, marks_of, type_adapter
from odmantic._types.internals import decorators_of
from odmantic._types.tree import Node, Opaque, Target
from odmantic.bson import WithBsonSerializer

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic.fields import FieldInfo

    from odmantic._mapping.interfaces import Decoder
    from odmantic._mapping.mapping import ModelMapping
    from odmantic.exceptions import ErrorList


class Readable:
    """What generated code can read of a class; determined once per class, when it is first needed."""

    def __init__(self, mapping: ModelMapping) -> None:
        self._mapping = mapping
        self._opaque: dict[str, Opaque | None] = {}
        follow_hierarchies(mapping)

    @cached_property
    def nodes(self) -> dict[str, Node] | None:
        """The nodes by which code reads the fields; `None` if pydantic has to validate whole documents."""
        return self._nodes_for(self.shapes) if allows(self._mapping, Shortcut.READER) else None

    @cached_property
    def shapes(self) -> dict[str, Node | None]:
        """The shapes of the fields; `None` for a field with user validators."""
        return {
            name: shape if shape and _is_readable(shape) else None
            for name, shape in self._mapping.shapes.items()
        }

    @cached_property
    def is_throughout(self) -> bool:
        """Whether everything embedded in an instance, at any depth, can be read too."""
        # Class by class: there may be too many paths to them.
        return all(each.readable.is_by_itself for each in embedded_throughout(self._mapping))

    @cached_property
    def is_by_itself(self) -> bool:
        """Whether the fields can be read, apart from what is embedded in them."""
        mapping = self._mapping
        can_read = allows(mapping, Shortcut.READER)
        return can_read and self._nodes_for(mapping.shapes) is not None

    def _nodes_for(self, shapes: Mapping[str, Node | None]) -> dict[str, Node] | None:
        nodes: dict[str, Node] = {}
        for name, shape in shapes.items():
            node = shape or self.union_node(name) or self.opaque_node(name)
            if node is None:
                return None
            nodes[name] = node
        return nodes

    def union_node(self, name: str) -> Node | None:
        """Return the type of a reference to one of several models; `None` for other fields.

        Only documents tell their classes: what instances hold is written, and compared, by the encoder of the field.
        """
        return union_shape(self._mapping.fields[name])

    def opaque_node(self, name: str) -> Opaque | None:
        """Return a node that reads a field with pydantic's schema for it; `None` if that is not enough."""
        # Pydantic is slow to make a validator.
        if name not in self._opaque:
            self._opaque[name] = _opaque(self._mapping, name)
        return self._opaque[name]


def _is_readable(shape: Node) -> bool:
    return all(each.readable.is_throughout for each in embedded_in(shape))


def field_reader(mapping: ModelMapping, name: str) -> Callable[[Any, Any], Any] | None:
    """Return a function that validates a stored form of a field; `None` if that takes the whole document."""
    by_annotation = Shortcut.READER | Shortcut.FIELD
    if by_annotation not in shortcuts_of(mapping.model.model_config):
        return _by_assignment(mapping, name)
    node = mapping.readable.opaque_node(name)
    return None if node is None else node.read


def _by_assignment(mapping: ModelMapping, name: str) -> Callable[[Any, Any], Any] | None:
    """Return a function that validates a field as the class does, whose config counts beside the annotation."""
    model: Any = mapping.model
    has_validators = decorators_of(model, "model_validators", "root_validators")
    if has_validators or _has_references(mapping, name):
        return None
    if _looks_around(model.__pydantic_core_schema__):
        return None
    decode = next(decode for each, _, decode, _ in mapping.decoders if each == name)

    called = name
    if model.model_config.get("frozen") or model.__pydantic_fields__[name].frozen:
        # Pydantic warns of a field that has the name of a method.
        called = "value" if hasattr(BaseModel, name) else name
        model = _thawed(model, name, called)

    def assign(value: Any) -> Any:
        scratch = object.__new__(model)
        object.__setattr__(scratch, "__dict__", {})
        object.__setattr__(scratch, "__pydantic_extra__", None)
        object.__setattr__(scratch, "__pydantic_fields_set__", set())
        model.__pydantic_validator__.validate_assignment(
            scratch, called, value, by_alias=mapping.takes_aliases, by_name=True
        )
        return scratch.__dict__[called]

    return _while_reading(_after(decode, assign))


def _thawed(model: Any, name: str, called: str) -> Any:
    """Return a class with one field of another, perhaps under another name, which accepts assignments."""
    info = model.__pydantic_fields__[name]
    config: Any = {key: each for key, each in model.model_config.items() if key in _OF_PYDANTIC}
    field: Any = (annotated(info.annotation, _marks_for_pydantic(info)), ...)
    config["frozen"] = False
    return create_model(model.__name__, __config__=config, **{called: field})


_OF_PYDANTIC = frozenset(ConfigDict.__annotations__)


def _has_references(mapping: ModelMapping, name: str) -> bool:
    models = mapping.fields[name].tree.models
    return any(isinstance(node, Target) or node.cls.__mapping__.links for node in models)


def _opaque(mapping: ModelMapping, name: str) -> Opaque | None:
    if Shortcut.FIELD not in shortcuts_of(mapping.model.model_config):
        return None
    info = mapping.fields[name].pydantic_field
    if _has_references(mapping, name):
        return None
    annotation = annotated(info.annotation, _marks_for_pydantic(info))
    arbitrary_types = bool(mapping.model.model_config.get("arbitrary_types_allowed"))
    adapter = type_adapter(annotation, arbitrary_types=arbitrary_types)
    # Older versions of pydantic do not resolve names in an argument of a generic class.
    if not adapter.pydantic_complete or _looks_around(adapter.core_schema):
        return None
    decode = next(decode for each, _, decode, _ in mapping.decoders if each == name)
    return Opaque(_reader(decode, adapter), nests=bool(mapping.fields[name].tree.models))


def _marks_for_pydantic(info: FieldInfo) -> list[Any]:
    return [mark for mark in marks_of(info) if not isinstance(mark, _OURS)]


_OURS = (FieldOptions, WithBsonSerializer, BsonCodec)
"""Marks that pydantic does not know."""


def _looks_around(schema: Any) -> bool:
    """Return whether a validator may ask for the name of its field, or for other fields."""
    if is_document(schema):
        return schema.get("type") == "with-info" or any(map(_looks_around, schema.values()))
    return is_stored_array(schema) and any(map(_looks_around, schema))


class NotReadError(Exception):
    """Pydantic has to validate the whole document."""

    def __init__(self, errors: ErrorList) -> None:
        super().__init__(errors)
        self._errors = errors

    @property
    def problem(self) -> str:
        """The problem and its location."""
        first: Any = self._errors[0]
        return ".".join((*map(str, first["loc"]), first["type"].message()))


def _reader(decode: Decoder | None, adapter: TypeAdapter[Any]) -> Callable[[Any, Any], Any]:
    by_alias = takes_aliases(adapter.core_schema)
    validate = partial(adapter.validator.validate_python, by_alias=by_alias, by_name=True)
    read = _after(decode, validate)
    return _while_reading(read) if _calls_functions(adapter.core_schema) else read


def _after(decode: Decoder | None, validate: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def read(value: Any, raw: Any) -> Any:
        if decode is not None:
            errors: ErrorList = []
            value = decode(value, None, errors, raw)
            if errors:
                raise NotReadError(errors)
        return validate(value)

    return read


def _while_reading(read: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda value, raw: while_reading(read, value, raw)


def _calls_functions(schema: Any) -> bool:
    """Return whether a schema calls functions, which may ask whether a document is being read."""
    if is_document(schema):
        kind: object = schema.get("type")
        is_function = isinstance(kind, str) and kind.startswith("function-")
        return (
            is_function
            or "default_factory" in schema
            or callable(schema.get("discriminator"))
            or any(map(_calls_functions, schema.values()))
        )
    return is_stored_array(schema) and any(map(_calls_functions, schema))
