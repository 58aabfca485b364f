"""The document that an upsert inserts: complete, so that its model reads it.

It is made of what the server copies from the query, what the updates write, and the given instance, or else defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from odmantic._codec.decode import validate_document
from odmantic._codec.encode import encode_document
from odmantic._codec.ids import check_id
from odmantic._errors.lines import line_errors
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.arguments import check_loaded_instances
from odmantic._plan.completion import Said, Upsert, complete, touched_keys
from odmantic._plan.equalities import copied_equalities, document_of, is_same
from odmantic._plan.hollows import HollowMaker
from odmantic._plan.inserting import apply_update
from odmantic._plan.loading import plan_load
from odmantic._plan.references import Settling, copied, resolve_documents
from odmantic._plan.update import guards_of
from odmantic._query.update_values import location_of
from odmantic._query.updates import Update
from odmantic._types.kinds import is_model_instance
from odmantic.exceptions import DocumentParsingError, UpdateRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from odmantic._mapping.mapping import ModelMapping


@dataclass(frozen=True, slots=True)
class Insertion:
    """The document that an upsert inserts.

    Attributes:
        about: The beginning of errors.
        equalities: What is copied from the query, by path.
        document: The document.
        completion: What the updates and the query do not give, by path, for `$setOnInsert`.
        is_separate: Whether no command that updates can insert the document.
    """

    about: str
    equalities: Mapping[str, Any]
    document: dict[str, Any]
    completion: dict[str, Any]
    is_separate: bool

    @property
    def alone(self) -> dict[str, Any]:
        """What an upsert has to set on insertion, without any updates, to insert the document.

        Raises:
            ValueError: if the updates remove what the query says.
        """
        begun = document_of(self.equalities)
        lost = sorted(begun.keys() - self.document.keys())
        if lost:
            raise ValueError(
                f"{self.about} cannot remove {', '.join(lost)}, which its query says, together with updates that have "
                "conditions"
            )
        return dict(_differences(self.document, begun, ""))


def upsert_of(
    operation: str, model: Any, upsert: Any, now: Callable[[], datetime]
) -> Upsert | None:
    """Return what an `upsert=` argument says; `None` if nothing is inserted.

    Raises:
        TypeError: if it is neither a `bool` nor an instance of the model, or one that was not loaded.
    """
    if upsert is False:
        return None
    instance = None if upsert is True else upsert
    if upsert is not True:
        mapping = mapping_of(model)
        if not is_model_instance(instance) or not isinstance(instance, model):
            raise TypeError(
                f"{operation} of {model.__name__} takes True, or an instance of {model.__name__}, as upsert=, not "
                f"{type(instance).__name__}"
            )
        if mapping_of(type(instance)).collection != mapping.collection:
            raise TypeError(
                f"{operation} of {model.__name__} cannot insert a {type(instance).__name__}, which has another collection"
            )
        check_loaded_instances([instance], operation)
    return Upsert(operation, model, instance, now)


def plan_insertion(
    upsert: Upsert,
    query: Mapping[str, Any],
    update: Mapping[str, Mapping[str, Any]],
    said: Mapping[str, str],
) -> Insertion:
    """Return the document that an upsert with updates made of fields inserts.

    Args:
        upsert: What it begins with.
        query: The filter.
        update: The update document, for a document that has only what is copied from the query.
        said: The operators of the program's updates, by key.

    Raises:
        TypeError: if a field that is needed has no value, the model makes or reads its documents itself, or an update
            changes a list of which the instance or the default has items.
        ValueError: if the query contradicts itself or the instance, or the server would refuse the update.
        ValidationError: if the model could not read the document.
    """
    model: Any = upsert.model
    _check_documents(upsert)
    equalities = copied_equalities(query, upsert.about)
    document = document_of(equalities)
    try:
        apply_update(document, update, upsert.now())
    except ValueError as error:
        raise ValueError(f"{upsert.about}: {error}") from error
    completion = complete(upsert, Said(equalities, touched_keys(update), said), document)
    instance = _read(upsert, document)
    mapping = mapping_of(type(instance))
    if upsert.instance is None or mapping.stored:
        _take_as_read(completion.found, document, encode_document(instance), mapping)
    check_id(model, document.get("_id"), upsert.operation)
    return Insertion(upsert.about, equalities, document, completion.found, completion.is_separate)


def refusal_of_upsert(model: Any, updates: Iterable[Any]) -> UpdateRefusedError:
    """Return the error for an upsert by query that has met a document and not updated it, for its rules."""
    rules = [
        (".".join(map(str, location_of(each.path))), guard.bound)
        for each in updates
        if isinstance(each, Update)
        for guard in guards_of(each)
    ]
    fields = ", ".join(dict.fromkeys(field for field, _ in rules))
    bounds = ", ".join(dict.fromkeys(bound for _, bound in rules if bound is not None))
    return UpdateRefusedError(None, fields, bounds or None, None, model)


def _check_documents(upsert: Upsert) -> None:
    model: Any = upsert.model if upsert.instance is None else upsert.instance.__class__
    if has_own_documents(model):
        raise TypeError(
            f"{upsert.about} cannot know the documents of {model.__name__}, which makes or reads them itself: give the "
            "update as a dict"
        )


def has_own_documents(model: Any) -> bool:
    """Return whether a class makes or reads its documents itself."""
    return mapping_of(model).dumps_itself or mapping_of(model).parses_itself


def _take_as_read(
    added: dict[str, Any],
    document: dict[str, Any],
    read: Mapping[str, Any],
    mapping: ModelMapping,
) -> None:
    """Take added values from an instance with all the others: defaults are validated, and stored properties computed."""
    for _, key, _ in mapping.stored_encoders:
        if key in read:
            added[key] = document[key] = read[key]
    for path in added:
        *way, last = path.split(".")
        inner: Any = document
        known: Any = read
        for part in way:
            inner, known = inner[part], known.get(part, {})
        if last in known:
            added[path] = inner[last] = known[last]


def _read(upsert: Upsert, document: dict[str, Any]) -> Any:
    """Read a document that would be inserted.

    Raises:
        ValidationError: if the model could not read it.
    """
    model = upsert.model
    documents = [copied(document)]
    if mapping_of(model).links:
        settling = Settling(HollowMaker(awaits=False), is_final=True, database="")
        for _ in resolve_documents(documents, plan_load(model, ()), settling):
            raise AssertionError  # pragma: no cover - nothing is loaded
    try:
        return validate_document(model, documents[0])
    except DocumentParsingError as error:
        raise ValidationError.from_exception_data(
            f"{upsert.about}", line_errors(error.inner)
        ) from error


def _differences(
    document: Mapping[str, Any], begun: Mapping[str, Any], before: str
) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        there = begun.get(key)
        if isinstance(value, dict) and isinstance(there, dict) and there.keys() <= value.keys():
            inner = cast("dict[str, Any]", value)
            yield from _differences(inner, cast("dict[str, Any]", there), f"{before}{key}.")
        elif key not in begun or not is_same(value, there):
            yield f"{before}{key}", value
