from datetime import datetime

from odmantic import AIOEngine, Field, Model


class Post(Model):
    slug: str = Field(unique="live")
    deleted_at: datetime | None = None

    model_config = {"soft_delete": "deleted_at"}


async def main(engine: AIOEngine) -> None:
    post = Post(slug="hello")
    await engine.save(post)
    await engine.delete(post)
    print(post.deleted_at is not None, await engine.count(Post))
    # -> True 0
    print(await engine.count(Post, without="soft_delete"))
    # -> 1

    await engine.restore(post)
    print(post.deleted_at, await engine.count(Post))
    # -> None 1
    await engine.delete(post, hard=True)
