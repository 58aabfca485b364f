"""Which embedded documents become part of the code around them: small ones, and only so many.

Code for a document that is inlined is the fastest there is. What is inlined grows with the paths that lead to a class,
though, and those multiply from level to level. So it is counted, in nodes of the shapes of fields, and a class costs
code for its own fields and for this much more at most, however many classes there are below it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from odmantic._mapping.mapping import mapping_of
from odmantic._types.tree import Document, nodes_around

if TYPE_CHECKING:
    from collections.abc import Generator

    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping

LARGEST = 24
"""How many nodes a document may have that is inlined, with what is embedded in it."""

MOST = 48
"""How many nodes are inlined altogether, where one document after another is small enough."""

DEEPEST_BLOCK = 12
"""In how many blocks nothing is inlined any more: Python allows 20 loops in each other."""


class Inlining:
    """Decides for one function, or for some that share what there is.

    `around` are the classes of documents that the code is already part of.
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
        """Tell whether a document is inlined at the next line, which is counted."""
        if mapping.model in self._around or source.depth >= DEEPEST_BLOCK:
            return False
        limit = min(LARGEST, self._left)
        if _left_of(limit, mapping, self._around) < 0:
            return False
        # What is embedded in it asks again.
        self._left -= sum(len(nodes_around(shape)) for shape in mapping.shapes.values())
        return True


def _left_of(limit: int, mapping: ModelMapping, around: tuple[Any, ...]) -> int:
    """Subtract the nodes of a document, but not many more than make the limit negative."""
    inner = (*around, mapping.model)
    for shape in mapping.shapes.values():
        nodes = nodes_around(shape)
        limit -= len(nodes)
        last = nodes[-1]
        if isinstance(last, Document) and last.cls not in inner and limit >= 0:
            limit = _left_of(limit, mapping_of(last.cls), inner)
        if limit < 0:
            break
    return limit
