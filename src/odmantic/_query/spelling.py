"""Words of paths that are no fields: `each`, `matched`, `where`, `given`, `element` and `path_of`."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from odmantic._mapping.mapping import mapping_of
from odmantic._query.expressions import QueryDictBool
from odmantic._query.paths import FieldProxy, proxy_at
from odmantic._query.places import key_step
from odmantic._query.steps import Itself, Key, Path, Place, Where, path_in
from odmantic._types.kinds import CONCRETE, is_class, kind_of
from odmantic._types.tree import read_extras, read_fields

T = TypeVar("T")

each: int = cast("int", Place.EACH)
"""Every item of a list, as in `Order.lines[each].qty`; in a filter, some item. To type checkers it is a number."""

matched: int = cast("int", Place.MATCHED)
"""The item of a list that the query met, in updates only."""

element: Any = proxy_at(Path(None, Itself(), Itself))
"""An item of a list itself, in conditions on items: `elem_match(Roll.dice, element > 4)`."""


def where(*conditions: QueryDictBool) -> int:
    """Return the place of the items of a list that meet all conditions, in updates only.

    Conditions are about fields of the items' class, or about `element`. To type checkers it is a number.

    Example:
        `Order.lines[where(Line.sku == "tea")].quantity`
    """
    return cast("int", Where(cast("Any", conditions)))


def given(field: T | None) -> T:
    """Return a field, for type checkers without `None`: `given(User.home).city`.

    Raises:
        TypeError: if it is not a field as seen on its class.
    """
    path_in(field)
    return cast("T", field)


def path_of(cls: Any, name: str) -> Any:
    """Return the path of a field of a class that has no fields as attributes: a pydantic model, a dataclass, a typed dictionary.

    For a model it is that of the field, and if its config has `extra="allow"`, also that of a key that it does not
    declare.

    Raises:
        TypeError: if it is no class with fields.
        ValueError: if it has no such field, or the key cannot be in a path.

    Example:
        `elem_match(Order.notes, path_of(Note, "text") == "late")`
    """
    if kind_of(cls) in CONCRETE:
        return _path_of_model(cls, name)
    fields = read_fields(cls) if is_class(cls) else {}
    if not fields:
        raise TypeError(f"path_of takes a class with fields, not {cls!r:.200}")
    if name not in fields:
        raise ValueError(f"path_of: {cls.__name__} has no field {name!r:.200}")
    return proxy_at(Path(None, Key(name, fields[name], f".{name}"), cls))


def _path_of_model(model: Any, name: str) -> Any:
    mapping = mapping_of(model)
    field = mapping.fields.get(name) or mapping.stored.get(name)
    if field is not None:
        return FieldProxy(None, field, model)
    if not mapping.extra_allowed:
        raise ValueError(
            f'path_of: {model.__name__} has no field {name!r:.200}, and no extra="allow" in its config'
        )
    return proxy_at(Path(None, key_step(model.__name__, name, read_extras(model)), model))
