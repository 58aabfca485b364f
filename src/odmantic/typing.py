"""Types for annotations: typed fields, and what they make; and two names of the standard `typing` module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from odmantic._lazy import lazy_names

if TYPE_CHECKING:
    from odmantic._query.expressions import Filter, Sort
    from odmantic._query.typed import (
        ArrayExpr,
        DateExpr,
        Expr,
        IntegerExpr,
        NumberExpr,
        OrderedExpr,
        TextExpr,
        Values,
    )
    from odmantic._query.updates import Update
    from odmantic._types.transform import dataclass_transform

__all__ = [
    "Annotated",
    "ArrayExpr",
    "DateExpr",
    "Expr",
    "Filter",
    "IntegerExpr",
    "NumberExpr",
    "OrderedExpr",
    "Sort",
    "TextExpr",
    "Update",
    "Values",
    "dataclass_transform",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "odmantic._query.expressions": ("Filter", "Sort"),
            "odmantic._query.typed": (
                "ArrayExpr",
                "DateExpr",
                "Expr",
                "IntegerExpr",
                "NumberExpr",
                "OrderedExpr",
                "TextExpr",
                "Values",
            ),
            "odmantic._query.updates": ("Update",),
            "odmantic._types.transform": ("dataclass_transform",),
        },
    )
