"""What the commands have in common: where they write, how they end."""

from __future__ import annotations

import re
import signal
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.text import Text

from odmantic.exceptions import OdmanticError

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

FAILED = 1
INTERRUPTED = 130

output = Console(highlight=False)
notes = Console(stderr=True, highlight=False)


@contextmanager
def ended_in_order(*, interrupted: int = INTERRUPTED) -> Generator[None, None, None]:
    """Turns Ctrl-C, SIGTERM and what the user can mend into an exit status.

    Args:
        interrupted: The status after Ctrl-C and SIGTERM.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        # The driver leaves a read behind that nobody awaits when a task is cancelled.
        warnings.filterwarnings("ignore", "coroutine 'PyMongoProtocol", RuntimeWarning)
        raise typer.Exit(interrupted) from None
    except (OdmanticError, PyMongoError, OSError) as error:
        notes.print(Text.assemble(("Error: ", "bold red"), _told(error)), soft_wrap=True)
        raise typer.Exit(FAILED) from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _told(error: Exception) -> str:
    """The message of an error, without what the driver adds for programmers."""
    text = re.sub(r", full error: \{.*\}", "", str(error), flags=re.DOTALL)
    return text.partition(" (configured timeouts:")[0]


def _interrupt(_number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does: an event loop that runs has a handler of its own for that."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:  # a shell that starts a command in the background has it ignore SIGINT
        raise KeyboardInterrupt
