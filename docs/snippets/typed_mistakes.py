from odmantic import F, Field, Model
from odmantic.strict import AIOEngine


class User(Model):
    name: str
    age: int = Field(default=0, ge=0)
    tags: list[str] = []


def fields() -> None:
    # --8<-- [start:fields]
    F(User.age) >= "18"  # error: an int
    F(User.name).in_("Ada")  # error: a list of names
    F(User.name).inc(1)  # error: text has no inc
    F(User.tags).push(5)  # error: a list of text
    F(User.age).unset()  # error: the model needs it
    # --8<-- [end:fields]


async def engines(engine: AIOEngine) -> None:
    # --8<-- [start:engines]
    await engine.find(User, User.age > 3)  # error: F(User.age) > 3
    await engine.find(User, User.age > 3 and User.age < 9)  # error: two conditions
    await engine.find(User, F(User.age) > 3, sort="age")  # error: F(User.age)
    await engine.delete_many(User, True)  # error: no condition
    # --8<-- [end:engines]
