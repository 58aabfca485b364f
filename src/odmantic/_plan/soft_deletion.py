"""Soft deletions: the time that an instance, or every matching document, gets instead of being deleted."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from odmantic._caller import warn_caller
from odmantic._codec.readable import field_reader
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.writes import UpdateMatching, set_fields
from odmantic.exceptions import StoredFieldsWarning

if TYPE_CHECKING:
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._plan.query_deletion import QueryDeletion
    from odmantic.query import QueryExpression


def time_of_deletion(mapping: ModelMapping, now: datetime, *, tz_aware: bool) -> Any:
    """Return the time of a deletion as the model's field would have it after a read.

    Args:
        mapping: The mapping of the model.
        now: The time, naive and in UTC.
        tz_aware: Whether the client reads aware times.
    """
    name = mapping.soft_delete or ""
    raw = now.replace(microsecond=now.microsecond // 1000 * 1000)
    if tz_aware:
        raw = raw.replace(tzinfo=timezone.utc)
    read = field_reader(mapping, name)
    if read is not None:
        return read(raw, {})
    decode = next(decode for each, _, decode, _ in mapping.decoders if each == name)
    return raw if decode is None else decode(raw, None, [], {})


def plan_soft_remove(
    call: QueryDeletion, query: QueryExpression, time: Any, supplied: dict[str, Any]
) -> UpdateMatching:
    """Return the update that deletes what matches, or one such document, and sets what is `supplied` besides.

    It warns of stored properties, which it leaves alone.
    """
    mapping = mapping_of(call.model)
    if mapping.stored:
        warn_caller(
            f"{call.operation} sets the time of a deletion by a query, and computes no stored properties of "
            f'{call.model.__name__}: {", ".join(mapping.stored)}. Call recompute with without="soft_delete" if one depends '
            "on that time; filter this warning if none does",
            StoredFieldsWarning,
        )
    name = mapping.soft_delete or ""
    encode = mapping.encoder_of[name]
    stored = time if encode is None else encode(time)
    document = {**supplied, mapping.fields[name].key_name: stored}
    return UpdateMatching(query, set_fields(document), call.just_one)


def check_softly_deleted(model: Any) -> None:
    """Raise for a model whose deleted documents cannot be restored.

    Raises:
        TypeError: if the model has no `soft_delete`.
    """
    if mapping_of(model).soft_delete is None:
        raise TypeError(
            f"cannot restore a {model.__name__}: its deleted documents are gone. To keep them, name a field for the time "
            'of the deletion in model_config, as in `"soft_delete": "deleted_at"`'
        )
