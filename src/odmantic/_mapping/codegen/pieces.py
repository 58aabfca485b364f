"""Expressions of generated code for snapshots and baselines; see `odmantic._mapping.snapshot`."""

from __future__ import annotations

Pieces = list[str]
"""The expressions, some of them starred, of which the snapshot of a value is made."""

DEEPEST_INLINE = 4
"""How many documents in each other become one function."""


def as_tuple(pieces: Pieces) -> str:
    """Write a tuple."""
    return f"({', '.join(pieces)},)"


def as_baseline(kept: list[Pieces]) -> str:
    """Write the baseline of the snapshots of fields."""
    if not kept:
        return "()"
    return as_tuple([*map(_length, kept), *(piece for pieces in kept for piece in pieces)])


def _length(pieces: Pieces) -> str:
    starred = [f"len({piece[1:]})" for piece in pieces if piece.startswith("*")]
    single = len(pieces) - len(starred)
    return " + ".join([str(single), *starred] if single else starred)
