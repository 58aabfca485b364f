"""Declared indexes are created, and on request replace those that conflict, whatever their name."""

from __future__ import annotations

from datetime import datetime

import pymongo
import pymongo.errors
import pytest
from pymongo import IndexModel

from odmantic import EmbeddedModel, Field, Index, Model, Reference
from odmantic.query import asc, desc


class Customer(Model):
    name: str


class Address(EmbeddedModel):
    city: str = Field(key_name="c", index=True)
    street: str = ""


class Voyage(Model):
    ship: str = Field(index=True)
    leaves: datetime
    code: str = Field(key_name="cd", unique=True)
    both: int = Field(index=True, unique=True)
    address: Address = Field(index=True)
    stops: list[Address] = Field(default=[], index=True)
    customer: Customer = Reference(key_name="cust")

    model_config = {
        "indexes": lambda: [
            Index(Voyage.ship, desc(Voyage.leaves), name="ship_recent"),
            Index(asc(Voyage.leaves), Voyage.customer, unique=True),
            Index(Voyage.address.city),
            IndexModel([(+Voyage.ship, pymongo.TEXT)]),
        ]
    }


def _model(indexes, collection="thing"):
    """A model that declares just these indexes."""

    class Thing(Model):
        a: int = 0
        b: int = 0
        text: str = ""
        note: str = ""
        at: datetime = datetime(2024, 1, 1)

        model_config = {"indexes": lambda: indexes, "collection": collection}

    return Thing


def _indexes(raw_database, collection="thing"):
    """Keys and some options by name, without the one on `_id`."""
    return {
        index["name"]: (
            dict(index["key"]),
            {key: index[key] for key in ("unique", "expireAfterSeconds", "sparse") if key in index},
        )
        for index in raw_database[collection].list_indexes()
        if index["name"] != "_id_"
    }


@pytest.mark.each_driver
async def test_declared_indexes_are_created(aio_engine, raw_database, commands):
    assert await aio_engine.configure_database([Voyage]) is None

    found = _indexes(raw_database, "voyage")
    assert found.pop("ship_text")[0] == {"_fts": "text", "_ftsx": 1}
    assert found == {
        "ship_1": ({"ship": 1}, {}),
        "cd_1": ({"cd": 1}, {"unique": True}),
        "both_1": ({"both": 1}, {"unique": True}),
        "address_1": ({"address": 1}, {}),
        "stops_1": ({"stops": 1}, {}),
        "ship_recent": ({"ship": 1, "leaves": -1}, {}),
        "leaves_1_cust_1": ({"leaves": 1, "cust": 1}, {"unique": True}),
        "address.c_1": ({"address.c": 1}, {}),
    }
    created = [event.command["indexes"] for event in commands.started]
    assert commands.names == ["createIndexes"] * 9
    assert [len(indexes) for indexes in created] == [1] * 9
    assert [indexes[0]["name"] for indexes in created] == [
        "ship_1",
        "cd_1",
        "both_1",
        "address_1",
        "stops_1",
        "ship_recent",
        "leaves_1_cust_1",
        "address.c_1",
        "ship_text",
    ]


@pytest.mark.each_driver
async def test_configuring_again_changes_nothing(aio_engine, raw_database):
    await aio_engine.configure_database([Voyage])
    before = list(raw_database["voyage"].list_indexes())

    await aio_engine.configure_database([Voyage])
    await aio_engine.configure_database([Voyage], update_existing_indexes=True)

    assert list(raw_database["voyage"].list_indexes()) == before


async def test_models_without_indexes_cause_no_command(aio_engine, raw_database, commands):
    await aio_engine.configure_database([])
    await aio_engine.configure_database([Customer])

    assert commands.names == []
    assert raw_database.list_collection_names() == []


async def test_models_come_in_any_iterable_and_in_order(aio_engine, commands):
    models = (
        _model([Index(name)], kind) for name, kind in ((Voyage.ship, "x"), (Voyage.code, "y"))
    )

    await aio_engine.configure_database(models)

    assert [event.command["createIndexes"] for event in commands.started] == ["x", "y"]


@pytest.mark.parametrize("models", [Voyage, None, 1])
async def test_what_is_no_iterable_is_refused(aio_engine, models):
    with pytest.raises(TypeError):
        await aio_engine.configure_database(models)


@pytest.mark.parametrize("value", [Address, Model, Customer(name="x"), "voyage", None])
async def test_only_models_are_configured(aio_engine, commands, value):
    with pytest.raises(TypeError, match="configure_database"):
        await aio_engine.configure_database([Voyage, value])

    assert commands.names == []


async def test_options_are_given_by_keyword(aio_engine):
    with pytest.raises(TypeError):
        await aio_engine.configure_database([Voyage], True)


async def test_other_indexes_are_left_alone(aio_engine, raw_database):
    raw_database["thing"].create_index("note")

    await aio_engine.configure_database(
        [_model([IndexModel([("a", 1)])])], update_existing_indexes=True
    )

    assert sorted(_indexes(raw_database)) == ["a_1", "note_1"]


CHANGES = {
    "unique to plain": (IndexModel("a", unique=True), IndexModel("a")),
    "plain to unique": (IndexModel("a"), IndexModel("a", unique=True)),
    "other lifetime": (
        IndexModel("at", expireAfterSeconds=60),
        IndexModel("at", expireAfterSeconds=3600),
    ),
    "same name, other keys": (IndexModel("a", name="n"), IndexModel("b", name="n")),
    "same name, other order": (
        IndexModel([("a", 1), ("b", 1)], name="n"),
        IndexModel([("a", 1), ("b", -1)], name="n"),
    ),
    "renamed": (IndexModel("a", name="old"), IndexModel("a", name="new")),
    "other text index": (
        IndexModel([("text", pymongo.TEXT)]),
        IndexModel([("text", pymongo.TEXT), ("note", pymongo.TEXT)]),
    ),
    "text index of the same name": (
        IndexModel([("text", pymongo.TEXT)], name="search"),
        IndexModel([("note", pymongo.TEXT)], name="search"),
    ),
}


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
@pytest.mark.each_driver
async def test_a_changed_index_is_replaced(aio_engine, raw_database, old, new):
    await aio_engine.configure_database([_model([old])])
    with pytest.raises(pymongo.errors.OperationFailure) as caught:
        await aio_engine.configure_database([_model([new])])
    assert caught.value.code in {85, 86}

    await aio_engine.configure_database([_model([new])], update_existing_indexes=True)

    assert list(_indexes(raw_database)) == [new.document["name"]]
    # Identical by now, so creating it without replacing works.
    await aio_engine.configure_database([_model([new])])


async def test_indexes_that_swapped_names_are_replaced(aio_engine, raw_database):
    await aio_engine.configure_database(
        [_model([IndexModel("a", name="x"), IndexModel("b", name="y")])]
    )

    await aio_engine.configure_database(
        [_model([IndexModel("a", name="y"), IndexModel("b", name="x")])],
        update_existing_indexes=True,
    )

    assert _indexes(raw_database) == {"y": ({"a": 1}, {}), "x": ({"b": 1}, {})}


async def test_an_index_with_another_collation_is_no_conflict(aio_engine, raw_database):
    raw_database["thing"].create_index("a", name="french", collation={"locale": "fr"})
    raw_database["thing"].create_index("a", name="old")

    await aio_engine.configure_database(
        [_model([IndexModel("a", name="new")])], update_existing_indexes=True
    )

    assert sorted(_indexes(raw_database)) == ["french", "new"]


@pytest.mark.parametrize(
    "old",
    [
        IndexModel("a", name="old"),
        IndexModel([("a", 1)], name="old", expireAfterSeconds=60, sparse=True),
        IndexModel("a", name="a_1"),
    ],
    ids=["renamed", "options", "same name"],
)
@pytest.mark.each_driver
async def test_an_index_that_cannot_be_replaced_is_put_back(aio_engine, raw_database, old):
    await aio_engine.configure_database([_model([old])])
    raw_database["thing"].insert_many([{"a": 1}, {"a": 1}])
    before = list(raw_database["thing"].list_indexes())

    with pytest.raises(pymongo.errors.DuplicateKeyError):
        await aio_engine.configure_database(
            [_model([IndexModel("a", unique=True)])], update_existing_indexes=True
        )

    assert list(raw_database["thing"].list_indexes()) == before


async def test_a_text_index_that_cannot_be_replaced_is_put_back(aio_engine, raw_database):
    old = IndexModel(
        [("text", pymongo.TEXT), ("a", 1)], weights={"text": 5}, default_language="french"
    )
    await aio_engine.configure_database([_model([old])])
    before = list(raw_database["thing"].list_indexes())
    wrong = IndexModel([("note", pymongo.TEXT)], default_language="no such language")

    with pytest.raises(pymongo.errors.OperationFailure):
        await aio_engine.configure_database([_model([wrong])], update_existing_indexes=True)

    assert list(raw_database["thing"].list_indexes()) == before


async def test_the_first_error_arrives_even_if_nothing_can_be_put_back(
    aio_engine, raw_database, fail_point
):
    await aio_engine.configure_database([_model([IndexModel("a", unique=True)])])

    with (
        fail_point("createIndexes", error_code=85),
        pytest.raises(pymongo.errors.OperationFailure) as caught,
    ):
        await aio_engine.configure_database(
            [_model([IndexModel("a")])], update_existing_indexes=True
        )

    assert caught.value.code == 85
    assert "failCommand" in str(caught.value)


async def test_a_conflict_with_nothing_that_exists_arrives(aio_engine, raw_database, fail_point):
    with (
        fail_point("createIndexes", error_code=86, times=1),
        pytest.raises(pymongo.errors.OperationFailure) as caught,
    ):
        await aio_engine.configure_database(
            [_model([IndexModel("a")])], update_existing_indexes=True
        )

    assert caught.value.code == 86


@pytest.mark.parametrize("update_existing", [False, True])
async def test_a_unique_index_over_duplicates_is_the_drivers_error(
    aio_engine, raw_database, update_existing
):
    raw_database["thing"].insert_many([{"a": 1}, {"a": 1}])
    model = _model([IndexModel("b"), IndexModel("a", unique=True), IndexModel("note")])

    with pytest.raises(pymongo.errors.DuplicateKeyError):
        await aio_engine.configure_database([model], update_existing_indexes=update_existing)

    # Those before the failing one stay, those behind it are not tried.
    assert list(_indexes(raw_database)) == ["b_1"]


@pytest.mark.parametrize("code", [13, 67])
@pytest.mark.each_driver
async def test_other_errors_arrive(aio_engine, raw_database, fail_point, code):
    with (
        fail_point("createIndexes", error_code=code),
        pytest.raises(pymongo.errors.OperationFailure) as caught,
    ):
        await aio_engine.configure_database([Voyage], update_existing_indexes=True)

    assert caught.value.code == code


async def test_a_unique_primary_key_needs_no_index(aio_engine, raw_database, commands):
    class Coded(Model):
        code: str = Field(primary_field=True, unique=True, index=True)

    await aio_engine.configure_database([Coded])

    assert commands.names == []


async def test_an_index_on_the_primary_key_makes_the_collection(aio_engine, raw_database, commands):
    class Coded(Model):
        code: str = Field(primary_field=True, index=True)

    await aio_engine.configure_database([Coded])
    await aio_engine.configure_database([Coded], update_existing_indexes=True)

    assert commands.names == ["createIndexes"] * 2
    assert raw_database.list_collection_names() == ["coded"]
    assert [index["name"] for index in raw_database["coded"].list_indexes()] == ["_id_"]


async def test_indexes_cannot_be_created_in_a_transaction_on_existing_data(aio_engine):
    await aio_engine.save(Customer(name="a"))
    model = _model([IndexModel("name")], "customer")

    with pytest.raises(pymongo.errors.OperationFailure):
        async with aio_engine.transaction() as transaction:
            await aio_engine.configure_database([model], session=transaction)


async def test_sessions_do_not_configure_databases(aio_engine):
    assert not hasattr(aio_engine.session(), "configure_database")
    assert not hasattr(aio_engine.transaction(), "configure_database")


@pytest.mark.each_driver
async def test_a_unique_index_is_enforced(aio_engine):
    from odmantic.exceptions import DuplicateKeyError

    class Coded(Model):
        code: str = Field(unique=True)

    await aio_engine.configure_database([Coded])
    await aio_engine.save(Coded(code="a"))

    with pytest.raises(DuplicateKeyError):
        await aio_engine.save(Coded(code="a"))
