"""Forward references in annotations: remembered, and resolved once the names exist."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic import PydanticUndefinedAnnotation

from odmantic._mapping.rules import complete_first
from odmantic._types.annotations import evaluate
from odmantic._types.internals import has_parameters
from odmantic._types.tree import read_type

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from types import FrameType

    from odmantic._define.body import Deferred

_waiting: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
"""The name that each incomplete model waits for."""

_rebuilding: ContextVar[bool] = ContextVar("odmantic_rebuilding", default=False)


def remember(model: Any, deferred: list[Deferred], known: dict[str, Any]) -> None:
    """Remember the fields of a new class whose annotations cannot be resolved yet."""
    model.__odm_deferred__ = deferred
    # Keep only what a type can be made of: nothing else of the frame should stay alive.
    model.__odm_known__ = {name: value for name, value in known.items() if _is_type_like(value)}
    _waiting[model] = deferred[0].missing


def resolve_first(model: Any) -> None:
    """Complete a class that another schema needs, as far as possible."""
    if model in _waiting and not _rebuilding.get():
        model.model_rebuild(raise_errors=False)


def _complete_all() -> None:
    """Complete the classes whose names exist by now: nobody may have used them yet."""
    for model in [*_waiting]:
        resolve_first(model)


complete_first(_complete_all)


def _is_type_like(value: object) -> bool:
    return isinstance(value, type) or hasattr(value, "__origin__") or hasattr(value, "__value__")


def check_defaults(model: Any) -> None:
    """Check the defaults of fields whose annotations named something incomplete when the class was defined.

    Raises:
        TypeError: if a default is not valid.
    """
    own: Mapping[str, Any] = model.__dict__
    for declaration in own.get("__odm_unchecked__", ()):
        declaration.check_default(model.__annotations__[declaration.name])


def forget(model: Any) -> None:
    """Note that all fields of a class are resolved."""
    _waiting.pop(model, None)
    model.__odm_unchecked__ = ()
    # Parametrisations of a generic class need its forward references, and so do subclasses that are models.
    is_base = has_parameters(model) or model.model_config.get("inheritance") is not None
    if "__odm_deferred__" in vars(model) and not is_base:
        del model.__odm_deferred__
        del model.__odm_known__


def waiting_for(new: Any) -> list[Any]:
    """Return the models that wait for a new class: those that miss its name and can see it."""
    scope = _scope(new)
    return [
        model
        for model, missing in list(_waiting.items())
        if missing == new.__name__
        and model.__module__ == new.__module__
        and scope in ("", _scope(model))
    ]


def _scope(cls: type[Any]) -> str:
    return cls.__qualname__.rpartition(".")[0]


@contextmanager
def _marked_as_rebuilding() -> Generator[None]:
    token = _rebuilding.set(True)
    try:
        yield
    finally:
        _rebuilding.reset(token)


def rebuild(model: Any, names: dict[str, Any], attempt: Callable[[dict[str, Any]], Any]) -> Any:
    """Complete a class: call `attempt` with the names found so far, until it succeeds or a name is missing everywhere.

    Raises:
        PydanticUndefinedAnnotation: if a name does not exist.
        TypeError: if a resolved field cannot be defined like this.
    """
    with _marked_as_rebuilding():
        names = _resolved_names(model, names)
        while True:
            try:
                done = attempt(names)
            except PydanticUndefinedAnnotation as error:
                missing = _named(model, error.name)
                found = None if missing in names else _search_stack(missing, model.__module__)
                if found is None:
                    _waiting[model] = missing
                    raise PydanticUndefinedAnnotation(
                        missing, f"name {missing!r} is not defined"
                    ) from error
                names[missing] = found
            else:
                _waiting.pop(model, None)
                own: Mapping[str, Any] = model.__dict__
                for deferred in own.get("__odm_deferred__", ()):
                    model.__annotations__[deferred.declaration.name] = names[deferred.placeholder]
                return done


def _named(model: Any, name: str | None) -> str:
    """Return the missing name that a placeholder stands for."""
    for deferred in _deferred_of(model):
        if deferred.placeholder == name:
            return deferred.missing
    return str(name)


def _resolved_names(model: Any, extra: dict[str, Any]) -> dict[str, Any]:
    """Return the names that pydantic needs to complete a model and the models in it.

    Raises:
        TypeError: if a resolved field cannot be defined like this.
    """
    names = dict(extra)
    seen: set[Any] = set()
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one is not model and one.__pydantic_complete__:
            continue
        for annotation in _resolve(one, names):
            waiting.extend(node.cls for node in read_type(annotation).models)
        if any(deferred.adapted is None for deferred in _deferred_of(model)):
            # This class cannot be completed yet, whatever the others need.
            break
    # Pydantic evaluates these names too, to show them if they are missing. Annotations must not see this one.
    adapted = [each for one in seen for each in _deferred_of(one) if each.adapted is not None]
    return {**dict.fromkeys([each.missing for each in adapted]), **names}


def _resolve(model: Any, names: dict[str, Any]) -> Iterator[Any]:
    """Add the placeholders of one class to `names`; yield the annotations of its fields."""
    for info in model.__pydantic_fields__.values():
        yield info.annotation
    for deferred in _deferred_of(model):
        if deferred.adapted is None and not _adapt(deferred, model, names):
            continue
        names[deferred.placeholder] = deferred.adapted
        yield deferred.adapted


def _adapt(deferred: Deferred, model: Any, names: dict[str, Any]) -> bool:
    """Resolve a field's annotation if all of its names exist, and return whether they do."""
    known = {**names, **model.__odm_known__, model.__name__: model}
    annotation, missing = _evaluate(deferred, model.__module__, known)
    if missing is not None:
        deferred.missing = missing
        return False
    deferred.declaration.annotation = annotation
    deferred.adapted = deferred.declaration.adapted()
    return True


def _deferred_of(model: Any) -> Iterator[Deferred]:
    # A parametrised class has the fields of the class it parametrises.
    for cls in model.__mro__:
        own: Mapping[str, Any] = cls.__dict__
        yield from own.get("__odm_deferred__", ())


def _evaluate(deferred: Deferred, module: str, known: dict[str, Any]) -> tuple[Any, str | None]:
    while True:
        annotation, missing = evaluate(deferred.declaration.annotation, module, known)
        if missing is None:
            return annotation, None
        found = _search_stack(missing, module)
        if found is None:
            return annotation, missing
        known[missing] = found


def _search_stack(name: str, module: str) -> Any:
    """Look for a name in the running functions of a module."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - as pydantic does
    while frame is not None:
        if frame.f_globals.get("__name__") == module and name in frame.f_locals:
            return frame.f_locals[name]
        frame = frame.f_back
    return None
