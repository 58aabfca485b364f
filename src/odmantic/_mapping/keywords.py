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
    """All keywords but `on_insert`, `on_update` and `init`, which tell the overloads apart."""

    key_name: str | None
    primary_field: bool
    index: bool
    unique: bool | Literal["live"]
    if_missing: Callable[[], Any] | None
    store_none: bool | None
    store_default: bool | None
    default_factory: Callable[[], Any] | Callable[[dict[str, Any]], Any] | None
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
    validate_default: bool | None
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
