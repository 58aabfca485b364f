"""The transaction blocks around the running code, so that operations outside their transaction are noticed.

A block is found by its client (by identity: clients of one URI compare equal) and by the task or thread that entered
it. A block that has ended, or that another task or thread entered, is ignored. The variable is never reset by token: a
block may be left in another context than it was entered in, as in fixtures.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from odmantic._caller import outside, warn_caller
from odmantic._errors.transactions import StrayOperationError
from odmantic._errors.warnings import StrayOperationWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._transaction.attempt import Attempt


StrayWord: TypeAlias = Literal["ignore", "warn", "raise", "join"]


class StrayOperations(str, Enum):
    """The policy for an operation without `session=` inside a transaction's block on the same client."""

    IGNORE = "ignore"
    """It runs outside the transaction."""
    WARN = "warn"
    """The same, with a `StrayOperationWarning` for each place in the code."""
    RAISE = "raise"
    """It raises `StrayOperationError` and sends nothing."""
    JOIN = "join"
    """It becomes part of the transaction."""


class NoSession(Enum):
    """The type of `NO_SESSION`."""

    NO_SESSION = "no session"


NO_SESSION = NoSession.NO_SESSION
"""As `session=`: run outside any transaction, on purpose."""


class AnyOwner(Enum):
    """The type of `ANY_OWNER`."""

    ANY_OWNER = "any owner"


ANY_OWNER = AnyOwner.ANY_OWNER
"""As the owner of a block: every task or thread with its context is in it."""


@dataclass(slots=True, eq=False)
class Block:
    """A `with` block of a transaction, or a callback that runs in one."""

    client: Any
    attempt: Attempt | None
    driver_session: Any
    owner: Any
    """The task or thread that entered it, or `ANY_OWNER`."""
    hook: object = None
    """The hook that is the block: its operations run in the transaction of the operation that calls it."""

    @property
    def is_over(self) -> bool:
        """Whether it was left, or its transaction has ended."""
        attempt = self.attempt
        return attempt is None or attempt.has_ended

    def leave(self) -> None:
        """Release everything: the driver's timers keep copies of the context, and so the block, for long."""
        self.client = self.attempt = self.driver_session = self.owner = self.hook = None


_blocks: ContextVar[tuple[Block, ...]] = ContextVar("odmantic_blocks", default=())


def enter_block(block: Block) -> None:
    """Note that a block was entered, and forget those that have ended."""
    blocks = _blocks.get()
    _blocks.set((*(b for b in blocks if not b.is_over), block) if blocks else (block,))


def leave_hook_block(block: Block) -> None:
    """Note that a hook has ended, and its block with it."""
    block.leave()
    _blocks.set(tuple(b for b in _blocks.get() if not b.is_over))


def leave_block(attempt: Attempt) -> None:
    """Note that the block of an attempt was left."""
    others: tuple[Block, ...] = ()
    for block in _blocks.get():
        if block.attempt is attempt:
            block.leave()
        elif not block.is_over:
            others += (block,)
    _blocks.set(others)


def is_in_block() -> bool:
    """Return whether this context may be in any block."""
    return bool(_blocks.get())


def is_in_block_of(attempt: Attempt) -> bool:
    """Return whether this context is in a block of an attempt."""
    return any(block.attempt is attempt for block in _blocks.get())


def block_of(client: Any) -> Block | None:
    """Return the innermost open block on a client in this context, whoever owns it."""
    blocks = _blocks.get()
    if blocks:
        for block in reversed(blocks):
            if block.client is client and not block.is_over:
                return block
    return None


def session_of_block(
    client: Any,
    policy: StrayOperations,
    operation: str,
    runs_for: Callable[[object], bool],
    waiting_frame: Callable[[object], FrameType | None],
) -> Any:
    """Return the driver session that an operation without `session=` joins, or `None` if it runs alone.

    Args:
        client: The client of the engine.
        policy: The engine's policy for stray operations.
        operation: Name of the called method.
        runs_for: Returns whether this code runs in a task or thread.
        waiting_frame: Returns the frame in which a task waits for one that runs for it.

    Raises:
        StrayOperationError: if the operation must not run outside its block's transaction, or cannot join it.
    """
    block = block_of(client) if policy is not StrayOperations.IGNORE else None
    if block is None:
        return None
    if block.hook is not None and policy is not StrayOperations.JOIN:
        raise StrayOperationError(
            f"{operation} without session= in the hook {block.hook} would run outside of the transaction whose operation "
            "calls the hook: pass session=event.session, or session=odmantic.session.NO_SESSION if this is meant"
        )
    if block.owner is not ANY_OWNER and not runs_for(block.owner):
        if policy is StrayOperations.JOIN:
            raise StrayOperationError(
                f"{operation} was called in another task or thread than the transaction's block it stands in, and "
                "cannot join the transaction unasked: pass session= to make it part of the transaction, or "
                "session=odmantic.session.NO_SESSION to run it outside"
            )
        return None
    if policy is StrayOperations.JOIN:
        return block.driver_session
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to a caller's frame
    _notice(policy, operation, outside(frame) or waiting_frame(block.owner) or frame)
    return None


def _notice(policy: StrayOperations, operation: str, frame: FrameType) -> None:
    """Warn about, or refuse, an operation outside the transaction of its block."""
    message = (
        f"{operation} without session= inside a transaction's block runs outside of the transaction: it does not see "
        "the transaction's changes and is not rolled back. Pass session=, or session=odmantic.session.NO_SESSION if "
        "this is meant"
    )
    if policy is StrayOperations.RAISE:
        raise StrayOperationError(message)
    warn_caller(message, StrayOperationWarning, frame)


def is_entered_in_generator(caller: FrameType) -> bool:
    """Return whether `caller`, or the nearest frame outside odmantic, is a generator, with its consumer's context."""
    frame = outside(caller)
    return frame is not None and bool(frame.f_code.co_flags & _GENERATOR_FLAGS)


_CO_GENERATOR = 0x20
_CO_ASYNC_GENERATOR = 0x200
_GENERATOR_FLAGS = _CO_GENERATOR | _CO_ASYNC_GENERATOR
