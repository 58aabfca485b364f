from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from odmantic import Field, Model, WithBsonSerializer


def in_minutes(value: timedelta) -> float:
    return value / timedelta(minutes=1)


def from_minutes(value: object) -> object:
    return timedelta(minutes=value) if isinstance(value, float) else value


Minutes = Annotated[
    timedelta,
    WithBsonSerializer(in_minutes),
    BeforeValidator(from_minutes),
]


class Voyage(Model):
    id: int = Field(primary_field=True)
    took: Minutes


voyage = Voyage(id=1, took=timedelta(minutes=2))
print(voyage.model_dump_doc())
# -> {'_id': 1, 'took': 2.0}
print(Voyage.model_validate_doc({"_id": 1, "took": 2.0}).took)
# -> 0:02:00
