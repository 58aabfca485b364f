"""The plans of single writes to a collection, as values for a driver call or a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from odmantic.query import QueryExpression


@dataclass(frozen=True, slots=True)
class Update:
    """An update of the first matching document, such as `{"$set": {"name": "Ada"}}`; it may create one."""

    filter: Mapping[str, Any]
    update: Mapping[str, Any]
    upsert: bool = False
    """Whether to create the document if there is none."""


@dataclass(frozen=True, slots=True)
class UpdateMatching:
    """An update of all documents that match, or of one of them."""

    filter: QueryExpression | Mapping[str, Any]
    update: Mapping[str, Any]
    just_one: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """A deletion of all documents that match, or of one of them."""

    filter: QueryExpression | Mapping[str, Any]
    just_one: bool = False


def set_fields(document: dict[str, Any], removed: Collection[str] = ()) -> dict[str, Any]:
    """Return the update that writes a document, or a part of one, and removes some of its keys.

    The filter sets `_id`, even for a document that the update creates. Setting it in the update would fail if the
    stored one is equal but not the same, such as a number of another type.
    """
    if "_id" not in document and not removed:
        return {"$set": document}
    update: dict[str, Any] = {}
    fields = document.copy()
    fields.pop("_id", None)
    if fields:
        update["$set"] = fields
    if removed:
        update["$unset"] = dict.fromkeys(removed, "")
    # An update must not be empty.
    return update or {"$setOnInsert": document}
