# Generated from tests/integration/aio/reading.py by tools/generate_sync.py: do not edit.
"""What tests of reads share."""

from __future__ import annotations

from odmantic._plan.find import FLAT_BATCH_SIZE

#: How many small documents one answer of the server to a stream holds.
ANSWER = FLAT_BATCH_SIZE
#: More than that.
MANY = ANSWER + 100


def to_list(cursor):
    """The whole content of a cursor, in the way of the colour."""
    return list(cursor)
