"""Code that makes the document of an instance."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from odmantic._mapping.decimals import from_decimal
from odmantic._mapping.encode import (
    AS_IT_IS,
    encode_any,
    encode_document,
    encode_primary_key,
)
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.nodes import (
    Array,
    Document,
    Leaf,
    Node,
    Nullable,
    Table,
    Target,
)

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.source import Source

_DEEPEST_INLINE = 4


class WriterWriter:
    """Writes the functions that make the documents of one model, and the stored forms of its fields.

    A value of another type than its annotation says is left to the encoder of its field.
    """

    def __init__(self, source: Source, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping
        self._around: list[Any] = []
        self._give_up = ""

    def write_fields(self) -> dict[str, str]:
        """Add a function for each field that is not stored as it is; give their names."""
        names: dict[str, str] = {}
        for name, _, encode in self._mapping.encoders:
            shape = self._mapping.shapes[name]
            if encode is None:
                continue
            encoder = self._source.object(f"encode_{name}", encode)
            names[name] = encoder
            if shape is None or not _is_known(shape):
                continue
            names[name] = f"write_{name}"
            what = f"Give the stored form of `{name}` of a {self._mapping.model.__name__}."
            with self._source.function(f"def write_{name}(value):", what):
                self._give_up = f"return {encoder}(value)"
                self._source.add(f"return {self._value(shape, 'value', name)}")
        return names

    def write_whole(self, functions: dict[str, str]) -> None:
        """Add a function for the whole document."""
        name = self._mapping.model.__name__
        source = self._source
        with source.function("def write(instance):", f"Make the document of a {name}."):
            source.add("values = instance.__dict__")
            with source.block("return {"):
                for each, field in self._mapping.fields.items():
                    value = f"values[{each!r}]"
                    code = f"{functions[each]}({value})" if each in functions else value
                    source.add(f"{field.key_name!r}: {code},")
            source.add("}")

    # --- Values --------------------------------------------------------------------------------

    def _value(self, node: Node, value: str, path: str) -> str:
        """Convert a value that is not stored as it is; give the expression for the result."""
        match node:
            case Leaf():
                return self._leaf(node, value)
            case Nullable():
                return self._nullable(node, value, path)
            case Array():
                return self._array(node, value, path)
            case Table():
                return self._table(node, value, path)
            case Document():
                return self._embedded(node.model, value, path)
            case Target():
                self._give_up_unless(value, node.model)
                return f"{self._function(encode_primary_key)}({value})"
            case _:
                return f"{self._function(encode_any)}({value})"

    def _leaf(self, leaf: Leaf, value: str) -> str:
        if leaf.cls is Decimal:
            return f"{self._function(from_decimal)}({value})"
        self._give_up_unless(value, leaf.cls)
        return f"{value}._value_" if issubclass(leaf.cls, Enum) else value

    def _nullable(self, node: Nullable, value: str, path: str) -> str:
        result = self._source.local(f"{path}_or_none")
        self._source.add(f"{result} = None")
        with self._source.block(f"if {value} is not None:"):
            self._source.add(f"{result} = {self._value(node.inner, value, path)}")
        return result

    def _array(self, node: Array, value: str, path: str) -> str:
        source = self._source
        self._give_up_unless(value, node.origin)
        if is_stored_as_it_is(node.inner):
            return f"[*{value}]"
        result = source.local(f"{path}_items")
        item = source.local(f"{path}_item")
        source.add(f"{result} = []")
        with source.block(f"for {item} in {value}:"):
            source.add(f"{result}.append({self._value(node.inner, item, f'{path}_item')})")
        return result

    def _table(self, node: Table, value: str, path: str) -> str:
        source = self._source
        self._give_up_unless(value, dict)
        if is_stored_as_it_is(node.inner):
            return f"{value}.copy()"
        result = source.local(f"{path}_items")
        key = source.local(f"{path}_key")
        item = source.local(f"{path}_item")
        source.add(f"{result} = {{}}")
        with source.block(f"for {key}, {item} in {value}.items():"):
            source.add(f"{result}[{key}] = {self._value(node.inner, item, f'{path}_item')}")
        return result

    def _embedded(self, model: Any, value: str, path: str) -> str:
        source = self._source
        mapping = mapping_of(model)
        self._give_up_unless(value, model)
        is_deep = model in self._around or len(self._around) >= _DEEPEST_INLINE
        if is_deep or mapping.extra_allowed:
            return f"{self._function(encode_document)}({value})"
        values = source.local(f"{path}_values")
        source.add(f"{values} = {value}.__dict__")
        self._around.append(model)
        items = [
            f"{field.key_name!r}: {self._field(mapping, name, f'{values}[{name!r}]', path)}"
            for name, field in mapping.fields.items()
        ]
        self._around.pop()
        return f"{{{', '.join(items)}}}"

    def _field(self, mapping: ModelMapping, name: str, value: str, path: str) -> str:
        encode = mapping.encoder_of[name]
        if encode is None:
            return value
        shape = mapping.shapes[name]
        if shape is None or not _is_known(shape):
            return f"{self._source.object(f'encode_{name}', encode)}({value})"
        where = f"{path}_{name}"
        local = self._source.local(where)
        self._source.add(f"{local} = {value}")
        return self._value(shape, local, where)

    def _function(self, function: Any) -> str:
        return self._source.object(function.__name__, function)

    def _give_up_unless(self, value: str, cls: type[Any]) -> None:
        name = self._source.object(cls.__name__, cls)
        with self._source.block(f"if type({value}) is not {name}:"):
            self._source.add(self._give_up)


def is_stored_as_it_is(node: Node) -> bool:
    """Tell whether the encoder of an annotation leaves any value as it is."""
    if isinstance(node, Nullable):
        return is_stored_as_it_is(node.inner)
    return isinstance(node, Leaf) and issubclass(node.cls, AS_IT_IS)


def _is_known(node: Node) -> bool:
    """Tell whether code can be written: what is made of a tuple depends on all that is in it."""
    if isinstance(node, Array) and node.origin is tuple:
        return False
    return not isinstance(node, (Nullable, Array, Table)) or _is_known(node.inner)
