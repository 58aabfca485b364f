"""Plans of saves: what is sent of each instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from odmantic._codec.encode import (
    encode_changes,
    encode_extras,
    encode_fields,
    encode_primary_key,
)
from odmantic._codec.ids import check_id
from odmantic._codec.overrides import dump_document
from odmantic._codec.types import check_whole
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.errors import encoding_error, refusal_of_write
from odmantic._plan.save_plan import SavePlan
from odmantic._plan.stored import take_stored
from odmantic._state.dirty import REMOVED, compared_fields, dirty_fields, removed_extras
from odmantic._state.places import NOWHERE, Written
from odmantic._state.snapshot import take_snapshots
from odmantic._state.transitions import give_back, give_up, take
from odmantic.exceptions import InvalidDocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.mapping import ModelMapping
    from odmantic._state.places import Journal, Known, Place
    from odmantic._state.state import KeptState
    from odmantic.model import Model


NOTHING_TO_SEND = SavePlan(
    cast("Any", None), frozenset(), None, {}, {}, upsert=False, write=Written(NOWHERE, None)
)
"""The plan of an unchanged instance."""


def fields_to_save(instance: Model, place: Place) -> AbstractSet[str]:
    """Return the names of the fields that a save of an instance to a place has to send.

    Raises:
        InvalidDocumentError: if the instance is nested too deeply.
    """
    try:
        return dirty_fields(instance, place)
    except RecursionError as error:
        raise encoding_error(error, instance) from error


def all_fields(instance: Model) -> AbstractSet[str]:
    """Return the names of all fields of an instance, dirty or not, and of its extras."""
    return compared_fields(instance).union(instance.__mapping__.fields, removed_extras(instance))


def plan_quickly(instance: Model, known: Known, journal: Journal | None) -> SavePlan | None:
    """Plan the save of a usual instance; without names there is nothing to send.

    `None` leaves it to `plan_save`, which does the same for the dirty fields, and reports problems.

    Args:
        instance: The instance.
        known: The knowledge about the place where it is saved.
        journal: The journal of its transaction.
    """
    mapping: ModelMapping = instance.__mapping__
    codec = mapping.codec
    if codec.take is None or codec.take_changes is None:
        return None
    changes = codec.take_changes(instance, known, journal)
    if changes is not None:
        names, id_, document, write = changes
        if not names:
            return NOTHING_TO_SEND
        return SavePlan(instance, names, id_, document, {}, upsert=False, write=write)
    return plan_as_made(instance, Written(known.place, journal))


def plan_as_made(instance: Model, write: Written) -> SavePlan | None:
    """Plan the write of a usual instance of which no document is known; `None` leaves it to `plan_save`."""
    mapping: ModelMapping = instance.__mapping__
    take_whole = mapping.codec.take
    if take_whole is None:
        return None
    documents: list[dict[str, Any]] = []
    ids: list[Any] = []
    try:
        take_whole((instance,), documents, ids, write, new=False)
    except BaseException:
        give_back(instance, mapping.fields, write)
        raise
    if not documents:
        return None
    document = documents[0]
    if mapping.has_key_names:  # then the order is different
        keys = (*mapping.hidden_type, *mapping.field_names)
        document = {key: document[key] for key in keys}
    names = frozenset(mapping.fields)
    return SavePlan(instance, names, ids[0], document, {}, upsert=True, write=write)


def plan_save(
    instance: Model,
    names: AbstractSet[str],
    write: Written,
    *,
    kept: KeptState | None = None,
    verb: str = "save",
) -> SavePlan | None:
    """Take some fields of an instance, and plan their write; return `None` if they have no place in the document.

    A later assignment, in another thread too, makes its field dirty again: the fields are taken before their values are
    read, and remembered before they are encoded.

    Args:
        instance: The instance.
        names: The fields.
        write: The write to which they belong.
        kept: The state to which an error puts the instance back; by default, all fields are dirty then.
        verb: What is done, for errors.

    Raises:
        InvalidDocumentError: if the instance is nested too deeply, has a value that is not stored, or has a primary
            key or the name of an extra that is not valid. Its fields are dirty as before.
    """
    mapping: ModelMapping = instance.__mapping__
    fields, compared = mapping.fields, mapping.mutable_fields
    removed: Collection[str] = ()
    take(instance, names, write)
    try:
        if mapping.extra_allowed:
            compared = compared_fields(instance)
        snapshots: dict[str, Any] = take_snapshots(instance, compared & names) if compared else {}
        is_whole = len(names) >= len(fields) and names >= fields.keys()
        document = _encoded(instance, names, verb, is_whole=is_whole)
        if mapping.extra_allowed:
            removed = sorted(removed_extras(instance) & names)
            snapshots |= dict.fromkeys(removed, REMOVED)
            _check_names(instance, names - fields.keys() - mapping.stored.keys(), verb)
        if mapping.stored:
            sent = take_stored(instance, names, document, is_whole=is_whole)
            snapshots |= sent
            names = names | sent.keys()
        if mapping.left_out:
            removed = [*removed, *_left_out(mapping, names, document)]
        if not document and not removed:
            return None
        id_ = document["_id"] if is_whole and "_id" in document else encode_primary_key(instance)
        check_id(mapping.model, id_, verb)
    except BaseException as error:
        give_up(instance, names, write, kept)
        if isinstance(error, RecursionError):
            raise encoding_error(error, instance, verb) from error
        raise
    return SavePlan(instance, names, id_, document, snapshots, is_whole, write, removed)


def _encoded(
    instance: Model, names: AbstractSet[str], verb: str, *, is_whole: bool
) -> dict[str, Any]:
    """Return the stored forms of the named values."""
    mapping: ModelMapping = instance.__mapping__
    if mapping.hierarchy is not None:
        if is_whole:
            check_whole(instance, verb)
        else:
            # No update changes the class of a document.
            names = names - {mapping.type_field}
    try:
        if mapping.dumps_itself:
            document = dump_document(instance, names)
            if mapping.hierarchy is not None:
                document = _with_type(mapping, document, is_whole=is_whole)
            # It has all extras, as in 1.x.
            surplus = (instance.model_extra or {}).keys() - names
            return {k: v for k, v in document.items() if k not in surplus} if surplus else document
        document = encode_fields(instance) if is_whole else encode_changes(instance, names)
        return document | encode_extras(instance, names) if mapping.extra_allowed else document
    except InvalidDocumentError as error:
        raise refusal_of_write(error, instance, verb) from error


def _with_type(
    mapping: ModelMapping, document: dict[str, Any], *, is_whole: bool
) -> dict[str, Any]:
    """Return what a class's own method stores, with the type in a whole document, and without it in an update."""
    hierarchy = mapping.hierarchy
    if hierarchy is None or (is_whole and hierarchy.field is not None):
        return document
    others = {key: value for key, value in document.items() if key != hierarchy.key}
    return {**mapping.hidden_type, **others} if is_whole else others


def _left_out(
    mapping: ModelMapping, names: AbstractSet[str], document: dict[str, Any]
) -> Iterator[str]:
    """Yield the keys of fields whose values are left out of the document."""
    for key in mapping.left_out:
        if key not in document and mapping.field_names[key] in names:
            yield key


def _check_names(instance: Model, names: Collection[Any], verb: str) -> None:
    """Refuse names that the server would read as paths, operators or fields: they may come from a request.

    A document that is inserted or replaces another one has its keys as they are, and no operators.

    Raises:
        InvalidDocumentError: if an extra has such a name.
    """
    model = type(instance)
    known = mapping_of(model).field_names
    for name in names:
        # The driver writes the text of a derived class, whatever its methods return.
        text = str.__str__(name) if isinstance(name, str) else name
        if type(name) is str and name in known:
            continue
        if not isinstance(text, str) or _acts(text, verb):
            reason = (
                "is empty, starts with '$', or contains a dot, and MongoDB would not read it as the name of a key; "
                "keep such names in a field that is a dict"
            )
        elif type(name) is not str and (text in known or sum(map(_is_text(text), names)) > 1):
            reason = (
                "is that of another key too, and one of the two values would be lost; leave one out"
            )
        else:
            continue
        raise InvalidDocumentError(
            f"cannot {verb} {model.__name__}: the name of its extra value {text!r} {reason}", model
        )


def _acts(name: str, verb: str) -> bool:
    """Return whether the server reads a name as something else than that of a key, or refuses it."""
    if verb == "insert":
        return False
    return name.startswith("$") or (verb != "replace" and (not name or "." in name))


def _is_text(text: str) -> Callable[[Any], bool]:
    return lambda name: isinstance(name, str) and str.__str__(name) == text
