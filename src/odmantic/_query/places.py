"""What is written in `[...]` behind a path: items of arrays, and keys of dictionaries."""

from __future__ import annotations

from typing import Any, TypeGuard

from odmantic._codec.coded import codec_key_encoder
from odmantic._codec.encoders import encode_key
from odmantic._query.elements import joined_on_item
from odmantic._query.steps import ANYTHING, Item, Key, Path, Place, Where, without_none
from odmantic._types.tree import (
    Array,
    Coded,
    Enumeration,
    FixedTuple,
    Object,
    Table,
    Type,
    Union,
    Variable,
)


def path_inside(path: Path, place: Any) -> Path:
    """Return the path of an item of an array, or of a value of a dictionary.

    Raises:
        TypeError: if the path has no such place.
        ValueError: if a key cannot be in a path, or a tuple has no such item.
    """
    node = without_none(path.node)
    if isinstance(place, Where):
        joined_on_item("where", path, place.conditions)
    members = node.arguments if isinstance(node, Union) else (node,)
    steps = [step for each in members if (step := _step(path, each, place)) is not None]
    if not steps:
        raise TypeError(f"{path}[{place!r:.200}]: {path} {_has(node)}")
    # Where several members of a union have the place, it may hold anything.
    step = steps[0] if len(steps) == 1 else _untyped(steps[0])
    return path.to(step)


def is_item(place: Any) -> TypeGuard[int | Place | Where]:
    """Return whether something in `[...]` is the place of an item."""
    return isinstance(place, (Place, Where)) or (
        isinstance(place, int) and not isinstance(place, bool)
    )


def key_step(path: Path | str, key: Any, node: Type, key_type: Type | None = None) -> Key:
    """Return the step to a key of a dictionary, which may come from anywhere.

    Args:
        path: The path of the dictionary, for errors.
        key: The key.
        node: The type of the value.
        key_type: The type of the keys, if it is known.

    Raises:
        TypeError: if it has no form as text.
        ValueError: if the key would lead elsewhere.
    """
    encode = codec_key_encoder(key_type, ValueError) if isinstance(key_type, Coded) else encode_key
    text = encode(key)
    if not isinstance(text, str):
        raise TypeError(f"{path}[{key!r:.200}]: a key is text, or has a form as text")
    if not text or text.startswith("$") or "." in text or "\0" in text:
        raise ValueError(
            f"{path}[{key!r:.200}]: a key in a path is not empty, does not begin with $, and has neither a . nor a NUL"
        )
    return Key(str(text), node, f"[{key!r}]")


def _step(path: Path, node: Type, place: Any) -> Item | Key | None:
    if is_item(place) and not isinstance(node, Table):
        return _item_step(path, node, place)
    match node:
        case Table():
            is_key = _is_key(place, node.key)
            return key_step(path, place, node.inner, node.key) if is_key else None
        case Object() if isinstance(place, str) and issubclass(node.cls, dict):
            return key_step(path, place, node.parts[place]) if place in node.parts else None
        case _ if isinstance(place, str) and _may_hold_anything(node):
            return key_step(path, place, ANYTHING)
        case _:
            return None


def _item_step(path: Path, node: Type, place: int | Place | Where) -> Item | None:
    match node:
        case Array():
            return Item(place, node.inner)
        case FixedTuple():
            return Item(place, _part(path, node, place))
        case _:
            return Item(place, ANYTHING) if _may_hold_anything(node) else None


def _part(path: Path, node: FixedTuple, place: Any) -> Type:
    if not isinstance(place, int):
        return ANYTHING
    length = len(node.arguments)
    if not -length <= place < length:
        raise ValueError(f"{path}[{place}]: {path} has {length} items")
    return node.arguments[place]


def _may_hold_anything(node: Type) -> bool:
    """Return whether a type says nothing of what is inside: `Any`, a bare `list` or `dict`, or a codec's."""
    if isinstance(node, (Coded, Variable)) or node.is_stored_by_user:
        return True
    is_bare = type(node) is Type or node.bare in (list, dict, tuple, set, frozenset)
    return node.cls is Any or is_bare


def _untyped(step: Item | Key) -> Item | Key:
    if isinstance(step, Item):
        return Item(step.place, ANYTHING)
    return Key(step.text, ANYTHING, step.shown)


def _is_key(key: Any, node: Type) -> bool:
    if isinstance(node, Enumeration):
        return isinstance(key, node.cls) or key in [each.value for each in node.values]
    if isinstance(key, (Place, Where, slice)):
        return False
    classes = node.value_classes
    if bool not in classes and isinstance(key, bool):
        return False
    return isinstance(key, classes) or _may_hold_anything(node)


def _has(node: Type) -> str:
    match node:
        case Array() | FixedTuple():
            return "is a list: write [0], [each] or, in updates, [matched] or [where(...)]"
        case Table():
            return f"is a dictionary with keys of {node.key.annotation!r:.200}"
        case _:
            return "is neither a list nor a dictionary"
