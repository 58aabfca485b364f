"""The nine programs with sessions and transactions that users of 1.x asked for, as they would write them."""

from __future__ import annotations

from datetime import datetime

import pytest
from pymongo.errors import PyMongoError
from tests.integration.aio.colour import ASYNC

from odmantic import AIOEngine, Model, ObjectId

if ASYNC:
    import asyncio
else:
    from concurrent.futures import ThreadPoolExecutor

# The examples say `datetime.utcnow()`.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


class User(Model):
    name: str
    email: str


class Order(Model):
    user_id: ObjectId
    total: float


class Account(Model):
    user_id: ObjectId
    balance: float


class Transaction(Model):
    from_account: ObjectId
    to_account: ObjectId
    amount: float
    timestamp: datetime


@pytest.fixture
def engine(aio_engine):
    return AIOEngine(aio_engine.client, database=aio_engine.database_name)


def test_the_collections_have_the_names_of_the_wish():
    assert [+model for model in (User, Order, Account, Transaction)] == [
        "user",
        "order",
        "account",
        "transaction",
    ]


async def test_e1_e2_a_session_reads_its_writes(engine, raw_database):
    async with engine.session() as session:
        user = User(name="Ada", email="ada@example.com")
        await engine.save(user, session=session)
        if ASYNC:
            users = await engine.find(User, session=session)
        else:
            users = list(engine.find(User, session=session))
        count = await engine.count(User, session=session)
        driver_session = session.get_driver_session()

    assert isinstance(users, list)
    assert users == [user]
    assert count == 1
    assert driver_session.has_ended
    assert raw_database["user"].count_documents({}) == 1


async def test_e3_e4_a_transaction_commits_at_the_end_of_its_block(engine, raw_database, capsys):
    async def run_transaction():
        try:
            async with engine.transaction() as transaction:
                user = User(name="Grace", email="grace@example.com")
                await engine.save(user, session=transaction)
                order = Order(user_id=user.id, total=99.99)
                await engine.save(order, session=transaction)
                user.model_update(total_orders=1)
                await engine.save(user, session=transaction)
            print("Transaction completed")  # noqa: T201 - as in the example
        except Exception as error:
            print(f"Transaction failed: {error}")  # noqa: T201

    await run_transaction()

    assert capsys.readouterr().out == "Transaction completed\n"
    user = raw_database["user"].find_one()
    assert user == {"_id": user["_id"], "name": "Grace", "email": "grace@example.com"}
    order = raw_database["order"].find_one()
    assert order == {"_id": order["_id"], "user_id": user["_id"], "total": 99.99}


async def test_e3_with_a_field_for_the_orders_writes_only_that(engine, raw_database, commands):
    class Customer(Model):
        name: str
        total_orders: int = 0

    async with engine.transaction() as transaction:
        customer = Customer(name="Grace")
        await engine.save(customer, session=transaction)
        commands.clear()
        customer.model_update(total_orders=1)
        await engine.save(customer, session=transaction)
        (event,) = commands.started

    assert event.command["updates"][0]["u"] == {"$set": {"total_orders": 1}}
    assert raw_database["customer"].find_one()["total_orders"] == 1


# --- E5: money --------------------------------------------------------------------------------------


async def transfer_money(engine, from_user_id, to_user_id, amount):
    async with engine.transaction() as txn:
        from_account = await engine.find_one(Account, Account.user_id == from_user_id, session=txn)
        if not from_account or from_account.balance < amount:
            raise ValueError("Insufficient funds")
        to_account = await engine.find_one(Account, Account.user_id == to_user_id, session=txn)
        if not to_account:
            raise ValueError("Destination account not found")
        from_account.model_update(balance=from_account.balance - amount)
        to_account.model_update(balance=to_account.balance + amount)
        await engine.save(from_account, session=txn)
        await engine.save(to_account, session=txn)
        record = Transaction(
            from_account=from_user_id,
            to_account=to_user_id,
            amount=amount,
            timestamp=datetime.utcnow(),
        )
        await engine.save(record, session=txn)


async def transfer_compactly(engine, src, dst, amount):
    async with engine.transaction() as txn:
        a = await engine.find_one(Account, Account.user_id == src, session=txn)
        if not a or a.balance < amount:
            raise ValueError("Insufficient funds")
        b = await engine.find_one(Account, Account.user_id == dst, session=txn)
        if not b:
            raise ValueError("Destination account not found")
        a.model_update(balance=a.balance - amount)
        b.model_update(balance=b.balance + amount)
        await engine.save_all([a, b], session=txn)
        await txn.save(
            Transaction(
                from_account=src,
                to_account=dst,
                amount=amount,
                timestamp=datetime.utcnow(),
            )
        )


BOTH_TRANSFERS = pytest.mark.parametrize("transfer", [transfer_money, transfer_compactly])


@pytest.fixture
async def accounts(engine):
    """The users' ids of two accounts with 100 each."""
    users = [ObjectId(), ObjectId()]
    await engine.save_all([Account(user_id=user, balance=100.0) for user in users])
    return users


def _balances(raw_database, accounts):
    documents = {each["user_id"]: each for each in raw_database["account"].find()}
    return [documents[user]["balance"] for user in accounts]


@BOTH_TRANSFERS
async def test_e5_a_transfer_moves_the_money_and_records_it(
    engine, raw_database, accounts, commands, transfer
):
    commands.clear()
    await transfer(engine, *accounts, 30.0)

    assert _balances(raw_database, accounts) == [70.0, 130.0]
    record = raw_database["transaction"].find_one()
    assert (record["from_account"], record["to_account"]) == tuple(accounts)
    assert record["amount"] == 30.0
    updates = [event.command for event in commands.started if event.command_name == "update"]
    sent = [
        change["u"]["$set"]
        for update in updates
        if update["update"] == "account"
        for change in update["updates"]
    ]
    assert sent == [{"balance": 70.0}, {"balance": 130.0}]


@BOTH_TRANSFERS
async def test_e5_without_funds_or_target_nothing_happens(engine, raw_database, accounts, transfer):
    with pytest.raises(ValueError, match="Insufficient funds"):
        await transfer(engine, *accounts, 100.5)
    with pytest.raises(ValueError, match="Destination account not found"):
        await transfer(engine, accounts[0], ObjectId(), 10.0)
    with pytest.raises(ValueError, match="Insufficient funds"):
        await transfer(engine, ObjectId(), accounts[0], 10.0)

    assert _balances(raw_database, accounts) == [100.0, 100.0]
    assert raw_database["transaction"].count_documents({}) == 0


@BOTH_TRANSFERS
async def test_e5_concurrent_transfers_keep_the_sum_and_lose_none(
    engine, raw_database, accounts, transfer
):
    losses = []

    async def until_done(amount):
        while True:
            try:
                return await transfer(engine, *accounts, amount)
            except PyMongoError as error:
                assert error.has_error_label("TransientTransactionError")
                losses.append(error)

    raw_database.create_collection("transaction")
    if ASYNC:
        await asyncio.gather(*(until_done(float(amount)) for amount in range(1, 9)))
    else:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(until_done, map(float, range(1, 9))))

    assert losses
    assert _balances(raw_database, accounts) == [64.0, 136.0]
    assert raw_database["transaction"].count_documents({}) == 8


# --- E6 to E9 ---------------------------------------------------------------------------------------


async def test_e6_ten_saves_in_one_session(engine, commands):
    async with engine.session() as session:
        try:
            for number in range(10):
                user = User(name=f"User {number}", email=f"user{number}@example.com")
                await engine.save(user, session=session)
        except Exception as error:
            pytest.fail(f"Error: {error}")
        count = await engine.count(User, session=session)

    assert count == 10
    assert len({event.command["lsid"]["id"] for event in commands.started}) == 1


async def nested_operations(engine, session=None):
    if session:
        return await engine.save(User(name="nested", email="n@x"), session=session)
    async with engine.session() as own:
        return await engine.save(User(name="own", email="o@x"), session=own)


async def test_e7_a_function_uses_the_given_session_or_its_own(engine):
    await nested_operations(engine)
    async with engine.session() as session:
        await nested_operations(engine, session)
        await nested_operations(engine, session)
        assert await engine.count(User, session=session) == 3


async def test_e7_the_given_session_may_be_a_transaction(engine, raw_database):
    with pytest.raises(ValueError, match="mine"):
        async with engine.transaction() as transaction:
            await nested_operations(engine, transaction)
            assert await engine.count(User, session=transaction) == 1
            raise ValueError("mine")
    assert raw_database["user"].count_documents({}) == 0


async def test_e8_errors_arrive_and_everything_is_rolled_back(engine, capsys):
    before = await engine.count(User)
    try:
        async with engine.transaction() as txn:
            await engine.save(User(name="one", email="1@x"), session=txn)
            raise ValueError("Simulated error")
    except ValueError as error:
        print(f"Caught: {error}")  # noqa: T201 - as in the example
    try:
        async with engine.transaction() as txn:
            for number in range(5):
                await engine.save(User(name=str(number), email="n@x"), session=txn)
            raise RuntimeError("Something went wrong")
    except RuntimeError as error:
        print(f"Caught: {error}")  # noqa: T201 - as in the example

    assert capsys.readouterr().out == "Caught: Simulated error\nCaught: Something went wrong\n"
    assert await engine.count(User) == before


async def test_e9_the_configuration_is_inherited(engine):
    async with engine.session() as session:
        assert session.engine is engine
        assert session.get_driver_session() is not None
    async with engine.transaction() as transaction:
        assert transaction.engine is engine
        assert transaction.get_driver_session().in_transaction


# --- What callers write -----------------------------------------------------------------------------


async def run(engine, work, attempts=5):
    while True:
        attempts -= 1
        try:
            async with engine.transaction() as txn:
                return await work(txn)
        except PyMongoError as exc:
            if not attempts or not exc.has_error_label("TransientTransactionError"):
                raise


async def test_callers_may_run_the_block_again(engine, raw_database, fail_point):
    user = User(name="Ada", email="a@x")

    async def work(txn):
        return await txn.save(user)

    with fail_point("update", error_code=112, labels=("TransientTransactionError",), times=3):
        assert await run(engine, work) is user
    assert raw_database["user"].find_one() == {"_id": user.id, "name": "Ada", "email": "a@x"}

    with fail_point("update", error_code=112, labels=("TransientTransactionError",), times=5):
        user.name = "Grace"
        with pytest.raises(PyMongoError) as caught:
            await run(engine, work)
    assert caught.value.code == 112
    assert user.__fields_modified__ == {"name"}
