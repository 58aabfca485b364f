"""The shortcuts past pydantic that the config of a class allows.

A mixin may bring its own config, with further options.
"""

from __future__ import annotations

from enum import Flag, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Shortcut(Flag):
    """A shortcut that code may take instead of pydantic."""

    ASSIGNMENT = auto()
    """An assigned value of the field's exact class is stored without validation."""
    READER = auto()
    """Instances are made from documents of the expected shape without validation."""
    FIELD = auto()
    """Pydantic validates a single field's value by its annotation, rather than the whole document."""
    WRITER = auto()
    """Instances of the expected shape are written, and taken for a bulk write, without the fields' encoders."""


_ALL = Shortcut.ASSIGNMENT | Shortcut.READER | Shortcut.FIELD | Shortcut.WRITER
_OF_VALUES = Shortcut.ASSIGNMENT | Shortcut.READER

_UNKNOWN: Any = object()
_SWITCHED_OFF: dict[str, tuple[Any, Shortcut]] = {
    # These decide which values are valid, and how they are changed.
    "allow_inf_nan": (True, _OF_VALUES),
    "str_max_length": (None, _OF_VALUES),
    "str_min_length": (0, _OF_VALUES),
    "str_strip_whitespace": (False, _OF_VALUES),
    "str_to_lower": (False, _OF_VALUES),
    "str_to_upper": (False, _OF_VALUES),
    "use_enum_values": (False, Shortcut.READER),
    "frozen": (False, Shortcut.ASSIGNMENT),
    "schema_generator": (None, _OF_VALUES | Shortcut.FIELD),
    # These matter only for values of another class than the field's, which pydantic converts.
    "coerce_numbers_to_str": (False, Shortcut.FIELD),
    "from_attributes": (False, Shortcut.FIELD),
    "regex_engine": ("rust-regex", Shortcut.FIELD),
    "revalidate_instances": ("never", Shortcut.FIELD),
    "strict": (False, Shortcut.FIELD),
    "url_preserve_empty_path": (False, Shortcut.FIELD),
    "val_temporal_unit": ("infer", Shortcut.FIELD),
}
"""By option, the value without effect, and the shortcuts that any other value forbids."""

_NEVER_IN_THE_WAY = frozenset(
    (
        # Generated code knows them.
        *("codecs", "collection", "datetimes", "extra", "indexes", "inheritance", "key_generator"),
        *("store_none", "store_defaults", "soft_delete", "soft_delete_rules"),
        *("discriminator", "type_name", "type_aliases", "unknown_type", "subclasses"),
        "parse_doc_with_default_factories",
        # See `is_unvalidated`; functions are not fields.
        *("validate_assignment", "validate_default", "validate_return"),
        # Fields with aliases allow no shortcuts anyway.
        *("alias_generator", "loc_by_alias", "populate_by_name", "serialize_by_alias"),
        *("validate_by_alias", "validate_by_name"),
        # These affect how a class is defined; the result is inspected.
        *("arbitrary_types_allowed", "defer_build", "ignored_types", "plugin_settings"),
        *("protected_namespaces", "use_attribute_docstrings"),
        # These affect errors, memory, JSON and schemas.
        *("cache_strings", "hide_input_in_errors", "validation_error_cause"),
        *("json_encoders", "polymorphic_serialization", "ser_json_bytes", "ser_json_inf_nan"),
        *("ser_json_temporal", "ser_json_timedelta", "val_json_bytes"),
        *("field_title_generator", "json_schema_extra", "json_schema_mode_override"),
        *("json_schema_serialization_defaults_required", "model_title_generator", "title"),
    )
)
"""The options that forbid no shortcut."""


def shortcuts_of(config: Mapping[str, Any]) -> Shortcut:
    """Return the shortcuts that a config allows; an unknown option forbids all."""
    left = _ALL
    for option, value in config.items():
        if option in _NEVER_IN_THE_WAY:
            continue
        usual, switched_off = _SWITCHED_OFF.get(option, (_UNKNOWN, _ALL))
        if usual is _UNKNOWN or (value is not None and value != usual):
            left &= ~switched_off
    return left
