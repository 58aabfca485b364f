# Generated from src/odmantic/_aio/interfaces.py by tools/generate_sync.py: do not edit.
"""The interface of an engine for operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from odmantic._driver._sync_together import Together
    from odmantic._driver.plain import Target
    from odmantic._hooks.registry import EngineHooks
    from odmantic._state.places import Known
    from odmantic._sync.operations.scope import Scope
    from odmantic._sync.operations.turns import Turns

T = TypeVar("T")


class Engine(Protocol):
    """An engine, as operations see it."""

    client: Any
    """The driver's client."""
    database: Any
    """The driver's database object."""
    database_name: str
    _turns: Turns
    """Its saves in progress."""
    _together: Together[Any]
    """What is fetched at the same time."""
    _hooks: EngineHooks
    _strict_loading: bool
    """Whether lazy references of a read of several documents are not fetched one by one."""

    def _now(self) -> datetime:
        """Return the time by the engine's clock, naive and in UTC."""
        ...

    @property
    def _keeps_collections(self) -> bool:
        """Whether models are in the collections that bear their names."""
        ...

    def _atomically(self, scope: Scope, work: Callable[[Scope], T]) -> T:
        """Run work in the transaction of a scope, or else in one that is repeated after transient errors."""
        ...

    def get_collection(self, model: Any) -> Any:
        """Return the driver's collection of a model."""

    def _target(self, model: Any) -> Target:
        """Return the collection that `get_collection` gives, and the ways that it has."""
        ...

    def _reading_from(self, model: Any, known: Known) -> Known:
        """Return what says that documents of a model are known, and referenced ones that may be read along."""
        ...
