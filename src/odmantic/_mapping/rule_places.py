"""The places of delete rules: where the documents of a class hold references that say what a deletion does to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import ref

from odmantic._mapping.fields import Absence
from odmantic._mapping.links import Each
from odmantic._mapping.rules import Rule
from odmantic._types.kinds import ModelKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from odmantic._mapping.fields import ODMReference
    from odmantic._mapping.links import Hop, Link
    from odmantic._mapping.mapping import ModelMapping

_MOST_PLACES = 1_000
"""The largest number of places of rules in the documents of a class: a deletion looks at each."""


_DEEPEST = 180
"""The largest number of levels in a document that servers take; the manual promises 100."""


def rules_in(mapping: ModelMapping) -> tuple[Rule, ...]:
    """Return the rules in the documents of a model, those of its descendants included; each place counts once.

    Raises:
        TypeError: if `pull_element` is at a place that is in no list, or nobody can look at all places of a rule.
    """
    having: dict[Any, tuple[Rule, list[ModelMapping]]] = {}
    mappings = mapping.read_as
    for each in mappings:
        for rule in _gathered(_Places(each, ref(mapping.model)).of(each, (), (), ())):
            key = rule.on_delete, rule.hops, rule.leaves_out_none, rule.target, _supplied_in(each)
            having.setdefault(key, (rule, []))[1].append(each)
    hierarchy = mapping.hierarchy
    if hierarchy is None:
        return tuple(rule for rule, _ in having.values())
    return tuple(
        rule
        if len(those) == len(mappings)
        else rule.of_types(
            hierarchy.key,
            tuple(value for each in those for value in hierarchy.values_of(each.model)),
        )
        for rule, those in having.values()
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A rule at one place, with the class and the field that say it."""

    rule: Rule
    owner: tuple[Any, str]
    is_repeated: bool
    """Whether it is in objects inside of others of their class."""

    @property
    def family(self) -> tuple[Any, ...]:
        """What a place and those inside of it have in common."""
        return self.rule.names[0], self.owner, self.rule.target


def _gathered(places: Iterator[_Place]) -> Iterator[Rule]:
    """Yield rules, each with the places of the same reference in objects inside of those."""
    outer: list[_Place] = []
    deeper: dict[Any, list[Rule]] = {}
    for number, place in enumerate(places):
        if number == _MOST_PLACES:
            where = place.owner[0].__name__, place.owner[1]
            raise TypeError(
                f"{'.'.join(where)} cannot have an on_delete, except 'nothing': there are more than {_MOST_PLACES} places where "
                f"a deletion would look for it, such as {place.rule.path}. Embed fewer objects with such references"
            )
        if place.is_repeated:
            deeper.setdefault(place.family, []).append(place.rule)
        else:
            outer.append(place)
    for place in outer:
        yield replace(place.rule, deeper=tuple(deeper.pop(place.family, ())))


def _supplied_in(mapping: ModelMapping) -> tuple[Any, ...]:
    """Return what tells classes apart whose updates set different fields besides."""
    return tuple(
        (each.name, mapping.fields[each.name].key_name, each.on_update)
        for each in mapping.supplied
        if each.on_update is not None
    )


class _Places:
    """The places of rules in the documents of one class."""

    def __init__(self, root: ModelMapping, holder: Callable[[], Any]) -> None:
        """Begin with the class, and the model that is searched for its documents."""
        self._root = root
        self._holder = holder
        self._inside: dict[Any, str | None] = {}

    def of(
        self,
        mapping: ModelMapping,
        names: tuple[str, ...],
        hops: tuple[Hop, ...],
        around: tuple[ModelMapping, ...],
    ) -> Iterator[_Place]:
        """Yield the places in the objects of a class.

        Args:
            mapping: The class.
            names: The fields on the way from a document to the objects.
            hops: The way.
            around: The classes of the objects on it.
        """
        for link in mapping.links:
            way, called = (*hops, link.key, *link.steps), (*names, link.name)
            if link.reference is not None:
                if link.on_delete != "nothing":
                    rule = self._rule(link, link.reference, mapping, called, way, len(hops))
                    is_repeated = len({*around, mapping}) <= len(around)
                    yield _Place(rule, (mapping.model, link.name), is_repeated)
            elif self._has_rules(link.cls):
                yield from self._embedded(link, called, way, (*around, mapping))

    def _embedded(
        self,
        link: Link,
        names: tuple[str, ...],
        way: tuple[Hop, ...],
        around: tuple[ModelMapping, ...],
    ) -> Iterator[_Place]:
        if len(way) >= _DEEPEST:
            return
        # The classes of an embedded hierarchy have the references of its root.
        seen: set[Any] = set()
        for each in link.cls.__mapping__.read_as:
            if each in around and Each.VALUE in way:
                raise self._endless(link, names)
            for place in self.of(each, names, way, around):
                key = place.rule.hops, place.rule.on_delete, place.rule.target
                if key not in seen:
                    seen.add(key)
                    yield place

    def _rule(
        self,
        link: Link,
        reference: ODMReference,
        mapping: ModelMapping,
        names: tuple[str, ...],
        way: tuple[Hop, ...],
        key_at: int,
    ) -> Rule:
        at = 0
        if link.on_delete == "pull_element":
            at = _list_around(key_at, way)
            self._check_list(link, mapping, names, at)
        return Rule(
            link.on_delete,
            way,
            names,
            list_at=at,
            leaves_out_none=not link.steps and Absence.OF_NONE in reference.absence,
            is_named=link.is_named,
            _holder=self._holder,
            _target=ref(link.cls),
            _supplier=ref(self._root.model),
        )

    def _check_list(
        self, link: Link, mapping: ModelMapping, names: tuple[str, ...], at: int
    ) -> None:
        root = self._root
        # A class that is embedded somewhere is in a list there, or not.
        if at < 0 and kind_of(root.model) is ModelKind.MODEL:
            where = f"{mapping.model.__name__}.{link.name}"
            raise TypeError(
                f"{root.model.__name__}.{'.'.join(names)} cannot be pulled: {where} has on_delete='pull_element', and is in no "
                f"list here. Embed {mapping.model.__name__} in lists, as in `list[{mapping.model.__name__}]`, or give {where} "
                "another on_delete"
            )

    def _has_rules(self, cls: Any) -> bool:
        """Return whether objects of a class have rules, at any depth."""
        if cls not in self._inside:
            self._inside[cls] = _first_rule(cls)
        return self._inside[cls] is not None

    def _endless(self, link: Link, names: tuple[str, ...]) -> TypeError:
        """Return the error for rules in objects that contain others of their class, in dictionaries."""
        where = f"{self._root.model.__name__}.{'.'.join(names)}"
        return TypeError(
            f"{self._inside[link.cls]} cannot have an on_delete, except 'nothing': {link.cls.__name__} is in itself ({where}), "
            "and in dictionaries, where no query looks at any depth. Use lists"
        )


def _list_around(position: int, way: tuple[Hop, ...]) -> int:
    """Return the position of the list whose elements hold a reference with a key at a position; -1 if there is none."""
    for at in range(position - 1, -1, -1):
        hop = way[at]
        if hop is Each.ITEM:
            return at
        if not isinstance(hop, str):
            break
    return -1


def _first_rule(cls: Any) -> str | None:
    """Return the name of a reference with a rule in the objects of a class, at any depth."""
    seen = {cls}
    waiting = [cls]
    while waiting:
        for mapping in waiting.pop().__mapping__.read_as:
            for link in mapping.links:
                if link.on_delete != "nothing":
                    return f"{mapping.model.__name__}.{link.name}"
                if link.reference is None and link.cls not in seen:
                    seen.add(link.cls)
                    waiting.append(link.cls)
    return None
