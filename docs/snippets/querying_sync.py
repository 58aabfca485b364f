from odmantic import F, Model, SyncEngine


class Ship(Model):
    name: str
    tonnage: int


def main(engine: SyncEngine) -> None:
    engine.save(Ship(name="Vega", tonnage=4200))
    # --8<-- [start:find]
    ships = list(engine.find(Ship))
    vega = engine.find_one(Ship, F(Ship.name) == "Vega")
    heavy = engine.count(Ship, F(Ship.tonnage) > 1000)

    for ship in engine.find(Ship, sort=Ship.name):
        print(ship.name)
        # -> Vega
    # --8<-- [end:find]
    assert ships == [vega]
    assert heavy == 1

    # --8<-- [start:aggregate]
    pipeline = [{"$group": {"_id": None, "total": {"$sum": ++Ship.tonnage}}}]
    totals = [
        group["total"] for group in engine.get_collection(Ship).aggregate(pipeline)
    ]
    print(totals)
    # -> [4200]
    # --8<-- [end:aggregate]
