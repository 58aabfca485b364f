"""Code that converts a value of a known shape to its stored form, and takes its snapshot on the way."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from odmantic._bson.decimals import from_decimal
from odmantic._bson.values import AS_IT_IS
from odmantic._codec.encode import encode_document, encode_reference
from odmantic._codec.lazy import ref_encoder
from odmantic._codec.storable import storing_encoder
from odmantic._codec.untyped import encode_any
from odmantic._compiled.document_code import (
    can_copy,
    hidden_pairs,
    is_plain_copy,
    unless_whole,
)
from odmantic._compiled.snapshot_code import (
    as_tuple,
    inside,
    keep,
    keep_any,
    keep_class,
    keep_length,
    mapping_among,
    quoted_key,
)
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.ref import Ref
from odmantic._mapping.variants import variants_of
from odmantic._state.snapshot import snapshot_of_stored
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
    Target,
    Type,
    is_leaf,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Container

    from odmantic._compiled.inlining import Inlining
    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.variants import Variants


class Stored(NamedTuple):
    """The code for a value.

    Attributes:
        stored: The expression for the stored form.
        pieces: The expressions that make up the snapshot, if there is one.
    """

    stored: str
    pieces: list[str]


class ValueCode:
    """A writer of code for values.

    A value of another type than annotated ends in `give_up`, a line of code, or, if an embedded object lacks it, in a
    `KeyError`. With `keeps`, snapshots are taken, in the form of `odmantic._compiled.snapshots`, in which no value can
    change.
    """

    def __init__(
        self, source: Source, give_up: str, inlining: Inlining, *, keeps: bool = False
    ) -> None:
        self._source = source
        self._inlining = inlining
        self._give_up = give_up
        self._keeps = keeps

    def field(self, mapping: ModelMapping, name: str, value: str, path: str) -> Stored:
        """Write the code for a field with the expression `value`."""
        encode = mapping.encoder_of[name]
        shape = mapping.shapes[name]
        if encode is None and not self._keeps:
            return Stored(value, [])
        value = self._source.assign(path, value)
        if shape is not None and is_known(shape, as_it_is=encode is None):
            written = self.value(shape, value, path)
            if not self._keeps or mapping.readable.shapes[name] is not None:
                return written
        if encode is None:
            stored = value
        else:
            encoder = self._source.object(f"encode_{path}", storing_encoder(mapping, name))
            stored = f"{encoder}({value})"
        return self._by_stored(stored, path)

    def value(self, node: Node, value: str, path: str) -> Stored:
        """Write the code for the value of a local variable."""
        match node:
            case Leaf():
                return self._leaf(node, value)
            case Nullable():
                return self._nullable(node, value, path)
            case Array():
                return self._array(node, value, path)
            case Table():
                return self._table(node, value, path)
            case Document() | Tagged():
                return self._embedded(node, value, path)
            case Target():
                self._unless_exactly(value, node.cls)
                return self._by_stored(f"{self._source.named(encode_reference)}({value})", path)
            case Lazy():
                self._unless_exactly(value, Ref)
                encode = self._source.object("encode_ref", ref_encoder(node, KeyError))
                return self._by_stored(f"{encode}({value})", path)
            case _:
                return self._any(value, path)

    # --- Kinds of values -----------------------------------------------------------------------

    def _any(self, value: str, path: str) -> Stored:
        stored = f"{self._source.named(encode_any)}({value})"
        return Stored(stored, keep_any(self._source, value, path) if self._keeps else [])

    def _by_stored(self, stored: str, path: str) -> Stored:
        if not self._keeps:
            return Stored(stored, [])
        local = self._source.assign(f"{path}_stored", stored)
        snapshot = f"{self._source.named(snapshot_of_stored)}({local})"
        return Stored(local, keep(self._source, snapshot, path))

    def _leaf(self, leaf: Leaf, value: str) -> Stored:
        self._unless_exactly(value, leaf.value_class)
        if leaf.value_class is Decimal:
            return Stored(f"{self._source.named(from_decimal)}({value})", [value])
        if leaf.form is not None:
            # A client may have code of its own for the class.
            return Stored(f"{self._source.object('form', leaf.form)}.write({value})", [value])
        return Stored(
            f"{value}._value_" if self._has_plain_value(leaf.value_class) else value, [value]
        )

    def _has_plain_value(self, cls: type[Any]) -> bool:
        """Return whether the driver is given the value of a member: it is slow with unknown classes."""
        if not issubclass(cls, Enum):
            return False
        return not issubclass(cls, AS_IT_IS) or (self._keeps and has_equal_values(cls))

    def _nullable(self, node: Nullable, value: str, path: str) -> Stored:
        source = self._source
        result = source.assign(f"{path}_or_none", "None")
        kept = None if is_leaf(node) else source.assign(f"{path}_snapshot_or_none", "(None,)")
        with source.block(f"if {value} is not None:"):
            stored, pieces = self.value(node.inner, value, path)
            source.add(f"{result} = {stored}")
            if self._keeps and kept is not None:
                source.add(f"{kept} = {as_tuple(['True', *pieces])}")
        return Stored(result, [value] if kept is None else [f"*{kept}"])

    def _array(self, node: Array, value: str, path: str) -> Stored:
        source = self._source
        self._unless_exactly(value, node.cls)
        if is_stored_as_it_is(node.inner):
            return self._plain_array(node, value, path)
        if isinstance(node.inner, Anything):
            return self._any(value, path)
        result = source.assign(f"{path}_items", "[]")
        item = source.local(f"{path}_item")
        kept = keep_length(source, value, path) if self._keeps else None
        with source.block(f"for {item} in {value}:"):
            stored, pieces = self.value(node.inner, item, f"{path}_item")
            source.add(f"{result}.append({stored})")
            if kept is not None:
                source.add(f"{kept} += {as_tuple(pieces)}")
        return Stored(result, [] if kept is None else [f"*{kept}"])

    def _plain_array(self, node: Array, value: str, path: str) -> Stored:
        stored = value if node.cls is tuple else f"[*{value}]"
        if not self._keeps:
            if node.cls is not tuple:
                self._unless_all(value, node.inner)
            return Stored(stored, [])
        # The snapshot is what is sent, even if another thread changes the value meanwhile.
        stored = self._source.assign(f"{path}_stored", stored)
        self._unless_all(stored, node.inner)
        return Stored(stored, [f"len({stored})", f"*{stored}"])

    def _table(self, node: Table, value: str, path: str) -> Stored:
        source = self._source
        self._unless_exactly(value, dict)
        if not self._keeps and is_stored_as_it_is(node.inner):
            self._unless_all(f"{value}.values()", node.inner)
            return Stored(f"{value}.copy()", [])
        if isinstance(node.inner, Anything):
            return self._any(value, path)
        result = source.assign(f"{path}_items", "{}")
        key = source.local(f"{path}_key")
        item = source.local(f"{path}_item")
        kept = keep_length(source, value, path) if self._keeps else None
        with source.block(f"for {key}, {item} in {value}.items():"):
            if kept is not None:
                self._unless_exactly(key, str)
            stored, pieces = self.value(node.inner, item, f"{path}_item")
            source.add(f"{result}[{key}] = {stored}")
            if kept is not None:
                source.add(f"{kept} += {as_tuple([key, *pieces])}")
        return Stored(result, [f"*{kept}"])

    def _embedded(self, node: Type, value: str, path: str) -> Stored:
        variants = variants_of(node)
        if variants is not None:
            return self._variant(variants, value, path)
        mapping = mapping_of(node.cls)
        self._unless_exactly(value, node.cls)
        is_odd = self._is_odd(mapping)
        if is_odd or not self._inlining.takes(mapping, self._source):
            name = self._source.object("mapping", mapping)
            return self._elsewhere(name, value, path, is_odd=is_odd)
        return self._inlined(mapping, value, path)

    def _variant(self, variants: Variants, value: str, path: str) -> Stored:
        source = self._source
        cls = source.assign(f"{path}_class", f"type({value})")
        result = source.local(f"{path}_stored")
        kept = source.local(f"{path}_snapshot")

        def assign(written: Stored) -> None:
            source.add(f"{result} = {written.stored}")
            if self._keeps:
                source.add(f"{kept} = {as_tuple(written.pieces)}")

        odd = [mapping for mapping in variants.mappings if self._is_odd(mapping)]
        usual = [mapping for mapping in variants.mappings if mapping not in odd]
        inlined, others = self._inlining.split(usual, source)
        others += odd
        for position, mapping in enumerate(inlined):
            model = source.object("Class", mapping.model)
            with source.block(f"{'elif' if position else 'if'} {cls} is {model}:"):
                assign(self._inlined(mapping, value, f"{path}_v{position}"))
        with source.block("else:") if inlined else nullcontext():
            if others:
                name = mapping_among(source, others, cls, path, self._give_up)
                assign(self._elsewhere(name, value, path, is_odd=bool(odd)))
            else:
                source.add(self._give_up)
        return Stored(result, [f"*{kept}"] if self._keeps else [])

    def _is_odd(self, mapping: ModelMapping) -> bool:
        """Return whether a class has code of its own for its documents, or their snapshots."""
        is_odd = mapping.keeps_unknown_keys or mapping.extra_allowed or mapping.is_unvalidated
        is_odd |= bool(mapping.left_out or mapping.stored)
        return is_odd or (self._keeps and not keeps_alike(mapping, mapping.fields))

    def _inlined(self, mapping: ModelMapping, value: str, path: str) -> Stored:
        values = self._source.assign(f"{path}_values", f"{value}.__dict__")
        places = {name: inside(path, mapping, name) for name in mapping.fields}
        items = {
            name: f"{values}[{self._source.quoted(where, name)}]" for name, where in places.items()
        }
        if not self._keeps and can_copy(mapping) and is_plain_copy(mapping):
            return Stored(self._copy(mapping, values, items.values()), [])
        with self._inlining.within(mapping):
            fields = {
                name: self.field(mapping, name, items[name], where)
                for name, where in places.items()
            }
        kept = keep_class(self._source, mapping, None, path) if self._keeps else []
        kept += [piece for written in fields.values() for piece in written.pieces]
        pieces = kept or ["True"]
        is_copy = all([stored] == kept for stored, kept in fields.values())
        if is_copy and can_copy(mapping) and is_plain_copy(mapping):
            return Stored(self._copy(mapping, values, ()), pieces)
        pairs = [
            *hidden_pairs(self._source, mapping),
            *(
                f"{quoted_key(self._source, mapping, name, places[name])}: {written.stored}"
                for name, written in fields.items()
            ),
        ]
        return Stored(f"{{{', '.join(pairs)}}}", pieces)

    def _copy(self, mapping: ModelMapping, values: str, unread: Collection[str]) -> str:
        unless_whole(self._source, mapping, values, self._give_up, unread)
        return f"{values}.copy()"

    def _elsewhere(self, mapping: str, value: str, path: str, *, is_odd: bool) -> Stored:
        source = self._source
        write = source.named(encode_document) if is_odd else f"{mapping}.codec.write"
        stored = f"{write}({value})"
        if not self._keeps:
            return Stored(stored, [])
        taken = source.assign(f"{path}_snapshot", f"{mapping}.codec.snapshot({value})")
        with source.block(
            f"if not {mapping}.codec.leaf_classes.issuperset(map(type, {taken})):",
        ):
            source.add(self._give_up)
        return Stored(stored, [f"*{taken}"])

    def _unless_exactly(self, value: str, cls: type[Any]) -> None:
        self._source.unless_exactly(value, cls, self._give_up)

    def _unless_all(self, values: str, node: Node) -> None:
        classes = frozenset(_classes(node))
        name = self._source.object("allowed", classes)
        with self._source.block(f"if not {name}.issuperset(map(type, {values})):"):
            self._source.add(self._give_up)


def has_equal_values(cls: type[Enum]) -> bool:
    """Return whether members that are text or numbers are stored like their values."""
    return all(_is_equal(member, member.value) for member in cls)


def _is_equal(member: Any, value: Any) -> bool:
    # An enumeration may define equality, and a member may differ from its value.
    if isinstance(member, str):
        return type(value) is str and str.__eq__(value, member)
    return type(value) is int and int.__eq__(value, member) is True


def _classes(node: Node) -> list[type[Any]]:
    if isinstance(node, Nullable):
        return [type(None), *_classes(node.inner)]
    leaf: Any = node
    return [leaf.value_class]


def is_stored_as_it_is(node: Node) -> bool:
    """Return whether the encoder of an annotation changes no value."""
    if isinstance(node, Nullable):
        return is_stored_as_it_is(node.inner)
    return isinstance(node, Leaf) and issubclass(node.value_class, AS_IT_IS)


def is_known(node: Node, *, as_it_is: bool = False) -> bool:
    """Return whether code can be written: for a tuple, that depends on all of its items."""
    if isinstance(node, Array) and node.cls is tuple:
        return as_it_is and is_stored_as_it_is(node.inner)
    return not isinstance(node, (Nullable, Array, Table)) or is_known(node.inner, as_it_is=as_it_is)


def keeps_alike(mapping: ModelMapping, names: Container[str]) -> bool:
    """Return whether the snapshots taken while the named fields are written equal those taken later."""
    return all(
        is_known(shape, as_it_is=encode is None)
        for name, _, encode in mapping.encoders
        if name in names and (shape := mapping.readable.shapes[name]) is not None
    )
