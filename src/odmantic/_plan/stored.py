"""The stored properties in a save: those whose stored forms are new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._codec.encode import encode_stored
from odmantic._codec.overrides import dump_document
from odmantic._state.dirty import REMOVED, baseline_of
from odmantic._state.snapshot import Snapshot, is_same, snapshot_of_stored

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.mapping import ModelMapping
    from odmantic.model import Model


def take_stored(
    instance: Model, names: AbstractSet[str], document: dict[str, Any], *, is_whole: bool
) -> dict[str, Snapshot]:
    """Compute the stored properties of an instance that is about to be sent, and add those to send to its document.

    Args:
        instance: The instance, whose fields are taken.
        names: What is sent; properties among them are sent in any case.
        document: What is sent of the fields.
        is_whole: Whether the whole document is sent.

    Returns:
        The snapshots of the properties to send, by name; one that is left out of the document is removed from it.

    Raises:
        Exception: what a property raises.
    """
    mapping: ModelMapping = instance.__mapping__
    if mapping.dumps_itself:
        computed = dump_document(instance, mapping.stored.keys())
    else:
        computed = encode_stored(instance)
    before = baseline_of(instance)
    sent: dict[str, Snapshot] = {}
    for name, field in mapping.stored.items():
        key = field.key_name
        now = snapshot_of_stored(computed[key]) if key in computed else REMOVED
        then = before.get(name)
        if is_whole or name in names or then is None or not is_same(then, now):
            sent[name] = now
            if key in computed:
                document[key] = computed[key]
    return sent
