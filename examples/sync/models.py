# Generated from examples/aio/models.py by tools/generate_sync.py: do not edit.
"""The models of all examples."""

from datetime import datetime

from odmantic import Model, ObjectId


class User(Model):
    """Stored in the collection `user`."""

    name: str
    email: str


class Order(Model):
    """Stored in the collection `order`."""

    user_id: ObjectId
    total: float


class Account(Model):
    """Stored in the collection `account`."""

    user_id: ObjectId
    balance: float


class Transaction(Model):
    """Stored in the collection `transaction`: the record of a transfer, not a database transaction."""

    from_account: ObjectId
    to_account: ObjectId
    amount: float
    timestamp: datetime
