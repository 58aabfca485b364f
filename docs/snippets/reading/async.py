from odmantic import AIOEngine, EmbeddedModel, Model


class Address(EmbeddedModel):
    city: str


class User(Model):
    name: str
    tags: list[str] = []
    home: Address


async def main(engine: AIOEngine) -> None:
    oslo, bergen = Address(city="Oslo"), Address(city="Bergen")
    ada = User(name="Ada", tags=["a", "b"], home=oslo)
    bo = User(name="Bo", tags=["b"], home=bergen)
    await engine.save_all([ada, bo])

    # --8<-- [start:get]
    user = await engine.get(User, ada.id)  # or its 24 hexadecimal digits
    print(user and user.name)
    # -> Ada
    # --8<-- [end:get]

    # --8<-- [start:get_many]
    unknown = User(name="?", home=oslo).id
    users = await engine.get_many(User, [bo.id, unknown, ada.id])
    print([each and each.name for each in users])
    # -> ['Bo', None, 'Ada']
    # --8<-- [end:get_many]

    # --8<-- [start:exists]
    print(await engine.exists(User, User.name == "Ada"))
    # -> True
    print(await engine.count(User, User.name == "Ada"))
    # -> 1
    print(await engine.estimated_count(User))  # from metadata: sends no query
    # -> 2
    # --8<-- [end:exists]

    # --8<-- [start:distinct]
    print(await engine.distinct(User.home.city))
    # -> ['Bergen', 'Oslo']
    print(await engine.distinct(User.tags, User.name == "Ada"))
    # -> ['a', 'b']
    # --8<-- [end:distinct]

    # --8<-- [start:options]
    found = await engine.find_one(
        User,
        User.name == "ADA",
        collation={"locale": "en", "strength": 2},  # ignores case
        max_time_ms=500,
        comment="login",
    )
    print(found and found.name)
    # -> Ada
    # --8<-- [end:options]

    # --8<-- [start:closing]
    async with engine.find(User, sort=User.name) as cursor:
        async for each in cursor:
            print(each.name)
            # -> Ada
            break
    # --8<-- [end:closing]
