"""Code that takes the current snapshot of a field; see `odmantic._state.snapshot`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from odmantic._compiled.inlining import Inlining
from odmantic._compiled.snapshot_code import (
    Pieces,
    as_baseline,
    as_tuple,
    inside,
    keep,
    keep_any,
    keep_class,
    keep_field,
    keep_length,
    keep_refs,
    mapping_among,
)
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.variants import variants_of
from odmantic._state.snapshot import OtherShapeError
from odmantic._types.tree import (
    Anything,
    Array,
    Document,
    Lazy,
    Leaf,
    Node,
    Nullable,
    Table,
    Tagged,
    Type,
    is_leaf,
)

if TYPE_CHECKING:
    from typing import Any

    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.variants import Variants


class SnapshotCode:
    """A writer of the functions that take snapshots of the fields of one model."""

    def __init__(self, source: Source, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping
        self._inlining = Inlining()

    def write_fields(self) -> dict[str, str]:
        """Add a function for each mutable field of known shape; return their names."""
        names: dict[str, str] = {}
        for name in self._mapping.compared_fields:
            shape = self._mapping.readable.shapes[name]
            if shape is None:
                continue
            where = inside("", self._mapping, name)
            names[name] = self._source.name_function(f"snapshot_{where}")
            what = f"Take the snapshot of `{where}`."
            with self._source.function(f"def {names[name]}(value):", what):
                pieces = self._value(shape, "value", where)
                self._source.add(f"return {as_tuple(pieces)}")
        return names

    def write_baseline(self) -> None:
        """Add a function for all mutable fields together."""
        source = self._source
        with source.function("def baseline(instance):", "Take the baseline of an instance."):
            source.add("values = instance.__dict__")
            snapshots: list[Pieces] = []
            for name in self._mapping.compared_fields:
                where = inside("", self._mapping, name)
                local = source.assign(where, f"values[{source.quoted(where, name)}]")
                shape = self._mapping.readable.shapes[name]
                if shape is None:
                    snapshots.append(keep_field(source, self._mapping, name, local, where))
                else:
                    snapshots.append(self._value(shape, local, where))
            source.add(f"return {as_baseline(snapshots)}")

    def write_whole(self) -> None:
        """Add a function for a whole embedded object."""
        what = "Take the snapshot of an embedded instance."
        with self._source.function("def snapshot(instance):", what):
            pieces = self._document(self._mapping, "instance", "")
            self._source.add(f"return {as_tuple(pieces)}")

    # --- Values --------------------------------------------------------------------------------

    def _value(self, node: Node, value: str, path: str) -> Pieces:
        match node:
            case Leaf():
                return [value]
            case Nullable():
                return self._nullable(node, value, path)
            case Array():
                return self._array(node, value, path)
            case Table():
                return self._table(node, value, path)
            case Document() | Tagged():
                return self._embedded(node, value, path)
            case _:
                return keep_any(self._source, value, path)

    def _nullable(self, node: Nullable, value: str, path: str) -> Pieces:
        if isinstance(node.inner, Leaf):
            return [value]
        source = self._source
        kept = source.local(f"{path}_or_none")
        with source.block(f"if {value} is None:"):
            source.add(f"{kept} = (None,)")
        with source.block("else:"):
            pieces = self._value(node.inner, value, path)
            source.add(f"{kept} = {as_tuple(['True', *pieces])}")
        return [f"*{kept}"]

    def _array(self, node: Array, value: str, path: str) -> Pieces:
        source = self._source
        if isinstance(node.inner, Anything):
            return keep_any(source, value, path)
        self._refuse_unless(value, node.cls)
        if isinstance(node.inner, Lazy):
            return keep_refs(source, value, path)
        if is_leaf(node.inner):
            return [f"len({value})", f"*{value}"]
        item = source.local(f"{path}_item")
        kept = keep_length(source, value, path)
        with source.block(f"for {item} in {value}:"):
            pieces = self._value(node.inner, item, f"{path}_item")
            source.add(f"{kept} += {as_tuple(pieces)}")
        return [f"*{kept}"]

    def _table(self, node: Table, value: str, path: str) -> Pieces:
        source = self._source
        if isinstance(node.inner, Anything):
            return keep_any(source, value, path)
        self._refuse_unless(value, dict)
        key = source.local(f"{path}_key")
        item = source.local(f"{path}_item")
        kept = keep_length(source, value, path)
        with source.block(f"for {key}, {item} in {value}.items():"):
            pieces = self._value(node.inner, item, f"{path}_item")
            source.add(f"{kept} += {as_tuple([key, *pieces])}")
        return [f"*{kept}"]

    def _embedded(self, node: Type, value: str, path: str) -> Pieces:
        source = self._source
        variants = variants_of(node)
        if variants is not None:
            return self._variant(variants, value, path)
        mapping = mapping_of(node.cls)
        self._refuse_unless(value, node.cls)
        if not self._inlining.takes(mapping, source):
            return self._taken_by(source.object("mapping", mapping), value, path)
        return self._document(mapping, value, path)

    def _variant(self, variants: Variants, value: str, path: str) -> Pieces:
        source = self._source
        cls = source.assign(f"{path}_class", f"type({value})")
        kept = source.local(f"{path}_snapshot")
        inlined, others = self._inlining.split(variants.mappings, source)
        for position, mapping in enumerate(inlined):
            model = source.object("Class", mapping.model)
            with source.block(f"{'elif' if position else 'if'} {cls} is {model}:"):
                pieces = self._document(mapping, value, f"{path}_v{position}")
                source.add(f"{kept} = {as_tuple(pieces)}")
        with source.block("else:") if inlined else nullcontext():
            if not others:
                source.add(self._refusal())
                return [f"*{kept}"]
            name = mapping_among(source, others, cls, path, self._refusal())
            source.add(f"{kept} = {as_tuple(self._taken_by(name, value, path))}")
        return [f"*{kept}"]

    def _taken_by(self, mapping: str, value: str, path: str) -> Pieces:
        return keep(self._source, f"{mapping}.codec.snapshot({value})", path)

    def _document(self, mapping: ModelMapping, value: str, path: str) -> Pieces:
        source = self._source
        if mapping.extra_allowed:
            with source.block(f"if {value}.__pydantic_extra__:"):
                source.add(f"raise {source.named(OtherShapeError)}")
        values = source.assign(f"{path}_values", f"{value}.__dict__")
        pieces = keep_class(source, mapping, value, path)
        with self._inlining.within(mapping):
            for name, shape in mapping.readable.shapes.items():
                where = inside(path, mapping, name)
                item = f"{values}[{source.quoted(where, name)}]"
                if shape is None:
                    pieces += keep_field(source, mapping, name, item, where)
                    continue
                if not is_leaf(shape):
                    item = source.assign(where, item)
                pieces += self._value(shape, item, where)
        return pieces or ["True"]

    def _refuse_unless(self, value: str, cls: type[Any]) -> None:
        self._source.unless_exactly(value, cls, self._refusal())

    def _refusal(self) -> str:
        return f"raise {self._source.named(OtherShapeError)}"
