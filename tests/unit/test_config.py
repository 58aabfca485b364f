"""`model_config`: what it may say, and its completed form."""

from __future__ import annotations

import pytest
from pydantic import ConfigDict

from odmantic.config import ODMConfigDict, validate_config

DEFAULTS = {
    "title": None,
    "json_schema_extra": None,
    "str_strip_whitespace": False,
    "arbitrary_types_allowed": False,
    "extra": None,
    "validate_default": True,
    "validate_assignment": True,
    "collection": None,
    "parse_doc_with_default_factories": False,
    "indexes": None,
}


def test_an_empty_config_is_completed_with_the_defaults():
    assert validate_config({}, "Ship") == DEFAULTS


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("collection", "ships"),
        ("parse_doc_with_default_factories", True),
        ("indexes", list),
        ("title", "A ship"),
        ("json_schema_extra", {"example": {}}),
        ("str_strip_whitespace", True),
        ("arbitrary_types_allowed", True),
        ("extra", "forbid"),
    ],
)
def test_an_allowed_option_replaces_its_default(option, value):
    assert validate_config({option: value}, "Ship") == {**DEFAULTS, option: value}


def test_json_encoders_are_there_only_if_given():
    config = validate_config({"json_encoders": {int: str}}, "Ship")
    assert config == {**DEFAULTS, "json_encoders": {int: str}}


def test_the_given_config_is_not_changed():
    given = ODMConfigDict(collection="ships")
    validate_config(given, "Ship")
    assert given == {"collection": "ships"}


@pytest.mark.parametrize("option", ["validate_assignment", "validate_default"])
def test_validation_is_switched_off_by_a_program_only(option):
    assert validate_config({option: False}, "Ship") == {**DEFAULTS, option: False}


@pytest.mark.parametrize("option", sorted(ConfigDict.__annotations__.keys()))
def test_any_option_of_pydantic_is_taken(option):
    assert validate_config({option: None}, "Ship") == {**DEFAULTS, option: None}


@pytest.mark.parametrize("option", ["schema_extra", "anystr_strip_whitespace", "colection"])
def test_an_unknown_option_is_refused(option):
    with pytest.raises(ValueError) as caught:
        validate_config({option: 1}, "Ship")
    assert str(caught.value) == f"'Ship': unknown configuration attribute '{option}'"


@pytest.mark.parametrize(
    ("config", "offender"),
    [
        ({"collection": "x", "typo": 1, "frozn": True}, "typo"),
        ({"frozn": True, "typo": 1}, "frozn"),
    ],
)
def test_the_first_offender_in_the_order_written_is_named(config, offender):
    with pytest.raises(ValueError, match=f"configuration attribute '{offender}'"):
        validate_config(config, "Ship")
