from odmantic import Field, Model, SyncEngine


class User(Model):
    email: str = Field(unique=True)
    name: str


def main(engine: SyncEngine) -> None:
    engine.configure_database([User])
    mail, name = "a@x.no", "Ada"

    engine.insert(User(email=mail, name=name))

    # --8<-- [start:get]
    user, is_new = engine.get_or_create(
        User, User.email == mail, User(email=mail, name="?")
    )
    print(user.name, is_new)
    # -> Ada False
    # --8<-- [end:get]
