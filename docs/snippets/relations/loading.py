from __future__ import annotations

from odmantic import AIOEngine, Field, Model, Reference, is_loaded
from odmantic.exceptions import NotLoadedError


class Company(Model):
    name: str = Field(primary_field=True)


class User(Model):
    name: str = Field(primary_field=True)
    works_for: Company = Reference()


class Post(Model):
    title: str = Field(primary_field=True)
    author: User = Reference()
    readers: list[User] = Reference()


async def main(engine: AIOEngine) -> None:
    ada = User(name="Ada", works_for=Company(name="Engines"))
    await engine.save(Post(title="Trees", author=ada, readers=[ada]))

    # --8<-- [start:call]
    everything = await engine.find(Post)
    nothing = await engine.find(Post, load=())
    authors = await engine.find(Post, load=[Post.author])
    companies = await engine.find(Post, load=["author.works_for", Post.readers])
    one_level = await engine.find(Post, load=["*"])
    # --8<-- [end:call]
    print(is_loaded(everything[0].readers[0].works_for))
    # -> True
    print(is_loaded(authors[0].author), is_loaded(authors[0].readers[0]))
    # -> True False
    print(
        is_loaded(companies[0].author.works_for), is_loaded(one_level[0].readers[0])
    )
    # -> True True

    # --8<-- [start:hollow]
    post = nothing[0]
    print(post.author)
    # -> name='Ada' <not loaded>
    print(post.author == ada, post.model_dump()["author"])
    # -> True {'name': 'Ada'}
    try:
        print(post.author.works_for)
    except NotLoadedError as error:
        print(error)
        # -> Post.author was not loaded: read with load=[Post.author] or await engine.load(post, Post.author)
    # --8<-- [end:hollow]
