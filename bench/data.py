"""The data of every workload: the same documents for every library, computed from their number."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from bson import Decimal128, ObjectId

OWNERS = 50
FIRST_MOMENT = datetime(2024, 1, 1, 12)  # MongoDB stores naive times, in UTC


class Kind(str, Enum):
    """The kind of a document."""

    FLAT = "flat"
    """8 scalars."""
    NESTED = "nested"
    """The same, plus an embedded document, lists of 5 embedded ones and of 5 strings, an enumeration and a decimal."""


class Status(str, Enum):
    """The enumeration in a nested document; odmantic 1.x stores only string enumerations."""

    OPEN = "open"
    PAID = "paid"
    SENT = "sent"


STATUSES = tuple(Status)


def collection_name(kind: Kind, *, owned: bool = False) -> str:
    """Return the collection that every library uses for a kind of document."""
    return f"{kind.value}_owned" if owned else kind.value


OWNER_COLLECTION = "owner"


def object_id(number: int) -> ObjectId:
    """Return the id of a document."""
    return ObjectId(f"{number + 1:024x}")


def owner_id(number: int) -> ObjectId:
    """Return the id of the owner of a document."""
    return object_id(number % OWNERS)


def values(kind: Kind, number: int) -> dict[str, Any]:
    """Return the values from which a program would make an instance, without an id."""
    fields: dict[str, Any] = {
        "name": f"Customer {number}",
        "email": f"customer.{number}@example.org",
        "city": f"City {number % 97}",
        "age": number % 90,
        "visits": number * 7,
        "score": number / 8,
        "active": number % 3 == 0,
        "joined": FIRST_MOMENT + timedelta(minutes=number),
    }
    if kind is Kind.NESTED:
        fields |= {
            "address": {
                "street": f"Street {number}",
                "zip_code": f"{number % 99999:05}",
                "floor": 3,
            },
            "items": [
                {"sku": f"SKU-{number}-{place}", "quantity": place + 1, "price": place * 1.25}
                for place in range(5)
            ],
            "tags": [f"tag-{number % 50}-{place}" for place in range(5)],
            "status": STATUSES[number % len(STATUSES)],
            "balance": Decimal(number) / 100,
        }
    return fields


def document(kind: Kind, number: int) -> dict[str, Any]:
    """Return the document that the driver is given, without an id."""
    fields = values(kind, number)
    if kind is Kind.NESTED:
        fields["status"] = fields["status"].value
        fields["balance"] = Decimal128(fields["balance"])
    return fields


def stored(kind: Kind, number: int, *, owned: bool = False) -> dict[str, Any]:
    """Return a document as it is in the database."""
    owner = {"owner": owner_id(number)} if owned else {}
    return {"_id": object_id(number)} | document(kind, number) | owner


def owner(number: int) -> dict[str, Any]:
    """Return the document of an owner, as it is in the database."""
    return {"_id": object_id(number), "name": f"Owner {number}", "rank": number}


def spread(size: int, among: int) -> list[int]:
    """Return `size` numbers below `among`, in an order that defeats caches."""
    return [place * 7919 % among for place in range(size)]
