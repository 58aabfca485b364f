from bson import ObjectId

from odmantic import AIOEngine, Field, Model, Reference
from odmantic.exceptions import DocumentParsingError, DuplicateKeyError


# --8<-- [start:models]
class Port(Model):
    code: str = Field(unique=True)


class Ship(Model):
    name: str
    home: Port = Reference()
    # --8<-- [end:models]


async def main(engine: AIOEngine) -> None:
    # --8<-- [start:duplicate]
    await engine.configure_database([Port])
    await engine.save(Port(code="NOOSL"))
    try:
        await engine.save(Port(code="NOOSL"))
    except DuplicateKeyError as error:
        print(error.model.__name__)
        # -> Port
        print(error, error.fields, error.key_pattern)
        # -> Port with this code exists already ('code',) {'code': 1}
        print(error.driver_error.has_error_label("TransientTransactionError"))
        # -> False
    # --8<-- [end:duplicate]

    # --8<-- [start:parsing]
    key = ObjectId("5f85f36d6dfecacc68428a46")
    await engine.get_collection(Ship).insert_one({"_id": key, "home": ObjectId()})
    try:
        await engine.find_one(Ship)
    except DocumentParsingError as error:
        for problem in error.inner.errors(include_url=False):
            print(problem["loc"], problem["msg"])
            # -> ('name',) Key 'name' not found in document
            # -> ('home',) Referenced document not found for foreign key 'home'
        print(error.document_id == key, error.__notes__[0])
        # -> True odmantic: in the document of Ship with _id ObjectId('5f85f36d6dfecacc68428a46')
    # --8<-- [end:parsing]
