"""Conversion of decimals to and from BSON: as the driver does it, but several times faster."""

from __future__ import annotations

from decimal import Context, Decimal

from bson.decimal128 import Decimal128

# The binary format: https://github.com/mongodb/specifications/blob/master/source/bson-decimal128/decimal128.md
_SIGN = 1 << 63
_LARGE_OR_SPECIAL = 3 << 61
_COEFFICIENT_HIGH = (1 << 49) - 1
_EXPONENT_BIAS = 6176
_LARGEST_COEFFICIENT = 10**34 - 1
_LOW = (1 << 64) - 1

# Without traps, its only state is flags that nobody reads: threads may share it.
_CONTEXT = Context(prec=34, Emin=-6143, Emax=6144, clamp=1, traps=[])
_scale = _CONTEXT.scaleb
_USUAL_EXPONENTS = {
    (_EXPONENT_BIAS + exponent) << 49: Decimal(exponent) for exponent in range(-34, 1)
}
"""The exponents of non-negative numbers that fit in the lower half, by the upper half."""
_new = Decimal128.__new__
_set_bits = Decimal128.__setstate__


def to_decimal(stored: Decimal128) -> Decimal:
    """Return `stored.to_decimal()`."""
    high, low = stored.__getstate__()
    exponent = _USUAL_EXPONENTS.get(high)
    if exponent is not None:
        return _scale(low, exponent)
    coefficient = (high & _COEFFICIENT_HIGH) << 64 | low
    if high & _LARGE_OR_SPECIAL == _LARGE_OR_SPECIAL or coefficient > _LARGEST_COEFFICIENT:
        return stored.to_decimal()
    value = _scale(Decimal(coefficient), ((high >> 49) & 0x3FFF) - _EXPONENT_BIAS)
    return value.copy_negate() if high & _SIGN else value


def from_decimal(value: Decimal) -> Decimal128:
    """Return `Decimal128(value)`."""
    if type(value) is not Decimal:
        return Decimal128(value)
    text = str(value)
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    try:
        low = int(digits)
    except ValueError:  # an exponent, or no number
        return Decimal128(value)
    if len(digits) > _CONTEXT.prec:
        return Decimal128(value)
    high = (_EXPONENT_BIAS - len(fraction)) << 49
    if text[0] == "-":
        high |= _SIGN
        low = -low
    if low > _LOW:
        high |= low >> 64
        low &= _LOW
    stored = _new(Decimal128)
    # As in unpickling; the constructor would have to inspect its argument.
    _set_bits(stored, (high, low))
    return stored
