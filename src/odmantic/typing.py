"""Types for annotations: typed fields, what they make, and options of calls; and two names of the standard `typing` module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from odmantic._lazy import lazy_names

if TYPE_CHECKING:
    from odmantic._plan.options import AggregateOptions, FindOptions, WriteOptions
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
    "AggregateOptions",
    "Annotated",
    "ArrayExpr",
    "DateExpr",
    "Expr",
    "Filter",
    "FindOptions",
    "IntegerExpr",
    "NumberExpr",
    "OrderedExpr",
    "Sort",
    "TextExpr",
    "Update",
    "Values",
    "WriteOptions",
    "dataclass_transform",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "odmantic._plan.options": ("AggregateOptions", "FindOptions", "WriteOptions"),
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
