from pymongo.errors import OperationFailure

from odmantic import AIOEngine, Model
from odmantic.exceptions import DocumentTooLargeError


class Scan(Model):
    content: bytes


class Note(Model):
    text: str


async def sizes(engine: AIOEngine) -> None:
    # --8<-- [start:sizes]
    try:
        async with engine.transaction() as transaction:
            await transaction.save(Scan(content=bytes(17_000_000)))
    except DocumentTooLargeError as error:
        print(error.model.__name__, "is too large")
        # -> Scan is too large
    # --8<-- [end:sizes]


async def definitions(engine: AIOEngine) -> None:
    # --8<-- [start:definitions]
    try:
        async with engine.transaction() as transaction:
            session = transaction.get_driver_session()
            await engine.database.drop_collection(+Scan, session=session)
    except OperationFailure as error:
        print(error.code)  # OperationNotSupportedInTransaction
        # -> 263
    # --8<-- [end:definitions]
    assert await engine.count(Scan) == 1


async def both_create_a_collection(engine: AIOEngine) -> None:
    # --8<-- [start:create]
    try:
        async with engine.transaction() as second:
            async with engine.transaction() as first:
                await first.save(Note(text="creates the collection"))
                await second.save(Note(text="creates it as well"))
    except OperationFailure as error:  # at the commit
        print(error.code, error.has_error_label("TransientTransactionError"))
        # -> 112 True
    # --8<-- [end:create]
    assert [note.text for note in await engine.find(Note)] == [
        "creates the collection"
    ]


async def main(engine: AIOEngine) -> None:
    await engine.save(Scan(content=b"small"))
    await sizes(engine)
    await definitions(engine)
    await both_create_a_collection(engine)
