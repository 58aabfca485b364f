"""The generated functions of a class."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from odmantic._compiled.hierarchies import can_read
from odmantic._compiled.marking import MarkerCode
from odmantic._compiled.reading import ReaderCode
from odmantic._compiled.snapshots import SnapshotCode
from odmantic._compiled.source import Source
from odmantic._compiled.taking import TakerCode
from odmantic._compiled.values import keeps_alike
from odmantic._compiled.writing import WriterCode
from odmantic._mapping.interfaces import (
    Changes,
    Encoder,
    Read,
    ReadAll,
    ReadPart,
    Take,
    TakeSnapshot,
    Write,
)
from odmantic._mapping.plain import exact_classes, is_judged_whole
from odmantic._mapping.shortcuts import Shortcut, shortcuts_of
from odmantic._mapping.trees import leaf_classes_of
from odmantic._state.places import Known
from odmantic._state.taking import ChangeTaker

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping


class Codec:
    """The generated functions of one class.

    Each is generated on first use: programs need only some of them for most classes, and compiling is slow.
    """

    def __init__(self, mapping: ModelMapping) -> None:
        self._mapping = mapping

    @property
    def source(self) -> str:
        """The code of all functions."""
        sources = [Source() for _ in _PARTS]
        for source, write_part in zip(sources, _PARTS, strict=True):
            write_part(source, self._mapping)
        return "\n\n".join(source.text for source in sources if source.length)

    # --- Reading -------------------------------------------------------------------------------

    @cached_property
    def read_all(self) -> ReadAll:
        """The function that consumes a list of documents from its end, and passes on clean instances.

        It stops after a document that validation has to decide about, and returns that.
        """
        read: ReadAll = self._compiled(_write_read_all)[0].get("read_all", _leave_last)
        return read

    @cached_property
    def read_new(self) -> Read:
        """The function that makes an instance which counts as new; `None` if validation has to decide."""
        read: Read = self._compiled(_write_read_new)[0].get("read_new", _leave_it)
        return read

    @cached_property
    def read_part(self) -> ReadPart:
        """The function that makes a clean embedded object, followed by its snapshot; `None` if validation has to decide."""
        read: ReadPart = self._compiled(_write_read_part)[0].get("read_part", _leave_part)
        return read

    def read_known(self, raw: Any, known: Known) -> Any:
        """Return a clean instance; `None` if validation has to decide."""
        instances: list[Any] = []
        self.read_all([raw], instances.append, known)
        return instances[0] if instances else None

    # --- State -----------------------------------------------------------------------------------

    @cached_property
    def snapshots(self) -> dict[str, TakeSnapshot]:
        """The functions that take snapshots of mutable fields; some fields have none."""
        functions, names = self._compiled(_write_snapshots)
        return {field: functions[name] for field, name in names.items()}

    @cached_property
    def snapshot(self) -> TakeSnapshot:
        """The function that takes the snapshot of a whole embedded object."""
        take: TakeSnapshot = self._compiled(_write_snapshot)[0]["snapshot"]
        return take

    @cached_property
    def baseline(self) -> TakeSnapshot:
        """The function that takes the snapshots of all mutable fields, in the form of a baseline."""
        take: TakeSnapshot = self._compiled(_write_baseline)[0]["baseline"]
        return take

    @cached_property
    def leaf_classes(self) -> frozenset[type[Any]]:
        """The classes of the leaves of snapshots."""
        return leaf_classes_of(self._mapping)

    @cached_property
    def exact_classes(self) -> dict[str, type[Any]]:
        """By field name, the class whose values validation does not change."""
        return exact_classes(self._mapping)

    @cached_property
    def is_judged_whole(self) -> bool:
        """Whether an assignment may fail after the value has been assigned."""
        return is_judged_whole(self._mapping)

    # --- Writing -------------------------------------------------------------------------------

    @cached_property
    def write(self) -> Write:
        """The function that makes the document of an instance, without extra values."""
        functions, _ = self._writers
        is_any = not _may_look(self._mapping) and "write_any" in functions
        write: Write = functions["write_any" if is_any else "write"]
        return write

    @cached_property
    def encoders(self) -> dict[str, tuple[str, Encoder | None]]:
        """The key of each field and its encoder, by field name."""
        functions, names = self._writers
        return {
            name: (field.key_name, functions[names[name]] if name in names else None)
            for name, field in self._mapping.fields.items()
        }

    @cached_property
    def take(self) -> Take | None:
        """The function that makes the documents of new instances, and marks these as clean.

        `None` if extra values are allowed, or the snapshot of a field differs from its stored form.
        """
        return self._compiled(_write_take)[0].get("take")

    @cached_property
    def take_changes(self) -> Callable[..., Changes | None] | None:
        """The function that takes the changes of a known instance for an update; `None` if `take` is."""
        if not _can_take(self._mapping):
            return None
        return ChangeTaker(self._mapping, self.baseline, self.leaf_classes, self.encoders).take

    @cached_property
    def mark_nested(self) -> Callable[[Iterable[Any]], None] | None:
        """The function that marks embedded objects in written instances; `None` if there are none."""
        return self._compiled(_write_mark_nested)[0].get("mark_nested")

    @cached_property
    def _writers(self) -> tuple[dict[str, Any], dict[str, str]]:
        return self._compiled(_write_writers)

    def _compiled(self, write_part: _Part) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the functions of a part by name, and the names of those for single fields by field."""
        source = Source()
        names = write_part(source, self._mapping)
        return source.compile(self._mapping.model.__name__, self._mapping.model), names


_Part = Callable[[Source, "ModelMapping"], dict[str, str]]
"""A function that writes functions, and returns the names of those for single fields, by field name."""


def _write_read_all(source: Source, mapping: ModelMapping) -> dict[str, str]:
    if _can_read(mapping):
        ReaderCode(source, mapping).write_read_all()
    return {}


def _write_read_new(source: Source, mapping: ModelMapping) -> dict[str, str]:
    if _can_read(mapping):
        ReaderCode(source, mapping).write_read_new()
    return {}


def _write_read_part(source: Source, mapping: ModelMapping) -> dict[str, str]:
    if mapping.is_embedded and can_read(mapping):
        ReaderCode(source, mapping).write_read_part()
    return {}


def _write_snapshots(source: Source, mapping: ModelMapping) -> dict[str, str]:
    return SnapshotCode(source, mapping).write_fields()


def _write_snapshot(source: Source, mapping: ModelMapping) -> dict[str, str]:
    if mapping.is_embedded:
        SnapshotCode(source, mapping).write_whole()
    return {}


def _write_baseline(source: Source, mapping: ModelMapping) -> dict[str, str]:
    SnapshotCode(source, mapping).write_baseline()
    return {}


def _write_writers(source: Source, mapping: ModelMapping) -> dict[str, str]:
    return WriterCode(source, mapping).write(look=_may_look(mapping))


def _write_take(source: Source, mapping: ModelMapping) -> dict[str, str]:
    if _can_take(mapping):
        TakerCode(source, mapping).write()
    return {}


def _write_mark_nested(source: Source, mapping: ModelMapping) -> dict[str, str]:
    MarkerCode(source, mapping).write()
    return {}


_PARTS: tuple[_Part, ...] = (
    _write_read_all,
    _write_read_new,
    _write_read_part,
    _write_snapshots,
    _write_snapshot,
    _write_baseline,
    _write_writers,
    _write_take,
    _write_mark_nested,
)


def _may_look(mapping: ModelMapping) -> bool:
    """Return whether values are inspected when they are written, and those of the usual shape written directly."""
    return (
        Shortcut.WRITER in shortcuts_of(mapping.model.model_config) and not mapping.is_unvalidated
    )


def _can_read(mapping: ModelMapping) -> bool:
    return any(map(can_read, mapping.read_as))


def _can_take(mapping: ModelMapping) -> bool:
    return (
        _may_look(mapping)
        and not mapping.dumps_itself
        and not mapping.is_embedded
        and not mapping.extra_allowed
        and not mapping.left_out
        and not mapping.stored
        and mapping.model.model_config.get("unknown_type") != "base"
        and keeps_alike(mapping, mapping.compared_fields)
    )


def _leave_it(_raw: Any) -> None:
    """Leave a document to validation."""


def _leave_part(_raw: Any, _known: Known) -> None:
    """Leave an embedded document to validation."""


def _leave_last(documents: list[Any], _add: Callable[[Any], None], _known: Known) -> Any:
    """Leave the next document to validation."""
    return documents.pop()
