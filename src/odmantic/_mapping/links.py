"""The links of a class: its references, and the fields whose embedded objects hold some, with the containers around."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from odmantic._bson.values import is_collection, is_document
from odmantic._mapping.fields import ODMReference
from odmantic._mapping.members import member_for
from odmantic._mapping.ref import is_ref
from odmantic._types.tree import (
    Array,
    Document,
    FixedTuple,
    Lazy,
    Nullable,
    Table,
    Target,
    Targets,
    Type,
)

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.members import Member
    from odmantic._mapping.options import OnDelete, Saving


class Each(Enum):
    """A container, each of whose values counts."""

    ITEM = auto()
    """Those of an array."""
    VALUE = auto()
    """Those of a document whose keys are data."""


Step: TypeAlias = Each | int
"""A container, of which each value counts, or the one at an index."""

Hop: TypeAlias = str | Step
"""A key, or a container."""


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """A field that holds targets of references, or embedded objects which do, at any depth.

    A reference to several models has a link for each member.

    Attributes:
        name: The field.
        key: Its key in documents.
        steps: The containers in the field, the outermost first; none if it holds one target or object.
        cls: The model that is referred to, or the class of the embedded objects.
        reference: The field, if it is a reference.
        is_optional: Whether `None` may be in place of what `cls` says.
        is_lazy: Whether the values there are `Ref`s.
        member: Which targets these are, of a reference.
    """

    name: str
    key: str
    steps: tuple[Step, ...]
    cls: Any
    reference: ODMReference | None
    is_optional: bool
    is_lazy: bool = False
    member: Member | None = None

    @property
    def is_named(self) -> bool:
        """Whether what is stored names a collection, and may lead to those of other members."""
        return self.member is not None and self.member.is_named

    def holds(self, value: Any) -> bool:
        """Return whether a value in the field belongs to this link; the first also has what no member can have."""
        if self.member is None or self.reference is None or len(self.reference.members) == 1:
            return True
        members = self.reference.members
        if is_ref(value):
            return member_for(members, value) in (self.member, None)
        return self.member.has(value) or (
            self.member is members[0] and not any(each.has(value) for each in members)
        )

    @property
    def saving(self) -> Saving:
        """Which targets are saved with what refers to them."""
        options = None if self.reference is None else self.reference.options.reference
        return "changed" if options is None else options.save

    @property
    def on_delete(self) -> OnDelete:
        """What happens to the document that has it when a target is deleted."""
        options = None if self.reference is None else self.reference.options.reference
        return "nothing" if options is None else options.on_delete


@dataclass(frozen=True, slots=True, eq=False)
class FoundLink:
    """A link of documents that are read; some of a hierarchy may have it, and others not.

    Attributes:
        link: The link.
        type_key: The key of the discriminator; `None` if all documents have the link.
        types: Its values in the documents that have it.
    """

    link: Link
    type_key: str | None = None
    types: tuple[Any, ...] = ()

    def is_in(self, document: Any) -> bool:
        """Return whether a document has the link."""
        if not isinstance(document, dict):
            return False
        return cast("dict[str | None, Any]", document).get(self.type_key) in self.types


def found_links(mapping: ModelMapping) -> tuple[FoundLink, ...]:
    """Return the links of documents that are found by a class: its own, and those of its descendants."""
    hierarchy, mappings = mapping.hierarchy, mapping.read_as
    having: dict[tuple[Any, ...], tuple[Link, list[ModelMapping]]] = {}
    for each in mappings:
        for link in each.links:
            options = None if link.reference is None else link.reference.options.reference
            of = link.cls if link.member is None else link.member
            key = (
                *(link.name, link.key, link.steps, of),
                *(link.is_optional, link.is_lazy, options),
            )
            having.setdefault(key, (link, []))[1].append(each)
    return tuple(
        FoundLink(link)
        if hierarchy is None or len(those) == len(mappings)
        else FoundLink(
            link,
            hierarchy.key,
            tuple(value for each in those for value in hierarchy.values_of(each.model)),
        )
        for link, those in having.values()
    )


def links_of(mapping: ModelMapping) -> tuple[Link, ...]:
    """Return the links of a class, in the order of its fields."""
    known: dict[Any, bool] = {}
    found: list[Link] = []
    for name, field in mapping.fields.items():
        reference = field if isinstance(field, ODMReference) else None
        linked: set[Type] = set()
        for node in followed_in(field.tree):
            if isinstance(node, Document) and node.cls.__mapping__.hierarchy is not None:
                # Classes that are added may have references.
                node.cls.__mapping__.hierarchy.used_by(mapping)
            is_target = isinstance(node, (Target, Targets))
            if is_target if reference else _is_around_reference(node, known):
                linked.add(node)
        # There may be more ways through a type than anybody can walk: only those to references are asked for.
        for node, steps, is_optional in ends_of(field.tree) if linked else ():
            if node not in linked:
                continue
            here = name, field.key_name, steps
            if reference is None:
                found.append(Link(*here, node.cls, None, is_optional))
                continue
            found += (
                Link(*here, each.cls, reference, is_optional, reference.is_lazy, each)
                for each in reference.members
            )
    return tuple(found)


def ends_of(
    node: Type, steps: tuple[Step, ...] = (), *, is_optional: bool = False
) -> Iterator[tuple[Type, tuple[Step, ...], bool]]:
    """Yield what is inside optional types and containers, with the way to it, and whether `None` may be there."""
    match node:
        case Nullable():
            yield from ends_of(node.inner, steps, is_optional=True)
        case Lazy():
            yield from ends_of(node.inner, steps, is_optional=is_optional)
        case Array():
            yield from ends_of(node.inner, (*steps, Each.ITEM))
        case Table():
            yield from ends_of(node.inner, (*steps, Each.VALUE))
        case FixedTuple():
            for index, each in enumerate(node.arguments):
                yield from ends_of(each, (*steps, index))
        case _:
            yield node, steps, is_optional


def followed_in(tree: Type) -> list[Type]:
    """Return what `ends_of` yields, each once, however many ways lead there."""
    ends: dict[Type, None] = {}
    seen: set[Type] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        match node:
            case Nullable() | Array() | Table() | Lazy():
                waiting.append(node.inner)
            case FixedTuple():
                waiting.extend(reversed(node.arguments))
            case _:
                ends[node] = None
    return list(ends)


def _is_around_reference(node: Type, known: dict[Any, bool]) -> bool:
    """Return whether embedded objects of a type hold references, at any depth; `known` says so of classes."""
    if not isinstance(node, Document):
        return False
    if node.cls not in known:
        known[node.cls] = False
        mappings: Iterable[ModelMapping] = node.cls.__mapping__.read_as
        known[node.cls] = any(
            isinstance(field, ODMReference)
            or any(_is_around_reference(end, known) for end in followed_in(field.tree))
            for mapping in mappings
            for field in mapping.fields.values()
        )
    return known[node.cls]


def targets_of(mapping: ModelMapping) -> dict[Any, None]:
    """Return the models that the references of a class, and of all that is embedded in it, lead to."""
    models: dict[Any, None] = {}
    seen: set[Any] = set()
    waiting = [mapping]
    while waiting:
        for link in waiting.pop().links:
            if link.reference is not None:
                models[link.cls] = None
            elif link.cls not in seen:
                seen.add(link.cls)
                waiting += link.cls.__mapping__.read_as
    return models


# --- Values ------------------------------------------------------------------------------------


def values_at(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    """Yield the values inside containers, except `None`; what is no such container is passed over."""
    if value is None:
        return
    if not steps:
        yield value
        return
    for each in _inside(value, steps[0]):
        yield from values_at(each, steps[1:])


def _inside(container: Any, step: Step) -> Iterable[Any]:
    if step is Each.VALUE:
        return container.values() if is_document(container) else ()
    if not is_collection(container):
        return ()
    return container if step is Each.ITEM else [*container][step : step + 1]


def stored_at(document: Any, hops: tuple[Hop, ...]) -> Iterator[Any]:
    """Yield what is at the end of a way from a document; what has another shape is passed over."""
    if not hops:
        yield document
    elif isinstance(hops[0], str):
        if is_document(document) and hops[0] in document:
            yield from stored_at(document[hops[0]], hops[1:])
    else:
        for each in values_at(document, (hops[0],)):
            yield from stored_at(each, hops[1:])


def path_along(hops: tuple[Hop, ...]) -> str:
    """Return the path of keys along a way: it leads into arrays by itself."""
    return ".".join(str(hop) for hop in hops if not isinstance(hop, Each))


def targets_in(instance: Any) -> Iterator[tuple[Link, Any]]:
    """Yield the targets of an instance and of all that is embedded in it, with their links, in the order of fields."""
    for link in instance.__mapping__.links:
        held = getattr(instance, link.name)
        # Most are outside of containers.
        for value in values_at(held, link.steps) if link.steps else () if held is None else (held,):
            if link.is_lazy:
                # An instance that is no reference is refused when it is encoded.
                if is_ref(value) and value.is_loaded and link.holds(value):
                    yield link, value.value
            elif link.reference is not None:
                if len(link.reference.members) == 1 or link.holds(value):
                    yield link, value
            elif isinstance(value, link.cls):
                yield from targets_in(value)


def places_at(holder: Any, slot: Any, steps: tuple[Step, ...]) -> Iterator[tuple[Any, Any]]:
    """Yield the places inside arrays and documents: what holds a value, and its key or index there.

    Without containers the place is the given one, if there is a value.
    """
    if not isinstance(holder, (dict, list)):
        return
    if not steps:
        # A list is never asked for an index that it lacks.
        if isinstance(holder, list) or slot in holder:
            yield holder, slot
        return
    inner: Any
    if isinstance(holder, dict):
        inner = cast("dict[str, Any]", holder).get(slot)
    else:
        inner = cast("list[object]", holder)[slot]
    step, *others = steps
    rest = tuple(others)
    if step is Each.VALUE:
        slots: Iterable[Any] = [*inner] if isinstance(inner, dict) else ()
    elif isinstance(inner, list):
        count = len(cast("list[object]", inner))
        slots = range(count) if step is Each.ITEM else [step] * (step < count)
    else:
        slots = ()
    for each in slots:
        yield from places_at(inner, each, rest)


DROPPED: Any = object()
"""The result of a change that takes a value out of its container."""


def changed_at(value: Any, steps: tuple[Step, ...], change: Callable[[Any], Any]) -> Any:
    """Change the values inside containers, except `None`; lists, deques and dictionaries stay the same objects."""
    if value is None:
        return None
    if not steps:
        return change(value)
    if steps[0] is Each.VALUE:
        return _changed_table(value, steps[1:], change)
    return _changed_array(value, steps, change)


def _changed_table(value: Any, rest: tuple[Step, ...], change: Callable[[Any], Any]) -> Any:
    if not isinstance(value, dict):
        return value
    table = cast("dict[str, Any]", value)
    for key, each in [*table.items()]:
        changed = changed_at(each, rest, change)
        if changed is DROPPED:
            del table[key]
        elif changed is not each:
            table[key] = changed
    return table


def _changed_array(value: Any, steps: tuple[Step, ...], change: Callable[[Any], Any]) -> Any:
    if not is_collection(value):
        return value
    array = cast("Any", value)
    step, rest = steps[0], steps[1:]
    before: list[Any] = [*array]
    after: list[Any] = [
        changed_at(each, rest, change) if step is Each.ITEM or step == index else each
        for index, each in enumerate(before)
    ]
    if all(one is other for one, other in zip(before, after, strict=True)):
        return array
    after = [each for each in after if each is not DROPPED]
    if isinstance(value, (tuple, frozenset)):
        return type(value)(after)
    array.clear()
    (array.update if isinstance(value, set) else array.extend)(after)
    return array
