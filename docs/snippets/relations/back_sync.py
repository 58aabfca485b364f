from __future__ import annotations

from typing import ClassVar

from odmantic import BackReference, Field, Model, Reference, SyncEngine


class User(Model):
    name: str = Field(primary_field=True)
    posts: ClassVar["BackReference[Post]"] = BackReference("Post", "author")


class Post(Model):
    title: str = Field(primary_field=True)
    author: User = Reference(index=True)


def main(engine: SyncEngine) -> None:
    ada = User(name="Ada")
    engine.save_all([Post(title=title, author=ada) for title in ("Trees", "Birds")])

    # --8<-- [start:fetch]
    with engine.transaction() as transaction:
        transaction.save(Post(title="Seas", author=ada))
        number = ada.posts.count(transaction)
    posts = ada.posts.fetch(engine, limit=2)
    # --8<-- [end:fetch]
    print(number, [post.title for post in posts])
    # -> 3 ['Birds', 'Seas']
