"""Models with a common abstract base: each has a collection of its own, with everything that it inherits."""

from __future__ import annotations

import pytest
from tests.integration.aio.reading import to_list

from odmantic import Field, Index, Model


class Stamped(Model, inheritance="abstract"):
    created: int = Field(0, key_name="c")
    serial: int = Field(unique=True)

    model_config = {"indexes": lambda: [Index(Stamped.created, name="by_created")]}


class Ship(Stamped):
    name: str


class Port(Stamped):
    city: str


async def test_documents_and_indexes_of_each_model(aio_engine, raw_database):
    await aio_engine.configure_database([Ship, Port])
    ship = await aio_engine.save(Ship(name="Vega", serial=1, created=3))
    await aio_engine.save_all([Port(city="Oslo", serial=n) for n in range(3)])

    ship.created = 4
    await aio_engine.save(ship)

    assert raw_database["ship"].find_one() == {"_id": ship.id, "name": "Vega", "serial": 1, "c": 4}
    for name in ("ship", "port"):
        keys = {tuple(one["key"]) for one in raw_database[name].list_indexes()}
        assert keys == {("_id",), ("serial",), ("c",)}
    assert await aio_engine.find_one(Ship, Stamped.created == 4) == ship
    ports = await to_list(aio_engine.find(Port, Port.serial > 0, sort=Port.serial.desc()))
    assert [type(port) for port in ports] == [Port, Port]
    assert [port.serial for port in ports] == [2, 1]


async def test_an_abstract_model_has_no_documents(aio_engine):
    with pytest.raises(TypeError, match="the class Stamped, which is abstract"):
        await aio_engine.find_one(Stamped)
    with pytest.raises(TypeError, match="Stamped, which is abstract"):
        await aio_engine.configure_database([Stamped])
