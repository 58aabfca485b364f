from __future__ import annotations

from odmantic import AIOEngine, Field, Model, Reference, is_loaded


class Company(Model):
    name: str = Field(primary_field=True)


class User(Model):
    name: str = Field(primary_field=True)
    works_for: Company = Reference()


class Post(Model):
    title: str = Field(primary_field=True)
    author: User = Reference(load="never")


async def main(engine: AIOEngine) -> None:
    ada = User(name="Ada", works_for=Company(name="Engines"))
    await engine.save_all(
        [Post(title=title, author=ada) for title in ("Trees", "Birds")]
    )

    # --8<-- [start:load]
    posts = await engine.find(Post)
    await engine.load(posts, "author.works_for")  # two queries for all posts
    # --8<-- [end:load]
    print(is_loaded(posts[1].author), posts[1].author.works_for)
    # -> True name='Engines'
