"""Ratios of interleaved runs: the median and its confidence interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from statistics import median

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """A median of ratios, and the interval that contains the true one with 95 % confidence."""

    value: float
    low: float
    high: float


def ratio(values: list[float], baseline: list[float]) -> Ratio:
    """Return the median ratio of runs to the runs of the baseline in the same rounds.

    The interval is the narrowest pair of order statistics that covers the median with 95 % confidence, whatever the
    distribution; with fewer than 6 rounds it is the whole range.
    """
    ratios = sorted(value / base for value, base in zip(values, baseline, strict=False) if base > 0)
    rank = _rank(len(ratios))
    return Ratio(median(ratios), ratios[rank], ratios[-1 - rank])


def _rank(count: int) -> int:
    """Return how many values to leave out at each end."""
    rank = 0
    outside = 2 * comb(count, 0) / 2**count
    while rank + 1 < count // 2:
        outside += 2 * comb(count, rank + 1) / 2**count
        if outside > 1 - CONFIDENCE:
            break
        rank += 1
    return rank
