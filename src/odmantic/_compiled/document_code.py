"""Expressions and lines of generated code for the documents of instances, which are made of their dictionaries."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from odmantic._compiled.snapshot_code import inside, quoted_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping

_FEW = 4
"""The largest number of fields that are read faster than a set is compared with the keys."""


def can_copy(mapping: ModelMapping) -> bool:
    """Return whether an instance's dictionary holds only fields, and their names can become keys."""
    renamed = {key for key, name in mapping.field_names.items() if key != name}
    return renamed.isdisjoint(mapping.fields) and not any(
        isinstance(one, cached_property)
        for cls in mapping.model.__mro__
        for one in vars(cls).values()
    )


def unless_whole(
    source: Source, mapping: ModelMapping, values: str, give_up: str, unread: Collection[str]
) -> None:
    """Write code that ends in `give_up` unless an instance's dictionary has exactly the fields.

    A dictionary with as many keys as there are fields, and with each field, has no others. `unread` holds the
    expressions of the fields that the code has not read yet; if one is missing, the code may end in a `KeyError`.
    """
    differs = f"len({values}) != {len(mapping.fields)}"
    if len(unread) > _FEW:
        names = source.object("fields", frozenset(mapping.fields))
        differs += f" or not {names}.issuperset({values})"
    with source.block(f"if {differs}:"):
        source.add(give_up)
    if len(unread) <= _FEW:
        source.add(*unread)


def value_of(source: Source, mapping: ModelMapping, name: str) -> str:
    """Return the expression of a field in `values`, the dictionary of an instance."""
    return f"values[{source.quoted(inside('', mapping, name), name)}]"


def key_of(source: Source, mapping: ModelMapping, name: str) -> str:
    """Return the constant for the key of a field of an instance."""
    return quoted_key(source, mapping, name, inside("", mapping, name))


def hidden_pairs(source: Source, mapping: ModelMapping) -> list[str]:
    """Return the key and the value, as code, with which documents of a class in a hierarchy begin."""
    return [
        f"{source.quoted('kind', key)}: {source.quoted('kind', value) if isinstance(value, str) else repr(value)}"
        for key, value in mapping.hidden_type.items()
    ]


def assign_copy(
    source: Source, mapping: ModelMapping, stored: Mapping[str, str], give_up: str
) -> None:
    """Write code that makes the `document` as a copy of `values`, with the stored forms of the fields."""
    unread = [each for name, each in stored.items() if each == value_of(source, mapping, name)]
    unless_whole(source, mapping, "values", give_up, unread)
    hidden = hidden_pairs(source, mapping)
    source.add(
        f"document = {{{', '.join([*hidden, '**values'])}}}"
        if hidden
        else "document = values.copy()"
    )
    for name, each in stored.items():
        is_renamed = mapping.fields[name].key_name != name
        if is_renamed:
            source.add(f"del document[{source.quoted(inside('', mapping, name), name)}]")
        if is_renamed or each != value_of(source, mapping, name):
            source.add(f"document[{key_of(source, mapping, name)}] = {each}")


def is_plain_copy(mapping: ModelMapping) -> bool:
    """Return whether a document is a plain copy of the instance's dictionary."""
    return (
        bool(mapping.fields)
        and not mapping.hidden_type
        and all(name == key and encode is None for name, key, encode in mapping.encoders)
    )
