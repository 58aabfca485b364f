"""The results at every fault point."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from odmantic.exceptions import OdmanticError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from odmantic.testing.faults._points import FaultPoint


_WIDEST = 100


class FaultViolationsError(OdmanticError, AssertionError):
    """A program violates its invariants when something goes wrong. The text is the report.

    Attributes:
        report: The whole report.
    """

    def __init__(self, report: FaultReport) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        return f"{len(self.report.violations)} violation(s)\n{self.report}"


@dataclass(frozen=True, slots=True)
class FaultRun:
    """One run of the program.

    Attributes:
        point: The fault and its command; `None` for the undisturbed run.
        result: The result of the program.
        error: The exception that it raised instead.
        attempts: How many transactions it began on the server.
        reached: Whether it came to the point; a program with its own choices may take another path.
        violations: Descriptions of the invariants that did not hold afterwards.
    """

    point: FaultPoint | None
    result: Any = None
    error: BaseException | None = None
    attempts: int = 0
    reached: bool = True
    violations: tuple[str, ...] = ()

    def with_violations(self, more: Iterable[str]) -> FaultRun:
        """Return the same run with further violations."""
        return replace(self, violations=(*self.violations, *more))

    @property
    def succeeded(self) -> bool:
        """Whether the program returned; then its work must have been done."""
        return self.error is None

    @property
    def outcome(self) -> str:
        """The way it ended, in a few words."""
        ending = "returned" if self.error is None else f"raised {_name_of(self.error)}"
        if not self.reached:
            return f"{ending}, point not reached"
        return ending if self.attempts < 2 else f"{ending}, {self.attempts} attempts"


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold.

    Attributes:
        run: The run after which it did not.
        message: The description of the violation.
    """

    run: FaultRun
    message: str

    def __str__(self) -> str:
        return f"{self.run.point or 'undisturbed'}: {self.message}"


@dataclass(frozen=True, slots=True)
class FaultReport:
    """All runs of a program; as text, a table.

    Attributes:
        runs: The undisturbed run, then one for each fault point, in the order of the commands.
    """

    runs: tuple[FaultRun, ...]

    @property
    def violations(self) -> tuple[Violation, ...]:
        """All violations, in the order of the runs."""
        return tuple(Violation(run, message) for run in self.runs for message in run.violations)

    def raise_for_violations(self) -> None:
        """Raise if an invariant did not hold.

        Raises:
            FaultViolationsError: if an invariant did not hold; its text is this report.
        """
        if self.violations:
            raise FaultViolationsError(self)

    def __str__(self) -> str:
        head = ("#", "command", "fault", "outcome", "violations")
        return "\n".join(_lines([head, *map(_row, self.runs)]))


def _row(run: FaultRun) -> tuple[str, ...]:
    violations = "; ".join(textwrap.shorten(text, _WIDEST) for text in run.violations) or "-"
    if run.point is None:
        return "-", "-", "none", run.outcome, violations
    point = run.point
    return str(point.number), str(point.command), point.fault.value, run.outcome, violations


def _lines(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _name_of(error: BaseException) -> str:
    """Return the class name of an error; for a leaf class of odmantic's errors, the public one."""
    return type(error).__name__.partition("_")[0] or type(error).__name__
