"""Code that takes instances to be sent: their documents, and their snapshots."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from bson.timestamp import Timestamp

from odmantic._codec.ids import SCALAR_IDS, may_be_unfit
from odmantic._compiled.document_code import assign_copy, can_copy, hidden_pairs, key_of, value_of
from odmantic._compiled.inlining import Inlining
from odmantic._compiled.snapshot_code import as_baseline, inside
from odmantic._compiled.values import Stored, ValueCode, is_known, is_stored_as_it_is
from odmantic._mapping.plain import is_plain
from odmantic._state.state import slot
from odmantic._state.transitions import give_back_whole, take_whole
from odmantic._types.tree import Anything, Lazy, Leaf, Node, Nullable, Target, Targets

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping

_ABSENT = object()


class TakerCode:
    """A writer of the function that takes instances to be sent whole, up to the first other one.

    A taken instance is clean, with what is sent as its baseline. Unusual values are left to slower code: values of
    another type than annotated, and timestamps, which the server would fill in.
    """

    def __init__(self, source: Source, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping
        inlining = Inlining(mapping.model)
        self._give_up = f"return {source.named(give_back_whole)}(instance, known)"
        self._keeper = ValueCode(source, self._give_up, inlining, keeps=True)
        self._writer = ValueCode(source, self._give_up, inlining)
        self._id = ""

    def write(self) -> None:
        """Add the function."""
        source = self._source
        what = "Add the document of each instance that is to be sent as a whole, up to one that is not."
        head = "def take(instances, documents, ids, known, *, new):"
        with source.function(head, what):
            source.add("add = documents.append", "add_id = ids.append")
            with source.block("try:"), source.block("for instance in instances:"):
                source.add("values = instance.__dict__")
                self._test()
                taken = self._fields()
                self._add_id()
                if taken is not None:
                    setter = source.object(
                        "set_baseline", slot(self._mapping.model, "__baseline__").__set__
                    )
                    source.add(f"{setter}(instance, {taken})")
                source.add("add(document)")
            with source.block("except Exception:"):
                source.add(f"{self._give_up}  # slower code says what is wrong")

    def _test(self) -> None:
        """Write the test whether an instance is to be sent whole, which also takes it."""
        source = self._source
        primary = self._mapping.automatic_id
        if primary is not None:
            self._id = source.assign(self._where(primary), self._value_of(primary))
            name = source.quoted(self._where(primary), primary)
            with source.block(f"if new and {name} in instance.__pydantic_fields_set__:"):
                source.add("return")
        absent = source.object("ABSENT", _ABSENT)
        # Twice as fast as an exception, which pydantic's `__getattr__` would also raise.
        model = source.object("Class", self._mapping.model)
        state = source.assign("state", f"getattr(super({model}, instance), '__state__', {absent})")
        with source.block(f"if {state} is {absent}:"):
            setter = source.object("set_state", slot(self._mapping.model, "__state__").__set__)
            source.add(f"{setter}(instance, known)")
        with source.block(
            f"elif not {source.named(take_whole)}(instance, {state}, known, new=new):"
        ):
            source.add("return")

    def _fields(self) -> str | None:
        """Write the code for the document; return the expression of the baseline, if it is not empty."""
        source = self._source
        mapping = self._mapping
        written = {name: self._field(name) for name in mapping.fields}
        stored = {name: each.stored for name, each in written.items()}
        # Copying is faster than building.
        if can_copy(mapping):
            assign_copy(source, mapping, stored, self._give_up)
        else:
            pairs = hidden_pairs(source, mapping)
            pairs += [f"{key_of(source, mapping, name)}: {each}" for name, each in stored.items()]
            source.add(f"document = {{{', '.join(pairs)}}}")
        kept = [each.pieces for name, each in written.items() if name in mapping.mutable_fields]
        return as_baseline(kept) if kept else None

    def _where(self, name: str) -> str:
        return inside("", self._mapping, name)

    def _value_of(self, name: str) -> str:
        return value_of(self._source, self._mapping, name)

    def _field(self, name: str) -> Stored:
        mapping = self._mapping
        if name == mapping.automatic_id:
            return Stored(self._id, [])
        is_looked_at = name in mapping.mutable_fields or _is_member(mapping.shapes[name])
        writer = self._keeper if is_looked_at else self._writer
        written = writer.field(mapping, name, self._value_of(name), self._where(name))
        if _is_no_timestamp(mapping, name):
            return written
        stored = written.stored
        if not stored.isidentifier():
            stored = self._source.assign(f"{self._where(name)}_stored", stored)
        self._source.add(
            f"if type({stored}) is {self._source.named(Timestamp)}:", f"    {self._give_up}"
        )
        return Stored(stored, written.pieces)

    def _add_id(self) -> None:
        if not self._id:
            self._id = self._source.assign("id", "document['_id']")
        if may_be_unfit(self._mapping):
            scalars = self._source.object("SCALAR_IDS", SCALAR_IDS)
            self._source.add(
                f"if not new and type({self._id}) not in {scalars}:", f"    {self._give_up}"
            )
        self._source.add(f"add_id({self._id})")


def _is_member(shape: Node | None) -> bool:
    leaf = shape.inner if isinstance(shape, Nullable) else shape
    return isinstance(leaf, Leaf) and issubclass(leaf.value_class, Enum)


def _is_no_timestamp(mapping: ModelMapping, name: str) -> bool:
    """Return whether the stored form of a field cannot be a timestamp, if `take` continues."""
    shape = mapping.readable.shapes[name]
    encode = mapping.encoder_of[name]
    inner = shape.inner if isinstance(shape, Nullable) else shape
    if shape is None or isinstance(inner, (Anything, Target, Targets, Lazy)):
        return False
    if _is_member(shape):
        return True
    if not is_stored_as_it_is(shape):
        return is_known(shape, as_it_is=encode is None) and (
            encode is not None or name in mapping.mutable_fields
        )
    return (
        encode is None
        and is_plain(mapping)
        and _has_usual_default(mapping.fields[name].pydantic_field, shape)
    )


def _has_usual_default(info: FieldInfo, shape: Node) -> bool:
    """Return whether an unvalidated default is a value of the field's type."""
    leaf = shape.inner if isinstance(shape, Nullable) else shape
    is_usual = info.is_required() or info.default is None
    return info.default_factory is None and (
        is_usual or type(info.default) is getattr(leaf, "value_class", None)
    )
