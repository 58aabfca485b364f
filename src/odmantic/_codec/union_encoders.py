"""How the values of a union are stored: by the member to which they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from odmantic._codec.parsed import is_json, json_value
from odmantic._codec.validation import Validation
from odmantic._mapping.interfaces import MISSING
from odmantic._types.tree import Nothing, Nullable, Type, Union

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._mapping.interfaces import Encoder


def union_encoder(
    union: Union, encoders: list[Encoder | None], encode_any: Encoder
) -> Encoder | None:
    """Return the encoder of a union, given those of its members; `None` if all values are stored unchanged."""
    if not any(encoders):
        return None
    if isinstance(union, Nullable):
        one = next(each for each in encoders if each is not None)
        return lambda value: None if value is None else one(value)
    encoder_for = _encoder_for(union.arguments, encoders)
    validate = Validation(union.bare)
    all_are_known = all(member.value_class is not Nothing for member in union.arguments)

    def encode(value: Any) -> Any:
        each = encoder_for(value)
        if each is MISSING and all_are_known:
            # Convert it as an assignment would, such as a dictionary put into a list.
            try:
                value = validate(value)
            except ValidationError:
                return encode_any(value)
            each = encoder_for(value)
        if each is MISSING:
            return encode_any(value)
        return value if each is None else each(value)

    return encode


def _encoder_for(members: tuple[Type, ...], encoders: list[Encoder | None]) -> Callable[[Any], Any]:
    """Return a function that finds the encoder for a value, or `MISSING` if no member has its class."""
    by_class: dict[Any, list[tuple[Encoder | None, Type]]] = {}
    for member, encode in zip(members, encoders, strict=True):
        for cls in member.value_classes:
            by_class.setdefault(cls, []).append((encode, member))
    exact = {cls: _alternatives(found) for cls, found in by_class.items()}

    def find(value: Any) -> Any:
        each = exact.get(type(value), MISSING)
        if each is MISSING:
            return next((e for cls, e in exact.items() if _is_of(value, cls)), MISSING)
        return each

    return find


def _alternatives(cases: list[tuple[Encoder | None, Type]]) -> Encoder | None:
    """Return the encoder of the members of a union with one class, such as two types of lists."""
    if len(cases) == 1 or not any(encode for encode, _ in cases):
        return cases[0][0]
    # Values were parsed from JSON, and are no JSON themselves.
    types = [json_value(member) if is_json(member) else member for _, member in cases]
    validations = [
        (Validation(each.annotation), encode)
        for each, (encode, _) in zip(types, cases, strict=True)
    ]

    def encode(value: Any) -> Any:
        # The member is the one that accepts the value unchanged, or else after a conversion.
        for strict in (True, None):
            for validate, encode_case in validations:
                try:
                    validate(value, strict=strict)
                except ValidationError:
                    continue
                return value if encode_case is None else encode_case(value)
        each = cases[0][0]
        return value if each is None else each(value)

    return encode


def _is_of(value: Any, cls: Any) -> bool:
    # In Python, a string is a sequence of strings.
    is_text = isinstance(value, (str, bytes)) and not issubclass(cls, (str, bytes))
    return isinstance(value, cls) and not is_text
