from __future__ import annotations

from odmantic import Field, Model, Ref, SyncEngine


class Site(Model):
    name: str = Field(primary_field=True)
    visits: int = 0


class Post(Model):
    title: str = Field(primary_field=True)
    source: Ref[Site]


def main(engine: SyncEngine) -> None:
    engine.save(Post(title="Trees", source=Ref(Site(name="wood.example"))))

    # --8<-- [start:fetch]
    post = engine.find_one(Post)
    assert post is not None
    with engine.transaction() as transaction:
        site = post.source.fetch(transaction)
        site.visits += 1
        transaction.save(site)
    # --8<-- [end:fetch]
    print(Ref.to(Site, "wood.example").fetch(engine).visits)
    # -> 1
