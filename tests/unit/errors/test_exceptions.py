"""The errors: their tree, texts and attributes, and that they survive copying and pickling."""

from __future__ import annotations

import copy
import pickle
from typing import Annotated

import pydantic
import pymongo.errors
import pytest
from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

import odmantic
from odmantic import EmbeddedModel, Model, exceptions
from odmantic.exceptions import (
    BaseEngineException,
    BulkFailure,
    BulkResult,
    BulkWriteError,
    DocumentNotFoundError,
    DocumentParsingError,
    DocumentTooLargeError,
    DuplicateKeyError,
    IncorrectGenericEmbeddedModelValue,
    IntegerTooLargeError,
    InvalidDocumentError,
    KeyNotFoundInDocumentError,
    ODManticCustomError,
    OdmanticError,
    ReferencedDocumentNotFoundError,
    ReferencedError,
    SessionMisuseError,
    TransactionAbortedError,
    TransactionError,
    TransactionNotSupportedError,
)


class Ship(BaseModel):
    name: str = "Vasa"


class Titled(BaseModel):
    model_config = ConfigDict(title="Something else")
    number: int
    word: str = ""
    positive: int = pydantic.Field(1, gt=0)

    @field_validator("word")
    @classmethod
    def refuse(cls, word: str) -> str:
        match word:
            case "custom":
                raise PydanticCustomError("my_type", "no {thing}", {"thing": "good"})
            case "namesake":
                raise PydanticCustomError("value_error", "not what that type says")
            case "wrong context":
                raise PydanticCustomError("greater_than", "no limit given")
            case "known":
                raise PydanticKnownError("greater_than", {"gt": 3})
            case "not encodable":
                raise PydanticCustomError("my_type", "no {thing}", {"thing": "\ud800"})
            case "several lines":
                raise PydanticCustomError("my_type", "no\n  {thing}", {"thing": "[type=x]"})
            case "value":
                raise ValueError("braces {x}")
            case "assert":
                raise AssertionError
        return word


def key_missing() -> DocumentParsingError:
    line = InitErrorDetails(type=KeyNotFoundInDocumentError("k"), loc=("field",), input={"a": 1})
    return DocumentParsingError([line], Ship)


ERRORS = [
    OdmanticError("text"),
    BaseEngineException("text", Ship),
    DocumentNotFoundError(Ship()),
    DuplicateKeyError(Ship(), pymongo.errors.DuplicateKeyError("dup", 11000, {"code": 11000})),
    ReferencedError(Ship, "port", [1, 2, 3, 4], ["a"], deleted=Ship),
    key_missing(),
    TransactionError("text"),
    TransactionAbortedError("text", pymongo.errors.OperationFailure("first", 112)),
    TransactionNotSupportedError("text", pymongo.errors.OperationFailure("first", 20, {"a": 1})),
    BulkWriteError(
        BulkResult(inserted_count=1),
        [BulkFailure(1, "insert", Ship, Ship(), InvalidDocumentError("text", Ship))],
        {"nInserted": 1, "writeErrors": [{"index": 1, "errmsg": "secret"}]},
    ),
    InvalidDocumentError("text", Ship),
    IntegerTooLargeError("text", Ship),
    DocumentTooLargeError("text", Ship),
    SessionMisuseError("text"),
]


CLONES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("clone", CLONES.values(), ids=CLONES)
def test_an_error_survives(error, clone):
    again = clone(error)
    assert type(again) is type(error)
    assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)
    assert vars(again).keys() == vars(error).keys()


def test_notes_survive_pickling():
    error = DocumentNotFoundError(Ship())
    error.note = "kept"
    assert pickle.loads(pickle.dumps(error)).note == "kept"


@pytest.mark.parametrize(
    ("error", "bases"),
    [
        (BaseEngineException, (OdmanticError,)),
        (DocumentNotFoundError, (BaseEngineException,)),
        (DuplicateKeyError, (BaseEngineException,)),
        (BulkWriteError, (BaseEngineException, pymongo.errors.BulkWriteError)),
        (DocumentParsingError, (OdmanticError, ValueError)),
        (TransactionAbortedError, (TransactionError, pymongo.errors.OperationFailure)),
        (SessionMisuseError, (OdmanticError, RuntimeError, pymongo.errors.InvalidOperation)),
    ],
)
def test_the_tree(error, bases):
    assert all(issubclass(error, base) for base in bases)


def test_every_error_of_the_module_is_drawn_in_its_docstring():
    classes = [
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, OdmanticError)
    ]
    assert classes
    assert [name for name in classes if name not in exceptions.__doc__] == []


def test_a_parsing_error_is_no_validation_error_and_no_engine_error():
    assert not issubclass(DocumentParsingError, (pydantic.ValidationError, BaseEngineException))


def test_a_base_engine_exception_carries_its_model():
    error = BaseEngineException("text", Ship)
    assert (str(error), error.model) == ("text", Ship)


def test_a_document_not_found_names_model_and_instance():
    ship = Ship()
    error = DocumentNotFoundError(ship)
    assert str(error) == "Document not found for : Ship (id=None)"
    assert error.instance is ship
    assert error.model is Ship


def test_a_duplicate_key_names_model_instance_and_driver_error():
    ship, cause = Ship(), pymongo.errors.DuplicateKeyError("E11000", 11000, {})
    error = DuplicateKeyError(ship, cause)
    assert str(error) == "Ship exists already"
    assert (error.instance, error.driver_error, error.model) == (ship, cause, Ship)


class Address(EmbeddedModel):
    city: str = odmantic.Field(key_name="c")


class Resident(Model):
    name: str = odmantic.Field(key_name="n")
    address: Address = odmantic.Field(key_name="a")


@pytest.mark.parametrize(
    ("pattern", "fields", "text"),
    [
        ({"n": 1}, ("name",), "Resident with this name exists already"),
        ({"a.c": -1}, ("address.city",), "Resident with this address.city exists already"),
        ({"_id": 1}, ("id",), "Resident with this id exists already"),
        (
            {"n": 1, "a": 1, "other.key": 1},
            ("name", "address", "other.key"),
            "Resident with this name, address and other.key exists already",
        ),
        ({}, (), "Resident exists already"),
    ],
)
def test_a_duplicate_names_fields_and_no_values(pattern, fields, text):
    details = {"keyPattern": pattern, "keyValue": {"n": "secret"}}
    cause = pymongo.errors.DuplicateKeyError("E11000 secret", 11000, details)
    resident = Resident(name="secret", address=Address(city="secret"))

    error = DuplicateKeyError(resident, cause)

    assert (error.key_pattern, error.fields, str(error)) == (pattern, fields, text)
    assert "secret" not in repr(error)
    again = pickle.loads(pickle.dumps(error))
    assert (again.key_pattern, again.fields, str(again)) == (pattern, fields, text)


@pytest.mark.parametrize(
    ("error", "kind", "text", "context"),
    [
        (
            KeyNotFoundInDocumentError("k"),
            "odmantic::key_not_found_in_document",
            "Key 'k' not found in document",
            {"key_name": "k"},
        ),
        (
            ReferencedDocumentNotFoundError("k"),
            "odmantic::referenced_document_not_found",
            "Referenced document not found for foreign key 'k'",
            {"foreign_key_name": "k"},
        ),
        (
            IncorrectGenericEmbeddedModelValue([1]),
            "odmantic::incorrect_generic_embedded_model_value",
            "Incorrect generic embedded model value '[1]'",
            {"value": [1]},
        ),
        (ODManticCustomError("x", "a text"), "odmantic::x", "a text", None),
        (ODManticCustomError("x", "{a}", {"a": 1}), "odmantic::x", "1", {"a": 1}),
    ],
)
def test_the_problems_of_documents(error, kind, text, context):
    assert isinstance(error, PydanticCustomError)
    assert (error.type, error.message(), error.context) == (kind, text, context)


def test_a_parsing_error_looks_like_its_inner_error():
    error = key_missing()
    assert str(error) == repr(error) == str(error.inner)
    assert str(error) == (
        "1 validation error for Ship\n"
        "field\n"
        "  Key 'k' not found in document [type=odmantic::key_not_found_in_document, "
        "input_value={'a': 1}, input_type=dict]"
    )
    assert error.args == (str(error),)


def test_a_parsing_error_keeps_model_and_inner_error():
    error = key_missing()
    assert error.model is Ship
    assert isinstance(error.inner, pydantic.ValidationError)
    assert error.inner.title == "Ship"


def test_a_validation_error_with_the_right_title_becomes_the_inner_error():
    with pytest.raises(pydantic.ValidationError) as caught:
        Ship(name=1)
    assert DocumentParsingError(caught.value, Ship).inner is caught.value


WORDS = ["", "custom", "namesake", "wrong context", "known", "several lines", "value", "assert"]


def comparable(error: pydantic.ValidationError) -> list[dict[str, object]]:
    lines = error.errors()
    for line in lines:
        cause = line.get("ctx", {}).get("error")
        if cause is not None:
            line["ctx"] = repr(cause)
    return lines


@pytest.mark.parametrize("word", WORDS)
def test_any_validation_error_can_be_retitled(word):
    with pytest.raises(pydantic.ValidationError) as caught:
        Titled(number="x", word=word, positive=0)
    error = DocumentParsingError(caught.value, Titled)
    assert error.inner.title == "Titled"
    assert comparable(error.inner) == comparable(caught.value)


@pytest.mark.parametrize("word", WORDS)
def test_any_validation_error_survives_pickling(word):
    with pytest.raises(pydantic.ValidationError) as caught:
        Titled(number="x", word=word, positive=0)
    error = DocumentParsingError(caught.value, Titled)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert comparable(again.inner) == comparable(error.inner)


SURROGATE = "\ud800"


def not_encodable(model: type[BaseModel] = Titled):
    """What a model says to text that no message can hold; pydantic's own error cannot even list it."""
    with pytest.raises(pydantic.ValidationError) as caught:
        Titled(number="x", word="not encodable", positive=0)
    return DocumentParsingError(caught.value, model)


@pytest.mark.parametrize("model", [Titled, Ship])
def test_text_that_cannot_be_encoded_hides_neither_model_nor_field_nor_problem(model):
    error = not_encodable(model=model)

    lines = [(line["loc"], line["type"], line["input"]) for line in error.inner.errors()]
    assert lines == [
        (("number",), "int_parsing", "x"),
        (("word",), "my_type", "not encodable"),
        (("positive",), "greater_than", 0),
    ]
    assert error.inner.title == model.__name__
    assert error.inner.errors()[0]["msg"].startswith("Input should be a valid integer")
    assert r"'\ud800' in position 0: surrogates not allowed" in error.inner.errors()[1]["msg"]
    assert str(error).encode()


class Whole(BaseModel):
    lines: list[int] = []

    @pydantic.model_validator(mode="after")
    def refuse(self):
        raise PydanticCustomError("my_type", "no\n  {thing}", {"thing": SURROGATE})


def test_the_problem_of_a_whole_document_has_no_location():
    with pytest.raises(pydantic.ValidationError) as caught:
        Whole(lines=[1] * 100)
    (line,) = DocumentParsingError(caught.value, Whole).inner.errors()

    assert (line["loc"], line["type"]) == ((), "my_type")
    assert line["input"].startswith("{'lines': [1, 1")


def test_a_message_that_looks_like_the_text_of_an_error_is_given_as_a_whole():
    with pytest.raises(pydantic.ValidationError) as caught:
        Parts(parts=["a [type=b]\n  c [type=d]", SURROGATE])
    (line,) = DocumentParsingError(caught.value, Parts).inner.errors()

    assert (line["loc"], line["type"]) == ((), "odmantic::problems")
    assert "parts.0\n  no a [type=b]\n" in line["msg"]
    assert "parts.1\n  (error rendering message" in line["msg"]


def refuse_part(part: str):
    raise PydanticCustomError("my_type", "no {part}", {"part": part})


class Parts(BaseModel):
    parts: list[Annotated[str, pydantic.BeforeValidator(refuse_part)]]


def test_the_problem_of_a_key_can_hold_any_text():
    custom = IncorrectGenericEmbeddedModelValue(SURROGATE)
    line = InitErrorDetails(type=custom, loc=("items", 0), input={"items": [SURROGATE]})
    error = DocumentParsingError([line], Ship)

    (shown,) = error.inner.errors()
    assert shown["loc"] == ("items", 0)
    assert shown["msg"] == r"Incorrect generic embedded model value '\ud800'"
    assert shown["input"] == {"items": [SURROGATE]}


@pytest.mark.parametrize("clone", CLONES.values(), ids=CLONES)
def test_text_that_cannot_be_encoded_survives_copying(clone):
    error = not_encodable()
    again = clone(error)

    assert str(again) == str(error)
    assert again.inner.errors() == error.inner.errors()


def failure(*labels: str) -> pymongo.errors.OperationFailure:
    return pymongo.errors.OperationFailure("first", 112, {"errorLabels": list(labels)})


def test_an_aborted_transaction_looks_like_the_servers_error():
    error = TransactionAbortedError("why", failure())
    assert error.code == 251
    assert error.details["codeName"] == "NoSuchTransaction"
    assert error.details["errmsg"] == "why"
    assert str(error).startswith("why")


@pytest.mark.parametrize(
    ("first", "labels"),
    [
        (failure("TransientTransactionError"), {"TransientTransactionError"}),
        (failure("Something new"), {"Something new"}),
        (failure(), set()),
        (pymongo.errors.OperationFailure("no details", 1), set()),
        (
            DuplicateKeyError(
                Ship(), pymongo.errors.DuplicateKeyError("d", 1, {"errorLabels": "x"})
            ),
            {"x"},
        ),
        (ValueError("not the driver's"), set()),
        (
            pymongo.errors.AutoReconnect("gone", {"errorLabels": ["RetryableWriteError"]}),
            {"RetryableWriteError"},
        ),
    ],
)
def test_an_aborted_transaction_has_the_labels_of_the_first_error(first, labels):
    error = TransactionAbortedError("why", first)
    every = {"TransientTransactionError", "RetryableWriteError", "Something new", "x"}
    assert {label for label in every if error.has_error_label(label)} == labels
    assert error.first_error is first


def test_a_label_the_driver_added_itself_counts():
    class Labelled(pymongo.errors.ConnectionFailure):
        def has_error_label(self, label: str) -> bool:
            return label == "TransientTransactionError"

    error = TransactionAbortedError("why", Labelled("lost"))
    assert error.has_error_label("TransientTransactionError")


def test_the_labels_of_an_aborted_transaction_survive_pickling():
    error = TransactionAbortedError("why", failure("TransientTransactionError"))
    again = pickle.loads(pickle.dumps(error))
    assert again.has_error_label("TransientTransactionError")
    assert again.code == 251
    assert isinstance(again.first_error, pymongo.errors.OperationFailure)
