"""Code that marks the embedded objects in written instances as clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._compiled.snapshot_code import inside
from odmantic._mapping.mapping import ModelMapping, mapping_of
from odmantic._state.places import EMBEDDED
from odmantic._state.state import slot
from odmantic._state.transitions import mark_embedded_clean
from odmantic._types.tree import Array, Document, Node, Nullable, Target

if TYPE_CHECKING:
    from odmantic._compiled.source import Source


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
            name for name in mapping.nested_fields if not isinstance(mapping.shapes[name], Target)
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
            case Document() as document:
                self._document(document, value)
            case Array(cls=cls, inner=Document() as document) if cls is list:
                item = self._source.local(f"{path}_item")
                with self._source.block(f"for {item} in {value} if type({value}) is list else ():"):
                    self._document(document, item)
            case _:
                self._source.add(f"{self._mark_any()}({value})")

    def _document(self, node: Document, value: str) -> None:
        source = self._source
        mapping = mapping_of(node.cls)
        if mapping.nested_fields:
            source.add(f"{self._mark_any()}({value})")
            return
        model = source.object("Class", node.cls)
        set_state = source.object("set_state", slot(node.cls, "__state__").__set__)
        with source.block(f"if type({value}) is {model}:"):
            source.add(f"{set_state}({value}, {source.object('EMBEDDED', EMBEDDED)})")
        with source.block("else:"):
            source.add(f"{self._mark_any()}({value})")

    def _mark_any(self) -> str:
        return self._source.named(mark_embedded_clean)
