"""Laws of upserts, tried with random calls: what they copy from queries, and that the model reads what they insert."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, Optional

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pymongo import MongoClient
from pymongo.errors import WriteError

from odmantic import EmbeddedModel, Field, Model, SyncEngine
from odmantic._plan.equalities import copied_equalities, document_of
from odmantic.query import QueryExpression
from odmantic.update import (
    Update,
    add_to_set,
    bit,
    inc,
    max_,
    min_,
    mul,
    pop,
    pull,
    push,
    set_,
    set_on_insert,
    unset,
)


class Home(EmbeddedModel):
    city: str = Field(key_name="c")
    code: str = Field(default="0", key_name="z")


class Guest(Model):
    email: str
    name: str = "nobody"
    age: int = Field(default=0, ge=0, le=9)
    level: int = Field(default=3, le=5)
    flags: int = 0
    rate: float = 1.5
    tags: list[str] = Field(default=[], max_length=2)
    more: list[str] = ["d"]
    prefs: dict[str, str] = {"l": "en"}
    home: Optional[Home] = None
    work: Home = Home(city="X", code="1")
    maybe: Optional[int] = None


@pytest.fixture(scope="module")
def engine(odmantic_mongo_uri: str) -> Iterator[SyncEngine]:
    client: MongoClient[Any] = MongoClient(odmantic_mongo_uri)
    yield SyncEngine(client, "upserts")
    client.drop_database("upserts")
    client.close()


# --- What is copied -------------------------------------------------------------------------------

CONDITIONS: list[Any] = [
    *(1, None, [1], {"x": 1}, {}, "s", float("nan"), re.compile("y")),
    *({"$eq": 1}, {"$eq": None}, {"$eq": 1, "$gt": 0}, {"$gte": 1, "$lte": 1}, {"$ne": 1}),
    *({"$in": [1]}, {"$in": [1, 1.0]}, {"$in": [1, 2]}, {"$in": []}, {"$in": [None]}),
    *({"$in": [re.compile("y")]}, {"$in": ["x", re.compile("y")]}, {"$in": [[1]]}),
    *({"$in": [{"x": 1}]}, {"$in": [1, True]}, {"$in": [float("nan"), float("nan")]}),
    *({"$all": [1]}, {"$all": [1, 1]}, {"$all": [1, 2]}, {"$all": []}, {"$all": [None]}),
    *({"$all": [[1, 2]]}, {"$all": [re.compile("x")]}, {"$all": [{"$elemMatch": {"x": 1}}]}),
    *({"$not": {"$eq": 1}}, {"$elemMatch": {"x": 1}}, {"$size": 1}, {"$exists": False}),
    {"$in": [1], "$all": [1]},
]
ABOUT_A: list[dict[str, Any]] = [{"a": each} for each in CONDITIONS]
QUERIES: list[dict[str, Any]] = [
    *ABOUT_A,
    *({word: [each]} for word in ("$and", "$or", "$nor") for each in ABOUT_A),
    *({word: [one, {"b": 1}]} for word in ("$and", "$or", "$nor") for one in ABOUT_A),
    *({"$and": [one, {"a": 1}]} for one in ABOUT_A),
    *({"a.b": 1}, {"a.b": 1, "a.c": 2}, {"a": {"b": 1}, "a.b": 1}, {"a.0": 1}),
    *({"$and": [{"$and": [{"a": 1}]}]}, {"$or": [{"$and": [{"a": 1}, {"b": 2}]}]}),
    *({"$and": [{"$or": [{"a": 1}]}, {"b": {"$in": [2]}}]}, {"$nor": [{"$nor": [{"a": 1}]}]}),
    *({"$or": [{"a": 1}, {"a": 1}]}, {"$comment": "x", "a": 1}, {"$where": "true", "a": 1}),
]


def test_what_is_copied_from_queries_is_what_the_server_copies(engine: SyncEngine) -> None:
    collection = engine.database["copied"]
    for query in QUERIES:
        if "[]" in repr(query):
            with pytest.raises(ValueError, match="empty list"):
                copied_equalities(query, "update_one")
            continue
        collection.drop()
        try:
            collection.update_one(query, {"$setOnInsert": {"z": 1}}, upsert=True)
        except WriteError as error:
            assert error.code == 54, query
            with pytest.raises(ValueError, match="says twice"):
                copied_equalities(query, "update_one")
            continue
        (document,) = collection.find({}, {"_id": False, "z": False})
        assert repr(document_of(copied_equalities(query, "update_one"))) == repr(document), query


def test_an_expression_is_refused_wherever_it_stands() -> None:
    for query in (
        {"$expr": {"$eq": ["$a", 1]}},
        {"$and": [{"$or": [{"a": 1}, {"$nor": [{"$expr": True}]}]}]},
    ):
        with pytest.raises(TypeError, match="update_one takes no query"):
            copied_equalities(query, "update_one")


# --- What is inserted -----------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "b"])
NUMBERS = st.integers(-4, 10)
QUERY_PARTS = st.one_of(
    st.builds(lambda value: Guest.name == value, WORDS),
    st.builds(lambda value: Guest.age == value, NUMBERS),
    st.builds(lambda value: Guest.age > value, NUMBERS),
    st.builds(lambda value: Guest.level == value, NUMBERS),
    st.builds(lambda value: Guest.tags == value, st.one_of(WORDS, st.lists(WORDS, max_size=3))),
    st.builds(lambda value: Guest.home.city == value, WORDS),  # type: ignore[union-attr]
    st.builds(lambda value: Guest.work.code == value, WORDS),
    st.builds(lambda value: Guest.work == Home(city=value), WORDS),
    st.builds(lambda value: QueryExpression({"prefs.l": {"$in": [value]}}), WORDS),
    st.just(Guest.home == None),  # noqa: E711
    st.builds(lambda value: {"maybe": value}, st.one_of(NUMBERS, st.none())),
)
UPDATES = st.one_of(
    st.builds(lambda value: set_(Guest.name, value), WORDS),
    st.builds(lambda by: inc(Guest.age, by), NUMBERS),
    st.builds(lambda by: inc(Guest.age, by, bounded=False), NUMBERS),
    st.builds(lambda by: inc(Guest.level, by), NUMBERS),
    st.builds(lambda by: mul(Guest.rate, by), NUMBERS),
    st.builds(lambda by: mul(Guest.level, by), NUMBERS),
    st.builds(lambda by: max_(Guest.level, by), st.integers(0, 5)),
    st.builds(lambda by: min_(Guest.level, by), st.integers(0, 5)),
    st.builds(lambda mask: bit(Guest.flags, or_=mask), st.integers(0, 5)),
    st.builds(lambda by: inc(Guest.maybe, by), NUMBERS),
    st.builds(lambda some: push(Guest.tags, *some), st.lists(WORDS, min_size=1, max_size=2)),
    st.builds(lambda each: push(Guest.more, each, position=0, slice=2), WORDS),
    st.builds(lambda each: add_to_set(Guest.more, each), WORDS),
    st.builds(lambda each: pull(Guest.more, each), WORDS),
    st.just(pop(Guest.tags)),
    st.builds(lambda each: set_(Guest.home.city, each), WORDS),  # type: ignore[union-attr]
    st.builds(lambda each: set_(Guest.work.city, each), WORDS),
    st.builds(lambda each: set_(Guest.prefs["t"], each), WORDS),
    st.just(unset(Guest.prefs["l"])),
    st.just(unset(Guest.maybe)),
    st.just(unset(Guest.home)),
    st.builds(lambda each: set_on_insert(Guest.name, each), WORDS),
    st.builds(lambda each: set_(Guest.home, Home(city=each)), WORDS),
)
INSTANCES = st.one_of(
    st.just(True),
    st.builds(
        Guest,
        email=st.just(""),
        name=WORDS,
        age=st.integers(0, 9),
        tags=st.lists(WORDS, max_size=1),
        prefs=st.dictionaries(WORDS, WORDS, max_size=1),
        home=st.one_of(st.none(), st.builds(Home, city=WORDS)),
    ),
)
BEGINNING = {"$inc", "$mul", "$min", "$max", "$bit", "$push", "$addToSet", "$pull"}
"""Operators that begin with the default of a field, whatever the instance says."""
_emails = itertools.count()


def _expected(
    query: dict[str, Any], updates: list[Update], upsert: Any, engine: SyncEngine
) -> Guest:
    """Return what an instance becomes by the same updates: they begin where a document without the values does."""
    begun = Guest(email="") if upsert is True else upsert.model_copy(deep=True)
    document = {**begun.model_dump_doc(), **_equal(query, begun.model_dump_doc())}
    for update in updates:
        key = update.path.key
        if update.operator in BEGINNING and key not in query:
            document[key] = Guest(email="").model_dump_doc()[key]
        if document.get(key) is None and update.operator in ("$inc", "$push"):
            document.pop(key, None)
        if document["home"] is None and str(key).startswith("home."):
            document["home"] = {"c": "", "z": "0"}
    database = engine.database["expected"]
    database.drop()
    document["_id"] = 1
    database.insert_one(document)
    change: dict[str, Any] = {}
    for update in updates:
        operator = "$set" if update.operator == "$setOnInsert" else update.operator
        change.setdefault(operator, {})[update.path.key] = update.operand
    database.update_one({"_id": 1}, change)
    (after,) = database.find({}, {"_id": False})
    return Guest.model_validate_doc({**after, "_id": begun.id})


def _equal(query: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in query.items():
        first, _, rest = path.partition(".")
        if rest:
            known = document[first]
            known = {"c": "", "z": "0"} if known is None else known
            found[first] = {**found.get(first, known), rest: value}
        else:
            found[first] = value
    return found


@settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(parts=[{"prefs.l": "a"}], updates=[unset(Guest.prefs["l"])], upsert=True, is_many=False)
@example(
    parts=[{"maybe": 3}],
    updates=[unset(Guest.maybe), inc(Guest.age, 1)],
    upsert=True,
    is_many=False,
)
@given(
    parts=st.lists(QUERY_PARTS, max_size=2),
    updates=st.lists(UPDATES, min_size=1, max_size=3),
    upsert=INSTANCES,
    is_many=st.booleans(),
)
def test_the_model_reads_what_an_upsert_inserts_which_is_what_a_program_expects(
    engine: SyncEngine, parts: list[Any], updates: list[Update], upsert: Any, *, is_many: bool
) -> None:
    email = f"{next(_emails)}@x"
    if upsert is not True:
        upsert.email = email
    query = (Guest.email == email, *parts)
    update = engine.update_many if is_many else engine.update_one
    try:
        result = update(Guest, query, *updates, upsert=upsert)
    except (TypeError, ValueError, ValidationError):
        # Nothing was sent, or the server refused it: no document came to be.
        assert engine.get_collection(Guest).count_documents({"email": email}) == 0
        return
    assert result.upserted_id is not None
    (inserted,) = engine.find(Guest, Guest.email == email)
    assert inserted.id == result.upserted_id
    equalities = copied_equalities(_joined(query), "")
    expected = _expected(equalities, updates, upsert, engine)
    assert inserted.model_dump(exclude={"id"}) == expected.model_dump(exclude={"id"})


def _joined(query: tuple[Any, ...]) -> dict[str, Any]:
    return {"$and": [*query]}
