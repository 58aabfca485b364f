"""Putting referenced documents in place, level by level."""

from __future__ import annotations

import copy

import pytest
from bson import Binary, Code, Decimal128, Int64, ObjectId, Regex, Timestamp
from bson.dbref import DBRef

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.hollows import HollowMaker
from odmantic._plan.references import NO_ID, Request, Settling, comparable, resolve_documents


class Country(Model):
    code: str = Field(primary_field=True)


class Publisher(Model):
    name: str = Field(primary_field=True)
    country: Country = Reference(key_name="c")


class Book(Model):
    publisher: Publisher = Reference(key_name="pub")
    printed_in: Country = Reference()


class Address(EmbeddedModel):
    country: Country = Reference(key_name="c")


class Person(Model):
    address: Address = Field(key_name="ad")


class Home(EmbeddedModel):
    address: Address


class Tenant(Model):
    home: Home


class Friend(Model):
    one: Country = Reference()
    other: Country = Reference()


COUNTRIES = [{"_id": "NO", "rates": [1]}, {"_id": "IS", "rates": [2]}]
PUBLISHERS = [{"_id": "A", "c": "NO"}, {"_id": "B", "c": "IS"}, {"_id": "broken", "c": "XX"}]


def _resolve(model, documents):
    """The requests, and the identities of the broken documents."""
    stored = {Country: COUNTRIES, Publisher: PUBLISHERS}
    settling = Settling(HollowMaker(awaits=True), is_final=False, database="db")
    steps = resolve_documents(documents, mapping_of(model).usual_load, settling)
    requests: list[Request] = []
    try:
        request = next(steps)
        while True:
            requests.append(request)
            found = [one for one in stored[request.model] if one["_id"] in request.ids]
            request = steps.send(copy.deepcopy(found))
    except StopIteration as end:
        return requests, [id(document) for document in end.value]


def test_each_level_takes_one_request_for_each_model():
    books = [{"_id": number, "pub": "AB"[number % 2], "printed_in": "IS"} for number in range(9)]

    requests, broken = _resolve(Book, books)

    assert [(each.model, sorted(each.ids)) for each in requests] == [
        (Publisher, ["A", "B"]),
        (Country, ["IS"]),
        (Country, ["IS", "NO"]),
    ]
    assert requests[1].filter == {"_id": {"$in": ["IS"]}}
    assert broken == []
    assert books[0] == {
        "_id": 0,
        "pub": {"_id": "A", "c": {"_id": "NO", "rates": [1]}},
        "printed_in": {"_id": "IS", "rates": [2]},
    }
    assert books[8] == {**books[0], "_id": 8}


def test_references_to_one_model_share_a_request():
    friends = [{"_id": 1, "one": "NO", "other": "IS"}]

    requests, _ = _resolve(Friend, friends)

    assert [sorted(each.ids) for each in requests] == [["IS", "NO"]]


def test_no_container_is_shared():
    friends = [{"_id": number, "one": "NO", "other": "NO"} for number in range(2)]
    books = [{"_id": number, "pub": "A", "printed_in": "NO"} for number in range(2)]
    _resolve(Friend, friends)
    _resolve(Book, books)

    rates = [each[key]["rates"] for each in friends for key in ("one", "other")]
    rates += [each["printed_in"]["rates"] for each in books]
    rates += [each["pub"]["c"]["rates"] for each in books]
    assert rates == [[1]] * 8
    assert len({id(each) for each in rates}) == 8


def test_a_key_without_a_target_stays_unless_it_is_a_document():
    books = [
        {"_id": 0, "pub": "A", "printed_in": "XX"},
        {"_id": 1, "pub": None, "printed_in": "NO"},
        {"_id": 2, "printed_in": "NO"},
        {"_id": 3, "pub": ["A"], "printed_in": "NO"},
        {"_id": 4, "pub": {"a": 1}, "printed_in": "NO"},
        {"_id": 5, "pub": "A", "printed_in": "NO"},
    ]

    _, broken = _resolve(Book, books)

    assert broken == [id(each) for each in books[:5]]
    assert books[0]["printed_in"] == "XX"
    assert [each.get("pub", "gone") for each in books[1:5]] == [None, "gone", ["A"], "gone"]


def test_a_document_is_broken_if_one_in_it_is():
    books = [{"_id": 0, "pub": "broken", "printed_in": "NO"}]

    _, broken = _resolve(Book, books)

    assert broken == [id(books[0])]
    assert books[0]["pub"] == {"_id": "broken", "c": "XX"}


def test_a_reference_in_an_embedded_object():
    people = [
        {"_id": 0, "ad": {"c": "NO"}},
        {"_id": 1, "ad": {"c": "XX"}},
        {"_id": 2, "ad": None},
        {"_id": 3},
    ]

    _, broken = _resolve(Person, people)

    assert people[0]["ad"] == {"c": {"_id": "NO", "rates": [1]}}
    assert people[1]["ad"] == {"c": "XX"}
    assert people[2:] == [{"_id": 2, "ad": None}, {"_id": 3}]
    assert broken == [id(people[1])]


def test_nothing_is_asked_for_without_a_foreign_key():
    requests, broken = _resolve(Friend, [{"_id": 1}, {"_id": 2, "one": [], "other": ["NO"]}])

    assert requests == []
    assert len(broken) == 2


def test_all_models_of_a_tree_are_known():
    assert {*mapping_of(Book).usual_load.models} == {Publisher, Country}


OID = ObjectId("5f85f36d6dfecacc68428a46")  # its bytes are in the names of tests


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (OID, ObjectId(str(OID))),
        ("a", "a"),
        (1, 1.0),
        (1, Int64(1)),
        (1, Decimal128("1.0")),
        (0.0, -0.0),
        (float("nan"), Decimal128("NaN")),
        (float("inf"), Decimal128("Infinity")),
        (None, None),
        ({"a": 1, "b": [1, {"c": 2}]}, {"a": 1.0, "b": [1, {"c": Int64(2)}]}),
        ({"a": Regex("x")}, {"a": Regex("x")}),
        (Timestamp(1, 2), Timestamp(1, 2)),
        (Code("x"), Code("x")),
    ],
)
def test_equal_ids(one, other):
    assert comparable(one) == comparable(other)
    assert hash(comparable(one)) == hash(comparable(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", b"a"),
        (OID, OID.binary),
        ({"a": OID}, {"a": OID.binary}),
        (b"a", Binary(b"a", 5)),
        (True, 1),
        (False, 0),
        (0.1, Decimal128("0.1")),
        (None, 0),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": True}, {"a": 1}),
        ({"a": [1]}, {"a": {"0": 1}}),
        (Code("x"), Code("y")),
        ({"a": Regex("x")}, {"a": Regex("x", "i")}),
    ],
)
def test_different_ids(one, other):
    assert comparable(one) != comparable(other)


@pytest.mark.parametrize("value", [[], [1], Regex("a"), {"$a": 1}, DBRef("a", 1)])
def test_what_is_no_id(value):
    assert comparable(value) is NO_ID


@pytest.mark.parametrize("home", [5, None, [], {}, {"address": 5}, {"address": None}])
def test_what_is_no_document_on_the_way_to_a_key_is_left_for_the_decoder(home):
    tenants = [{"_id": 1, "home": home}, {"_id": 2, "home": {"address": {"c": "NO"}}}]
    first = copy.deepcopy(tenants[0])

    requests, broken = _resolve(Tenant, tenants)

    assert [each.ids for each in requests] == [["NO"]]
    assert (tenants[0], broken) == (first, [])
    assert tenants[1]["home"]["address"]["c"]["rates"] == [1]
