from __future__ import annotations

from odmantic import AIOEngine, Field, Model, Reference, is_missing
from odmantic.exceptions import DocumentParsingError


class User(Model):
    name: str = Field(primary_field=True)


class Post(Model):
    title: str = Field(primary_field=True)
    author: User = Reference(missing="keep")
    editor: User | None = Reference(missing="none")
    readers: list[User] = Reference(missing="drop")


async def main(engine: AIOEngine) -> None:
    ada, bob = User(name="Ada"), User(name="Bob")
    await engine.save(Post(title="Trees", author=ada, editor=ada, readers=[ada, bob]))
    await engine.delete(ada)

    post = await engine.find_one(Post)
    assert post is not None
    print(is_missing(post.author), post.author.name, post.editor, post.readers)
    # -> True Ada None [User(name='Bob')]

    post.author = bob
    await engine.save(post)  # sends the author, and leaves the stored readers alone
    document = await engine.get_collection(Post).find_one()
    assert document is not None
    print(document["readers"])
    # -> ['Ada', 'Bob']

    try:
        await engine.find_one(Post, missing="raise")
    except DocumentParsingError as error:
        print(error.__notes__[1])
        # -> odmantic: Post.editor refers to _id 'Ada', and there is no such document: store one, or give the key 'editor' of this one another value
