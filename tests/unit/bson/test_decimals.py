"""Decimals are converted as the driver does it, for every value there is."""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from odmantic._bson.decimals import from_decimal, to_decimal

BITS = st.integers(0, 2**64 - 1)
USUAL = st.builds(
    lambda sign, exponent, high: sign << 63 | exponent << 49 | high,
    st.booleans(),
    st.integers(0, 12287),
    st.integers(0, 2**49 - 1) | st.integers(0, 9),
)
NUMBERS = st.builds(
    lambda sign, digits, exponent: Decimal((int(sign), digits, exponent)),
    st.booleans(),
    st.lists(st.integers(0, 9), min_size=1, max_size=36).map(tuple),
    st.integers(-6180, 6120) | st.integers(-9, 9),
)


class Subclass(Decimal):
    pass


def described(value: Decimal) -> Any:
    return type(value), value.as_tuple()


@given(BITS | USUAL, BITS | st.integers(0, 99))
def test_every_stored_form_is_read_as_the_driver_does(high: int, low: int) -> None:
    stored = Decimal128((high, low))
    assert described(to_decimal(stored)) == described(stored.to_decimal())


@pytest.mark.parametrize("value", ["0", "12.50", "18446744073709551615", "1E-34", "1E-35", "-1.5"])
def test_usual_stored_forms(value: str) -> None:
    assert described(to_decimal(Decimal128(value))) == described(Decimal(value))


def stored_or_error(convert: Any, value: Any) -> Any:
    try:
        return convert(value).bid
    except (DecimalException, TypeError) as error:
        return type(error), str(error)


@given(NUMBERS)
def test_every_decimal_is_stored_as_the_driver_does(value: Decimal) -> None:
    assert stored_or_error(from_decimal, value) == stored_or_error(Decimal128, value)


@pytest.mark.parametrize(
    "value",
    [
        *("NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "-0", "0E+6111", "1E-6176", "1E6144"),
        *("1.5E+3", "-0.00", "1234567890123456789012345678901234", "-18446744073709551616.5"),
        "1.000000000000000000000000000000000000",
    ],
)
def test_unusual_decimals(value: str) -> None:
    stored = Decimal128(Decimal(value))
    assert from_decimal(Decimal(value)).bid == stored.bid
    assert described(to_decimal(stored)) == described(stored.to_decimal())


@pytest.mark.parametrize("value", ["1.5", Subclass("1.5"), None, 1])
def test_what_is_no_plain_decimal_is_left_to_the_driver(value: Any) -> None:
    assert stored_or_error(from_decimal, value) == stored_or_error(Decimal128, value)
