"""No name is ever code: of a class, a field, a key, an enumeration, or an argument of a generic class.

Names may come from data, by `create_model` or a schema that is read. Where generated code needs one, the compiled code
gets it as a constant: no text of a user is part of the source, not even of a comment or a docstring. What is derived from
`str` counts as the text that it holds, and none of its methods is called.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, List, Literal, Optional, TypeVar

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import create_model
from tests.unit.somewhere import a_write, dirty_fields, read_document

from odmantic._codec.decode import decode_document
from odmantic._codec.encode import encode_changes, encode_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import SOMEWHERE
from odmantic._state.snapshot import take_snapshot
from odmantic.exceptions import DocumentParsingError
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")
BOOM = "exec_was_here()"
AWKWARD = [
    f'F""";{BOOM};"""',
    f"F''';{BOOM};'''",
    f'"]; {BOOM} #',
    f"'] or {BOOM} or ['",
    f"x = {BOOM}",
    f"a\n{BOOM}\n",
    f"a\r{BOOM}",
    f"a\u2028{BOOM}\u2029",
    f"{{{BOOM}}}",
    f"%({BOOM})s",
    "{v}",
    "{refuse}",
    "{cls}",
    "{",
    "1a",
    '1"""',
    'a"""',
    "a'''",
    'a"',
    "a'",
    "a\\",
    "\\",
    r"A\N{x}",
    r"\u12",
    r"\x",
    "a b",
    "a-b",
    "a#b",
    "a,b",
    "(",
    "\t",
    "class",
    "None",
    "True",
    "print",
    "len",
    "type",
    "raw",
    "values",
    "instance",
    "documents",
    "take",
    "add",
    "new",
    "ids",
    "f0",
    "k0",
    "f1_",
    "f0_f1",
    "f1_item_f0",
    "Class",
    "Blank",
    "mapping",
    "read_all",
    "self",
    "cls",
    "\ufb01eld",
    "\u212b",
    "\u00e9",
    "\u200b",
    "\U0001f600",
    "x" * 3000,
]
T = TypeVar("T")


class Bad(str):
    """Text whose every method tells that it was called."""

    __slots__ = ()

    def _fail(self, *_: Any) -> Any:
        pytest.fail("a method of what is derived from str was called")

    __repr__ = __str__ = __format__ = __add__ = __mod__ = __contains__ = __getitem__ = _fail  # type: ignore[assignment]
    __iter__ = __len__ = startswith = replace = lower = encode = split = strip = _fail  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def nothing_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "exec_was_here", lambda: pytest.fail("executed"), raising=False)


def check(make: Callable[[str], Any], text: str, document: dict[str, Any]) -> Any:
    """Read and write a document of a model made for a text, in every way; give what is read.

    The source is that of the same model for other text: there is nothing of the text in it.
    """
    model = make(text)
    mapping = mapping_of(model)
    assert mapping.source() == make("other").__mapping__.source()
    one = read_document(model, dict(document))
    assert encode_document(one) == document
    assert decode_document(model, document) == one
    assert model.model_validate_doc(one.model_dump_doc()) == one
    assert dirty_fields(one) == set()
    codec = mapping.codec
    assert codec.read_all([dict(document)], lambda read: None, SOMEWHERE) is None
    fresh = model(**{name: one.__dict__[name] for name in mapping.fields if name != "id"})
    documents: list[Any] = []
    codec.take([fresh], documents, [], a_write(), new=True)
    assert [{**each, "_id": OID} for each in documents] == [document]
    if codec.mark_nested is not None:
        codec.mark_nested([one])
    assert encode_changes(one, {*mapping.fields}) == document
    assert set(take_snapshots(one)) == mapping.mutable_fields
    return one


def take_snapshots(one: Any) -> dict[str, Any]:
    return {name: take_snapshot(one, name) for name in mapping_of(type(one)).mutable_fields}


def define(base: Any, name: str, annotations: dict[str, Any], **values: Any) -> Any:
    body = {"__module__": __name__, "__annotations__": annotations, **values}
    return type(base)(name, (base,), body)


@pytest.mark.parametrize("text", AWKWARD)
def test_fields_and_classes_may_have_any_name(text: str) -> None:
    def make(text: str) -> Any:
        fields: dict[str, Any] = {text: (int, 1), "b": (str, "")}
        embedded: Any = create_model(text, __base__=EmbeddedModel, **fields)
        fields = {
            text: (int, 0),
            f"{text}1": (List[embedded], []),
            f"{text}2": (Optional[embedded], None),
            f"{text}3": (List[int], []),
        }
        return create_model(text, __base__=Model, **fields)

    document = {text: 5, f"{text}1": [{text: 2, "b": "c"}], f"{text}2": {text: 3, "b": ""}}
    document |= {f"{text}3": [1], "_id": OID}
    one = check(make, text, document)
    assert getattr(one, text) == 5
    assert getattr(getattr(one, f"{text}1")[0], text) == 2
    with pytest.raises(DocumentParsingError):
        decode_document(type(one), {**document, text: "no"})


@pytest.mark.parametrize("text", AWKWARD)
def test_keys_may_be_any_text(text: str) -> None:
    def make(text: str) -> Any:
        inner = define(EmbeddedModel, "Inner", {"v": int}, v=Field(key_name=text))
        return define(
            Model,
            "Keys",
            {"v": int, "many": List[inner], "w": List[int]},
            v=Field(key_name=text),
            many=Field([], key_name=f"{text}1"),
            w=[1],
        )

    one = check(make, text, {text: 5, f"{text}1": [{text: 1}], "w": [2], "_id": OID})
    assert (one.v, one.many[0].v) == (5, 1)


@pytest.mark.parametrize("text", AWKWARD)
def test_references_may_have_any_key(text: str) -> None:
    def make(text: str) -> Any:
        fields: dict[str, Any] = {text: (int, 0)}
        target: Any = create_model(text, __base__=Model, **fields)
        return define(Model, "Refers", {"to": target}, to=Reference(key_name=text))

    model = make(text)
    assert model.__mapping__.source() == make("other").__mapping__.source()
    one = read_document(model, {text: {text: 3, "_id": OID}, "_id": OID})
    assert getattr(one.to, text) == 3
    assert encode_document(one) == {text: OID, "_id": OID}


class Box(Model, Generic[T]):
    v: T
    many: List[T] = []


def literal_of(text: str) -> Any:
    return Box[Literal[text]]  # type: ignore[valid-type]


def enumeration_of(text: str) -> Any:
    return Box[Enum(text, [("a", text), ("b", "more")])]  # type: ignore[misc]


def box_of_embedded(text: str) -> Any:
    return Box[create_model(text, __base__=EmbeddedModel, v=(Literal[text], text))]  # type: ignore[misc]


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize("make", [literal_of, enumeration_of])
def test_values_of_literals_and_enumerations_are_no_code(make: Any, text: str) -> None:
    one = check(make, text, {"v": text, "many": [text], "_id": OID})
    with pytest.raises(DocumentParsingError):
        decode_document(type(one), {"v": "neither", "many": [], "_id": OID})


@pytest.mark.parametrize("text", AWKWARD)
def test_arguments_of_generic_classes_are_no_code(text: str) -> None:
    check(box_of_embedded, text, {"v": {"v": text}, "many": [{"v": text}], "_id": OID})


@pytest.mark.parametrize("text", ["x", f'""";{BOOM};"""', "1a", "class"])
def test_what_is_derived_from_text_counts_as_its_text(text: str) -> None:
    bad = Bad(text)
    fields: dict[str, Any] = {bad: (int, 1)}
    inner: Any = create_model(bad, __base__=EmbeddedModel, **fields)
    assert type(inner.__name__) is str
    model = define(
        Model,
        bad,
        {Bad("v"): inner, "to": Target},
        to=Reference(key_name=Bad("other")),
        v=Field(key_name=bad),
        model_config={"collection": Bad("those")},
    )
    mapping = mapping_of(model)
    assert {type(name) for name in mapping.fields} == {str}
    assert {type(one.key_name) for one in mapping.fields.values()} == {str}
    assert (type(mapping.collection), mapping.collection) == (str, "those")
    one = read_document(model, {text: {text: 2}, "other": {"_id": OID}, "_id": OID})
    assert encode_document(one) == {text: {text: 2}, "other": OID, "_id": OID}


@pytest.mark.parametrize("declare", [Field, Reference])
def test_what_is_no_text_is_no_key(declare: Any) -> None:
    with pytest.raises(TypeError, match="has to be text, not 5"):
        declare(key_name=5)


class Target(Model):
    pass


@pytest.mark.parametrize("text", ["__class__", "__dict__", "model_dump", "copy", "id1", *AWKWARD])
def test_additional_values_may_have_any_name(text: str) -> None:
    model = define(Model, "Open", {"v": int}, model_config={"extra": "allow"})
    document = {"v": 1, text: [2], "_id": OID}
    one = read_document(model, dict(document))
    assert encode_document(one) == document
    assert dirty_fields(one) == set()
    one.__pydantic_extra__[text].append(3)
    assert dirty_fields(one) == {text}


NAMES = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("\"'\\{}()[]#\n;=%"),
    min_size=1,
    max_size=8,
).filter(lambda text: not text.startswith(("_", "model_")) and not {".", "$", "\0"} & {*text})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names=st.lists(NAMES, min_size=1, max_size=4, unique=True), title=NAMES)
def test_documents_round_trip_whatever_the_names_are(names: list[str], title: str) -> None:
    taken = {*dir(Model), "id"}
    names = [name for name in names if name not in taken]
    inner: Any = create_model(title, __base__=EmbeddedModel, **dict.fromkeys(names, (int, 0)))
    fields: dict[str, Any] = {name: (inner, inner()) for name in names}
    model: Any = create_model(title, __base__=Model, **fields)
    document = {name: dict.fromkeys(names, 1) for name in names} | {"_id": OID}
    assert encode_document(read_document(model, document)) == document
    assert encode_document(decode_document(model, document)) == document
