import hashlib
import hmac

from pymongo.client_session import TransactionOptions
from pymongo.read_concern import ReadConcern

from odmantic import AIOEngine, Model
from odmantic.exceptions import SessionMisuseError


class Order(Model):
    item: str


async def options(engine: AIOEngine) -> None:
    # --8<-- [start:snapshot]
    async with engine.session(snapshot=True) as session:
        number = await session.count(Order)  # the first read sets the snapshot
        orders = await session.find(Order)  # the same snapshot
        try:
            await session.save(Order(item="milk"))
        except SessionMisuseError as error:
            print(error)
            # -> save cannot write in a snapshot session, which is for reading only
    # --8<-- [end:snapshot]
    assert len(orders) == number

    # --8<-- [start:defaults]
    quick = TransactionOptions(
        read_concern=ReadConcern("majority"),
        max_commit_time_ms=500,
    )
    async with engine.session(default_transaction_options=quick) as session:
        async with session.transaction() as transaction:  # 0.5 s for its commit
            await transaction.save(Order(item="tea"))
        async with session.transaction(max_commit_time_ms=5000) as transaction:
            await transaction.save(Order(item="milk"))  # the call comes first
    # --8<-- [end:defaults]


SECRET = b"of this deployment"


async def tokens(engine: AIOEngine) -> None:
    # --8<-- [start:token]
    async with engine.session() as session:
        order = await session.save(Order(item="bread"))
        token = session.token()

    # in another process, reading from a secondary that lags behind
    async with engine.session(after=token) as session:
        found = await session.find_one(Order, Order.id == order.id)
        assert found is not None
        print(found.item)
        # -> bread
    # --8<-- [end:token]
    assert check(sign(token)) == token
    for wrong in (sign(token) + "0", token, "odm1.x." + "0" * 64):
        try:
            check(wrong)
        except ValueError:
            continue
        raise AssertionError(wrong)


# --8<-- [start:sign]
def sign(token: str) -> str:
    return f"{token}.{hmac.new(SECRET, token.encode(), hashlib.sha256).hexdigest()}"


def check(signed: str) -> str:
    token, _, _ = signed.rpartition(".")
    if not hmac.compare_digest(sign(token), signed):
        raise ValueError("not a token of ours")
    return token
    # --8<-- [end:sign]


async def main(engine: AIOEngine) -> None:
    await engine.save(Order(item="first"))
    await options(engine)
    await tokens(engine)
