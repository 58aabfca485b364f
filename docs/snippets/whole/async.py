from odmantic import AIOEngine, Field, Model
from odmantic.exceptions import (
    BulkWriteError,
    DocumentNotFoundError,
    DuplicateKeyError,
)


class User(Model):
    email: str = Field(unique=True)
    name: str


async def main(engine: AIOEngine) -> None:
    await engine.configure_database([User])

    # --8<-- [start:insert]
    ada = await engine.insert(User(email="ada@example.com", name="Ada"))
    try:
        await engine.insert(User(email="ada@example.com", name="Somebody else"))
    except DuplicateKeyError as error:
        print(error)
        # -> User with this email exists already
    # --8<-- [end:insert]

    # --8<-- [start:insert_many]
    users = [
        User(email="bo@example.com", name="Bo"),
        User(email="ada@example.com", name="Ada again"),
        User(email="cy@example.com", name="Cy"),
    ]
    try:
        await engine.insert_many(users, ordered=False)
    except BulkWriteError as error:
        print(error.result.inserted_count)
        # -> 2
        for failure in error.failures:
            print(failure.index, failure.error)
            # -> 1 User with this email exists already
    # --8<-- [end:insert_many]

    # --8<-- [start:replace]
    ada.name = "Ada L."
    await engine.replace(
        ada
    )  # the whole document: keys that User does not know are gone
    dee = User(email="dee@example.com", name="Dee")
    try:
        await engine.replace(dee)
    except DocumentNotFoundError as error:
        print(error.instance is dee)
        # -> True
    # --8<-- [end:replace]

    # --8<-- [start:refresh]
    ada.name = "Ada King"
    await engine.refresh(
        ada
    )  # reads the document; the name, which is not saved yet, stays
    print(ada.name)
    # -> Ada King
    await engine.refresh(
        ada, User.name, discard=True
    )  # this field, whatever has changed
    print(ada.name)
    # -> Ada L.
    # --8<-- [end:refresh]
