"""The members of a reference: what leads to one of several models is told by its collection, or by the target itself.

| Annotation | Stored | Members |
| --- | --- | --- |
| `Post` | `id` | `Post` |
| `Cat | Dog`, both of the hierarchy of `Animal` | `id` | `Animal`, of which only `Cat` and `Dog` |
| `Post | Photo` | `{"$ref": "post", "$id": id}` | `Post` and `Photo`, each with a name |
| `Post | Cat | Dog` | the same | `Post` and, of `Animal`, only `Cat` and `Dog`, each with a name |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from bson.dbref import DBRef

from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._types.kinds import ModelKind, is_model_instance, kind_of, origin_of
from odmantic._types.tree import Target, Targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from odmantic._mapping.mapping import ModelMapping

ELSEWHERE: Any = object()
"""In place of the id, for what is stored and leads to no document of a member."""


@dataclass(frozen=True, slots=True)
class Member:
    """The targets of a reference that are in one collection.

    Attributes:
        cls: Their class, or the nearest one above all of theirs in their hierarchy.
        only: The classes of the hierarchy, with those below them; none if `cls` says it all.
        is_named: Whether what is stored names the collection.
    """

    cls: Any
    only: tuple[Any, ...] = ()
    is_named: bool = False

    @property
    def classes(self) -> tuple[Any, ...]:
        """The classes that the annotation names."""
        return self.only or (self.cls,)

    @property
    def mappings(self) -> Iterator[ModelMapping]:
        """The mappings of the classes that the annotation names."""
        return (each.__mapping__ for each in self.classes)

    @property
    def collection(self) -> str:
        """The collection, which a program may change."""
        name: str = self.cls.__mapping__.collection
        return name

    @property
    def is_chosen(self) -> bool:
        """Whether instances of `cls` may be none of its targets."""
        return self.is_named or bool(self.only)

    def has(self, value: Any) -> bool:
        """Return whether an instance can be a target."""
        if not is_model_instance(value) or not isinstance(value, self.classes):
            return False
        # A class with `inheritance="separate"` may be a base of another one.
        return not self.is_named or value.__mapping__.collection == self.collection

    def has_class(self, cls: Any) -> bool:
        """Return whether a document that is referred to as one of a class can be a target."""
        is_one = cls is self.cls or issubclass(cls, self.classes)
        return is_one and (not self.is_named or cls.__mapping__.collection == self.collection)

    def refer(self, id_: Any) -> Any:
        """Return what is stored for the document with an id."""
        return DBRef(self.collection, id_) if self.is_named else id_

    def id_in(self, stored: Any, database: str | None = None) -> Any:
        """Return the id in what is stored; `ELSEWHERE` if that leads to no document of the member.

        Args:
            stored: What is stored.
            database: The database in which it is; a reference may name it.
        """
        if not self.is_named:
            return stored
        found = dbref_in(stored)
        if found is None or found.collection != self.collection:
            return ELSEWHERE
        return found.id if found.database in (None, database) else ELSEWHERE


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A document in place of what led to it, with the class as which its collection is read."""

    cls: Any
    document: dict[str, Any]


def dbref_in(stored: Any) -> DBRef | None:
    """Return a stored `DBRef`, which some clients read as a document; `None` for anything else."""
    if isinstance(stored, DBRef):
        return stored
    if not isinstance(stored, dict) or "$id" not in stored:
        return None
    document = cast("dict[str, Any]", stored)
    name, database = document.get("$ref"), document.get("$db")
    if not isinstance(name, str) or not isinstance(database, (str, type(None))):
        return None
    return DBRef(name, document["$id"], database)


def member_for(members: Iterable[Member], ref: Any) -> Member | None:
    """Return the member to which a lazy reference leads; `None` if it leads to none of them."""
    target = ref.value_or_none
    if target is not None:
        return next((each for each in members if each.has(target)), None)
    cls = ref._model  # noqa: SLF001 - `odmantic._mapping.ref` asks for members
    return next((each for each in members if each.has_class(cls)), None)


def members_of(node: Target | Targets) -> tuple[Member, ...]:
    """Return the members of a reference: one for each collection, in the order of the annotation."""
    if isinstance(node, Target):
        return (Member(node.cls),)
    places: dict[Any, list[Any]] = {}
    for each in node.arguments:
        hierarchy = hierarchy_of(each.cls)
        places.setdefault(each.cls if hierarchy is None else hierarchy, []).append(each.cls)
    is_named = len(places) > 1
    return tuple(_member(classes, is_named=is_named) for classes in places.values())


def _member(classes: list[Any], *, is_named: bool) -> Member:
    outermost = [cls for cls in classes if not _is_below_another(cls, classes)]
    if len(outermost) == 1:
        return Member(outermost[0], is_named=is_named)
    return Member(_nearest_above(outermost), tuple(outermost), is_named)


def _is_below_another(cls: Any, classes: Iterable[Any]) -> bool:
    return any(each is not cls and issubclass(cls, each) for each in classes)


def _nearest_above(classes: list[Any]) -> Any:
    first, *others = classes
    hierarchy = hierarchy_of(first)
    return next(
        cls
        for cls in first.__mro__
        if kind_of(cls) is ModelKind.MODEL
        and hierarchy_of(cls) is hierarchy
        and origin_of(cls) is cls
        and all(issubclass(each, cls) for each in others)
    )
