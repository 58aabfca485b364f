"""The progress display."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Display

if TYPE_CHECKING:
    from typing_extensions import Self


class Progress:
    """A bar on a terminal, and a line for each finished case."""

    def __init__(self, runs: int) -> None:
        """Show nothing yet."""
        self._console = Console(stderr=True)
        self._display = Display(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._display.add_task("", total=runs)
        self._case = ""

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._display.stop()

    def begin(self, case: str) -> None:
        """Note that a case begins."""
        self._case = case

    def advance(self, library: str) -> None:
        """Note that a run begins."""
        self._display.update(self._task, advance=1, description=f"{self._case}: {library}")

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
