from odmantic import AIOEngine, Model
from odmantic.query import raw


class User(Model):
    name: str
    settings: dict[str, str] = {}


async def main(engine: AIOEngine) -> None:
    # --8<-- [start:keys]
    def has_setting(key: str) -> bool:
        return User.settings[key] != "off"

    print(has_setting("theme"))
    # -> QueryExpression({'settings.theme': {'$ne': 'off'}})
    for key in ("theme.$where", "$set", ""):
        try:
            has_setting(key)
        except ValueError as error:
            print(str(error).split(":")[0])
    # -> User.settings['theme.$where']
    # -> User.settings['$set']
    # -> User.settings['']
    # --8<-- [end:keys]

    client, database = engine.client, engine.database_name
    # --8<-- [start:raw_queries]
    engine = AIOEngine(client, database, raw_queries="forbid")

    request = {"name": {"$ne": None}}  # what somebody has sent
    try:
        await engine.find(User, request)
    except TypeError as error:
        print(error)
    # -> this engine has raw_queries='forbid', and {'name': {'$ne': None}} is a plain dictionary: write conditions with fields, or raw({...}) if the program itself wrote it

    await engine.find(User, User.name == "Ann")
    await engine.find(User, raw({"$expr": {"$gt": [{"$strLenCP": "$name"}, 20]}}))
    # --8<-- [end:raw_queries]
