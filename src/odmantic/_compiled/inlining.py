"""Which embedded documents are inlined in generated code: small ones, and a limited number.

Inlined code is the fastest, but it grows with the paths that lead to a class, and those multiply from level to level.
So the nodes of inlined fields are counted: a class costs code for its own fields and a bounded number of others,
however many classes are below it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from odmantic._mapping.variants import embedded_in
from odmantic._types.tree import nodes_around

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping

LARGEST = 24
"""The largest number of nodes of an inlined document, including what is embedded in it."""

MOST = 48
"""The largest number of inlined nodes altogether."""

MOST_BRANCHES = 8
"""The largest number of classes in one place that have branches of their own; a table finds the code of the others."""

DEEPEST_BLOCK = 12
"""The number of nested blocks from which on nothing is inlined: Python allows 20 nested loops."""


class Inlining:
    """The decisions about inlining for one function, or for several with a common budget.

    `around` holds the classes of the documents around the current code.
    """

    def __init__(self, *around: Any) -> None:
        self._around = around
        self._left = MOST

    @contextmanager
    def within(self, mapping: ModelMapping) -> Generator[None]:
        """Note that code for the fields of a document follows."""
        outer, self._around = self._around, (*self._around, mapping.model)
        try:
            yield
        finally:
            self._around = outer

    def takes(self, mapping: ModelMapping, source: Source) -> bool:
        """Return whether a document is inlined at the next line; this uses up the budget."""
        if mapping.model in self._around or source.depth >= DEEPEST_BLOCK:
            return False
        limit = min(LARGEST, self._left)
        if _left_of(limit, mapping, self._around) < 0:
            return False
        # Documents embedded in it ask again.
        self._left -= sum(len(nodes_around(shape)) for shape in mapping.shapes.values())
        return True

    def split(
        self, mappings: Iterable[ModelMapping], source: Source
    ) -> tuple[list[ModelMapping], list[ModelMapping]]:
        """Return the documents in one place that are inlined at the next line, and all others."""
        inlined: list[ModelMapping] = []
        others: list[ModelMapping] = []
        for mapping in mappings:
            is_inlined = len(inlined) < MOST_BRANCHES and self.takes(mapping, source)
            (inlined if is_inlined else others).append(mapping)
        return inlined, others


def _left_of(limit: int, mapping: ModelMapping, around: tuple[Any, ...]) -> int:
    """Subtract the nodes of a document, stopping soon after the limit is negative."""
    inner = (*around, mapping.model)
    for shape in mapping.shapes.values():
        nodes = nodes_around(shape)
        limit -= len(nodes)
        for each in embedded_in(shape):
            if each.model not in inner and limit >= 0:
                limit = _left_of(limit, each, inner)
        if limit < 0:
            break
    return limit
