"""The hooks of one engine: those that classes declare, and those that were added to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

from odmantic._hooks.declared import Hook, hooks_of, made_hook
from odmantic._hooks.events import OF_READS, OF_WRITES, check_event
from odmantic._mapping.mapping import mapping_or_none
from odmantic._types.kinds import ModelKind, is_class, kind_of
from odmantic._types.tree import Document, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

_WITH_INSTANCES = (ModelKind.MODEL, ModelKind.EMBEDDED)

_complete = [0]
"""The number of classes that were completed."""


def note_class() -> None:
    """Note that a class is complete: it may stand where one of its bases is named."""
    _complete[0] += 1


@dataclass(frozen=True, slots=True, eq=False)
class _Added:
    """A hook that was added to an engine, for a class and its subclasses; `None` means all documents."""

    hook: Hook
    model: type[Any] | None

    def is_for(self, cls: type[Any]) -> bool:
        if self.model is None:
            return kind_of(cls) is ModelKind.MODEL
        return issubclass(cls, self.model)


class EngineHooks:
    """The hooks of one engine."""

    def __init__(self) -> None:
        """Begin with those of the classes."""
        self.added: tuple[_Added, ...] = ()
        """It is replaced, never changed: an operation in another thread may be reading it."""

    def add(self, event: str, function: Callable[..., Any], model: Any) -> Callable[[], None]:
        """Add a function; return what removes it.

        Raises:
            ValueError: if there is no such event.
            TypeError: if the function cannot be called with one argument or two, or `model` is no model.
        """
        check_event(event)
        if model is not None and kind_of(model) is None:
            raise TypeError(f"add_hook takes a model class, or None for all models, not {model!r}")
        name = getattr(function, "__qualname__", None) or repr(function)
        mine = _Added(made_hook(name, event, function), model)
        self.added = (*self.added, mine)

        def remove() -> None:
            self.added = tuple(each for each in self.added if each is not mine)

        return remove

    def of(self, cls: type[Any], event: str) -> tuple[Hook, ...]:
        """Return the hooks of a class for an event, in the order in which they are called."""
        declared = hooks_of(cls).get(event, ())
        if not self.added:
            return declared
        added = (each.hook for each in self.added if each.hook.event == event and each.is_for(cls))
        return (*declared, *added)

    def for_writes(self, model: type[Any]) -> Reach | None:
        """Return the hooks that a write of a model's documents may call; `None` if there are none."""
        return self._reach(model, OF_WRITES)

    def for_reads(self, model: type[Any]) -> Reach | None:
        """Return the hooks that a read of a model's documents may call; `None` if there are none."""
        return self._reach(model, OF_READS)

    def _reach(self, model: type[Any], events: AbstractSet[str]) -> Reach | None:
        reach = Reach(self, model, events)
        return reach if reach.may_grow or reach.now() is not None else None


class Reach:
    """The hooks that operations on the documents of a model may call, in all that is inside of these."""

    __slots__ = ("_events", "_hooks", "_model", "_seen", "may_grow", "present", "supplies")

    def __init__(self, hooks: EngineHooks, model: type[Any], events: AbstractSet[str]) -> None:
        """Look at the classes."""
        self._hooks = hooks
        self._model = ref(model)
        self._events = events
        self._look()

    def now(self) -> EngineHooks | None:
        """Return the hooks of the engine if one of them may be called."""
        if self.may_grow and self._seen != _complete[0]:
            self._look()
        return self._hooks if self.present or self.supplies else None

    def hooks(self, events: AbstractSet[str]) -> Iterator[Hook]:
        """Yield the hooks for some events, of all classes."""
        model = self._model()
        if model is not None:
            for cls in _classes_in(model, with_references=self._events is OF_READS):
                for event in events:
                    yield from self._hooks.of(cls, event)

    def _look(self) -> None:
        self._seen = _complete[0]
        model = self._model()
        classes = _classes_in(model, with_references=self._events is OF_READS) if model else ()
        self.may_grow = any(map(_is_open, classes if self._events is OF_READS else classes[1:]))
        """Whether later class statements may add to it."""
        self.present = frozenset(
            event for event in self._events if any(self._hooks.of(cls, event) for cls in classes)
        )
        """The events for which there are hooks."""
        self.supplies = self._events is OF_WRITES and any(map(_is_supplied, classes))
        """Whether fields get their values when they are written."""


def _is_supplied(cls: type[Any]) -> bool:
    mapping = mapping_or_none(cls) if kind_of(cls) in _WITH_INSTANCES else None
    return mapping is not None and bool(mapping.supplied)


def _classes_in(model: type[Any], *, with_references: bool) -> list[type[Any]]:
    """Return a class, those of the instances inside, and the subclasses that may stand in their place."""
    kinds = (Document, Target) if with_references else Document
    found: dict[type[Any], None] = {}
    waiting: list[type[Any]] = [model]
    while waiting:
        cls = waiting.pop()
        if cls in found:
            continue
        found[cls] = None
        # A write is that of an instance of this very class.
        if _is_open(cls) and (with_references or cls is not model):
            waiting += filter(kind_of, type.__subclasses__(cls))
        if kind_of(cls) in _WITH_INSTANCES:
            # A class without all of its fields has no instances yet.
            mapping = mapping_or_none(cls)
            for field in () if mapping is None else mapping.fields.values():
                waiting += (node.cls for node in field.tree.models if isinstance(node, kinds))
    return list(found)


def _is_open(cls: Any) -> bool:
    """Return whether instances of later subclasses may stand where the class is named."""
    return is_class(cls) and cls.model_config.get("inheritance") == "single"
