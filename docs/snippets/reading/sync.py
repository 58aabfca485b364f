from odmantic import EmbeddedModel, Model, SyncEngine


class Address(EmbeddedModel):
    city: str


class User(Model):
    name: str
    tags: list[str] = []
    home: Address


def main(engine: SyncEngine) -> None:
    oslo, bergen = Address(city="Oslo"), Address(city="Bergen")
    ada = User(name="Ada", tags=["a", "b"], home=oslo)
    bo = User(name="Bo", tags=["b"], home=bergen)
    engine.save_all([ada, bo])

    # --8<-- [start:get]
    user = engine.get(User, ada.id)  # or its 24 hexadecimal digits
    print(user and user.name)
    # -> Ada
    # --8<-- [end:get]

    # --8<-- [start:get_many]
    unknown = User(name="?", home=oslo).id
    users = engine.get_many(User, [bo.id, unknown, ada.id])
    print([each and each.name for each in users])
    # -> ['Bo', None, 'Ada']
    # --8<-- [end:get_many]

    # --8<-- [start:exists]
    print(engine.exists(User, User.name == "Ada"))
    # -> True
    print(engine.count(User, User.name == "Ada"))
    # -> 1
    print(engine.estimated_count(User))  # from metadata: sends no query
    # -> 2
    # --8<-- [end:exists]

    # --8<-- [start:distinct]
    print(engine.distinct(User.home.city))
    # -> ['Bergen', 'Oslo']
    print(engine.distinct(User.tags, User.name == "Ada"))
    # -> ['a', 'b']
    # --8<-- [end:distinct]

    # --8<-- [start:options]
    found = engine.find_one(
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
    with engine.find(User, sort=User.name) as cursor:
        for each in cursor:
            print(each.name)
            # -> Ada
            break
    # --8<-- [end:closing]
