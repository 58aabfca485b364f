"""The places of delete rules: where the documents of a class hold references that say what a deletion does to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import ref

from odmantic._mapping.fields import Absence
from odmantic._mapping.links import Each
from odmantic._mapping.rules import Rule
from odmantic._types.kinds import ModelKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from odmantic._mapping.fields import ODMReference
    from odmantic._mapping.links import Link
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.rules import Hop

_MOST_PLACES = 1_000
"""The largest number of places of rules in the documents of a class: a deletion looks at each."""


def rules_in(mapping: ModelMapping) -> tuple[Rule, ...]:
    """Return the rules in the documents of a model, those of its descendants included; each place counts once.

    Raises:
        TypeError: if `pull_element` is at a place that is in no list, or there is no end to the places of a rule.
    """
    having: dict[Any, tuple[Rule, list[ModelMapping]]] = {}
    mappings = mapping.read_as
    for each in mappings:
        for rule in _Places(each, ref(mapping.model)).of(each, (), (), ()):
            key = rule.on_delete, rule.hops, rule.leaves_out_none, rule.target, _supplied_in(each)
            having.setdefault(key, (rule, []))[1].append(each)
            if len(having) > _MOST_PLACES:
                raise TypeError(
                    f"{mapping.model.__name__} has more than {_MOST_PLACES} places of references with an on_delete, such as "
                    f"{rule.path}, and a deletion would look at each: embed fewer objects with such references"
                )
    hierarchy = mapping.hierarchy
    if hierarchy is None:
        return tuple(rule for rule, _ in having.values())
    return tuple(
        rule
        if len(those) == len(mappings)
        else replace(
            rule,
            type_key=hierarchy.key,
            types=tuple(value for each in those for value in hierarchy.values_of(each.model)),
        )
        for rule, those in having.values()
    )


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
    ) -> Iterator[Rule]:
        """Yield the rules in the objects of a class.

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
                    yield self._rule(link, link.reference, mapping, called, way, len(hops))
            elif self._has_rules(link.cls):
                yield from self._embedded(link, called, way, (*around, mapping))

    def _embedded(
        self,
        link: Link,
        names: tuple[str, ...],
        way: tuple[Hop, ...],
        around: tuple[ModelMapping, ...],
    ) -> Iterator[Rule]:
        # The classes of an embedded hierarchy have the references of its root.
        seen: set[Any] = set()
        for each in link.cls.__mapping__.read_as:
            if each in around:
                raise self._endless(link, names)
            for rule in self.of(each, names, way, around):
                place = rule.hops, rule.on_delete, rule.target
                if place not in seen:
                    seen.add(place)
                    yield rule

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
        """Return the error for rules in objects that contain objects of their own class: there is no end to their places."""
        where = f"{self._root.model.__name__}.{'.'.join(names)}"
        return TypeError(
            f"{self._inside[link.cls]} cannot have an on_delete, except 'nothing': {link.cls.__name__} is in itself ({where}), "
            "at any depth, where neither a query nor an update reaches its references. Keep these objects in one list"
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
