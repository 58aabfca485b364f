"""`Reference`, which declares a field that holds a document of another collection."""

from __future__ import annotations

from typing import Any

from odmantic._mapping.naming import plain_text

__all__ = ["ODMReferenceInfo", "Reference"]


class ODMReferenceInfo:
    """The result of `Reference()`."""

    __slots__ = ("key_name",)

    def __init__(self, key_name: str | None) -> None:
        self.key_name = key_name


def Reference(*, key_name: str | None = None) -> Any:  # noqa: N802 - the public name of 1.x
    """Declare that a field annotated with a model is stored as that model's primary key.

    Args:
        key_name: The key in documents and queries; the field's name if `None`.

    Raises:
        TypeError: if the key is `_id`, which belongs to the primary key.
    """
    key_name = None if key_name is None else plain_text(key_name)
    if key_name == "_id":
        raise TypeError("cannot specify key_name='_id' for a reference: it is the primary key's")
    return ODMReferenceInfo(key_name)
