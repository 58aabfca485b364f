from __future__ import annotations

import pytest

from bench.ratios import ratio


def test_each_run_is_divided_by_the_baseline_of_its_round():
    found = ratio([2.0, 30.0, 6.0], [1.0, 10.0, 1.0])

    assert found.value == 3.0


def test_rounds_that_one_side_did_not_do_are_left_out():
    assert ratio([2.0, 4.0], [1.0, 1.0, 100.0]).value == 3.0


def test_few_rounds_leave_the_whole_range_open():
    found = ratio([1.0, 2.0, 3.0, 4.0, 5.0], [1.0] * 5)

    assert (found.low, found.high) == (1.0, 5.0)


@pytest.mark.parametrize(
    ("rounds", "left_out"),
    [(6, 0), (8, 0), (9, 1), (11, 1), (12, 2), (20, 5)],
)
def test_the_interval_covers_the_median_with_95_percent(rounds, left_out):
    values = [float(number) for number in range(rounds)]

    found = ratio(values, [1.0] * rounds)

    assert (found.low, found.high) == (values[left_out], values[-1 - left_out])


def test_one_outlier_does_not_move_the_interval():
    values = [2.0] * 10 + [50.0]

    assert ratio(values, [1.0] * 11).high == 2.0
