"""How the demo's output looks, on a terminal of 80 columns without colours."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from rich.console import Console

from odmantic.cli import show


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    file = io.StringIO()
    monkeypatch.setattr(show, "output", Console(file=file, width=80, highlight=False))
    return file.getvalue


def test_balances_are_compared_by_name_together_and_in_sum(shown):
    before = {"Ada": Decimal(10), "Alan": Decimal(1000), "Eve": Decimal(5), "Bob": Decimal(6)}
    after = {"Ada": Decimal("8.50"), "Alan": Decimal(1001), "Eve": Decimal(5), "Bob": Decimal(6)}
    show.comparison(before, after, ["Ada", "Alan"])
    assert (
        shown()
        == """\
    ╭──────────────┬──────────────┬──────────────┬──────────────╮
    │ Account      │       Before │        After │       Change │
    ├──────────────┼──────────────┼──────────────┼──────────────┤
    │ Ada          │        10.00 │         8.50 │        -1.50 │
    │ Alan         │     1,000.00 │     1,001.00 │        +1.00 │
    │ 2 others     │        11.00 │        11.00 │         0.00 │
    ├──────────────┼──────────────┼──────────────┼──────────────┤
    │ Sum          │     1,021.00 │     1,020.50 │        -0.50 │
    ╰──────────────┴──────────────┴──────────────┴──────────────╯
"""
    )


@pytest.mark.parametrize(("good", "mark"), [(True, "✓"), (False, "✗")])
def test_a_verdict_is_shown_and_returned(shown, good, mark):
    assert show.verdict(good, "The sum") is good
    assert shown() == f"    {mark} The sum\n"


def test_a_title_has_a_number_and_maybe_code(shown):
    show.title(3, "Move money", "await engine.save(account)")
    assert shown() == "\n 3  Move money\n    await engine.save(account)\n"


def test_progress_ends_with_all_of_it(shown):
    with show.progress("accounts", 2) as advance:
        advance(1)
        advance(1)
    assert "2 of 2 accounts" in shown()


def test_steps_align_numbers_on_the_right(shown):
    show.steps(("", "Ada"), [("before", "1.00"), ("after", "1,000.00")], right=1)
    assert [line.rstrip() for line in shown().splitlines()] == [
        "                  Ada",
        "    before       1.00",
        "    after    1,000.00",
    ]
