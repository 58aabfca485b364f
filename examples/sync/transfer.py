# Generated from examples/aio/transfer.py by tools/generate_sync.py: do not edit.
"""Money moves atomically, even if many transfers run at the same time."""

from datetime import datetime, timezone
from functools import partial

from odmantic import ObjectId, SyncEngine
from pymongo.errors import PyMongoError

from models import Account, Transaction
from runner import at_once, run


def transfer(engine: SyncEngine, from_user: ObjectId, to_user: ObjectId, amount: float) -> None:
    with engine.transaction() as txn:
        from_account = engine.find_one(Account, Account.user_id == from_user, session=txn)
        if not from_account or from_account.balance < amount:
            raise ValueError("Insufficient funds")

        to_account = engine.find_one(Account, Account.user_id == to_user, session=txn)
        if not to_account:
            raise ValueError("Destination account not found")

        from_account.model_update(balance=from_account.balance - amount)
        to_account.model_update(balance=to_account.balance + amount)
        engine.save(from_account, session=txn)
        engine.save(to_account, session=txn)

        record = Transaction(
            from_account=from_account.id,
            to_account=to_account.id,
            amount=amount,
            # Stored in UTC, as `datetime.utcnow()` is, which Python 3.12 deprecates.
            timestamp=datetime.now(timezone.utc),
        )
        engine.save(record, session=txn)


def main(engine: SyncEngine) -> None:
    ada, alan = Account(user_id=ObjectId(), balance=500), Account(user_id=ObjectId(), balance=100)
    engine.save_all([ada, alan])

    def show(event: str) -> None:
        stored = [engine.find_one(Account, Account.id == account.id) for account in (ada, alan)]
        balances = [account.balance for account in stored if account is not None]
        print(f"{event}: {balances[0]:.2f} + {balances[1]:.2f} = {sum(balances):.2f}")

    show("Before")
    transfer(engine, ada.user_id, alan.user_id, 200)
    show("After a transfer of 200")

    for source, target, amount in (
        (ada.user_id, alan.user_id, 1000),
        (ada.user_id, ObjectId(), 10),
    ):
        try:
            transfer(engine, source, target, amount)
        except ValueError as error:
            show(f"{error}, so nothing has changed")

    results = at_once([partial(transfer, engine, ada.user_id, alan.user_id, 10)] * 5)
    # A write conflict with another transaction: this one fails, and can be retried.
    conflicts = [
        error
        for error in results
        if isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")
    ]
    done = results.count(None)
    show(f"After {done} of 5 simultaneous transfers of 10, {len(conflicts)} write conflicts")


if __name__ == "__main__":
    run(main)
