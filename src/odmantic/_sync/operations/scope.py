# Generated from src/odmantic/_aio/operations/scope.py by tools/generate_sync.py: do not edit.
"""The scope of an operation's commands: a driver session, the run of a transaction, or neither."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any

from pymongo.errors import ServerSelectionTimeoutError

from odmantic._driver._sync import foreign_loop
from odmantic._driver.clients import addresses_of, check_session, runs_transaction
from odmantic._driver.internals import CHANNEL, keep_on
from odmantic._plan.errors import add_context, operation_error
from odmantic._plan.options import NO_OPTIONS
from odmantic._plan.order import save_order
from odmantic._plan.postponed import NOTHING_POSTPONED, Postponed
from odmantic._shared.engine import BaseSession
from odmantic._state.state import has_document
from odmantic._sync.transactions.channel import Channel, channel_of
from odmantic._transaction.attempt import RUNNING
from odmantic._transaction.blocks import NO_SESSION, is_in_block_of
from odmantic.exceptions import ServerNotFoundError, SessionMisuseError, UnsafeRetryError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._plan.options import CallOptions
    from odmantic._state.places import Written
    from odmantic._sync.interfaces import Engine
    from odmantic._transaction.attempt import Attempt
    from odmantic._transaction.journal import Journal
    from odmantic.model import Model


class HasScope(BaseSession, metaclass=ABCMeta):
    """An object for `session=`: a session or a transaction."""

    @abstractmethod
    def get_driver_session(self) -> Any:
        """Return the driver's own session object, for raw calls of the driver."""

    def _after_transaction(self) -> HasScope | None:
        """Return what may be given as `session=` once a transaction in it has ended."""
        return self

    def _scope(self) -> Scope:
        """Return the scope of operations in this session."""
        return scope_of(self.get_driver_session())


class Scope:
    """The scope of one operation: its transaction is the one that runs in the session when the operation is called.

    Attributes:
        session: The driver session; `None` if each command has none.
        attempt: The run of a transaction that a session or transaction object began.
        unit: The unit of writes: that run, or the driver session if the program began a transaction in it.
        cascades: Whether a save goes on to references, as far as their fields say so.
        given: What the program gave as `session=`, for operations in hooks.
        postponed: By identity, the instances with references that a save sets by a second write.
        lookups: The options of the call for reads of what references lead to.
        waiting: Returns what waits for the end of the transaction; `None` if each call is for itself.
    """

    __slots__ = (
        *("_channel", "attempt", "cascades", "given", "lookups", "postponed", "session", "unit"),
        "waiting",
    )

    def __init__(
        self, session: Any = None, channel: Channel | None = None, own: Attempt | None = None
    ) -> None:
        """Take the transaction that runs now, unless it is private to another operation; `own` is that of the caller."""
        self.session = self.given = session
        self.cascades = True
        self.lookups: CallOptions = NO_OPTIONS
        self.postponed: Mapping[int, Postponed] = NOTHING_POSTPONED
        self._channel = channel
        attempt = None if channel is None else channel.attempt
        if attempt is not None and attempt.is_private and attempt is not own:
            attempt = attempt if is_in_block_of(attempt) else None
        self.attempt: Attempt | None = attempt
        self.waiting: Callable[[], Any] | None = None if attempt is None else attempt.waiting
        self.unit: Any = self.attempt
        if session is not None and channel is None and runs_transaction(session):
            self.unit = session

    @contextmanager
    def lending(self) -> Generator[Channel, None, None]:
        """Enclose a transaction of the library in the driver session, which may be one of the program's own."""
        channel = self._channel
        if channel is not None:
            yield channel
            return
        channel = Channel(self.session)
        try:
            yield channel
        finally:
            keep_on(self.session, CHANNEL, None)

    def reading(self, options: CallOptions, operation: str, model: type[Model]) -> Scope:
        """Return the scope of a read with options.

        Raises:
            TypeError: if one is not for commands of a transaction.
        """
        if options is NO_OPTIONS:
            return self
        self.check_options(options, operation, model)
        scope = copy(self)
        scope.lookups = options.of_lookups
        return scope

    def check_options(self, options: CallOptions, operation: str, model: type[Model]) -> None:
        """Refuse options that are not for commands of a transaction, if this is one.

        Raises:
            TypeError: if there are any.
        """
        if self.unit is not None:
            options.check_in_transaction(operation, model)

    @property
    def journal(self) -> Journal | None:
        """The journal of the transaction, if this is one."""
        return None if self.attempt is None else self.attempt.journal

    def order(
        self, engine: Engine, instances: Sequence[Model], begun: Iterable[Model] = ()
    ) -> Sequence[Model]:
        """Return instances that are saved here, in the order of their saves; `save_order` explains it.

        Raises:
            UnsavedReferenceError: if a reference cannot be saved before what refers to it.
        """

        def is_saved(instance: Model) -> bool:
            place = engine._target(type(instance)).known.place
            return has_document(instance, place)

        order = save_order(
            instances, is_saved, cascades=self.cascades, begun=begun, postponed=self.postponed
        )
        self.postponed = order.postponed
        return order.instances

    def take_postponed(self) -> Sequence[Postponed]:
        """Return what a second write sets; from here on nothing is left out of documents any more."""
        postponed, self.postponed = self.postponed, NOTHING_POSTPONED
        return [*postponed.values()]

    @property
    def is_guarded(self) -> bool:
        """Whether `guard` may object to the write of an instance."""
        return self.attempt is not None and self.attempt.guard is not None

    @property
    def goes_on(self) -> bool:
        """Whether more can be sent: a transaction ends with the first error of the server."""
        return self.attempt is None or self.attempt.state is RUNNING

    @property
    def begins_transaction(self) -> bool:
        """Whether the next command is the first one of a transaction."""
        return self.attempt is not None and not self.attempt.has_sent

    def check(self, operation: str, *, writes: bool) -> None:
        """Refuse an operation that must not run here.

        Raises:
            RuntimeError: if the transaction is ending.
            TransactionAbortedError: if the transaction is doomed.
            SessionMisuseError: if the session is a snapshot, and the operation writes.
        """
        if self.attempt is not None:
            if self.attempt.state is not RUNNING:
                raise self.attempt.refusal()
        elif writes and _is_snapshot(self.session):
            raise SessionMisuseError(
                f"{operation} cannot write in a snapshot session, which is for reading only"
            )

    @property
    def given_after(self) -> Any:
        """What may be given as `session=` once its transaction has ended."""
        given = self.given
        if self.attempt is None:
            return given
        return given._after_transaction() if isinstance(given, HasScope) else None

    def guard(self, instance: Model) -> None:
        """Stop a retried transaction if writing an instance would apply a change twice.

        Raises:
            UnsafeRetryError: if it would.
        """
        attempt = self.attempt
        if attempt is None or attempt.guard is None:
            return
        try:
            attempt.guard.check(instance)
        except UnsafeRetryError as error:
            attempt.doom(error)
            raise

    def enter(
        self, instances: Sequence[Model], names: Sequence[AbstractSet[str]], write: Written
    ) -> None:
        """Enter written instances into the journal of the transaction, if there is one."""
        if self.attempt is not None:
            for instance, written in zip(instances, names, strict=True):
                self.attempt.journal.wrote(write, instance, written)

    def write_by_query(
        self, engine: Engine, call: Callable[[], Any], operation: str, model: type[Model]
    ) -> Any:
        """Send a write of whatever documents match: what is read from the collection afterwards may be of it."""
        if self.attempt is not None:
            self.attempt.journal.wrote_by_query(engine._target(model).known.place.database, model)
        return self.send(engine, call, operation, model)

    def send(
        self,
        engine: Engine,
        call: Callable[[], Any],
        operation: str,
        model: type[Model],
        document_id: Any = None,
        read: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Make one driver call here, and add model and operation to its errors; `Channel.send` explains `read`."""
        try:
            if self._channel is not None:
                return self._channel.send(call, self.attempt, read)
            return call()
        except Exception as error:
            ours = operation_error(error, operation, model, document_id)
            if isinstance(error, ServerSelectionTimeoutError):
                where = f"{operation} of {model.__name__}"
                ours = ServerNotFoundError(error, where, addresses_of(engine.client))
            ours = ours or foreign_loop(error)
            if ours is not None:
                raise ours from error
            add_context(error, f"in {operation} of {model.__name__}")
            raise


OUTSIDE = Scope()
"""The scope of an operation without a session."""

APART = Scope()
"""The same, if it was called with `NO_SESSION`."""
APART.given = NO_SESSION


def scope_of(session: Any) -> Scope:
    """Return the scope of a driver session, even of one that a session object owns.

    Raises:
        RuntimeError: if it was ended.
        TypeError: if it is not a session.
    """
    channel = channel_of(session)
    if channel is None:
        check_session(session)
    return Scope(session, channel)


def _is_snapshot(driver_session: Any) -> bool:
    return getattr(getattr(driver_session, "options", None), "snapshot", None) is True
