"""Gives fields with `on_insert` and `on_update` their values, in what is about to be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._hooks.walk import written_with
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import NOWHERE
from odmantic._state.state import KNOWN, standing_at, state_of
from odmantic._state.transitions import mark_dirty

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from odmantic._mapping.suppliers import Supplied


def supply(
    instance: Any, names: AbstractSet[str], now: Callable[[], datetime], *, is_new: bool
) -> None:
    """Set the fields of an instance that is about to be written, and of those embedded in the fields that are sent.

    Nothing is set if fields with `on_update` are all that would be sent.

    Args:
        instance: The instance.
        names: The fields that would be sent.
        now: Returns the time of the call.
        is_new: Whether the document is inserted.

    Raises:
        pydantic.ValidationError: if a value is not valid.
    """
    by_update = {each.name for each in mapping_of(type(instance)).supplied if each.on_update}
    if not is_new and names <= by_update:
        return
    for subject in written_with(instance, names).values():
        is_known = subject is instance or standing_at(state_of(subject), NOWHERE) is KNOWN
        for each in mapping_of(type(subject)).supplied:
            _supply(subject, each, now, is_new=is_new or not is_known)


def supplied_in_update(model: Any, now: Callable[[], datetime]) -> dict[str, Any]:
    """Return what an update by query sets besides: the stored forms, by key, of the fields with `on_update`.

    Raises:
        pydantic.ValidationError: if a value is not valid.
    """
    mapping = mapping_of(model)
    document: dict[str, Any] = {}
    for each in mapping.supplied:
        if each.on_update is not None:
            value = each.validate(each.value(each.on_update, now))
            encode = mapping.encoder_of[each.name]
            key = mapping.fields[each.name].key_name
            document[key] = value if encode is None else encode(value)
    return document


def _supply(subject: Any, field: Supplied, now: Callable[[], datetime], *, is_new: bool) -> None:
    given: set[str] = subject.__pydantic_fields_set__
    is_given = field.name in given
    supplier = field.supplier(is_new=is_new, is_given=is_given)
    if supplier is None:
        return
    value = field.value(supplier, now)
    if not field.is_frozen:
        setattr(subject, field.name, value)
    else:
        vars(subject)[field.name] = field.validate(value)
        mark_dirty(subject, (field.name,))
    if not is_given:
        # After a failure, the next save gives another value.
        given.discard(field.name)
