"""Expressions: what the server computes from the fields of a document, for conditions.

Python's operators make them of fields (`Stock.price * Stock.left`), and these functions the rest:
https://www.mongodb.com/docs/manual/reference/operator/aggregation/
"""

from __future__ import annotations

from odmantic._query.computing import Expression
from odmantic._query.functions import call, literal, size

__all__ = ["Expression", "call", "literal", "size"]

# Tracebacks and pages of documentation name the class where programs import it from.
Expression.__module__ = __name__
