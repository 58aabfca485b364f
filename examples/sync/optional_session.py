# Generated from examples/aio/optional_session.py by tools/generate_sync.py: do not edit.
"""A function that uses its caller's session, or else its own."""

from odmantic import SyncEngine
from odmantic.session import SyncSession

from models import User
from runner import run


def nested_operations(engine: SyncEngine, session: SyncSession | None = None) -> None:
    user = User(name="Nested User", email="nested@example.com")
    if session:
        engine.save(user, session=session)
        print("Saved in the session that was given")
    else:
        with engine.session() as new_session:
            engine.save(user, session=new_session)
        print("Saved in a session of its own")


def main(engine: SyncEngine) -> None:
    before = engine.count(User)
    nested_operations(engine)
    with engine.session() as session:
        nested_operations(engine, session)
        nested_operations(engine, session)
        count = engine.count(User, session=session)
    print(f"{count - before} new users, {count} in total")


if __name__ == "__main__":
    run(main)
