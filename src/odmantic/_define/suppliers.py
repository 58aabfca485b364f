"""Fields whose values functions give: what documents without the key have instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime

from odmantic._caller import warn_caller
from odmantic._define.absence import admits_none
from odmantic._mapping.fields import Absence, none_if_missing
from odmantic._mapping.suppliers import utcnow
from odmantic.exceptions import OldDocumentsWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._mapping.options import FieldOptions
    from odmantic._types.tree import Type

_AWARE: Any = AwareDatetime


def if_missing_of(
    model: Any, name: str, tree: Type, options: FieldOptions, absence: Absence
) -> Callable[[], Any] | None:
    """Return what gives a value to documents without the key of a field; `None` leaves that to pydantic's default.

    A function that gives values to new instances, such as `utcnow`, has none for old documents: these have `None`, if the
    field can be that, or else cannot be read.

    Raises:
        TypeError: if `utcnow` gives naive datetimes to a field that refuses them.
    """
    if absence & Absence.OF_NONE:
        return none_if_missing
    if options.supplier is None:
        return options.if_missing
    if utcnow in (options.on_insert, options.on_update) and _takes_aware_only(tree):
        raise TypeError(
            f"{model.__name__}.{name} cannot have utcnow, which is naive, and an AwareDatetime: declare a datetime, with "
            'model_config = {"datetimes": "aware"}, or Annotated[datetime, Datetimes("aware")]'
        )
    if options.if_missing is not None:
        return options.if_missing
    if admits_none(tree):
        return none_if_missing
    is_inherited = any(name in getattr(base, "__pydantic_fields__", ()) for base in model.__bases__)
    makes_default = model.model_config.get("parse_doc_with_default_factories")
    if not is_inherited and not makes_default:
        warn_caller(
            f"{model.__name__}.{name}: documents that were saved before the field was declared will not load, for they lack "
            "the key. Say what these have, as in Field(if_missing=lambda: datetime(1970, 1, 1), on_insert=utcnow), or let "
            "the field be None",
            OldDocumentsWarning,
        )
    return None


def _takes_aware_only(tree: Type) -> bool:
    return any(node.bare is _AWARE for node in tree.inside)
