"""Code that takes the snapshot of a field as it is now; see `odmantic._mapping.snapshot`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._mapping.codegen.pieces import (
    DEEPEST_INLINE,
    Pieces,
    as_baseline,
    as_tuple,
    keep,
    keep_any,
    keep_field,
    keep_length,
)
from odmantic._mapping.codegen.source import Source, inside
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.nodes import (
    Anything,
    Array,
    Document,
    Leaf,
    Node,
    Nullable,
    Table,
    is_leaf,
)
from odmantic._mapping.readable import readable_shapes
from odmantic._mapping.snapshot import OtherShapeError

if TYPE_CHECKING:
    from typing import Any

    from odmantic._mapping.mapping import ModelMapping


class SnapshotCode:
    """Writes the functions that take snapshots of the fields of one model."""

    def __init__(self, source: Source, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping
        self._around: list[Any] = []

    def write_fields(self) -> dict[str, str]:
        """Add a function for each mutable field of known shape; give their names."""
        names: dict[str, str] = {}
        shapes = readable_shapes(self._mapping)
        for name in self._mapping.compared_fields:
            shape = shapes[name]
            if shape is None:
                continue
            names[name] = self._source.name_function(f"snapshot_{name}")
            what = f"Take the snapshot of `{name}` of a {self._mapping.model.__name__}."
            with self._source.function(f"def {names[name]}(value):", what):
                pieces = self._value(shape, "value", name)
                self._source.add(f"return {as_tuple(pieces)}")
        return names

    def write_baseline(self) -> None:
        """Add a function for all mutable fields together."""
        source = self._source
        shapes = readable_shapes(self._mapping)
        known = [(name, shapes[name]) for name in self._mapping.compared_fields]
        name = self._mapping.model.__name__
        with source.function("def baseline(instance):", f"Take the baseline of a {name}."):
            source.add("values = instance.__dict__")
            snapshots: list[Pieces] = []
            for each, shape in known:
                local = source.assign(each, f"values[{each!r}]")
                if shape is None:
                    snapshots.append(keep_field(source, self._mapping, each, local, each))
                else:
                    snapshots.append(self._value(shape, local, each))
            source.add(f"return {as_baseline(snapshots)}")

    def write_whole(self) -> None:
        """Add a function for a whole embedded object."""
        name = self._mapping.model.__name__
        with self._source.function("def snapshot(instance):", f"Take the snapshot of a {name}."):
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
            case Document():
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
        self._refuse_unless(value, node.origin)
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

    def _embedded(self, node: Document, value: str, path: str) -> Pieces:
        source = self._source
        mapping = mapping_of(node.model)
        self._refuse_unless(value, node.model)
        if node.model in self._around or len(self._around) >= DEEPEST_INLINE:
            name = source.object(f"{node.model.__name__}_mapping", mapping)
            return keep(source, f"{name}.codec.snapshot({value})", path)
        return self._document(mapping, value, path)

    def _document(self, mapping: ModelMapping, value: str, path: str) -> Pieces:
        source = self._source
        if mapping.extra_allowed:
            with source.block(f"if {value}.__pydantic_extra__:"):
                source.add(f"raise {source.named(OtherShapeError)}")
        values = source.assign(f"{path}_values", f"{value}.__dict__")
        self._around.append(mapping.model)
        pieces: Pieces = []
        for name, shape in readable_shapes(mapping).items():
            where = inside(path, name)
            item = f"{values}[{name!r}]"
            if shape is None:
                pieces += keep_field(source, mapping, name, item, where)
                continue
            if not is_leaf(shape):
                item = source.assign(where, item)
            pieces += self._value(shape, item, where)
        self._around.pop()
        return pieces or ["True"]

    def _refuse_unless(self, value: str, cls: type[Any]) -> None:
        self._source.unless_exactly(value, cls, f"raise {self._source.named(OtherShapeError)}")
