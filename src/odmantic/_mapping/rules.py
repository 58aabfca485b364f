"""Delete rules: what becomes of the documents that refer to one which is deleted.

A rule is `on_delete` of a reference, at one place in the documents of one model; `odmantic._mapping.rule_places` finds
them. The models whose documents have rules are registered when they are complete, and are held weakly.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, ref

from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._mapping.links import Each, path_along
from odmantic._mapping.members import Member
from odmantic._types.kinds import ModelKind, kind_of, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._mapping.links import Hop
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.options import OnDelete


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What happens to the documents of a model that refer, at one place, to a deleted one.

    Attributes:
        on_delete: What happens to them.
        hops: The way to the ids in a document: keys and containers.
        names: The names of the fields on that way.
        list_at: For `pull_element`: the position in `hops` of the list that loses an element.
        leaves_out_none: Whether `None` has no key there.
        type_key: The key of the discriminator, if not all documents of the model have the reference.
        types: Its values in those that have it.
        is_named: Whether what is stored names the collection of the target.
        deeper: The rule at the places inside of objects that contain others of their own class.
    """

    on_delete: OnDelete
    hops: tuple[Hop, ...]
    names: tuple[str, ...]
    list_at: int
    leaves_out_none: bool
    _holder: Callable[[], Any]
    _target: Callable[[], Any]
    _supplier: Callable[[], Any]
    type_key: str | None = None
    types: tuple[Any, ...] = ()
    is_named: bool = False
    deeper: tuple[Rule, ...] = ()

    @property
    def places(self) -> tuple[Rule, ...]:
        """The rule at each of its places."""
        return (self, *self.deeper)

    def of_types(self, key: str, types: tuple[Any, ...]) -> Rule:
        """Return the rule for documents of some types."""
        deeper = tuple(each.of_types(key, types) for each in self.deeper)
        return replace(self, type_key=key, types=types, deeper=deeper)

    @property
    def holder(self) -> Any:
        """The model whose documents refer: of a hierarchy the root; `None` if it is gone."""
        return self._holder()

    @property
    def target(self) -> Any:
        """The model to which they refer; `None` if it is gone."""
        return self._target()

    @property
    def supplier(self) -> Any:
        """The class of such documents that says what updates set besides; `None` if it is gone."""
        return self._supplier()

    @property
    def path(self) -> str:
        """The names of the fields, joined."""
        return ".".join(self.names)

    @property
    def key(self) -> str:
        """The path of the ids for an index."""
        return path_along(self.hops)

    @property
    def is_in_table(self) -> bool:
        """Whether the keys of a document on the way are data."""
        return Each.VALUE in self.hops

    def stored(self, id_: Any) -> Any:
        """Return what a document stores that refers to one with an id."""
        return Member(self.target, is_named=self.is_named).refer(id_)

    def id_in(self, stored: Any) -> Any:
        """Return the id in what a document stores."""
        return Member(self.target, is_named=self.is_named).id_in(stored)

    def is_about(self, model: Any) -> bool:
        """Return whether the deletion of a document of a class fires the rule: of the target, or a class below it."""
        named = self.target
        if named is None:
            return False
        target, cls = origin_of(named), origin_of(model)
        if cls is target:
            return True
        hierarchy = hierarchy_of(cls)
        return (
            hierarchy is not None and hierarchy_of(target) is hierarchy and issubclass(cls, target)
        )


# --- The registry ------------------------------------------------------------------------------


class _Holders:
    """The models whose documents have rules."""

    def __init__(self) -> None:
        self.are_declared = False
        """Whether any class has a rule."""
        self.complete_classes: Callable[[], None] = lambda: None
        """Completes the classes that can be complete by now."""
        self.refused: WeakSet[Any] = WeakSet()
        """Complete classes that cannot have their rules."""
        self.version = 0
        """Another number once there are other classes."""
        self.models: dict[Any, Callable[[], Any]] = {}


_holders = _Holders()


def note_rule() -> None:
    """Note that a class declares a rule."""
    _holders.are_declared = True


def complete_first(complete_classes: Callable[[], None]) -> None:
    """Have classes completed before it is asked for their rules."""
    _holders.complete_classes = complete_classes


def note_rules(mapping: ModelMapping) -> None:
    """Register a class that is complete, if its documents have rules.

    Reloaded code replaces the class that it defined before.

    Raises:
        TypeError: if `pull_element` is at a place that is in no list, or there is no end to the places of a rule.
    """
    if not _holders.are_declared:
        return
    _holders.version += 1
    if kind_of(mapping.model) is not ModelKind.MODEL:
        # It raises the errors of the class itself.
        _ = mapping.rules
        return
    try:
        _register(mapping)
    except TypeError:
        _holders.refused.add(mapping.model)
        raise


def drop_rules(cls: Any) -> None:
    """Forget a class whose definition failed."""
    _holders.refused.discard(cls)


def _register(mapping: ModelMapping) -> None:
    root = mapping.model if mapping.hierarchy is None else mapping.hierarchy.root
    holder: ModelMapping = mapping if root is mapping.model else root.__mapping__
    if holder.rules:
        models = {key: each for key, each in _holders.models.items() if each() is not None}
        models[root.__module__, root.__qualname__, holder.collection] = ref(root, _forget)
        # Replaced as a whole: other threads may be reading.
        _holders.models = models
        _holders.version += 1


def _check_refused() -> None:
    """Refuse to go on without the rules of a class that cannot have them, although it exists."""
    if _holders.refused:
        gc.collect()
        for model in [*_holders.refused]:
            _register(model.__mapping__)
            _holders.refused.discard(model)


def _forget(_: object) -> None:
    """Note that a class is gone."""
    _holders.version += 1


def rules_on(model: Any) -> tuple[Rule, ...]:
    """Return the rules that the deletion of a document of a class fires."""
    if not _holders.models:
        return ()
    found: tuple[Rule, ...] = _kept("_rules_on", model, _find_rules)
    return found


def has_rules_below(model: Any) -> bool:
    """Return whether the deletion of documents that are found by a model may fire rules."""
    if not _holders.are_declared:
        return False
    _holders.complete_classes()
    _check_refused()
    return bool(_holders.models) and bool(_kept("_has_rules", model, _find_below))


def _kept(name: str, model: Any, find: Callable[[Any], Any]) -> Any:
    """Return something that is found again when there are other classes."""
    version = _holders.version
    facts: dict[str, Any] = model.__mapping__.__dict__
    kept: tuple[int, Any] | None = facts.get(name)
    if kept is None or kept[0] != version:
        kept = facts[name] = version, find(model)
    return kept[1]


def _find_rules(model: Any) -> tuple[Rule, ...]:
    _load_classes()
    found: dict[Any, Rule] = {}
    for holder in _known_holders():
        for rule in holder.__mapping__.rules:
            if rule.is_about(model):
                # A parametrisation has the documents of its origin.
                key = origin_of(holder), rule.hops, rule.on_delete, rule.types, rule.target
                found.setdefault(key, rule)
    return tuple(found.values())


def _find_below(model: Any) -> bool:
    mapping: ModelMapping = model.__mapping__
    if mapping.hierarchy is not None:
        mapping.hierarchy.load()
    return any(rules_on(each.model) for each in mapping.read_as)


def _known_holders() -> list[Any]:
    found = (get() for get in _holders.models.values())
    return [each for each in found if each is not None]


def _load_classes() -> None:
    """Have hierarchies whose documents have rules import their classes, which may have others."""
    for holder in _known_holders():
        if holder.__mapping__.hierarchy is not None:
            holder.__mapping__.hierarchy.load()
