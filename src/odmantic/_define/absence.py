"""Which values of a field have no key in the document: such as a read makes up again where the key is missing."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from odmantic._mapping.fields import Absence
from odmantic._types.tree import Anything, Choice, Coded, Lazy, Nullable, Target, Type, Union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

    from odmantic._mapping.options import FieldOptions


def absence_of(
    field: str, info: FieldInfo, tree: Type, options: FieldOptions, config: Mapping[str, Any]
) -> Absence:
    """Return which values of a field are left out of documents.

    Args:
        field: the name for errors.
        info: pydantic's view of the field.
        tree: what its annotation says.
        options: what `Field` says, which goes before the config.
        config: that of the class; where a field cannot do what it says, all its values are stored.

    Raises:
        TypeError: `Field` says what the field cannot do.
    """
    absent = Absence.NEVER
    reason = _why_none_is_stored(info, tree, options)
    if _says(field, "store_none", options.store_none, config.get("store_none"), reason):
        absent |= Absence.OF_NONE
    reason = _why_default_is_stored(info, tree, options)
    if _says(field, "store_default", options.store_default, config.get("store_defaults"), reason):
        absent |= Absence.OF_DEFAULT
    return absent


def _says(
    field: str, word: str, of_field: bool | None, of_config: bool | None, reason: str | None
) -> bool:
    if of_field is False and reason is not None:
        raise TypeError(f"{field} cannot have {word}=False: {reason}")
    says = of_config if of_field is None else of_field
    return says is False and reason is None


def _why_none_is_stored(info: FieldInfo, tree: Type, options: FieldOptions) -> str | None:
    if not admits_none(tree):
        return "its values are never None"
    if info.default not in (PydanticUndefined, None):
        return "a document without the key is read with the default, and not with None"
    return _why_key_is_needed(tree, options)


def _why_default_is_stored(info: FieldInfo, tree: Type, options: FieldOptions) -> str | None:
    if info.default is PydanticUndefined:
        return "it has no default, or makes one anew each time"
    if isinstance(tree, Choice) and len(tree.values) == 1:
        return "it may tell the members of a union apart"
    if options.reference:
        return "it is a reference"
    return _why_key_is_needed(tree, options)


def _why_key_is_needed(tree: Type, options: FieldOptions) -> str | None:
    if options.primary_field:
        return "it is the primary key"
    if isinstance(tree, (Target, Lazy)):
        return "it is a reference that cannot be None"
    if options.if_missing is not None:
        return "if_missing says what a missing key means"
    return None


def admits_none(tree: Type) -> bool:
    """Return whether a value can be `None`."""
    if isinstance(tree, Coded):
        return tree.admits_none
    is_union = isinstance(tree, Union) and any(
        each.cls in (None, NoneType) for each in tree.arguments
    )
    return is_union or isinstance(tree, (Nullable, Anything))
