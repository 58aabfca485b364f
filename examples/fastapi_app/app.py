"""A small bank with a transaction per request.

pip install 'odmantic[cli,server]' 'fastapi[standard]'
odmantic serve                                               # prints the URI
MONGODB_URI='...' fastapi dev examples/fastapi_app/app.py    # http://127.0.0.1:8000/docs
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, status
from fastapi.responses import JSONResponse
from odmantic import AIOEngine, Field, Model, ObjectId
from odmantic.exceptions import DuplicateKeyError
from odmantic.session import AIOTransaction
from pydantic import BaseModel, NonNegativeInt, PositiveInt
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

# Nothing is sent before the first request, and none of these waits.
engine = AIOEngine(AsyncMongoClient(os.environ.get("MONGODB_URI")), database="bank")


class Account(Model):
    """What somebody owns, in cents."""

    owner: str = Field(unique=True)
    balance: NonNegativeInt = 0


class AccountPatch(BaseModel):
    """What to change in an account; what is missing stays as it is."""

    owner: str | None = None
    balance: NonNegativeInt | None = None


class Order(BaseModel):
    """The wish to move money."""

    payer: ObjectId
    payee: ObjectId
    amount: PositiveInt


class Transfer(Model):
    """The record of money that was moved."""

    payer: ObjectId
    payee: ObjectId
    amount: PositiveInt
    at: datetime


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await engine.configure_database([Account, Transfer])
    yield
    await engine.client.close()


app = FastAPI(title="Bank", lifespan=lifespan)


# -- The transaction ------------------------------------------------------------------------------


async def unit_of_work() -> AsyncIterator[AIOTransaction]:
    """Commits when the endpoint returns, and rolls back when it raises."""
    async with engine.transaction() as transaction:
        yield transaction


# Without this scope the commit would come after the response: the client would see a success, and
# never hear of a commit that fails.
UnitOfWork = Annotated[AIOTransaction, Depends(unit_of_work, scope="function")]


@app.exception_handler(PyMongoError)
async def report_database_error(_: Request, error: PyMongoError) -> JSONResponse:
    if error.has_error_label("UnknownTransactionCommitResult"):
        detail = "It is unknown whether this was done: look before you try again"
    elif error.has_error_label("TransientTransactionError"):
        detail = "Another request was faster, and nothing was changed: try again"
    else:
        detail = "The database failed, and nothing was changed"
    return JSONResponse({"detail": detail}, status.HTTP_503_SERVICE_UNAVAILABLE)


@app.exception_handler(DuplicateKeyError)
async def report_duplicate(_: Request, error: DuplicateKeyError) -> JSONResponse:
    detail = f"{error.model.__name__} exists already"
    return JSONResponse({"detail": detail}, status.HTTP_409_CONFLICT)


# -- The endpoints --------------------------------------------------------------------------------


@app.post("/accounts", status_code=status.HTTP_201_CREATED)
async def create_account(account: Account, transaction: UnitOfWork) -> Account:
    # `save` would replace the account that has the same id.
    if await transaction.find_one(Account, Account.id == account.id):
        raise HTTPException(status.HTTP_409_CONFLICT, "Account exists already")
    return await transaction.save(account)


@app.get("/accounts")
async def list_accounts(
    transaction: UnitOfWork, skip: NonNegativeInt = 0, limit: PositiveInt = 100
) -> list[Account]:
    return await transaction.find(Account, sort=Account.owner, skip=skip, limit=limit)


@app.get("/accounts/{account_id}")
async def get_account(account_id: ObjectId, transaction: UnitOfWork) -> Account:
    account = await transaction.find_one(Account, Account.id == account_id)
    if account is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no account {account_id}")
    return account


@app.patch("/accounts/{account_id}")
async def change_account(
    account_id: ObjectId, patch: AccountPatch, transaction: UnitOfWork
) -> Account:
    account = await get_account(account_id, transaction)
    account.model_update(patch, exclude_none=True)
    return await transaction.save(account)


@app.delete("/accounts/{account_id}")
async def delete_account(account_id: ObjectId, transaction: UnitOfWork) -> Account:
    account = await get_account(account_id, transaction)
    await transaction.delete(account)
    return account


@app.post("/transfers", status_code=status.HTTP_201_CREATED)
async def transfer(order: Order, transaction: UnitOfWork) -> Transfer:
    payer = await get_account(order.payer, transaction)
    if payer.balance < order.amount:
        raise HTTPException(status.HTTP_409_CONFLICT, f"{payer.owner} has only {payer.balance}")
    payer.balance -= order.amount
    await transaction.save(payer)
    # If there is no such account, what was just taken from the payer is given back.
    payee = await get_account(order.payee, transaction)
    payee.balance += order.amount
    await transaction.save(payee)
    record = Transfer(**order.model_dump(), at=datetime.now(timezone.utc))
    return await transaction.save(record)
