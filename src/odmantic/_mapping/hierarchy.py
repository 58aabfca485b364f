"""Hierarchies: classes whose documents share a place, and are told apart by the value of a discriminator.

A class with `inheritance="single"` is the root of one, whether it has a collection or is embedded. Every class of it,
its abstract layers and parametrisations too, has the same `Hierarchy` as `hierarchy_of(cls)`. Who reads or writes
documents asks it:

| Question | Answer |
| --- | --- |
| the key of the discriminator in a document | `hierarchy.key` |
| the field that is the discriminator, if it is not hidden | `hierarchy.field` |
| what documents of a class store under the key, if it is hidden | `hidden_type_of(cls)` |
| the class of a stored value | `hierarchy.class_of(value)` |
| the class as which to read a document | `class_to_read(cls, document)` |
| the classes of a hierarchy at and below a class | `hierarchy.classes_below(cls)` |
| the values of a class's documents | `hierarchy.values_of(cls)` |

Generated code for a class and its descendants is made again when there is a new one: `hierarchy.used_by(mapping)`.

The classes are held weakly, but for those that `subclasses` returned.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping
from threading import get_ident
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from weakref import WeakSet, ref

from odmantic._types.kinds import origin_of
from odmantic._types.polymorphic import HIERARCHY

if TYPE_CHECKING:
    from odmantic._types.instances import Instance

TypeValue: TypeAlias = str | int
"""A value of a discriminator."""

MISSING_TYPE: Any = object()
"""Instead of the value of a discriminator, for a document without the key."""


class User(Protocol):
    """What depends on the classes of a hierarchy: a mapping."""

    def decide_again(self) -> None:
        """Forget what was made for the classes that there were."""


class _Member:
    """A class, and the values of its documents: those it stores come first, then its aliases."""

    __slots__ = ("_cls", "aliases", "name", "stored")

    def __init__(
        self, cls: Any, stored: tuple[TypeValue, ...], aliases: tuple[TypeValue, ...]
    ) -> None:
        self._cls = ref(cls)
        self.name: tuple[str, str] = cls.__module__, cls.__qualname__
        self.stored = stored
        self.aliases = aliases

    @property
    def cls(self) -> Any:
        """The class; `None` if it is gone."""
        return self._cls()

    @property
    def values(self) -> tuple[TypeValue, ...]:
        return (*self.stored, *self.aliases)


class Hierarchy:
    """The concrete classes of a hierarchy, with the values of their documents.

    Attributes:
        key: The key of the discriminator in documents.
        field: The name of the field that is the discriminator; `None` if it is hidden from instances.
        version: A number that is another one once the classes have changed.
    """

    def __init__(
        self,
        root: type[Instance],
        key: str,
        field: str | None,
        subclasses: Callable[[], Iterable[type[Any]]] | None = None,
    ) -> None:
        """Begin without classes.

        Args:
            root: The class at the top.
            key: The key of the discriminator.
            field: The name of the field that is the discriminator.
            subclasses: Imports what may not be imported yet, and returns it.
        """
        self._root = ref(root)
        self.key = key
        self.field = field
        self._subclasses = subclasses
        self._held: tuple[type[Any], ...] = ()
        self._loading: set[int] = set()
        self._members: tuple[_Member, ...] = ()
        self._by_value: dict[Any, _Member] = {}
        self._users: WeakSet[Any] = WeakSet()
        self.version: int = 0

    @property
    def root(self) -> Any:
        """The class at the top."""
        return self._root()

    # --- Classes -------------------------------------------------------------------------------

    def add(
        self, cls: type[Instance], stored: tuple[TypeValue, ...], aliases: tuple[TypeValue, ...]
    ) -> None:
        """Add a class with the values that its documents store, and with further ones that mean it.

        Reloaded code replaces the class that it defined before.

        Raises:
            TypeError: if one of the values means another class already.
        """
        new = _Member(cls, stored, aliases)
        other = self._rival_of(new)
        if other is not None:
            # It may be gone but for what was made for it.
            self.changed()
            del other
            gc.collect()
            other = self._rival_of(new)
        if other is not None:
            value = next(each for each in new.values if self._by_value.get(each) is other)
            where = f"{self.key!r}: {value!r}"
            raise TypeError(
                f"{cls.__name__} and {other.cls.__name__} would both be told by {where}, in the hierarchy of "
                f"{self.root.__name__}: {self._remedy}"
            )
        self._keep([each for each in self._members if each.name != new.name] + [new])

    def discard(self, cls: type[Any]) -> None:
        """Remove a class whose definition failed."""
        self._keep([each for each in self._members if each.cls is not cls])

    def _rival_of(self, new: _Member) -> _Member | None:
        for value in new.values:
            other = self._by_value.get(value)
            if other is not None and other.name != new.name and other.cls is not None:
                return other
        return None

    @property
    def _remedy(self) -> str:
        if self.field is None:
            return "give one of them another type_name"
        return f"declare another Literal for {self.field!r} in one of them"

    def _keep(self, members: Iterable[_Member]) -> None:
        # Replaced as a whole: other threads may be reading.
        self._members = tuple(each for each in members if each.cls is not None)
        self._by_value = {value: each for each in self._members for value in each.values}
        self.changed()

    def used_by(self, user: User) -> None:
        """Have something decide again when the classes change; it is held weakly."""
        self._users.add(user)

    def changed(self) -> None:
        """Have what depends on the classes decide again."""
        self.version += 1
        for user in list(self._users):
            user.decide_again()

    def load(self) -> None:
        """Call `subclasses` of the root, once: before the first operation.

        Raises:
            TypeError: if it returns something else than classes of the hierarchy.
        """
        this = get_ident()
        if self._subclasses is None or this in self._loading:
            return
        self._loading.add(this)
        try:
            found = tuple(self._subclasses())
        finally:
            self._loading.discard(this)
        for each in found:
            if hierarchy_of(each) is not self:
                raise TypeError(
                    f"subclasses of {self.root.__name__} has to return classes derived from it, not {each!r}"
                )
        self._held = found
        self._subclasses = None

    # --- Questions -----------------------------------------------------------------------------

    def classes_below(self, cls: Any) -> list[Any]:
        """Return the concrete classes at and below a class, in the order of their definition."""
        origin = origin_of(cls)
        members = [each.cls for each in self._members]
        return [each for each in members if each is not None and _is_below(each, cls, origin)]

    def stored_by(self, cls: Any) -> TypeValue | None:
        """Return the value that new documents of a class store; the root may have none."""
        member = self._member_of(cls)
        return member.stored[0] if member is not None and member.stored else None

    def stored_values_of(self, cls: Any) -> tuple[TypeValue, ...]:
        """Return the values that documents of a class may store: several if a field is the discriminator."""
        member = self._member_of(cls)
        return () if member is None else member.stored

    def values_of(self, cls: Any) -> tuple[TypeValue | None, ...]:
        """Return the values of the documents of one class, without its descendants.

        `None` stands for documents without the key, which are those of the root.
        """
        member = self._member_of(cls)
        values = () if member is None else member.values
        return (*values, None) if origin_of(cls) is self.root else values

    def _member_of(self, cls: Any) -> _Member | None:
        origin = origin_of(cls)
        member = next((each for each in self._members if each.cls is origin), None)
        if member is None:
            # Instances of a class that reloaded code has replaced are of the same type.
            name = origin.__module__, origin.__qualname__
            member = next((each for each in self._members if each.name == name), None)
        return member

    def class_of(self, value: Any) -> Any:
        """Return the class of a stored value; `None` if it is unknown.

        Documents without the key, or with `None` under it, are those of the root.
        """
        if value is MISSING_TYPE or value is None:
            return self.root
        return self._known(value) or self._known_after_loading(value)

    def _known(self, value: Any) -> Any:
        # A boolean equals a number in Python, and not in MongoDB.
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            return None
        member = self._by_value.get(value)
        return None if member is None else member.cls

    def _known_after_loading(self, value: Any) -> Any:
        if self._subclasses is None:
            return None
        self.load()
        return self._known(value)

    @property
    def known_values(self) -> tuple[TypeValue, ...]:
        """All values."""
        return tuple(self._by_value)


def _is_below(cls: Any, base: Any, origin: Any) -> bool:
    # A parametrisation stands for its origin.
    return cls is origin or issubclass(cls, base)


def hierarchy_of(cls: Any) -> Hierarchy | None:
    """Return the hierarchy to which a class belongs."""
    found: Hierarchy | None = getattr(cls, HIERARCHY, None) if isinstance(cls, type) else None
    return found


def hidden_type_of(cls: Any) -> dict[str, TypeValue]:
    """Return the key and the value that documents of a class begin with, or nothing.

    The root has no value, unless it says so; a discriminator that is a field is stored with the fields.
    """
    hierarchy = hierarchy_of(cls)
    if hierarchy is None or hierarchy.field is not None:
        return {}
    value = hierarchy.stored_by(cls)
    return {} if value is None else {hierarchy.key: value}


def class_to_read(cls: Any, document: Mapping[str, Any]) -> Any:
    """Return the class as which a document is read: `cls` or one below it; `None` if its type is unknown there.

    A document without the key was chosen by the program, so it is read as `cls`.
    """
    hierarchy = hierarchy_of(cls)
    if hierarchy is None:
        return cls
    value = document.get(hierarchy.key, MISSING_TYPE)
    if value is MISSING_TYPE or value is None:
        return cls
    found = hierarchy.class_of(value)
    if found is not None and _is_below(found, cls, origin_of(cls)):
        # A parametrisation has the values of its origin.
        return cls if found is origin_of(cls) else found
    if found is None and cls.model_config.get("unknown_type") == "base":
        return cls
    return None


def types_condition(
    hierarchy: Hierarchy, classes: Iterable[Any], *, exact: bool = False
) -> dict[str, Any]:
    """Return the condition for the documents of some classes, and those below them unless it is `exact`.

    It is empty if these are all documents of the hierarchy.
    """
    hierarchy.load()
    wanted: dict[Any, None] = {}
    for cls in classes:
        below = [origin_of(cls)] if exact else hierarchy.classes_below(cls)
        wanted.update(dict.fromkeys(below))
    everything = hierarchy.classes_below(hierarchy.root)
    if not exact and hierarchy.root in wanted and len(wanted) == len(everything):
        return {}
    values = dict.fromkeys(value for cls in wanted for value in hierarchy.values_of(cls))
    return {hierarchy.key: _one_of(list(values))}


def _one_of(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else {"$in": values}
