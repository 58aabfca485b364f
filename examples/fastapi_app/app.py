"""A small bank with a transaction per request.

pip install 'odmantic[cli,fastapi,server]' 'fastapi[standard]'
odmantic serve                                               # prints the URI
MONGODB_URI='...' fastapi dev examples/fastapi_app/app.py    # http://127.0.0.1:8000/docs
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, status
from odmantic import AIOEngine, Field, Model, ObjectId
from odmantic.fastapi import CurrentTransaction, TransactionRoute, install_error_handlers
from pydantic import BaseModel, NonNegativeInt, PositiveInt
from pymongo import AsyncMongoClient


class Account(Model):
    """The account of one owner, in cents."""

    owner: str = Field(unique=True)
    balance: NonNegativeInt = 0


class AccountPatch(BaseModel):
    """The changes to an account; missing fields stay as they are."""

    owner: str | None = None
    balance: NonNegativeInt | None = None


class Order(BaseModel):
    """A request to move money."""

    payer: ObjectId
    payee: ObjectId
    amount: PositiveInt


class Transfer(Model):
    """The record of money that was moved."""

    payer: ObjectId
    payee: ObjectId
    amount: PositiveInt
    at: datetime


# -- The endpoints: each request is one transaction --------------------------------------------------

router = APIRouter(route_class=TransactionRoute)


async def account_of_path(account_id: ObjectId, transaction: CurrentTransaction) -> Account:
    account = await transaction.find_one(Account, Account.id == account_id)
    if account is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no account {account_id}")
    return account


AccountOfPath = Annotated[Account, Depends(account_of_path)]


@router.post("/accounts", status_code=status.HTTP_201_CREATED)
async def create_account(account: Account, transaction: CurrentTransaction) -> Account:
    # `save` would replace an account with the same id.
    if await transaction.find_one(Account, Account.id == account.id):
        raise HTTPException(status.HTTP_409_CONFLICT, "Account exists already")
    return await transaction.save(account)


@router.get("/accounts")
async def list_accounts(
    transaction: CurrentTransaction, skip: NonNegativeInt = 0, limit: PositiveInt = 100
) -> list[Account]:
    return await transaction.find(Account, sort=Account.owner, skip=skip, limit=limit)


@router.get("/accounts/{account_id}")
async def get_account(account: AccountOfPath) -> Account:
    return account


@router.patch("/accounts/{account_id}")
async def change_account(
    account: AccountOfPath, patch: AccountPatch, transaction: CurrentTransaction
) -> Account:
    account.model_update(patch, exclude_none=True)
    return await transaction.save(account)


@router.delete("/accounts/{account_id}")
async def delete_account(account: AccountOfPath, transaction: CurrentTransaction) -> Account:
    await transaction.delete(account)
    return account


@router.post("/transfers", status_code=status.HTTP_201_CREATED)
async def transfer(order: Order, transaction: CurrentTransaction) -> Transfer:
    payer = await account_of_path(order.payer, transaction)
    if payer.balance < order.amount:
        raise HTTPException(status.HTTP_409_CONFLICT, f"{payer.owner} has only {payer.balance}")
    payer.balance -= order.amount
    await transaction.save(payer)
    # If there is no such account, the rollback returns the payer's money.
    payee = await account_of_path(order.payee, transaction)
    payee.balance += order.amount
    await transaction.save(payee)
    record = Transfer(**order.model_dump(), at=datetime.now(timezone.utc))
    return await transaction.save(record)


# -- The application ------------------------------------------------------------------------------


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await app.state.engine.configure_database([Account, Transfer])
    yield
    await app.state.engine.client.close()


app = FastAPI(title="Bank", lifespan=lifespan)
# Creating the engine sends nothing.
app.state.engine = AIOEngine(AsyncMongoClient(os.environ.get("MONGODB_URI")), database="bank")
app.include_router(router)
install_error_handlers(app)
