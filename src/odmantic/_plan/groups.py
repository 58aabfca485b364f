"""The groups of a `save_all`: instances that can be written together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from odmantic._mapping.links import targets_in
from odmantic._mapping.mapping import mapping_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from odmantic.model import Model


@dataclass(frozen=True, slots=True)
class Group:
    """Instances of one collection whose references are in earlier groups, or before them in this one."""

    model: type[Model]
    """Their class, or the root of their hierarchy."""
    members: Sequence[Model]
    positions: Sequence[int]
    """The position of each member in the order of single saves."""
    is_mixed: bool = False
    """Whether they are of several classes of a hierarchy."""

    def before(self, position: int) -> Group:
        """Return the members that single saves would reach before a position."""
        kept = [number for number, each in enumerate(self.positions) if each < position]
        return Group(
            self.model,
            [self.members[number] for number in kept],
            [self.positions[number] for number in kept],
            self.is_mixed,
        )


def group_instances(ordered: Sequence[Model]) -> list[Group]:
    """Group instances, which come after their references, by level of references and by model, or by hierarchy.

    Example:
        Orders with a customer each give two groups, the customers and the orders.
    """
    kinds = {model: kind_of(model) for model in set(map(type, ordered))}
    if not any(mapping_of(model).links for model in kinds):
        if len(set(kinds.values())) == 1:
            return [_group(ordered, range(len(ordered)))]
        return _by_kind(enumerate(ordered), kinds)
    levels: dict[int, int] = {}
    members: dict[int, list[tuple[int, Model]]] = {}
    for position, instance in enumerate(ordered):
        level = _level(instance, levels, kinds) if instance.__mapping__.links else 0
        levels[id(instance)] = level
        members.setdefault(level, []).append((position, instance))
    return [group for level in sorted(members) for group in _by_kind(members[level], kinds)]


def _level(instance: Model, levels: Mapping[int, int], kinds: Mapping[type[Model], object]) -> int:
    """Return the number of changes of model on the longest path through the references of an instance."""
    level = 0
    kind = kinds[type(instance)]
    for _, target in targets_in(instance):
        below = levels.get(id(target))
        if below is not None:
            if kinds[target.__class__] is not kind:
                below += 1
            level = max(level, below)
    return level


def _by_kind(
    numbered: Iterable[tuple[int, Model]], kinds: Mapping[type[Model], object]
) -> list[Group]:
    members: dict[object, list[tuple[int, Model]]] = {}
    for each in numbered:
        members.setdefault(kinds[type(each[1])], []).append(each)
    return [
        _group([instance for _, instance in each], [position for position, _ in each])
        for each in members.values()
    ]


def kind_of(model: type[Model]) -> object:
    """Return what instances that are written together have in common: their hierarchy, or their class."""
    return mapping_of(model).hierarchy or model


def _group(members: Sequence[Model], positions: Sequence[int]) -> Group:
    model, *others = dict.fromkeys(map(type, members))
    hierarchy = mapping_of(model).hierarchy
    if hierarchy is None or not others:
        return Group(model, members, positions)
    return Group(hierarchy.root, members, positions, is_mixed=True)
