"""Hollow instances in pydantic: accepted as they are where others hold them, and never half an object in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import PydanticSerializationError, core_schema

from odmantic._mapping.options import options_in
from odmantic._state.hollow import check_loaded, have_same_key, hollow_in
from odmantic._state.nested import instances_in
from odmantic._types.forms import has_lazy
from odmantic._types.internals import decorators_of
from odmantic._types.kinds import ModelKind, kind_of
from odmantic._types.tree import read_fields

if TYPE_CHECKING:
    from pydantic import SerializerFunctionWrapHandler
    from pydantic_core import CoreSchema

    from odmantic._types.instances import Instance


def check_all_loaded(instance: Instance) -> None:
    """Raise if an instance, or one in it at any depth, is hollow; lazy references are shown as keys, whatever they hold.

    Raises:
        NotLoadedError: one has nothing but its primary key.
    """
    seen: set[int] = set()
    waiting: list[Instance] = [instance]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            check_loaded(one)
            for name in one.__mapping__.nested_fields:
                if not has_lazy(one.__mapping__.fields[name].tree):
                    waiting += instances_in(one.__dict__.get(name))


def know_hollow(base: Any, model: Any) -> None:
    """Have models raise for the JSON of hollow instances, and compare these by their keys.

    Each dump and comparison takes a call more then, so it waits for the first hollow instance.

    Args:
        base: The base of models and embedded models.
        model: The base of models.
    """
    behind: Any = super

    def model_dump(self: Any, *args: Any, **options: Any) -> dict[str, Any]:
        """Return the values by field name, as pydantic does; of what is not loaded, only the primary key."""
        try:
            values: dict[str, Any] = behind(base, self).model_dump(*args, **options)
        except PydanticSerializationError:
            check_all_loaded(self)
            raise
        return values

    def model_dump_json(self: Any, *args: Any, **options: Any) -> str:
        """Return the values in JSON, as pydantic does.

        Raises:
            NotLoadedError: if something in it is not loaded.
        """
        try:
            text: str = behind(base, self).model_dump_json(*args, **options)
        except PydanticSerializationError:
            check_all_loaded(self)
            raise
        return text

    def equals(self: Any, other: object) -> bool:
        is_equal: bool = behind(model, self).__eq__(other)
        if is_equal is False and self.__class__ is other.__class__:
            return have_same_key(self, other)
        return is_equal

    type.__setattr__(base, "model_dump", model_dump)
    type.__setattr__(base, "model_dump_json", model_dump_json)
    type.__setattr__(model, "__eq__", equals)


# --- Schemas -----------------------------------------------------------------------------------


def guarded(cls: Any, schema: CoreSchema) -> CoreSchema:
    """Return the schema of a model, or of an embedded one, so that what is hollow has no JSON, and is not validated."""
    candidates = {
        id(node.cls): node.cls for tree in read_fields(cls).values() for node in tree.models
    }
    candidates[id(cls)] = cls
    looking = {key: each for key, each in candidates.items() if _looks_at_instances(each)}
    own: Any = _with_parts(looking, schema) if looking else schema
    if kind_of(cls) is ModelKind.MODEL:
        infos = cls.__pydantic_fields__.items()
        primary = next(
            (name for name, info in infos if options_in(info.metadata).primary_field), None
        )
        own = _with_key(own, primary)
    return cast("CoreSchema", own)


def _with_key(schema: Any, primary: str | None) -> Any:
    """Return the schema of a model whose primary key has no JSON if the instance is hollow.

    It costs less than a function for whole instances, of which pydantic makes a dictionary first.
    """
    if schema["type"] in ("model-fields", "model") or schema["type"].startswith("function-"):
        if schema["type"] != "model-fields":
            return {**schema, "schema": _with_key(schema["schema"], primary)}
        field = schema["fields"].get(primary)
        if field is not None and "serialization" not in field["schema"]:
            guarded_key = {**field["schema"], "serialization": _key_in_json(field["schema"])}
            fields = {**schema["fields"], primary: {**field, "schema": guarded_key}}
            return {**schema, "fields": fields}
    return schema


def _key_in_json(schema: Any) -> Any:
    inner = schema.get("schema", schema)
    is_written = inner.get("serialization", {}).get("type") == "function-plain"
    write = inner["serialization"]["function"] if is_written else None

    def write_key(instance: Any, value: Any) -> Any:
        if len(instance.__dict__) == 1:  # faster than its state
            check_loaded(instance)
        return write(value)  # type: ignore[misc]  # used only if there is one

    if is_written and not inner["serialization"].get("info_arg"):
        return core_schema.plain_serializer_function_ser_schema(
            write_key, is_field_serializer=True, when_used="json"
        )
    return core_schema.wrap_serializer_function_ser_schema(
        _wrapped_key, is_field_serializer=True, when_used="json"
    )


def _wrapped_key(instance: Any, value: Any, serialize: SerializerFunctionWrapHandler) -> Any:
    if len(instance.__dict__) == 1:
        check_loaded(instance)
    return serialize(value)


def as_part(cls: Any, schema: CoreSchema) -> CoreSchema:
    """Return the schema of a complete model for use inside of others."""
    return _accepting(schema) if _looks_at_instances(cls) else schema


def _with_parts(looking: Mapping[int, Any], schema: Any) -> Any:
    match schema:
        case {"type": "definition-ref", "schema_ref": str(name)}:
            # Pydantic ends the name of a class by its identity.
            number = name.rpartition(":")[2]
            is_looking = number.isdecimal() and int(number) in looking
            return _accepting(cast("CoreSchema", schema)) if is_looking else schema
        case {"type": str()}:
            named = cast("Mapping[str, Any]", schema)
            return {
                name: _with_parts(looking, value) if name in _NESTED else value
                for name, value in named.items()
            }
        case Mapping():
            fields = cast("Mapping[str, Any]", schema)
            return {name: _with_parts(looking, value) for name, value in fields.items()}
        case list() | tuple():
            items = cast("list[Any]", schema)
            return type(items)([_with_parts(looking, item) for item in items])
        case _:
            return schema


_NESTED = ("schema", "items_schema", "values_schema", "choices", "fields")
"""The keys under which core schemas of models, containers and unions hold the schemas of their parts."""


def _looks_at_instances(cls: Any) -> bool:
    """Return whether code of the program, or pydantic, looks at instances of a model that are given to a field."""
    if kind_of(cls) is not ModelKind.MODEL:
        return False
    revalidates = cls.model_config.get("revalidate_instances", "never") != "never"
    return revalidates or bool(decorators_of(cls, "model_validators", "root_validators"))


def _accepting(schema: CoreSchema) -> CoreSchema:
    # Validators would ask for what is not there.
    return core_schema.no_info_wrap_validator_function(_accept, schema)


def _accept(value: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
    return value if hollow_in(value) is not None else validate(value)
