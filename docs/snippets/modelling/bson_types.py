from datetime import datetime
from decimal import Decimal
from enum import Enum

from odmantic import Field, Model, ObjectId


class Status(Enum):
    AT_SEA = "at sea"
    MOORED = "moored"


class Voyage(Model):
    id: int = Field(primary_field=True)
    captain: ObjectId
    leaves: datetime
    freight: Decimal
    status: Status = Status.MOORED
    stops: set[str] = set()


voyage = Voyage(
    id=1,
    captain="5f85f36d6dfecacc68428a46",
    leaves=datetime(2026, 5, 1, 12, 0, 0, 123456),
    freight="1250.50",
)
print(voyage.leaves)  # MongoDB keeps milliseconds, so the instance does too
# -> 2026-05-01 12:00:00.123000
print(voyage.model_dump_doc()["freight"].__class__.__name__)
# -> Decimal128
print(voyage.model_dump_doc()["status"])
# -> moored
