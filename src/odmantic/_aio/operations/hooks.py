"""Calls the hooks of documents, at each stage of an operation."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._aio.transactions.callbacks import call_all
from odmantic._driver._aio import CAN_AWAIT, call_given
from odmantic._driver.clients import runs_transaction
from odmantic._hooks.declared import check_awaits_nothing
from odmantic._hooks.events import OF_QUERIES, OF_READS, OF_SAVES, HookEvent
from odmantic._hooks.inside import enter_hook
from odmantic._hooks.supply import supply
from odmantic._hooks.walk import loaded_with, written_with
from odmantic._plan.save import fields_to_save
from odmantic._state.dirty import dirty_fields
from odmantic._state.places import NOWHERE
from odmantic._state.state import KNOWN, standing_at, state_of
from odmantic._state.transitions import mark_new_again
from odmantic._transaction.assigned import Assigned
from odmantic._transaction.blocks import ANY_OWNER, Block, enter_block, leave_hook_block
from odmantic._transaction.callbacks import Callbacks, Effect
from odmantic._transaction.log import logger
from odmantic._types.kinds import is_model_instance
from odmantic.exceptions import CommitHookError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from types import TracebackType

    from typing_extensions import Self

    from odmantic._aio.interfaces import Engine
    from odmantic._aio.operations.scope import Scope
    from odmantic._driver.plain import Target
    from odmantic._hooks.declared import Hook
    from odmantic._hooks.registry import EngineHooks, Reach
    from odmantic._types.instances import Instance
    from odmantic.model import Model


class HookedWrite:
    """The write of one instance, as its hooks see it."""

    __slots__ = (
        *("changes", "events", "hooks", "instance", "is_new", "place", "subjects", "supplies"),
        *("target", "was_new"),
    )

    def __init__(self, instance: Model, target: Target, reach: Reach, hooks: EngineHooks) -> None:
        """Begin before the plan is made."""
        self.instance = instance
        self.target = target
        self.hooks = hooks
        self.events = reach.present
        self.supplies = reach.supplies
        self.place = target.known.place
        self.is_new = self.was_new = standing_at(state_of(instance), self.place) is not KNOWN
        self.subjects: Mapping[int, Instance] = written_with(instance)
        """The instance and those embedded in what is sent, by identity; what is inside comes first."""
        self.changes: Mapping[int, frozenset[str]] = {}
        """The names of what is sent of each."""

    def look(self, names: AbstractSet[str]) -> None:
        """Note what would be sent now."""
        mine = id(self.instance)
        self.subjects = subjects = written_with(self.instance, names)
        self.changes = {
            key: frozenset(names if key == mine else dirty_fields(each, NOWHERE))
            for key, each in subjects.items()
        }


class HookedCall:
    """The hooks of one call of an engine that writes; at its end, those of a commit follow if it has no transaction."""

    __slots__ = (
        *("_callbacks", "_scope", "_time", "engine", "operation", "saving", "turn", "unfinished"),
    )

    def __init__(self, engine: Engine, scope: Scope, operation: str) -> None:
        """Call nothing yet."""
        self.engine = engine
        self._scope = scope
        self.operation = operation
        self._time: datetime | None = None
        self.saving: list[Model] = []
        """The instances whose saves have begun."""
        self.unfinished: list[HookedWrite] = []
        """The writes whose hooks wait for references that are set last."""
        self.turn: Any = None
        """The turn of a `save_all` that is not over."""
        self._callbacks: Callbacks | None = None
        if scope.waiting is not None:
            self._callbacks = scope.waiting()
        elif scope.attempt is not None or not runs_transaction(scope.session):
            self._callbacks = Callbacks()

    def check(self, instances: Iterable[Model], events: AbstractSet[str] = OF_SAVES) -> None:
        """Refuse async hooks of instances where nothing can await them.

        Raises:
            TypeError: if there is one.
        """
        if CAN_AWAIT:
            return
        for model in set(map(type, instances)):
            reach = self.engine._target(model).hooks
            if reach is not None:
                check_awaits_nothing(reach.hooks(events))

    def of(self, instance: Model) -> HookedWrite | None:
        """Return the write of an instance; `None` if nothing in it has hooks."""
        target = self.engine._target(type(instance))
        reach = target.hooks
        hooks = None if reach is None else reach.now()
        if reach is None or hooks is None:
            return None
        return HookedWrite(instance, target, reach, hooks)

    async def before_save(
        self, written: HookedWrite, names: AbstractSet[str], *, is_whole: bool = False
    ) -> AbstractSet[str]:
        """Call the hooks before a write that would send some fields; return what there is to send after them.

        Args:
            written: The write.
            names: The fields.
            is_whole: Whether all fields are sent in any case.
        """
        # Before hooks assign values, which may differ in each attempt.
        self._scope.guard(written.instance)
        events = ("before_insert" if written.is_new else "before_update", "before_save")
        # A rollback makes a new instance new again, whatever hooks it has.
        is_kept = written.was_new and self._scope.journal is not None
        if not is_kept and not written.supplies and written.events.isdisjoint(events):
            return names
        with self._undone_by_rollback(written):
            for event in events:
                if event in written.events:
                    written.look(names)
                    await self._fire(event, written)
                    if not is_whole:
                        names = fields_to_save(written.instance, written.place)
            if names and written.supplies:
                supply(written.instance, names, self._now, is_new=written.is_new)
                if not is_whole:
                    names = fields_to_save(written.instance, written.place)
        return names

    def _now(self) -> datetime:
        """Return the time of the call, which all that it writes has."""
        if self._time is None:
            self._time = self.engine._now()
        return self._time

    async def before_delete(self, written: HookedWrite) -> None:
        """Call the hooks before a deletion."""
        written.is_new = False
        with self._undone_by_rollback(written):
            await self._fire("before_delete", written)

    def begin(self, written: HookedWrite, names: AbstractSet[str] | None = None) -> None:
        """Note that some fields are about to be sent, or a deletion."""
        if names is not None:
            written.look(names)
        for effect in self._effects(written):
            effect.begun = (*effect.begun, self.operation)

    def wrote(self, written: HookedWrite) -> None:
        """Note that the server has acknowledged what was begun."""
        for effect in self._effects(written):
            effect.done = (*effect.done, self.operation)

    def failed(self, written: HookedWrite) -> None:
        """Note that what was begun has failed: the next save of a new document inserts it again."""
        if written.was_new and fields_to_save(written.instance, written.place):
            mark_new_again(written.instance, written.place)

    async def after_save(self, written: HookedWrite, *, waits: bool = True) -> None:
        """Call the hooks after an acknowledged save, or have them wait for references that are set last."""
        if waits and self._scope.postponed:
            self.unfinished.append(written)
            return
        kind = "after_insert" if written.is_new else "after_update"
        await self._fire_after(written, kind, "after_save")

    async def after_failure(self, writes: Iterable[HookedWrite]) -> None:
        """Call the hooks after acknowledged saves before an error, which is about to be raised."""
        try:
            if self._scope.goes_on:
                for written in writes:
                    await self.after_save(written, waits=False)
        except Exception as error:  # noqa: BLE001 - the first one is raised
            logger.error("a hook failed: %s", type(error).__name__)

    async def after_delete(self, written: HookedWrite) -> None:
        """Call the hooks after an acknowledged deletion."""
        await self._fire_after(written, "after_delete")

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Without a transaction, call the hooks for the commit of what was written, also before an error.

        Raises:
            CommitHookError: if one fails, and nothing has failed before; all of them are called.
        """
        callbacks = self._callbacks
        is_cut_off = exc_val is not None and not isinstance(exc_val, Exception)
        if self._scope.waiting is not None or callbacks is None or is_cut_off:
            return
        errors = await call_all(callbacks.on_commit)
        if errors and exc_val is None:
            raise CommitHookError(
                f"{self.operation} has written, but {len(errors)} after_commit hook(s) failed: {errors!r}",
                errors,
            ) from errors[0]

    async def _fire_after(self, written: HookedWrite, *events: str) -> None:
        if written.events.isdisjoint(events):
            return
        with dooming(self._scope), self._undone_by_rollback(written):
            for event in events:
                await self._fire(event, written)

    async def _fire(self, event: str, written: HookedWrite) -> None:
        own = (written.instance, *self.saving)
        for key, subject in written.subjects.items():
            hooks = written.hooks.of(type(subject), event)
            if hooks:
                about = self._event(written.changes.get(key, frozenset()), is_new=written.is_new)
                for hook in hooks:
                    await _call(hook, subject, about, self._scope, own, self.turn)

    def _event(self, changes: frozenset[str], *, is_new: bool) -> HookEvent:
        return event_in(self.engine, self._scope, self.operation, changes, is_new=is_new)

    @contextmanager
    def _undone_by_rollback(self, written: HookedWrite) -> Generator[None, None, None]:
        """Enclose hooks that may assign values, which the rollback of a transaction undoes."""
        journal = self._scope.journal
        if journal is None:
            yield
            return
        values = Assigned(written.instance, written.place)
        try:
            yield
        finally:
            if values.end():
                journal.assigned(values)

    def _effects(self, written: HookedWrite) -> Iterator[Effect]:
        """Yield what is kept for the hooks after a commit or a rollback, and register these the first time."""
        callbacks = self._callbacks
        if callbacks is None or written.events.isdisjoint(_ENDS):
            return
        for key, subject in written.subjects.items():
            commit, rollback = (written.hooks.of(type(subject), event) for event in _ENDS)
            if not commit and not rollback:
                continue
            effect = callbacks.effects.get((key, id(self.engine)))
            if effect is None:
                effect = callbacks.effects[key, id(self.engine)] = Effect(subject)
                end = partial(_end, self.engine, self._scope, effect, written.instance)
                callbacks.on_commit += (partial(end, each) for each in commit)
                callbacks.on_rollback += (partial(end, each) for each in rollback)
            effect.changes |= written.changes.get(key, frozenset())
            effect.is_new |= written.is_new
            yield effect


_ENDS = ("after_commit", "after_rollback")


async def _end(engine: Engine, scope: Scope, effect: Effect, owner: Model, hook: Hook) -> None:
    """Call a hook for the end of a transaction, or of a call without one."""
    operations = effect.done if hook.event == "after_commit" else effect.begun
    if operations:
        event = event_in(engine, scope, operations[-1], effect.changes, is_new=effect.is_new)
        event.session = scope.given_after
        event.operations = operations
        await _call(hook, effect.instance, event, scope, (owner,))


def event_in(
    engine: Any,
    scope: Scope,
    operation: str,
    changes: frozenset[str] = frozenset(),
    *,
    is_new: bool = False,
) -> HookEvent:
    """Return what hooks in an operation are told."""
    attempt = 1 if scope.attempt is None else scope.attempt.number
    return HookEvent(operation, engine, scope.given, changes, is_new, attempt)


async def before_query_write(
    hooks: EngineHooks, event: HookEvent, model: type[Model], scope: Scope
) -> None:
    """Call the hooks before a write by query, which may replace its filter and its update.

    Raises:
        TypeError: if a hook is async, and nothing can await it here.
    """
    if not CAN_AWAIT:
        check_awaits_nothing(each for name in OF_QUERIES for each in hooks.of(model, name))
    for hook in hooks.of(model, "before_query_write"):
        await _call(hook, model, event, scope, ())


async def after_query_write(
    hooks: EngineHooks, event: HookEvent, model: type[Model], scope: Scope
) -> None:
    """Call the hooks after a write by query; their errors doom its transaction."""
    with dooming(scope):
        for hook in hooks.of(model, "after_query_write"):
            await _call(hook, model, event, scope, ())


@contextmanager
def dooming(scope: Scope) -> Generator[None, None, None]:
    """Enclose hooks after a write: their errors doom its transaction, which cannot undo a part."""
    try:
        yield
    except BaseException as error:
        if scope.attempt is not None:
            scope.attempt.doom(error)
        raise


def hooks_of_read(reach: Reach) -> EngineHooks | None:
    """Return the hooks to call for what is read.

    Raises:
        TypeError: if one is async, and nothing can await it here.
    """
    hooks = reach.now()
    if hooks is not None and not CAN_AWAIT:
        check_awaits_nothing(reach.hooks(OF_READS))
    return hooks


async def load_hooked(
    engine: Any, scope: Scope, hooks: EngineHooks, instances: list[Any]
) -> Exception | None:
    """Call the hooks of instances that were read; keep those before the first one whose hook fails, and return its error."""
    for number, instance in enumerate(instances):
        try:
            for subject in loaded_with(instance):
                owner = subject if is_model_instance(subject) else instance
                for hook in hooks.of(type(subject), "after_load"):
                    await _call(hook, subject, event_in(engine, scope, "find"), scope, (owner,))
        except Exception as error:  # noqa: BLE001 - raised behind the instances before it
            del instances[number:]
            return error
    return None


async def _call(
    hook: Hook,
    subject: Any,
    event: HookEvent,
    scope: Scope,
    own: Sequence[Any],
    turn: Any = None,
) -> None:
    """Call one hook; operations inside it belong to the scope.

    Args:
        hook: The hook.
        subject: What it is called with.
        event: What it is told.
        scope: The scope of the operation.
        own: The instances that it must not write.
        turn: The turn of the `save_all` that calls it.
    """
    attempt = scope.attempt
    block: Block | None = None
    inside = enter_hook(hook, own, turn)
    try:
        if attempt is not None and not attempt.has_ended:
            client = None if event.engine is None else event.engine.client
            block = Block(client, attempt, scope.session, ANY_OWNER, hook)
            enter_block(block)
        await call_given(hook, subject, event)
    finally:
        inside.leave()
        if block is not None:
            leave_hook_block(block)
