"""The names by which a field is looked up in a document or a patch: its own, or if that is absent, an alias.

Pydantic looks for the alias first. If an alias is the name of another field, that would read the other field's value,
so the field is looked up only by its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import SchemaValidator, core_schema

from odmantic._bson.values import is_document, is_stored_array
from odmantic._types.annotations import type_adapter
from odmantic._types.kinds import kind_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Path: TypeAlias = "tuple[str | int, ...]"
"""Keys and indexes that lead to a value, outermost first."""
Rename: TypeAlias = Callable[[Mapping[Any, Any]], dict[Any, Any]]

_FIELDS = ("model-fields", "typed-dict", "dataclass-args")
_NO_SCHEMAS = frozenset(("cls", "config", "default", "metadata", "serialization"))
_ABSENT: Any = object()


def takes_aliases(schema: object) -> bool:
    """Return whether a schema looks for aliases too, which pydantic tries first.

    It does not if an alias is the name of another field, nor in models: their documents have their own keys.
    """
    return not any(
        paths if is_of_model else any(path[0] in fields for path in paths)
        for fields, is_of_model in _fields_in(schema, set(), is_of_model=False)
        for paths in fields.values()
    )


def _fields_in(
    schema: object, seen: set[tuple[int, bool]], *, is_of_model: bool
) -> Iterator[tuple[dict[str, list[Path]], bool]]:
    """Find the fields in a schema, at any depth, with their aliases; visit shared parts once."""
    if is_stored_array(schema):
        for part in schema:
            yield from _fields_in(part, seen, is_of_model=is_of_model)
    elif is_document(schema) and (id(schema), is_of_model) not in seen:
        seen.add((id(schema), is_of_model))
        kind = schema.get("type")
        if kind in _FIELDS:
            yield _aliases(schema), is_of_model
            is_of_model = False
        elif kind == "model":
            is_of_model = kind_of(schema["cls"]) is not None
        for key, part in schema.items():
            if key not in _NO_SCHEMAS:
                yield from _fields_in(part, seen, is_of_model=is_of_model)


def _aliases(schema: Mapping[Any, Any]) -> dict[str, list[Path]]:
    fields = schema["fields"]
    named = fields.items() if is_document(fields) else [(one["name"], one) for one in fields]
    return {name: _paths(field.get("validation_alias"), name) for name, field in named}


def _paths(alias: Any, name: str) -> list[Path]:
    """Return the paths to a value: an alias is a key, a path, or a choice of paths."""
    if alias is None:
        return []
    if isinstance(alias, str):
        alias = [alias]
    paths = alias if is_stored_array(alias[0]) else [alias]
    return [tuple(path) for path in paths if list(path) != [name]]


def names_first(cls: type[Any]) -> Rename | None:
    """Return a function that renames aliases in a document that is stored by names; `None` if there are none.

    An alias is dropped if the name is present, because pydantic would prefer the alias.
    """
    aliases = _aliases_of_items(_items_adapter(cls))
    usable = {
        name: [path for path in paths if path[0] not in aliases] for name, paths in aliases.items()
    }
    taken = {path[0] for paths in usable.values() for path in paths}
    if not taken:
        return None

    def rename(document: Mapping[Any, Any]) -> dict[Any, Any]:
        named = {key: value for key, value in document.items() if key not in taken}
        for name, paths in usable.items():
            found = (_follow(path, document) for path in paths if name not in document)
            value = next((value for value in found if value is not _ABSENT), _ABSENT)
            if value is not _ABSENT:
                named[name] = value
        return named

    return rename


def maker_of(cls: type[Any]) -> Callable[[Any], Any] | None:
    """Return a function that makes an instance of values by name; `None` if the class has no aliases.

    It raises pydantic's errors for a list with one item.
    """
    adapter = _items_adapter(cls)
    if not any(_aliases_of_items(adapter).values()):
        return None
    by_alias = takes_aliases(adapter.core_schema)
    return lambda values: adapter.validate_python([values], by_alias=by_alias, by_name=True)[0]


@cache
def handlers_forget_lookups() -> bool:
    """Return whether, in this version of pydantic, a wrap validator's handler looks fields up only by alias."""
    field = core_schema.typed_dict_field(core_schema.int_schema(), validation_alias="alias")
    schema = core_schema.no_info_wrap_validator_function(
        lambda value, handler: handler(value), core_schema.typed_dict_schema({"name": field})
    )
    try:
        SchemaValidator(schema).validate_python({"name": 1}, by_alias=False, by_name=True)
    except ValidationError:
        return True
    return False


def _items_adapter(cls: type[Any]) -> TypeAdapter[list[Any]]:
    # In a list, because a class with its own configuration accepts no other.
    items: Any = cls
    return type_adapter(list[items], arbitrary_types=True)


def _aliases_of_items(adapter: TypeAdapter[list[Any]]) -> dict[str, list[Path]]:
    """Return the aliases of the outermost fields of the items of a list."""
    if not adapter.pydantic_complete:
        return {}
    schema: Any = adapter.core_schema
    definitions = {one["ref"]: one for one in schema.get("definitions", ())}
    part = schema["schema"] if definitions else schema
    part = part["items_schema"]
    while part is not None and part["type"] not in _FIELDS:
        is_reference = part["type"] == "definition-ref"
        part = definitions[part["schema_ref"]] if is_reference else part.get("schema")
    return {} if part is None else _aliases(part)


def _follow(path: Path, value: Any) -> Any:
    for step in path:
        is_key = isinstance(step, str)
        if not (is_document(value) if is_key else is_stored_array(value)):
            return _ABSENT
        try:
            value = value[step]
        except (KeyError, IndexError):
            return _ABSENT
    return value
