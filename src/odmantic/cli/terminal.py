"""Output and exit of the commands."""

from __future__ import annotations

import asyncio
import re
import signal
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import typer
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.text import Text

from odmantic.exceptions import OdmanticError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from types import FrameType

P = ParamSpec("P")
T = TypeVar("T")

FAILED = 1
INTERRUPTED = 130

output: Console = Console(highlight=False)
notes: Console = Console(stderr=True, highlight=False)


@contextmanager
def ended_in_order(*, interrupted: int = INTERRUPTED) -> Generator[None, None, None]:
    """Turn Ctrl-C, SIGTERM and errors that the user can fix into an exit status.

    Args:
        interrupted: The status after Ctrl-C and SIGTERM.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        # If a task is cancelled, the driver leaves a read behind that nobody awaits.
        warnings.filterwarnings("ignore", "coroutine 'PyMongoProtocol", RuntimeWarning)
        raise typer.Exit(interrupted) from None
    except (OdmanticError, PyMongoError, OSError) as error:
        notes.print(Text.assemble(("Error: ", "bold red"), _told(error)), soft_wrap=True)
        raise typer.Exit(FAILED) from error
    finally:
        signal.signal(signal.SIGTERM, before)


def run(function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a coroutine that Ctrl-C and SIGTERM cancel.

    `asyncio.run` alone cancels in the middle of any step: a semaphore that is about to wake a task may fail. Here a
    cancellation comes between two steps of the event loop, like any other.

    Raises:
        KeyboardInterrupt: if it was cancelled, or a second signal came, which does not wait.
    """

    async def interruptible() -> T:
        loop = asyncio.get_running_loop()
        task = loop.create_task(function(*args, **kwargs))
        with _once_interrupted(lambda: loop.call_soon_threadsafe(task.cancel)):
            return await task

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


@contextmanager
def _once_interrupted(react: Callable[[], object]) -> Generator[None, None, None]:
    """Replace the KeyboardInterrupt of the first Ctrl-C or SIGTERM by a call of `react`."""
    # A shell ignores SIGINT for a command in the background.
    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.default_int_handler)
        react()

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(error: Exception) -> str:
    """Return the message of an error, without the driver's details for programmers."""
    text = re.sub(r", full error: \{.*\}", "", str(error), flags=re.DOTALL)
    return text.partition(" (configured timeouts:")[0]
