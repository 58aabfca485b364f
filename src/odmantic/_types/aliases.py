"""Type aliases, made by a `type` statement or by hand."""

from __future__ import annotations

from typing import Any, get_args, get_origin


def is_type_alias(annotation: object) -> bool:
    """Return whether this was made by a `type` statement or a `TypeAliasType`, arguments or not."""
    # Python has its own class from 3.12 on, and typing_extensions one for older versions.
    return type(get_origin(annotation) or annotation).__name__ == "TypeAliasType"


def alias_value(alias: Any) -> Any:
    """Return the value of a type alias, with its arguments in place of the parameters.

    Raises:
        NameError: if it names something that is defined later.
    """
    origin = get_origin(alias)
    if origin is None:
        return alias.__value__
    value = origin.__value__
    given = dict(zip(origin.__type_params__, get_args(alias), strict=False))
    wanted = getattr(value, "__parameters__", ())
    return (
        value[tuple(given.get(one, one) for one in wanted)] if wanted else given.get(value, value)
    )
