from odmantic import Field, Model, SyncEngine
from odmantic.session import SyncTransaction


class Stock(Model):
    item: str = Field(unique=True)
    left: int = 0


class Order(Model):
    item: str


def place(engine: SyncEngine) -> int:
    # --8<-- [start:run]
    def place_order(transaction: SyncTransaction) -> int:
        stock = transaction.find_one(Stock, Stock.item == "tea")
        if stock is None or stock.left == 0:
            raise LookupError("sold out")  # rolls back, and is not retried
        stock.left -= 1
        transaction.save_all([stock, Order(item="tea")])
        return stock.left

    return engine.run_transaction(place_order)
    # --8<-- [end:run]


def main(engine: SyncEngine) -> None:
    engine.configure_database([Stock])
    engine.database.create_collection(+Order)
    engine.save(Stock(item="tea", left=10))
    assert place(engine) == 9
