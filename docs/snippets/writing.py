from odmantic import AIOEngine, Field, Model, Reference
from odmantic.exceptions import DocumentNotFoundError


class Port(Model):
    city: str


class Ship(Model):
    name: str = Field(unique=True)
    tonnage: int
    crew: list[str] = []
    home: Port = Reference()


async def main(engine: AIOEngine) -> None:
    # --8<-- [start:configure]
    await engine.configure_database([Port, Ship])
    await engine.configure_database([Port, Ship], update_existing_indexes=True)
    # --8<-- [end:configure]

    # --8<-- [start:save]
    oslo = Port(city="Oslo")
    # saves Oslo first
    vega = await engine.save(Ship(name="Vega", tonnage=4200, home=oslo))

    vega.tonnage = 4300
    await engine.save(vega)  # update_one({"_id": ...}, {"$set": {"tonnage": 4300}})

    vega.crew.append("Ada")
    await engine.save(vega)  # update_one({"_id": ...}, {"$set": {"crew": ["Ada"]}})

    await engine.save(vega)  # nothing has changed: nothing is sent
    # --8<-- [end:save]

    # --8<-- [start:concurrent]
    mine = await engine.find_one(Ship, Ship.name == "Vega")
    assert mine is not None
    theirs = await engine.find_one(Ship, Ship.name == "Vega")
    assert theirs is not None

    theirs.crew.append("Bo")
    await engine.save(theirs)

    mine.tonnage = 4400
    await engine.save(mine)  # leaves the crew alone

    stored = await engine.find_one(Ship, Ship.name == "Vega")
    assert stored is not None
    print(stored.tonnage, stored.crew)
    # -> 4400 ['Ada', 'Bo']
    # --8<-- [end:concurrent]

    # --8<-- [start:many]
    await engine.save_all(
        [
            Ship(name="Lyra", tonnage=900, home=oslo),
            Ship(name="Mira", tonnage=2600, home=oslo),
        ]
    )
    # --8<-- [end:many]

    # --8<-- [start:delete]
    await engine.delete(vega)  # this document
    try:
        await engine.delete(vega)
    except DocumentNotFoundError as error:
        print(error.instance is vega)
        # -> True

    removed = await engine.remove(Ship, Ship.tonnage < 1000)  # all that match
    print(removed)
    # -> 1
    removed = await engine.remove(Ship)  # without a condition: all documents
    # --8<-- [end:delete]
    assert removed == 1
    assert await engine.count(Port) == 1
