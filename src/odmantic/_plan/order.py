"""The order of saves: each instance after those of its references that are saved with it.

New instances may refer to each other. Then one reference of the cycle says nothing about the order: it is *loose*. If it is
to a new instance that comes later, it is postponed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from odmantic._codec.encode import check_target
from odmantic._mapping.links import targets_in
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.postponed import NOTHING_POSTPONED, Postponed, can_wait, is_required
from odmantic._state.hollow import hollow_in
from odmantic._types.kinds import is_model_instance
from odmantic.exceptions import UnsavedReferenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from odmantic._mapping.links import Link
    from odmantic._mapping.options import Saving
    from odmantic.model import Model


@dataclass(frozen=True, slots=True)
class SaveOrder:
    """The order of a save.

    Attributes:
        instances: The instances, each after its references.
        postponed: By identity, the new instances that refer to later ones.
    """

    instances: Sequence[Model]
    postponed: Mapping[int, Postponed]


def save_order(
    instances: Sequence[Model],
    is_saved: Callable[[Model], bool],
    *,
    cascades: bool = True,
    begun: Iterable[Model] = (),
    postponed: Mapping[int, Postponed] = NOTHING_POSTPONED,
) -> SaveOrder:
    """Return instances in the order of their saves: depth first, references in the order of fields, each once.

    Args:
        instances: The instances that the program gave.
        is_saved: Tells whether the document of an instance is known where it would be saved.
        cascades: Whether references are saved with what refers to them, as far as their fields say so.
        begun: Other instances whose saves have begun, and go on after these.
        postponed: What an earlier order of the same call has postponed.

    Raises:
        UnsavedReferenceError: if a reference is not saved with what refers to it, and was never saved; or if new instances
            refer to each other by required references.
    """
    if not any(mapping_of(model).links for model in set(map(type, instances))):
        return SaveOrder(instances, postponed)
    given = {id(each) for each in (*instances, *begun)}
    walk = _Walk(given, is_saved, cascades=cascades)
    walk.begin(begun, postponed)
    for instance in instances:
        walk.add(instance)
    if walk.left:
        walk.check()
        # They are saved all the same, and have to come first.
        return save_order(walk.found, is_saved, cascades=cascades, begun=begun, postponed=postponed)
    return SaveOrder(walk.found, walk.all_postponed())


@dataclass(slots=True, eq=False)
class _Step:
    """An instance whose references are being followed, and the reference that has led to it."""

    instance: Model
    link: Link | None
    references: Iterator[tuple[Link, Model]]


class _Walk:
    """A walk through instances and their references."""

    __slots__ = (
        *("_cascades", "_given", "_is_found", "_is_saved", "_later", "_loose", "_postponed"),
        *("_savings", "_waiting", "found", "left"),
    )

    def __init__(
        self, given: set[int], is_saved: Callable[[Model], bool], *, cascades: bool
    ) -> None:
        self._given = given
        self._is_saved = is_saved
        self._cascades = cascades
        self._savings: dict[Link, Saving] = {}
        """Which targets are saved with what refers to them, by reference."""
        self.found: list[Model] = []
        self._is_found: dict[int, bool] = {}
        """By identity, what was met: whether it is found, or its references are still being followed."""
        self.left: list[tuple[Model, Link, Model]] = []
        """The references that are not saved with what refers to them, and were never saved."""
        self._loose: set[tuple[int, int]] = set()
        """The loose references: the identities of instances and targets."""
        self._later: deque[Model] = deque()
        """The instance to find next, and the targets of loose references."""
        self._waiting: list[tuple[Model, Model]] = []
        """The loose references that are postponed if the target comes later."""
        self._postponed: Mapping[int, Postponed] = NOTHING_POSTPONED

    def begin(self, begun: Iterable[Model], postponed: Mapping[int, Postponed]) -> None:
        """Go on from what is under way."""
        self._is_found.update((id(each), False) for each in begun)
        self._postponed = postponed
        for key, each in postponed.items():
            self._loose.update((key, target) for target in each.targets)

    def add(self, instance: Model) -> None:
        """Find an instance after its references, and then the targets of loose ones."""
        self._later.append(instance)
        while self._later:
            root = self._later.popleft()
            if id(root) not in self._is_found and hollow_in(root) is None:
                self._follow(root)

    def check(self) -> None:
        """Refuse references to what was never saved.

        Raises:
            UnsavedReferenceError: if there is one.
        """
        for instance, link, target in self.left:
            if id(target) not in self._is_found:
                model = type(instance)
                raise UnsavedReferenceError(
                    f"cannot save {model.__name__}: its reference {link.name!r} leads to a {type(target).__name__} that "
                    "was never saved, and is not saved with it: save that first",
                    model,
                )

    def all_postponed(self) -> Mapping[int, Postponed]:
        """Return what is postponed."""
        if not self._waiting:
            return self._postponed
        numbers = {id(each): number for number, each in enumerate(self.found)}
        found = {**self._postponed}
        for instance, target in self._waiting:
            # What has begun before goes on later.
            if numbers.get(id(target), len(numbers)) > numbers[id(instance)]:
                one = found.setdefault(id(instance), Postponed(instance))
                one.targets[id(target)] = target
        return found

    def _follow(self, root: Model) -> None:
        path = [self._step(root)]
        while path:
            step = path[-1]
            for link, target in step.references:
                is_found = self._is_found.get(id(target))
                if is_found or not self._takes(step.instance, link, target):
                    continue
                if is_found is not None:
                    self._close(path, link, target)
                elif self._loose and self._is_loose(step.instance, link, target):
                    self._later.append(target)
                elif not target.__mapping__.links:
                    # Most targets: nothing has to be followed.
                    self._is_found[id(target)] = True
                    self.found.append(target)
                else:
                    path.append(self._step(target, link))
                if path[-1] is not step:
                    break
            else:
                path.pop()
                self._is_found[id(step.instance)] = True
                self.found.append(step.instance)

    def _step(self, instance: Model, link: Link | None = None) -> _Step:
        self._is_found[id(instance)] = False
        return _Step(instance, link, iter(_references(instance)))

    def _takes(self, instance: Model, link: Link, target: Model) -> bool:
        """Return whether a target is saved with what refers to it."""
        if hollow_in(target) is not None:
            return False
        saving = self._savings.get(link)
        if saving is None:
            saving = self._savings[link] = link.saving if self._cascades else "never"
        if saving == "changed" or id(target) in self._given:
            return True
        if self._is_saved(target):
            return False
        if saving == "never":
            self.left.append((instance, link, target))
        return saving == "new"

    # --- Cycles ----------------------------------------------------------------------------------

    def _is_loose(self, instance: Model, link: Link, target: Model) -> bool:
        is_loose = (id(instance), id(target)) in self._loose
        return is_loose and (not is_required(link) or self._is_saved(target))

    def _close(self, path: list[_Step], link: Link, target: Model) -> None:
        """Loosen a reference of the cycle that is closed by one from the end of the path; go back to before it.

        Raises:
            UnsavedReferenceError: if none can be.
        """
        if target is path[-1].instance or self._is_saved(target):
            return
        # To what has begun before, the whole path belongs.
        start = next((n for n in reversed(range(len(path))) if path[n].instance is target), 0)
        cycle = [*path[start:], _Step(target, link, iter(()))]
        cost, last = min((self._cost(cycle[n]), -n) for n in range(1, len(cycle)))
        if cost == _TOO_MUCH:
            raise _endless(cycle)
        holder, loose = cycle[-last - 1].instance, cycle[-last].instance
        self._loose.add((id(holder), id(loose)))
        if cost == _WAITING:
            self._waiting.append((holder, loose))
        if loose is not target:
            for step in path[start - last :]:
                del self._is_found[id(step.instance)]
            del path[start - last :]
            self._later.append(loose)

    def _cost(self, step: _Step) -> int:
        """Return what it costs if the reference to an instance is written before the instance."""
        link = cast("Link", step.link)
        if self._is_saved(step.instance):
            return _NOTHING
        if can_wait(link):
            return _WAITING
        return _TOO_MUCH if is_required(link) else _DANGLING


_NOTHING, _WAITING, _DANGLING, _TOO_MUCH = range(4)


def _endless(cycle: Sequence[_Step]) -> UnsavedReferenceError:
    names = [
        f"{type(holder.instance).__name__}.{cast('Link', step.link).name}"
        for holder, step in pairwise(cycle)
    ]
    model = type(cycle[-1].instance)
    return UnsavedReferenceError(
        f"cannot save {model.__name__}: new instances refer to each other ({' -> '.join([*names, model.__name__])}), and "
        "none of them can be saved before the others: make one of these references optional, so that it can be set last",
        model,
    )


def _references(instance: Model) -> list[tuple[Link, Model]]:
    # What is no model at all is refused when it is encoded.
    found: list[tuple[Link, Any]] = [
        pair for pair in targets_in(instance) if is_model_instance(pair[1])
    ]
    for link, target in found:
        reference: Any = link.reference
        if type(target) is not reference.model:
            check_target(reference, target)
    return found


def referenced(instance: Model) -> list[Model]:
    """Return the instances that one refers to, in field order.

    Raises:
        InvalidDocumentError: if one is in another collection than that of the class which is referred to.
    """
    if hollow_in(instance) is not None:
        return []
    return [target for _, target in _references(instance) if hollow_in(target) is None]
