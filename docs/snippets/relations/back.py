from __future__ import annotations

from typing import ClassVar

from odmantic import (
    AIOEngine,
    BackReference,
    EmbeddedModel,
    Field,
    Load,
    Model,
    Reference,
)
from odmantic.query import desc


# --8<-- [start:declare]
class User(Model):
    name: str = Field(primary_field=True)
    posts: ClassVar["BackReference[Post]"] = BackReference("Post", "author")
    comments: ClassVar["BackReference[Post]"] = BackReference("Post", "comments.by")


class Comment(EmbeddedModel):
    by: User = Reference()


class Post(Model):
    title: str = Field(primary_field=True)
    likes: int = 0
    author: User = Reference(index=True)
    comments: list[Comment] = []


# --8<-- [end:declare]


async def main(engine: AIOEngine) -> None:
    ada = User(name="Ada")
    await engine.save_all(
        [
            Post(title="Trees", author=ada, likes=5),
            Post(title="Birds", author=ada, comments=[Comment(by=ada)]),
        ]
    )

    # --8<-- [start:load]
    users = await engine.find(User, load=[User.posts, "comments.author"])
    best = Load(User.posts, Post.likes > 3, sort=desc(Post.likes), limit=3)
    await engine.load(users, best)
    print([post.title for post in users[0].posts.value])
    # -> ['Trees']
    # --8<-- [end:load]
    print(ada.posts.is_loaded, [post.author for post in users[0].comments.value])
    # -> False [User(name='Ada')]

    # --8<-- [start:fetch]
    posts = await ada.posts.fetch(engine, Post.likes > 3, limit=10)
    newest = await ada.posts.fetch(engine, sort=desc(Post.title))
    number = await ada.comments.count(engine)
    titles = await engine.find(Post, ada.posts.query, sort=Post.title, load=())
    # --8<-- [end:fetch]
    print([post.title for post in posts], [post.title for post in newest], number)
    # -> ['Trees'] ['Trees', 'Birds'] 1
    print([post.title for post in titles])
    # -> ['Birds', 'Trees']
