"""The guard against changes that a repeated transaction would apply twice."""

from __future__ import annotations

from typing import Any

import pytest

from odmantic import EmbeddedModel, Field, Model
from odmantic._transaction.retry_guard import RetryGuard
from odmantic.exceptions import UnsafeRetryError


class Shelf(EmbeddedModel):
    number: int = 1


class Stock(Model):
    item: str = Field("tea", primary_field=True)
    left: int = 3
    tags: list[str] = []
    shelf: Shelf = Shelf()
    content: Any = None


def decrement(stock):
    stock.left -= 1


def set_twice(stock):
    stock.left = 5
    yield
    stock.left = 2


def and_back(stock):
    stock.left += 1
    yield
    stock.left -= 1


def twice_down(stock):
    stock.left -= 1
    yield
    stock.left -= 1


IDEMPOTENT = {
    "nothing": lambda _stock: None,
    "a value": lambda stock: setattr(stock, "left", 2),
    "a list": lambda stock: setattr(stock, "tags", ["new"]),
    "an embedded object": lambda stock: setattr(stock.shelf, "number", 2),
    "an equal embedded object": lambda stock: setattr(stock, "shelf", Shelf(number=2)),
    "two values, saved each": set_twice,
    "there and back, saved each": and_back,
}
APPLIED_TWICE = {
    "a number": decrement,
    "a list": lambda stock: stock.tags.append("x"),
    "an embedded number": lambda stock: setattr(stock.shelf, "number", stock.shelf.number + 1),
    "a number, saved twice": twice_down,
    "what cannot be compared with what can": lambda stock: setattr(
        stock, "content", "text" if stock.content else object()
    ),
}


def run(guard, stock, change):
    """One attempt, with a save after each step of a change."""
    guard.begin_attempt()
    for _ in change(stock) or [None]:
        guard.check(stock)
    guard.check(stock)


@pytest.mark.parametrize("change", IDEMPOTENT.values(), ids=IDEMPOTENT)
def test_an_idempotent_change_passes(change):
    guard, stock = RetryGuard(), Stock()

    for _ in range(3):
        run(guard, stock, change)

    assert stock not in guard.tracked


@pytest.mark.parametrize("change", APPLIED_TWICE.values(), ids=APPLIED_TWICE)
def test_a_change_that_would_be_applied_twice_is_refused(change):
    guard, stock = RetryGuard(), Stock()
    run(guard, stock, change)

    with pytest.raises(UnsafeRetryError, match=r"saves a Stock object from outside \('tea'\)"):
        run(guard, stock, change)


@pytest.mark.parametrize("change", APPLIED_TWICE.values(), ids=APPLIED_TWICE)
def test_it_passes_on_a_tracked_object(change):
    guard, stock = RetryGuard(), Stock()
    guard.tracked.add(stock)

    for _ in range(3):
        run(guard, stock, change)


def test_several_changes_within_one_attempt_pass():
    guard, stock = RetryGuard(), Stock()
    guard.begin_attempt()

    for _ in range(3):
        decrement(stock)
        guard.check(stock)


def test_another_object_of_the_same_document_passes():
    guard = RetryGuard()

    for _ in range(3):
        run(guard, Stock(), decrement)


def test_a_save_that_only_a_later_attempt_makes_passes():
    guard, stock = RetryGuard(), Stock()
    guard.begin_attempt()
    guard.begin_attempt()

    run(guard, stock, decrement)


def test_a_save_that_was_skipped_in_between_is_remembered():
    guard, stock = RetryGuard(), Stock()
    run(guard, stock, decrement)
    guard.begin_attempt()

    with pytest.raises(UnsafeRetryError):
        run(guard, stock, decrement)
