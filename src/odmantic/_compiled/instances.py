"""Code that makes an instance from a document of the expected shape, with everything embedded in it."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from types import NoneType
from typing import TYPE_CHECKING, Any

from odmantic._codec.lazy import ref_of_id
from odmantic._compiled.defaults import NO_DEFAULT, stored_default
from odmantic._compiled.inlining import Inlining
from odmantic._compiled.one_of import write_one_of
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
    quoted_key,
)
from odmantic._mapping.blank import FEW, blank_of
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.ref import Ref
from odmantic._mapping.variants import variants_of
from odmantic._state.places import EMBEDDED
from odmantic._state.transitions import mark_embedded_clean, note_stored
from odmantic._types.tree import (
    Anything,
    Array,
    Document,
    Lazy,
    Leaf,
    Node,
    Nullable,
    Opaque,
    Table,
    Tagged,
    Targets,
    is_leaf,
    nodes_around,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.variants import Variants
    from odmantic._types.tree import Type


class InstanceCode:
    """A writer of the code for one instance.

    With `known`, the instance counts as read: it gets a baseline, see `odmantic._state.snapshot`.

    Attributes:
        refusal: The line of code that leaves a document to validation.
        is_known: Whether the instance counts as read.
        calls_others: Whether the code calls functions that may raise anything.
        known_of: The local variables for what is known of referenced documents, by model.
    """

    def __init__(self, source: Source, *, known: bool, refusal: str = "return None") -> None:
        self._source = source
        self.is_known = known
        self._inlining = Inlining()
        self.refusal = refusal
        self.calls_others = False
        self.known_of: dict[Any, str] = {}

    def make(self, mapping: ModelMapping) -> str:
        """Make an instance of the document `raw`; return its name."""
        self.refuse_unless("raw", dict)
        return self.make_of_dict(mapping)

    def make_of_dict(self, mapping: ModelMapping) -> str:
        """Make an instance of the dictionary `raw`; return its name."""
        self._inlining = Inlining()
        keeps = mapping.mutable_fields if self.is_known else frozenset[str]()
        instance, pieces = self._document(mapping, "raw", "", keeps=keeps)
        if self.is_known:
            self._source.add(f"{instance}.__state__ = known")
        self._finish(mapping, instance, as_baseline(pieces) if pieces else None)
        if self.is_known and mapping.stored:
            self._source.add(f"{self._source.named(note_stored)}({instance}, raw)")
        return instance

    def make_part(self, mapping: ModelMapping) -> str:
        """Make an embedded object of the document `raw`; return the tuple of it and its snapshot."""
        self.refuse_unless("raw", dict)
        pieces = self._inlined(mapping, "raw", "", is_kept=True)
        return as_tuple(["raw", *pieces])

    def look_up_known(self, models: Iterable[type[Any]]) -> None:
        """Assign what is known of referenced documents to local variables."""
        for model in dict.fromkeys(models):
            of_model = f"known.of({self._source.object('Class', model)})"
            self.known_of[model] = self._source.assign("known", of_model)

    @contextmanager
    def refusing(self) -> Generator[None]:
        """Have the following code leave a document to validation when something fails."""
        with self._source.block("try:"):
            yield
        # Validation describes the problem; user code may raise anything.
        caught = "Exception" if self.calls_others else "(KeyError, OverflowError, ValueError)"
        with self._source.block(f"except {caught}:"):
            self._source.add(self.refusal)

    # --- Documents -----------------------------------------------------------------------------

    def _document(
        self, mapping: ModelMapping, raw: str, path: str, *, keeps: frozenset[str]
    ) -> tuple[str, list[Pieces]]:
        """Fill an instance; return its name, and the snapshots of the fields in `keeps`."""
        source = self._source
        if mapping.extra_allowed:
            # Surplus keys are part of the instance.
            hidden = [source.quoted("kind", key) for key in mapping.hidden_type]
            others = "".join(f" or {key} not in {raw}" for key in hidden)
            count = len(mapping.fields) + len(hidden)
            with source.block(f"if len({raw}) != {count}{others}:"):
                self._source.add(self.refusal)
        values: list[tuple[str, str]] = []
        kept: list[Pieces] = []
        with self._inlining.within(mapping):
            for name, node in (mapping.readable.nodes or {}).items():
                where = inside(path, mapping, name)
                local = self._load(mapping, name, node, raw, where)
                is_kept = name in keeps
                if isinstance(node, Opaque):
                    pieces = self._opaque(mapping, name, node, local, raw, where, is_kept=is_kept)
                elif isinstance(nodes_around(node)[-1], Targets):
                    self._value(node, local, where, is_kept=False)
                    pieces = keep_field(source, mapping, name, local, where) if is_kept else []
                else:
                    pieces = self._value(node, local, where, is_kept=is_kept)
                values.append((source.word(where, name), local))
                if is_kept:
                    kept.append(pieces)
        instance = source.local(f"{path}_instance" if path else "instance")
        self._fill(mapping, instance, values)
        return instance, kept

    def _fill(self, mapping: ModelMapping, instance: str, values: list[tuple[str, str]]) -> None:
        """Set attributes, given by the words for their names."""
        source = self._source
        source.add(f"{instance} = {source.object('Blank', blank_of(mapping))}()")
        if len(values) <= FEW:
            items = ", ".join(f"'{word}': {value}" for word, value in values)
            source.add(f"{instance}.__dict__ = {{{items}}}")
        else:
            source.add(*(f"{instance}.{word} = {value}" for word, value in values))

    def _finish(self, mapping: ModelMapping, instance: str, baseline: str | None) -> None:
        if self.is_known and baseline is not None:
            self._source.add(f"{instance}.__baseline__ = {baseline}")
        self._source.add(f"{instance}.__class__ = {self._source.object('Class', mapping.model)}")

    def _load(self, mapping: ModelMapping, name: str, node: Node, raw: str, where: str) -> str:
        field = mapping.fields[name]
        key = quoted_key(self._source, mapping, name, where)
        default = NO_DEFAULT if mapping.extra_allowed else stored_default(field, node)
        if default is NO_DEFAULT:
            return self._source.assign(where, f"{raw}[{key}]")
        if default is None:
            return self._source.assign(where, f"{raw}.get({key})")
        constant = self._source.object(f"default_{where}", default)
        return self._source.assign(where, f"{raw}.get({key}, {constant})")

    def _opaque(
        self,
        mapping: ModelMapping,
        name: str,
        node: Opaque,
        local: str,
        raw: str,
        path: str,
        *,
        is_kept: bool,
    ) -> Pieces:
        source = self._source
        self.calls_others = True
        source.add(f"{local} = {source.object(f'read_{path}', node.read)}({local}, {raw})")
        if node.nests and self.is_known:
            source.add(f"{source.named(mark_embedded_clean)}({local})")
        if not is_kept:
            return []
        return keep_field(source, mapping, name, local, path)

    # --- Values --------------------------------------------------------------------------------

    def _value(self, node: Node, local: str, path: str, *, is_kept: bool) -> Pieces:
        """Check and convert the value of a local variable; return its snapshot."""
        match node:
            case Leaf():
                self._leaf(node, local)
                return [local]
            case Anything():
                return keep_any(self._source, local, path) if is_kept else []
            case Nullable():
                return self._nullable(node, local, path, is_kept=is_kept)
            case Array():
                return self._array(node, local, path, is_kept=is_kept)
            case Table():
                return self._table(node, local, path, is_kept=is_kept)
            case Document() | Tagged():
                return self._embedded(node, local, path, is_kept=is_kept)
            case Lazy():
                self._lazy(node, local)
                return keep_any(self._source, local, path) if is_kept else []
            case _:
                return self._target(node, local, path, is_kept=is_kept)

    def _leaf(self, leaf: Leaf, local: str) -> None:
        names = {hint: self._source.object(hint, one) for hint, one in leaf.check.names.items()}
        self._source.add(leaf.check.code.format(v=local, refuse=self.refusal, **names))

    def _nullable(self, node: Nullable, local: str, path: str, *, is_kept: bool) -> Pieces:
        source = self._source
        if isinstance(node.inner, Leaf) or not is_kept:
            with source.block(f"if {local} is not None:"):
                length = source.length
                self._value(node.inner, local, path, is_kept=is_kept)
                if source.length == length:
                    source.add("pass")
            return [local]
        kept = source.local(f"{path}_or_none")
        with source.block(f"if {local} is None:"):
            source.add(f"{kept} = (None,)")
        with source.block("else:"):
            pieces = self._value(node.inner, local, path, is_kept=True)
            source.add(f"{kept} = {as_tuple(['True', *pieces])}")
        return [f"*{kept}"]

    def _array(self, node: Array, local: str, path: str, *, is_kept: bool) -> Pieces:
        source = self._source
        origin = node.cls.__name__
        self.refuse_unless(local, list)
        whole = [f"len({local})", f"*{local}"]
        copied = f"{local} = {local}.copy()" if node.cls is list else f"{local} = {origin}({local})"
        if isinstance(node.inner, Anything):
            source.add(copied)
            return keep_any(self._source, local, path) if is_kept else []
        item = source.local(f"{path}_item")
        if isinstance(node.inner, Leaf) and "{v} =" not in node.inner.check.code:
            with source.block(f"for {item} in {local}:"):
                self._leaf(node.inner, item)
            source.add(copied)
            return whole
        items = source.assign(f"{path}_items", "[]")
        is_lazy = isinstance(node.inner, Lazy)
        is_kept_each = is_kept and not is_lazy and not is_leaf(node.inner)
        kept = keep_length(source, local, path) if is_kept_each else None
        with source.block(f"for {item} in {local}:"):
            pieces = self._value(node.inner, item, f"{path}_item", is_kept=kept is not None)
            source.add(f"{items}.append({item})")
            if kept is not None:
                source.add(f"{kept} += {as_tuple(pieces)}")
        source.add(f"{local} = {items if node.cls is list else f'{origin}({items})'}")
        if is_lazy:
            return keep_refs(source, local, path) if is_kept else []
        return whole if kept is None else [f"*{kept}"]

    def _table(self, node: Table, local: str, path: str, *, is_kept: bool) -> Pieces:
        source = self._source
        self.refuse_unless(local, dict)
        key = source.local(f"{path}_key")
        if isinstance(node.inner, Anything):
            with source.block(f"for {key} in {local}:"):
                self.refuse_unless(key, str)
            source.add(f"{local} = {local}.copy()")
            return keep_any(self._source, local, path) if is_kept else []
        item = source.local(f"{path}_item")
        items = source.assign(f"{path}_items", "{}")
        kept = keep_length(source, local, path) if is_kept else None
        with source.block(f"for {key}, {item} in {local}.items():"):
            self.refuse_unless(key, str)
            pieces = self._value(node.inner, item, f"{path}_item", is_kept=is_kept)
            source.add(f"{items}[{key}] = {item}")
            if kept is not None:
                source.add(f"{kept} += {as_tuple([key, *pieces])}")
        source.add(f"{local} = {items}")
        return [] if kept is None else [f"*{kept}"]

    def _embedded(self, node: Type, local: str, path: str, *, is_kept: bool) -> Pieces:
        variants = variants_of(node)
        if variants is not None:
            return self._variant(variants, local, path, is_kept=is_kept)
        mapping = mapping_of(node.cls)
        if self._inlining.takes(mapping, self._source):
            self.refuse_unless(local, dict)
            return self._inlined(mapping, local, path, is_kept=is_kept)
        name = self._source.object("mapping", mapping)
        return self._read_by(name, local, path, is_kept=is_kept)

    def _variant(self, variants: Variants, local: str, path: str, *, is_kept: bool) -> Pieces:
        source = self._source
        self.refuse_unless(local, dict)
        tag = source.assign(
            f"{path}_tag", f"{local}.get({source.quoted(f'{path}_tag', variants.key)})"
        )
        # `1` equals `True`, and not every value can be looked up.
        classes: set[type[Any]] = {
            type(each) for values in variants.values.values() for each in values
        }
        if variants.default is not None:
            classes.add(NoneType)
        with source.block(f"if type({tag}) not in {source.object('Tags', frozenset(classes))}:"):
            source.add(self.refusal)
        kept = source.local(f"{path}_snapshot")
        inlined, others = self._inlining.split(variants.mappings, source)
        for position, mapping in enumerate(inlined):
            test = self._is_one(tag, variants, mapping.model, path)
            with source.block(f"{'elif' if position else 'if'} {test}:"):
                pieces = self._inlined(mapping, local, f"{path}_v{position}", is_kept=is_kept)
                if is_kept:
                    source.add(f"{kept} = {as_tuple(pieces)}")
        with source.block("else:") if inlined else nullcontext():
            if not others:
                source.add(self.refusal)
                return [f"*{kept}"] if is_kept else []
            by_tag: dict[Any, ModelMapping] = {
                value: each for each in others for value in variants.values[each.model]
            }
            if variants.default is not None and mapping_of(variants.default) in others:
                by_tag[None] = mapping_of(variants.default)
            name = source.assign(
                f"{path}_mapping", f"{source.object('mappings', by_tag)}.get({tag})"
            )
            with source.block(f"if {name} is None:"):
                source.add(self.refusal)
            pieces = self._read_by(name, local, path, is_kept=is_kept)
            if is_kept:
                source.add(f"{kept} = {as_tuple(pieces)}")
        return [f"*{kept}"] if is_kept else []

    def _is_one(self, tag: str, variants: Variants, cls: type[Any], path: str) -> str:
        """Write the test for the tags of a class."""
        values = variants.values[cls]
        tests = [f"{tag} is None"] if cls is variants.default else []
        if len(values) == 1 and isinstance(values[0], str):
            tests.append(f"{tag} == {self._source.quoted(f'{path}_tag', values[0])}")
        elif values:
            tests.append(f"{tag} in {self._source.object(f'{path}_tags', values)}")
        return " or ".join(tests)

    def _inlined(self, mapping: ModelMapping, local: str, path: str, *, is_kept: bool) -> Pieces:
        instance, pieces = self._document(
            mapping, local, path, keeps=frozenset(mapping.fields) if is_kept else frozenset()
        )
        if self.is_known:
            self._source.add(f"{instance}.__state__ = {self._source.object('EMBEDDED', EMBEDDED)}")
        self._finish(mapping, instance, None)
        self._source.add(f"{local} = {instance}")
        kept = keep_class(self._source, mapping, None, path) if is_kept else []
        return [*kept, *(piece for field in pieces for piece in field)] or ["True"]

    def _read_by(self, mapping: str, local: str, path: str, *, is_kept: bool) -> Pieces:
        """Read an embedded object by the functions of its own class."""
        source = self._source
        if not self.is_known:
            self._elsewhere(mapping, f"read_new({local})", local)
            return []
        part = source.local(f"{path}_part")
        self._elsewhere(mapping, f"read_part({local}, known)", part)
        source.add(f"{local} = {part}[0]")
        return keep(source, f"{part}[1:]", path) if is_kept else []

    def _target(self, node: Any, local: str, path: str, *, is_kept: bool) -> Pieces:
        if isinstance(node, Targets):
            write_one_of(self._source, node, local, path, self._read_target, self.refusal)
            return []
        model = self._source.object("Class", node.cls)
        # It may be there already: what is not loaded, or what another place has too.
        with self._source.block(f"if type({local}) is not {model}:"):
            self._read_target(node.cls, local, local)
        return keep_any(self._source, local, path) if is_kept else []

    def _read_target(self, model: Any, document: str, result: str) -> None:
        known = self.known_of[model] if self.is_known else ""
        read = f"read_known({document}, {known})" if self.is_known else f"read_new({document})"
        self._elsewhere(self._source.object("mapping", mapping_of(model)), read, result)

    def _lazy(self, node: Lazy, local: str) -> None:
        """Write the code for a reference that is made already, a document that was loaded, or an id."""
        source, model = self._source, node.inner.cls
        ref = source.named(Ref)
        with source.block(f"if type({local}) is not {ref}:"):
            with source.block(f"if type({local}) is dict:"):
                self._read_target(model, local, local)
                source.add(f"{local} = {ref}({local})")
            with source.block("else:"):
                made = f"{source.named(ref_of_id)}({source.object('Class', model)}, {local})"
                source.add(f"{local} = {made}")
                with source.block(f"if {local} is None:"):
                    source.add(self.refusal)

    def _elsewhere(self, mapping: str, read: str, result: str) -> None:
        self._source.add(f"{result} = {mapping}.codec.{read}")
        with self._source.block(f"if {result} is None:"):
            self._source.add(self.refusal)

    def refuse_unless(self, local: str, cls: type[Any]) -> None:
        """Leave the document to validation unless a value is of a class."""
        self._source.unless_exactly(local, cls, self.refusal)
