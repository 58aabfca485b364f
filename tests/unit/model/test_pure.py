"""The pure pydantic twin, JSON, schemas, and web frameworks."""

from __future__ import annotations

import asyncio
import decimal
import re
from datetime import datetime
from enum import Enum
from typing import Any, Dict, List, Optional

import bson
import httpx
import pydantic
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, field_validator, model_validator

import odmantic.bson
from odmantic.bson import BaseBSONModel, ObjectId
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Stop(EmbeddedModel):
    """Where to halt."""

    town: str = Field(key_name="t")


class Driver(Model):
    badge: int = Field(primary_field=True)


class Colour(Enum):
    RED = "red"


class Route(Model):
    """A way."""

    model_config = {"title": "The way"}
    first: Stop = Field(key_name="a")
    rest: List[Stop] = []
    driver: Driver = Reference()
    length: int = Field(3, gt=1)

    @field_validator("length")
    @classmethod
    def check(cls, value: int) -> int:
        if value == 13:
            raise ValueError("unlucky")
        return value

    @model_validator(mode="after")
    def whole(self) -> Route:
        return self

    def shout(self) -> str:
        return self.first.town.upper()


class Everything(Model):
    a: bson.ObjectId
    b: bson.int64.Int64
    c: bson.decimal128.Decimal128
    d: bson.binary.Binary
    e: bson.regex.Regex
    f: re.Pattern
    g: decimal.Decimal
    h: datetime
    i: Colour
    j: Optional[bson.ObjectId] = None
    k: Dict[str, bson.ObjectId] = {}
    m: Any = None


EVERYTHING: dict[str, Any] = {
    "a": "5f85f36d6dfecacc68428a46",
    "b": 1,
    "c": "1.50",
    "d": "abc",
    "e": "^a",
    "f": "^b",
    "g": "2.50",
    "h": "2020-01-01T00:00:00",
    "i": "red",
    "k": {"x": "5f85f36d6dfecacc68428a46"},
    "id": "5f85f36d6dfecacc68428a47",
}

TWIN: Any = Route.__pydantic_model__


def test_the_twin_is_no_model() -> None:
    assert issubclass(TWIN, BaseBSONModel)
    assert not issubclass(TWIN, Model)
    assert Route.__pydantic_model__ is TWIN
    assert Route.__pydantic_model__ is not Driver.__pydantic_model__
    assert TWIN.__name__ == "Route.__pydantic_model__"
    assert TWIN.__doc__ == "A way."
    assert list(TWIN.model_fields) == ["first", "rest", "driver", "length", "id"]
    assert not any(hasattr(TWIN, name) for name in Route.model_fields)
    assert not hasattr(TWIN, "model_dump_doc")


def test_the_twin_nests_twins() -> None:
    made = TWIN(first=Stop.__pydantic_model__(town="x"), driver=Driver.__pydantic_model__(badge=1))
    assert not isinstance(made.driver, Model)
    assert not isinstance(made.first, EmbeddedModel)
    assert isinstance(made.id, bson.ObjectId)
    assert made.shout() == "X"
    assert TWIN.model_fields["rest"].annotation == list[Stop]


def test_the_twin_validates_likewise() -> None:
    values = {"first": {"town": "x"}, "driver": {"badge": 1}}
    for bad in ({"length": 13}, {"length": 0}, {"driver": None}):
        with pytest.raises(pydantic.ValidationError):
            TWIN(**{**values, **bad})
        with pytest.raises(pydantic.ValidationError):
            Route(**{**values, **bad})


def test_the_twin_of_a_bare_model_in_json() -> None:
    made = TWIN(first={"town": "x"}, driver={"badge": 1})
    assert TWIN.model_validate_json(made.model_dump_json()) == made


@pytest.mark.filterwarnings("ignore:.*json_encoders.*:pydantic.warnings.PydanticDeprecatedSince20")
def test_json_encoders_of_a_class_extend_those_of_bson() -> None:
    class Encoded(Model):
        model_config = {"json_encoders": {datetime: lambda value: value.year}}
        at: datetime
        other: Any = None

    one = Encoded(at=datetime(2020, 1, 1), other=bson.ObjectId("5f85f36d6dfecacc68428a46"))
    assert one.model_dump(mode="json")["at"] == 2020
    twin = Encoded.__pydantic_model__(**dict(one))
    dumped = twin.model_dump(mode="json")
    assert dumped["at"] == 2020
    assert dumped["other"] == "5f85f36d6dfecacc68428a46"


def test_the_title_of_a_twin() -> None:
    assert TWIN.model_json_schema()["title"] == "The way"
    assert Driver.__pydantic_model__.model_json_schema()["title"] == "Driver"


def test_twin_of_models_with_attributes_of_other_kinds() -> None:
    class Odd(Model):
        constant: int = 1
        _private: int = 3

        class Nested:
            pass

    made = Odd.__pydantic_model__()
    assert made._private == 3  # type: ignore[attr-defined]
    assert made.Nested is Odd.Nested  # type: ignore[attr-defined]


# --- JSON and schemas --------------------------------------------------------------------------


def test_schema() -> None:
    schema = Route.model_json_schema()
    assert schema["title"] == "The way"
    assert schema["description"] == "A way."
    assert list(schema["properties"]) == ["first", "rest", "driver", "length", "id"]
    assert schema["$defs"]["Stop"]["description"] == "Where to halt."
    assert "description" not in schema["$defs"]["Driver"]
    assert schema["required"] == ["first", "driver"]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_schemas_of_all_types(mode: Any) -> None:
    properties = Everything.model_json_schema(mode=mode)["properties"]
    kinds = {name: properties[name].get("type") for name in "abcdefgh"}
    assert kinds == {
        "a": "string",
        "b": "integer",
        "c": "number",
        "d": "string",
        "e": "string",
        "f": "string",
        "g": "string",
        "h": "string",
    }


def test_json_of_all_types() -> None:
    one = Everything(**EVERYTHING)
    assert one.model_dump(mode="json") == {
        **EVERYTHING,
        "j": None,
        "m": None,
    }
    again = Everything.model_validate(one.model_dump(mode="json"))
    assert again.model_dump(exclude={"e"}) == one.model_dump(exclude={"e"})


def test_bson_values_of_any_type_become_json() -> None:
    class Loose(Model):
        model_config = {"extra": "allow"}
        any: Any

    values = [
        bson.ObjectId("5f85f36d6dfecacc68428a46"),
        bson.decimal128.Decimal128("1.5"),
        bson.regex.Regex("^a"),
    ]
    one = Loose(any=values, more={"x": values})
    expected = ["5f85f36d6dfecacc68428a46", "1.5", "^a"]
    dumped = one.model_dump(mode="json")
    assert dumped["any"] == expected
    assert dumped["more"] == {"x": expected}


# --- FastAPI -----------------------------------------------------------------------------------


class Client:
    """Calls an application without a server."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._request("GET", path))

    def post(self, path: str, json: Any) -> httpx.Response:
        return asyncio.run(self._request("POST", path, json=json))

    async def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.request(method, path, **options)


@pytest.fixture
def client() -> Client:
    app = FastAPI()

    @app.post("/routes", response_model=Route)
    def post(route: Route) -> Any:
        assert isinstance(route, Route)
        return route

    @app.get("/routes", response_model=List[Route])
    def get() -> Any:
        return [Route(first=Stop(town="x"), driver=Driver(badge=1))]

    @app.get("/twin", response_model=Route.__pydantic_model__)
    def get_twin() -> Any:
        return Route(first=Stop(town="x"), driver=Driver(badge=1))

    @app.get("/ids/{id}")
    def get_id(id: ObjectId, other: Optional[ObjectId] = None) -> Any:
        assert type(id) is bson.ObjectId
        return {"id": str(id), "other": str(other)}

    @app.post("/everything", response_model=Everything)
    def everything(body: Everything) -> Any:
        return body

    return Client(app)


def test_fastapi_bodies_and_responses(client: Client) -> None:
    body = {"first": {"town": "x"}, "driver": {"badge": 1}, "id": "5f85f36d6dfecacc68428a46"}
    posted = client.post("/routes", json=body)
    assert posted.json() == {**body, "rest": [], "length": 3}
    assert [route["first"] for route in client.get("/routes").json()] == [{"town": "x"}]
    assert client.get("/twin").json()["driver"] == {"badge": 1}
    assert client.post("/routes", json={}).status_code == 422
    everything = client.post("/everything", json=EVERYTHING)
    assert everything.json() == {**EVERYTHING, "j": None, "m": None}


def test_fastapi_parameters(client: Client) -> None:
    oid = "5f85f36d6dfecacc68428a46"
    assert client.get(f"/ids/{oid}?other={oid}").json() == {"id": oid, "other": oid}
    bad = client.get("/ids/a")
    assert bad.status_code == 422
    assert bad.json()["detail"][0]["loc"] == ["path", "id", "is-instance[ObjectId]"]


def test_fastapi_schema(client: Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert {"Route", "Stop", "Driver"} <= {schema["title"] for schema in schemas.values()} | {
        "Route"
    }


def test_create_model_with_a_concrete_base_works() -> None:
    cloned = pydantic.create_model("Cloned", __base__=Route)
    assert issubclass(cloned, BaseModel)
    assert list(cloned.model_fields) == list(Route.model_fields)


def test_module_of_the_twin() -> None:
    assert TWIN.__module__ == __name__
    assert odmantic.bson.BaseBSONModel in TWIN.__mro__


def test_methods_of_the_twin_may_call_super() -> None:
    class Talkative(Model):
        name: str = "a"

        def model_post_init(self, context: Any) -> None:
            super().model_post_init(context)
            self.name = self.name.upper()

        def said(self, *, mark: str = "!") -> str:
            """Say it."""
            return super().__repr_name__() + mark

        @property
        def shown(self) -> str:
            return super().__repr_name__()

        @classmethod
        def made(cls) -> Any:
            return super().model_validate({})

    class Quiet(Talkative):
        def said(self, *, mark: str = ".") -> str:
            return super().said(mark=mark)

    one = Quiet()
    assert one.name == "A"  # type: ignore[attr-defined]
    assert one.said() == "Quiet."
    assert one.shown == one.made().shown == "Quiet"  # type: ignore[attr-defined]
    twin: Any = Talkative.__pydantic_model__
    assert twin().said() == "Talkative.__pydantic_model__!"
    assert twin.said.__doc__ == "Say it."
    assert Talkative().said() == "Talkative!"
