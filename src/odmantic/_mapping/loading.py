"""What a read loads of the references of a model: all that its fields say, or exactly some paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from odmantic._mapping.back_links import BackDeclaration, BackLink, back_references_of
from odmantic._mapping.links import FoundLink, Link, Step
from odmantic._mapping.naming import to_snake_case

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.options import Missing

Paths: TypeAlias = frozenset[tuple[str, ...]]
"""Paths of names of fields; `EVERYTHING` is any reference, at any depth of embedded objects."""

EVERYTHING = "*"

NOTHING: Paths = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the documents that refer to others are loaded.

    Attributes:
        query: The condition of the call; `None` for all of them.
        sort: Their order; `None` for that of their primary keys.
        limit: The largest number for each of the others.
    """

    query: Mapping[str, Any] | None = None
    sort: Mapping[str, Any] | None = None
    limit: int | None = None


Choices: TypeAlias = Mapping[tuple[str, ...], Choice]
"""Choices by path; all documents are loaded where there is none."""


@dataclass(eq=False)
class Load:
    """What is loaded of one class: a part for each of its links, and one for each back reference on a path."""

    model: Any
    parts: list[Part] = field(default_factory=list["Part"])
    back_parts: list[BackPart] = field(default_factory=list["BackPart"])
    may_change: bool = False
    """Whether other classes of a hierarchy may have other references."""

    @cached_property
    def all_parts(self) -> tuple[Part, ...]:
        """All parts, at any depth, each once."""
        return tuple(part for load in _loads_below(self) for part in load.parts)

    @cached_property
    def all_back_parts(self) -> tuple[BackPart, ...]:
        """The back references that are loaded of this, of what it refers to, and of what is embedded."""
        return tuple(part for load in _loads_below(self) for part in load.back_parts)

    @cached_property
    def models(self) -> dict[Any, None]:
        """The models of which documents are loaded."""
        return {part.link.cls: None for part in self.all_parts if part.is_loaded}

    @cached_property
    def is_usual(self) -> bool:
        """Whether all references are loaded, none of them lazy, and a missing target is an error."""
        return all(
            part.inside is not None and part.missing == "raise" and not part.link.is_lazy
            for part in self.all_parts
        )

    @cached_property
    def fits_pipeline(self) -> bool:
        """Whether the server can load all of it: nothing is in a container, or names its collection."""
        return not any(_loads_in_container(part) for part in self.all_parts)


@dataclass(eq=False, slots=True)
class Part:
    """What is loaded at one link.

    Attributes:
        found: The link, and which documents have it.
        inside: What is loaded of the targets or of the embedded objects; `None` for targets that are not loaded.
        missing: What stands in for a target that does not exist.
        root: The model that is read.
        path: The names of the fields from there.
    """

    found: FoundLink
    inside: Load | None
    missing: Missing
    root: Any
    path: tuple[str, ...]

    @property
    def link(self) -> Link:
        """The link."""
        return self.found.link

    @property
    def is_loaded(self) -> bool:
        """Whether targets are loaded here."""
        return self.link.reference is not None and self.inside is not None

    @property
    def where(self) -> str:
        """The path, for errors."""
        return ".".join((self.root.__name__, *self.path))

    def advice(self, *, awaits: bool) -> str:
        """Return how to load the targets; `awaits` says whether operations are awaited."""
        written = self.load_path
        call = f"engine.load({to_snake_case(self.root.__name__)}, {written})"
        fetch = f", {'await ' * awaits}ref.fetch(engine)" if self.link.is_lazy else ""
        return f"read with load=[{written}]{fetch} or {'await ' * awaits}{call}"

    @property
    def load_path(self) -> str:
        """The path as it is written in `load=`."""
        return f'"{".".join(self.path)}"' if len(self.path) > 1 else self.where


@dataclass(frozen=True, eq=False, slots=True)
class BackPart:
    """What is loaded of what refers to instances.

    Attributes:
        declaration: The back reference.
        link: The reference that leads to them.
        inside: What is loaded of the documents that refer.
        choice: Which of them.
    """

    declaration: BackDeclaration
    link: BackLink
    inside: Load
    choice: Choice

    @property
    def name(self) -> str:
        """The name on the class of the instances."""
        return self.declaration.name


def _loads_below(load: Load) -> Iterator[Load]:
    """Yield a load and those of its parts, at any depth, each once; what refers to others is apart."""
    seen: set[int] = set()
    waiting = [load]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += (part.inside for part in one.parts if part.inside is not None)


def _loads_in_container(part: Part) -> bool:
    if part.is_loaded:
        return bool(part.link.steps) or part.link.is_named
    inside = part.inside
    if inside is None or not inside.models:
        return False
    # What is in itself is in a container too, or optional: then it may be in itself any number of times.
    return bool(part.link.steps) or part in inside.all_parts


def load_of(
    mapping: ModelMapping,
    paths: Paths | None = None,
    missing: Missing | None = None,
    choices: Choices = MappingProxyType({}),
) -> Load:
    """Return what a read of a model loads.

    Args:
        mapping: The model.
        paths: The paths; `None` for what the fields say. A path includes its beginning.
        missing: What stands in for missing targets, where that is possible; `None` for what the fields say.
        choices: Which of the documents at paths of back references.
    """
    builder = _Builder(mapping.model, missing, choices)
    load = builder.load(mapping, paths, (), (), {})
    load.may_change = builder.met_hierarchy
    return load


@dataclass(slots=True)
class _Builder:
    root: Any
    missing: Missing | None
    choices: Choices
    met_hierarchy: bool = False

    def load(
        self,
        mapping: ModelMapping,
        paths: Paths | None,
        visiting: tuple[Any, ...],
        path: tuple[str, ...],
        known: dict[tuple[Any, Paths | None], Load],
    ) -> Load:
        """Return what is loaded of a class; `known` has that of the embedded classes around."""
        load = known[mapping.model, paths] = Load(mapping.model)
        self.met_hierarchy |= mapping.hierarchy is not None
        if not mapping.is_embedded:
            visiting = (*visiting, _kind(mapping))
        for found in mapping.found_links:
            link = found.link
            inner = (*path, link.name)
            if link.reference is None:
                rest = None if paths is None else _below(paths, link.name, everything=True)
                inside = known.get((link.cls, rest))
                if inside is None:
                    inside = self.load(link.cls.__mapping__, rest, visiting, inner, known)
                load.parts.append(Part(found, inside, "raise", self.root, inner))
            else:
                part = Part(found, None, self._missing_at(link), self.root, inner)
                part.inside = self._targets(link, paths, visiting, inner)
                load.parts.append(part)
        if paths and not mapping.is_embedded:
            load.back_parts = [*self._back_parts(mapping, paths, visiting, path)]
        return load

    def _back_parts(
        self,
        mapping: ModelMapping,
        paths: Paths,
        visiting: tuple[Any, ...],
        path: tuple[str, ...],
    ) -> Iterator[BackPart]:
        """Yield what is loaded of what refers to instances of a class; `EVERYTHING` is nothing of it."""
        for name in sorted({one[0] for one in paths}):
            inner = (*path, name)
            rest = frozenset(one[1:] for one in paths if one[0] == name and len(one) > 1)
            for declaration, link in back_references_of(mapping.model, name):
                inside = self.load(link.holder.__mapping__, rest, visiting, inner, {})
                yield BackPart(declaration, link, inside, self.choices.get(inner, Choice()))

    def _targets(
        self,
        link: Link,
        paths: Paths | None,
        visiting: tuple[Any, ...],
        path: tuple[str, ...],
    ) -> Load | None:
        """Return what is loaded of the targets of a reference, if they are."""
        mapping: ModelMapping = link.cls.__mapping__
        if paths is None:
            reference = link.reference
            options = None if reference is None else reference.options.reference
            if options is not None and options.load == "never":
                return None
            kind = _kind(mapping)
            if visiting.count(kind) > 1:
                return None
            # A target in the same hierarchy may be of another class, whose references lead elsewhere.
            ends = kind in visiting and len(mapping.read_as) == 1
            rest = NOTHING if ends else None
        elif any(one[0] in (link.name, EVERYTHING) for one in paths):
            rest = _below(paths, link.name, everything=False)
        else:
            return None
        return self.load(mapping, rest, visiting, path, {})

    def _missing_at(self, link: Link) -> Missing:
        options = link.reference.options.reference if link.reference else None
        said: Missing = "raise" if options is None else options.missing
        asked = self.missing
        if asked is None or why_not_missing(asked, link.steps, is_optional=link.is_optional):
            return said
        return asked


def _kind(mapping: ModelMapping) -> object:
    """Return what the documents of a collection have in common: their hierarchy, or their class."""
    return mapping.hierarchy or mapping.model


def _below(paths: Paths, name: str, *, everything: bool) -> Paths:
    """Return the rest of the paths through a field."""
    rest = {one[1:] for one in paths if one[0] == name and len(one) > 1}
    if everything:
        rest |= {one for one in paths if one[0] == EVERYTHING}
    else:
        rest |= {one[1:] for one in paths if one[0] == EVERYTHING and len(one) > 1}
    return frozenset(rest)


def why_not_missing(missing: Missing, steps: Sequence[Step], *, is_optional: bool) -> str | None:
    """Return why something cannot stand in for the missing targets of a reference; `None` if it can."""
    if missing == "none" and not is_optional:
        return "it cannot be None"
    if missing == "drop" and not steps:
        return "it is in no container"
    return None
