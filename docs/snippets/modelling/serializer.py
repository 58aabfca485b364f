from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from odmantic import Field, Model, WithBsonSerializer


def from_seconds(value: object) -> object:
    return timedelta(seconds=value) if isinstance(value, float) else value


Seconds = Annotated[
    timedelta,
    WithBsonSerializer(timedelta.total_seconds),
    BeforeValidator(from_seconds),
]


class Voyage(Model):
    id: int = Field(primary_field=True)
    took: Seconds


voyage = Voyage(id=1, took=timedelta(minutes=2))
print(voyage.model_dump_doc())
# -> {'_id': 1, 'took': 120.0}
print(Voyage.model_validate_doc({"_id": 1, "took": 120.0}).took)
# -> 0:02:00
