from datetime import datetime, timedelta, timezone
from typing import Annotated

from odmantic import Datetimes, Model


class Flight(Model):
    model_config = {"datetimes": "aware"}

    departure: datetime
    logged: Annotated[datetime, Datetimes("naive")]


cet = timezone(timedelta(hours=1))
noon = datetime(2026, 1, 31, 12, tzinfo=cet)
flight = Flight(departure=noon, logged=noon)
print(flight.departure, flight.logged)
# -> 2026-01-31 11:00:00+00:00 2026-01-31 11:00:00
print(Flight.departure >= noon)
# -> QueryExpression({'departure': {'$gte': datetime.datetime(2026, 1, 31, 11, 0, tzinfo=datetime.timezone.utc)}})
