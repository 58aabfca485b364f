"""Validators that must not run on their own results: they skip documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import AfterValidator, BeforeValidator, PlainValidator, WrapValidator

from odmantic._bson.reading import is_reading

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_VALIDATORS = (AfterValidator, BeforeValidator, PlainValidator, WrapValidator)


class OnInput:
    """Makes a validator run on input, and not on documents.

    Args:
        validator: Pydantic's `AfterValidator`, `BeforeValidator`, `PlainValidator` or `WrapValidator`.

    Raises:
        TypeError: if it is something else.

    Example:
        `Annotated[str, OnInput(AfterValidator(hashed))]`
    """

    def __init__(
        self, validator: AfterValidator | BeforeValidator | PlainValidator | WrapValidator
    ) -> None:
        if not isinstance(validator, _VALIDATORS):  # pyright: ignore[reportUnnecessaryIsInstance] - programs are not always checked
            raise TypeError(
                f"OnInput takes one of pydantic's validators, such as AfterValidator, not {validator!r}"
            )
        self._validator = validator

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the type's schema with the validator, which is skipped while a document is read."""
        schema: Any = self._validator.__get_pydantic_core_schema__(source, handler)
        validate = schema["function"]["function"]

        def judge(value: Any, *info: Any) -> Any:
            return value if is_reading() else validate(value, *info)

        def judge_around(value: Any, inner: Any, *info: Any) -> Any:
            return inner(value) if is_reading() else validate(value, inner, *info)

        def judge_alone(value: Any, inner: Any, *info: Any) -> Any:
            return inner(value) if is_reading() else validate(value, *info)

        function = judge
        if schema["type"] == "function-wrap":
            function = judge_around
        elif schema["type"] == "function-plain":
            # The type validates documents.
            function = judge_alone
            schema = {**schema, "type": "function-wrap", "schema": handler(source)}
        return cast(
            "CoreSchema", {**schema, "function": {**schema["function"], "function": function}}
        )
