from __future__ import annotations

from bson import DBRef

from odmantic import AIOEngine, Field, Model, Reference
from odmantic.query import eq, in_


# --8<-- [start:models]
class Post(Model):
    title: str = Field(primary_field=True)


class Photo(Model):
    url: str = Field(primary_field=True)


class Comment(Model):
    text: str
    about: Post | Photo = Reference(index=True)
    see: list[Post | Photo] = Reference()
    # --8<-- [end:models]


async def main(engine: AIOEngine) -> None:
    # --8<-- [start:filters]
    trees, oak = Post(title="Trees"), Photo(url="oak.png")
    comment = Comment(text="Nice", about=oak, see=[trees, oak])
    await engine.save(comment)  # the photo and the post first
    print(comment.model_dump_doc()["about"])
    # -> DBRef('photo', 'oak.png')

    found = await engine.find_one(Comment, eq(Comment.about, oak))
    others = await engine.find(Comment, in_(Comment.see, [DBRef("post", "Trees")]))
    # --8<-- [end:filters]
    assert found is not None
    match found.about:
        case Photo(url=url):
            print(url, found == comment, others == [comment])
            # -> oak.png True True
        case Post():
            print("a post")
