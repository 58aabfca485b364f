"""Valid names of collections and keys, and default collection names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_CAPITALISED_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_CAPITAL_AFTER_SMALL = re.compile(r"([a-z0-9])([A-Z])")


def plain_text(text: object) -> str:
    """Return a name as a plain `str`: a subclass may run code wherever it is used.

    Raises:
        TypeError: if it is not text.
    """
    if not isinstance(text, str):
        raise TypeError(f"a name has to be text, not {text!r}")
    return str.__str__(text)


def to_snake_case(name: str) -> str:
    """Convert a class name to snake case: `HTTPServer` becomes `http_server`."""
    name = _CAPITALISED_WORD.sub(r"\1_\2", name)
    return _CAPITAL_AFTER_SMALL.sub(r"\1_\2", name).lower()


def collection_name(class_name: str, configured: str | None = None) -> str:
    """Return a model's collection name: the configured one, or else one made from the class name.

    Raises:
        TypeError: if MongoDB would not accept the name.
    """
    if configured is None:
        # A model called just "Model" keeps its name.
        name = to_snake_case(class_name.removesuffix("Model") or class_name)
    else:
        name = plain_text(configured)
    problem = None
    if "$" in name:
        problem = "cannot contain '$'"
    elif not name:
        problem = "cannot be empty"
    elif name.startswith("system."):
        problem = "cannot start with 'system.'"
    if problem:
        raise TypeError(f"Invalid collection name for {class_name}: {problem}")
    return name


def check_key_name(key_name: str) -> None:
    """Refuse a key that MongoDB or its query language would misread.

    Raises:
        TypeError: if the key is empty, starts with `$`, or contains a dot or a null character.
    """
    if not key_name:
        raise TypeError("key_name cannot be empty")
    if key_name.startswith("$"):
        raise TypeError("key_name cannot start with the dollar sign ($) character")
    if "." in key_name:
        raise TypeError("key_name cannot contain the dot (.) character")
    if "\0" in key_name:
        raise TypeError("key_name cannot contain the null character")


def generated_key(class_name: str, name: str, config: Mapping[str, Any]) -> str:
    """Return the key of a field without `key_name`: that of the `key_generator` of its class, or its name.

    Raises:
        TypeError: if the generator returns something else than text.
    """
    generate = config.get("key_generator")
    if generate is None:
        return name
    key: Any = generate(name)
    if not isinstance(key, str):
        raise TypeError(
            f"the key_generator of {class_name} gives {key!r} for {name!r}, which is not a string"
        )
    return plain_text(key)
