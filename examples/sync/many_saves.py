# Generated from examples/aio/many_saves.py by tools/generate_sync.py: do not edit.
"""Several operations in one session."""

from odmantic import SyncEngine

from models import User
from runner import run


def main(engine: SyncEngine) -> None:
    with engine.session() as session:
        before = engine.count(User, session=session)
        try:
            for number in range(10):
                user = User(name=f"User {number}", email=f"user{number}@example.com")
                engine.save(user, session=session)

            count = engine.count(User, session=session)
            print(f"{count - before} new users, {count} in total")
        except Exception as error:
            print(f"Error in session: {error!r}")
            raise


if __name__ == "__main__":
    run(main)
