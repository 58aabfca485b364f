# Generated from tests/integration/aio/test_bad_input_models.py by tools/generate_sync.py: do not edit.
"""Bad input: what is no model, given to each operation."""

from __future__ import annotations

import pydantic
import pytest

from odmantic import EmbeddedModel, Model


class Parcel(Model):
    code: str


class Label(EmbeddedModel):
    text: str


class Plain(pydantic.BaseModel):
    text: str


NO_MODELS = {
    "Model itself": Model,
    "EmbeddedModel itself": EmbeddedModel,
    "embedded model": Label,
    "pydantic model": Plain,
    "instance": Parcel(code="A"),
    "pure twin": Parcel.__pydantic_model__,
    "class": int,
    "text": "parcel",
    "None": None,
    "dict": {},
}
TAKE_MODELS = {
    "find": lambda engine, value: engine.find(value),
    "find_one": lambda engine, value: engine.find_one(value),
    "count": lambda engine, value: engine.count(value),
    "get": lambda engine, value: engine.get(value, 1),
    "get_many": lambda engine, value: engine.get_many(value, [1]),
    "exists": lambda engine, value: engine.exists(value),
    "estimated_count": lambda engine, value: engine.estimated_count(value),
    "recompute": lambda engine, value: engine.recompute(value),
    "remove": lambda engine, value: engine.remove(value),
    "update_one": lambda engine, value: engine.update_one(value, {}, {"$set": {"x": 1}}),
    "update_many": lambda engine, value: engine.update_many(value, {}, {"$set": {"x": 1}}),
    "delete_one": lambda engine, value: engine.delete_one(value, {}),
    "delete_many": lambda engine, value: engine.delete_many(value, {}),
    "find_one_and_delete": lambda engine, value: engine.find_one_and_delete(value, {}),
    "find_one_and_update": lambda engine, value: engine.find_one_and_update(
        value, {}, {"$set": {"x": 1}}
    ),
    "replace_one": lambda engine, value: engine.replace_one(value, {}, Parcel(code="A")),
    "find_one_and_replace": lambda engine, value: engine.find_one_and_replace(
        value, {}, Parcel(code="A")
    ),
    "get_or_create": lambda engine, value: engine.get_or_create(value, {}, Parcel(code="A")),
    "get_collection": lambda engine, value: engine.get_collection(value),
    "configure_database": lambda engine, value: engine.configure_database([Parcel, value]),
}
NO_INSTANCES = {
    "model": Parcel,
    "embedded instance": Label(text="x"),
    "embedded model": Label,
    "pydantic instance": Plain(text="x"),
    "document": {"code": "A"},
    "text": "parcel",
    "None": None,
    "list": [Parcel(code="A")],
}
TAKE_INSTANCES = {
    "save": lambda engine, value: engine.save(value),
    "save_all": lambda engine, value: engine.save_all([Parcel(code="A"), value]),
    "delete": lambda engine, value: engine.delete(value),
    "replace_one": lambda engine, value: engine.replace_one(Parcel, {}, value),
    "find_one_and_replace": lambda engine, value: engine.find_one_and_replace(Parcel, {}, value),
    "get_or_create": lambda engine, value: engine.get_or_create(Parcel, {}, value),
}


@pytest.mark.parametrize("value", NO_MODELS.values(), ids=NO_MODELS)
def test_what_is_no_model_is_refused_before_anything_is_sent(sync_engine, commands, value):
    for name, operation in TAKE_MODELS.items():
        with pytest.raises(TypeError, match=f"Can only call {name} with a Model class"):
            operation(sync_engine, value)

    assert commands.names == []


@pytest.mark.parametrize("value", NO_INSTANCES.values(), ids=NO_INSTANCES)
def test_what_is_no_instance_is_refused_before_anything_is_sent(sync_engine, commands, value):
    for name, operation in TAKE_INSTANCES.items():
        with pytest.raises(TypeError, match=f"Can only call {name} with a Model instance"):
            operation(sync_engine, value)

    assert commands.names == []


@pytest.mark.parametrize("operation", ["find", "find_one", "count", "save", "delete", "remove"])
def test_sessions_refuse_the_same(sync_engine, commands, operation):
    with sync_engine.session() as session:
        with pytest.raises(TypeError, match=f"Can only call {operation} with a Model"):
            getattr(session, operation)(Label)

    assert commands.names == []
