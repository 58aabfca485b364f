"""How values are stored, by annotation."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from itertools import zip_longest
from pathlib import PurePath
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_origin
from uuid import UUID

import bson
from bson.decimal128 import Decimal128
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    RootModel,
    SerializeAsAny,
    ValidationError,
    WrapSerializer,
    WrapValidator,
)

from odmantic._bson.values import AS_IT_IS, COLLECTIONS, is_document, is_stored_array
from odmantic._codec.objects import Parts, Refusal, names_of, object_encoder
from odmantic._codec.union_encoders import union_encoder
from odmantic._codec.validation import Validation, first_problem
from odmantic._mapping.interfaces import Encoder
from odmantic._types.annotations import (
    field_types,
    is_array,
    is_mapping,
    is_object_class,
    is_union,
    models_in,
    serializer_in,
    type_adapter,
    type_of_extras,
    type_of_variable,
    types_in,
    unwrap,
)
from odmantic._types.internals import decorators_of
from odmantic._types.kinds import is_class, is_embedded_model
from odmantic._types.recursion import Recursion
from odmantic.bson import BSON_TYPES_SUBSTITUTES, DATETIMES, SUBSTITUTE_MARKS

T = TypeVar("T")


class EncoderCompiler:
    """Decides how values of a type are stored: what the type has is, whatever else a value of a derived class has.

    `encode_any` stores what a type says nothing of, and `encode_document` what has a document of its own. Without
    that, embedded objects are stored as plain pydantic models are: by the names of their fields.
    """

    def __init__(
        self, encode_any: Encoder, refusal: Refusal, encode_document: Encoder | None = None
    ) -> None:
        self._encode_any = encode_any
        self._refusal = refusal
        self._encode_document = encode_document
        self._recursion: Recursion[Encoder | None] = Recursion(_by_other)

    def field_encoder(self, model: Any, name: str) -> Encoder | None:
        """Give the encoder for a field of a class; `None` if its values are stored as they are."""
        if not is_left_to_field(model, name):
            info = model.__pydantic_fields__[name]
            return self.encoder(info.annotation, info.metadata)
        encode_any = self._encode_any
        return lambda value: encode_any(_dumped_field(model, name, value))

    def encoder(self, annotation: Any, metadata: Iterable[Any] = ()) -> Encoder | None:
        """Give the encoder for a type; `None` if its values are stored as they are."""
        bare, inner = unwrap(annotation)
        if isinstance(bare, TypeVar):
            bound = type_of_variable(bare)
            return self._by_names(lambda: self.encoder(bound, (*inner, *metadata)))
        marks = (self._encode_document is None, *map(id, metadata))
        return self._recursion.once_of(
            annotation, marks, lambda: self._encoder(annotation, metadata)
        )

    def _encoder(self, annotation: Any, metadata: Iterable[Any]) -> Encoder | None:
        bare, inner = unwrap(annotation)
        marks = (*inner, *metadata)
        serializer = serializer_in(marks)
        if serializer is not None:
            return serializer if _is_scalar(bare) else _dumped_first(serializer)
        if any(isinstance(mark, _AS_ANY) for mark in marks):
            return self._encode_any
        if is_embedded_model(bare) and self._encode_document is not None:
            return self._of_class(bare, self._encode_document)
        if _is_left_to_pydantic(bare, marks):
            return self._pydantic_encoder(bare, marks)
        hooks = _with_own_forms(bare, marks)
        if hooks is not None:
            return self._pydantic_encoder(bare, hooks)
        if is_object_class(cls := get_origin(bare) or bare):
            return self._recursion.once(bare, lambda: self.object_encoder(cls))
        if get_origin(bare) is None or get_origin(bare) is Literal:
            return None if _is_scalar(bare) else self._encode_any
        return self._generic_encoder(bare)

    def object_encoder(self, cls: Any) -> Encoder:
        """Give the encoder of a class whose objects are stored by the names of the fields that it declares."""
        parts = self._by_names(lambda: self._parts(cls))
        encode_extra = self.extra_encoder(cls) if issubclass(cls, BaseModel) else self._encode_any
        return self._of_class(cls, object_encoder(cls, parts, encode_extra, self._refusal))

    def extra_encoder(self, model: Any) -> Encoder:
        """Give the encoder of the values that instances of a class have besides their fields."""
        return self._by_names(lambda: self.encoder(type_of_extras(model))) or _as_it_is

    def _parts(self, cls: Any) -> Parts:
        if issubclass(cls, BaseModel):
            return [(name, self.field_encoder(cls, name)) for name in cls.__pydantic_fields__]
        types = field_types(cls)
        return [
            (name, self.encoder(types[name][0]) if name in types else self._encode_any)
            for name in names_of(cls)
        ]

    def _by_names(self, make: Callable[[], T]) -> T:
        """Make what stores embedded objects, too, by the names of their fields."""
        outer, self._encode_document = self._encode_document, None
        made = make()
        self._encode_document = outer
        return made

    def _of_class(self, cls: Any, encode: Encoder) -> Encoder:
        """Store what an assignment would make of a value that is not of a class, such as a dictionary put into a list."""
        validate = Validation(cls)
        # Typed dictionaries have no instances.
        runtime_class: Any = Mapping if issubclass(cls, dict) else cls

        def encode_instance(value: Any) -> Any:
            if isinstance(value, runtime_class):
                return encode(value)
            try:
                value = validate(value)
            except ValidationError as error:
                raise self._refusal(first_problem(error)) from error
            return encode(value)

        return encode_instance

    def _pydantic_encoder(self, bare: Any, marks: tuple[Any, ...]) -> Encoder:
        encode_any = self._encode_any
        parts = (bare, *marks)
        adapter = type_adapter(Annotated[parts] if marks else bare, arbitrary_types=True)
        return lambda value: encode_any(adapter.dump_python(value, warnings=False))

    def _generic_encoder(self, bare: Any) -> Encoder | None:
        arguments = get_args(bare)
        origin = get_origin(bare)
        if is_union(bare):
            return union_encoder(bare, [self.encoder(each) for each in arguments], self._encode_any)
        if is_mapping(origin) and len(arguments) == 2:
            return self._mapping_encoder(arguments[0], self.encoder(arguments[1]))
        if origin is tuple and arguments[-1:] != (Ellipsis,):
            return self._tuple_encoder(arguments)
        if is_array(origin):
            return _array_encoder(origin, self.encoder(arguments[0]), nests=any(models_in(bare)))
        return self._encode_any

    def _tuple_encoder(self, arguments: tuple[Any, ...]) -> Encoder | None:
        encoders = [self.encoder(argument) for argument in arguments]
        if not any(encoders):
            return None
        encode_any = self._encode_any
        nests = any(any(models_in(argument)) for argument in arguments)

        def encode(values: Collection[Any]) -> Any:
            pairs = zip_longest(values, encoders[: len(values)], fillvalue=encode_any)
            encoded = [value if each is None else each(value) for value, each in pairs]
            return encoded if nests else tuple(encoded)

        return encode

    def _mapping_encoder(self, key_type: Any, encode: Encoder | None) -> Encoder:
        bare, _ = unwrap(key_type)
        if is_class(bare) and issubclass(bare, str):
            if encode is None:
                return dict
            return lambda values: {key: encode(value) for key, value in values.items()}
        refusal = self._refusal
        is_open = bare in (Any, object, Hashable) or is_union(bare)
        validate = Validation(key_type)

        def encode_items(values: Mapping[Any, Any]) -> dict[Any, Any]:
            document: dict[Any, Any] = {}
            for key, value in values.items():
                text = encode_key(key)
                if not isinstance(text, Hashable):
                    raise refusal(f"the key {key!r} has no text")
                if text in document:
                    other = next(one for one in values if encode_key(one) == text)
                    reason = (
                        f"the keys {other!r} and {key!r} are both stored as {text!r}, and one of the two values "
                        "would be lost: leave one out"
                    )
                    raise refusal(reason)
                document[text] = value if encode is None else encode(value)
            if is_open:
                _check_keys(values, validate, refusal)
            return document

        return encode_items


def _check_keys(values: Mapping[Any, Any], validate: Validation, refusal: Refusal) -> None:
    """Refuse a key of which the text would be read as another one, such as a number where text is allowed too."""
    for key in values:
        text = encode_key(key)
        if text is key or not isinstance(text, str):
            continue
        try:
            read = validate(text)
        except ValidationError:
            read = None
        if type(read) is not type(key) or read != key:
            reason = (
                f"the key {key!r} is stored as {text!r}, and would not be read as {key!r} again"
            )
            raise refusal(f"{reason}: use text")


def _as_it_is(value: Any) -> Any:
    return value


def _by_other(found: list[Encoder | None]) -> Encoder:
    def encode(value: Any) -> Any:
        each = found[0]
        return value if each is None else each(value)

    return encode


# Type checkers take it for `Annotated`.
_AS_ANY = cast("type[Any]", SerializeAsAny)
_HOOK = "__get_pydantic_core_schema__"
_PLAIN = (
    PlainSerializer,
    WrapSerializer,
    AfterValidator,
    BeforeValidator,
    PlainValidator,
    WrapValidator,
    *SUBSTITUTE_MARKS,
)
"""Marks that do not change what type it is."""

_WITHOUT_OWN_FORM: tuple[Any, ...] = (
    BaseModel,
    *(cls for cls in BSON_TYPES_SUBSTITUTES.values() if is_class(cls)),
)
_KNOWN: tuple[type[Any], ...] = (
    *AS_IT_IS,
    Decimal,
    Enum,
    re.Pattern,
    BaseModel,
    Mapping,
    *COLLECTIONS,
)


def has_own_form(bare: Any, marks: tuple[Any, ...]) -> bool:
    """Tell whether a serialiser, or the type itself, says how the values of a type are stored."""
    return (
        serializer_in(marks) is not None
        or _is_left_to_pydantic(bare, marks)
        or _with_own_forms(bare, marks) is not None
    )


def is_left_to_field(model: Any, name: str) -> bool:
    """Tell whether a serialiser of the class says how a field is stored."""
    annotation = model.__pydantic_fields__[name].annotation
    return _has_serializer(model, name) and _is_foreign(annotation)


def _is_left_to_pydantic(bare: Any, marks: tuple[Any, ...]) -> bool:
    """Tell whether only a serialiser of pydantic's may know a stored form."""
    if bare in DATETIMES:
        return False
    has_hook = any(hasattr(each, _HOOK) for each in (bare, *marks))
    return (has_hook or bare is Fraction) and _is_foreign(bare)


def _with_own_forms(bare: Any, marks: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Give the marks by which pydantic dumps a type that defines its dumped form; `None` if none does.

    Such a form, as that of `Base64Str`, is what its validation reads. What a serialiser adds is meant for others.
    """
    if any(models_in(bare)):
        return None
    hooks = tuple(mark for mark in marks if hasattr(mark, _HOOK) and not isinstance(mark, _PLAIN))
    own: list[Any] = [Annotated[bare, mark] for mark in hooks]
    if hasattr(bare, _HOOK) and is_class(bare) and not issubclass(bare, _WITHOUT_OWN_FORM):
        own.append(bare)
    return hooks if any(map(_defines_its_form, own)) else None


def _defines_its_form(annotation: Any) -> bool:
    schema: Any = type_adapter(annotation, arbitrary_types=True).core_schema
    form = schema.get("serialization")
    return form is not None and not form.get("when_used", "always").startswith("json")


def _is_foreign(annotation: Any) -> bool:
    """Tell whether BSON has no form for what values of a type may be or hold."""
    return any(map(_is_foreign_class, types_in(annotation))) and not any(models_in(annotation))


def _is_foreign_class(cls: Any) -> bool:
    return (
        is_class(cls)
        and cls not in (Any, object)
        and not issubclass(cls, _KNOWN)
        and not dataclasses.is_dataclass(cls)
    )


def _has_serializer(model: Any, name: str) -> bool:
    return not decorators_of(model, "model_serializers") and any(
        name in one.info.fields or "*" in one.info.fields
        for one in decorators_of(model, "field_serializers")
    )


def _dumped_field(model: Any, name: str, value: Any) -> Any:
    """Give what `model_dump` shows of a field, whatever the others are."""
    instance = model.__new__(model)
    object.__setattr__(instance, "__dict__", {name: value})
    object.__setattr__(instance, "__pydantic_fields_set__", {name})
    object.__setattr__(instance, "__pydantic_extra__", None)
    object.__setattr__(instance, "__pydantic_private__", None)
    serializer = model.__pydantic_serializer__
    return serializer.to_python(instance, include={name}, warnings=False)[name]


def _is_scalar(bare: Any) -> bool:
    if get_origin(bare) is Literal:
        return all(isinstance(value, AS_IT_IS) for value in get_args(bare))
    return bare is None or bare in DATETIMES or (is_class(bare) and issubclass(bare, AS_IT_IS))


def _array_encoder(origin: Any, encode: Encoder | None, *, nests: bool) -> Encoder | None:
    if encode is None:
        return None if origin is tuple else list
    if origin is tuple and not nests:

        def encode_tuple(values: Iterable[Any]) -> tuple[Any, ...]:
            return tuple([encode(value) for value in values])

        return encode_tuple

    def encode_items(values: Iterable[Any]) -> list[Any]:
        return [encode(value) for value in values]

    return encode_items


def encode_key(key: Any) -> Any:
    """Write the key of a dictionary as text that validation can read back.

    Keys without such a text stay what they are, and the driver refuses them.
    """
    if isinstance(key, str):
        return key
    if isinstance(key, Enum):
        return encode_key(key.value)
    if isinstance(key, (date, time)):
        return key.isoformat()
    if isinstance(key, bytes):
        return key.decode(errors="surrogateescape")
    if isinstance(key, (int, float, Decimal, Decimal128, bson.ObjectId, UUID, PurePath)):
        return str(key)
    return key


def _dumped_first(serializer: Encoder) -> Encoder:
    return lambda value: serializer(_as_dumped(value))


def _as_dumped(value: Any) -> Any:
    """Give what `model_dump` shows of a value, whatever serialisers say."""
    if isinstance(value, BaseModel):
        dumped = {name: _as_dumped(item) for name, item in value}
        return dumped["root"] if isinstance(value, RootModel) else dumped
    if is_document(value):
        return {key: _as_dumped(item) for key, item in value.items()}
    if is_stored_array(value) and type(value) in (list, tuple):
        return type(value)(_as_dumped(item) for item in value)
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _as_dumped(getattr(value, name)) for name in names}
    return value
