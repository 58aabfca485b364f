"""What tests of reads share."""

from __future__ import annotations

from tests.integration.aio.colour import ASYNC

from odmantic._plan.find import FLAT_BATCH_SIZE

ANSWER = FLAT_BATCH_SIZE
"""How many small documents one answer of the server to a stream holds."""
MANY = ANSWER + 100
"""More than that."""


async def to_list(cursor):
    """The whole content of a cursor, in the way of the colour."""
    if ASYNC:
        return await cursor
    else:  # noqa: RET505 - one branch for each colour
        return list(cursor)
