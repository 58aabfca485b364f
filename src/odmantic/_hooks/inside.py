"""Which hooks the running code is in, so that a hook cannot write its own instance, or wait for itself."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from odmantic._hooks.declared import Hook


@dataclass(slots=True, eq=False)
class Inside:
    """A hook that is running."""

    hook: Hook
    own: Sequence[Any]
    """The instances that it must not write: the one for which it is called, and those whose saves wait for it."""
    turn: Any
    """The turn of a `save_all` that waits for it."""
    outer: Inside | None
    """The hook around it."""

    def leave(self) -> None:
        """Note that it has ended: a task that it has begun, or a timer of the driver, keeps the context for longer."""
        self.own, self.turn = (), None
        # Not by a token: a coroutine may go on in another context.
        _inside.set(self.outer)


_inside: ContextVar[Inside | None] = ContextVar("odmantic_inside", default=None)


def enter_hook(hook: Hook, own: Sequence[Any], turn: Any = None) -> Inside:
    """Note that a hook begins."""
    inside = Inside(hook, own, turn, _inside.get())
    _inside.set(inside)
    return inside


def held_turns() -> list[Any]:
    """Return the turns of the operations whose hooks are running; waiting for one would never end."""
    return [each.turn for each in _around() if each.turn is not None]


def is_in_hook_of(instance: Any) -> bool:
    """Return whether the running code is in a hook that must not write an instance."""
    return any(own is instance for each in _around() for own in each.own)


def refuse_own(instance: Any, operation: str) -> None:
    """Refuse an operation that writes the instance of a running hook.

    Raises:
        RecursionError: if it does.
    """
    for each in _around():
        if any(own is instance for own in each.own):
            name = type(instance).__name__
            raise RecursionError(
                f"the hook {each.hook} cannot {operation} the {name} for which it is called: assign values in a "
                "before-hook, whose operation writes them"
            )


def _around() -> Iterator[Inside]:
    inside = _inside.get()
    while inside is not None:
        yield inside
        inside = inside.outer
