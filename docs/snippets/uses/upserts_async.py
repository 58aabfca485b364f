from datetime import datetime

from odmantic import AIOEngine, Field, Model
from odmantic.update import current_date


class User(Model):
    email: str = Field(unique=True)
    name: str
    seen: datetime | None = None


async def main(engine: AIOEngine) -> None:
    await engine.configure_database([User])
    mail, name = "a@x.no", "Ada"

    # --8<-- [start:upsert]
    new = User(email=mail, name=name)
    for _ in range(2):
        result = await engine.update_one(
            User, User.email == mail, current_date(User.seen), upsert=new
        )
        print("updated" if result.matched_count else "inserted")
        # -> inserted
        # -> updated
    # --8<-- [end:upsert]
