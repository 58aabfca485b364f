import re
from typing import Any

from odmantic import AIOEngine, EmbeddedModel, F, Model, Reference
from odmantic.path import each
from odmantic.query import and_, in_, key_of, match, nor_, or_


# --8<-- [start:models]
class Position(EmbeddedModel):
    latitude: float
    longitude: float


class Port(Model):
    city: str


class Ship(Model):
    name: str
    tonnage: int
    position: Position
    home: Port = Reference()
    track: list[Position] = []


# --8<-- [end:models]


async def main(engine: AIOEngine) -> None:
    oslo, kiel = Port(city="Oslo"), Port(city="Kiel")
    north = Position(latitude=70, longitude=10)
    south = Position(latitude=50, longitude=8)
    await engine.save_all(
        [
            Ship(name="Vega", tonnage=4200, position=north, home=oslo),
            Ship(name="Lyra", tonnage=900, position=south, home=oslo),
            Ship(
                name="Mira",
                tonnage=2600,
                position=south,
                home=kiel,
                track=[north, south],
            ),
        ]
    )

    # --8<-- [start:find]
    ships = await engine.find(Ship)  # a list
    vega = await engine.find_one(Ship, F(Ship.name) == "Vega")  # an instance, or None
    heavy = await engine.count(Ship, F(Ship.tonnage) > 1000)  # a number

    async for ship in engine.find(Ship, sort=Ship.name):  # one after the other
        print(ship.name)
        # -> Lyra
        # -> Mira
        # -> Vega
    # --8<-- [end:find]
    assert len(ships) == 3
    assert vega is not None
    assert heavy == 2

    # --8<-- [start:comparisons]
    print(F(Ship.tonnage) >= 1000)
    # -> QueryExpression({'tonnage': {'$gte': 1000}})
    print(F(Ship.name).in_(["Vega", "Lyra"]))
    # -> QueryExpression({'name': {'$in': ['Vega', 'Lyra']}})
    print(in_(Ship.name, ["Vega", "Lyra"]))  # the same as a function
    # -> QueryExpression({'name': {'$in': ['Vega', 'Lyra']}})
    print(F(Ship.name).match("^V"))
    # -> QueryExpression({'name': re.compile('^V')})
    # --8<-- [end:comparisons]
    assert match(Ship.name, "^V") == F(Ship.name).match(re.compile("^V"))

    # --8<-- [start:logic]
    large, not_mira = F(Ship.tonnage) > 1000, F(Ship.name) != "Mira"
    await engine.find(Ship, large, not_mira)  # both must hold
    await engine.find(Ship, large & not_mira)  # the same
    await engine.find(Ship, (F(Ship.name) == "Lyra") | (F(Ship.tonnage) > 4000))
    await engine.find(Ship, ~large, ~not_mira)  # neither
    # --8<-- [end:logic]
    assert (F(Ship.name) == "Lyra") | (F(Ship.tonnage) > 4000) == or_(
        Ship.name == "Lyra", Ship.tonnage > 4000
    )
    both = and_(Ship.tonnage > 1000, Ship.name != "Mira")
    assert await engine.count(Ship, both) == 1
    assert (
        await engine.count(Ship, nor_(Ship.name == "Lyra", Ship.tonnage > 4000)) == 1
    )

    # --8<-- [start:embedded]
    print(F(Ship.position.latitude) > 60)
    # -> QueryExpression({'position.latitude': {'$gt': 60}})
    northern = await engine.find(Ship, F(Ship.position.latitude) > 60)
    exactly = await engine.find(
        Ship, F(Ship.position) == Position(latitude=70, longitude=10)
    )
    # --8<-- [end:embedded]
    assert (
        [ship.name for ship in northern]
        == [ship.name for ship in exactly]
        == ["Vega"]
    )

    # --8<-- [start:references]
    at_home_in_oslo = await engine.find(Ship, F(Ship.home) == oslo)  # or == oslo.id
    print([ship.home.city for ship in at_home_in_oslo])  # read together with the ship
    # -> ['Oslo', 'Oslo']
    # --8<-- [end:references]

    # --8<-- [start:raw]
    await engine.find(Ship, {key_of(Ship.tonnage): {"$mod": [100, 0]}})
    been_north = await engine.find(
        Ship, {key_of(Ship.track[each].latitude): {"$gt": 60}}
    )
    # --8<-- [end:raw]
    assert [ship.name for ship in been_north] == ["Mira"]

    # --8<-- [start:sort]
    await engine.find(Ship, sort=Ship.name)  # ascending
    await engine.find(Ship, sort=F(Ship.tonnage).desc())
    # a tuple, in order
    await engine.find(Ship, sort=(F(Ship.tonnage).desc(), Ship.name))
    second_page = await engine.find(Ship, sort=Ship.name, skip=2, limit=2)
    # --8<-- [end:sort]
    assert [ship.name for ship in second_page] == ["Vega"]

    # --8<-- [start:cursors]
    cursor = engine.find(Ship, F(Ship.tonnage) > 1000)  # nothing is sent yet
    first_time = await cursor
    second_time = await cursor  # the same instances, without another query
    assert first_time[0] is second_time[0]
    # --8<-- [end:cursors]

    # --8<-- [start:aggregate]
    pipeline: list[dict[str, Any]] = [
        {"$match": F(Ship.tonnage) > 500},
        {
            "$group": {
                "_id": +key_of(Ship.home),
                "total": {"$sum": +key_of(Ship.tonnage)},
            }
        },
        {"$sort": {"total": -1}},
    ]
    # with PyMongo's client, aggregate itself is awaited
    groups = await engine.get_collection(Ship).aggregate(pipeline)
    totals = [group["total"] async for group in groups]
    print(totals)
    # -> [5100, 2600]
    # --8<-- [end:aggregate]

    # --8<-- [start:parse]
    sample = await engine.get_collection(Port).aggregate([{"$sample": {"size": 1}}])
    lucky = [Port.model_validate_doc(document) async for document in sample]
    # --8<-- [end:parse]
    assert lucky[0].city in {"Oslo", "Kiel"}
