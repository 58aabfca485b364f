# Generated from src/odmantic/_aio/operations/save.py by tools/generate_sync.py: do not edit.
"""Saves: what has changed of instances is written, each after those it references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._plan.save import all_fields, fields_to_save, plan_quickly, save_order
from odmantic._sync.operations.bulk import save_in_bulk
from odmantic._sync.operations.write import write, write_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odmantic._driver.plain import Target
    from odmantic._sync.interfaces import Engine
    from odmantic._sync.operations.scope import Scope
    from odmantic.model import Model


def save(engine: Engine, scope: Scope, instances: Sequence[Model]) -> None:
    """Write what has changed of instances, each after those it references; of several, in bulk where the driver can."""
    if len(instances) > 1:
        return _save_all(engine, scope, save_order(instances))
    if instances[0].__mapping__.reference_paths:
        return _save_each(engine, scope, save_order(instances))
    return save_one(engine, scope, instances[0])


def _save_each(engine: Engine, scope: Scope, ordered: Sequence[Model]) -> None:
    for instance in ordered:
        save_one(engine, scope, instance)


def save_one(engine: Engine, scope: Scope, instance: Model, target: Target | None = None) -> None:
    """Write what has changed of an instance, after other saves of it; what it references is left alone."""
    turns = engine._turns
    unit = scope.unit
    turn = turns.take_at_once(instance, unit) or turns.take(instance, unit)
    try:
        if target is None:
            target = engine._target(type(instance))
        known = target.known
        plan, attempt = None, scope.attempt
        if turn is not None and (attempt is None or attempt.guard is None):
            plan = plan_quickly(instance, known, scope.journal)
        if plan is not None:
            if plan.names:
                write_plan(engine, scope, plan, target)
            return
        names = fields_to_save(instance, known.place)
        if turn is None and not names:
            # What a save of another transaction has taken may never come to be.
            names = all_fields(instance)
        if names:
            scope.guard(instance)
            write(engine, scope, instance, names, target)
    finally:
        if turn is not None:
            turns.leave(instance, turn)


def _save_all(engine: Engine, scope: Scope, ordered: Sequence[Model]) -> None:
    """Write what has changed of instances, each after those it references."""
    turns = engine._turns
    turn = turns.take_all(ordered, scope.unit)
    try:
        target: Target | None = None
        model = None
        for number, instance in enumerate(ordered):
            if target is None or type(instance) is not model:
                model = type(instance)
                target = engine._target(model)
            if fields_to_save(instance, target.known.place):
                _save_from(engine, scope, ordered[number:] if number else ordered, target)
                return
    finally:
        turns.leave_all(turn)


def _save_from(engine: Engine, scope: Scope, instances: Sequence[Model], target: Target) -> None:
    """Save some instances, of which the first one has to be written."""
    if len(instances) > 1 and target.is_of_driver:
        save_in_bulk(engine, scope, instances)
        return
    for number, instance in enumerate(instances):
        if number:
            target = engine._target(type(instance))
        names = fields_to_save(instance, target.known.place)
        if names:
            scope.guard(instance)
            write(engine, scope, instance, names, target)
