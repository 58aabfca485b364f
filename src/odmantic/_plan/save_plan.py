"""The plan of a save: the update that brings a document up to date with an instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Set as AbstractSet

    from odmantic._state.places import Written
    from odmantic.model import Model


# Not frozen: that takes several times as long to make.
@dataclass(slots=True, eq=False)
class SavePlan:
    """One `update_one` that brings a document up to date with an instance.

    Example:
        After `user.name = "Ada"` the plan holds the `id_` of the user, `document == {"name": "Ada"}` for `$set`, and
        `upsert is False`.
    """

    instance: Model
    names: AbstractSet[str]
    id_: Any
    document: dict[str, Any]
    snapshots: dict[str, Any]
    """What is remembered of the fields that can change in place."""
    upsert: bool
    """Whether the update may create the document: only one with all fields may."""
    write: Written
    """What says where the document is known by this write."""
    removed: Collection[str] = ()
    """The keys of extras that were deleted from the instance."""

    @property
    def update(self) -> dict[str, Any]:
        """What is sent to bring the document up to date."""
        return update_of(self.document, self.removed)

    def end(self) -> None:
        """Note that the write is over, and what it failed to write was given back."""
        self.write.end()


def update_of(document: dict[str, Any], removed: Collection[str] = ()) -> dict[str, Any]:
    """Give the update that writes a document, or a part of one, and removes some of its keys.

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
