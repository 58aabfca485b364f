# Generated from examples/aio/configuration.py by tools/generate_sync.py: do not edit.
"""What sessions and transactions inherit from the client, and what they do not."""

from odmantic import F, SyncEngine

from models import User
from runner import run


def main(engine: SyncEngine) -> None:
    with engine.session() as session:
        driver_session = session.get_driver_session()
        print(f"Causally consistent: {driver_session.options.causal_consistency}")
    print(f"Ended with its block: {driver_session.has_ended}")

    # The driver's own session object works in the driver's own calls.
    with engine.transaction() as transaction:
        user = transaction.save(User(name="Grace", email="grace@example.com"))
        driver_session = transaction.get_driver_session()
        print(f"In a transaction: {driver_session.in_transaction}")
        document = engine.get_collection(User).find_one(
            F(User.id) == user.id, session=driver_session
        )
        assert document is not None
        print(f"The driver sees in it: {document['name']}")
    print(f"In a transaction: {transaction.is_started}")

    # Transactions read from the primary and wait for a majority, whatever the client prefers.
    print(f"Committed: {engine.count(User, User.id == user.id)} document")


if __name__ == "__main__":
    run(main)
