"""Refusal of values that their own field could not read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from odmantic._codec.encode import refusal
from odmantic._codec.readable import NotReadError, field_reader
from odmantic._codec.validation import first_problem
from odmantic._mapping.plain import is_unvalidated
from odmantic._types.internals import decorators_of
from odmantic._types.tree import Object, Type
from odmantic.exceptions import IncompleteDocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._mapping.interfaces import Encoder
    from odmantic._mapping.mapping import ModelMapping


def storing_encoder(mapping: ModelMapping, name: str) -> Encoder | None:
    """Return the encoder that stores a field.

    Values of mutable fields may have changed since their validation: they are read back as a test. This is slow, so
    generated code comes here only for a value of another class than annotated, or of an unknown type. If a config
    leaves values unvalidated, all fields are tested.
    """
    encode = mapping.encoder_of[name]
    may_be_invalid = encode is not None and name in mapping.mutable_fields
    if not (may_be_invalid or is_unvalidated(mapping)) or not _can_be_tried(mapping, name):
        return encode
    return _trying(mapping, name, encode or _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _trying(mapping: ModelMapping, name: str, encode: Encoder) -> Encoder:
    found: list[Callable[[Any, Any], Any] | None] = []

    def encode_what_can_be_read(value: Any) -> Any:
        if not found:
            found.append(field_reader(mapping, name))
        (read,) = found
        if read is None:
            return encode(value)
        try:
            stored = encode(value)
            read(stored, {})
        except IncompleteDocumentError:
            raise
        except ValidationError as error:
            raise refusal(mapping, name, first_problem(error)) from error
        except NotReadError as error:
            raise refusal(mapping, name, error.problem) from error
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise refusal(mapping, name, f"{type(error).__name__}: {error}") from error
        return stored

    return encode_what_can_be_read


def _can_be_tried(mapping: ModelMapping, name: str) -> bool:
    """Return whether the annotation alone decides what can be read: no validator of the class, no user serialiser."""
    model: Any = mapping.model
    field_wise = decorators_of(model, "validators", "field_validators")
    if any(not {name, "*"}.isdisjoint(one.info.fields) for one in field_wise):
        return False
    if any(one.info.mode != "after" for one in decorators_of(model, "model_validators")):
        return False
    return not _has_serializer(mapping.fields[name].tree, set())


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
