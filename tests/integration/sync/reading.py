# Generated from tests/integration/aio/reading.py by tools/generate_sync.py: do not edit.
"""What tests of reads share."""

from __future__ import annotations

from odmantic._plan.find import FLAT_BATCH_SIZE

ANSWER = FLAT_BATCH_SIZE
"""How many small documents one answer of the server to a stream holds."""
MANY = ANSWER + 100
"""More than that."""


def to_list(cursor):
    """The whole content of a cursor, in the way of the colour."""
    return list(cursor)
