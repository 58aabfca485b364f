"""What tests of reads share."""

from __future__ import annotations

from odmantic._aio.colour import ASYNC


async def to_list(cursor):
    """The whole content of a cursor, in the way of the colour."""
    if ASYNC:
        return await cursor
    else:  # noqa: RET505 - one branch for each colour
        return list(cursor)
