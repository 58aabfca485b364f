# Generated from tests/integration/aio/reading.py by tools/generate_sync.py: do not edit.
"""What tests of reads share."""

from __future__ import annotations


def to_list(cursor):
    """The whole content of a cursor, in the way of the colour."""
    return list(cursor)
