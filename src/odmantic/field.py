"""`Field`, the kinds of fields, and `FieldProxy`, which represents a field on its class."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from types import EllipsisType
from typing import Any, ClassVar, Literal, TypeVar, overload

import pydantic
from pydantic import (
    AliasChoices,
    AliasPath,
    Discriminator,
    PydanticDeprecatedSince20,
    PydanticUserError,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import Unpack, deprecated

from odmantic._mapping.fields import (
    ODMBaseField,
    ODMBaseIndexableField,
    ODMEmbedded,
    ODMEmbeddedGeneric,
    ODMField,
    ODMReference,
    none_if_missing,
)
from odmantic._mapping.keywords import SuppliedKeywords, UsualKeywords, ValidatedKeywords
from odmantic._mapping.naming import plain_text
from odmantic._mapping.options import OPTIONS, FieldOptions
from odmantic._query.paths import FieldProxy
from odmantic._types.adapt import FieldMetadata
from odmantic._types.annotations import marks_of
from odmantic.query import KeyNameProxy

__all__ = [
    "Field",
    "FieldProxy",
    "KeyNameProxy",
    "ODMBaseField",
    "ODMBaseIndexableField",
    "ODMEmbedded",
    "ODMEmbeddedGeneric",
    "ODMField",
    "ODMFieldInfo",
    "ODMReference",
]


T = TypeVar("T")


class ODMFieldInfo(FieldMetadata):
    """The result of `Field()`: pydantic's part, and the options for documents and indexes.

    It may be the default of a field or part of its `Annotated` metadata. In an annotation that is not a model's
    field, only the constraints and the discriminator count.
    """

    __slots__ = ("options", "pydantic_field_info")

    # The protocol of the package annotated-types: pydantic iterates over this metadata and applies the constraints.
    __is_annotated_types_grouped_metadata__: ClassVar[Literal[True]] = True

    def __init__(self, *, pydantic_field_info: FieldInfo, **options: Any) -> None:
        self.pydantic_field_info: FieldInfo = pydantic_field_info
        self.options: FieldOptions = FieldOptions(**options)

    def __getattr__(self, name: str) -> Any:
        """Return one of the options."""
        if name not in OPTIONS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.options, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(marks_of(self.pydantic_field_info))

    def is_only_constraints(self) -> bool:
        """Return whether no option is set that applies only to whole fields."""
        return self.options.is_plain()


# Type checkers take the overloads in order: a collection's class is a function for one of unknown items, too.


@overload
def Field(
    default: Any = ...,
    *,
    on_insert: Callable[[], Any],
    on_update: Callable[[], Any] | None = None,
    init: Literal[False] = False,
    **keywords: Unpack[SuppliedKeywords],
) -> Any: ...
@overload
def Field(
    default: Any = ...,
    *,
    on_update: Callable[[], Any],
    init: Literal[False] = False,
    **keywords: Unpack[SuppliedKeywords],
) -> Any: ...
@overload
def Field(
    default: EllipsisType,
    *,
    default_factory: Callable[..., Any] | None = None,
    **keywords: Unpack[UsualKeywords],
) -> Any: ...
@overload
def Field(
    default: Any,
    *,
    default_factory: None = None,
    validate_default: Literal[True],
    **keywords: Unpack[ValidatedKeywords],
) -> Any: ...
@overload
def Field(default: T, *, default_factory: None = None, **keywords: Unpack[UsualKeywords]) -> T: ...
@overload
def Field(
    *,
    default_factory: Callable[..., Any],
    validate_default: Literal[True],
    **keywords: Unpack[ValidatedKeywords],
) -> Any: ...
@overload
def Field(*, default_factory: type[list[Any]], **keywords: Unpack[UsualKeywords]) -> list[Any]: ...
@overload
def Field(
    *, default_factory: type[dict[Any, Any]], **keywords: Unpack[UsualKeywords]
) -> dict[Any, Any]: ...
@overload
def Field(*, default_factory: type[set[Any]], **keywords: Unpack[UsualKeywords]) -> set[Any]: ...
@overload
def Field(
    *, default_factory: type[frozenset[Any]], **keywords: Unpack[UsualKeywords]
) -> frozenset[Any]: ...
@overload
def Field(*, default_factory: Callable[[], T], **keywords: Unpack[UsualKeywords]) -> T: ...
@overload
def Field(
    *, default_factory: Callable[[dict[str, Any]], T], **keywords: Unpack[UsualKeywords]
) -> T: ...
@overload
def Field(*, default_factory: None = None, **keywords: Unpack[UsualKeywords]) -> Any: ...


def Field(  # noqa: N802, PLR0913 - named and shaped like pydantic's
    default: Any = PydanticUndefined,
    *,
    key_name: str | None = None,
    primary_field: bool = False,
    index: bool = False,
    unique: bool | Literal["live"] = False,
    if_missing: Callable[[], Any] | None = None,
    store_none: bool | None = None,
    store_default: bool | None = None,
    on_insert: Callable[[], Any] | None = None,
    on_update: Callable[[], Any] | None = None,
    default_factory: Callable[[], Any] | Callable[[dict[str, Any]], Any] | None = None,
    alias: str | None = None,
    alias_priority: int | None = None,
    validation_alias: str | AliasPath | AliasChoices | None = None,
    serialization_alias: str | None = None,
    title: str | None = None,
    field_title_generator: Callable[[str, FieldInfo], str] | None = None,
    description: str | None = None,
    examples: list[Any] | None = None,
    exclude: bool | None = None,
    exclude_if: Callable[[Any], bool] | None = None,
    discriminator: str | Discriminator | None = None,
    deprecated: deprecated | str | bool | None = None,
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None = None,
    frozen: bool | None = None,
    validate_default: bool | None = None,
    repr: bool | None = None,  # noqa: A002 - pydantic's name
    init: bool | None = None,
    init_var: bool | None = None,
    kw_only: bool | None = None,
    pattern: str | re.Pattern[str] | None = None,
    strict: bool | None = None,
    coerce_numbers_to_str: bool | None = None,
    gt: Any = None,
    ge: Any = None,
    lt: Any = None,
    le: Any = None,
    multiple_of: Any = None,
    allow_inf_nan: bool | None = None,
    max_digits: int | None = None,
    decimal_places: int | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    union_mode: Literal["smart", "left_to_right"] | None = None,
    fail_fast: bool | None = None,
    const: bool | None = None,
    min_items: int | None = None,
    max_items: int | None = None,
    regex: str | None = None,
) -> Any:
    """Describe a field of a model.

    The arguments from `default_factory` on are
    [pydantic's](https://docs.pydantic.dev/latest/api/fields/#pydantic.fields.Field). Aliases, `exclude`, `repr` and
    titles affect constructors, dumps and JSON: a document holds every field, under its key.

    Args:
        default: The default value; `...` or no value makes the field required.
        key_name: The key in documents, queries and indexes; the field's name if `None`.
        primary_field: Make this field the primary key, stored under `_id`.
        index: Declare an index on this field.
        unique: Declare a unique index on this field; with `"live"`, only of documents that are not
            deleted, see `soft_delete` in `ODMConfigDict`.
        if_missing: Called without arguments if a document lacks the key. The value is validated, and does not count as
            changed.
        store_none: Whether the field has a key in the document while it is `None`; the config's `store_none` if `None`.
        store_default: Whether it has one while it equals its default; the config's `store_defaults` if `None`.
        on_insert: Called without arguments for the value when the document is inserted, unless the program gave one; also by
            the constructor. Try `odmantic.utcnow`, and `odmantic.current`.
        on_update: Called for the value whenever the document is written, and by the constructor. With `on_insert` too, that
            gives the first value.
        default_factory: Called per instance, without arguments or with the data validated so far.
            Documents without the key are still refused, unless the model's config sets
            `parse_doc_with_default_factories`.
        alias: The name in constructors and JSON.
        alias_priority: Whether an alias generator may replace the alias.
        validation_alias: The name in constructors only.
        serialization_alias: The name in JSON only.
        title: For the JSON schema.
        field_title_generator: Makes the title.
        description: For the JSON schema.
        examples: For the JSON schema.
        exclude: Leave the field out of `model_dump` and JSON.
        exclude_if: Leave it out for some values.
        discriminator: The field that tells the members of a union apart.
        deprecated: Warn when the field of an instance is read.
        json_schema_extra: For the JSON schema.
        frozen: Refuse assignments.
        validate_default: Whether the default is validated; a save refuses one that could not be read again.
        repr: Whether `repr` shows the field.
        init: For dataclasses.
        init_var: For dataclasses.
        kw_only: For dataclasses.
        pattern: A regular expression for text.
        strict: Do not convert values.
        coerce_numbers_to_str: Convert numbers to text.
        gt: Greater than.
        ge: Greater than or equal to.
        lt: Less than.
        le: Less than or equal to.
        multiple_of: A multiple of this number.
        allow_inf_nan: Accept infinite numbers and `nan`.
        max_digits: Of a decimal.
        decimal_places: Of a decimal.
        min_length: Of text or of a collection.
        max_length: Of text or of a collection.
        union_mode: How the member of a union is chosen.
        fail_fast: Stop at the first invalid item of a collection.
        const: Removed from pydantic; use `Literal`.
        min_items: The old name of `min_length` for collections.
        max_items: The old name of `max_length` for collections.
        regex: The old name of `pattern`.

    Raises:
        ValueError: if `key_name` and `primary_field` contradict each other, or `unique` is another word.
        TypeError: if there are a default and a default factory, two names for one constraint, or `on_insert` or
            `on_update` with a default factory or for the primary key.
        pydantic.PydanticUserError: if `const` is given.
    """
    # Every parameter is an option of ours, has an old name, or is pydantic's.
    given = locals().copy()
    for name in ("default", "const", "regex", "min_items", "max_items"):
        del given[name]
    if const is not None:
        raise PydanticUserError("`const` is removed, use `Literal` instead", code="removed-kwargs")
    if isinstance(unique, str) and unique != "live":
        raise ValueError(f"unique can be True, False or 'live', and not {unique!r}")
    if regex is not None:
        if pattern is not None:
            raise TypeError("cannot specify both regex and pattern")
        pattern = regex
    if default is ... and default_factory is not None:
        default = PydanticUndefined
    default = _supplied(given, default)
    given["pattern"] = pattern
    given["min_length"] = _renamed("min_items", min_items, "min_length", min_length)
    given["max_length"] = _renamed("max_items", max_items, "max_length", max_length)
    options = {name: given.pop(name) for name in OPTIONS & given.keys()}
    options["key_name"] = _checked_key_name(key_name, primary_field=primary_field)
    of_pydantic = {name: value for name, value in given.items() if value is not None}
    return ODMFieldInfo(pydantic_field_info=pydantic.Field(default, **of_pydantic), **options)


def default_as_supplier(default: Any) -> Callable[[], Any]:
    """Return what gives the default of a field to documents without the key, where instances get another value."""
    return none_if_missing if default is None else partial(deepcopy, default)


def _supplied(given: dict[str, Any], default: Any) -> Any:
    """Have the constructor call `on_insert` or `on_update`, if there is one; return the default."""
    supplier = given["on_insert"] or given["on_update"]
    if supplier is None:
        return default
    _check_supplier(given)
    if default is not PydanticUndefined and default is not ... and given["if_missing"] is None:
        given["if_missing"] = default_as_supplier(default)
    given["default_factory"] = supplier
    return PydanticUndefined


def _check_supplier(given: dict[str, Any]) -> None:
    if given["default_factory"] is not None:
        raise TypeError(
            "default_factory cannot be given with on_insert or on_update, which the constructor calls too: leave it out"
        )
    if given["primary_field"]:
        raise TypeError(
            "a primary key cannot have on_insert or on_update: an instance keeps its key. Use default_factory"
        )
    for name in ("on_insert", "on_update"):
        if given[name] is not None and not callable(given[name]):
            raise TypeError(f"{name} takes a function without arguments, not {given[name]!r}")


def _checked_key_name(key_name: str | None, *, primary_field: bool) -> str | None:
    key_name = None if key_name is None else plain_text(key_name)
    if not primary_field:
        if key_name == "_id":
            raise ValueError("cannot specify key_name='_id' without defining the field as primary")
        return key_name
    if key_name not in (None, "_id"):
        raise ValueError("cannot specify a primary field with a custom key_name")
    return "_id"


def _renamed(old: str, old_value: int | None, new: str, new_value: int | None) -> int | None:
    if old_value is None:
        return new_value
    warnings.warn(
        PydanticDeprecatedSince20(f"`{old}` is deprecated, use `{new}` instead"), stacklevel=3
    )
    return old_value if new_value is None else new_value
