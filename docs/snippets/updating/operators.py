from datetime import datetime

from odmantic import AIOEngine, EmbeddedModel, F, Field, Model
from odmantic.path import each
from odmantic.query import desc
from odmantic.update import rename


# --8<-- [start:models]
class Goal(EmbeddedModel):
    minute: int
    by: str


class Player(Model):
    name: str
    nick: str | None = None
    points: int = Field(default=0, ge=0)
    best: float = 0
    flags: int = 0
    seen: datetime | None = None
    tags: list[str] = []
    goals: list[Goal] = []


# --8<-- [end:models]


async def main(engine: AIOEngine) -> None:
    ada = await engine.insert(
        Player(name="Ada", nick="A", flags=0b011, tags=["new", "new", "old"])
    )

    # --8<-- [start:values]
    await engine.update(
        ada,
        F(Player.name).set("Ada L."),
        F(Player.points).inc(5),
        F(Player.best).max(9.5),  # if it is more than what is there
        F(Player.flags).bit(and_=0b110),
        F(Player.seen).current_date(),  # the server's clock
        F(Player.nick).unset(),
    )
    print(ada.name, ada.points, ada.best, ada.flags, ada.nick)
    # -> Ada L. 5 9.5 2 None
    await engine.update(ada, F(Player.points).mul(3), F(Player.best).min(4))
    print(ada.points, ada.best)
    # -> 15 4.0
    # --8<-- [end:values]

    # --8<-- [start:lists]
    await engine.update(
        ada,
        F(Player.tags).pull("new"),  # all that are equal
        F(Player.goals).push(
            Goal(minute=9, by="Ada"),
            Goal(minute=80, by="Bo"),
            sort=desc(Goal.minute),
            slice=10,  # the first ten of them
        ),
    )
    print(ada.tags, [goal.minute for goal in ada.goals])
    # -> ['old'] [80, 9]
    await engine.update(
        ada,
        F(Player.tags).add_to_set("old", "young"),  # what is not there yet
        F(Player.goals).pull(F(Goal.by) == "Bo", F(Goal.minute) > 45),
    )
    print(ada.tags, [goal.minute for goal in ada.goals])
    # -> ['old', 'young'] [9]
    await engine.update(ada, F(Player.tags).pop(first=True))
    await engine.update(ada, F(Player.goals[each].minute).inc(1))
    print(ada.tags, [goal.minute for goal in ada.goals])
    # -> ['young'] [10]
    # --8<-- [end:lists]

    # --8<-- [start:keys]
    collection = engine.get_collection(Player)
    await collection.insert_one({"name": "Old", "alias": "O"})
    # a key that the model does not know any more
    await engine.update_many(Player, {}, rename("alias", Player.nick))
    old = await engine.find_one(Player, F(Player.nick) == "O")
    print(old and old.name)
    # -> Old
    # --8<-- [end:keys]

    # --8<-- [start:on_insert]
    for _ in range(2):
        await engine.update_one(
            Player,
            F(Player.name) == "Bo",
            F(Player.points).inc(1),
            F(Player.tags).set_on_insert(["guest"]),
            upsert=True,
        )
    bo = await engine.find_one(Player, F(Player.name) == "Bo")
    print(bo and (bo.points, bo.tags))
    # -> (2, ['guest'])
    # --8<-- [end:on_insert]
