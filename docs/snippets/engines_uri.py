# --8<-- [start:make]
import asyncio
from datetime import datetime, timezone

from odmantic import AIOEngine, Model

URI = "mongodb://localhost:27017"


class Arrival(Model):
    ship: str
    at: datetime


async def main() -> None:
    async with AIOEngine(
        URI, "arrivals", client_options={"tz_aware": True}
    ) as engine:
        await engine.save(Arrival(ship="Vega", at=datetime.now(timezone.utc)))
        arrival = await engine.find_one(Arrival)
        if arrival is not None:
            print(arrival.at.utcoffset())
            # -> 0:00:00


asyncio.run(main())
# --8<-- [end:make]
