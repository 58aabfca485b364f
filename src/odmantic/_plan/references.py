"""Referenced documents, fetched for many documents at once and put in place of their foreign keys.

Each level of references takes one query per referenced model: `{"_id": {"$in": [...]}}`. The result is that of
`resolve_references` on the server: a document has the referenced one under its key, or no such key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import bson
from bson.code import Code
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.regex import Regex

from odmantic._mapping.mapping import mapping_of
from odmantic._plan.conditions import targets_filter

if TYPE_CHECKING:
    from collections.abc import Generator, Hashable, Iterable, Mapping

    from odmantic._mapping.fields import ReadPath, ReferencePath
    from odmantic.model import Model

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReferenceNode:
    """A reference in documents that are read, and those of the model to which it refers."""

    found: ReadPath
    children: tuple[ReferenceNode, ...]

    @property
    def path(self) -> ReferencePath:
        """The path of the reference."""
        return self.found.path


@dataclass(frozen=True, slots=True)
class Request:
    """A request for the documents of a model with some ids."""

    model: type[Model]
    ids: list[Any]

    @property
    def filter(self) -> Document:
        """The filter that finds them."""
        return targets_filter(self.model, self.ids)


def reference_tree(
    model: type[Model], _visiting: tuple[object, ...] = ()
) -> tuple[ReferenceNode, ...]:
    """Return the references of a model and, below them, of its referenced models, as deep as classes differ."""
    visiting = (*_visiting, _kind(model))
    return tuple(
        ReferenceNode(each, _below(each.path.model, visiting))
        for each in mapping_of(model).read_paths
    )


def _below(model: type[Model], visiting: tuple[object, ...]) -> tuple[ReferenceNode, ...]:
    """Return the references of the documents to which a reference leads."""
    if _kind(model) not in visiting:
        return reference_tree(model, visiting)
    mapping = mapping_of(model)
    if len(mapping.read_as) == 1:
        return ()
    # A target in the same hierarchy may be of another class, whose references lead elsewhere.
    return tuple(
        ReferenceNode(each, reference_tree(each.path.model, visiting))
        for each in mapping.read_paths
        if _kind(each.path.model) not in visiting
    )


def _kind(model: type[Model]) -> object:
    return mapping_of(model).hierarchy or model


def referenced_models(nodes: Iterable[ReferenceNode]) -> set[type[Model]]:
    """Return all models in a tree."""
    models: set[type[Model]] = set()
    for node in nodes:
        models |= {node.path.model, *referenced_models(node.children)}
    return models


def resolve_documents(
    documents: list[Document], nodes: tuple[ReferenceNode, ...]
) -> Generator[Request, list[Document], list[Document]]:
    """Put referenced documents into documents, which are changed, level by level.

    Yields:
        Requests, each of which is answered with the documents found.

    Returns:
        The documents in which a referenced one is missing, at any depth.
    """
    steps: list[_Step] = []
    level = [_step(node, documents) for node in nodes]
    while level:
        found: dict[type[Model], dict[Hashable, Document]] = {}
        for model, ids in _wanted(level).items():
            answer = (yield Request(model, [*ids.values()])) if ids else []
            found[model] = {comparable(document["_id"]): document for document in answer}
        steps += level
        level = [below for step in level for below in step.take(found[step.node.path.model])]
    broken: set[int] = set()
    placed: set[int] = set()
    for step in reversed(steps):
        step.place(broken, placed)
    return [document for document in documents if id(document) in broken]


def _wanted(level: list[_Step]) -> dict[type[Model], dict[Hashable, Any]]:
    """Return the foreign keys of a level, by model."""
    wanted: dict[type[Model], dict[Hashable, Any]] = {}
    for step in level:
        wanted.setdefault(step.node.path.model, {}).update(zip(step.keys, step.values, strict=True))
    for ids in wanted.values():
        ids.pop(NO_ID, None)
    return wanted


@dataclass(slots=True, eq=False)
class _Step:
    """One reference of some documents."""

    node: ReferenceNode
    documents: list[Document]
    holders: list[Any] = field(init=False)
    """The documents, or the embedded ones in them, that hold the foreign keys; anything else if they do not."""
    values: list[Any] = field(init=False)
    keys: list[Hashable] = field(init=False)
    targets: dict[Hashable, Document] = field(init=False)

    def __post_init__(self) -> None:
        *around, key = self.node.path.keys
        self.holders = (
            self.documents if not around else [_at(one, around) for one in self.documents]
        )
        self.values = [
            cast("Document", holder).get(key, _ABSENT) if isinstance(holder, dict) else _ABSENT
            for holder in self.holders
        ]
        # `comparable` in fewer steps, for nearly every foreign key.
        self.keys = [
            value.binary if type(value) is bson.ObjectId else comparable(value)
            for value in self.values
        ]

    def take(self, found: dict[Hashable, Document]) -> list[_Step]:
        """Keep the documents found; return the steps to complete them."""
        children = self.node.children
        if not children:
            self.targets = found
            return []
        # Other steps may use the same documents with other references resolved.
        used = set(self.keys)
        self.targets = {key: _copied(one) for key, one in found.items() if key in used}
        return [_step(child, [*self.targets.values()]) for child in children]

    def place(self, broken: set[int], placed: set[int]) -> None:
        """Put the targets in place; each holder gets one that shares no containers with others.

        Args:
            broken: Identities of documents that lack a target, at any depth.
            placed: Identities of the targets in place that hold containers.
        """
        key = self.node.path.keys[-1]
        with_containers = {each for each, target in self.targets.items() if _has_containers(target)}
        find_target = self.targets.get
        for document, holder, each in zip(self.documents, self.holders, self.keys, strict=True):
            target = find_target(each)
            if target is None:
                if isinstance(holder, dict):
                    # It would be taken for the referenced document.
                    if isinstance(cast("Document", holder).get(key), dict):
                        del holder[key]
                    broken.add(id(document))
                continue
            if broken and id(target) in broken:
                broken.add(id(document))
            if with_containers and each in with_containers:
                if id(target) in placed:
                    target = _copied(target)
                placed.add(id(target))
            holder[key] = target


def _step(node: ReferenceNode, documents: list[Document]) -> _Step:
    """Return the step for a reference of those documents that have it."""
    found = node.found
    return _Step(node, documents if found.type_key is None else [*filter(found.is_in, documents)])


class _NoId:
    """The type of `NO_ID`, for values that are not an id."""


_ABSENT = _NoId()
NO_ID: Hashable = _NoId()


def comparable(value: Any) -> Hashable:
    """Return a value that is equal for exactly those ids that are equal in MongoDB; `NO_ID` if it is not an id."""
    # Bytes are compared in C, an ObjectId in Python.
    if isinstance(value, bson.ObjectId):
        return value.binary
    if isinstance(value, str) and not isinstance(value, Code):
        return value
    if value is _ABSENT or isinstance(value, (list, Regex, DBRef)):
        return NO_ID
    if isinstance(value, dict):
        if any(key.startswith("$") for key in cast("Document", value)):
            return NO_ID
        return "document", _items(cast("Document", value))
    return _scalar(value)


def _scalar(value: Any) -> Hashable:
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, Decimal128):
        value = value.to_decimal()
        return "number", "NaN" if value.is_nan() else value
    if isinstance(value, (int, float)):
        return "number", value if value == value else "NaN"  # noqa: PLR0124 - only NaN differs
    if isinstance(value, bytes):
        return "binary", value
    try:
        hash(value)
    except TypeError:
        return "bytes", bson.encode({"": value})
    return cast("Hashable", value)


def _items(value: Mapping[str, Any]) -> Hashable:
    return tuple((key, _inside(each)) for key, each in value.items())


def _inside(value: Any) -> Hashable:
    if isinstance(value, dict):
        return "document", _items(cast("Document", value))
    if isinstance(value, list):
        return "array", tuple(_inside(each) for each in cast("Iterable[Any]", value))
    if isinstance(value, (Regex, DBRef)):
        return "bytes", bson.encode({"": value})
    return comparable(value)


def _at(document: Any, keys: list[str]) -> Any:
    """Return the value at a path of keys; `None` if something on the way is not a document."""
    for key in keys:
        if not isinstance(document, dict):
            return None
        document = cast("Document", document).get(key)
    return document


def _has_containers(document: Document) -> bool:
    return any(isinstance(value, (dict, list)) for value in document.values())


def _copied(value: Any) -> Any:
    """Return a copy that shares no document and no array."""
    if isinstance(value, dict):
        items = cast("Document", value).items()
        return {
            key: _copied(each) if isinstance(each, (dict, list)) else each for key, each in items
        }
    if isinstance(value, list):
        return [_copied(each) for each in cast("Iterable[Any]", value)]
    return value
