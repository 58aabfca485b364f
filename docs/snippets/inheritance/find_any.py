from odmantic import AIOEngine, Model
from odmantic.query import desc


class Post(Model):
    title: str
    day: int


class Photo(Model):
    title: str
    day: int
    width: int


async def main(engine: AIOEngine) -> None:
    await engine.save_all(
        [Post(title="Hello", day=1), Photo(title="Sea", day=2, width=800)]
    )
    await engine.save(Post(title="Bye", day=3))

    newest: list[Post | Photo] = await engine.find_any(
        [Post, Photo], sort=desc(Post.day), limit=2
    )
    print([(type(each).__name__, each.title) for each in newest])
    # -> [('Post', 'Bye'), ('Photo', 'Sea')]
