"""Code that marks the embedded objects in written instances as clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._compiled.snapshot_code import inside
from odmantic._mapping.fields import ODMReference
from odmantic._mapping.variants import embedded_in
from odmantic._state.places import EMBEDDED
from odmantic._state.state import slot
from odmantic._state.transitions import mark_embedded_clean
from odmantic._types.tree import Array, Document, Node, Nullable, Tagged, Type

if TYPE_CHECKING:
    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping


class MarkerCode:
    """A writer of the function that marks embedded objects in instances as clean, at any depth, but no references.

    The usual shapes are embedded objects and lists of them without further ones: others are slower.
    """

    def __init__(self, source: Source, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping

    def write(self) -> None:
        """Add the function, if there is anything to mark."""
        source = self._source
        mapping = self._mapping
        names = [
            name
            for name in mapping.nested_fields
            if not isinstance(mapping.fields[name], ODMReference)
        ]
        if not names:
            return
        what = "Note that what is in each instance equals what was written."
        with (
            source.function("def mark_nested(instances):", what),
            source.block("for instance in instances:"),
        ):
            source.add("values = instance.__dict__")
            for name in names:
                # The field may be missing by now.
                where = inside("", mapping, name)
                local = source.assign(where, f"values.get({source.quoted(where, name)})")
                self._value(mapping.shapes[name], local, where)

    def _value(self, node: Node | None, value: str, path: str) -> None:
        match node.inner if isinstance(node, Nullable) else node:
            case Document() | Tagged() as embedded:
                self._embedded(embedded, value)
            case Array(cls=cls, inner=(Document() | Tagged()) as embedded) if cls is list:
                item = self._source.local(f"{path}_item")
                with self._source.block(f"for {item} in {value} if type({value}) is list else ():"):
                    self._embedded(embedded, item)
            case _:
                self._source.add(f"{self._mark_any()}({value})")

    def _embedded(self, node: Type, value: str) -> None:
        source = self._source
        mappings = embedded_in(node)
        if not mappings or any(each.nested_fields for each in mappings):
            source.add(f"{self._mark_any()}({value})")
            return
        classes = tuple(each.model for each in mappings)
        set_state = source.object("set_state", slot(classes[0], "__state__").__set__)
        is_one = (
            f"is {source.object('Class', classes[0])}"
            if len(classes) == 1
            else f"in {source.object('classes', frozenset(classes))}"
        )
        with source.block(f"if type({value}) {is_one}:"):
            source.add(f"{set_state}({value}, {source.object('EMBEDDED', EMBEDDED)})")
        with source.block("else:"):
            source.add(f"{self._mark_any()}({value})")

    def _mark_any(self) -> str:
        return self._source.named(mark_embedded_clean)
