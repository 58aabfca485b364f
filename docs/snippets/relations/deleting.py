from __future__ import annotations

from odmantic import AIOEngine, EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import ReferencedError
from odmantic.session import AIOTransaction


# --8<-- [start:models]
class User(Model):
    name: str = Field(primary_field=True)
    posts: int = 0


class Comment(EmbeddedModel):
    by: User = Reference(on_delete="pull_element")
    text: str


class Post(Model):
    title: str = Field(primary_field=True)
    author: User = Reference(on_delete="cascade", index=True)
    editor: User | None = Reference(on_delete="nullify", index=True)
    readers: list[User] = Reference(on_delete="pull", index=True)
    comments: list[Comment] = []


class Invoice(Model):
    number: int = Field(primary_field=True)
    payer: User = Reference(on_delete="deny", index=True)
    # --8<-- [end:models]


async def main(engine: AIOEngine) -> None:
    # --8<-- [start:call]
    ada, bob, cy = User(name="Ada"), User(name="Bob"), User(name="Cy")
    birds = Post(
        title="Birds",
        author=bob,
        editor=ada,
        readers=[ada, cy],
        comments=[Comment(by=ada, text="Good")],
    )
    await engine.save_all(
        [Post(title="Trees", author=ada), birds, Invoice(number=1, payer=cy)]
    )

    await engine.delete(ada)
    print(
        [
            (post.title, post.editor, len(post.readers), post.comments)
            async for post in engine.find(Post)
        ]
    )
    # -> [('Birds', None, 1, [])]
    try:
        await engine.delete(cy)
    except ReferencedError as error:
        print(error.model.__name__, error.field, error.ids, error.holders)
        # -> Invoice payer ['Cy'] [1]
    # --8<-- [end:call]

    # --8<-- [start:guard]
    async def publish(transaction: AIOTransaction) -> None:
        author = await transaction.find_one(User, User.name == "Bob")
        if author is None:
            raise LookupError("Bob was deleted")
        author.posts += (
            1  # a write that a deletion of Bob at the same time conflicts with
        )
        await transaction.save(Post(title="Stones", author=author))

    await engine.run_transaction(publish)
    # --8<-- [end:guard]
    print(await engine.count(Post, Post.author == bob))
    # -> 2
