# Generated from src/odmantic/_aio/operations/upsert.py by tools/generate_sync.py: do not edit.
"""Writes that may insert a document, while others do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pymongo.errors

from odmantic._plan.equalities import is_lost_race
from odmantic.exceptions import DuplicateKeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model

T = TypeVar("T")

MOST_ATTEMPTS = 6


def repeat_lost_races(
    scope: Scope,
    model: type[Model],
    equalities: Collection[str],
    attempt: Callable[[], T],
) -> T:
    """Make a write by query; repeat it if another one has inserted what it looked for, up to five times.

    The server itself repeats an upsert if its query consists of the keys of the unique index alone. In a transaction nothing
    is repeated: it has ended.

    Args:
        scope: Where the write is made.
        model: The model.
        equalities: The paths of which the query says what they equal, see `UpdatePlans`.
        attempt: Makes the write.

    Raises:
        DuplicateKeyError: if a unique index refuses the document; its `instance` is `None`.
    """
    left = MOST_ATTEMPTS if scope.unit is None else 1
    while True:
        left -= 1
        try:
            return attempt()
        except pymongo.errors.DuplicateKeyError as error:
            if not left or not is_lost_race(error, equalities):
                raise DuplicateKeyError(None, error, model) from error
