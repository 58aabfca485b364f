"""From a stored value to one of a type: what is at the end of a path, read without the rest of its document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from odmantic._bson.reading import while_reading
from odmantic._codec.decoders import DecoderCompiler
from odmantic._codec.strict import is_strict_class
from odmantic._codec.validation import Validation
from odmantic._errors.lines import line_errors
from odmantic._errors.parsing import DocumentParsingError, no_key
from odmantic._mapping.mapping import mapping_of
from odmantic._types.tree import Nullable, Target, Targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._errors.lines import ErrorList
    from odmantic._types.tree import Type

    Location: TypeAlias = tuple[str | int, ...]


def value_reader(
    model: Any, node: Type, annotation: Any, location: Location
) -> Callable[[Any], Any]:
    """Return a function that makes a value of a type from its stored form.

    A reference is read as the primary key of its target, or as the `DBRef` that names its collection. The function
    raises `DocumentParsingError` if the stored form does not fit.

    Args:
        model: The class whose documents hold the values; its config counts.
        node: The type of the values.
        annotation: Their annotation, by which they are validated.
        location: Where they are in a document, for errors.
    """
    if isinstance(node, Nullable) and isinstance(node.inner, (Target, Targets)):
        read = value_reader(model, node.inner, annotation, location)
        return lambda stored: None if stored is None else read(stored)
    if isinstance(node, Targets):
        return lambda stored: stored
    if isinstance(node, Target):
        target = node.cls

        def read_key(stored: Any) -> Any:
            try:
                return mapping_of(target).keys.read(stored)
            except ValueError as error:
                line = InitErrorDetails(type=no_key(stored, target), loc=location, input=stored)
                raise DocumentParsingError([line], model) from error

        return read_key
    return _by_type(model, node, annotation, location)


def _by_type(model: Any, node: Type, annotation: Any, location: Location) -> Callable[[Any], Any]:
    compiler = DecoderCompiler(
        arbitrary_types=bool(model.model_config.get("arbitrary_types_allowed")),
        is_strict=is_strict_class(model),
    )
    decode = compiler.decoder(node)
    validate = Validation(annotation)

    def read(stored: Any) -> Any:
        errors: ErrorList = []
        value = stored if decode is None else decode(stored, None, errors, stored)
        if not errors:
            try:
                return validate(value)
            except ValidationError as error:
                errors = line_errors(error)
        lines: Any = [{**line, "loc": (*location, *line.get("loc", ()))} for line in errors]
        raise DocumentParsingError(lines, model)

    return lambda stored: while_reading(read, stored)
