"""Functions that make expressions."""

from __future__ import annotations

import re
from typing import Any, TypeVar, cast

from odmantic._codec.encode import encode_value
from odmantic._query.computing import Expression
from odmantic._query.expression_paths import is_single
from odmantic._query.kinds import Kind, kinds_of
from odmantic._query.operands import Stored, common_root, operand_of, operands_of_one_type
from odmantic._query.steps import Path

T = TypeVar("T")


def size(field: Any) -> int:
    """Return the number of items of a list, or of the values at a path through one.

    The server fails where there is no list. To type checkers it is a number.

    Raises:
        TypeError: if it is neither a field with several values nor an expression.

    Example:
        `expr.size(Order.lines) > 5`
    """
    operand = operand_of(field)
    if isinstance(operand, Stored):
        raise TypeError(f"size takes a field or an expression, not {field!r:.200}")
    if isinstance(operand, Path) and is_single(operand) and not kinds_of(operand.node) & Kind.ARRAY:
        raise TypeError(f"size needs a list, and {operand} never holds any")
    return cast("int", Expression("$size", (operand,), root=common_root((operand,))))


def literal(value: T) -> T:
    """Return a value as an expression: the server takes nothing in it for an operator or a path.

    Example:
        `expr.literal(100) - Stock.left > 5`
    """
    stored = Stored(encode_value(value), is_bare=True)
    return cast("T", Expression("$literal", (stored,)))


def call(operator: str, *operands: Any, **named: Any) -> Any:
    """Return the use of an operator, or a variable.

    Args:
        operator: MongoDB's operator, or the name of a variable after `$$`, such as `$$NOW`.
        *operands: Fields, expressions and values, also in lists and dictionaries.
        **named: The same for operators that take a document; a name may end with `_` where it is a word of Python.
            Where the server takes no expression, but a document, it is `raw({...})`.

    Raises:
        TypeError: if the operator runs code, or operands are given by place and by name.
        ValueError: if it is no name of an operator or a variable.

    Example:
        `expr.call("$strLenCP", Ship.name) > expr.call("$$limit")`
    """
    name: Any = operator
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            f"call takes the name of an operator, as in call('$concat', ...), not {name!r:.200}"
        )
    if operator in _CODE:
        raise TypeError(
            f"{operator} has the server run code: write a filter with it in raw({{...}})"
        )
    if operands and named:
        raise TypeError(f"call({operator!r}, ...) takes operands by place or by name, and not both")
    if operator.startswith("$$") and (operands or named):
        raise TypeError(f"{operator} is a variable, and takes no operands")
    if operator == "$literal" and len(operands) == 1:
        return literal(operands[0])
    if named:
        parts = {each.removesuffix("_"): operand_of(value) for each, value in named.items()}
        return Expression(operator, parts, root=common_root(tuple(parts.values())))
    is_of_one_type = operator in _OF_ONE_TYPE and len(operands) == 2
    taken = operands_of_one_type(*operands) if is_of_one_type else tuple(map(operand_of, operands))
    return Expression(operator, taken, root=common_root(taken))


_NAME = re.compile(r"\$[A-Za-z]\w*|\$\$[A-Za-z_]\w*(\.[^.$\0]+)*", re.ASCII)
_CODE = frozenset({"$function", "$accumulator"})
_OF_ONE_TYPE = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$cmp", "$ifNull"})
