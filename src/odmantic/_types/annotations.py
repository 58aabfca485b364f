"""Reading annotations: what is behind wrappers, what nests, what can change in place."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from inspect import get_annotations
from pathlib import PurePath
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    ForwardRef,
    Literal,
    NewType,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import bson
from bson.decimal128 import Decimal128
from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, TypeAdapter
from pydantic.fields import FieldInfo
from typing_extensions import NotRequired, ReadOnly, Required

from odmantic._types.aliases import alias_value, is_type_alias
from odmantic._types.kinds import ModelKind, is_class, is_embedded_model, kind_of
from odmantic.bson import DATETIMES, WithBsonSerializer

FieldTypes: TypeAlias = dict[str, tuple[Any, Iterable[Any]]]
"""Annotations of fields by name, with their metadata."""

_QUALIFIERS = (Required, NotRequired, ReadOnly, Final)
"""What says something of a field, and nothing of its values."""

_UNIONS = (Union, types.UnionType)

_IMMUTABLE = (
    types.NoneType,
    bool,
    int,
    float,
    str,
    bytes,
    tuple,
    frozenset,
    date,
    time,
    timedelta,
    Enum,
    Decimal,
    PurePath,
    UUID,
    bson.ObjectId,
    Decimal128,
)


def unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Look through `Annotated`, new types and type aliases; give the metadata passed on the way."""
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            metadata = (*annotation.__metadata__, *metadata)
            annotation = annotation.__origin__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif is_type_alias(annotation):
            annotation = _behind_alias(annotation)
        else:
            return annotation, metadata


def serializer_in(metadata: Iterable[Any]) -> Callable[[Any], Any] | None:
    """Find what a user or a BSON type says about storing the values of an annotation."""
    for item in metadata:
        if isinstance(item, WithBsonSerializer):
            return item.bson_serializer
    return None


def _behind_alias(alias: Any) -> Any:
    value = alias_value(alias)
    # Arguments have been evaluated with the alias.
    return evaluate(value, alias.__module__, {})[0] if get_origin(alias) is None else value


def is_union(annotation: Any) -> bool:
    """Tell whether this is a union in either spelling."""
    return get_origin(annotation) in _UNIONS


def arguments_of(annotation: Any) -> tuple[Any, ...]:
    """Give the types that values of an annotation hold; `Literal`, callables and `type[...]` hold none."""
    if get_origin(annotation) in (Literal, type):
        return ()
    return tuple(arg for arg in get_args(annotation) if arg is not Ellipsis)


def optional_member(annotation: Any) -> Any:
    """Give `T` for `Optional[T]`, and for anything else the annotation itself."""
    if not is_union(annotation):
        return annotation
    members = [arg for arg in get_args(annotation) if arg is not types.NoneType]
    return members[0] if len(members) == 1 else annotation


def types_in(annotation: Any) -> Iterator[Any]:
    """Find the types in an annotation, at any depth, with itself first and behind wrappers.

    What an alias stands for comes once, and so does a type with arguments that is one object in several places.
    """
    return _types_in(annotation, [], {})


def _types_in(annotation: Any, aliases: list[Any], known: dict[int, Any]) -> Iterator[Any]:
    if is_type_alias(annotation):
        if annotation in aliases:
            return
        aliases.append(annotation)
    elif get_args(annotation):
        if id(annotation) in known:
            return
        # Kept, so that no other one has its id.
        known[id(annotation)] = annotation
    bare, _ = unwrap(annotation)
    yield bare
    for argument in arguments_of(bare):
        yield from _types_in(argument, aliases, known)


def models_in(annotation: Any) -> Iterator[Any]:
    """Find the models in an annotation, at any depth."""
    return (
        tp for tp in types_in(annotation) if kind_of(tp) in (ModelKind.MODEL, ModelKind.EMBEDDED)
    )


def is_mutable(annotation: Any) -> bool:
    """Tell whether a value of this type can change without being assigned."""
    return any(map(_is_mutable_type, types_in(annotation)))


def _is_mutable_type(tp: Any) -> bool:
    """Tell whether a value can change apart from what the arguments of its type are."""
    if get_origin(tp) is Literal or is_union(tp):
        return False
    return not _is_immutable_class(get_origin(tp) or tp)


def _is_immutable_class(tp: Any) -> bool:
    if tp is None or tp in DATETIMES:
        return True
    if not is_class(tp):
        return False
    if issubclass(tp, BaseModel):
        return kind_of(tp) is ModelKind.MODEL or (
            not is_embedded_model(tp) and bool(tp.model_config.get("frozen"))
        )
    return issubclass(tp, _IMMUTABLE)


def is_array(origin: Any) -> bool:
    """Tell whether values of this generic class are stored as arrays."""
    return (
        is_class(origin)
        and issubclass(origin, Iterable)
        and not issubclass(origin, (str, bytes, Mapping))
    )


def is_set(origin: Any) -> bool:
    """Tell whether values of this generic class are sets."""
    return is_class(origin) and issubclass(origin, AbstractSet)


def is_mapping(origin: Any) -> bool:
    """Tell whether values of this generic class are stored as documents."""
    return is_class(origin) and issubclass(origin, Mapping)


def is_object_class(cls: Any) -> bool:
    """Tell whether values of a class are stored by their fields.

    That are plain pydantic models, dataclasses, typed dictionaries and named tuples.
    """
    has_fields = is_dataclass(cls) or hasattr(cls, "__total__") or hasattr(cls, "_fields")
    return is_class(cls) and (has_fields or issubclass(cls, BaseModel))


def field_types(cls: Any) -> FieldTypes:
    """Give the annotations and their metadata where values are stored by their fields, else nothing."""
    if not is_object_class(cls):
        return {}
    if issubclass(cls, BaseModel):
        infos = cls.__pydantic_fields__
        return {name: (info.annotation, info.metadata) for name, info in infos.items()}
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError:  # pydantic has found what is local to a function
        return {}
    return {name: (_without_qualifiers(annotation), ()) for name, annotation in hints.items()}


def type_of_extras(cls: Any) -> Any:
    """Give the type that a pydantic model declares for the values that it has besides its fields."""
    mro: tuple[Any, ...] = cls.__mro__
    for each in mro[: mro.index(BaseModel)]:
        annotations: dict[str, Any] = get_annotations(each)
        declared = annotations.get("__pydantic_extra__")
        if declared is not None:
            evaluated, _ = evaluate(declared, each.__module__, {})
            return (*get_args(optional_member(evaluated)), Any)[1]
    return Any


def type_of_variable(variable: TypeVar) -> Any:
    """Give the type by which values are validated where a generic class has no arguments."""
    if variable.__constraints__:
        return Union[variable.__constraints__]  # noqa: UP007 - a tuple
    # Only newer versions of Python, and `typing_extensions`, know defaults.
    has_default = getattr(variable, "has_default", bool)()
    default: Any = getattr(variable, "__default__", None) if has_default else None
    return variable.__bound__ or default or Any


def _without_qualifiers(annotation: Any) -> Any:
    while get_origin(annotation) in _QUALIFIERS:
        (annotation,) = get_args(annotation)
    return annotation


def type_adapter(annotation: Any, *, arbitrary_types: bool) -> TypeAdapter[Any]:
    """Make a validator for a type on its own, without what only a field can be, such as frozen."""
    if get_origin(annotation) is Annotated:
        parts = (annotation.__origin__, *_marks_of_types(annotation.__metadata__))
        annotation = Annotated[parts] if len(parts) > 1 else parts[0]
    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=arbitrary_types))
    except PydanticUserError:
        # Classes that may have a configuration of their own accept no other.
        return TypeAdapter(annotation)


def _marks_of_types(metadata: Iterable[Any]) -> Iterator[Any]:
    for item in metadata:
        if not isinstance(item, FieldInfo):
            yield item
            continue
        yield from item.metadata
        if item.discriminator is not None:
            yield Field(discriminator=item.discriminator)


_BARE_CLASS_VAR = re.compile(r"(\w+\.)*ClassVar")


def evaluate(annotation: Any, module: str, known: dict[str, Any]) -> tuple[Any, str | None]:
    """Evaluate an annotation; with it comes the first name that does not exist, if any."""
    if not _has_forward_reference(annotation):
        return annotation, None
    if isinstance(annotation, str) and _BARE_CLASS_VAR.fullmatch(annotation):
        # Python 3.10 evaluates it only with an argument.
        return ClassVar, None
    holder = type("holder", (), {"__annotations__": {"it": _with_references(annotation)}})
    names = getattr(sys.modules.get(module), "__dict__", {})
    try:
        return get_type_hints(holder, names, known, include_extras=True)["it"], None
    except NameError as error:
        return annotation, error.name


def _with_references(annotation: Any) -> Any:
    """Make references of the texts in builtin generics, such as `list["Node"]`: Python 3.10 does not evaluate them."""
    origin = get_origin(annotation)
    if origin is Literal or not get_args(annotation):
        return annotation
    if origin is Annotated:
        parts = (_with_references(annotation.__origin__), *annotation.__metadata__)
        return Annotated[parts]
    if is_union(annotation):
        members = tuple(map(_with_references, get_args(annotation)))
        return Union[members]  # noqa: UP007 - the members are only known now
    if not isinstance(annotation, types.GenericAlias):
        return annotation
    parts = tuple(
        ForwardRef(each) if isinstance(each, str) else _with_references(each)
        for each in get_args(annotation)
    )
    cls: Any = origin
    return types.GenericAlias(cls, parts)


def _has_forward_reference(annotation: Any, known: dict[int, Any] | None = None) -> bool:
    if isinstance(annotation, (str, ForwardRef)):
        return True
    known = {} if known is None else known
    if get_origin(annotation) is Literal or id(annotation) in known:
        return False
    known[id(annotation)] = annotation
    if get_origin(annotation) is Annotated:
        return _has_forward_reference(annotation.__origin__, known)
    return any(_has_forward_reference(argument, known) for argument in _arguments(annotation))


def _arguments(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        # The parameters of a callable are a list.
        yield from argument if isinstance(argument, list) else (argument,)
