"""References are saved first and resolved at any depth; what was read counts as unmodified."""

from __future__ import annotations

from decimal import Decimal
from typing import Optional

import pytest
from bson import ObjectId
from bson.decimal128 import Decimal128

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import DocumentParsingError, EmbeddedCopyWarning


class Country(Model):
    code: str = Field(primary_field=True)
    rates: list[float] = []


class Address(EmbeddedModel):
    street: str


class Publisher(Model):
    name: str
    country: Country = Reference(key_name="c")
    address: Address = Address(street="Main Street")


class Book(Model):
    title: str
    publisher: Publisher = Reference(key_name="pub")
    printed_in: Country = Reference()


class M(Model):
    r: Country = Reference()


class Position(EmbeddedModel):
    row: int = Field(key_name="r")
    column: int = Field(key_name="c")


class Seat(Model):
    position: Position = Field(primary_field=True)
    price: int = 1


class Ticket(Model):
    seat: Seat = Reference()


class Price(Model):
    amount: Decimal = Field(primary_field=True)


class Offer(Model):
    price: Price = Reference()


class Edition(EmbeddedModel):
    number: int = Field(key_name="n")
    country: Country = Reference(key_name="made_in")


class Cover(EmbeddedModel):
    edition: Edition = Field(key_name="e")
    colour: str = "red"


class Print(Model):
    cover: Cover = Field(key_name="cv")
    edition: Edition


@pytest.fixture
async def book(aio_engine, commands):
    norway, iceland = Country(code="NO"), Country(code="IS")
    saved = await aio_engine.save(
        Book(title="A", publisher=Publisher(name="P", country=norway), printed_in=iceland)
    )
    commands.clear()
    return saved


@pytest.mark.each_driver
async def test_references_are_resolved_at_every_depth(aio_engine, book, commands):
    found = await aio_engine.find_one(Book)

    assert found == book
    assert found.publisher.country == Country(code="NO")
    assert commands.names == ["aggregate"]


async def test_what_was_fetched_is_unmodified_at_every_depth(aio_engine, book):
    found = await aio_engine.find_one(Book)

    for instance in (
        found,
        found.publisher,
        found.publisher.country,
        found.publisher.address,
        found.printed_in,
    ):
        assert instance.__fields_modified__ == set()


async def test_saving_a_fetched_parent_sends_one_command(aio_engine, book, commands, raw_database):
    found = await aio_engine.find_one(Book)
    raw_database["publisher"].update_one({}, {"$set": {"name": "theirs", "address.street": "x"}})
    raw_database["country"].update_many({}, {"$set": {"rates": [7.0]}})
    commands.clear()
    found.title = "B"

    await aio_engine.save(found)

    assert commands.names == ["update"]
    assert raw_database["publisher"].find_one()["name"] == "theirs"
    assert raw_database["country"].find_one()["rates"] == [7.0]
    assert raw_database["book"].find_one()["title"] == "B"


async def test_there_is_no_identity_map(aio_engine, book):
    await aio_engine.save(Book(title="B", publisher=book.publisher, printed_in=book.printed_in))

    first, second = [found async for found in aio_engine.find(Book)]

    assert first.publisher == second.publisher
    assert first.publisher is not second.publisher


async def test_a_reference_can_be_filtered_by_key_and_by_instance(aio_engine, book):
    other = Publisher(name="Q", country=book.printed_in)
    await aio_engine.save(Book(title="B", publisher=other, printed_in=book.printed_in))

    for query in (
        Book.publisher == other.id,
        Book.publisher == other,
        Book.publisher != book.publisher,
        Book.publisher.in_([other, ObjectId()]),
        Book.publisher.not_in([book.publisher.id]),
    ):
        assert [found.title async for found in aio_engine.find(Book, query)] == ["B"]


@pytest.mark.each_driver
async def test_a_dangling_reference_is_an_error_with_this_text(aio_engine, raw_database):
    raw_database["m"].insert_one({"_id": ObjectId("5f85f36d6dfecacc68428a46"), "r": "XX"})

    with pytest.raises(DocumentParsingError) as caught:
        await aio_engine.find_one(M)

    assert str(caught.value) == (
        "1 validation error for M\n"
        "r\n"
        "  Referenced document not found for foreign key 'r'"
        " [type=odmantic::referenced_document_not_found,"
        " input_value={'_id': ObjectId('5f85f36d6dfecacc68428a46')}, input_type=dict]"
    )


@pytest.mark.parametrize("key", ["XX", 7, ["NO"]])
@pytest.mark.parametrize("limit", [1, None], ids=["by the server", "batched"])
async def test_a_dangling_reference_names_document_field_and_key(
    aio_engine, book, raw_database, key, limit
):
    raw_database["book"].insert_one(
        {"_id": 5, "title": "B", "printed_in": key, "pub": book.publisher.id}
    )
    cursor = aio_engine.find(Book, Book.title == "B", limit=limit)

    with pytest.raises(DocumentParsingError) as caught:
        [found async for found in cursor]

    assert caught.value.model is Book
    assert caught.value.document_id == 5
    document, reference = caught.value.__notes__
    assert document == "odmantic: in the document of Book with _id 5"
    assert reference.startswith(f"odmantic: Book.printed_in refers to _id {key!r}, and there is no")


async def test_a_dangling_reference_deep_inside_is_named_too(aio_engine, book, raw_database):
    raw_database["publisher"].update_one({}, {"$set": {"c": "XX"}})

    for cursor in (aio_engine.find(Book), aio_engine.find(Book, limit=1)):
        with pytest.raises(DocumentParsingError) as caught:
            [found async for found in cursor]

        assert caught.value.document_id == book.id
        assert "Book.publisher.country refers to _id 'XX'" in caught.value.__notes__[1]


@pytest.mark.parametrize("document", [{}, {"pub": None}, {"pub": ObjectId()}, {"pub": []}])
async def test_a_reference_without_a_target_is_an_error(aio_engine, book, raw_database, document):
    raw_database["book"].insert_one({"title": "B", "printed_in": "IS", **document})
    cursor = aio_engine.find(Book, sort=Book.id)

    with pytest.raises(DocumentParsingError, match="foreign key 'pub'") as caught:
        [found async for found in cursor]

    [line] = caught.value.inner.errors()
    assert line["loc"] == ("publisher",)
    assert caught.value.model is Book


async def test_what_comes_before_a_dangling_reference_is_given(aio_engine, book, raw_database):
    raw_database["book"].insert_one({"title": "B", "printed_in": "IS", "pub": ObjectId()})
    seen = []

    async def collect():
        async for found in aio_engine.find(Book, sort=Book.title):
            seen.append(found.title)  # noqa: PERF401 - what comes before an error is kept

    with pytest.raises(DocumentParsingError):
        await collect()

    assert seen == ["A"]


async def test_a_dangling_reference_of_a_reference_is_an_error(aio_engine, book, raw_database):
    raw_database["country"].delete_one({"_id": "NO"})

    with pytest.raises(DocumentParsingError) as caught:
        await aio_engine.find_one(Book)

    [line] = caught.value.inner.errors()
    assert line["loc"] == ("publisher", "country")
    assert "foreign key 'c'" in line["msg"]


async def test_a_broken_referenced_document_is_located(aio_engine, book, raw_database):
    raw_database["publisher"].update_one({}, {"$unset": {"name": 1}})

    with pytest.raises(DocumentParsingError) as caught:
        await aio_engine.find_one(Book)

    [line] = caught.value.inner.errors()
    assert line["loc"] == ("publisher", "name")
    assert line["input"]["_id"] == book.publisher.id


async def test_a_reference_to_a_model_with_an_embedded_key(aio_engine, raw_database, commands):
    ticket = Ticket(seat=Seat(position=Position(row=1, column=2)))
    await aio_engine.save(ticket)

    assert raw_database["seat"].find_one() == {"_id": {"r": 1, "c": 2}, "price": 1}
    assert raw_database["ticket"].find_one()["seat"] == {"r": 1, "c": 2}
    found = await aio_engine.find_one(Ticket, Ticket.seat == ticket.seat)
    assert found == ticket
    commands.clear()
    found.seat.price = 2
    await aio_engine.save(found)
    assert raw_database["seat"].find_one() == {"_id": {"r": 1, "c": 2}, "price": 2}
    raw_database["seat"].delete_many({})
    with pytest.raises(DocumentParsingError):
        await aio_engine.find_one(Ticket)


async def test_a_reference_to_a_model_with_a_decimal_key(aio_engine, raw_database):
    offer = Offer(price=Price(amount=Decimal("1.50")))
    await aio_engine.save(offer)

    assert raw_database["offer"].find_one()["price"] == Decimal128("1.50")
    assert await aio_engine.find_one(Offer) == offer
    assert await aio_engine.find_one(Offer, Offer.price == offer.price) == offer


async def test_references_in_embedded_models_are_saved_and_resolved(
    aio_engine, raw_database, commands
):
    norway, iceland = Country(code="NO"), Country(code="IS")
    made = Print(
        cover=Cover(edition=Edition(number=1, country=norway)),
        edition=Edition(number=2, country=iceland),
    )
    await aio_engine.save(made)

    assert raw_database["print"].find_one() == {
        "cv": {"e": {"n": 1, "made_in": "NO"}, "colour": "red"},
        "edition": {"n": 2, "made_in": "IS"},
        "_id": made.id,
    }
    assert raw_database["country"].count_documents({}) == 2
    found = await aio_engine.find_one(Print)
    assert found == made
    commands.clear()
    await aio_engine.save(found)
    assert commands.names == []
    found.edition.country.rates = [1.0]
    await aio_engine.save(found)
    assert commands.names == ["update"]
    assert raw_database["country"].find_one({"_id": "IS"})["rates"] == [1.0]


async def test_a_dangling_reference_in_an_embedded_model_is_located(aio_engine, raw_database):
    raw_database["country"].insert_one({"_id": "IS"})
    raw_database["print"].insert_one(
        {"cv": {"e": {"n": 1, "made_in": "NO"}}, "edition": {"n": 2, "made_in": "IS"}}
    )

    with pytest.raises(DocumentParsingError) as caught:
        await aio_engine.find_one(Print)

    [line] = caught.value.inner.errors()
    assert line["loc"] == ("cover", "edition", "country")
    assert "foreign key 'made_in'" in line["msg"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"cv": None, "edition": None},
        {"cv": {"e": None}, "edition": 1},
        {"cv": {"e": []}, "edition": "x"},
        {"cv": {}, "edition": {}},
    ],
)
async def test_embedded_documents_of_a_wrong_shape_are_parsing_errors(
    aio_engine, raw_database, document
):
    raw_database["print"].insert_one({**document})

    with pytest.raises(DocumentParsingError):
        await aio_engine.find_one(Print)
    assert raw_database["print"].find_one({}, {"_id": 0}) == document


async def test_models_without_reference_are_stored_inline(aio_engine, raw_database):
    with pytest.warns(EmbeddedCopyWarning) as caught:

        class Holder(Model):
            country: Optional[Country] = None
            countries: list[Country] = []

    assert [each.filename for each in caught] == [__file__] * 2

    holder = Holder(country=Country(code="NO"), countries=[Country(code="IS")])
    await aio_engine.save(holder)

    assert raw_database["holder"].find_one() == {
        "country": {"code": "NO", "rates": []},
        "countries": [{"code": "IS", "rates": []}],
        "_id": holder.id,
    }
    assert raw_database["country"].count_documents({}) == 0
    assert await aio_engine.find_one(Holder) == holder


async def test_a_key_with_a_dollar_inside_is_resolved(aio_engine):
    class Odd(Model):
        country: Country = Reference(key_name="a$b")

    odd = await aio_engine.save(Odd(country=Country(code="NO")))

    assert await aio_engine.find_one(Odd) == odd


async def test_two_references_to_one_model_are_kept_apart(aio_engine):
    class Route(Model):
        start: Country = Reference()
        end: Country = Reference()

    route = await aio_engine.save(Route(start=Country(code="NO"), end=Country(code="IS")))

    assert await aio_engine.find_one(Route) == route
