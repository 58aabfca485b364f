from odmantic import AIOEngine, Model


class Ship(Model):
    name: str
    tonnage: int


pipeline = [{"$group": {"_id": None, "total": {"$sum": ++Ship.tonnage}}}]


async def main(engine: AIOEngine) -> None:
    await engine.save_all(
        [Ship(name="Vega", tonnage=4200), Ship(name="Lyra", tonnage=900)]
    )
    # --8<-- [start:aggregate]
    # PyMongo: aggregate is awaited
    cursor = await engine.get_collection(Ship).aggregate(pipeline)
    groups = await cursor.to_list()
    # --8<-- [end:aggregate]
    print(groups[0]["total"])
    # -> 5100
    # --8<-- [start:session]
    async with engine.client.start_session() as session:  # PyMongo: not awaited
        async with await session.start_transaction():  # PyMongo: awaited
            await engine.save(Ship(name="Mira", tonnage=2600), session=session)
    # --8<-- [end:session]
    print(await engine.count(Ship))
    # -> 3
