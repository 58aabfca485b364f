"""The plan of a save: the update that brings a document up to date with an instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odmantic._codec.ids import id_filter
from odmantic._plan.conditions import instance_filter
from odmantic._plan.writes import Update, set_fields

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Set as AbstractSet

    from odmantic._state.places import Written
    from odmantic.model import Model


# Not frozen: that takes several times as long to create.
@dataclass(slots=True, eq=False)
class SavePlan:
    """The write that brings a document up to date with an instance.

    Example:
        After `user.name = "Ada"` the plan holds the `id_` of the user, `document == {"name": "Ada"}` for `$set`, and
        `upsert is False`.
    """

    instance: Model
    names: AbstractSet[str]
    id_: Any
    document: dict[str, Any]
    snapshots: dict[str, Any]
    """The snapshots of the fields that can change in place."""
    upsert: bool
    """Whether the update may create the document: only with all fields."""
    write: Written
    """The knowledge about the document after this write."""
    removed: Collection[str] = ()
    """The keys of extras that were deleted from the instance."""

    @property
    def update(self) -> Update:
        """The update that brings the document up to date."""
        update = set_fields(self.document, self.removed)
        if not self.instance.__mapping__.has_conditions:
            return Update(id_filter(self.id_), update, self.upsert)
        query = instance_filter(type(self.instance), self.id_, is_whole=self.upsert)
        return Update(query, update, self.upsert)
