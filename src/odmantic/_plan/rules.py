"""What the delete rules of references do to the documents around those that are deleted: decided before anything is written.

The closure of a deletion is its documents, the roots, with all that are deleted with them. It is collected level by
level; then it is asked whether other documents deny it. What follows, in this order, is `Consequences`: updates of the
documents that refer to it and stay, and deletions from the leaves on; the roots come last, and are left to the caller.

A soft deletion is soft for the documents that it takes along, as far as their models have `soft_delete`; what is really
deleted takes along whatever refers to it for good, since nothing could read that any more.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import bson

from odmantic._mapping.hierarchy import class_to_read
from odmantic._mapping.links import stored_at
from odmantic._mapping.mapping import ModelMapping, mapping_of
from odmantic._mapping.rules import Rule, rules_on
from odmantic._plan.holders import holders_filter
from odmantic._plan.indexes import declared_indexes
from odmantic._plan.references import NO_ID, comparable, slices
from odmantic.exceptions import ReferencedError

if TYPE_CHECKING:
    from odmantic.model import Model

Document: TypeAlias = dict[str, Any]

MOST_DELETED = 10_000
"""The largest number of documents that are deleted in one call with rules, unless it says otherwise."""

_MOST_LOOKED_AT = 1_000
"""The number of documents from which a deletion learns where its ids are, among many places."""

MOST_HOLDERS = 10
"""The number of documents that an error names."""


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """What a call says about delete rules: whether they count, and how many documents it may delete with them."""

    are_on: bool
    limit: int


def checked_options(rules: object, rules_limit: object, operation: str) -> RuleOptions:
    """Return what a call says about delete rules.

    Raises:
        TypeError: if `rules` is no bool, or `rules_limit` no number.
        ValueError: if `rules_limit` is not positive.
    """
    if not isinstance(rules, bool):
        raise TypeError(f"rules= of {operation} is True or False, not {rules!r:.200}")
    if not isinstance(rules_limit, int) or isinstance(rules_limit, bool):
        raise TypeError(f"rules_limit= of {operation} is a number, not {rules_limit!r:.200}")
    if rules_limit < 1:
        raise ValueError(f"rules_limit= of {operation} has to be positive, not {rules_limit}")
    return RuleOptions(rules, rules_limit)


def deletion_said(**words: Any) -> dict[str, Any]:
    """Return what a call says about a deletion that is not usual: a method of a program's own engine may not know it."""
    usual = {"hard": False, "rules": True, "rules_limit": MOST_DELETED}
    return {word: value for word, value in words.items() if value != usual[word]}


@dataclass(frozen=True, slots=True)
class FindHolders:
    """A request for documents of a model."""

    model: Any
    filter: Document
    keys: tuple[str, ...]
    limit: int

    @property
    def projection(self) -> Document:
        """What is read of the documents."""
        return dict.fromkeys(self.keys, 1)


@dataclass(slots=True, eq=False)
class Deleted:
    """A document of the closure: it is deleted.

    Attributes:
        id: Its primary key.
        cls: Its class.
        is_soft: Whether it gets the time of the deletion, and stays.
        is_root: Whether the call names it.
    """

    id: Any
    cls: Any
    is_soft: bool
    is_root: bool


@dataclass(frozen=True, slots=True)
class Releasing:
    """A rule that updates the documents which refer to some that are deleted, except those with excluded ids."""

    rule: Rule
    ids: list[Any]
    excluded: list[Any]


@dataclass(frozen=True, slots=True)
class Consequences:
    """What is done before the roots are deleted.

    Attributes:
        releases: The updates.
        deletions: The documents that are deleted with the roots, by collection, from the leaves on.
        roots: The roots.
    """

    releases: list[Releasing] = field(default_factory=list[Releasing])
    deletions: list[list[Deleted]] = field(default_factory=list[list[Deleted]])
    roots: list[Deleted] = field(default_factory=list[Deleted])


Steps: TypeAlias = Generator[FindHolders, list[Any], Consequences]
"""Yields requests, each of which is answered with the documents found."""


def type_keys(model: Any) -> tuple[str, ...]:
    """Return the keys that tell what a document of a model is."""
    hierarchy = mapping_of(model).hierarchy
    return ("_id",) if hierarchy is None else ("_id", hierarchy.key)


def consequences(
    model: Any,
    documents: list[Any],
    *,
    is_soft: bool,
    limit: int,
    place_of: Callable[[Any], Hashable],
) -> Steps:
    """Decide what follows from the deletion of documents of a model.

    Args:
        model: The model.
        documents: The documents: their primary keys, and what tells their class.
        is_soft: Whether they get the time of the deletion, and stay.
        limit: The largest number of documents that may be deleted.
        place_of: Returns what the models have in common whose documents are in one collection.

    Raises:
        ReferencedError: if a document denies it.
        ValueError: if there are more documents.
    """
    closure = _Closure(model, limit, place_of)
    level = closure.add(model, documents, is_soft=is_soft, is_root=True)
    while level:
        fired = _fired(level, {"cascade"})
        level = list[tuple[Deleted, Any]]()
        for (rule, soft), ids in fired.items():
            level += yield from _cascade(closure, rule, ids, is_soft=soft)
    everything = [*closure.classed.values()]
    for (rule, soft), ids in _fired(everything, {"deny"}).items():
        yield from _deny(closure, rule, ids, is_soft=soft)
    releases: list[Releasing] = []
    for (rule, soft), ids in _fired(everything, {"nullify", "pull", "pull_element"}).items():
        excluded = closure.ids_at(rule.holder, with_soft=soft)
        for some in slices(ids):
            places = yield from _places(rule, some, excluded)
            releases += [Releasing(place, some, excluded) for place in places]
    return Consequences(releases, closure.deletions(), closure.roots)


_Fired: TypeAlias = dict[tuple[Rule, bool], list[Any]]


def _fired(members: Iterable[tuple[Deleted, Any]], effects: set[str]) -> _Fired:
    """Return the rules that members fire, as documents of some class, by whether these stay: what refers to them."""
    fired: dict[tuple[Rule, bool], list[Any]] = {}
    for member, cls in members:
        if member.is_soft and not cls.model_config.get("soft_delete_rules"):
            continue
        for rule in rules_on(cls):
            if rule.on_delete in effects and rule.holder is not None:
                fired.setdefault((rule, member.is_soft), []).append(rule.stored(member.id))
    return fired


def _cascade(
    closure: _Closure, rule: Rule, ids: list[Any], *, is_soft: bool
) -> Generator[FindHolders, list[Any], list[tuple[Deleted, Any]]]:
    """Add the documents that refer to some; return those that were not there."""
    holder = rule.holder
    mapping: ModelMapping = mapping_of(holder)
    stays = is_soft and mapping.soft_delete is not None
    added: list[tuple[Deleted, Any]] = []
    for some in slices(ids):
        query = holders_filter(rule, some)
        if stays:
            # What is deleted already keeps its time.
            query = {"$and": [dict(mapping.live_condition), query]}
        answer = yield FindHolders(holder, query, type_keys(holder), closure.limit + 1)
        added += closure.add(holder, answer, is_soft=stays, is_root=False)
    return added


def _deny(
    closure: _Closure, rule: Rule, ids: list[Any], *, is_soft: bool
) -> Generator[FindHolders, list[Any], None]:
    holder = rule.holder
    excluded = closure.ids_at(holder, with_soft=is_soft)
    keys = ("_id", str(rule.hops[0]))
    for some in slices(ids):
        query = holders_filter(rule, some, excluded)
        found = yield FindHolders(holder, query, keys, MOST_HOLDERS)
        if found:
            raise _referenced(rule, closure.model, some, found)


def _places(
    rule: Rule, ids: list[Any], excluded: list[Any]
) -> Generator[FindHolders, list[Any], list[Rule]]:
    """Return a rule at the places where documents may have ids; there are many in objects of their own class."""
    if not rule.deeper:
        return [rule]
    query = holders_filter(rule, ids, excluded)
    found = yield FindHolders(rule.holder, query, ("_id", str(rule.hops[0])), _MOST_LOOKED_AT)
    if len(found) == _MOST_LOOKED_AT:
        return [replace(each, deeper=()) for each in rule.places]
    return [
        replace(each, deeper=()) for each, held in _held(rule, found) if held & {*map(key_of, ids)}
    ]


def _held(rule: Rule, found: list[Any]) -> Iterator[tuple[Rule, set[Hashable]]]:
    """Yield a rule at each of its places, with what documents have there."""
    for each in rule.places:
        yield (
            each,
            {key_of(value) for document in found for value in stored_at(document, each.hops)},
        )


def _referenced(rule: Rule, model: Any, ids: list[Any], found: list[Any]) -> ReferencedError:
    field, those = rule.path, list[Any]()
    for place, held in _held(rule, found):
        if not those:
            field, those = place.path, [rule.id_in(each) for each in ids if key_of(each) in held]
    holders = [document["_id"] for document in found]
    return ReferencedError(rule.holder, field, those, holders, deleted=model)


class _Closure:
    """The documents that are deleted."""

    def __init__(self, model: Any, limit: int, place_of: Callable[[Any], Hashable]) -> None:
        self.model = model
        self.limit = limit
        self._place_of = place_of
        self._members: dict[tuple[Hashable, Hashable], Deleted] = {}
        self._seen: set[tuple[Any, ...]] = set()
        self.classed: dict[tuple[Any, ...], tuple[Deleted, Any]] = {}
        """The members, each with the classes as which it was found."""

    def add(
        self, model: Any, documents: list[Any], *, is_soft: bool, is_root: bool
    ) -> list[tuple[Deleted, Any]]:
        """Add documents; return those that were not there, or are deleted for good only now."""
        place = self._place_of(model)
        added: list[tuple[Deleted, Any]] = []
        for document in documents:
            id_ = document["_id"]
            cls = class_to_read(model, document) or model
            key = place, key_of(id_)
            member = self._members.get(key)
            if member is None:
                if len(self._members) >= self.limit:
                    raise self._too_many()
                member = self._members[key] = Deleted(id_, cls, is_soft, is_root)
            elif member.is_soft and not is_soft:
                member.is_soft = False
            seen = *key, cls, member.is_soft
            if seen not in self._seen:
                self._seen.add(seen)
                self.classed[seen[:-1]] = member, cls
                added.append((member, cls))
        return added

    def _too_many(self) -> ValueError:
        return ValueError(
            f"cannot delete {self.model.__name__}: with all that is deleted by on_delete='cascade', these are more than "
            f"rules_limit={self.limit} documents ({len(self._members)} found so far), and a transaction lives for a minute. "
            f"Delete in portions, or raise rules_limit{index_advice(self.model)}"
        )

    def ids_at(self, model: Any, *, with_soft: bool) -> list[Any]:
        """Return the ids of the members in the collection of a model; those that stay only if asked for."""
        place = self._place_of(model)
        return [
            member.id
            for (where, _), member in self._members.items()
            if where == place and (with_soft or not member.is_soft)
        ]

    @property
    def roots(self) -> list[Deleted]:
        """The documents that the call names."""
        return [member for member in self._members.values() if member.is_root]

    def deletions(self) -> list[list[Deleted]]:
        """Return the other members by collection, from the leaves on."""
        found: dict[Hashable, list[Deleted]] = {}
        for (place, _), member in self._members.items():
            if not member.is_root:
                found.setdefault(place, []).append(member)
        return [members[::-1] for members in reversed(found.values())]


def key_of(id_: Any) -> Hashable:
    """Return a value that is equal for ids that are equal in MongoDB, whatever they are."""
    key = comparable(id_)
    return bson.encode({"": id_}) if key is NO_ID else key


# --- Indexes -----------------------------------------------------------------------------------


def index_advice(model: Any) -> str:
    """Return what to say of the references that no declared index serves, when a deletion takes too long."""
    keys = _keys_without_index(model)
    if not keys:
        return ""
    return (
        f". No declared index has these as its first key, so that whole collections are read: {', '.join(keys)}. "
        "Reference(index=True) declares one, or an Index in model_config"
    )


def _keys_without_index(model: Any) -> list[str]:
    """Return the references that the deletion of documents of a model looks at without an index, as `Post.author`."""
    found: dict[str, None] = {}
    seen: set[Any] = set()
    waiting = [model]
    while waiting:
        for mapping in mapping_of(waiting.pop()).read_as:
            for rule in rules_on(mapping.model):
                holder = rule.holder
                if rule in seen or holder is None:
                    continue
                seen.add(rule)
                if not _is_indexed(rule):
                    found[f"{holder.__name__}.{rule.path}"] = None
                if rule.on_delete == "cascade":
                    waiting.append(holder)
    return [*found]


def _is_indexed(rule: Rule) -> bool:
    if rule.is_in_table or rule.deeper:
        return False
    try:
        indexes = [
            index
            for mapping in mapping_of(rule.holder).read_as
            for index in declared_indexes(cast("type[Model]", mapping.model))
        ]
    except Exception:  # noqa: BLE001 - an advice is not worth another error
        return True
    return rule.key in {next(iter(index.document["key"]), None) for index in indexes}
