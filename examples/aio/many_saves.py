"""Several operations in one session."""

from odmantic import AIOEngine

from models import User
from runner import run


async def main(engine: AIOEngine) -> None:
    async with engine.session() as session:
        before = await engine.count(User, session=session)
        try:
            for number in range(10):
                user = User(name=f"User {number}", email=f"user{number}@example.com")
                await engine.save(user, session=session)

            count = await engine.count(User, session=session)
            print(f"{count - before} new users, {count} in total")
        except Exception as error:
            print(f"Error in session: {error!r}")
            raise


if __name__ == "__main__":
    run(main)
