"""Datetimes as MongoDB stores them, in milliseconds and UTC: pydantic support, and the choice of naive or aware ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic_core import core_schema

from odmantic._bson.conversions import as_naive_datetime, as_stored_datetime, as_utc_datetime
from odmantic._bson.reading import is_reading
from odmantic._bson.values import is_document, is_stored_array

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidatorFunctionWrapHandler
    from pydantic_core import CoreSchema

MODES: dict[Any, Callable[[datetime], datetime]] = {
    "naive": as_naive_datetime,
    "aware": as_utc_datetime,
}
"""The conversions of datetimes by choice; both understand naive ones as UTC."""


@dataclass(frozen=True, slots=True)
class Datetimes:
    """Metadata of an annotation: its datetimes are naive, or aware, in Python, whatever the client's options.

    Any datetime is accepted, converted to UTC and truncated to milliseconds; a naive one means UTC. Values that are read,
    and operands of queries, are converted alike. For all datetimes of a class, write it into the config:
    `model_config = {"datetimes": "aware"}`.

    Args:
        mode: `"naive"` or `"aware"`.

    Raises:
        ValueError: if it is another word.

    Example:
        `Annotated[datetime, Datetimes("aware")]`
    """

    mode: Literal["naive", "aware"]

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"datetimes can be 'naive' or 'aware', not {self.mode!r}")

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Convert the datetimes that the type's schema accepts.

        Raises:
            TypeError: if it accepts none, or only inside a container.
        """
        schema = handler(source)
        if not _has_datetimes(schema):
            raise TypeError(not_of_datetimes(source))
        convert = MODES[self.mode]
        return core_schema.no_info_after_validator_function(
            lambda value: convert(value) if isinstance(value, datetime) else value, schema
        )


def not_of_datetimes(annotation: Any) -> str:
    """Return the message that `Datetimes` is where no datetimes are."""
    return (
        f"Datetimes(...) says nothing of {annotation}, which has no datetimes: write it on the type of the datetimes, "
        "as in list[Annotated[datetime, Datetimes('aware')]]"
    )


class ConfiguredDatetimes(Datetimes):
    """What the config of a class says; a subclass may say something else."""

    __slots__ = ()


def mode_in(marks: Iterable[Any]) -> Datetimes | None:
    """Return the choice in the metadata of an annotation; the outermost counts."""
    chosen = None
    for mark in marks:
        if isinstance(mark, Datetimes):
            chosen = mark
    return chosen


def _has_datetimes(schema: Any) -> bool:
    if is_stored_array(schema):
        return any(map(_has_datetimes, cast("list[Any]", schema)))
    if not is_document(schema):
        return False
    inside = (schema.get(key) for key in ("schema", "choices", "steps"))
    return schema.get("type") == "datetime" or any(map(_has_datetimes, inside))


@dataclass(frozen=True, slots=True)
class DatetimeSupport:
    """pydantic support for its own datetime types as MongoDB stores them: in milliseconds, aware ones in UTC."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        is_aware = schema.get("tz_constraint") == "aware"
        return core_schema.no_info_after_validator_function(
            as_utc_datetime if is_aware else as_stored_datetime, schema
        )


@dataclass(frozen=True, slots=True)
class NowSupport:
    """pydantic support for its types of the past and the future: what was stored is read, whatever the time is now."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        cls = datetime if schema["type"] == "datetime" else date

        def compare(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
            is_stored = type(value) is cls and is_reading()
            return value if is_stored else validate(value)

        return core_schema.no_info_wrap_validator_function(compare, schema)
