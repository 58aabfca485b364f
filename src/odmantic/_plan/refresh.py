"""The plan of a refresh: which fields are read, and which of them get the values of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from odmantic._codec.encode import encode_document, encode_field
from odmantic._mapping.links import targets_in
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.save import all_fields, fields_to_save
from odmantic._query.paths import FieldProxy, names_of
from odmantic._state.hollow import hollow_in
from odmantic._types.kinds import is_model_instance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from odmantic._mapping.mapping import ModelMapping
    from odmantic._state.places import Place
    from odmantic.model import Model


def names_to_refresh(model: type[Model], fields: Iterable[Any]) -> frozenset[str] | None:
    """Return the names of given fields, which are fields as seen on the class, or names; `None` if there are none.

    Raises:
        ValueError: if one is not a field of the model.
    """
    names = frozenset(_name(model, each) for each in fields)
    return names or None


def _name(model: type[Model], field: Any) -> str:
    mapping = mapping_of(model)
    if isinstance(field, FieldProxy):
        owner, names = names_of(field)
        is_of_model = owner is None or issubclass(model, owner)
        if is_of_model and len(names) == 1 and names[0] in mapping.fields:
            return names[0]
    elif isinstance(field, str):
        # Extra values have any names, but no paths and operators.
        is_extra = mapping.extra_allowed and field and "." not in field and field[0] != "$"
        if field in mapping.fields or (is_extra and field not in mapping.names_and_keys):
            return field
    raise ValueError(
        f"refresh of {model.__name__} takes its fields, as {model.__name__}.{mapping.primary_field} or by name, and not "
        f"{field!r:.200}"
    )


def projection_for(mapping: ModelMapping, names: frozenset[str] | None) -> dict[str, int] | None:
    """Return the projection to some fields of documents; `None` if they cannot be read by themselves."""
    if names is None or mapping.links or mapping.stored or mapping.extra_allowed:
        return None
    # Validators, and methods of a program's own, see whole documents.
    if mapping.parses_itself or mapping.readable.nodes is None:
        return None
    keys = ["_id", *(mapping.fields[name].key_name for name in names)]
    if mapping.hierarchy is not None:
        keys.append(mapping.hierarchy.key)
    return dict.fromkeys(keys, 1)


def complete(
    instance: Model, part: dict[str, Any], projection: dict[str, int]
) -> dict[str, Any] | None:
    """Return the part of a document, and what the instance has of the rest; `None` if that has no stored form."""
    try:
        document = encode_document(instance)
    except Exception:  # noqa: BLE001 - of fields that are not asked for
        return None
    others = {key: value for key, value in document.items() if key not in projection}
    return {**others, **part}


def names_in(instance: Model, fresh: Model) -> frozenset[str]:
    """Return the names of all fields of an instance, and of the extras that it or its document has."""
    return frozenset(all_fields(instance)).union(fresh.model_extra or ())


def with_changed_targets(
    instance: Model, fresh: Model, names: AbstractSet[str], place_of: Callable[[Any], Place]
) -> frozenset[str]:
    """Return the fields among `names` that lead to the same targets as before, of which some have unsaved changes.

    The document has nothing new for them, and other instances would lose the changes.
    """
    found = {
        link.name
        for link, target in targets_in(instance)
        if link.name in names
        and is_model_instance(target)
        and hollow_in(target) is None
        and fields_to_save(cast("Model", target), place_of(type(target)))
    }
    return frozenset(name for name in found if _is_same(instance, fresh, name))


def _is_same(instance: Model, fresh: Model, name: str) -> bool:
    return bool(encode_field(instance, name) == encode_field(fresh, name))
