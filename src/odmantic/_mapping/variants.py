"""The classes of embedded objects in one place, told apart by the value at a key of their documents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from annotated_types import GroupedMetadata

from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.options import FieldOptions
from odmantic._types.annotations import tag_of
from odmantic._types.leaves import NO_CHECK
from odmantic._types.polymorphic import RealClass
from odmantic._types.tree import Choice, Document, Node, Object, Tagged, Type, nodes_around

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping


@dataclass(frozen=True, slots=True)
class Variants:
    """The classes whose instances a value may be.

    Attributes:
        key: The key that tells them apart.
        values: Its values for each class.
        default: The class of documents without the key, if any.
    """

    key: str
    values: dict[type[Any], tuple[Any, ...]]
    default: type[Any] | None = None

    @property
    def mappings(self) -> list[ModelMapping]:
        """The mappings of the classes."""
        return [mapping_of(cls) for cls in self.values]


def variants_of(node: Node | None) -> Variants | None:
    """Return the variants of a value; `None` if it has one class, or only pydantic can tell."""
    if isinstance(node, Tagged):
        return _of_union(node)
    return _of_hierarchy(mapping_of(node.cls)) if isinstance(node, Document) else None


def embedded_in(shape: Node | None) -> list[ModelMapping]:
    """Return the mappings of the classes of embedded objects that generated code finds in a value."""
    last = nodes_around(shape)[-1]
    variants = variants_of(last)
    if variants is not None:
        return variants.mappings
    return [mapping_of(last.cls)] if isinstance(last, Document) else []


def _of_hierarchy(mapping: ModelMapping) -> Variants | None:
    hierarchy = mapping.hierarchy
    if hierarchy is None:
        return None
    values = {
        each.model: tuple(one for one in hierarchy.values_of(each.model) if one is not None)
        for each in mapping.read_as
    }
    return Variants(hierarchy.key, values, mapping.model)


def follow_hierarchies(mapping: ModelMapping) -> None:
    """Have what is decided about a class forgotten when there are other classes that may be embedded in it."""
    for each in embedded_throughout(mapping):
        if each.hierarchy is not None:
            each.hierarchy.used_by(mapping)


def embedded_throughout(mapping: ModelMapping) -> list[ModelMapping]:
    """Return the mappings of what may be embedded in an instance, at any depth, each once and its own first."""
    found = {mapping.model: mapping}
    waiting = [mapping]
    while waiting:
        for shape in waiting.pop().shapes.values():
            for each in embedded_in(shape):
                if each.model not in found:
                    found[each.model] = each
                    waiting.append(each)
    return list(found.values())


def _of_union(union: Tagged) -> Variants | None:
    keys: set[str] = set()
    values: dict[type[Any], tuple[Any, ...]] = {}
    for member in union.arguments:
        if not isinstance(member, Document) or not is_unmarked(member) or member.cls in values:
            return None
        # The shape of the field might depend on this union.
        mapping = mapping_of(member.cls)
        field = None if mapping.hierarchy is not None else mapping.fields.get(union.tag)
        tag = None if field is None else field.tree
        if field is None or not isinstance(tag, Choice) or not is_unmarked(tag):
            return None
        if tag.check is NO_CHECK:
            return None
        keys.add(field.key_name)
        values[member.cls] = tuple(
            each.value if isinstance(each, Enum) else each for each in tag.values
        )
    return Variants(keys.pop(), values) if len(keys) == 1 else None


def is_unmarked(node: Type) -> bool:
    """Return whether a type has no metadata for pydantic, and no name.

    What has a name may be inside of itself. A tagged union may only be so inside of a class.
    """
    is_tagged, is_class = isinstance(node, Tagged), isinstance(node, Object)
    return (is_tagged or not node.is_named) and all(
        isinstance(mark, FieldOptions)
        or (is_tagged and _is_only_tag(mark))
        or (is_class and isinstance(mark, RealClass))
        for mark in node.marks
    )


def _is_only_tag(mark: Any) -> bool:
    parts = mark if isinstance(mark, GroupedMetadata) else getattr(mark, "metadata", ())
    return tag_of(mark) is not None and all(map(tag_of, parts))
