# Generated from src/odmantic/testing/rollback/_aio.py by tools/generate_sync.py: do not edit.
"""The synchronous engine whose operations are all rolled back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pymongo import MongoClient

from odmantic.engine import SyncEngine, SyncSession, SyncTransaction
from odmantic.exceptions import CommitHookError, RollbackHookError, SessionMisuseError
from odmantic.session import NO_SESSION, SyncSessionBase
from odmantic.testing.rollback._rules import (
    CONFIGURES,
    ESCAPES,
    MADE_BY_HAND,
    NESTED,
    NOT_STARTED,
    UNDONE,
    Callback,
    Part,
    PartUndoneError,
    check_plain,
    is_write,
)

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

T = TypeVar("T")


class SyncRollbackEngine(SyncEngine):
    """An engine whose operations are all part of one transaction, which is rolled back in the end.

    Args:
        client: The client, or a URI; transactions need a replica set.
        database: Name of the database.

    Example:
        ```python
        with SyncRollbackEngine(client, "shop") as engine:
            program(engine)
            assert engine.count(Order) == 1
        ```
    """

    def __init__(self, client: Any, database: str = "test") -> None:
        super().__init__(client, database, stray_operations="ignore")
        self._outer = SyncEngine(self.client, database, stray_operations="ignore").transaction()
        self._writes = 0

    def __enter__(self) -> Self:
        self._outer.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        try:
            self._outer.abort()
        finally:
            self.close()

    @property
    def writes(self) -> int:
        """The number of operations so far that may have written."""
        return self._writes

    def driver_session(self) -> Any:
        """Return the driver session of the one transaction."""
        return self._outer.get_driver_session()

    def doom(self) -> None:
        """Note that a part has to be undone, which is impossible."""
        with suppress(PartUndoneError), self._outer.dooming():
            raise PartUndoneError(UNDONE)

    def session(self, **options: Any) -> SyncSession:  # noqa: ARG002  (the transaction has its own)
        """Return a session of the one transaction; its options are ignored."""
        return _JoinedSession(self)

    def transaction(self, **options: Any) -> SyncTransaction:  # noqa: ARG002  (as above)
        """Return a transaction that is part of the one transaction; its options are ignored."""
        return _JoinedTransaction(self, _JoinedSession(self))

    def run_transaction(
        self,
        callback: Callable[[SyncTransaction], T],
        *,
        restore: Collection[object] = (),  # noqa: ARG002  (there is no second attempt)
        join: SyncTransaction | None = None,
        **options: Any,  # noqa: ARG002  (as above)
    ) -> T:
        """Run a callback once, as a part of the one transaction."""
        if join is not None:
            return callback(join)
        with self.transaction() as transaction:
            return callback(transaction)

    def _scope_for(self, session: Any, operation: str, *, writes: bool = False) -> Any:
        if operation == "configure_database":
            raise SessionMisuseError(CONFIGURES)
        if session is NO_SESSION:
            raise SessionMisuseError(ESCAPES)
        self._writes += is_write(operation)
        given = self.driver_session() if session is None else session
        scope = super()._scope_for(given, operation, writes=writes)
        # Hooks of documents wait for the end of the program's transaction, if there is one.
        part = session.part if isinstance(session, _JoinedTransaction) else None
        scope.waiting = None if part is None else lambda: part
        return scope

    @staticmethod
    def _get_session(session: Any) -> Any:
        if isinstance(session, SyncSessionBase) and not isinstance(
            session, (_JoinedSession, _JoinedTransaction)
        ):
            raise SessionMisuseError(MADE_BY_HAND)
        return SyncEngine._get_session(session)  # noqa: SLF001  (overridden here)


@contextmanager
def sync_rollback_engine(
    uri: str, database: str, options: dict[str, Any]
) -> Generator[SyncRollbackEngine, None, None]:
    """Create such an engine with its own client."""
    client: MongoClient[dict[str, Any]] = MongoClient(uri, appname=database, **options)
    with client, SyncRollbackEngine(client, database) as engine:
        yield engine


class _JoinedSession(SyncSession):
    """A session of the one transaction, while the program uses it."""

    def __init__(self, engine: SyncRollbackEngine) -> None:
        super().__init__(engine)
        self._outer = engine

    @property
    def is_started(self) -> bool:
        return self.session is not None

    def start(self) -> None:
        if self.is_started:
            raise SessionMisuseError("Session is already started")
        self.session = self._outer.driver_session()

    def end(self) -> None:
        if not self.is_started:
            raise SessionMisuseError("Session is not started")
        self.session = None

    def get_driver_session(self) -> Any:
        if not self.is_started:
            raise SessionMisuseError("session not started")
        return self._outer.driver_session()

    def transaction(self, **options: Any) -> SyncTransaction:  # noqa: ARG002  (see the engine)
        if not self.is_started:
            raise SessionMisuseError("provided session is not started")
        return _JoinedTransaction(self._outer, self)

    def run_transaction(
        self,
        callback: Callable[[SyncTransaction], T],
        *,
        restore: Collection[object] = (),
        join: SyncTransaction | None = None,
        **options: Any,
    ) -> T:
        return self._outer.run_transaction(callback, restore=restore, join=join, **options)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.session = None


class _JoinedTransaction(SyncTransaction):
    """A part of the one transaction, which is a transaction to the program."""

    def __init__(self, engine: SyncRollbackEngine, session: _JoinedSession) -> None:
        super().__init__(engine)
        self._outer = engine
        self.session = session
        self.part: Part | None = None

    @property
    def is_started(self) -> bool:
        return self.part is not None

    def start(self) -> None:
        if self.part is not None:
            raise SessionMisuseError("Transaction already started")
        self._outer.driver_session()  # raises if the one transaction is over
        self.part = Part(self._outer.writes)

    def commit(self) -> None:
        self.get_driver_session()
        errors = _call_all(self._end_part().on_commit)
        if errors:
            raise CommitHookError(f"on_commit callable(s) failed: {errors!r}", errors)

    def abort(self) -> None:
        part = self._end_part()
        if self._outer.writes != part.writes_before:
            self._outer.doom()
        errors = _call_all(part.on_rollback)
        if errors:
            raise RollbackHookError(f"on_rollback callable(s) failed: {errors!r}", errors)

    # Of the two overloads of a sync transaction, one returns something, for type checkers.

    def on_commit(self, hook: Callback) -> Any:
        check_plain(hook)
        self._running_part().on_commit.append(hook)

    def on_rollback(self, hook: Callback) -> Any:
        check_plain(hook)
        self._running_part().on_rollback.append(hook)

    def get_driver_session(self) -> Any:
        if self.part is None:
            raise SessionMisuseError(NOT_STARTED)
        return self._outer.driver_session()

    def transaction(self, **_options: Any) -> NoReturn:
        raise SessionMisuseError(NESTED)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if self.part is None:
            return
        if exc_val is None:
            self.commit()
        else:
            with suppress(RollbackHookError):  # the block's own exception wins
                self.abort()

    def _as_argument(self) -> Any:
        return self

    def _running_part(self) -> Part:
        if self.part is None:
            raise SessionMisuseError("Transaction not started")
        return self.part

    def _end_part(self) -> Part:
        part = self._running_part()
        self.part = None
        return part


def _call_all(callbacks: list[Callback]) -> list[Exception]:
    errors: list[Exception] = []
    for callback in callbacks:
        try:
            callback()
        except Exception as error:  # noqa: BLE001  (the others are called all the same)
            errors.append(error)
    return errors
