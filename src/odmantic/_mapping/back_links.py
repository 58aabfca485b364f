"""References as seen from their targets: which documents refer to one, and by which keys.

A class declares such a view with a name of its own; the class that refers to it may be named before it exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from odmantic._mapping.links import Each, path_along, stored_at
from odmantic._mapping.members import ELSEWHERE
from odmantic._types.kinds import ModelKind, is_class, is_model, kind_of, origin_of

if TYPE_CHECKING:
    from odmantic._mapping.links import Hop, Link
    from odmantic._mapping.members import Member

Way: TypeAlias = "tuple[Link, ...]"
"""The links from a document to a reference: those of embedded objects, and last the reference."""


@dataclass(frozen=True, slots=True, eq=False)
class BackLink:
    """A reference, as seen from its targets.

    Attributes:
        holder: The class whose documents refer.
        ways: The ways to what they store; several if classes of a hierarchy store it in different places.
    """

    holder: Any
    ways: tuple[Way, ...]

    @property
    def paths(self) -> list[str] | None:
        """The paths of keys to what is stored; `None` if some of the keys on a way are data, or arrays are in arrays."""
        steps = [link.steps for way in self.ways for link in way]
        if any(Each.VALUE in some or len(some) > 1 for some in steps):
            return None
        return list(dict.fromkeys(path_along(_hops(way)) for way in self.ways))

    @property
    def _members(self) -> list[Member]:
        """The ends of the ways, each once; only a reference to several collections names them."""
        members = [way[-1].member for way in self.ways]
        return list({each.is_named: each for each in members if each is not None}.values())

    @property
    def is_named(self) -> bool:
        """Whether the stored ids are inside of references that name the collection."""
        return any(each.is_named for each in self._members)

    def stored(self, ids: list[Any]) -> list[Any]:
        """Return what documents store that refer to others with some ids."""
        return [member.refer(id_) for member in self._members for id_ in ids]

    def ids_of(self, stored: Iterable[Any]) -> Iterator[Any]:
        """Yield the ids in what documents store, as far as it leads to the class."""
        for each in stored:
            for member in self._members:
                id_ = member.id_in(each)
                if id_ is not ELSEWHERE:
                    yield id_

    def ids_in(self, document: dict[str, Any]) -> Iterator[Any]:
        """Yield the ids to which a document of a holder refers."""
        for way in self.ways:
            stored = stored_at(document, _hops(way))
            yield from self.ids_of(each for each in stored if each is not None)


def _hops(way: Way) -> tuple[Hop, ...]:
    return tuple(hop for link in way for hop in (link.key, *link.steps))


class BackDeclaration:
    """What a class says about the documents that refer to its own.

    Attributes:
        model: The class that refers, or its name.
        path: The names of the fields that lead to the reference there.
        starts_at: The class at which the path starts, if it is known.
        owner: The class that has the declaration; `None` before its class statement ends.
        name: The name there.
    """

    def __init__(self, model: Any, path: tuple[str, ...], starts_at: Any = None) -> None:
        """Look at nothing yet: the class may not exist."""
        self.model = model
        self.path = path
        self.starts_at = starts_at
        self.owner: Any = None
        self.name: str = ""
        self._holder = model

    def __set_name__(self, owner: type[Any], name: str) -> None:
        """Note the place of the declaration; classes that pydantic makes of a model share it."""
        if self.owner is None:
            self.owner, self.name = owner, name

    def __repr__(self) -> str:
        """Return the place and what is there."""
        where = f"{self.owner.__name__}.{self.name}: " if self.owner is not None else ""
        return (
            f"<{where}{type(self).__name__} of {_name_of(self.model)} by {'.'.join(self.path)!r}>"
        )

    def link_for(self, cls: Any) -> BackLink:
        """Return the reference that leads to documents of a class.

        Args:
            cls: The class with the declaration, or one derived from it.

        Raises:
            TypeError: if there is no such reference.
        """
        holder = self._find_holder()
        where = f"{holder.__name__}.{'.'.join(self.path)}"
        is_path = self.starts_at is None or issubclass(holder, self.starts_at)
        ways = ways_to(holder, self.path) if is_path else ()
        if not ways:
            raise TypeError(
                f"{self.owner.__name__}.{self.name}: {where} is no reference: name a field of {holder.__name__} that is "
                "declared with Reference(), or the path to one in embedded models, as in 'comments.by'"
            )
        here = tuple(way for way in ways if _leads_to(way[-1], cls))
        # Only what names its collection tells from which one it is.
        if not here or any(not way[-1].is_named for way in ways if way not in here):
            names = " and ".join(dict.fromkeys(way[-1].cls.__name__ for way in ways))
            raise TypeError(
                f"{cls.__name__}.{self.name}: {where} refers to {names}, and not to {cls.__name__}"
            )
        return BackLink(holder, here)

    def _find_holder(self) -> Any:
        owner = self.owner
        if kind_of(owner) not in (ModelKind.MODEL, ModelKind.ABSTRACT):
            where = "outside of a class" if owner is None else f"in {owner.__name__}"
            raise TypeError(
                f"BackReference {self.name!r} is {where}: only models have documents to refer to, so declare it as "
                'a ClassVar in a class derived from Model, as in `posts: ClassVar["BackReference[Post]"] = ...`'
            )
        if isinstance(self._holder, str):
            self._holder = self._named(self._holder)
        holder = self._holder
        if not is_model(holder):
            raise TypeError(
                f"{owner.__name__}.{self.name}: {_name_of(holder)} is no model, so its documents refer to nothing"
            )
        return holder

    def _named(self, name: str) -> Any:
        """Return the model with a name: of the same module and scope, or else the only one."""
        root = next(cls for cls in self.owner.__mro__ if kind_of(cls) is ModelKind.ROOT)
        known = [cls for cls in _models_below(root) if cls.__name__ == name]
        mine = _scope(self.owner)
        near = [cls for cls in known if _scope(cls) == mine]
        found = near or known
        if len(found) > 1:
            # A module that is run again has each class twice.
            found = [cls for cls in found if self._is_led_to(cls)] or found
        if len(found) == 1:
            return found[0]
        said = f"{self.owner.__name__}.{self.name} = BackReference({name!r}, ...)"
        if not found:
            raise TypeError(
                f"{said}: no model has this name: import the module that defines it, or name the class itself"
            )
        names = " and ".join(f"{cls.__module__}.{cls.__qualname__}" for cls in found)
        raise TypeError(f"{said}: several models have this name ({names}): name the class itself")

    def _is_led_to(self, holder: Any) -> bool:
        return any(_leads_to(way[-1], self.owner) for way in ways_to(holder, self.path))


def _name_of(model: Any) -> str:
    return model.__name__ if is_class(model) else repr(model)


def _scope(cls: Any) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__.rpartition(".")[0]


def _models_below(root: Any) -> Iterator[Any]:
    waiting: list[Any] = [root]
    seen: set[Any] = set()
    while waiting:
        for cls in type.__subclasses__(waiting.pop()):
            if cls not in seen:
                seen.add(cls)
                waiting.append(cls)
                if is_model(cls) and origin_of(cls) is cls:
                    yield cls


def _leads_to(link: Link, cls: Any) -> bool:
    """Return whether a reference may lead to documents of a class."""
    targets = (link.cls,) if link.member is None else link.member.classes
    if kind_of(cls) is ModelKind.ABSTRACT:
        return any(issubclass(each, cls) for each in targets)
    if not any(issubclass(each, cls) or issubclass(cls, each) for each in targets):
        return False
    return bool(link.cls.__mapping__.collection == cls.__mapping__.collection)


def ways_to(model: Any, path: tuple[str, ...]) -> tuple[Way, ...]:
    """Return the ways along a path of names of fields to a reference; none if there is no such."""
    *around, last = path
    ways: list[Way] = [()]
    classes: list[Any] = [model]
    for name in around:
        ways = [
            (*way, link)
            for way, cls in zip(ways, classes, strict=True)
            for link in _links_named(cls, name)
            if link.reference is None
        ]
        classes = [way[-1].cls for way in ways]
    return tuple(
        (*way, link)
        for way, cls in zip(ways, classes, strict=True)
        for link in _links_named(cls, last)
        if link.reference is not None
    )


def _links_named(cls: Any, name: str) -> list[Link]:
    return [found.link for found in cls.__mapping__.found_links if found.link.name == name]


def back_references_of(cls: Any, name: str) -> list[tuple[BackDeclaration, BackLink]]:
    """Return what a class declares under a name, or classes whose documents it finds, with the references.

    Raises:
        TypeError: if a declaration leads to no reference.
    """
    found: dict[BackDeclaration, Any] = {}
    for mapping in (cls.__mapping__, *cls.__mapping__.read_as):
        declared = declared_in(mapping.model, name)
        if declared is not None:
            found.setdefault(declared, mapping.model)
    return [(declared, declared.link_for(model)) for declared, model in found.items()]


def declared_in(cls: Any, name: str) -> BackDeclaration | None:
    """Return what a class declares under a name, itself or through a base."""
    for base in cls.__mro__:
        if name in vars(base):
            value = cast("object", vars(base)[name])
            return value if isinstance(value, BackDeclaration) else None
    return None
