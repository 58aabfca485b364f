from odmantic import AIOEngine, Field, Model
from odmantic.exceptions import WriteConflictError
from odmantic.query import eq
from odmantic.session import AIOTransaction


# --8<-- [start:models]
class Ward(Model):
    name: str = Field(primary_field=True)
    version: int = 0


class Doctor(Model):
    name: str = Field(primary_field=True)
    on_call: bool = True
    # --8<-- [end:models]


# --8<-- [start:leave]
async def leave(transaction: AIOTransaction, name: str) -> None:
    if await transaction.count(Doctor, eq(Doctor.on_call, True)) < 2:
        raise ValueError("somebody has to stay")
    doctor = await transaction.find_one(Doctor, Doctor.name == name)
    assert doctor is not None
    doctor.on_call = False
    await transaction.save(doctor)
    # --8<-- [end:leave]


async def skewed(engine: AIOEngine) -> None:
    # --8<-- [start:skew]
    async with engine.transaction() as first, engine.transaction() as second:
        await leave(first, "Ada")
        await leave(second, "Bo")  # sees Ada on call, in its own snapshot
    print(await engine.count(Doctor, eq(Doctor.on_call, True)))
    # -> 0
    # --8<-- [end:skew]


# --8<-- [start:touch]
async def leave_in_turn(transaction: AIOTransaction, name: str) -> None:
    ward = await transaction.find_one(Ward, Ward.name == "north")
    assert ward is not None
    ward.version += 1  # every decision about this ward writes this document
    await transaction.save(ward)
    await leave(transaction, name)
    # --8<-- [end:touch]


async def in_turn(engine: AIOEngine) -> None:
    await engine.save_all([Ward(name="north"), Doctor(name="Ada"), Doctor(name="Bo")])
    # --8<-- [start:turn]
    try:
        async with engine.transaction() as first, engine.transaction() as second:
            await leave_in_turn(first, "Ada")
            await leave_in_turn(second, "Bo")
    except WriteConflictError as error:
        print(error.operation, error.collection, error.document_id)
        # -> save ward north
    # --8<-- [end:turn]
    assert await engine.count(Doctor, eq(Doctor.on_call, True)) == 2
    await engine.run_transaction(
        lambda transaction: leave_in_turn(transaction, "Ada")
    )
    try:
        await engine.run_transaction(
            lambda transaction: leave_in_turn(transaction, "Bo")
        )
    except ValueError as error:
        assert str(error) == "somebody has to stay"  # noqa: PT017
    assert await engine.count(Doctor, eq(Doctor.on_call, True)) == 1


async def main(engine: AIOEngine) -> None:
    await engine.save_all([Doctor(name="Ada"), Doctor(name="Bo")])
    await skewed(engine)
    await in_turn(engine)
