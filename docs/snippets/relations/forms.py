from __future__ import annotations

from odmantic import AIOEngine, EmbeddedModel, Field, Model, Reference
from odmantic.query import eq


class User(Model):
    name: str = Field(primary_field=True)


class Comment(EmbeddedModel):
    text: str
    by: User = Reference()
    replies: list[Comment] = []


class Post(Model):
    title: str = Field(primary_field=True)
    author: User = Reference(index=True)
    editor: User | None = Reference()
    readers: list[User] = Reference()
    roles: dict[str, User] = Reference()
    after: Post | None = Reference(load="never")
    comments: list[Comment] = []


async def main(engine: AIOEngine) -> None:
    ada, bob = User(name="Ada"), User(name="Bob")
    post = Post(
        title="Trees",
        author=ada,
        readers=[ada, bob],
        roles={"proof": bob},
        comments=[Comment(text="Nice", by=bob)],
    )
    await engine.save(post)  # Ada and Bob first, each once
    print(post.model_dump_doc()["readers"], post.model_dump_doc()["comments"])
    # -> ['Ada', 'Bob'] [{'text': 'Nice', 'by': 'Bob', 'replies': []}]

    found = await engine.find_one(Post, eq(Post.readers, bob))
    assert found is not None
    print(found.editor, found.comments[0].by.name, found == post)
    # -> None Bob True
