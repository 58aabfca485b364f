"""Names of collections and keys."""

from __future__ import annotations

import pytest

from odmantic._mapping.naming import check_key_name, collection_name


@pytest.mark.parametrize(
    ("class_name", "collection"),
    [
        ("CargoBay", "cargo_bay"),
        ("CargoBayModel", "cargo_bay"),
        ("cargoBay", "cargo_bay"),
        ("ModelX", "model_x"),
        ("HTTPServer", "http_server"),
        ("userA1B", "user_a1_b"),
        ("Foo_Bar", "foo__bar"),
        ("JSON2XMLModel", "json2_xml"),
        ("CarModelModel", "car_model"),
        ("A", "a"),
        ("already_snake", "already_snake"),
        ("Élan", "Élan".lower()),
    ],
)
def test_a_collection_is_named_after_its_class(class_name, collection):
    assert collection_name(class_name) == collection


def test_a_class_that_is_just_called_model_keeps_its_name():
    assert collection_name("Model") == "model"


@pytest.mark.parametrize("configured", ["Ships", "a.b", "odd name", "system", "asystem.x"])
def test_a_configured_name_is_used_as_it_is(configured):
    assert collection_name("ShipModel", configured) == configured


@pytest.mark.parametrize(
    ("configured", "problem"),
    [
        ("ca$h", "cannot contain '$'"),
        ("$", "cannot contain '$'"),
        ("", "cannot be empty"),
        ("system.users", "cannot start with 'system.'"),
    ],
)
def test_a_name_mongodb_refuses_is_a_type_error(configured, problem):
    with pytest.raises(TypeError) as caught:
        collection_name("Ship", configured)
    assert str(caught.value) == f"Invalid collection name for Ship: {problem}"


@pytest.mark.parametrize("key_name", ["a", "a$b", "_id", "with space", "ключ"])
def test_a_usable_key_passes(key_name):
    check_key_name(key_name)


@pytest.mark.parametrize(
    ("key_name", "problem"),
    [
        ("", "key_name cannot be empty"),
        ("$a", "key_name cannot start with the dollar sign ($) character"),
        ("$", "key_name cannot start with the dollar sign ($) character"),
        ("a.b", "key_name cannot contain the dot (.) character"),
        (".", "key_name cannot contain the dot (.) character"),
        ("a\0", "key_name cannot contain the null character"),
    ],
)
def test_a_key_mongodb_would_misread_is_a_type_error(key_name, problem):
    with pytest.raises(TypeError) as caught:
        check_key_name(key_name)
    assert str(caught.value) == problem
