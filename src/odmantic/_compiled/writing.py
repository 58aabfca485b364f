"""Code that makes the document of an instance."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from odmantic._codec.storable import storing_encoder
from odmantic._compiled.document_code import assign_copy, can_copy, hidden_pairs, key_of, value_of
from odmantic._compiled.inlining import Inlining
from odmantic._compiled.snapshot_code import inside
from odmantic._compiled.values import ValueCode, is_known

if TYPE_CHECKING:
    from collections.abc import Generator

    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping


class WriterCode:
    """A writer of the functions that make the documents of one model, and the stored forms of its fields.

    A value of another type than annotated is left to the encoder of its field.
    """

    def __init__(self, source: Source, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping

    def write(self, *, look: bool) -> dict[str, str]:
        """Add the functions; return the names of those for single fields.

        Unless they may `look` at values, functions for single fields are the encoders of the fields.
        """
        functions = self._write_fields(look=look)
        self._write_whole(functions)
        return functions

    def _write_fields(self, *, look: bool) -> dict[str, str]:
        """Add a function for each field that is not stored unchanged; return their names."""
        names: dict[str, str] = {}
        inlining = Inlining()
        for name in self._mapping.fields:
            shape = self._mapping.shapes[name]
            encode = storing_encoder(self._mapping, name)
            if encode is None:
                continue
            where = self._where(name)
            encoder = self._source.object(f"encode_{where}", encode)
            names[name] = encoder
            if not look or shape is None or not is_known(shape):
                continue
            names[name] = self._source.name_function(f"write_{where}")
            what = f"Give the stored form of `{where}`."
            with self._source.function(f"def {names[name]}(value):", what):
                give_up = f"return {encoder}(value)"
                with self._unless_incomplete(give_up):
                    writer = ValueCode(self._source, give_up, inlining)
                    self._source.add(f"return {writer.value(shape, 'value', where).stored}")
        return names

    def _write_whole(self, functions: dict[str, str]) -> None:
        """Add a function for the whole document."""
        source = self._source
        give_up = ""
        if functions:
            what = "Make the document of an instance, whatever its values are."
            with source.function("def write_any(instance):", what):
                source.add("values = instance.__dict__")
                self._return_document(
                    {
                        each: f"{functions[each]}({self._value_of(each)})"
                        if each in functions
                        else self._value_of(each)
                        for each in self._mapping.fields
                    }
                )
            give_up = "return write_any(instance)"
        with source.function("def write(instance):", "Make the document of an instance."):
            source.add("values = instance.__dict__")
            with self._unless_incomplete(give_up) if give_up else nullcontext():
                writer = ValueCode(source, give_up, Inlining())
                stored = {
                    each: writer.field(
                        self._mapping, each, self._value_of(each), self._where(each)
                    ).stored
                    for each in self._mapping.fields
                }
                if functions and can_copy(self._mapping) and self._keeps_order():
                    assign_copy(source, self._mapping, stored, give_up)
                    source.add("return document")
                else:
                    self._return_document(stored)

    @contextmanager
    def _unless_incomplete(self, give_up: str) -> Generator[None]:
        """Make code end in `give_up` if a field is missing: slower code says which."""
        with self._source.block("try:"):
            yield
        with self._source.block("except KeyError:"):
            self._source.add(give_up)

    def _where(self, name: str) -> str:
        return inside("", self._mapping, name)

    def _value_of(self, name: str) -> str:
        return value_of(self._source, self._mapping, name)

    def _keeps_order(self) -> bool:
        """Return whether keys that differ from field names come last, so that a changed copy keeps the order."""
        differ = [key != name for name, key, _ in self._mapping.encoders]
        return differ == sorted(differ)

    def _return_document(self, values: dict[str, str]) -> None:
        with self._source.block("return {"):
            self._source.add(*(f"{pair}," for pair in hidden_pairs(self._source, self._mapping)))
            for name, value in values.items():
                self._source.add(f"{key_of(self._source, self._mapping, name)}: {value},")
        self._source.add("}")
