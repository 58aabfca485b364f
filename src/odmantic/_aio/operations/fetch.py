"""Fetches what lazy references lead to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._aio.operations.load import load
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.ref import model_of
from odmantic._plan.fetching import check_may_fetch

if TYPE_CHECKING:
    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._mapping.ref import Ref

T = TypeVar("T")


async def fetch(engine: Engine, scope: Scope, ref: Ref[T], *, again: bool) -> T:
    """Return what a reference leads to, with one query for all that are fetched here at the same time.

    Raises:
        TargetNotFoundError: if there is no such document.
        NotLoadedError: if the engine is strict, and `load=` should have named the reference.
    """
    if engine._strict_loading:
        check_may_fetch(ref)
    failed: dict[int, Exception] = {}
    key = id(scope.session), id(scope.attempt), again
    batch = partial(_fetch_all, engine, scope, again)
    await engine._together.call(key, (ref, failed), batch)
    error = failed.get(id(ref))
    if error is not None:
        raise error
    return ref.value


async def _fetch_all(
    engine: Engine, scope: Scope, again: bool, wanted: list[tuple[Ref[Any], dict[int, Exception]]]
) -> None:
    """Load references; note for each that cannot be read why."""

    def fail(ref: Any, error: Exception) -> None:
        for one, failed in wanted:
            if one is ref:
                failed[id(one)] = error

    refs = {id(ref): ref for ref, _ in wanted}.values()
    loads = [(ref, mapping_of(model_of(ref)).usual_load) for ref in refs]
    await load(engine, scope, loads, again=again, fail=fail, operation="fetch")
