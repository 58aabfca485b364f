"""What is written: the plan of one write to a collection, as values that a driver call or a command is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from odmantic.query import QueryExpression


@dataclass(frozen=True, slots=True)
class Update:
    """Change the first document that matches, or make one, as `{"$set": {"name": "Ada"}}` says."""

    filter: Mapping[str, Any]
    update: Mapping[str, Any]
    upsert: bool = False
    """Whether to make the document if there is none."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete all documents that match, or one of them."""

    filter: QueryExpression | Mapping[str, Any]
    just_one: bool = False


def set_fields(document: dict[str, Any], removed: Collection[str] = ()) -> dict[str, Any]:
    """Return the update that writes a document, or a part of one, and removes some of its keys.

    The filter says what `_id` is, also of a document that the update makes. To set it would fail where the stored one
    is equal but not the same, such as a number of another type.
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
    # An update has to hold something.
    return update or {"$setOnInsert": document}
