"""Validators that judge what a program gives do not run again on documents, however these are read."""

from __future__ import annotations

from typing import Annotated, Any, Callable, List, Optional

import pytest
from bson import ObjectId
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    PlainValidator,
    ValidationError,
    WrapValidator,
    field_validator,
)
from pydantic import (
    Field as PydanticField,
)

from odmantic import EmbeddedModel, Field, Model, OnInput, is_reading
from odmantic._codec.decode import validate_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import SOMEWHERE
from odmantic.exceptions import DocumentParsingError


def hashed(value: Any) -> Any:
    return f"h({value})"


def hashed_with_info(value: Any, info: Any) -> Any:
    return f"h({value})"


VALIDATORS = [
    AfterValidator(hashed),
    AfterValidator(hashed_with_info),
    BeforeValidator(hashed),
    BeforeValidator(hashed_with_info),
    PlainValidator(hashed),
    PlainValidator(hashed_with_info),
    WrapValidator(lambda value, handler: hashed(handler(value))),
    WrapValidator(lambda value, handler, info: hashed(handler(value))),
]


def read_in_bulk(model: Any, document: Any) -> Any:
    found: list[Any] = []
    refused = mapping_of(model).codec.read_all([document], found.append, SOMEWHERE)
    return validate_document(model, refused) if refused is not None else found[0]


READERS: list[Callable[[Any, Any], Any]] = [
    lambda model, document: model.model_validate_doc(document),
    validate_document,
    read_in_bulk,
]


def make(validator: Any) -> Any:
    annotations = {
        "secret": Annotated[str, OnInput(validator)],
        "secrets": List[Annotated[str, OnInput(validator)]],
        "n": int,
    }
    return type(Model)("User", (Model,), {"__module__": __name__, "__annotations__": annotations})


@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize("read", READERS)
def test_a_validator_runs_on_input_only(validator, read):
    user = make(validator)(secret="x", secrets=["y"], n=1)
    assert (user.secret, user.secrets) == ("h(x)", ["h(y)"])

    again = read(type(user), user.model_dump_doc())

    assert again == user
    again.secret = "z"
    again.model_update({"secrets": ["a"]})
    assert (again.secret, again.secrets) == ("h(z)", ["h(a)"])
    assert read(type(user), again.model_dump_doc()) == again


@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize("read", READERS)
def test_documents_are_still_judged_by_the_type(validator, read):
    document = {"_id": ObjectId(), "secret": 5, "secrets": [], "n": 1}

    with pytest.raises(DocumentParsingError, match="secret"):
        read(make(validator), document)


def test_in_an_embedded_object_and_a_plain_one():
    class Inner(EmbeddedModel):
        secret: Annotated[str, OnInput(AfterValidator(hashed))]

    class Plain(BaseModel):
        secret: Annotated[str, OnInput(AfterValidator(hashed))]

    class Outer(Model):
        inner: Inner
        many: List[Inner] = []
        plain: Optional[Plain] = None

    outer = Outer(inner=Inner(secret="a"), many=[{"secret": "b"}], plain=Plain(secret="c"))
    assert [outer.inner.secret, outer.many[0].secret] == ["h(a)", "h(b)"]
    for read in READERS:
        assert read(Outer, outer.model_dump_doc()) == outer


def test_in_a_plain_pydantic_model_it_always_runs():
    class Form(BaseModel):
        secret: Annotated[str, OnInput(AfterValidator(hashed)), PydanticField(min_length=1)]

    assert Form(secret="x").secret == "h(x)"
    with pytest.raises(ValidationError):
        Form(secret=5)
    assert Form.model_json_schema()["properties"]["secret"]["type"] == "string"


@pytest.mark.parametrize("read", READERS)
def test_whether_a_document_is_read(read):
    seen: list[bool] = []

    class Asking(Model):
        a: int
        b: int = Field(if_missing=lambda: seen.append(is_reading()) or 3)

        @field_validator("a")
        @classmethod
        def ask(cls, value: int) -> int:
            seen.append(is_reading())
            return value

        def model_post_init(self, context: Any, /) -> None:
            seen.append(is_reading())

    asking = Asking(a=1, b=1)
    asking.a = 2
    assert set(seen) == {False}
    seen.clear()
    read(Asking, {"_id": ObjectId(), "a": 1})
    assert len(seen) == 3
    assert set(seen) == {True}
    assert not is_reading()


def test_a_document_that_cannot_be_read_leaves_nothing_behind():
    model = make(AfterValidator(hashed))

    with pytest.raises(DocumentParsingError):
        model.model_validate_doc({"_id": ObjectId()})

    assert not is_reading()


@pytest.mark.parametrize("given", [hashed, None, str])
def test_something_else_is_refused(given):
    with pytest.raises(TypeError, match="OnInput takes one of pydantic's validators"):
        OnInput(given)
