# Generated from examples/aio/rollback.py by tools/generate_sync.py: do not edit.
"""An exception in a transaction rolls it back, and propagates."""

from odmantic import SyncEngine

from models import User
from runner import run


def main(engine: SyncEngine) -> None:
    before = engine.count(User)
    user = User(name="Test User", email="test@example.com")

    try:
        with engine.transaction() as transaction:
            engine.save(user, session=transaction)
            raise ValueError("Simulated error")
    except ValueError as error:
        print(f"Caught: {error}")

    try:
        with engine.transaction() as transaction:
            for number in range(5):
                extra = User(name=f"User {number}", email=f"user{number}@example.com")
                engine.save(extra, session=transaction)
            raise RuntimeError("Batch operation failed")
    except RuntimeError as error:
        print(f"Caught: {error}")

    print(f"Users before and after: {before}, {engine.count(User)}")

    # The instance knows that it was never stored, so it can be saved now.
    engine.save(user)
    found = engine.find_one(User, User.id == user.id)
    assert found is not None
    print(f"Saved outside: {found.name}, {found.email}")


if __name__ == "__main__":
    run(main)
