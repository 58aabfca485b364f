"""Documents of classes that leave values unvalidated, judged by the validators that will read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.errors import BSONError

from odmantic._codec.absent import leave_out
from odmantic._codec.coded import as_read
from odmantic._codec.decode import validate_document
from odmantic._codec.untyped import refusal_of_instance
from odmantic._codec.validation import first_problem
from odmantic._mapping.links import Each
from odmantic._types.internals import VALIDATORS, decorators_of
from odmantic.exceptions import DocumentParsingError

if TYPE_CHECKING:
    from odmantic._mapping.interfaces import Judge
    from odmantic._mapping.links import Link, Step
    from odmantic._mapping.mapping import ModelMapping


def judge_of(mapping: ModelMapping) -> Judge | None:
    """Return a function that refuses instances which could not be read; `None` if each field is tested by itself.

    A validator of the class may refuse what the type of its field accepts, or what the other fields hold.
    """
    has_validators = bool(decorators_of(mapping.model, *VALIDATORS))
    return _judge if mapping.is_unvalidated and has_validators else None


def _judge(instance: Any) -> None:
    """Read the document of an instance.

    Raises:
        InvalidDocumentError: if that fails.
    """
    model: Any = instance.__class__
    document = _with_targets(instance, _encoded(instance))
    try:
        read = as_read(document)
    except BSONError:  # the client may have codecs of its own
        read = document
    try:
        validate_document(model, read)
    except DocumentParsingError as error:
        reason = f"it could not be read again: {first_problem(error.inner)}"
        raise refusal_of_instance(model, reason) from error


def _encoded(instance: Any) -> dict[str, Any]:
    mapping: ModelMapping = instance.__mapping__
    values = instance.__dict__
    document: dict[str, Any] = {}
    for name, (key, encode) in mapping.codec.encoders.items():
        document[key] = values[name] if encode is None else encode(values[name])
    document.update({key: mapping.encode_extra(each) for key, each in _extras_of(instance).items()})
    return leave_out(mapping, document) if mapping.left_out else document


def _extras_of(instance: Any) -> dict[str, Any]:
    extras: dict[str, Any] = instance.__pydantic_extra__ or {}
    return extras


def _with_targets(instance: Any, document: dict[str, Any]) -> dict[str, Any]:
    """Put referenced instances in the place of their keys, as engines put their documents there."""
    for link in instance.__mapping__.links:
        if link.key in document:
            value = instance.__dict__[link.name]
            document[link.key] = _placed(value, document[link.key], link, link.steps)
    return document


def _placed(value: Any, stored: Any, link: Link, steps: tuple[Step, ...]) -> Any:
    if value is None:
        return stored
    if not steps:
        if link.reference is not None:
            return value
        return _with_targets(value, stored) if isinstance(value, link.cls) else stored
    if steps[0] is Each.VALUE:
        pairs = zip(stored.items(), value.values(), strict=True)
        return {key: _placed(each, item, link, steps[1:]) for (key, item), each in pairs}
    return [
        _placed(each, item, link, steps[1:]) if steps[0] in (Each.ITEM, index) else item
        for index, (each, item) in enumerate(zip(value, stored, strict=True))
    ]
