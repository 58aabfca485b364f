"""The options that `Field()` and `Reference()` put into the metadata of an annotation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Loading: TypeAlias = Literal["always", "never"]
"""When a read loads the targets of a reference, unless the call says what it loads."""
Missing: TypeAlias = Literal["raise", "none", "keep", "drop"]
"""What stands in for a target that does not exist: an error, `None`, a hollow instance, or nothing in a container."""
Saving: TypeAlias = Literal["changed", "new", "never"]
"""Which targets are saved with what refers to them."""
OnDelete: TypeAlias = Literal["nothing", "deny", "cascade", "nullify", "pull", "pull_element"]
"""What happens to the documents that refer to one which is deleted."""


@dataclass(frozen=True, slots=True)
class ReferenceOptions:
    """What `Reference()` says besides the options that every field may have."""

    load: Loading | None = None
    """`None` until the type of the field is known: lazy references are loaded never, others always."""
    missing: Missing = "raise"
    save: Saving = "changed"
    on_delete: OnDelete = "nothing"


# Compared by identity: `typing` caches what it has made of equal arguments, and `Union[int, str]` equals
# `Union[str, int]`, so a field could get the annotation of another class.
@dataclass(frozen=True, slots=True, eq=False)
class FieldOptions:
    """The options for storing a field; pydantic ignores this metadata and copies it along.

    This is the list of options: `Field` has a parameter of the same name for each, except for `reference`, which
    says whether the field holds documents of another collection, and how.
    """

    key_name: str | None = None
    primary_field: bool = False
    index: bool = False
    unique: bool | Literal["live"] = False
    reference: ReferenceOptions | None = None
    if_missing: Callable[[], Any] | None = None
    store_none: bool | None = None
    store_default: bool | None = None
    on_insert: Callable[[], Any] | None = None
    on_update: Callable[[], Any] | None = None

    @property
    def supplier(self) -> Callable[[], Any] | None:
        """The function that gives a new instance its value."""
        return self.on_insert or self.on_update

    def overridden_by(self, other: FieldOptions) -> FieldOptions:
        """Return the options of a field that is declared twice: what `other` says goes before.

        Raises:
            ValueError: if a primary field cannot have this key.
            TypeError: if a primary field cannot be a reference.
        """
        merged = FieldOptions(**{**self._said(), **other._said()})
        key_names = {one.key_name for one in (other, self) if one.key_name is not None}
        if merged.primary_field and key_names != {"_id"}:
            raise ValueError("cannot specify a primary field with a custom key_name")
        if merged.primary_field and merged.reference:
            raise TypeError("a reference cannot be a primary field")
        return merged

    def is_plain(self) -> bool:
        """Return whether no option is set."""
        return not self._said()

    def _said(self) -> dict[str, Any]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not _DEFAULTS[name]}


_DEFAULTS = {each.name: each.default for each in fields(FieldOptions)}

OPTIONS = frozenset(_DEFAULTS)
"""The names of the options."""

PLAIN = FieldOptions()
"""The options of a field declared without any."""


def options_in(metadata: Iterable[object]) -> FieldOptions:
    """Find the options in the metadata of an annotation."""
    return next((item for item in metadata if isinstance(item, FieldOptions)), PLAIN)


STORED = "__odm_stored__"
"""The attribute of a property's function for the options of a stored property."""


def getter_of(descriptor: Any) -> Any:
    """Return the function of a property or a cached property, and `None` for anything else."""
    function = getattr(descriptor, "fget", None) or getattr(descriptor, "func", None)
    return function if callable(function) else None


def options_of_property(descriptor: Any) -> FieldOptions | None:
    """Return the options of a stored property; `None` for anything else."""
    options = getattr(getter_of(descriptor), STORED, None)
    return options if isinstance(options, FieldOptions) else None
