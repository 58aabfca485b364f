"""An exception in a transaction rolls it back, and propagates."""

from odmantic import AIOEngine

from models import User
from runner import run


async def main(engine: AIOEngine) -> None:
    before = await engine.count(User)
    user = User(name="Test User", email="test@example.com")

    try:
        async with engine.transaction() as transaction:
            await engine.save(user, session=transaction)
            raise ValueError("Simulated error")
    except ValueError as error:
        print(f"Caught: {error}")

    try:
        async with engine.transaction() as transaction:
            for number in range(5):
                extra = User(name=f"User {number}", email=f"user{number}@example.com")
                await engine.save(extra, session=transaction)
            raise RuntimeError("Batch operation failed")
    except RuntimeError as error:
        print(f"Caught: {error}")

    print(f"Users before and after: {before}, {await engine.count(User)}")

    # The instance knows that it was never stored, so it can be saved now.
    await engine.save(user)
    found = await engine.find_one(User, User.id == user.id)
    assert found is not None
    print(f"Saved outside: {found.name}, {found.email}")


if __name__ == "__main__":
    run(main)
