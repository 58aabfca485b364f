"""Reading documents: shapes, defaults, and where problems are."""

from __future__ import annotations

import copy
import decimal
import pickle
import re
from collections import UserDict
from datetime import datetime
from typing import (
    Annotated,
    Any,
    Dict,
    FrozenSet,
    List,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

import bson
import pydantic
import pytest
from bson.regex import Regex
from pydantic import BaseModel, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from odmantic._codec.decode import decode_document
from odmantic.exceptions import DocumentParsingError, EmbeddedCopyWarning
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")


class Deep(EmbeddedModel):
    a: int = Field(key_name="x")

    def __hash__(self) -> int:
        return hash(self.a)


class Holder(EmbeddedModel):
    f: List[Deep] = Field(key_name="y")
    e: Deep


class Target(Model):
    name: str = Field(primary_field=True)
    note: str = Field("n", key_name="t")


class Mooring(EmbeddedModel):
    to: Target = Reference(key_name="tt")


class Root(Model):
    e: Holder = Field(key_name="h")
    d: Dict[str, Deep] = {}
    ref: Target = Reference(key_name="r")


def problems(cls: Any, document: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(DocumentParsingError) as caught:
        decode_document(cls, document)
    return [(error["loc"], error["type"], error["input"]) for error in caught.value.inner.errors()]


GOOD = {
    "h": {"y": [{"x": 1}], "e": {"x": 2}},
    "d": {"k": {"x": 3}},
    "r": {"_id": "n"},
    "_id": OID,
}
NOT_FOUND = "odmantic::key_not_found_in_document"
NO_REFERENCE = "odmantic::referenced_document_not_found"
INCORRECT = "odmantic::incorrect_generic_embedded_model_value"


def changed(**values: Any) -> dict[str, Any]:
    return {**GOOD, **values}


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key not in keys}


def test_a_document_becomes_an_instance_and_stays_as_it_is() -> None:
    before = copy.deepcopy(GOOD)
    one = Root.model_validate_doc(GOOD)
    assert before == GOOD
    assert one == Root(
        e=Holder(f=[Deep(a=1)], e=Deep(a=2)), d={"k": Deep(a=3)}, ref=Target(name="n"), id=OID
    )
    assert one.__fields_modified__ == {"e", "d", "ref", "id"}
    assert Root.model_validate_doc(UserDict(GOOD)) == one


def test_strings_are_coerced() -> None:
    assert Root.model_validate_doc(changed(_id=str(OID))).id == OID


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, [("e", NOT_FOUND), ("ref", NO_REFERENCE), ("id", NOT_FOUND)]),
        (without("_id"), [("id", NOT_FOUND)]),
        (without("h"), [("e", NOT_FOUND)]),
        (without("r"), [("ref", NO_REFERENCE)]),
        (changed(r=None), [("ref", NO_REFERENCE)]),
        (changed(r=OID), [("ref", NO_REFERENCE)]),
        (changed(r={}), [("ref.name", NOT_FOUND)]),
        (changed(h={"e": {"x": 1}}), [("e.f", NOT_FOUND)]),
        (changed(h={"y": [], "e": {}}), [("e.e.a", NOT_FOUND)]),
        (
            changed(h={"y": [{"x": 1}, {}], "e": {}}),
            [("e.f.[1].a", NOT_FOUND), ("e.e.a", NOT_FOUND)],
        ),
        (changed(h={"y": None, "e": {"x": 1}}), [("e.f", INCORRECT)]),
        (changed(h={"y": {}, "e": {"x": 1}}), [("e.f", INCORRECT)]),
        (changed(d={"k": {}}), [('d.["k"].a', NOT_FOUND)]),
        (changed(d=[]), [("d", INCORRECT)]),
        (changed(d=None), [("d", INCORRECT)]),
        (changed(h=None), [("e", "model_type")]),
        (changed(h=3), [("e", "model_type")]),
        (changed(h={"y": [None], "e": {"x": 1}}), [("e.f.0", "model_type")]),
        (changed(h={"y": [{"x": "a"}], "e": {"x": 1}}), [("e.f.0.a", "int_parsing")]),
        (changed(d={"k": 3}), [("d.k", "model_type")]),
        (None, [("", "model_type")]),
        (3, [("", "model_type")]),
    ],
)
def test_problems_and_their_locations(document: Any, expected: Any) -> None:
    found = [(".".join(map(str, loc)), kind) for loc, kind, _ in problems(Root, document)]
    assert found == expected


def test_the_input_of_a_problem_is_the_document_around_it() -> None:
    nested: dict[str, Any] = {"y": 3, "e": {}}
    document = changed(h=nested, r=None)
    assert problems(Root, document) == [
        (("e", "f"), INCORRECT, nested),
        (("e", "e", "a"), NOT_FOUND, {}),
        (("ref",), NO_REFERENCE, document),
    ]


def test_display() -> None:
    with pytest.raises(DocumentParsingError) as caught:
        Target.model_validate_doc({"x": 1})
    error = caught.value
    assert str(error) == (
        "1 validation error for Target\n"
        "name\n"
        "  Key '_id' not found in document [type=odmantic::key_not_found_in_document, "
        "input_value={'x': 1}, input_type=dict]"
    )
    assert error.model is Target
    assert isinstance(error.inner, ValidationError)
    assert isinstance(error, ValueError)
    assert not isinstance(error, ValidationError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (changed(r=None), "Referenced document not found for foreign key 'r'"),
        (changed(d=7), "Incorrect generic embedded model value '7'"),
    ],
)
def test_messages(document: Any, message: str) -> None:
    with pytest.raises(DocumentParsingError, match=message):
        Root.model_validate_doc(document)


def test_the_title_of_the_config_is_not_the_name_of_the_class() -> None:
    class Titled(Model):
        model_config = {"title": "Something"}
        x: int

    with pytest.raises(DocumentParsingError, match="1 validation error for Titled"):
        Titled.model_validate_doc({"x": "a", "_id": OID})


def test_any_failure_of_a_validator_is_a_parsing_error() -> None:
    class Picky(EmbeddedModel):
        x: int

        @field_validator("x")
        @classmethod
        def check(cls, value: int) -> int:
            raise PydanticCustomError("my_own", "No {what}", {"what": value})

    assert problems(Picky, {"x": 3}) == [(("x",), "my_own", 3)]

    class Outer(Model):
        model_config = {"title": "Something"}
        picky: Picky

    assert problems(Outer, {"picky": {"x": 3}, "_id": OID}) == [(("picky", "x"), "my_own", 3)]


# --- Defaults ----------------------------------------------------------------------------------


class Filled(EmbeddedModel):
    plain: int = 3
    nothing: Optional[int] = None
    items: List[int] = [1]
    leg: Deep = Deep(a=1)


class Made(Model):
    at: datetime = Field(default_factory=datetime.now)


with pytest.warns(EmbeddedCopyWarning):

    class MadeWhenRead(Model):
        model_config = {"parse_doc_with_default_factories": True}
        at: datetime = Field(default_factory=datetime.now)
        after: int = 1
        twice: int = Field(default_factory=lambda data: data["after"] * 2)
        inner: Optional[Made] = None


def test_plain_defaults_fill_missing_keys() -> None:
    one, other = Filled.model_validate_doc({}), Filled.model_validate_doc({})
    assert one == Filled()
    assert one.model_fields_set == {"plain", "nothing", "items", "leg"}
    one.items.append(2)
    one.leg.a = 2
    assert other == Filled()


def test_a_none_default_is_no_null_in_the_document() -> None:
    assert problems(Filled, {"plain": None}) == [(("plain",), "int_type", None)]


def test_factories_are_used_only_on_request() -> None:
    assert [loc for loc, _, _ in problems(Made, {})] == [("at",), ("id",)]
    made = MadeWhenRead.model_validate_doc({"after": 4})
    assert made.twice == 8
    assert made.id is not None


@pytest.mark.parametrize(
    ("cls", "required"),
    [
        (Filled, {"plain": False, "items": False}),
        (Made, {"at": True, "id": True}),
        (MadeWhenRead, {"at": False, "id": False, "twice": False}),
        (Target, {"name": True, "note": False}),
        (Mooring, {"to": True}),
    ],
)
def test_what_a_document_needs(cls: Any, required: dict[str, bool]) -> None:
    fields = cls.__odm_fields__
    assert {name: fields[name].is_required_in_doc() for name in required} == required


def test_importing_defaults() -> None:
    assert Filled.__odm_fields__["plain"].get_default_importing_value() == 3  # type: ignore[attr-defined]
    when_read = MadeWhenRead.__odm_fields__["at"]
    assert isinstance(when_read.get_default_importing_value(), datetime)  # type: ignore[attr-defined]


# --- Extra values ------------------------------------------------------------------------------


class Open(EmbeddedModel):
    model_config = {"extra": "allow"}
    town: str = Field(key_name="t")


class OpenRoot(Model):
    model_config = {"extra": "allow"}
    n: int = Field(1, key_name="m")
    inner: Open


def test_surplus_keys_become_extra_values_under_their_own_names() -> None:
    one = OpenRoot.model_validate_doc(
        {"_id": OID, "inner": {"t": "x", "n": 5, "z": 6}, "y": [1], "m": 2}
    )
    assert one.model_extra == {"y": [1]}
    assert one.inner.model_extra == {"n": 5, "z": 6}
    assert one.model_dump_doc() == {
        "m": 2,
        "inner": {"t": "x", "n": 5, "z": 6},
        "_id": OID,
        "y": [1],
    }


def test_surplus_keys_never_shadow_fields() -> None:
    one = OpenRoot.model_validate_doc({"_id": OID, "n": 7, "inner": {"t": "x", "town": "y"}})
    assert (one.n, one.inner.town) == (1, "x")
    assert one.model_extra == {}


def test_extra_values_are_stored_whatever_include_says_and_converted() -> None:
    one = OpenRoot(inner=Open(town="x"), d={"x": [decimal.Decimal(1)]}, leg=Deep(a=1))
    one_dec = bson.decimal128.Decimal128("1")
    extra = {"d": {"x": [one_dec]}, "leg": {"a": 1}}
    assert one.model_dump_doc(include={"n"}) == {"m": 1, **extra}
    assert one.model_dump_doc(include=()) == extra


@pytest.mark.parametrize("extra", ["ignore", "forbid", None])
def test_surplus_keys_are_dropped_otherwise(extra: Any) -> None:
    class Ship(EmbeddedModel):
        model_config = {"extra": extra}
        x: int = 1

    assert Ship.model_validate_doc({"x": 2, "y": 3}) == Ship(x=2)


# --- Annotations -------------------------------------------------------------------------------


class Other(EmbeddedModel):
    b: str = Field(key_name="z")
    c: int = 1


class OtherAlike(EmbeddedModel):
    b: str = Field(key_name="z")
    d: int = Field(1, key_name="dd")


class CatEmbedded(EmbeddedModel):
    kind: Literal["cat"] = Field(key_name="k")
    lives: int = Field(9, key_name="l")


class DogEmbedded(EmbeddedModel):
    kind: Literal["dog"] = Field(key_name="k")


class PlainPrice(BaseModel):
    price: decimal.Decimal
    more: List["PlainPrice"] = []
    maybe: Optional[decimal.Decimal] = None


class PlainPattern(BaseModel):
    pattern: re.Pattern[str]


class Unusual:
    """Of a type that may be stored as anything."""


def holding(annotation: Any, default: Any = ...) -> Any:
    return type(Model)(
        "Ship",
        (Model,),
        {
            "__module__": __name__,
            "__annotations__": {"x": annotation},
            "x": Field(default),
            "model_config": {"arbitrary_types_allowed": True},
        },
    )


D1, D2 = {"x": 1}, {"x": 2}


@pytest.mark.parametrize(
    ("annotation", "stored", "value"),
    [
        (Optional[Deep], None, None),
        (Optional[Deep], D1, Deep(a=1)),
        (Deep | None, D1, Deep(a=1)),
        (Annotated[Deep, "note"], D1, Deep(a=1)),
        (FrozenSet[Deep], [D1], frozenset([Deep(a=1)])),
        (Set[Deep], [D1], {Deep(a=1)}),
        (Mapping[str, Deep], {"k": D1}, {"k": Deep(a=1)}),
        (Sequence[Deep], [D1], [Deep(a=1)]),
        (Tuple[Deep, Other], [D1, {"z": "b"}], (Deep(a=1), Other(b="b"))),
        (Tuple[int, Deep], [1, D1], (1, Deep(a=1))),
        (Dict[str, List[Deep]], {"k": [D1, D2]}, {"k": [Deep(a=1), Deep(a=2)]}),
        (List[Optional[Deep]], [D1, None], [Deep(a=1), None]),
        (Optional[List[Deep]], [D1], [Deep(a=1)]),
        (Optional[List[Deep]], None, None),
        (Union[Deep, Other], {"z": "b"}, Other(b="b")),
        (Union[Deep, Other], D1, Deep(a=1)),
        (Union[Other, OtherAlike], {"z": "b", "dd": 3}, OtherAlike(b="b", d=3)),
        (Union[Other, OtherAlike], {"z": "b"}, Other(b="b")),
        (List[Union[Deep, Other]], [{"z": "b"}, D1], [Other(b="b"), Deep(a=1)]),
        (Union[List[Deep], List[Other]], [{"z": "b"}], [Other(b="b")]),
        (Union[Deep, Dict[str, int]], {"q": 1}, {"q": 1}),
        (Union[Deep, Dict[str, int]], {"x": 1}, Deep(a=1)),
        (Union[Deep, str], "a", "a"),
        (Union[Deep, List[int]], [1], [1]),
        (Union[Deep, List[Other]], [{"z": "b"}], [Other(b="b")]),
        (Union[Deep, Literal["a"]], "a", "a"),
        (Union[List[Union[Deep, Dict[str, int]]], int], [{"q": 1}], [{"q": 1}]),
        (Union[CatEmbedded, DogEmbedded], {"k": "dog"}, DogEmbedded(kind="dog")),
        (
            Annotated[Union[CatEmbedded, DogEmbedded], pydantic.Field(discriminator="kind")],
            {"k": "dog"},
            DogEmbedded(kind="dog"),
        ),
        (
            PlainPrice,
            {"price": bson.decimal128.Decimal128("1"), "more": [{"price": 2}]},
            PlainPrice(price=decimal.Decimal(1), more=[PlainPrice(price=decimal.Decimal(2))]),
        ),
        (
            Union[List[PlainPrice], List[Deep]],
            [{"price": bson.decimal128.Decimal128("1")}],
            [PlainPrice(price=decimal.Decimal(1))],
        ),
        (Union[Annotated[Union[Deep, str], "note"], List[int]], D1, Deep(a=1)),
        (
            List[Union[List[PlainPrice], List[Deep]]],
            [[{"price": 1}], [{"price": 2}]],
            [[PlainPrice(price=decimal.Decimal(1))], [PlainPrice(price=decimal.Decimal(2))]],
        ),
        (
            PlainPattern,
            {"pattern": Regex("a", "i")},
            PlainPattern(pattern=re.compile("a", re.IGNORECASE)),
        ),
        (Union[PlainPattern, str], "a", "a"),
        (Union[Deep, Optional[Annotated[decimal.Decimal, "x"]]], None, None),
        (Union[Deep, decimal.Decimal], bson.decimal128.Decimal128("1"), decimal.Decimal(1)),
        (Union[Deep, Unusual], D1, Deep(a=1)),
        (Union[PlainPrice, int], {"price": 1}, PlainPrice(price=decimal.Decimal(1))),
    ],
)
def test_documents_inside_annotations(annotation: Any, stored: Any, value: Any) -> None:
    one = decode_document(holding(annotation), {"_id": OID, "x": stored})
    assert one.x == value
    assert type(one.x) is type(value)


def test_a_model_inside_an_annotation_is_a_copy() -> None:
    with pytest.warns(EmbeddedCopyWarning, match="Ship.x stores copies of whole documents"):
        ship = holding(Optional[Target])

    one = decode_document(ship, {"_id": OID, "x": {"name": "n", "note": "m"}})
    assert one.x == Target(name="n", note="m")


@pytest.mark.parametrize(
    ("annotation", "stored", "expected"),
    [
        (Optional[Deep], {}, [("x.a", NOT_FOUND)]),
        (List[Optional[Deep]], [{}, None], [("x.[0].a", NOT_FOUND)]),
        (Dict[str, List[Deep]], {"k": [{}]}, [('x.["k"].[0].a', NOT_FOUND)]),
        (Dict[str, List[Deep]], {"k": 3}, [("x.k", "list_type")]),
        (Dict[str, List[Deep]], 3, [("x", "dict_type")]),
        (List[List[Deep]], [3], [("x.0", "list_type")]),
        (Tuple[int, Deep], [1, {}], [("x.[1].a", NOT_FOUND)]),
        (Tuple[int, Deep], 3, [("x", INCORRECT)]),
        (List[Tuple[int, Deep]], [3], [("x.0", "tuple_type")]),
        (FrozenSet[Deep], {}, [("x", INCORRECT)]),
        (Mapping[str, Deep], [], [("x", INCORRECT)]),
        (Union[Deep, Other], {}, [("x.a", NOT_FOUND)]),
        (Union[Deep, Other], {"x": "a"}, [("x.a", "int_parsing")]),
        (Union[Deep, Other], {"z": 3}, [("x.b", "string_type")]),
        (PlainPrice, 3, [("x", "model_type")]),
        (PlainPattern, {"pattern": Regex("[")}, [("x.pattern", "pattern_type")]),
    ],
)
def test_problems_inside_annotations(annotation: Any, stored: Any, expected: Any) -> None:
    found = [
        (".".join(map(str, loc)), kind)
        for loc, kind, _ in problems(holding(annotation), {"_id": OID, "x": stored})
    ]
    assert found == expected


def test_a_missing_optional_embedded_value_takes_its_default() -> None:
    assert decode_document(holding(Optional[Deep], None), {"_id": OID}).x is None


def test_aliases_in_annotations_do_not_matter() -> None:
    class Aliased(EmbeddedModel):
        x: Annotated[int, pydantic.Field(alias="y")]

    one = Aliased(y=3)  # type: ignore[call-arg]
    assert one.model_dump_doc() == {"x": 3}
    assert Aliased.model_validate_doc({"x": 3}) == one


# --- References in embedded models -------------------------------------------------------------


def test_references_in_embedded_models() -> None:
    class Ship(Model):
        at: Mooring = Field(key_name="m")

    document = {"_id": OID, "m": {"tt": {"_id": "n", "t": "x"}}}
    one = Ship.model_validate_doc(document)
    assert one.at.to == Target(name="n", note="x")
    assert one.model_dump_doc() == {"m": {"tt": "n"}, "_id": OID}
    # A note has the key; the text of the error is what it is where the server has removed it.
    for dangling, shown in (({"tt": "n"}, {}), ({"tt": None}, {"tt": None}), ({}, {})):
        assert problems(Ship, {"_id": OID, "m": dangling}) == [(("at", "to"), NO_REFERENCE, shown)]
