from odmantic import AIOEngine, Field, Model


class User(Model):
    email: str = Field(unique=True)
    name: str


async def main(engine: AIOEngine) -> None:
    await engine.configure_database([User])
    mail, name = "a@x.no", "Ada"

    await engine.insert(User(email=mail, name=name))

    # --8<-- [start:get]
    user, is_new = await engine.get_or_create(
        User, User.email == mail, User(email=mail, name="?")
    )
    print(user.name, is_new)
    # -> Ada False
    # --8<-- [end:get]
