"""Reads in a session see its earlier writes."""

from odmantic import SyncEngine

from models import User
from runner import run


def main(engine: SyncEngine) -> None:
    with engine.session() as session:
        user = User(name="John Doe", email="john@example.com")
        engine.save(user, session=session)

        users = list(engine.find(User, session=session))
        count = engine.count(User, session=session)
        print(f"Users found: {len(users)}, counted: {count}")
        print(f"The last one is {users[-1].name}")

    print(f"The session is {'still open' if session.is_started else 'ended'}")


if __name__ == "__main__":
    run(main)
