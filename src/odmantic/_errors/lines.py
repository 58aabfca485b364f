"""pydantic's line errors, taken out of a validation error to be raised again in another one."""

from __future__ import annotations

import ast
import re
from typing import Any, TypeAlias, cast

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

ErrorList: TypeAlias = list[InitErrorDetails]


def line_errors(error: ValidationError) -> ErrorList:
    """Return the line errors of a validation error, ready to be raised again."""
    try:
        lines = error.errors(include_url=False)
    except UnicodeEncodeError:
        return _lines_of_text(error)
    return [
        line_error(line["type"], line["msg"], line["loc"], line["input"], line.get("ctx"))
        for line in lines
    ]


def line_error(
    kind: str, message: str, loc: tuple[int | str, ...], given: Any, ctx: dict[str, Any] | None
) -> InitErrorDetails:
    """Return a line error with the same type, message, location and input."""
    # Only pydantic's own error types can be given by name, and only with the context that they expect.
    try:
        own = PydanticKnownError(cast("Any", kind), ctx).message() == message
    except (KeyError, TypeError):
        own = False
    if own:
        details = InitErrorDetails(type=kind, loc=loc, input=given)
        return details if ctx is None else {**details, "ctx": ctx}
    custom = PydanticCustomError(cast("Any", kind), cast("Any", message), ctx)
    return InitErrorDetails(type=custom, loc=loc, input=given)


# pydantic cannot render a message whose context has invalid Unicode, such as a lone surrogate. The error's text says
# so in place of the message, but its `errors()` raises for all lines.
_NOT_RENDERED = "(error rendering message: "
_LINE_IN_TEXT = re.compile(
    r"^(?:(?P<loc>\S[^\n]*)\n)?  (?P<message>\S.*?) \[type=(?P<kind>[^],]+)"
    r"(?:, input_value=(?P<given>.*?), input_type=[^\n]*)?\]$",
    re.MULTILINE | re.DOTALL,
)


def is_rendered(error: ValidationError) -> bool:
    """Return whether pydantic could render all messages of an error."""
    return _NOT_RENDERED not in str(error)


def encodable(line: InitErrorDetails) -> InitErrorDetails:
    """Escape characters that a line's message cannot hold."""
    error = line["type"]
    if not isinstance(error, PydanticCustomError) or error.context is None:
        return line
    try:
        error.message()
    except UnicodeEncodeError:
        context = {name: _escaped(str(value)) for name, value in error.context.items()}
        kind, template = cast("Any", error.type), cast("Any", error.message_template)
        return {**line, "type": PydanticCustomError(kind, template, context)}
    return line


def _escaped(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def _lines_of_text(error: ValidationError) -> ErrorList:
    """Return the line errors parsed from an error's text."""
    text = _escaped(str(error)).partition("\n")[2]
    lines = [
        line_error(
            found["kind"], found["message"], _location(found["loc"]), _given(found["given"]), None
        )
        for found in _LINE_IN_TEXT.finditer(text)
    ]
    if len(lines) == error.error_count():
        return lines
    problems = PydanticCustomError("odmantic::problems", "{problems}", {"problems": text})
    return [InitErrorDetails(type=problems, loc=(), input=None)]


def _location(text: str | None) -> tuple[int | str, ...]:
    parts = text.split(".") if text else ()
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def _given(text: str | None) -> Any:
    """Return the value of its representation, or the representation if that cannot be evaluated."""
    try:
        return ast.literal_eval(text or "None")
    except (SyntaxError, TypeError, ValueError):
        return text
