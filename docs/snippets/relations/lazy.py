from __future__ import annotations

import asyncio

from odmantic import AIOEngine, Field, Model, Ref
from odmantic.exceptions import NotLoadedError


# --8<-- [start:class]
class Site(Model):
    name: str = Field(primary_field=True)
    visits: int = 0


class Post(Model):
    title: str = Field(primary_field=True)
    source: Ref[Site]
    likers: list[Ref[Site]] = []
    # --8<-- [end:class]


async def main(engine: AIOEngine) -> None:
    # --8<-- [start:make]
    trees = Post(title="Trees", source=Ref(Site(name="wood.example")))
    await engine.save(trees)
    seas = Post(title="Seas", source=Ref.to(Site, "wood.example"))
    await engine.save(seas)
    # --8<-- [end:make]

    # --8<-- [start:fetch]
    post = await engine.find_one(Post, Post.source == seas.source)
    assert post is not None
    print(post.source, post.source.key)
    # -> <Ref to Site 'wood.example', not loaded> wood.example
    try:
        print(post.source.value)
    except NotLoadedError as error:
        print(error)
        # -> Post.source was not loaded: read with load=[Post.source], await ref.fetch(engine) or await engine.load(post, Post.source)
    site = await post.source.fetch(engine)
    print(site.visits, post.source.value is site)
    # -> 0 True
    # --8<-- [end:fetch]

    # --8<-- [start:many]
    posts = await engine.find(Post, load=[Post.source])
    print({each.source.value.name for each in posts})
    # -> {'wood.example'}
    posts = await engine.find(Post)
    await engine.load(posts, Post.source)
    posts = await engine.find(Post)
    sites = await asyncio.gather(*(each.source.fetch(engine) for each in posts))
    # --8<-- [end:many]
    print(len(sites))
    # -> 2
