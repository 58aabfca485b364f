"""`Reference`, which declares a field that holds documents of another collection."""

from __future__ import annotations

from typing import Any, get_args

from odmantic._mapping.naming import plain_text
from odmantic._mapping.options import (
    FieldOptions,
    Loading,
    Missing,
    OnDelete,
    ReferenceOptions,
    Saving,
)
from odmantic._mapping.rules import note_rule

__all__ = ["ODMReferenceInfo", "Reference"]


class ODMReferenceInfo:
    """The result of `Reference()`."""

    __slots__ = ("options",)

    def __init__(self, options: FieldOptions) -> None:
        self.options: FieldOptions = options

    @property
    def key_name(self) -> str | None:
        """The key in documents and queries; the field's name if `None`."""
        return self.options.key_name


def Reference(  # noqa: N802 - the public name of 1.x
    *,
    key_name: str | None = None,
    index: bool = False,
    unique: bool = False,
    load: Loading | None = None,
    missing: Missing = "raise",
    save: Saving = "changed",
    on_delete: OnDelete = "nothing",
) -> Any:
    """Declare that a field annotated with a model is stored as that model's primary key.

    The annotation is a model, or one that is optional or in a list, a tuple, a deque or a dict. Without a value, an
    optional reference is `None`, and a container is empty.

    Args:
        key_name: The key in documents and queries; the field's name if `None`.
        index: Declare an index on the stored keys.
        unique: Declare a unique index on the stored keys.
        load: Whether reads load the targets: `"always"`, or `"never"` unless `load=` of the call names them. By default
            always, and never those of a `Ref`.
        missing: What stands in for a target that does not exist: `"raise"`, an error; `"none"`, `None` in an optional
            reference; `"keep"`, an instance with its primary key and nothing else; `"drop"`, nothing, in a container.
        save: Which targets are saved with what refers to them: `"changed"`, those that are new or have changed; `"new"`,
            those that were never saved; or `"never"`.
        on_delete: What an engine does with documents that refer to one which it deletes: `"nothing"`; `"deny"`, refuse
            the deletion; `"cascade"`, delete them too; `"nullify"`, set the reference to `None`; `"pull"`, take the target
            out of its container; `"pull_element"`, take the embedded object that refers to it out of its list.

    Raises:
        TypeError: if the key is `_id`, which belongs to the primary key.
        ValueError: if `load`, `missing`, `save` or `on_delete` is something else.

    Example:
        In a model: `author: User = Reference(index=True)`, `editor: User | None = Reference()`, or
        `readers: list[User] = Reference()`.
    """
    key_name = None if key_name is None else plain_text(key_name)
    if key_name == "_id":
        raise TypeError("cannot specify key_name='_id' for a reference: it is the primary key's")
    if load is not None:
        _check("load", load, Loading)
    _check("missing", missing, Missing)
    _check("save", save, Saving)
    _check("on_delete", on_delete, OnDelete)
    if on_delete != "nothing":
        note_rule()
    options = ReferenceOptions(load, missing, save, on_delete)
    return ODMReferenceInfo(
        FieldOptions(key_name=key_name, index=index, unique=unique, reference=options)
    )


def _check(word: str, value: object, values: Any) -> None:
    if value not in get_args(values):
        permitted = ", ".join(map(repr, get_args(values)))
        raise ValueError(f"{word} of Reference() is one of {permitted}, not {value!r:.200}")
