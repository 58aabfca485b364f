"""BSON values in JSON where no annotation announces them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import bson
import pydantic
import pytest
from bson.decimal128 import Decimal128
from bson.regex import Regex
from pydantic import BaseModel, Tag, TypeAdapter
from pydantic_core import PydanticSerializationError

import odmantic.bson
from odmantic._bson.json import BSON_TYPES_ENCODERS, encode_for_json
from odmantic.bson import BaseBSONModel
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model

HEX = "5f85f36d6dfecacc68428a46"
OID = bson.ObjectId(HEX)
STRANGER = object()


class Inner(EmbeddedModel):
    x: Any = None


class Loose(Model):
    model_config = {"extra": "allow"}

    key: int = Field(0, primary_field=True)
    inner: Inner = Inner()


def test_the_encoders():
    assert BSON_TYPES_ENCODERS.keys() == {bson.ObjectId, Decimal128, Regex}
    assert BSON_TYPES_ENCODERS[bson.ObjectId](OID) == HEX
    assert BSON_TYPES_ENCODERS[Decimal128](Decimal128("1.5")) == Decimal("1.5")
    assert BSON_TYPES_ENCODERS[Regex](Regex("^a")) == "^a"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(OID, HEX), (odmantic.bson.ObjectId(HEX), HEX), (Decimal128("1.5"), Decimal("1.5"))],
)
def test_a_value_is_encoded_by_its_class_or_a_base_of_it(value, encoded):
    assert encode_for_json(value) == encoded


def test_a_stranger_cannot_be_encoded():
    with pytest.raises(PydanticSerializationError, match=r"unknown type.*object"):
        encode_for_json(STRANGER)


VALUES = [
    (Any, OID, f'"{HEX}"'),
    (Any, Decimal128("1.50"), '"1.50"'),
    (Any, Regex("^a"), '"^a"'),
    (Any, None, "null"),
    (Any, dt.datetime(2020, 1, 1), '"2020-01-01T00:00:00"'),
    (Any, {"a": [OID, {"b": OID}]}, f'{{"a":["{HEX}",{{"b":"{HEX}"}}]}}'),
    (Any, {OID: 1}, f'{{"{HEX}":1}}'),
    (Any | None, OID, f'"{HEX}"'),
    (int | Any, OID, f'"{HEX}"'),
    (list, [OID], f'["{HEX}"]'),
    (tuple, (OID,), f'["{HEX}"]'),
    (set, {OID}, f'["{HEX}"]'),
    (dict, {OID: OID}, f'{{"{HEX}":"{HEX}"}}'),
    (dict[str, Any], {"a": OID}, f'{{"a":"{HEX}"}}'),
    (list[dict[str, list[Any]]], [{"a": [OID]}], f'[{{"a":["{HEX}"]}}]'),
    (tuple[int, Any], (1, OID), f'[1,"{HEX}"]'),
    (Annotated[int, Tag("i")] | Annotated[Any, Tag("a")], OID, f'"{HEX}"'),
    (object, OID, f'"{HEX}"'),
    (int, 3, "3"),
]


@pytest.mark.parametrize("base", [BaseBSONModel, EmbeddedModel])
@pytest.mark.parametrize(("annotation", "value", "text"), VALUES)
def test_a_bson_value_is_written_wherever_anything_may_stand(base, annotation, value, text):
    model = type(base)(
        "Holder", (base,), {"__annotations__": {"x": annotation}, "__module__": __name__}
    )
    instance = model(x=value)
    assert instance.model_dump_json() == f'{{"x":{text}}}'
    assert TypeAdapter(list[model]).dump_json([instance]).decode() == f'[{{"x":{text}}}]'
    assert model.__pydantic_serializer__.to_python(instance, mode="json") == (
        pydantic.BaseModel.model_dump(instance, mode="json")
    )


@pytest.mark.parametrize(("annotation", "value", "text"), VALUES)
def test_a_python_dump_keeps_the_value(annotation, value, text):
    model = pydantic.create_model("Holder", x=(annotation, ...), __base__=BaseBSONModel)
    assert model(x=value).model_dump() == {"x": value}


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("extra", ["ignore", "allow"])
def test_the_json_schema_is_that_of_a_plain_model(mode, extra):
    fields = {"x": (Any, ...), "y": (dict[str, Any], {}), "z": (list[int], [])}

    class Plain(BaseModel, extra=extra):
        pass

    class Bson(BaseBSONModel, extra=extra):
        pass

    plain = pydantic.create_model("Holder", **fields, __base__=Plain)
    holder = pydantic.create_model("Holder", **fields, __base__=Bson)
    schema = holder.model_json_schema(mode=mode)
    schema.pop("description", None)
    assert schema == plain.model_json_schema(mode=mode)


class Node(BaseBSONModel):
    x: Any
    next: Node | None = None


def test_a_recursive_model_is_written():
    assert Node(x=OID, next=Node(x=1)).model_dump_json() == (
        f'{{"x":"{HEX}","next":{{"x":1,"next":null}}}}'
    )


class Extras(BaseBSONModel):
    model_config = {"extra": "allow"}

    x: int


def test_additional_values_are_written():
    instance = Extras(x=1, oid=OID, deep=[{"a": OID}])
    text = f'{{"x":1,"oid":"{HEX}","deep":[{{"a":"{HEX}"}}]}}'
    assert instance.model_dump_json() == text
    assert TypeAdapter(Extras).dump_json(instance).decode() == text
    assert instance.model_extra == {"oid": OID, "deep": [{"a": OID}]}


def test_additional_values_of_a_model_are_written_without_touching_it():
    instance = Loose(oid=OID, inner=Inner(x=OID))
    instance.__fields_modified__.clear()
    instance.inner.__fields_modified__.clear()
    assert instance.model_dump_json() == (f'{{"key":0,"inner":{{"x":"{HEX}"}},"oid":"{HEX}"}}')
    assert instance.__fields_modified__ == instance.inner.__fields_modified__ == set()


def test_additional_values_without_bson_are_written():
    assert Extras(x=1, a="b").model_dump_json() == '{"x":1,"a":"b"}'


@pytest.mark.parametrize("instance", [Node(x=STRANGER), Extras(x=1, y=STRANGER)])
def test_a_stranger_is_still_refused(instance):
    with pytest.raises(PydanticSerializationError, match=r"unknown type.*object"):
        instance.model_dump_json()


def test_a_users_fallback_is_asked_first():
    assert Node(x=STRANGER).model_dump_json(fallback=lambda _: "mine") == '{"x":"mine","next":null}'


def test_a_users_serializer_on_any_stays():
    class Holder(BaseBSONModel):
        x: Annotated[Any, pydantic.PlainSerializer(lambda _: "mine")]

    assert Holder(x=OID).model_dump_json() == '{"x":"mine"}'


def test_a_users_serializer_of_a_model_with_extras_stays():
    class Holder(BaseBSONModel, extra="allow"):
        @pydantic.model_serializer
        def serialize(self) -> str:
            return "mine"

    assert Holder(x=OID).model_dump_json() == '"mine"'


def test_validators_of_a_model_still_run():
    class Holder(BaseBSONModel):
        x: Any

        @pydantic.model_validator(mode="after")
        def double(self) -> Holder:
            self.x = [self.x, self.x]
            return self

    assert Holder(x=OID).model_dump_json() == f'{{"x":["{HEX}","{HEX}"]}}'
