"""A collection that is assigned after the class statement: every operation follows."""

from __future__ import annotations

import pytest
from tests.integration.aio.reading import to_list

from odmantic import Field, Model, Reference


@pytest.fixture
def models():
    """A model and one that refers to it, both of which move after their collections were used."""

    class Port(Model):
        name: str = Field(index=True)

    class Ship(Model):
        name: str
        port: Port = Reference()

    return Port, Ship


@pytest.mark.each_driver
async def test_every_operation_follows(aio_engine, raw_database, models):
    port_model, ship_model = models
    port = await aio_engine.save(port_model(name="Oslo"))
    await aio_engine.save(ship_model(name="Vega", port=port))
    port_model.__collection__, ship_model.__collection__ = "harbours", "vessels"

    bergen = port_model(name="Bergen")
    await aio_engine.save(ship_model(name="Lyra", port=bergen))
    await aio_engine.save_all([ship_model(name=str(n), port=bergen) for n in range(3)])

    assert raw_database["port"].count_documents({}) == raw_database["ship"].count_documents({}) == 1
    assert raw_database["harbours"].count_documents({}) == 1
    assert raw_database["vessels"].count_documents({}) == 4
    assert await aio_engine.count(ship_model) == 4
    assert len(await to_list(aio_engine.find(ship_model))) == 4
    one = await aio_engine.find_one(ship_model, ship_model.name == "Lyra")
    assert one.port == bergen
    await aio_engine.delete(one)
    assert await aio_engine.remove(ship_model) == 3
    assert raw_database["ship"].count_documents({}) == 1
    assert aio_engine.get_collection(port_model).name == "harbours"


async def test_transactions_and_indexes_follow(aio_engine, raw_database, models):
    port_model, _ = models
    await aio_engine.configure_database([port_model])
    port_model.__collection__ = "harbours"

    await aio_engine.configure_database([port_model])
    async with aio_engine.transaction() as transaction:
        await transaction.save(port_model(name="Oslo"))
        assert await transaction.find_one(port_model, port_model.name == "Oslo") is not None

    assert raw_database["port"].count_documents({}) == 0
    assert raw_database["harbours"].count_documents({}) == 1
    assert "name_1" in raw_database["harbours"].index_information()
