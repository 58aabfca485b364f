"""Refusal of values that their own field could not read again."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, ValidationError

from odmantic._bson.alike import is_alike
from odmantic._bson.values import is_collection, is_document
from odmantic._codec.coded import as_read, has_codec
from odmantic._codec.encode import refusal
from odmantic._codec.readable import NotReadError, field_reader
from odmantic._codec.validation import first_problem
from odmantic._mapping.fields import ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._types.internals import decorators_of
from odmantic._types.tree import Anything, Document, Nullable, Object, Target, Type, Union
from odmantic.exceptions import IncompleteDocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._mapping.interfaces import Encoder
    from odmantic._mapping.mapping import ModelMapping

    _Test: TypeAlias = Callable[[Any, Any], Any]
    """Takes a stored form and its value; returns what is read for it, or `_NOT_COMPARED`, or raises."""

_NOT_COMPARED: Any = object()


def storing_encoder(mapping: ModelMapping, name: str) -> Encoder | None:
    """Return the encoder that stores a field.

    Values of mutable fields may have changed since their validation: they are read back as a test. This is slow, so
    generated code comes here only for a value of another class than annotated, or of an unknown type. If a config
    leaves values unvalidated, all fields are tested: a read has to give the value that is saved. A number is stored as
    the field's type stores it: `0` as a double, if that is the default of a `float`.
    """
    encode = mapping.encoder_of[name]
    may_be_invalid = encode is not None and name in mapping.mutable_fields
    if not (may_be_invalid or mapping.is_unvalidated):
        return encode
    if _has_serializer(mapping.fields[name].tree, set()):
        return encode
    if not _is_read_by_annotation(mapping, name):
        # The class judges whole documents.
        return encode and (_guarded(mapping, name, encode) if mapping.is_unvalidated else encode)
    return _trying(mapping, name, encode or _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _guarded(mapping: ModelMapping, name: str, encode: Encoder) -> Encoder:
    """Refuse values that an encoder cannot take."""

    def encode_what_fits(value: Any) -> Any:
        try:
            return encode(value)
        except _NO_VALUE as error:
            raise refusal(mapping, name, f"{type(error).__name__}: {error}") from error

    return encode_what_fits


_NO_VALUE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


def _trying(mapping: ModelMapping, name: str, encode: Encoder) -> Encoder:
    found: list[_Test | None] = []
    tree = mapping.fields[name].tree
    inner = tree.inner if isinstance(tree, Nullable) else tree
    is_decimal = mapping.is_unvalidated and inner.cls is Decimal

    def encode_what_can_be_read(value: Any) -> Any:
        if not found:
            found.append(_test_of(mapping, name))
        (test,) = found
        if test is None:
            return encode(value)
        try:
            # The encoder of decimals takes no integer.
            stored = encode(Decimal(value) if is_decimal and type(value) is int else value)
            again = test(stored, value)
            return stored if again is _NOT_COMPARED or is_alike(again, value) else encode(again)
        except IncompleteDocumentError:
            raise
        except ValidationError as error:
            raise refusal(mapping, name, first_problem(error)) from error
        except NotReadError as error:
            raise refusal(mapping, name, error.problem) from error
        except _NO_VALUE as error:
            raise refusal(mapping, name, f"{type(error).__name__}: {error}") from error

    return encode_what_can_be_read


def _test_of(mapping: ModelMapping, name: str) -> _Test | None:
    """Return a function that reads the stored form of a field's value back, and raises if it may not be stored."""
    field = mapping.fields[name]
    if isinstance(field, ODMReference):
        # In containers the encoder looks itself.
        is_tested = mapping.is_unvalidated and isinstance(field.tree, Target)
        return partial(_test_target, mapping, name, field.model) if is_tested else None
    read = field_reader(mapping, name)
    if read is None:
        return None
    # A codec need not give the very values that a client returns, and its types need not define equality.
    is_coded = has_codec(field.tree)
    is_compared = not is_coded and _may_be_read_as_another(mapping, name)

    def test(stored: Any, value: Any) -> Any:
        again = read(as_read(stored) if is_coded else stored, {})
        if not is_compared:
            return _NOT_COMPARED
        if not _is_same(again, value):
            raise refusal(mapping, name, f"{value!r} would be read as {again!r}")
        return again

    return test


def _test_target(
    mapping: ModelMapping, name: str, model: type[Any], _stored: Any, value: Any
) -> Any:
    if not isinstance(value, model):
        raise refusal(mapping, name, f"{value!r} is no {model.__name__}")
    return _NOT_COMPARED


def _may_be_read_as_another(mapping: ModelMapping, name: str) -> bool:
    """Return whether a value may be stored in a form that is read as another value."""
    inside = mapping.fields[name].tree.inside
    if mapping.is_unvalidated:
        # Any value comes back as BSON has it.
        return not any(isinstance(node, Anything) for node in inside)
    members = (each for node in inside if isinstance(node, Union) for each in node.arguments)
    return any(isinstance(each, Document) and mapping_of(each.cls).left_out for each in members)


def _is_same(again: Any, value: Any) -> bool:
    """Return whether what was read is the value that was saved: equal, and of the same classes.

    Embedded objects test their own fields. BSON has neither subclasses of Python's types nor microseconds. An integer is
    also a value of the other types of numbers.
    """
    cls = value.__class__
    if cls is int and type(again) in (float, Decimal):
        return bool(again == value)
    if not isinstance(value, type(again)) or isinstance(value, bool) is not isinstance(again, bool):
        return False
    if isinstance(again, BaseModel):
        return True
    if is_document(again):
        return _are_same([*again.items()], [*value.items()])
    if isinstance(again, (set, frozenset)):
        items: list[Any] = [*again]
        same: dict[Any, Any] = {item: item for item in value}
        return len(items) == len(same) and all(
            item in same and _is_same(item, same[item]) for item in items
        )
    if is_collection(again):
        return _are_same([*again], [*value])
    if isinstance(again, datetime):
        is_same_offset: bool = again.utcoffset() == value.utcoffset()
        return is_same_offset and abs(again - value) < timedelta(milliseconds=1)
    return bool(again == value) or is_alike(again, value)


def _are_same(some: list[Any], others: list[Any]) -> bool:
    return len(some) == len(others) and all(map(_is_same, some, others))


def _is_read_by_annotation(mapping: ModelMapping, name: str) -> bool:
    """Return whether the annotation alone decides what can be read, and no validator of the class."""
    model: Any = mapping.model
    field_wise = decorators_of(model, "validators", "field_validators")
    if any(not {name, "*"}.isdisjoint(one.info.fields) for one in field_wise):
        return False
    return all(one.info.mode == "after" for one in decorators_of(model, "model_validators"))


def _has_serializer(node: Type, seen: set[Any]) -> bool:
    """Return whether a user serialises a part of a type: its validators alone know how to read that."""
    if node.is_stored_by_user:
        return True
    # A class with fields is visited once.
    key = node.bare if isinstance(node, Object) else node
    if key in seen:
        return False
    seen.add(key)
    parts = node.parts.values() if isinstance(node, Object) else ()
    return any(_has_serializer(each, seen) for each in (*node.arguments, *parts))
