"""Classes of a hierarchy in requests and responses."""

from __future__ import annotations

from typing import Any, List, Literal

import httpx
import pytest
from fastapi import FastAPI

from odmantic import EmbeddedModel, Model, Polymorphic


class Shape(EmbeddedModel):
    kind: Literal["shape"] = "shape"
    n: int = 0
    model_config = {"inheritance": "single", "discriminator": "kind"}


class Circle(Shape):
    kind: Literal["circle"] = "circle"
    radius: float


class Animal(Model):
    kind: Literal["animal"] = "animal"
    name: str
    model_config = {"inheritance": "single", "discriminator": "kind"}


class Cat(Animal):
    kind: Literal["cat"] = "cat"
    lives: int = 9


app = FastAPI()


@app.post("/shapes")
def add(shape: Polymorphic[Shape]) -> Polymorphic[Shape]:
    assert type(shape) in (Shape, Circle)
    return shape


@app.post("/animals")
def admit(animals: List[Polymorphic[Animal]]) -> List[Polymorphic[Animal]]:
    return animals


@pytest.fixture
async def client():
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_requests_and_responses_have_the_real_class(client):
    circle = {"kind": "circle", "n": 1, "radius": 2.0}
    cat = {"kind": "cat", "name": "Tom", "lives": 7}

    assert (await client.post("/shapes", json=circle)).json() == circle
    assert (await client.post("/shapes", json={})).json() == {"kind": "shape", "n": 0}
    (admitted,) = (await client.post("/animals", json=[cat])).json()
    assert {name: admitted[name] for name in cat} == cat


@pytest.mark.parametrize(
    ("shape", "problem"),
    [({"kind": "line"}, "union_tag_invalid"), ({"kind": "circle"}, "missing")],
)
async def test_requests_of_no_class_are_refused(client: Any, shape: Any, problem: str):
    response = await client.post("/shapes", json=shape)

    assert response.status_code == 422
    assert response.json()["detail"][0]["type"] == problem


async def test_the_schema_shows_all_classes(client):
    schema = (await client.get("/openapi.json")).json()

    shown = schema["paths"]["/shapes"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert shown["discriminator"] == {
        "propertyName": "kind",
        "mapping": {
            "shape": "#/components/schemas/Shape",
            "circle": "#/components/schemas/Circle",
        },
    }
    assert shown["oneOf"] == [
        {"$ref": "#/components/schemas/Shape"},
        {"$ref": "#/components/schemas/Circle"},
    ]
    assert {"Animal", "Cat"} <= schema["components"]["schemas"].keys()
