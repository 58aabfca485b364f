"""`find` and `find_one`: conditions, sorting, skipping and limits, and what is refused."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from bson import ObjectId

from odmantic import AIOEngine, EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import DocumentParsingError
from odmantic.query import and_, asc, desc, or_


class Size(EmbeddedModel):
    width: int = Field(key_name="w")
    height: int = Field(key_name="h", default=1)


class Parcel(Model):
    code: str
    weight: float = Field(key_name="kg", default=1.0)
    size: Size = Size(width=1)
    tags: list[str] = []


class Shipment(Model):
    number: int
    parcel: Parcel = Reference(key_name="parcel_id")


SORT = "sort has to be a Model field or asc, desc descriptors or a tuple of these"
SORT_ELEMENT = "sort elements have to be Model fields or asc, desc descriptors"


@pytest.fixture
async def parcels(aio_engine, commands):
    saved = await aio_engine.save_all(
        [
            Parcel(code="A", weight=3.0, size=Size(width=2), tags=["x"]),
            Parcel(code="B", weight=1.0, size=Size(width=9)),
            Parcel(code="C", weight=2.0, size=Size(width=2, height=5), tags=["x", "y"]),
        ]
    )
    commands.clear()
    return saved


async def _codes(cursor):
    return "".join([parcel.code async for parcel in cursor])


async def test_without_a_query_everything_is_found(aio_engine, parcels):
    assert [parcel async for parcel in aio_engine.find(Parcel)] == parcels


QUERIES = [
    (Parcel.code == "A", "A"),
    (Parcel.code != "A", "BC"),
    (Parcel.weight > 2, "A"),
    (Parcel.weight >= 2, "AC"),
    (Parcel.weight < 2, "B"),
    (Parcel.weight <= 2, "BC"),
    (Parcel.code.in_({"A"}), "A"),
    (Parcel.code.in_(code for code in "BC"), "BC"),
    (Parcel.code.in_([]), ""),
    (Parcel.code.not_in(("A", "B")), "C"),
    (Parcel.code.match("^[ab]"), ""),
    (Parcel.code.match(re.compile("^[ab]", re.IGNORECASE)), "AB"),
    (Parcel.size.width == 2, "AC"),
    (Parcel.size == Size(width=2), "A"),
    (Parcel.size.in_([Size(width=2), Size(width=9)]), "AB"),
    (Parcel.tags == "x", "AC"),
    (Parcel.tags == ["x"], "A"),
    ((Parcel.code == "A") | (Parcel.code == "B"), "AB"),
    ((Parcel.weight > 1) & (Parcel.size.width == 2), "AC"),
    (and_(Parcel.weight > 1, or_(Parcel.code == "B", Parcel.code == "C")), "C"),
    ({"kg": {"$gt": 2}}, "A"),
    ({+Parcel.weight: {"$gt": 2}}, "A"),
    ({"weight": {"$gt": 2}}, ""),
    ({}, "ABC"),
    ({"$expr": {"$gt": [++Parcel.weight, 2]}}, "A"),
]


@pytest.mark.parametrize(("query", "codes"), QUERIES, ids=[str(query) for query, _ in QUERIES])
async def test_a_query_selects(aio_engine, parcels, query, codes):
    assert await _codes(aio_engine.find(Parcel, query, sort=Parcel.code)) == codes


async def test_several_queries_must_all_hold(aio_engine, parcels):
    found = aio_engine.find(Parcel, Parcel.weight > 1, {"size.w": 2}, Parcel.tags == "y")

    assert await _codes(found) == "C"


async def test_text_search_works(aio_engine, parcels, raw_database):
    raw_database["parcel"].create_index([("code", "text")])

    assert await _codes(aio_engine.find(Parcel, {"$text": {"$search": "B"}})) == "B"


async def test_geographical_filters_work(aio_engine, raw_database):
    class Place(Model):
        at: dict

    raw_database["place"].create_index([("at", "2dsphere")])
    near = await aio_engine.save(Place(at={"type": "Point", "coordinates": [1.0, 1.0]}))
    await aio_engine.save(Place(at={"type": "Point", "coordinates": [50.0, 50.0]}))
    query = {
        "at": {
            "$near": {
                "$geometry": {"type": "Point", "coordinates": [0.0, 0.0]},
                "$maxDistance": 1_000_000,
            }
        }
    }

    assert [place async for place in aio_engine.find(Place, query)] == [near]


@pytest.mark.parametrize("boolean", [True, False])
async def test_booleans_are_no_queries(aio_engine, commands, boolean):
    with pytest.raises(TypeError, match="cannot build query using booleans"):
        aio_engine.find(Parcel, Parcel.code == "A", boolean)

    assert commands.started == []


@pytest.mark.parametrize("query", [None, "code", 1, [{"code": "A"}]])
async def test_what_is_no_mapping_is_no_query(aio_engine, query):
    with pytest.raises((TypeError, ValueError)):
        aio_engine.find(Parcel, query)


ORDERS = [
    (None, None),
    ((), None),
    (Parcel.code, "ABC"),
    (asc(Parcel.code), "ABC"),
    (Parcel.code.asc(), "ABC"),
    (desc(Parcel.code), "CBA"),
    (Parcel.code.desc(), "CBA"),
    (Parcel.weight, "BCA"),
    (Parcel.size.width.desc(), None),
    ((Parcel.size.width, Parcel.code), "ACB"),
    ((Parcel.size.width, Parcel.code.desc()), "CAB"),
    ((Parcel.size.width.desc(), Parcel.code.desc()), "BCA"),
    ((desc(Parcel.code), Parcel.code), "ABC"),
]


@pytest.mark.parametrize(("sort", "codes"), ORDERS, ids=[str(number) for number in range(13)])
async def test_sorting(aio_engine, parcels, sort, codes):
    found = await _codes(aio_engine.find(Parcel, sort=sort))

    assert found == codes if codes else sorted(found) == list("ABC")


async def test_a_reference_can_be_sorted_by(aio_engine, parcels):
    await aio_engine.save_all([Shipment(number=n, parcel=parcels[n]) for n in (1, 2, 0)])

    found = aio_engine.find(Shipment, sort=desc(Shipment.parcel))

    assert [shipment.number async for shipment in found] == [2, 1, 0]
    found = aio_engine.find(Shipment, sort=Shipment.parcel)
    assert [shipment.number async for shipment in found] == [0, 1, 2]


WRONG_ARGUMENTS = [
    ({"sort": "code"}, TypeError, SORT),
    ({"sort": {"code": 1}}, TypeError, SORT),
    ({"sort": True}, TypeError, SORT),
    ({"sort": 1}, TypeError, SORT),
    ({"sort": ("code",)}, TypeError, SORT_ELEMENT),
    ({"sort": (Parcel.code, {"kg": 1})}, TypeError, SORT_ELEMENT),
    ({"sort": ((Parcel.code,),)}, TypeError, SORT_ELEMENT),
    ({"sort": (None,)}, TypeError, SORT_ELEMENT),
    ({"limit": 0}, ValueError, "limit has to be a strict positive value or None"),
    ({"limit": -1}, ValueError, "limit has to be a strict positive value or None"),
    ({"skip": -1}, ValueError, "skip has to be a positive integer"),
    ({"sort": "code", "limit": 0}, TypeError, SORT),
    ({"limit": 0, "skip": -1}, ValueError, "limit has to be"),
]


@pytest.mark.parametrize(("options", "error", "text"), WRONG_ARGUMENTS)
async def test_wrong_arguments_are_refused_at_the_call(aio_engine, commands, options, error, text):
    with pytest.raises(error, match=text):
        aio_engine.find(Parcel, **options)

    assert commands.started == []


async def test_the_checks_come_in_order(aio_engine):
    not_started = aio_engine.session()

    with pytest.raises(TypeError, match="Can only call find with a Model class"):
        aio_engine.find(Size, True, sort="code", limit=0, skip=-1, session=not_started)
    with pytest.raises(TypeError, match="sort has to be"):
        aio_engine.find(Parcel, True, sort="code", limit=0, skip=-1, session=not_started)
    with pytest.raises(ValueError, match="limit has to be"):
        aio_engine.find(Parcel, True, limit=0, skip=-1, session=not_started)
    with pytest.raises(ValueError, match="skip has to be"):
        aio_engine.find(Parcel, True, skip=-1, session=not_started)
    with pytest.raises(TypeError, match="booleans"):
        aio_engine.find(Parcel, True, session=not_started)
    with pytest.raises(RuntimeError, match="session not started"):
        aio_engine.find(Parcel, session=not_started)


@pytest.mark.each_driver
async def test_skip_and_limit(aio_engine, parcels):
    def codes(**options):
        return _codes(aio_engine.find(Parcel, sort=Parcel.code, **options))

    assert await codes(skip=1) == "BC"
    assert await codes(limit=2) == "AB"
    assert await codes(skip=1, limit=1) == "B"
    assert await codes(skip=3) == ""
    assert await codes(skip=0, limit=99) == "ABC"
    assert await codes(limit=None) == "ABC"


@pytest.mark.each_driver
async def test_more_documents_than_one_batch_are_found(aio_engine, raw_database, commands):
    raw_database["parcel"].insert_many(
        {"_id": ObjectId(), "code": f"{number:04}"} for number in range(2500)
    )

    found = [parcel.code async for parcel in aio_engine.find(Parcel, sort=Parcel.code)]

    assert found == [f"{number:04}" for number in range(2500)]
    assert len(commands.names) == 3


async def test_skip_and_limit_come_before_references(aio_engine, parcels, commands):
    await aio_engine.save_all([Shipment(number=n, parcel=parcels[n]) for n in range(3)])
    commands.clear()

    found = aio_engine.find(Shipment, sort=Shipment.number, skip=1, limit=1)
    [shipment] = [shipment async for shipment in found]

    assert shipment.parcel == parcels[1]
    [event] = commands.started
    stages = [next(iter(stage)) for stage in event.command["pipeline"]]
    assert stages[:4] == ["$match", "$sort", "$skip", "$limit"]
    assert stages.index("$lookup") > 3


async def test_what_is_found_counts_as_unmodified(aio_engine, parcels):
    async for parcel in aio_engine.find(Parcel):
        assert parcel.__fields_modified__ == set()
        assert parcel.size.__fields_modified__ == set()


async def test_missing_keys_take_defaults_and_unknown_ones_are_ignored(aio_engine, raw_database):
    raw_database["parcel"].insert_one({"code": "A", "unknown": 1, "size": {"w": 1, "x": 2}})

    parcel = await aio_engine.find_one(Parcel)

    assert parcel.weight == 1.0
    assert parcel.size == Size(width=1, height=1)
    assert parcel.tags == []


async def test_a_document_that_does_not_fit_is_refused(aio_engine, raw_database):
    raw_database["parcel"].insert_one({"kg": "heavy"})

    with pytest.raises(DocumentParsingError, match="Key 'code' not found in document"):
        await aio_engine.find_one(Parcel)


@pytest.mark.each_driver
async def test_find_one_gives_the_first_in_order(aio_engine, parcels):
    assert await aio_engine.find_one(Parcel, sort=Parcel.weight) == parcels[1]
    assert await aio_engine.find_one(Parcel, sort=desc(Parcel.weight)) == parcels[0]
    assert await aio_engine.find_one(Parcel, Parcel.size.width == 2, {"kg": 2.0}) == parcels[2]


@pytest.mark.each_driver
async def test_find_one_gives_none_where_nothing_matches(aio_engine):
    assert await aio_engine.find_one(Parcel, Parcel.code == "A") is None


@pytest.mark.each_driver
async def test_find_one_fetches_one_document(aio_engine, parcels, commands):
    await aio_engine.find_one(Parcel)

    [event] = commands.started
    assert event.command["limit"] == 1


async def test_find_one_has_the_checks_of_find(aio_engine):
    with pytest.raises(TypeError, match="Can only call find_one with a Model class"):
        await aio_engine.find_one(Size)
    with pytest.raises(TypeError, match="sort has to be"):
        await aio_engine.find_one(Parcel, sort="code")
    with pytest.raises(TypeError, match="booleans"):
        await aio_engine.find_one(Parcel, True)
    with pytest.raises(TypeError):
        await aio_engine.find_one(Parcel, limit=1)


async def test_find_one_goes_through_find(aio_engine, parcels, monkeypatch):
    calls = []

    class Recording(AIOEngine):
        def find(self, *arguments, **options):
            calls.append((arguments, options))
            return super().find(*arguments, **options)

    engine = Recording(aio_engine.client, aio_engine.database_name)
    await engine.find_one(Parcel, Parcel.code == "A")

    [(arguments, options)] = calls
    assert arguments == (Parcel, Parcel.code == "A")
    assert options["limit"] == 1


async def test_dates_in_filters(aio_engine):
    class Event(Model):
        at: datetime

    event = await aio_engine.save(Event(at=datetime(2024, 1, 2, 3, 4, 5, 678900)))

    assert await aio_engine.find_one(Event, Event.at == event.at) == event
    assert await aio_engine.find_one(Event, Event.at > datetime(2024, 1, 3)) is None
