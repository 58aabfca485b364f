"""The texts that programs for odmantic 1.x match: they find them, in an error of the class they expect."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Dict, List, Union

import bson
import pydantic
import pytest
from pymongo import AsyncMongoClient, MongoClient

from odmantic import AIOEngine, EmbeddedModel, Field, Model, Reference, SyncEngine
from odmantic.bson import Decimal128, ObjectId
from odmantic.exceptions import DocumentParsingError
from odmantic.query import and_
from odmantic.session import AIOSession, AIOTransaction, SyncSession, SyncTransaction


class Country(Model):
    name: str


class Stop(EmbeddedModel):
    place: str


class Parcel(Model):
    code: str
    weight: int = 0
    country: Country = Reference()
    stops: List[Stop] = []
    marks: Dict[str, Stop] = {}


class Tracked(EmbeddedModel):
    country: Country = Reference()


class Forbidding(Model):
    model_config = {"extra": "forbid"}


class Values(Model):
    object_id: ObjectId = ObjectId()
    decimal: Decimal = Decimal(0)
    decimal128: Decimal128 = Decimal128("0")
    pattern: re.Pattern = re.compile("")


def model(*bases: type, config: dict[str, Any] | None = None, **fields: Any) -> type:
    """A class with fields: an annotation, or an annotation with a definition."""
    namespace: dict[str, Any] = {"__module__": __name__, "__annotations__": {}}
    if config is not None:
        namespace["model_config"] = config
    for name, field in fields.items():
        annotation, *definition = field if isinstance(field, tuple) else (field,)
        if annotation is not ...:
            namespace["__annotations__"][name] = annotation
        if definition:
            namespace[name] = definition[0]
    bases = bases or (Model,)
    return type(bases[0])("Odd", bases, namespace)


def parcel() -> Parcel:
    return Parcel(code="A", country=Country(name="NO"))


DEFINITIONS = [
    (TypeError, "use odmantic.Field instead of pydantic.Field", {"n": (int, pydantic.Field(1))}),
    (TypeError, "Unhandled field definition", {"n": (int, pydantic.PrivateAttr())}),
    (TypeError, "defined without type annotation", {"n": (..., 1)}),
    (TypeError, "can't automatically generate a primary field", {"id": int}),
    (TypeError, "Duplicated key_name", {"a": (int, Field(key_name="k")), "k": int}),
    (TypeError, "without a Reference assigned", {"country": Country}),
    (
        TypeError,
        "Declaring a generic type of embedded models as a primary field is not allowed",
        {"n": (List[Stop], Field(primary_field=True))},
    ),
    (
        TypeError,
        "Declaring a generic type of embedded models containing references is not allowed",
        {"n": Union[Tracked, int]},
    ),
    (TypeError, "fields are not supported", {"n": Callable}),
    (TypeError, "cannot contain '$'", {"config": {"collection": "a$b"}}),
    (TypeError, "cannot be empty", {"config": {"collection": ""}}),
    (TypeError, "cannot start with 'system.'", {"config": {"collection": "system.x"}}),
    (
        ValueError,
        "'Odd': unknown configuration attribute 'schema_extra'",
        {"config": {"schema_extra": {}}},
    ),
]


@pytest.mark.parametrize(("kind", "text", "definition"), DEFINITIONS)
def test_texts_of_refused_definitions(kind, text, definition):
    with pytest.raises(kind, match=re.escape(text)) as caught:
        model(**definition)

    assert type(caught.value) is kind
    if "config" in definition and kind is ValueError:
        assert str(caught.value) == text


ID = bson.ObjectId()

INSTANCES = [
    (
        TypeError,
        "cannot define a primary field",
        lambda: model(EmbeddedModel, n=(int, Field(primary_field=True))),
    ),
    (
        ValueError,
        "cannot specify a primary field with a custom key_name",
        lambda: Field(primary_field=True, key_name="k"),
    ),
    (
        ValueError,
        "cannot specify key_name='_id' without defining the field as primary",
        lambda: Field(key_name="_id"),
    ),
    (
        ValueError,
        "Updating the primary key is not supported",
        lambda: parcel().model_update({"id": ID}),
    ),
    (NotImplementedError, "assigning a new primary key", lambda: setattr(parcel(), "id", ID)),
    (
        NotImplementedError,
        "filtering across references is not supported",
        lambda: Parcel.country.name,
    ),
    (
        AttributeError,
        "operator lt not allowed for ODMReference fields",
        lambda: Parcel.country < Country(name="a"),
    ),
    (
        AttributeError,
        "operator asc not allowed for ODMReference fields",
        lambda: Parcel.country.asc,
    ),
    (AttributeError, "operator any not allowed for ODMField fields", lambda: Parcel.code.any),
    (
        AttributeError,
        "operator gt not allowed for ODMEmbeddedGeneric fields",
        lambda: Parcel.stops.gt,
    ),
    (TypeError, "cannot build query using booleans", lambda: and_(Parcel.code == "A", True)),
    (pydantic.ValidationError, "Extra inputs are not permitted", lambda: Forbidding(n=1)),
    *(
        (pydantic.ValidationError, f"Value error, Invalid {text}", lambda x=x: Values(**x))
        for text, x in [
            ("ObjectId", {"object_id": "bad"}),
            ("decimal string", {"decimal": "bad"}),
            ("Decimal128 value", {"decimal128": "bad"}),
            ("Pattern value", {"pattern": "["}),
        ]
    ),
    (
        DocumentParsingError,
        "Key 'code' not found in document",
        lambda: Parcel.model_validate_doc({"_id": ID, "country": {"_id": ID, "name": "NO"}}),
    ),
    (
        DocumentParsingError,
        "Referenced document not found for foreign key 'country'",
        lambda: Parcel.model_validate_doc({"_id": ID, "code": "A", "country": None}),
    ),
    (
        DocumentParsingError,
        "Incorrect generic embedded model value '3'",
        lambda: Parcel.model_validate_doc(
            {"_id": ID, "code": "A", "country": {"_id": ID, "name": "NO"}, "stops": 3}
        ),
    ),
]


@pytest.mark.parametrize(("kind", "text", "call"), INSTANCES)
def test_texts_of_fields_instances_queries_and_documents(kind, text, call):
    with pytest.raises(kind, match=re.escape(text)):
        call()


class Colour:
    """Engine, sessions and transactions of one colour, which send nothing to a server."""

    def __init__(self, *, is_async: bool) -> None:
        self.client = (AsyncMongoClient if is_async else MongoClient)(connect=False)
        self.Engine = AIOEngine if is_async else SyncEngine
        self.Session = AIOSession if is_async else SyncSession
        self.Transaction = AIOTransaction if is_async else SyncTransaction
        self.engine = self.Engine(self.client, database="shop")


async def done(result: Any) -> Any:
    return await result if asyncio.iscoroutine(result) or hasattr(result, "__await__") else result


async def start_session_twice(colour):
    session = colour.engine.session()
    await done(session.start())
    await done(session.start())


async def end_session_twice(colour):
    await done(colour.engine.session().end())


async def use_closed_session(colour):
    await done(colour.engine.session().save(parcel()))


async def start_transaction_twice(colour):
    transaction = colour.engine.transaction()
    await done(transaction.start())
    await done(transaction.start())


async def commit_idle_transaction(colour):
    await done(colour.engine.transaction().commit())


async def abort_idle_transaction(colour):
    await done(colour.engine.transaction().abort())


async def use_idle_transaction(colour):
    await done(colour.engine.transaction().save(parcel()))


async def use_ended_transaction(colour):
    transaction = colour.engine.transaction()
    await done(transaction.start())
    await done(transaction.abort())
    await done(colour.engine.save(parcel(), session=transaction))


async def begin_in_closed_session(colour):
    colour.Transaction(colour.engine.session())


async def begin_in_ended_session(colour):
    session = colour.engine.session()
    await done(session.start())
    transaction = session.transaction()
    await done(session.end())
    await done(transaction.start())


def finding(**arguments: Any):
    async def find(colour):
        colour.engine.find(Parcel, **arguments)

    return find


def finding_one(**arguments: Any):
    async def find_one(colour):
        await done(colour.engine.find_one(Parcel, **arguments))

    return find_one


def made_for(name: str):
    async def make(colour):
        colour.Engine(colour.client, database=name)

    return make


SORT = "sort has to be a Model field or asc, desc descriptors or a tuple of these"
SORT_ELEMENTS = "sort elements have to be Model fields or asc, desc descriptors"

ENGINES = [
    *((ValueError, "database name cannot contain", made_for(f"a{c}b")) for c in '/\\."$'),
    (TypeError, SORT, finding(sort="code")),
    (TypeError, SORT, finding_one(sort=3)),
    (TypeError, SORT_ELEMENTS, finding(sort=(Parcel.code, "code"))),
    (TypeError, SORT_ELEMENTS, finding_one(sort=("code",))),
    (ValueError, "limit has to be a strict positive value or None", finding(limit=0)),
    (ValueError, "limit has to be a strict positive value or None", finding(limit=-1)),
    (ValueError, "skip has to be a positive integer", finding(skip=-1)),
    (RuntimeError, "Session is already started", start_session_twice),
    (RuntimeError, "Session is not started", end_session_twice),
    (RuntimeError, "session not started", use_closed_session),
    (RuntimeError, "Transaction already started", start_transaction_twice),
    (RuntimeError, "Transaction not started", commit_idle_transaction),
    (RuntimeError, "Transaction not started", abort_idle_transaction),
    (RuntimeError, "transaction not started", use_idle_transaction),
    (RuntimeError, "transaction not started", use_ended_transaction),
    (RuntimeError, "provided session is not started", begin_in_closed_session),
    (RuntimeError, "provided session is not started", begin_in_ended_session),
]


@pytest.mark.parametrize(("kind", "text", "call"), ENGINES)
@pytest.mark.parametrize("is_async", [True, False], ids=["aio", "sync"])
async def test_texts_of_engines_sessions_and_transactions(is_async, kind, text, call):
    colour = Colour(is_async=is_async)
    try:
        with pytest.raises(kind, match=re.escape(text)):
            await call(colour)
    finally:
        await done(colour.client.close())
