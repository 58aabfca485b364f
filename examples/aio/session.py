# The sync twin is written by hand: it makes the list itself.
"""Reads in a session see its earlier writes."""

from odmantic import AIOEngine

from models import User
from runner import run


async def main(engine: AIOEngine) -> None:
    async with engine.session() as session:
        user = User(name="John Doe", email="john@example.com")
        await engine.save(user, session=session)

        users = await engine.find(User, session=session)
        count = await engine.count(User, session=session)
        print(f"Users found: {len(users)}, counted: {count}")
        print(f"The last one is {users[-1].name}")

    print(f"The session is {'still open' if session.is_started else 'ended'}")


if __name__ == "__main__":
    run(main)
