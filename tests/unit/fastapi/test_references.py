"""References in bodies and responses: which are keys, which are objects, and what is not loaded."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import httpx
import pytest
from bson import ObjectId
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from odmantic import EmbeddedModel, Expand, Model, Ref, Reference
from odmantic._state.hollow import Hollow, make_hollow
from odmantic.exceptions import NotLoadedError


class Company(Model):
    name: str


class User(Model):
    name: str
    company: Optional[Company] = Reference()
    friend: "Optional[Ref[User]]" = None


class Animal(Model):
    model_config = {"inheritance": "single"}
    name: str


class Cat(Animal):
    lives: int = 9


class Post(Model):
    title: str
    author: Ref[User]
    likers: List[Ref[User]] = []


class Eager(Model):
    author: User = Reference()


class PostIn(BaseModel):
    title: str
    author: Ref[User]


class PostOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    title: str
    author: Expand[Ref[User]]
    likers: List[Expand[Ref[User]]] = []
    first: Optional[Expand[Ref[User]]] = None


USER = User(name="Ada", id=ObjectId("5f85f36d6dfecacc68428a46"))
KEY = str(USER.id)
POSTS: Dict[str, Any] = {}
app = FastAPI()


@app.post("/posts")
def add(post: PostIn) -> Dict[str, Any]:
    return {"loaded": post.author.is_loaded, "key": str(post.author.key)}


@app.post("/documents")
def add_document(post: Post) -> Post:
    return post


@app.get("/keys/{name}", response_model=Post)
def keys(name: str) -> Any:
    return POSTS[name]


@app.get("/expanded/{name}", response_model=PostOut)
def expanded(name: str) -> Any:
    return POSTS[name]


@app.get("/all/{name}")
def every(name: str) -> List[Expand[Ref[User]]]:
    return [POSTS[name].author]


@app.get("/eager/{name}", response_model=Eager)
def eager(name: str) -> Any:
    return POSTS[name]


@pytest.fixture
async def client():
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def hollow(*, is_missing=False):
    known = Hollow("Eager.author", "read with load=[Eager.author]", is_missing=is_missing)
    return make_hollow(User, USER.id, known)


@pytest.fixture(autouse=True)
def posts():
    POSTS.clear()
    POSTS["loaded"] = Post(title="t", author=USER, likers=[USER])
    POSTS["unloaded"] = Post(title="t", author=USER.id)
    POSTS["half"] = Post(title="t", author=USER, likers=[USER.id])
    POSTS["hollow"] = Eager(author=hollow())
    POSTS["missing"] = Eager(author=hollow(is_missing=True))
    POSTS["eager"] = Eager(author=USER)
    POSTS["inside"] = Post(title="t", author=User(name="x", company=Company(name="c")))


# --- Bodies ------------------------------------------------------------------------------------


async def test_a_body_has_the_key_or_an_object(client):
    sent = await client.post("/posts", json={"title": "t", "author": KEY})
    assert sent.json() == {"loaded": False, "key": KEY}
    sent = await client.post("/posts", json={"title": "t", "author": {"name": "new"}})
    assert sent.json()["loaded"] is True
    sent = await client.post("/documents", json={"title": "t", "author": KEY, "likers": [KEY]})
    assert sent.json()["author"] == KEY
    assert sent.json()["likers"] == [KEY]


@pytest.mark.parametrize("wrong", ["x", 5, None, [], {"$ref": "user"}, {"name": 5}])
async def test_a_body_with_something_else_is_refused(client, wrong):
    sent = await client.post("/posts", json={"title": "t", "author": wrong})

    assert sent.status_code == 422
    assert sent.json()["detail"][0]["loc"][:2] == ["body", "author"]


# --- Responses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["loaded", "unloaded", "half"])
async def test_a_reference_is_its_key(client, name):
    assert (await client.get(f"/keys/{name}")).json()["author"] == KEY


async def test_an_expanded_reference_is_the_object(client):
    ada = {"id": KEY, "name": "Ada", "company": None, "friend": None}

    assert (await client.get("/expanded/loaded")).json() == {
        "title": "t", "author": ada, "likers": [ada], "first": None,
    }  # fmt: skip
    assert (await client.get("/all/loaded")).json() == [ada]
    inside = (await client.get("/expanded/inside")).json()["author"]
    assert inside["company"]["name"] == "c"


@pytest.mark.parametrize("path", ["/expanded/unloaded", "/expanded/half", "/all/unloaded"])
async def test_an_expanded_reference_has_to_be_loaded(client, path):
    with pytest.raises(NotLoadedError, match="was not loaded"):
        await client.get(path)


async def test_what_is_inside_has_to_be_loaded_too(client):
    user = User(name="x", company=make_hollow(Company, ObjectId(), Hollow("User.company", "load")))

    with pytest.raises(NotLoadedError, match=r"User\.company"):
        PostOut(title="t", author=user)
    # But not what is shown as a key.
    POSTS["friend"] = Post(title="t", author=User(name="y", friend=Ref(user)))
    assert (await client.get("/expanded/friend")).json()["author"]["friend"] == str(user.id)


async def test_an_eager_reference_is_the_object_and_has_to_be_loaded(client):
    assert (await client.get("/eager/eager")).json()["author"]["name"] == "Ada"
    with pytest.raises(PydanticSerializationError, match=r"Eager\.author was not loaded"):
        await client.get("/eager/hollow")
    with pytest.raises(PydanticSerializationError, match=r"Eager\.author leads to a document that"):
        await client.get("/eager/missing")


# --- Expand ------------------------------------------------------------------------------------


def test_expand_works_in_any_pydantic_model():
    class Out(BaseModel):
        one: Expand[Optional[Ref[User]]] = None
        several: Expand[Dict[str, List[Ref[User]]]] = {}
        animal: Optional[Expand[Ref[Animal]]] = None

    out = Out(one=USER, several={"x": [USER]}, animal=Cat(name="Tom"))
    assert out.one.value is USER
    assert out.model_dump()["one"]["name"] == "Ada"
    assert out.model_dump(mode="json")["several"]["x"][0]["id"] == KEY
    assert out.model_dump()["animal"]["lives"] == 9
    assert '"lives":9' in out.model_dump_json()
    assert Out().model_dump()["one"] is None
    with pytest.raises(ValidationError):
        Out(one="x")
    unloaded = Out.model_construct(one=Ref.to(User, KEY))
    with pytest.raises(PydanticSerializationError, match="was not loaded"):
        unloaded.model_dump_json()


@pytest.mark.parametrize("wrong", [User, int, List[User], Optional[int], "Ref[User]"])
def test_expand_needs_a_reference(wrong):
    with pytest.raises(TypeError, match="Expand needs a Ref"):
        Expand[wrong]


def test_documents_cannot_be_expanded():
    class Plain(BaseModel):
        author: Expand[Ref[User]]

    for base, annotation in (
        (Model, Expand[Ref[User]]),
        (EmbeddedModel, List[Expand[Ref[User]]]),
        (Model, Plain),
    ):
        with pytest.raises(TypeError, match=r"Expand\[\.\.\.\]"):
            type(base)(
                "Wrong", (base,), {"__annotations__": {"it": annotation}, "__module__": __name__}
            )


# --- Schemas -----------------------------------------------------------------------------------


def test_schemas_show_keys_and_objects():
    schema = app.openapi()["components"]["schemas"]
    body = TypeAdapter(PostIn).json_schema()["properties"]["author"]

    assert schema["PostIn"]["properties"]["author"] == body
    assert body["type"] == "string"
    out = schema["PostOut"]["properties"]
    (user,) = (name for name in schema if name.startswith("User"))
    assert out["author"]["$ref"] == f"#/components/schemas/{user}"
    assert out["likers"]["items"] == {"$ref": f"#/components/schemas/{user}"}
    assert schema[user]["properties"]["friend"]["anyOf"][0]["type"] == "string"
    assert PostOut.model_json_schema(mode="validation")["properties"]["author"]["type"] == "string"
    assert schema["Eager"]["properties"]["author"] == {"$ref": f"#/components/schemas/{user}"}
