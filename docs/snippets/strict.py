# --8<-- [start:strict]
from odmantic import F, Model
from odmantic.strict import AIOEngine, AIOTransaction, Index


class Visitor(Model):
    name: str
    visits: int

    model_config = {
        "indexes": lambda: [Index(F(Visitor.name), F(Visitor.visits).desc())]
    }


async def forget_rare_ones(transaction: AIOTransaction) -> int:
    return await transaction.delete_many(Visitor, F(Visitor.visits) < 2)


async def main(engine: AIOEngine) -> None:
    await engine.insert_many(
        [Visitor(name="Ada", visits=9), Visitor(name="Bob", visits=1)]
    )

    print(await engine.run_transaction(forget_rare_ones))
    # -> 1
    left = await engine.find(
        Visitor, F(Visitor.visits) > 1, sort=F(Visitor.name).asc()
    )
    print([each.name for each in left])
    # -> ['Ada']
    # --8<-- [end:strict]
