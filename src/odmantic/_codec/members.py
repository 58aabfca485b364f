"""The members of references in messages: what stored values lead to, and why one leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._errors.parsing import (
    ReferencedDocumentNotFoundError,
    no_collection_named,
    other_database,
    unknown_collection,
)
from odmantic._mapping.members import dbref_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import PydanticCustomError

    from odmantic._mapping.members import Member


def names_in(members: Iterable[Member], between: str = " | ") -> str:
    """Return the names of the classes to which a reference may lead."""
    return between.join(cls.__name__ for each in members for cls in each.classes)


def problem_of(members: tuple[Member, ...], key: str, stored: Any) -> PydanticCustomError:
    """Return why what is stored in a reference to one of several collections leads to no document."""
    found = dbref_in(stored)
    names = [each.collection for each in members]
    if stored is not None and found is None:
        return no_collection_named(stored, names)
    if found is not None and found.collection not in names:
        return unknown_collection(found.collection, names)
    if found is not None and found.database is not None:
        return other_database(found.database)
    return ReferencedDocumentNotFoundError(key)
