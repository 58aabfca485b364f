"""A function that uses its caller's session, or else its own."""

from odmantic import AIOEngine
from odmantic.session import AIOSession

from models import User
from runner import run


async def nested_operations(engine: AIOEngine, session: AIOSession | None = None) -> None:
    user = User(name="Nested User", email="nested@example.com")
    if session:
        await engine.save(user, session=session)
        print("Saved in the session that was given")
    else:
        async with engine.session() as new_session:
            await engine.save(user, session=new_session)
        print("Saved in a session of its own")


async def main(engine: AIOEngine) -> None:
    before = await engine.count(User)
    await nested_operations(engine)
    async with engine.session() as session:
        await nested_operations(engine, session)
        await nested_operations(engine, session)
        count = await engine.count(User, session=session)
    print(f"{count - before} new users, {count} in total")


if __name__ == "__main__":
    run(main)
