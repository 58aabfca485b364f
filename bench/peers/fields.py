"""The fields of a document, for libraries whose documents are pydantic models."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Address(BaseModel):
    street: str
    zip_code: str
    floor: int


class Item(BaseModel):
    sku: str
    quantity: int
    price: float


class FlatFields(BaseModel):
    name: str
    email: str
    city: str
    age: int
    visits: int
    score: float
    active: bool
    joined: datetime


class NestedFields(FlatFields):
    """The fields of a nested document, besides `status` and `balance`, which each library annotates differently."""

    address: Address
    items: list[Item]
    tags: list[str]
