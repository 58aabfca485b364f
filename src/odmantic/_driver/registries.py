"""The code of a program for types that BSON lacks: the `type_registry` of a client, a database or a collection."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from bson.codec_options import CodecOptions

from odmantic._bson.forms import FORMS, leave_to_client
from odmantic._driver.internals import encoders_of

if TYPE_CHECKING:
    from collections.abc import Callable


def note_registry(place: Any) -> None:
    """Leave the values to the driver that the codecs of a database or a collection encode."""
    options: object = getattr(place, "codec_options", None)
    # A stand-in for a database may make a collection of any name.
    if not isinstance(options, CodecOptions):
        return
    classes, fallback = encoders_of(options.type_registry)
    if classes:
        leave_to_client(classes)
    if fallback is not None:
        leave_to_client(FORMS, _takes(fallback))


@cache
def _takes(fallback: Callable[[Any], Any]) -> Callable[[Any], bool]:
    """Return a function that tells whether an encoder takes a value, which it may change or refuse."""

    def takes(value: Any) -> bool:
        try:
            return fallback(value) is not value
        except Exception:  # noqa: BLE001 - a program may raise anything
            return False

    return takes
