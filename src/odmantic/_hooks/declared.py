"""The hooks that classes declare: `@hook` marks a method, and a class has those of its bases too."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._hooks.events import OF_QUERIES, HookName, check_event
from odmantic._types.kinds import ModelKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, Any, Any]")

_EVENTS = "__odm_events__"
"""The attribute of a function with the events for which it is a hook."""

HOOKS = "__odm_hooks__"
"""The attribute of a class with its hooks by event."""

_WITH_EVENT = 2
"""The number of arguments of a hook that takes the event."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A function that is called at an event, with an instance, or for writes by query with a class."""

    name: str
    """The function, for error texts."""
    event: str
    function: Callable[..., Any]
    takes_event: bool
    is_async: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.event})"

    def __call__(self, subject: Any, event: Any) -> Any:
        """Call the function."""
        return self.function(subject, event) if self.takes_event else self.function(subject)


def hook(event: HookName) -> Callable[[F], F]:
    """Call a method at an event in the life of a document.

    The method takes `self`, or `self` and a `HookEvent`. Under an `AIOEngine` it may be async. For
    `before_query_write` and `after_query_write` it is a class method. Several events take several decorators.

    Args:
        event: The event, such as `"before_save"`.

    Raises:
        ValueError: if there is no such event.
        TypeError: if this is not a method.

    Example:
        ```python
        class User(Model):
            email: str

            @hook("before_save")
            def tidy(self) -> None:
                self.email = self.email.lower()
        ```
    """
    check_event(event)

    def mark(method: F) -> F:
        function = _function_of(method)
        if not isinstance(function, FunctionType) or isinstance(method, staticmethod):
            raise TypeError(
                f"hook({event!r}) takes a method, not {method!r}: put it above a function in the body of a class"
            )
        setattr(function, _EVENTS, (event, *getattr(function, _EVENTS, ())))
        return method

    return mark


def declare_hooks(cls: Any) -> None:
    """Find the hooks of a class and its bases, and note them in it.

    Raises:
        TypeError: if a hook cannot be called for its event.
    """
    found = _methods(cls)
    if not found:
        return
    hooks: dict[str, tuple[Hook, ...]] = {}
    for name, events in found.items():
        for event in events:
            hooks[event] = (*hooks.get(event, ()), _hook(cls, name, event))
    type.__setattr__(cls, HOOKS, hooks)


def hooks_of(cls: Any) -> Mapping[str, tuple[Hook, ...]]:
    """Return the hooks that a class declares, by event."""
    hooks: Mapping[str, tuple[Hook, ...]] = getattr(cls, HOOKS, {})
    return hooks


def made_hook(name: str, event: str, function: Callable[..., Any]) -> Hook:
    """Return a function as a hook.

    Raises:
        TypeError: if it takes neither one argument nor two.
    """
    return Hook(name, event, function, _takes_event(name, event, function), is_async(function))


def is_async(function: Any) -> bool:
    """Return whether a callable is async."""
    cls: Any = function.__class__
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(cls, "__call__", None)  # noqa: B004 - looks up the method; it does not test callability
    )


def check_awaits_nothing(hooks: Iterable[Hook]) -> None:
    """Refuse hooks that a sync engine cannot await.

    Raises:
        TypeError: if there is one.
    """
    for each in hooks:
        if each.is_async:
            raise TypeError(
                f"the hook {each} is async, and a SyncEngine cannot await it: make it a plain function, which both kinds of "
                "engines call, or use an AIOEngine"
            )


def _methods(cls: Any) -> dict[str, tuple[str, ...]]:
    """Return the events of the methods that are hooks, those of the bases first.

    A method that replaces another one takes its place, and its events unless it has its own.
    """
    bases: tuple[type[Any], ...] = cls.__mro__
    root = next(base for base in bases if base.__dict__.get("__odm_kind__") is ModelKind.ROOT)
    found: dict[str, tuple[str, ...]] = {}
    for base in reversed(bases):
        body: Mapping[str, Any] = {} if base in root.__mro__ else base.__dict__
        for name, value in body.items():
            if not _is_method(value):
                found.pop(name, None)
            elif events := getattr(_function_of(value), _EVENTS, ()):
                found[name] = events
    return found


def _is_method(value: object) -> bool:
    return issubclass(type(value), (FunctionType, classmethod))


def _function_of(method: Any) -> Any:
    """Return the function in a class method, or else the method itself."""
    return getattr(method, "__func__", method)


def _hook(cls: Any, name: str, event: str) -> Hook:
    method: Any = inspect.getattr_static(cls, name)
    is_of_class = isinstance(method, classmethod)
    text = f"{cls.__name__}.{name}"
    if is_of_class is not (event in OF_QUERIES):
        advice = (
            "it belongs to no instance: put @classmethod below @hook"
            if event in OF_QUERIES
            else "it gets an instance: leave out @classmethod"
        )
        raise TypeError(f"{text} cannot be a hook for {event}, because {advice}")
    return made_hook(text, event, _function_of(method))


def _takes_event(name: str, event: str, function: Callable[..., Any]) -> bool:
    signature = inspect.signature(function)
    for count in (_WITH_EVENT, 1):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        return count == _WITH_EVENT
    raise TypeError(
        f"{name}{signature} cannot be called as a hook for {event}: a hook takes what the event is about, and no other "
        "argument, or the event as the second one"
    )
