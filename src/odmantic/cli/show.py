"""The presentation of the demo: at most 80 columns, with colours if the terminal has them."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.box import ROUNDED
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from odmantic.cli.terminal import output

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from rich.console import RenderableType


def title(number: int, text: str, code: str = "") -> None:
    """Print the heading of a station of the tour, with its Python code."""
    output.print()
    output.print(Text.assemble((f" {number} ", "bold reverse cyan"), f" {text}", style="bold"))
    if code:
        say(Text(code, "cyan"))


def say(what: RenderableType) -> None:
    """Print text, a table and the like below a title."""
    output.print(Padding(what, (0, 0, 0, 4), expand=False))


def verdict(good: bool, text: str) -> bool:
    """Print and return the result of a check."""
    say(Text(f"{'✓' if good else '✗'} {text}", "bold green" if good else "bold red"))
    return good


@contextmanager
def progress(what: str, total: int) -> Generator[Callable[[int], None], None, None]:
    """Show a progress bar, and yield a function that advances it."""
    columns = (
        TextColumn("   "),
        BarColumn(bar_width=32),
        MofNCompleteColumn(separator=" of "),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=output) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


def money(amount: Decimal) -> str:
    """Return an amount as people write it."""
    return f"{amount:,.2f}"


def steps(heading: Sequence[str], rows: Sequence[Sequence[str | Text]], *, right: int = 0) -> None:
    """Print a sequence of steps, with the last `right` columns aligned to the right."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    for index, name in enumerate(heading):
        table.add_column(name, justify="right" if index >= len(heading) - right else "left")
    for row in rows:
        table.add_row(*row)
    say(table)


def comparison(
    before: Mapping[str, Decimal], after: Mapping[str, Decimal], named: Sequence[str]
) -> None:
    """Print the balances of the named owners, of all others together, and the sum."""
    others = [owner for owner in before if owner not in named]
    rows = [(name, before[name], after[name]) for name in named]
    rows.append((f"{len(others)} others", _sum(before, others), _sum(after, others)))
    total = ("Sum", _sum(before), _sum(after))
    table = Table(box=ROUNDED, border_style="dim", show_footer=True, footer_style="bold")
    for index, (name, foot) in enumerate(
        zip(("Account", "Before", "After", "Change"), _cells(*total), strict=True)
    ):
        table.add_column(name, foot, justify="right" if index else "left", min_width=12)
    for row in rows:
        table.add_row(*_cells(*row))
    say(table)


def _sum(amounts: Mapping[str, Decimal], owners: Sequence[str] | None = None) -> Decimal:
    return sum((amounts[owner] for owner in (owners or amounts)), Decimal())


def _cells(name: str, before: Decimal, after: Decimal) -> tuple[str | Text, ...]:
    change = after - before
    style = "green" if change > 0 else "red" if change < 0 else "dim"
    return name, money(before), money(after), Text(f"{change:+,.2f}" if change else "0.00", style)
