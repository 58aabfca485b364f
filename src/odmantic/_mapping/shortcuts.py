"""Which shortcuts past pydantic the config of a class leaves; it may have more options than a model may name itself.

A mixin brings its config along.
"""

from __future__ import annotations

from enum import Flag, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Shortcut(Flag):
    """What code does in place of pydantic."""

    ASSIGNMENT = auto()
    """A value that is of the class of its field is stored without validation."""
    READER = auto()
    """Instances are made from documents of the expected shape without validation."""
    FIELD = auto()
    """Pydantic validates the value of one field by its annotation, and not the whole document."""
    WRITER = auto()
    """Instances of the expected shape are written, and taken for a bulk write, without the encoders of the fields."""


_ALL = Shortcut.ASSIGNMENT | Shortcut.READER | Shortcut.FIELD | Shortcut.WRITER
_OF_VALUES = Shortcut.ASSIGNMENT | Shortcut.READER

_UNKNOWN: Any = object()
_SWITCHED_OFF: dict[str, tuple[Any, Shortcut]] = {
    # Which values are valid, and what becomes of them.
    "allow_inf_nan": (True, _OF_VALUES),
    "str_max_length": (None, _OF_VALUES),
    "str_min_length": (0, _OF_VALUES),
    "str_strip_whitespace": (False, _OF_VALUES),
    "str_to_lower": (False, _OF_VALUES),
    "str_to_upper": (False, _OF_VALUES),
    "use_enum_values": (False, Shortcut.READER),
    "frozen": (False, Shortcut.ASSIGNMENT),
    "schema_generator": (None, _OF_VALUES | Shortcut.FIELD),
    # What becomes of values that are not of the class of their field: those are left to pydantic.
    "coerce_numbers_to_str": (False, Shortcut.FIELD),
    "from_attributes": (False, Shortcut.FIELD),
    "regex_engine": ("rust-regex", Shortcut.FIELD),
    "revalidate_instances": ("never", Shortcut.FIELD),
    "strict": (False, Shortcut.FIELD),
    "url_preserve_empty_path": (False, Shortcut.FIELD),
    "val_temporal_unit": ("infer", Shortcut.FIELD),
}
"""By option, the value that means nothing, and the shortcuts that any other value switches off."""

_NEVER_IN_THE_WAY = frozenset(
    (
        # Generated code knows them.
        *("collection", "extra", "indexes", "parse_doc_with_default_factories"),
        # See `is_unvalidated`; functions are no fields.
        *("validate_assignment", "validate_default", "validate_return"),
        # Where fields have aliases, there are no shortcuts at all.
        *("alias_generator", "loc_by_alias", "populate_by_name", "serialize_by_alias"),
        *("validate_by_alias", "validate_by_name"),
        # How a class is defined: what comes of it is looked at.
        *("arbitrary_types_allowed", "defer_build", "ignored_types", "plugin_settings"),
        *("protected_namespaces", "use_attribute_docstrings"),
        # Errors, memory, JSON, schemas.
        *("cache_strings", "hide_input_in_errors", "validation_error_cause"),
        *("json_encoders", "polymorphic_serialization", "ser_json_bytes", "ser_json_inf_nan"),
        *("ser_json_temporal", "ser_json_timedelta", "val_json_bytes"),
        *("field_title_generator", "json_schema_extra", "json_schema_mode_override"),
        *("json_schema_serialization_defaults_required", "model_title_generator", "title"),
    )
)
"""The options that switch nothing off."""


def shortcuts_of(config: Mapping[str, Any]) -> Shortcut:
    """Return the shortcuts that a config leaves; one with an option that is in no table leaves none."""
    left = _ALL
    for option, value in config.items():
        if option in _NEVER_IN_THE_WAY:
            continue
        usual, switched_off = _SWITCHED_OFF.get(option, (_UNKNOWN, _ALL))
        if usual is _UNKNOWN or (value is not None and value != usual):
            left &= ~switched_off
    return left
