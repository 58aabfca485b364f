"""The functions that give values to fields when documents are written: `Field(on_insert=...)` and `Field(on_update=...)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from odmantic._bson.conversions import as_naive_datetime
from odmantic._types.annotations import annotated, type_adapter

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic.fields import FieldInfo

    from odmantic._mapping.fields import ODMBaseField

T = TypeVar("T")


def utcnow() -> datetime:
    """Return the time in UTC, naive and in milliseconds, as MongoDB stores it.

    As `on_insert=` or `on_update=` of a field it gives one time to all that a call of an engine writes, that of the
    engine's `clock`. It becomes aware in fields whose datetimes are, see `Datetimes`.

    Example:
        `Field(on_insert=utcnow)`
    """
    return as_naive_datetime(datetime.now(timezone.utc))


def one_time(now: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a function that gives one time to all of a call, asked for when it is needed first."""
    times: list[datetime] = []

    def get() -> datetime:
        if not times:
            times.append(now())
        return times[0]

    return get


def current(variable: ContextVar[T]) -> Callable[[], T]:
    """Return a function for `on_insert=` and `on_update=` that gives the value of a context variable.

    Args:
        variable: The variable, such as one for the acting user, which a request sets.

    Raises:
        LookupError: when the function is called, if the variable has no value and no default.

    Example:
        `Field(on_update=current(acting_user))`
    """

    def get() -> T:
        try:
            return variable.get()
        except LookupError:
            raise LookupError(
                f"the context variable {variable.name!r}, which gives the value of a field, has none here: set it before, or "
                "create it with a default"
            ) from None

    return get


@dataclass(frozen=True, slots=True)
class Supplied:
    """A field whose value a function gives."""

    name: str
    on_insert: Callable[[], Any] | None
    on_update: Callable[[], Any] | None
    is_frozen: bool
    """Whether the field cannot be assigned, so that its value has to be validated."""
    validate: Callable[[Any], Any]
    """Validates a value."""

    def supplier(self, *, is_new: bool, is_given: bool) -> Callable[[], Any] | None:
        """Return the function that gives the value now; `None` to keep it.

        Args:
            is_new: Whether the document is inserted.
            is_given: Whether the program gave the value.
        """
        if is_new and self.on_insert is not None:
            return None if is_given else self.on_insert
        return self.on_update

    def value(self, supplier: Callable[[], Any], now: Callable[[], datetime]) -> Any:
        """Return the value, with the time of the engine's call for `utcnow`."""
        return now() if supplier is utcnow else supplier()


def supplied_fields(model: Any, fields: Mapping[str, ODMBaseField]) -> tuple[Supplied, ...]:
    """Return the fields of a class whose values functions give, in the order of their declaration."""
    return tuple(
        Supplied(
            name,
            field.options.on_insert,
            field.options.on_update,
            bool(field.pydantic_field.frozen or model.model_config.get("frozen")),
            _validator(model, name, field.pydantic_field),
        )
        for name, field in fields.items()
        if field.options.supplier is not None
    )


def _validator(model: Any, name: str, info: FieldInfo) -> Callable[[Any], Any]:
    arbitrary_types = bool(model.model_config.get("arbitrary_types_allowed"))

    @cache  # most fields are assigned instead
    def adapter() -> TypeAdapter[Any]:
        annotation = annotated(info.annotation, info.metadata)
        return type_adapter(annotation, arbitrary_types=arbitrary_types)

    def validate(value: Any) -> Any:
        try:
            return adapter().validate_python(value)
        except ValidationError as error:
            errors: list[Any] = [{**one, "loc": (name, *one["loc"])} for one in error.errors()]
            raise ValidationError.from_exception_data(model.__name__, errors) from error

    return validate
