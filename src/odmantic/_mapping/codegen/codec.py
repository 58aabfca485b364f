"""The generated functions of a class, together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from odmantic._mapping.changes import ChangeTaker
from odmantic._mapping.codegen.marker import MarkerCode
from odmantic._mapping.codegen.reader import ReaderCode
from odmantic._mapping.codegen.snapshots import SnapshotCode
from odmantic._mapping.codegen.source import Source
from odmantic._mapping.codegen.taker import TakerCode
from odmantic._mapping.codegen.values import keeps_alike
from odmantic._mapping.codegen.writer import WriterCode
from odmantic._mapping.field_shapes import leaf_classes_of
from odmantic._mapping.plain import exact_classes, is_judged_whole
from odmantic._mapping.readable import readable_nodes
from odmantic._mapping.shortcuts import Shortcut, shortcuts_of

if TYPE_CHECKING:
    from odmantic._mapping.changes import Changes
    from odmantic._mapping.encoders import Encoder
    from odmantic._mapping.mapping import ModelMapping

Read = Callable[[Any], Any]
ReadAll = Callable[[list[Any], Callable[[Any], None]], Any]


class Take(Protocol):
    """Adds the document, and the id, of each instance that is as it was made, up to one that is not.

    Those taken count as unmodified. With `new`, only instances with unused automatic ids are taken.
    """

    def __call__(
        self,
        instances: Iterable[Any],
        documents: list[dict[str, Any]],
        ids: list[Any],
        *,
        new: bool,
    ) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Codec:
    """The generated functions of one class.

    Attributes:
        source: Their code.
        read_all: Uses up a list of documents from its end, and passes on the instances, which count as unmodified;
            stops behind a document that validation has to judge, and gives that.
        read_new: Makes an instance that counts as new; `None` if validation has to judge.
        snapshots: Take the snapshots of mutable fields; not all fields have such a function.
        snapshot: Takes the snapshot of a whole embedded object.
        baseline: Takes the snapshots of all mutable fields, in the form of a baseline.
        leaf_classes: Classes of what a snapshot holds.
        take: Makes the documents of instances that were never saved, and notes that they are; `None` where additional
            values are allowed, or what is sent of a field is remembered in another way than what it holds.
        take_changes: Takes what an update of an instance that was read or written before has to send; `None` where
            `take` is.
        mark_nested: Marks what is embedded in written instances; `None` if there is nothing.
        write: Makes the document of an instance, without additional values.
        encoders: Key of each field, and how its value is converted, by the name of the field.
        exact_classes: By the name of a field, the class whose values validation leaves as they are.
        is_judged_whole: Whether an assignment may fail after the value is in its place.
    """

    source: str
    read_all: ReadAll
    read_new: Read
    snapshots: dict[str, Callable[[Any], tuple[Any, ...]]]
    snapshot: Callable[[Any], tuple[Any, ...]] | None
    baseline: Callable[[Any], tuple[Any, ...]]
    leaf_classes: frozenset[type[Any]]
    take: Take | None
    take_changes: Callable[[Any], Changes | None] | None
    mark_nested: Callable[[Iterable[Any]], None] | None
    write: Callable[[Any], dict[str, Any]]
    encoders: dict[str, tuple[str, Encoder | None]]
    exact_classes: dict[str, type[Any]]
    is_judged_whole: bool

    def read_known(self, raw: Any) -> Any:
        """Make an instance that counts as unmodified; `None` if validation has to judge."""
        instances: list[Any] = []
        self.read_all([raw], instances.append)
        return instances[0] if instances else None


def generate(mapping: ModelMapping) -> Codec:
    """Generate the functions of a class."""
    source = Source()
    if readable_nodes(mapping) is not None:
        ReaderCode(source, mapping).write()
    snapshot = SnapshotCode(source, mapping)
    snapshots = snapshot.write_fields()
    if mapping.is_embedded:
        snapshot.write_whole()
    snapshot.write_baseline()
    writer = WriterCode(source, mapping)
    writes = Shortcut.WRITER in shortcuts_of(mapping.model.model_config)
    writers = writer.write_fields(look=writes)
    writer.write_whole(writers)
    can_take = writes and keeps_alike(mapping, mapping.compared_fields)
    if can_take and not mapping.is_embedded and not mapping.extra_allowed:
        TakerCode(source, mapping).write()
    MarkerCode(source, mapping).write()
    functions = source.compile(mapping.model.__name__, mapping.model)
    baseline, leaf_classes = functions["baseline"], leaf_classes_of(mapping)
    encoders: dict[str, tuple[str, Encoder | None]] = {
        name: (field.key_name, functions[writers[name]] if name in writers else None)
        for name, field in mapping.fields.items()
    }
    take = functions.get("take")
    take_changes = ChangeTaker(mapping, baseline, leaf_classes, encoders).take if take else None
    return Codec(
        source=source.text,
        read_all=functions.get("read_all", _leave_last),
        read_new=functions.get("read_new", _leave_it),
        snapshots={name: functions[function] for name, function in snapshots.items()},
        snapshot=functions.get("snapshot"),
        baseline=baseline,
        leaf_classes=leaf_classes,
        take=take,
        take_changes=take_changes,
        mark_nested=functions.get("mark_nested"),
        write=(not writes and functions.get("write_any")) or functions["write"],
        encoders=encoders,
        exact_classes=exact_classes(mapping),
        is_judged_whole=is_judged_whole(mapping),
    )


def _leave_it(_raw: Any) -> None:
    """Leave every document to validation."""


def _leave_last(documents: list[Any], _add: Callable[[Any], None]) -> Any:
    """Leave the next document to validation."""
    return documents.pop()
