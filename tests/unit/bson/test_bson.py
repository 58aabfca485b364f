"""The BSON types: what they accept, what they refuse, and what they look like in JSON."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import re
import typing
import warnings
from typing import Annotated, Any

import bson
import pydantic
import pytest
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.regex import Regex
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

import odmantic.bson
from odmantic._types.adapt import adapt_annotation
from odmantic.bson import (
    BaseBSONModel,
    WithBsonSerializer,
    _datetime,
)
from odmantic.field import Field
from odmantic.model import Model

HEX = "5f85f36d6dfecacc68428a46"
OID = bson.ObjectId(HEX)
UTC = dt.timezone.utc
D = decimal.Decimal


def adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(adapt_annotation(annotation))


def model_of(annotation: Any) -> type[BaseModel]:
    return pydantic.create_model("Holder", x=(adapt_annotation(annotation), ...))


def errors_of(annotation: Any, value: Any) -> list[Any]:
    with pytest.raises(ValidationError) as caught:
        model_of(annotation)(x=value)
    return caught.value.errors()


ACCEPTED = [
    (bson.ObjectId, OID, OID),
    (bson.ObjectId, odmantic.bson.ObjectId(HEX), OID),
    (bson.ObjectId, HEX, OID),
    (bson.ObjectId, HEX.upper(), OID),
    (bson.ObjectId, OID.binary, OID),
    (Int64, Int64(3), Int64(3)),
    (Int64, 3, Int64(3)),
    (Int64, "3", Int64(3)),
    (Int64, 3.0, Int64(3)),
    (Decimal128, Decimal128("1.50"), Decimal128("1.50")),
    (Decimal128, D("1.50"), Decimal128("1.50")),
    (Decimal128, "1.50", Decimal128("1.50")),
    (Decimal128, "NaN", Decimal128("NaN")),
    (Decimal128, 5, Decimal128("5")),
    (Decimal128, 0.1, Decimal128("0.1")),
    (Binary, Binary(b"\xff", 5), Binary(b"\xff", 5)),
    (Binary, b"\xff", Binary(b"\xff", 0)),
    (Binary, "é", Binary("é".encode(), 0)),
    (Regex, Regex("^a", "i"), Regex("^a", "i")),
    (Regex, re.compile("^a", re.IGNORECASE), Regex("^a", re.IGNORECASE | re.UNICODE)),
    (Regex, "^a", Regex("^a", re.UNICODE)),
    (re.Pattern, re.compile("^a", re.IGNORECASE), re.compile("^a", re.IGNORECASE)),
    (re.Pattern, Regex("^a", re.IGNORECASE | re.UNICODE), re.compile("^a", re.IGNORECASE)),
    (re.Pattern, "^a", re.compile("^a")),
    (D, D("1.50"), D("1.50")),
    (D, Decimal128("1.50"), D("1.50")),
    (D, "1.50", D("1.50")),
    (D, 5, D(5)),
    (D, 0.1, D("0.1")),
    (D, D("Infinity"), D("Infinity")),
    (dt.datetime, dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 2)),
    (dt.datetime, dt.date(2020, 1, 2), dt.datetime(2020, 1, 2)),
    (dt.datetime, "2020-01-02T03:04:05", dt.datetime(2020, 1, 2, 3, 4, 5)),
    (dt.datetime, 86400, dt.datetime(1970, 1, 2, tzinfo=UTC)),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), ACCEPTED)
def test_a_value_is_accepted(annotation, value, expected):
    result = adapter(annotation).validate_python(value)
    assert result == expected
    assert isinstance(expected, Regex) or str(result) == str(expected)


@pytest.mark.parametrize(("annotation", "value", "expected"), ACCEPTED)
def test_a_result_is_of_the_class_the_bson_package_defines(annotation, value, expected):
    result = adapter(annotation).validate_python(value)
    assert type(result) in (type(expected), type(value))
    assert isinstance(result, annotation)


@pytest.mark.parametrize(
    "value", [odmantic.bson.ObjectId(), OID, Int64(1), Decimal128("1"), Binary(b""), Regex("a")]
)
def test_an_instance_passes_through_untouched(value):
    annotation = next(base for base in type(value).__mro__ if base.__module__.startswith("bson"))
    assert adapter(annotation).validate_python(value) is value


def test_nan_is_a_decimal():
    assert adapter(D).validate_python("NaN").is_nan()


@pytest.mark.parametrize(
    ("ours", "other", "value"),
    [
        (bson.ObjectId, str, "3"),
        (bson.ObjectId, int, 3),
        (Regex, int, 3),
        (Regex, bson.ObjectId, OID),
        (Int64, str, "3"),
    ],
)
def test_a_value_of_another_member_of_a_union_is_left_alone(ours, other, value):
    assert adapter(ours | other).validate_python(value) is value


@pytest.mark.parametrize("number", [3, 3.5])
@pytest.mark.parametrize("ours", [Decimal128, D])
def test_a_number_stays_one_in_a_union_with_numbers(number, ours):
    result = adapter(ours | int | float).validate_python(number)
    assert (result, type(result)) == (number, type(number))


BAD_TEXT = [
    (bson.ObjectId, "bad", "Value error, Invalid ObjectId", 2),
    (Int64, "bad", "Input should be a valid integer, unable to parse string as an integer", 2),
    (Decimal128, "bad", "Value error, Invalid Decimal128 value", 2),
    (Regex, "[bad", "Value error, Invalid Pattern value", 3),
    (re.Pattern, "[bad", "Value error, Invalid Pattern value", 3),
    (D, "bad", "Value error, Invalid decimal string", 3),
    (dt.datetime, "bad", "Input should be a valid datetime or date, input is too short", 1),
]


@pytest.mark.parametrize(("annotation", "text", "message", "count"), BAD_TEXT)
def test_bad_text_gives_a_fixed_number_of_errors(annotation, text, message, count):
    errors = errors_of(annotation, text)
    assert errors[-1]["msg"] == message
    assert len(errors) == count
    assert {error["loc"][0] for error in errors} == {"x"}


@pytest.mark.parametrize(("annotation", "text", "message", "count"), BAD_TEXT)
def test_bad_text_in_json_gives_one_error(annotation, text, message, count):
    with pytest.raises(ValidationError) as caught:
        adapter(annotation).validate_json(f'"{text}"')
    assert [error["msg"] for error in caught.value.errors()] == [message]


def test_the_first_error_of_an_object_id_is_located_at_its_instance_check():
    assert errors_of(bson.ObjectId, "a")[0]["loc"] == ("x", "is-instance[ObjectId]")


@pytest.mark.parametrize("value", [5, 1.5, None, object(), True])
def test_a_value_that_is_no_text_gives_three_errors_for_an_object_id(value):
    assert len(errors_of(bson.ObjectId, value)) == 3


@pytest.mark.parametrize("value", [b"", b"short", b"a" * 13, HEX.encode()])
def test_bytes_of_a_wrong_length_are_no_object_id(value):
    assert errors_of(bson.ObjectId, value)[-1]["msg"] == "Value error, Invalid ObjectId"


@pytest.mark.parametrize(
    "annotation", [bson.ObjectId, Int64, Decimal128, Binary, Regex, re.Pattern, D]
)
@pytest.mark.parametrize("value", [None, object()])
def test_a_stranger_is_refused(annotation, value):
    assert errors_of(annotation, value)


@pytest.mark.parametrize("annotation", [Decimal128, D])
def test_a_bool_is_no_decimal(annotation):
    assert errors_of(annotation, True)


PAIRS = [[1, 2], (1, 2), [0, 0], [2**63, 1], [True, True], ["a", "b"], [1.5, 2], [None, None]]
NO_DECIMALS = [[], [1], (1, 2, 3), (0, (1, 2), -1), [0, [1, 2], -1], {}, {"$numberDecimal": "1"}]


@pytest.mark.parametrize("value", [*PAIRS, *NO_DECIMALS, {1, 2}, b"1.5", 1j], ids=repr)
def test_only_text_and_numbers_become_decimals_of_bson(value):
    assert [error["msg"] for error in errors_of(Decimal128, value)] == [
        "Input should be an instance of Decimal128",
        "Value error, Invalid Decimal128 value",
    ]


@pytest.mark.parametrize("text", ["[1, 2]", "[0, 0]", '["a", "b"]', "{}", "null", "true"])
def test_only_text_and_numbers_in_json_become_decimals_of_bson(text):
    with pytest.raises(ValidationError) as caught:
        adapter(Decimal128).validate_json(text)
    assert [error["msg"] for error in caught.value.errors()] == [
        "Value error, Invalid Decimal128 value"
    ]


@pytest.mark.parametrize(
    ("annotation", "default", "value"),
    [
        (bson.ObjectId, OID, OID),
        (Int64, 3, Int64(3)),
        (Decimal128, Decimal128("1.50"), Decimal128("1.50")),
        (Decimal128, D("1.50"), Decimal128("1.50")),
        (D, D("1.50"), D("1.50")),
        (D, Decimal128("1.50"), D("1.50")),
        (Binary, Binary(b"a", 128), Binary(b"a", 128)),
        (Regex, Regex("a", "i"), Regex("a", "i")),
        (Regex, re.compile("a"), Regex("a", "u")),
        (re.Pattern, re.compile("a"), re.compile("a")),
        (re.Pattern, Regex("a"), re.compile("a")),
        (dt.datetime, dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1)),
    ],
)
def test_a_default_is_valid_where_json_or_strings_are_validated(annotation, default, value):
    config = pydantic.ConfigDict(validate_default=True)
    definition = (adapt_annotation(annotation), default)
    model = pydantic.create_model("Holder", __config__=config, x=definition)

    made = [model().x, model.model_validate_json("{}").x, model.model_validate_strings({}).x]

    assert made == [value] * 3
    assert {type(each) for each in made} == {type(value)}


def test_a_default_that_is_not_valid_gives_its_errors_where_json_is_validated():
    config = pydantic.ConfigDict(validate_default=True)
    definition = (adapt_annotation(Decimal128), (1, 2))
    model = pydantic.create_model("Holder", __config__=config, x=definition)

    with pytest.raises(ValidationError) as caught:
        model.model_validate_json("{}")

    messages = [error["msg"] for error in caught.value.errors()]
    assert messages[-1] == "Value error, Invalid Decimal128 value"
    assert {error["loc"][0] for error in caught.value.errors()} == {"x"}


@pytest.mark.parametrize("text", ["a{99999999999999999999}", "(" * 10_000])
@pytest.mark.parametrize("annotation", [Regex, re.Pattern])
def test_an_overgrown_pattern_is_a_validation_error(annotation, text):
    assert errors_of(annotation, text)[-1]["msg"] == "Value error, Invalid Pattern value"


def test_a_stored_pattern_that_is_not_pythons_is_a_validation_error():
    messages = [error["msg"] for error in errors_of(re.Pattern, Regex("(?P>recursion)"))]
    assert "Value error, Invalid Pattern value" in messages


TOO_LONG = "1" * 35


@pytest.mark.parametrize("value", [D(TOO_LONG), TOO_LONG, int(TOO_LONG), D("1e6145"), D("1e-6177")])
@pytest.mark.parametrize("annotation", [Decimal128, D])
def test_a_decimal_that_does_not_fit_is_refused_when_validated(annotation, value):
    assert errors_of(annotation, value)[-1]["msg"].startswith("Value error, ")


@pytest.mark.parametrize("value", [D("1" * 34), D("1." + "0" * 60), D("1e6144"), D("1e-6176")])
def test_the_largest_decimals_fit(value):
    assert adapter(D).validate_python(value) is value


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ({"gt": 0}, "0.1", "0"),
        ({"ge": 0}, "0", "-0.1"),
        ({"lt": 0}, "-0.1", "0"),
        ({"le": 0}, "0", "0.1"),
        ({"multiple_of": 2}, "4", "3"),
    ],
)
@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("as_default", [False, True])
def test_numeric_constraints_hold_for_decimals(constraint, good, bad, optional, as_default):
    annotation = adapt_annotation(D | None if optional else D)
    info = Field(**constraint)
    definition = (
        (annotation, info.pydantic_field_info) if as_default else (Annotated[annotation, info], ...)
    )
    model = pydantic.create_model("Holder", x=definition)
    for value in (good, D(good), Decimal128(good)):
        assert model(x=value).x == D(good)
    for value in (bad, D(bad), Decimal128(bad)):
        with pytest.raises(ValidationError) as caught:
            model(x=value)
        assert caught.value.error_count() == 1


def test_a_validator_between_decimal_and_our_support_still_runs():
    doubled = pydantic.AfterValidator(lambda value: value * 2)
    support = adapt_annotation(D).__metadata__
    assert TypeAdapter(Annotated[(D, doubled, *support)]).validate_python("1.5") == 3


def test_a_constrained_decimal_may_still_be_infinite():
    model = pydantic.create_model("Holder", x=(adapt_annotation(D), pydantic.Field(gt=0)))
    assert model(x="Infinity").x == D("Infinity")


def test_infinity_can_be_ruled_out():
    model = pydantic.create_model(
        "Holder", x=(adapt_annotation(D), pydantic.Field(allow_inf_nan=False))
    )
    with pytest.raises(ValidationError, match="finite"):
        model(x="Infinity")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1e9, max_value=1e9))
def test_a_decimal_survives_being_stored(value):
    stored = Decimal128(adapter(D).validate_python(value))
    assert adapter(D).validate_python(stored) == value


@given(st.floats(allow_nan=False))
def test_a_float_becomes_the_decimal_that_is_written_like_it(value):
    assert float(adapter(D).validate_python(value)) == value
    assert adapter(Decimal128).validate_python(value) == Decimal128(repr(value))


# --- datetime ----------------------------------------------------------------------------------


def test_the_datetime_annotation_is_a_subclass_of_datetime():
    assert issubclass(_datetime, dt.datetime)


@pytest.mark.parametrize(
    ("microsecond", "kept"), [(0, 0), (999, 0), (10001, 10000), (999501, 999000), (5000, 5000)]
)
def test_microseconds_are_truncated_to_milliseconds(microsecond, kept):
    value = dt.datetime(2020, 1, 1, microsecond=microsecond)
    assert adapter(dt.datetime).validate_python(value).microsecond == kept


@given(st.datetimes())
def test_a_datetime_survives_being_stored(value):
    value = adapter(dt.datetime).validate_python(value)
    assert bson.decode(bson.encode({"x": value}))["x"] == value
    assert adapter(dt.datetime).validate_python(value) is value


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2020, 1, 1, tzinfo=UTC),
        dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(0), "GMT")),
        "2020-01-01T00:00:00Z",
        "2020-01-01T00:00:00+00:00",
    ],
)
def test_a_datetime_in_utc_stays_aware(value):
    result = adapter(dt.datetime).validate_python(value)
    assert result == dt.datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        "2020-01-01T00:00:00+01:00",
        "2020-01-01T00:00:00-00:30",
    ],
)
def test_a_datetime_with_an_offset_is_refused(value):
    (error,) = errors_of(dt.datetime, value)
    assert error["msg"] == (
        "Value error, datetime objects must be naive (no timezone info), or in UTC: convert the value with "
        ".astimezone(timezone.utc)"
    )


# --- JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (bson.ObjectId, OID, f'"{HEX}"'),
        (Int64, Int64(3), "3"),
        (Decimal128, Decimal128("1.50"), '"1.50"'),
        (Binary, Binary(b"abc"), '"abc"'),
        (Regex, Regex("^a", "i"), '"^a"'),
        (re.Pattern, re.compile("^a", re.IGNORECASE), '"^a"'),
        (D, D("1.50"), '"1.50"'),
        (D | None, D("1.50"), '"1.50"'),
        (D | None, None, "null"),
        (dict[bson.ObjectId, D], {OID: D(1)}, f'{{"{HEX}":"1"}}'),
        (dt.datetime, dt.datetime(2020, 1, 1), '"2020-01-01T00:00:00"'),
        (dt.datetime, dt.datetime(2020, 1, 1, tzinfo=UTC), '"2020-01-01T00:00:00Z"'),
    ],
)
def test_a_value_in_json(annotation, value, text):
    assert adapter(annotation).dump_json(value).decode() == text


@pytest.mark.parametrize("ours", [bson.ObjectId, Decimal128, D, Regex, re.Pattern])
@pytest.mark.parametrize("value", [5, True, [1], {"a": 1}, None])
def test_other_members_of_a_union_write_json_of_their_own(ours, value):
    union = adapter(ours | int | bool | list[int] | dict[str, int] | None)
    assert union.dump_python(value, mode="json") == value
    assert json.loads(union.dump_json(value)) == value


def test_text_in_place_of_a_key_is_written_as_it_is():
    class Ship(Model):
        name: str = ""

    copy = Ship().model_copy(update={"id": "sea-1"})
    assert copy.model_dump(mode="json")["id"] == "sea-1"


def test_bytes_that_are_no_text_cannot_be_json():
    with pytest.raises(PydanticSerializationError):
        adapter(Binary).dump_json(Binary(b"\xff"))


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(bson.ObjectId, OID), (Decimal128, Decimal128("1")), (Regex, Regex("a")), (D, D("1.50"))],
)
def test_a_value_stays_itself_in_a_python_dump(annotation, value):
    assert adapter(annotation).dump_python(value) is value


OBJECT_ID_SCHEMA = {
    "type": "string",
    "examples": [HEX, "ffffffffffffffffffffffff"],
    "example": HEX,
}
REGEX_SCHEMA = {"type": "string", "format": "binary", "examples": ["^Foo"], "example": "^Foo"}


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (bson.ObjectId, OBJECT_ID_SCHEMA),
        (Int64, {"type": "integer"}),
        (Decimal128, {"type": "number"}),
        (Binary, {"type": "string", "format": "binary"}),
        (Regex, REGEX_SCHEMA),
        (re.Pattern, {"type": "string"}),
        (D, {"type": "string"}),
        (dt.datetime, {"type": "string", "format": "date-time"}),
    ],
)
def test_the_json_schema(annotation, schema, mode):
    properties = model_of(annotation).model_json_schema(mode=mode)["properties"]
    assert properties == {"x": {"title": "X", **schema}}


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_a_constrained_decimal_has_a_json_schema(mode):
    assert TypeAdapter(Annotated[adapt_annotation(D), Field(gt=0)]).json_schema(mode=mode)


@pytest.mark.filterwarnings("ignore:.*json_encoders.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("annotation", "encoded_type", "value"),
    [
        (dt.datetime, dt.datetime, dt.datetime(2020, 1, 1)),
        (D, D, D(1)),
        (re.Pattern, re.Pattern, re.compile("a")),
        (typing.Pattern, typing.Pattern, re.compile("a")),
        (list[D], D, [D(1)]),
    ],
)
def test_json_encoders_act_on_substituted_standard_types(annotation, encoded_type, value):
    class Holder(BaseModel):
        model_config = {"json_encoders": {encoded_type: lambda _: "encoded"}}
        x: adapt_annotation(annotation)  # type: ignore[valid-type]

    assert "encoded" in Holder(x=value).model_dump_json()


def test_json_encoders_do_not_act_on_our_own_types():
    class Holder(BaseModel):
        model_config = {"json_encoders": {bson.ObjectId: lambda _: "encoded"}}
        x: odmantic.bson.ObjectId

    assert Holder(x=OID).model_dump_json() == f'{{"x":"{HEX}"}}'


# --- Models and classes ----------------------------------------------------------------------


@pytest.mark.parametrize("config", [None, {}, {"title": "Mine"}])
def test_a_bson_model_serialises_our_types_whatever_its_config(config):
    namespace = {"__annotations__": {"x": odmantic.bson.ObjectId, "y": odmantic.bson.Regex}}
    if config is not None:
        namespace["model_config"] = config
    holder = type("Holder", (BaseBSONModel,), namespace)(x=HEX, y="^a")
    assert holder.model_dump_json() == f'{{"x":"{HEX}","y":"^a"}}'


def test_a_bson_model_has_a_docstring():
    assert BaseBSONModel.__doc__


def test_defining_bson_models_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Holder(BaseBSONModel):
            x: odmantic.bson.ObjectId
            y: odmantic.bson.Decimal128


def test_long_is_int64():
    assert odmantic.bson.Long is odmantic.bson.Int64


def test_object_ids_of_both_classes_are_equal():
    assert odmantic.bson.ObjectId(HEX) == OID
    assert hash(odmantic.bson.ObjectId(HEX)) == hash(OID)


def test_a_bson_serializer_is_frozen_and_compares_by_its_function():
    serializer = WithBsonSerializer(str)
    assert serializer == WithBsonSerializer(bson_serializer=str)
    with pytest.raises(AttributeError):
        serializer.bson_serializer = repr


@pytest.mark.parametrize(
    "value",
    [
        odmantic.bson.ObjectId(HEX),
        odmantic.bson.Int64(3),
        odmantic.bson.Decimal128("1.5"),
        odmantic.bson.Binary(b"abc", 5),
    ],
)
def test_an_instance_of_our_class_is_stored_as_one_of_the_bson_class(value):
    stored = bson.decode(bson.encode({"x": value}))["x"]
    assert stored == value
    assert type(stored).__module__.startswith("bson")
