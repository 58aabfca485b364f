"""Decisions about fetching lazy references one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._mapping.ref import unloaded_of
from odmantic.exceptions import NotLoadedError

if TYPE_CHECKING:
    from odmantic._mapping.ref import Ref


def check_may_fetch(ref: Ref[Any]) -> None:
    """Refuse to fetch what a read of several documents could have loaded for all of them.

    Raises:
        NotLoadedError: `load=` should name the reference.
    """
    unloaded = unloaded_of(ref)
    if unloaded.page is not None and unloaded.page.documents > 1:
        raise NotLoadedError(
            f"{unloaded.where} is not fetched for one of {unloaded.page.documents} documents of a read, since the engine "
            f"has strict_loading: {unloaded.advice}, which takes one query for all"
        )
