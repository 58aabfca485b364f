"""Primary keys in filters and writes: which are valid, and the filter for one document.

In a filter, a document such as `{"$gt": ""}` is an operator, and a regular expression matches other ids. A primary key
may come from a request, so it is never written where MongoDB would read it in this way.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import bson
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.regex import Regex

from odmantic._bson.values import is_document, is_stored_array
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.plain import is_plain
from odmantic._types.tree import Leaf
from odmantic.bson import ObjectId
from odmantic.exceptions import InvalidDocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odmantic._mapping.mapping import ModelMapping

SCALAR_IDS: frozenset[type[Any]] = frozenset(
    {
        *(bson.ObjectId, ObjectId, Int64, Decimal128, Binary),
        *(str, int, float, bool, bytes, datetime, UUID),
    }
)
"""Classes of stored forms that are valid primary keys, and that a filter may hold unchanged."""


def id_filter(id_: Any, path: str = "_id") -> dict[str, Any]:
    """Return the filter for the document with a primary key, in its stored form.

    Args:
        id_: The primary key.
        path: The path of the key; that of a reference for the documents that refer to one.
    """
    return {path: id_ if type(id_) in SCALAR_IDS else {"$eq": id_}}


def ids_filter(ids: list[Any], path: str = "_id") -> dict[str, Any]:
    """Return the filter for the documents with some primary keys, in their stored forms, like `id_filter`."""
    if are_scalars(ids):
        return {path: {"$in": ids}}
    scalars = [id_ for id_ in ids if type(id_) in SCALAR_IDS]
    others = [id_filter(id_, path) for id_ in ids if type(id_) not in SCALAR_IDS]
    return {"$or": [{path: {"$in": scalars}}, *others]} if scalars else {"$or": others}


def are_scalars(ids: Iterable[Any]) -> bool:
    """Return whether a filter may hold all of these unchanged."""
    return SCALAR_IDS.issuperset(map(type, ids))


def check_id(model: type[Any], id_: Any, operation: str) -> None:
    """Check that the stored form of a primary key is valid.

    Raises:
        InvalidDocumentError: if it is `None`, a regular expression, an array, or for a save a document with operators.
    """
    if type(id_) not in SCALAR_IDS:
        problem = _problem_of(model, id_, is_save=operation == "save")
        if problem is not None:
            raise InvalidDocumentError(f"cannot {operation} {model.__name__}: {problem}", model)


def may_be_unfit(mapping: ModelMapping) -> bool:
    """Return whether a validated instance may have a primary key that is not a scalar."""
    name: Any = mapping.primary_field
    info = mapping.fields[name].pydantic_field
    shape = mapping.shapes[name]
    is_validated = info.is_required() or name == mapping.automatic_id
    is_scalar = isinstance(shape, Leaf) and shape.value_class in SCALAR_IDS
    return not (is_validated and is_scalar and is_plain(mapping))


def _problem_of(model: type[Any], id_: Any, *, is_save: bool) -> str | None:
    where = f"its primary key '{mapping_of(model).primary_field}'"
    if id_ is None:
        return (
            f"{where} is None, so that all such instances would be one document; declare the field without None, or "
            "give it a default_factory, as in Field(primary_field=True, default_factory=ObjectId)"
        )
    if isinstance(id_, (re.Pattern, Regex)):
        return (
            f"{where} is the regular expression {id_!r}, which MongoDB does not take for one, and which would match "
            "other documents; use text"
        )
    if is_stored_array(id_):
        return f"{where} is the array {id_!r:.200}, which MongoDB does not take for one; use a document or a text"
    if is_save and _has_operator(id_):
        return (
            f"{where} is {id_!r:.200}, but the keys of a document that is one cannot start with '$'"
        )
    return None


def _has_operator(value: Any) -> bool:
    if is_document(value):
        return any(str(key).startswith("$") or _has_operator(value[key]) for key in value)
    return is_stored_array(value) and any(map(cast("Callable[[Any], bool]", _has_operator), value))
