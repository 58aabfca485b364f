"""Measure one run: its time with the garbage collector on, or the memory of its result."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from typing import Any

from bench.peers.peer import Body


@dataclass(frozen=True, slots=True)
class Sample:
    """The measurements of one run.

    Attributes:
        wall: Seconds of wall-clock time; of a memory metric, the bytes.
        cpu: Seconds of processor time, all threads, user and system; of a memory metric, the bytes.
        count: The number of instances that the run handled.
        collections: How often the garbage collector ran meanwhile, by generation, the youngest first; empty if
            memory is measured.
    """

    wall: float
    cpu: float
    count: int
    collections: Sequence[int] = ()


def count_of(result: Any) -> int:
    """Return how many instances a body reports."""
    return len(result) if isinstance(result, Sized) else int(result)


def time_body(body: Body) -> Sample:
    """Time a sync body.

    The collector is enabled with its default thresholds, and starts without earlier garbage. The body's result is
    released after the clocks are read.
    """
    gc.collect()
    before = _collections()
    wall, cpu = time.perf_counter(), time.process_time()
    result = body()
    cpu_end, wall_end = time.process_time(), time.perf_counter()
    return Sample(wall_end - wall, cpu_end - cpu, count_of(result), _collections(before))


async def time_async_body(body: Body) -> Sample:
    """Time an async body, inside its event loop."""
    gc.collect()
    before = _collections()
    wall, cpu = time.perf_counter(), time.process_time()
    result = await body()
    cpu_end, wall_end = time.process_time(), time.perf_counter()
    return Sample(wall_end - wall, cpu_end - cpu, count_of(result), _collections(before))


def _collections(before: Iterable[int] = (0, 0, 0)) -> tuple[int, ...]:
    """Return how often the collector has run since then, by generation."""
    now = (generation["collections"] for generation in gc.get_stats())
    return tuple(new - old for new, old in zip(now, before, strict=True))


def weigh_body(body: Body) -> Sample:
    """Return the size in bytes of a sync body's result."""
    gc.collect()
    tracemalloc.start()
    try:
        result = body()
        return _weight(result)
    finally:
        tracemalloc.stop()


async def weigh_async_body(body: Body) -> Sample:
    """Return the size in bytes of an async body's result."""
    gc.collect()
    tracemalloc.start()
    try:
        result = await body()
        return _weight(result)
    finally:
        tracemalloc.stop()


def _weight(result: Any) -> Sample:
    gc.collect()
    size = float(tracemalloc.get_traced_memory()[0])
    return Sample(size, size, count_of(result))
