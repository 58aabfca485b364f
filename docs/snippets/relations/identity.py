from __future__ import annotations

from odmantic import AIOEngine, Field, Model, Reference


class User(Model):
    name: str = Field(primary_field=True)
    best_friend: User | None = Reference()


async def main(engine: AIOEngine) -> None:
    ada, bob = User(name="Ada"), User(name="Bob")
    ada.best_friend, bob.best_friend = bob, ada
    await engine.save(ada)

    # --8<-- [start:call]
    users = await engine.find(User, sort=User.name, identity=True)
    print(users[0].best_friend is users[1], users[1].best_friend is users[0])
    # -> True True
    # --8<-- [end:call]
