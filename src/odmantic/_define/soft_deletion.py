"""Checks of `soft_delete`, which names the field for the time of a deletion."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, NaiveDatetime, PastDatetime

from odmantic._mapping.fields import ODMBaseIndexableField
from odmantic._types.kinds import ModelKind, is_class, kind_of
from odmantic._types.tree import Nullable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from odmantic._mapping.fields import ODMBaseField
    from odmantic._mapping.hierarchy import Hierarchy

_TIMES: tuple[Any, ...] = (AwareDatetime, NaiveDatetime, PastDatetime)
"""Types of pydantic that are no classes of datetimes at run time."""


def check_soft_deletion(
    model: Any, fields: Mapping[str, ODMBaseField], hierarchy: Hierarchy | None
) -> None:
    """Check what a class says about soft deletion.

    Raises:
        TypeError: if `soft_delete` does not name a field for a time, a class of a hierarchy says something else than its
            root, or a field is unique among live documents and the class has no others.
    """
    name = model.model_config.get("soft_delete")
    if name is None and model.model_config.get("soft_delete_rules"):
        raise TypeError(
            f"{model.__name__} cannot have soft_delete_rules: it has no soft_delete, and its deletions always fire the rules"
        )
    kind = kind_of(model)
    is_abstract = kind is ModelKind.ABSTRACT
    if name is not None and not (is_abstract and name not in fields):
        _check_field(model, name, fields)
    if hierarchy is not None:
        above = hierarchy.root.model_config.get("soft_delete")
        if above != name:
            raise TypeError(
                f"{model.__name__} cannot have soft_delete={name!r}: it shares a collection with {hierarchy.root.__name__}, "
                f"which has soft_delete={above!r}: say it in {hierarchy.root.__name__}"
            )
    if name is None and not is_abstract:
        for field_name, field in fields.items():
            if isinstance(field, ODMBaseIndexableField) and field.options.unique == "live":
                raise TypeError(
                    f"{model.__name__}.{field_name} cannot be unique among live documents: {model.__name__} has no "
                    "soft_delete. Write unique=True, or name the field for the time of deletions in model_config"
                )


def _check_field(model: Any, name: Any, fields: Mapping[str, ODMBaseField]) -> None:
    problem = ""
    if kind_of(model) is ModelKind.EMBEDDED:
        problem = "an embedded model has no documents of its own: leave it out"
    elif name not in fields:
        problem = f"there is no such field: add `{name}: datetime | None = None`"
    elif not _is_time(fields[name]):
        problem = f"the field has to hold a time, and to be None by default: declare `{name}: datetime | None = None`"
    if problem:
        raise TypeError(f"{model.__name__} cannot have soft_delete={name!r}: {problem}")


def _is_time(field: ODMBaseField) -> bool:
    tree, info = field.tree, field.pydantic_field
    if not isinstance(tree, Nullable) or info.default is not None or info.default_factory:
        return False
    cls = tree.inner.cls
    return cls in _TIMES or (is_class(cls) and issubclass(cls, datetime))
