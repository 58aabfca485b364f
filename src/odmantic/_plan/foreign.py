"""Fields of one model in a query for another, which finds nothing, or the wrong documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from odmantic._caller import warn_caller
from odmantic._query.expressions import LOGICAL, KeyNameProxy
from odmantic._query.steps import Itself
from odmantic._types.kinds import kind_of, origin_of
from odmantic.exceptions import ForeignFieldWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def check_fields(expression: Mapping[Any, Any], model: Any) -> bool:
    """Refuse a field of another model in a filter or a sort order, or warn of it if it was written without `F`.

    Bases, subclasses, parametrisations of one generic class, and models of one collection share their documents, and so
    their fields. Operands of operators such as `$elemMatch` refer to other documents.

    Args:
        expression: Conditions or directions by key.
        model: The queried model; `None` if that is unknown.

    Returns:
        Whether there are other keys than those of fields.

    Raises:
        TypeError: if one is about `F` of a field of another model, or about `element`, which is no field.
    """
    has_others = False
    for key, value in expression.items():
        if type(key) is KeyNameProxy:
            if key.model is not model and not share_documents(key.model, model):
                _warn(key, model)
            continue
        has_others = True
        if key in LOGICAL and isinstance(value, (list, tuple)):
            for part in cast("Iterable[Mapping[Any, Any]]", value):
                check_fields(part, model)
    return has_others


def share_documents(one: Any, other: Any) -> bool:
    """Return whether documents of two classes have their fields in common, as far as it is known."""
    if one is Itself:
        return False
    if one is None or other is None:
        return True
    if kind_of(one) is None or kind_of(other) is None:
        return one is other
    if issubclass(one, other) or issubclass(other, one):
        return True
    if origin_of(one) is origin_of(other):
        return True
    collections = [getattr(cls, "__collection__", None) for cls in (one, other)]
    return None not in collections and collections[0] == collections[1]


def _warn(key: KeyNameProxy, model: Any) -> None:
    if key.model is Itself:
        raise TypeError(
            "a condition on element is about an item of a list: write it in elem_match(...)"
        )
    owner = key.model.__name__ if key.model is not None else ""
    text = (
        f"the key {str(key)!r} comes from a field of {owner}, and the documents are those of {model.__name__}: "
        f"use a field of {model.__name__}"
    )
    if key.is_typed:
        raise TypeError(text)
    warn_caller(text, ForeignFieldWarning)
