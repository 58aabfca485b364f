"""Expressions of generated code for snapshots and baselines; see `odmantic._state.snapshot`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._compiled.source import Source
from odmantic._state.snapshot import (
    snapshot_of_any,
    snapshot_of_field,
    snapshot_of_ref,
    snapshot_of_unknown,
)

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping

Pieces = list[str]
"""The expressions, some of them starred, that make up the snapshot of a value."""


def inside(path: str, mapping: ModelMapping, name: str) -> str:
    """Return the prefix of names for a field: its path, by the positions of fields."""
    position = f"f{mapping.positions[name]}"
    return f"{path}_{position}" if path else position


def quoted_key(source: Source, mapping: ModelMapping, name: str, where: str) -> str:
    """Write the key of a field as a constant; `where` is the field's prefix from `inside`."""
    key = mapping.fields[name].key_name
    if key == name:
        return source.quoted(where, name)
    around, _, position = where.rpartition("f")
    return source.quoted(f"{around}k{position}", key)


def keep(source: Source, expression: str, path: str) -> Pieces:
    """Assign a snapshot to a local variable."""
    return [f"*{source.assign(f'{path}_snapshot', expression)}"]


def keep_length(source: Source, value: str, path: str) -> str:
    """Start the list for the snapshot of a container; return its name."""
    return source.assign(f"{path}_snapshot", f"[len({value})]")


def keep_class(source: Source, mapping: ModelMapping, instance: str | None, path: str) -> Pieces:
    """Write the type of an embedded object, by which those of the classes of a hierarchy differ.

    `instance` is the name of the object, unless it was just read from a document of a known type.
    """
    if mapping.hierarchy is None:
        return []
    value = mapping.hierarchy.stored_by(mapping.model)
    leaf = source.quoted(f"{path}_type", value) if isinstance(value, str) else repr(value)
    if not mapping.keeps_unknown_keys:
        return [leaf]
    return [leaf, f"{source.named(snapshot_of_unknown)}({instance})" if instance else "None"]


def keep_any(source: Source, value: str, path: str) -> Pieces:
    """Take the snapshot of a value of unknown type."""
    return keep(source, f"{source.named(snapshot_of_any)}({value})", path)


def keep_refs(source: Source, values: str, path: str) -> Pieces:
    """Take the snapshot of a container of lazy references: their stored forms."""
    kept = f"[*map({source.named(snapshot_of_ref)}, {values})]"
    return [f"len({values})", *keep(source, kept, path)]


def keep_field(source: Source, mapping: ModelMapping, name: str, value: str, path: str) -> Pieces:
    """Take the snapshot of a field of which only the stored form is known."""
    hint = f"snapshot_of_f{mapping.positions[name]}"
    function = source.object(hint, snapshot_of_field(mapping, name))
    return keep(source, f"{function}({value})", path)


def mapping_among(
    source: Source, mappings: list[ModelMapping], cls: str, path: str, otherwise: str
) -> str:
    """Assign the mapping of a value's class `cls` to a local variable; end in `otherwise` for another class."""
    by_class = source.object("mappings", {each.model: each for each in mappings})
    name = source.assign(f"{path}_mapping", f"{by_class}.get({cls})")
    with source.block(f"if {name} is None:"):
        source.add(otherwise)
    return name


def as_tuple(pieces: Pieces) -> str:
    """Write a tuple."""
    return f"({', '.join(pieces)},)"


def as_baseline(kept: list[Pieces]) -> str:
    """Write the baseline from the snapshots of fields."""
    if not kept:
        return "()"
    return as_tuple([*map(_length, kept), *(piece for pieces in kept for piece in pieces)])


def _length(pieces: Pieces) -> str:
    starred = [f"len({piece[1:]})" for piece in pieces if piece.startswith("*")]
    single = len(pieces) - len(starred)
    return " + ".join([str(single), *starred] if single else starred)
