"""Runs what decides without waiting: a generator of `_plan` that asks for documents, and goes on with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Result = TypeVar("Result")


async def run_steps(
    steps: Generator[Request, Answer, Result], answer: Callable[[Request], Awaitable[Answer]]
) -> Result:
    """Answer each request of a generator, and return its result."""
    try:
        request = next(steps)
        while True:
            request = steps.send(await answer(request))
    except StopIteration as end:
        result: Result = end.value
        return result
