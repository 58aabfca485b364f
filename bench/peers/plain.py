"""pydantic alone: the baseline of workloads without a server."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field

from bench.data import Kind, Status, object_id, values
from bench.peers.peer import Body, Peer
from bench.workloads import Colour, Task


class Flat(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    id: ObjectId = Field(default_factory=ObjectId)
    name: str
    email: str
    city: str
    age: int
    visits: int
    score: float
    active: bool
    joined: datetime


class Address(BaseModel):
    street: str
    zip_code: str
    floor: int


class Item(BaseModel):
    sku: str
    quantity: int
    price: float


class Nested(Flat):
    address: Address
    items: list[Item]
    tags: list[str]
    status: Status
    balance: Decimal


MODELS: dict[Kind, type[Flat]] = {Kind.FLAT: Flat, Kind.NESTED: Nested}


class Plain(Peer):
    """Models of a program that uses pydantic without a database."""

    colour = Colour.NONE

    def construct(self, task: Task) -> Body:
        model = MODELS[task.kind]
        given = [values(task.kind, number) for number in range(task.size)]
        return lambda: [model(**one) for one in given]

    def dump(self, task: Task) -> Body:
        model = MODELS[task.kind]
        instances = [model(**values(task.kind, number)) for number in range(task.size)]
        return lambda: [one.model_dump() for one in instances]

    def validate(self, task: Task) -> Body:
        model = MODELS[task.kind]
        given: list[dict[str, Any]] = [
            {"id": object_id(number)} | values(task.kind, number) for number in range(task.size)
        ]
        return lambda: [model.model_validate(one) for one in given]


PEERS = (Plain,)
