# Generated from examples/aio/transaction.py by tools/generate_sync.py: do not edit.
"""A user and their first order: both are stored, or neither."""

from odmantic import SyncEngine

from models import Order, User
from runner import run


def main(engine: SyncEngine) -> None:
    try:
        with engine.transaction() as transaction:
            user = User(name="Alice", email="alice@example.com")
            engine.save(user, session=transaction)

            order = Order(user_id=user.id, total=100.0)
            engine.save(order, session=transaction)

            # `User` has no such field: it is ignored and not stored.
            user.model_update(total_orders=1)
            engine.save(user, session=transaction)
            # The end of the block commits.
        print("Transaction completed successfully")
    except Exception as error:
        print(f"Transaction failed: {error!r}")
        raise

    stored = engine.find_one(Order, Order.user_id == user.id)
    assert stored is not None
    print(f"{user.name}'s order of {stored.total:.2f} is stored")


if __name__ == "__main__":
    run(main)
