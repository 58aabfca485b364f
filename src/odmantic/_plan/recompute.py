"""The updates that rewrite stored properties: what differs in a document, and the condition that it is as it was read."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import UpdateOne
from pymongo.collation import Collation

from odmantic._bson.values import is_document
from odmantic._codec.encode import encode_stored
from odmantic._codec.overrides import dump_document
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.stored import take_stored
from odmantic._plan.writes import set_fields
from odmantic._state.snapshot import is_same, snapshot_of_stored
from odmantic._types.kinds import ModelKind, kind_of_instance
from odmantic._types.tree import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bson.raw_bson import RawBSONDocument

    from odmantic._mapping.mapping import ModelMapping
    from odmantic.model import Model

_EXACT: CodecOptions[dict[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_MS
)
"""Decodes to what is encoded as the same bytes."""

_LISTS: tuple[type[Any], ...] = (list, tuple, deque)

# Some collections compare text without its case.
_BY_BYTES = Collation("simple")


class Recomputation:
    """The updates that rewrite stored properties in documents of a model, or of what is derived from it.

    Raises:
        TypeError: if neither it, nor what is embedded in its documents has any.
    """

    __slots__ = ("_holders",)

    def __init__(self, model: type[Any]) -> None:
        self._holders: dict[type[Any], tuple[str, ...]] = {}
        if not _has_stored(mapping_of(model), set()):
            raise TypeError(
                f"recompute of {model.__name__} has nothing to do: neither it nor what is embedded in it has stored "
                "properties. Decorate a property with odmantic.stored"
            )

    def update_of(self, instance: Model, raw: RawBSONDocument) -> UpdateOne | None:
        """Return the update of a document, which happens only as long as it is as it was read.

        Args:
            instance: The instance that was read from the document.
            raw: The document.

        Returns:
            The update; `None` if all properties have their values.

        Raises:
            Exception: what a property raises.
        """
        mapping: ModelMapping = instance.__mapping__
        document: dict[str, Any] = {}
        removed: list[str] = []
        if mapping.stored:
            sent = take_stored(instance, frozenset(), document, is_whole=False)
            keys = [mapping.stored[name].key_name for name in sent]
            removed = [key for key in keys if key not in document]
        if self._holders_in(mapping):
            stored = bson.decode(raw.raw, _EXACT)  # pyright: ignore[reportUnknownMemberType] - of the driver
            document |= self._of_fields(instance, stored)
        if not document and not removed:
            return None
        as_read = {"$expr": {"$eq": ["$$ROOT", {"$literal": raw}]}}
        return UpdateOne(
            {"_id": raw["_id"], **as_read}, set_fields(document, removed), collation=_BY_BYTES
        )

    def _of_fields(self, instance: Any, stored: dict[str, Any]) -> dict[str, Any]:
        """Return the stored forms of fields in which an embedded object has a property with another value."""
        mapping: ModelMapping = instance.__mapping__
        changed: dict[str, Any] = {}
        for name in self._holders_in(mapping):
            key = mapping.fields[name].key_name
            if key in stored:
                value = self._of_value(vars(instance)[name], stored[key])
                if value is not stored[key]:
                    changed[key] = value
        return changed

    def _of_value(self, value: Any, stored: Any) -> Any:
        """Return the stored form of a value with the properties of what is embedded there; the same if they are right.

        What else it holds stays, keys that no class knows included.
        """
        kind = stored.__class__
        if kind is dict and kind_of_instance(value) is ModelKind.EMBEDDED:
            return self._of_object(value, stored)
        is_list = kind is list and isinstance(value, _LISTS)
        if not is_list and not (kind is dict and is_document(value)):
            return stored
        # It was read in their order.
        before: list[Any] = [*(stored if is_list else stored.values())]
        parts = [*map(self._of_value, value if is_list else value.values(), before)]
        if all(one is other for one, other in zip(parts, before, strict=True)):
            return stored
        return parts if is_list else dict(zip(stored, parts, strict=True))

    def _of_object(self, instance: Any, stored: dict[str, Any]) -> dict[str, Any]:
        mapping: ModelMapping = instance.__mapping__
        changed = self._of_fields(instance, stored)
        removed: set[str] = set()
        if mapping.stored:
            is_own = mapping.dumps_itself
            names = mapping.stored.keys()
            computed = dump_document(instance, names) if is_own else encode_stored(instance)
            for key in (each.key_name for each in mapping.stored.values()):
                if key not in computed:
                    removed |= {key} & stored.keys()
                elif key not in stored or not _are_same(stored[key], computed[key]):
                    changed[key] = computed[key]
        if not changed and not removed:
            return stored
        return {key: each for key, each in {**stored, **changed}.items() if key not in removed}

    def _holders_in(self, mapping: ModelMapping) -> tuple[str, ...]:
        """Return the names of the fields in which there may be embedded objects with stored properties."""
        found = self._holders.get(mapping.model)
        if found is None:
            found = self._holders[mapping.model] = tuple(_holders_in(mapping, set()))
        return found


def _holders_in(mapping: ModelMapping, seen: set[Any]) -> Iterator[str]:
    for name, field in mapping.fields.items():
        embedded = (node for node in field.tree.models if not isinstance(node, Target))
        # Each class is looked at once, and may be in several fields.
        if any(_has_stored(mapping_of(node.cls), {*seen}) for node in embedded):
            yield name


def _has_stored(mapping: ModelMapping, seen: set[Any]) -> bool:
    if mapping.model in seen:
        return False
    seen.add(mapping.model)
    return any(
        each.stored or any(True for _ in _holders_in(each, seen)) for each in mapping.read_as
    )


def _are_same(stored: Any, computed: Any) -> bool:
    return is_same(snapshot_of_stored(stored), snapshot_of_stored(computed))
