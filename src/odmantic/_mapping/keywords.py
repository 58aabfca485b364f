"""The keywords of `Field`, for its overloads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

from pydantic import AliasChoices, AliasPath, Discriminator
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict
from typing_extensions import deprecated as Deprecated  # noqa: N812 - a keyword has its name


class FieldKeywords(TypedDict, total=False):
    """The keywords that say nothing about the value of a field."""

    key_name: str | None
    primary_field: bool
    index: bool
    unique: bool | Literal["live"]
    if_missing: Callable[[], Any] | None
    store_none: bool | None
    store_default: bool | None
    alias: str | None
    alias_priority: int | None
    validation_alias: str | AliasPath | AliasChoices | None
    serialization_alias: str | None
    title: str | None
    field_title_generator: Callable[[str, FieldInfo], str] | None
    description: str | None
    examples: list[Any] | None
    exclude: bool | None
    exclude_if: Callable[[Any], bool] | None
    discriminator: str | Discriminator | None
    deprecated: Deprecated | str | bool | None
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None
    frozen: bool | None
    repr: bool | None
    init_var: bool | None
    kw_only: bool | None
    pattern: str | re.Pattern[str] | None
    strict: bool | None
    coerce_numbers_to_str: bool | None
    gt: Any
    ge: Any
    lt: Any
    le: Any
    multiple_of: Any
    allow_inf_nan: bool | None
    max_digits: int | None
    decimal_places: int | None
    min_length: int | None
    max_length: int | None
    union_mode: Literal["smart", "left_to_right"] | None
    fail_fast: bool | None
    const: bool | None
    min_items: int | None
    max_items: int | None
    regex: str | None


class ValidatedKeywords(FieldKeywords, total=False):
    """The same where the default may be of another type, which validation converts."""

    on_insert: None
    on_update: None
    init: bool | None


class UsualKeywords(ValidatedKeywords, total=False):
    """The same where it is the value."""

    validate_default: bool | None


class SuppliedKeywords(FieldKeywords, total=False):
    """The same where the library gives the value."""

    validate_default: bool | None
