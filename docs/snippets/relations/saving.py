from __future__ import annotations

from odmantic import AIOEngine, Field, Model, Reference
from odmantic.exceptions import UnsavedReferenceError


class User(Model):
    name: str = Field(primary_field=True)
    posts: int = 0


class Post(Model):
    title: str = Field(primary_field=True)
    author: User = Reference()
    readers: list[User] = Reference(save="never")


async def main(engine: AIOEngine) -> None:
    ada, bob = User(name="Ada"), User(name="Bob")
    # --8<-- [start:call]
    try:
        await engine.save(Post(title="Trees", author=ada, readers=[bob]))
    except UnsavedReferenceError as error:
        print(error)
        # -> cannot save Post: its reference 'readers' leads to a User that was never saved, and is not saved with it: save that first
    await engine.save(bob)
    await engine.save(Post(title="Trees", author=ada, readers=[bob]))  # with Ada

    ada.posts = bob.posts = 1
    await engine.save(Post(title="Birds", author=ada, readers=[bob]), cascade=False)
    print(await engine.count(User, User.posts == 1))  # neither was saved
    # -> 0
    # --8<-- [end:call]
