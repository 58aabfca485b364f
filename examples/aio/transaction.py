"""A user and their first order: both are stored, or neither."""

from odmantic import AIOEngine

from models import Order, User
from runner import run


async def main(engine: AIOEngine) -> None:
    try:
        async with engine.transaction() as transaction:
            user = User(name="Alice", email="alice@example.com")
            await engine.save(user, session=transaction)

            order = Order(user_id=user.id, total=100.0)
            await engine.save(order, session=transaction)

            # `User` has no such field: it is ignored and not stored.
            user.model_update(total_orders=1)
            await engine.save(user, session=transaction)
            # The end of the block commits.
        print("Transaction completed successfully")
    except Exception as error:
        print(f"Transaction failed: {error!r}")
        raise

    stored = await engine.find_one(Order, Order.user_id == user.id)
    assert stored is not None
    print(f"{user.name}'s order of {stored.total:.2f} is stored")


if __name__ == "__main__":
    run(main)
