"""Code that makes the document of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._mapping.codegen.values import ValueCode, can_copy, is_known

if TYPE_CHECKING:
    from odmantic._mapping.codegen.source import Source
    from odmantic._mapping.mapping import ModelMapping


class WriterCode:
    """Writes the functions that make the documents of one model, and the stored forms of its fields.

    A value of another type than its annotation says is left to the encoder of its field.
    """

    def __init__(self, source: Source, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping

    def write_fields(self, *, look: bool) -> dict[str, str]:
        """Add a function for each field that is not stored as it is; give their names.

        Unless they may look at values, they are the encoders of the fields.
        """
        names: dict[str, str] = {}
        for name, _, encode in self._mapping.encoders:
            shape = self._mapping.shapes[name]
            if encode is None:
                continue
            encoder = self._source.object(f"encode_{name}", encode)
            names[name] = encoder
            if not look or shape is None or not is_known(shape):
                continue
            names[name] = self._source.name_function(f"write_{name}")
            what = f"Give the stored form of `{name}` of a {self._mapping.model.__name__}."
            with self._source.function(f"def {names[name]}(value):", what):
                writer = ValueCode(self._source, self._mapping, f"return {encoder}(value)")
                self._source.add(f"return {writer.value(shape, 'value', name).stored}")
        return names

    def write_whole(self, functions: dict[str, str]) -> None:
        """Add a function for the whole document."""
        name = self._mapping.model.__name__
        source = self._source
        give_up = ""
        if functions:
            what = f"Make the document of a {name}, whatever its values are."
            with source.function("def write_any(instance):", what):
                source.add("values = instance.__dict__")
                self._return_document(
                    {
                        each: f"{functions[each]}(values[{each!r}])"
                        if each in functions
                        else f"values[{each!r}]"
                        for each in self._mapping.fields
                    }
                )
            give_up = "return write_any(instance)"
        with source.function("def write(instance):", f"Make the document of a {name}."):
            source.add("values = instance.__dict__")
            writer = ValueCode(source, self._mapping, give_up)
            stored = {
                each: writer.field(self._mapping, each, f"values[{each!r}]", each).stored
                for each in self._mapping.fields
            }
            if functions and can_copy(self._mapping) and self._keeps_order():
                self._return_copy(stored)
            else:
                self._return_document(stored)

    def _keeps_order(self) -> bool:
        """Tell whether keys that differ from their names come last, so that a changed copy has the order of the fields."""
        differ = [key != name for name, key, _ in self._mapping.encoders]
        return differ == sorted(differ)

    def _return_copy(self, values: dict[str, str]) -> None:
        source = self._source
        with source.block(f"if len(values) != {len(values)}:"):
            source.add("return write_any(instance)")
        source.add("document = values.copy()")
        for name, value in values.items():
            key = self._mapping.fields[name].key_name
            if key != name:
                source.add(f"del document[{name!r}]")
            if value != f"values[{name!r}]" or key != name:
                source.add(f"document[{key!r}] = {value}")
        source.add("return document")

    def _return_document(self, values: dict[str, str]) -> None:
        with self._source.block("return {"):
            for name, value in values.items():
                self._source.add(f"{self._mapping.fields[name].key_name!r}: {value},")
        self._source.add("}")
