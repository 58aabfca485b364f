"""Line errors of pydantic: taken out of a validation error, to be raised again as part of another one."""

from __future__ import annotations

import ast
import re
from typing import Any, TypeAlias, cast

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

ErrorList: TypeAlias = list[InitErrorDetails]


def line_errors(error: ValidationError) -> ErrorList:
    """Return the line errors of a validation error, fit for raising them again."""
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
    """Make a line error that says what another one said."""
    # Only pydantic's own types can be given by name, and only with the context they expect.
    try:
        own = PydanticKnownError(cast("Any", kind), ctx).message() == message
    except (KeyError, TypeError):
        own = False
    if own:
        details = InitErrorDetails(type=kind, loc=loc, input=given)
        return details if ctx is None else {**details, "ctx": ctx}
    custom = PydanticCustomError(cast("Any", kind), cast("Any", message), ctx)
    return InitErrorDetails(type=custom, loc=loc, input=given)


# Pydantic cannot give a message into which a context fills text that is no Unicode, such as a lone surrogate. In the
# text of an error it says so in the place of the message, but then its `errors()` raise, for all of its lines.
_NOT_RENDERED = "(error rendering message: "
_LINE_IN_TEXT = re.compile(
    r"^(?:(?P<loc>\S[^\n]*)\n)?  (?P<message>\S.*?) \[type=(?P<kind>[^],]+)"
    r"(?:, input_value=(?P<given>.*?), input_type=[^\n]*)?\]$",
    re.MULTILINE | re.DOTALL,
)


def is_rendered(error: ValidationError) -> bool:
    """Return whether pydantic could give all messages of an error."""
    return _NOT_RENDERED not in str(error)


def encodable(line: InitErrorDetails) -> InitErrorDetails:
    """Escape what a line's message cannot hold."""
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
    """Return the line errors as the text of an error tells them."""
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
    """Return the value that a text represents, or the text where it does not tell, as for long values."""
    try:
        return ast.literal_eval(text or "None")
    except (SyntaxError, TypeError, ValueError):
        return text
