# Generated from src/odmantic/_aio/engine_scopes.py by tools/generate_sync.py: do not edit.
"""The scopes of an engine's operations: what their `session=` says."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from odmantic._driver._sync import runs_for, waiting_frame
from odmantic._shared.engine import BaseSession
from odmantic._sync.engine_lifetime import EngineLifetime
from odmantic._sync.operations.scope import APART, OUTSIDE, HasScope, Scope, scope_of
from odmantic._transaction.blocks import NO_SESSION, is_in_block, session_of_block

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._driver._sync import DriverSession
    from odmantic._transaction.blocks import NoSession

    SyncSessionType: TypeAlias = HasScope | DriverSession | NoSession | None
else:
    SyncSessionType = Any

T = TypeVar("T")

_SAVES = frozenset({"save", "save_all"})


class EngineScopes(EngineLifetime):
    """The scopes of an engine's operations."""

    @abstractmethod
    def _atomically(self, scope: Scope, work: Callable[[Scope], T]) -> T:
        """Run work in the transaction of a scope, or else in one that is repeated after transient errors."""

    @staticmethod
    def _get_session(session: SyncSessionType) -> Any:
        """Return the driver session of a `session=` argument.

        Raises:
            RuntimeError: if the session or transaction object is not started.
            TypeError: if it is one of the other colour.
        """
        if isinstance(session, HasScope):
            return session.get_driver_session()
        if session is NO_SESSION:
            return None
        if isinstance(session, BaseSession):
            raise TypeError(f"a SyncEngine cannot use a {type(session).__name__} as session=")
        return session

    def _scope_for(
        self, session: SyncSessionType, operation: str, *, writes: bool = False
    ) -> Scope:
        """Return the scope of an operation: that of its `session=`, or of its block if it joins."""
        if self._get_session is not EngineScopes._get_session:
            session = self._session_of_program(session, operation)
        if session is None and is_in_block():
            session = session_of_block(
                self.client, self.stray_operations, operation, runs_for, waiting_frame
            )
        if session is None:
            return OUTSIDE
        if session is NO_SESSION:
            return APART
        given: Any = session._scope() if isinstance(session, HasScope) else None
        # What gives none is a session of the driver, or a mock of one of ours.
        is_scope = type(given) is Scope
        scope: Scope = given if is_scope else scope_of(EngineScopes._get_session(session))
        scope.given = session
        scope.check(operation, writes=writes)
        return scope

    def _session_of_program(self, session: SyncSessionType, operation: str) -> Any:
        """Return the result of a program's own `_get_session`; as in 1.x, a save asks it only for a session object."""
        is_asked = operation not in _SAVES or isinstance(session, BaseSession)
        return self._get_session(session) if is_asked else session

    def _in_own_session(
        self, given: Any, operation: str, work: Callable[[Scope], None], *, cascade: bool
    ) -> None:
        """Do what sends several commands in a session of the call, which is not a transaction."""
        session = self.client.start_session()
        try:
            scope = self._scope_for(session, operation)
            scope.given, scope.cascades = given, cascade
            work(scope)
        finally:
            session.end_session()
