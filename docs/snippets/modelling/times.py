from contextvars import ContextVar
from datetime import datetime

from odmantic import AIOEngine, Field, Model, current, utcnow

acting_user: ContextVar[str] = ContextVar("acting_user", default="nobody")


class Page(Model):
    text: str
    created: datetime | None = Field(on_insert=utcnow, frozen=True)
    updated: datetime | None = Field(on_update=utcnow)
    author: str = Field("unknown", on_update=current(acting_user))


async def main(engine: AIOEngine) -> None:
    acting_user.set("Ada")
    page = await engine.save(Page(text="first"))
    assert page.created == page.updated
    print(page.author)
    # -> Ada

    acting_user.set("Grace")
    page.text = "second"
    await engine.save(page)
    assert page.created is not None
    assert page.updated is not None
    assert page.created <= page.updated
    print(page.author)
    # -> Grace
