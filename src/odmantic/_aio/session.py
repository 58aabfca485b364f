"""The lifetime of a session: from the start of a driver session to its end."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from odmantic._aio.operations.scope import Scope
from odmantic._aio.session_base import AIOSessionBase
from odmantic._aio.transactions.callbacks import run_callbacks
from odmantic._aio.transactions.channel import Channel
from odmantic._driver._aio import resolve
from odmantic._driver.deadline import leaving
from odmantic._transaction.concerns import TransactionDefaults, session_options
from odmantic._transaction.token import CausalTimes, decode_token, encode_token
from odmantic.exceptions import SessionMisuseError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from odmantic._aio.engine_base import AIOEngineBase
    from odmantic._transaction.attempt import Attempt


class SessionLifetime(AIOSessionBase):
    """The start and end of a session; `AIOSession` also begins transactions."""

    session: Any
    _channel: Channel | None = None
    _attempt: Attempt | None = None
    """Of a transaction, its run."""
    # The options of a session without any.
    _is_snapshot: bool = False
    _defaults: TransactionDefaults | None = None
    _after: CausalTimes | None = None

    def __init__(
        self,
        engine: AIOEngineBase,
        *,
        causal_consistency: bool | None = None,
        snapshot: bool = False,
        default_transaction_options: TransactionDefaults | None = None,
        after: str | None = None,
    ) -> None:
        """Create a session that is not started yet; nothing is sent."""
        self.engine = engine
        self.session = None
        self._options: dict[str, Any] = {}
        options = (causal_consistency, default_transaction_options, after)
        if options == (None, None, None) and not snapshot:
            return
        self._is_snapshot = snapshot
        self._defaults = default_transaction_options
        self._options = session_options(
            causal_consistency=causal_consistency,
            snapshot=snapshot,
            default_transaction_options=default_transaction_options,
            has_token=after is not None,
        )
        self._after = None if after is None else decode_token(after, now=time.time())

    @property
    def is_started(self) -> bool:
        """Whether a driver session is open."""
        return self._channel is not None

    async def start(self) -> None:
        """Open the driver session.

        Raises:
            RuntimeError: if it is already open.
        """
        self._check_not_started()
        driver_session = await resolve(self.engine.client.start_session(**self._options))
        if self._channel is not None:  # meanwhile
            await resolve(driver_session.end_session())
            self._check_not_started()
        if self._after is not None:
            driver_session.advance_cluster_time(self._after.cluster_time)
            driver_session.advance_operation_time(self._after.operation_time)
        self.session = driver_session
        self._channel = Channel(driver_session)

    async def end(self) -> None:
        """End the driver session; a transaction that runs in it is rolled back.

        Raises:
            RuntimeError: if it is not open.
        """
        channel = self._channel
        if channel is None:
            raise SessionMisuseError("Session is not started")
        channel.check_process()
        self.session = self._channel = None
        attempt = channel.attempt
        await channel.end()
        if attempt is not None and attempt.guard is None:
            await run_callbacks(attempt)

    def get_driver_session(self) -> Any:
        """Return the driver's own session object, for raw calls of the driver.

        Raises:
            RuntimeError: if it is not open.
        """
        if self._channel is None:
            raise SessionMisuseError("session not started")
        self._channel.check_process()
        return self._channel.driver_session

    def _scope(self) -> Scope:
        driver_session, channel = self.get_driver_session(), self._channel
        if channel is not None and channel.driver_session is driver_session:
            return Scope(driver_session, channel, self._attempt)
        return super()._scope()  # a program's own `get_driver_session` gave another

    def token(self) -> str:
        """Return a token of this session's causal times, for `engine.session(after=...)` elsewhere.

        It holds the server's cluster time and the time of the session's last operation. Sign a token that leaves your
        servers: a forged one can make reads wait.

        Raises:
            RuntimeError: if the session is not open, or nothing was read or written in it yet.

        See https://www.mongodb.com/docs/manual/core/causal-consistency-read-write-concerns/
        """
        driver_session = self.get_driver_session()
        cluster_time, operation_time = driver_session.cluster_time, driver_session.operation_time
        if cluster_time is None or operation_time is None:
            raise SessionMisuseError("no token yet: nothing was read or written in this session")
        return encode_token(CausalTimes(dict(cluster_time), operation_time))

    async def __aenter__(self) -> Self:
        """Start the session."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """End the session if it is still open; exceptions propagate."""
        channel = self._channel
        if channel is None:
            return
        if channel.is_inherited:
            self._abandon()
            return
        if exc_val is None:
            await self.end()
            return
        with leaving(exc_val), suppress(Exception):
            await self.end()

    def _abandon(self) -> None:
        """Forget the parent process's session in a forked child, and send nothing."""
        channel, self.session, self._channel = self._channel, None, None
        if channel is not None:
            channel.abandon()

    def _check_not_started(self) -> None:
        if self._channel is not None:
            raise SessionMisuseError("Session is already started")
