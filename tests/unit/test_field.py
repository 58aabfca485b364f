"""`Field()`: what it takes, and how it splits into pydantic's part and ours."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, PydanticDeprecatedSince20, PydanticUserError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from odmantic._mapping.options import OPTIONS
from odmantic.field import Field, ODMFieldInfo


def holder(annotation: Any, info: ODMFieldInfo) -> type[BaseModel]:
    return create_model("Holder", x=(annotation, info.pydantic_field_info))


def test_a_field_without_arguments_is_required_and_has_no_options():
    info = Field()
    assert type(info) is ODMFieldInfo
    assert type(info.pydantic_field_info) is FieldInfo
    assert info.pydantic_field_info.is_required()
    assert (info.key_name, info.primary_field, info.index, info.unique) == (
        None,
        False,
        False,
        False,
    )


@pytest.mark.parametrize(
    "options", [{"key_name": "k"}, {"index": True}, {"unique": True}, {"primary_field": True}]
)
def test_an_option_of_ours_is_kept(options):
    info = Field(**options)
    assert {name: getattr(info, name) for name in options} == options
    assert not info.is_only_constraints()


def test_each_option_has_a_parameter():
    parameters = list(inspect.signature(Field).parameters)
    ours = parameters[1 : parameters.index("default_factory")]
    assert {*ours, "reference"} == OPTIONS


def test_constraints_alone_are_no_options():
    assert Field(3, gt=0, title="T").is_only_constraints()


def test_a_primary_field_is_stored_under_id():
    assert Field(primary_field=True).key_name == "_id"
    assert Field(primary_field=True, key_name="_id").key_name == "_id"


@pytest.mark.parametrize("key_name", ["k", "id", ""])
def test_a_primary_field_takes_no_other_key(key_name):
    with pytest.raises(ValueError, match="cannot specify a primary field with a custom key_name"):
        Field(primary_field=True, key_name=key_name)


def test_only_a_primary_field_is_stored_under_id():
    with pytest.raises(
        ValueError,
        match="cannot specify key_name='_id' without defining the field as primary",
    ):
        Field(key_name="_id")


@pytest.mark.parametrize("default", [None, 3, [], "text", False])
def test_a_default(default):
    info = Field(default).pydantic_field_info
    assert not info.is_required()
    assert info.default == default


@pytest.mark.parametrize("default", [..., PydanticUndefined])
def test_a_default_that_means_required(default):
    assert Field(default).pydantic_field_info.is_required()


@pytest.mark.parametrize("arguments", [(), (...,)])
def test_a_default_factory(arguments):
    assert holder(int, Field(*arguments, default_factory=lambda: 3))().x == 3


def test_a_default_factory_may_take_the_data_validated_so_far():
    model = create_model(
        "Holder",
        a=(int, 1),
        x=(int, Field(default_factory=lambda data: data["a"] + 1).pydantic_field_info),
    )
    assert model(a=4).x == 5


@pytest.mark.parametrize("default", [None, 3])
def test_a_default_beside_a_default_factory_is_refused(default):
    with pytest.raises(TypeError, match="cannot specify both default and default_factory"):
        Field(default, default_factory=list)


@pytest.mark.parametrize(
    ("annotation", "constraint", "good", "bad"),
    [
        (int, {"gt": 0}, 1, 0),
        (int, {"ge": 0}, 0, -1),
        (float, {"lt": 0}, -0.5, 0),
        (int, {"le": 0}, 0, 1),
        (int, {"multiple_of": 3}, 6, 7),
        (str, {"min_length": 2}, "ab", "a"),
        (list, {"max_length": 1}, [1], [1, 2]),
        (str, {"regex": "^a"}, "ab", "ba"),
        (str, {"pattern": "^a"}, "ab", "ba"),
    ],
)
@pytest.mark.parametrize("in_annotated", [False, True])
def test_a_constraint_holds(annotation, constraint, good, bad, in_annotated):
    info = Field(**constraint)
    model = (
        create_model("Holder", x=(Annotated[annotation, info], ...))
        if in_annotated
        else holder(annotation, info)
    )
    assert model(x=good).x == good
    with pytest.raises(ValueError, match="1 validation error"):
        model(x=bad)


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [({"min_items": 1}, [1], []), ({"max_items": 1}, [1], [1, 2])],
)
def test_an_old_name_of_a_length_still_works_but_warns(constraint, good, bad):
    with pytest.warns(PydanticDeprecatedSince20) as caught:
        info = Field(**constraint)
    assert caught[0].filename == __file__
    model = holder(list, info)
    assert model(x=good).x == good
    with pytest.raises(ValueError, match="1 validation error"):
        model(x=bad)


def test_the_new_name_of_a_length_wins():
    with pytest.warns(PydanticDeprecatedSince20):
        info = Field(min_items=5, min_length=1)
    assert holder(list, info)(x=[1]).x == [1]


def test_two_names_for_a_pattern_are_refused():
    with pytest.raises(TypeError, match="cannot specify both regex and pattern"):
        Field(regex="a", pattern="b")


@pytest.mark.parametrize("value", [True, False])
def test_const_is_gone(value):
    with pytest.raises(PydanticUserError, match="`const` is removed"):
        Field(const=value)


@pytest.mark.parametrize("keyword", ["default_value", "old_keys", "on_save"])
def test_an_unlisted_keyword_is_a_type_error(keyword):
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Field(**{keyword: 1})


def test_only_the_default_is_positional():
    with pytest.raises(TypeError, match="positional"):
        Field(1, "key")


def test_what_the_json_schema_gets():
    info = Field(title="T", description="D", examples=[1], json_schema_extra={"deprecated": True})
    assert holder(int, info).model_json_schema()["properties"]["x"] == {
        "title": "T",
        "description": "D",
        "examples": [1],
        "deprecated": True,
        "type": "integer",
    }


def test_our_own_parameters_come_first():
    assert list(inspect.signature(Field).parameters)[:11] == [
        "default", "key_name", "primary_field", "index", "unique", "if_missing", "store_none",
        "store_default", "on_insert", "on_update", "default_factory",
    ]  # fmt: skip


def test_every_constraint_has_a_line_in_the_docstring():
    documented = inspect.getdoc(Field).partition("Args:")[2].partition("Raises:")[0]
    assert [
        name for name in inspect.signature(Field).parameters if f"\n    {name}: " not in documented
    ] == []
