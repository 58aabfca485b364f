"""What a call loads: its `load=` and `missing=`, checked against the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from odmantic._mapping.links import Link
from odmantic._mapping.loading import EVERYTHING, NOTHING, Load, load_of, why_not_missing
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.options import Missing
from odmantic._plan.arguments import check_instance
from odmantic._query.paths import FieldProxy, names_of
from odmantic._types.kinds import is_model_instance

if TYPE_CHECKING:
    from odmantic._mapping.loading import Paths
    from odmantic._types.instances import Instance

LoadPath: TypeAlias = Any
"""A path: a field such as `Post.author`, text such as `"author.company"`, or a tuple of these; `"*"` is everything."""
LoadArgument: TypeAlias = "Iterable[LoadPath] | Literal[False] | None"

_MISSING = get_args(Missing)


def plan_load(model: type[Any], load: LoadArgument = None, missing: Missing | None = None) -> Load:
    """Return what a read of a model loads.

    Args:
        model: The model.
        load: The paths; `None` for what the fields say, `False` or nothing for nothing.
        missing: What stands in for missing targets; `None` for what the fields say.

    Raises:
        TypeError: if `load` is something else.
        ValueError: if a path does not lead to a reference, or nothing of the model can obey `missing`.
    """
    mapping = mapping_of(model)
    if load is None and missing is None:
        return mapping.usual_load
    paths = None if load is None else _paths(model, load)
    found = load_of(mapping, paths, missing)
    if missing is not None:
        _check_missing(model, found, missing)
    return found


def plan_loading(instances: Any, paths: Iterable[LoadPath]) -> list[tuple[Instance, Load]]:
    """Return instances, one or several, with what to load of each.

    Args:
        instances: The instances.
        paths: The paths; without any, what the fields say.

    Raises:
        TypeError: if one is not an instance of a model.
        ValueError: if a path does not lead to a reference.
    """
    is_one = is_model_instance(instances)
    if not is_one and not hasattr(instances, "__iter__"):
        check_instance(instances, "load")
    several = cast("Iterable[Any]", (instances,) if is_one else instances)
    paths = [*paths]
    loads: dict[type[Any], Load] = {}
    planned: list[tuple[Instance, Load]] = []
    for instance in several:
        check_instance(instance, "load")
        model = instance.__class__
        if model not in loads:
            loads[model] = plan_load(model, paths or None)
        planned.append((instance, loads[model]))
    return planned


def _paths(model: type[Any], load: Any) -> Paths:
    if load is False:
        return NOTHING
    if isinstance(load, (str, FieldProxy)):
        load = [load]
    if load is True or not isinstance(load, Iterable):
        raise TypeError(
            f'load= takes paths such as [{model.__name__}.author, "readers.company"], or () for nothing, not {load!r:.200}'
        )
    return frozenset(path_of(model, each) for each in cast("Iterable[object]", load))


def path_of(model: type[Any], path: LoadPath) -> tuple[str, ...]:
    """Return the names of the fields on a path.

    Raises:
        ValueError: if it does not lead to a reference.
    """
    parts = cast("tuple[object, ...]", path) if isinstance(path, tuple) else (path,)
    names: list[str] = []
    for part in parts:
        if isinstance(part, str):
            names += part.split(".")
        elif isinstance(part, FieldProxy):
            try:
                owner, inner = names_of(part)
            except ValueError as error:
                raise _unknown(model, path, str(error)) from None
            reached = _classes_at(model, names, path)
            if owner is not None and reached and not any(_has(each, owner) for each in reached):
                raise _unknown(
                    model, path, f"{owner.__name__} is not the class that it starts at or leads to"
                )
            names += inner
        else:
            raise _unknown(model, path, f"{part!r:.200} is neither a field nor text")
    if not names or all(link.reference is None for link in _follow(model, names, path)):
        raise _unknown(model, path, "no reference is there")
    return tuple(names)


def _has(cls: Any, owner: Any) -> bool:
    return cls is owner or issubclass(cls, owner) or issubclass(owner, cls)


def _classes_at(model: type[Any], names: list[str], path: LoadPath) -> list[Any]:
    """Return the classes that a path leads to; none if that may be any."""
    if not names:
        return [model]
    if names[-1] == EVERYTHING:
        return []
    return [link.cls for link in _follow(model, names, path)]


def _follow(model: type[Any], names: list[str], path: LoadPath) -> list[Link]:
    """Return the links at the end of a path."""
    classes: list[Any] = [model]
    links: list[Link] = []
    for name in names:
        links = [
            link
            for cls in classes
            for link in (_references(cls) if name == EVERYTHING else _links(cls))
            if name in (link.name, EVERYTHING)
        ]
        if not links:
            those = " or ".join(dict.fromkeys(cls.__name__ for cls in classes))
            raise _unknown(model, path, f"{those} has no reference {name!r}, and nothing with some")
        classes = [link.cls for link in links]
    return links


def _links(cls: Any) -> list[Link]:
    """Return the links of the documents that are found by a class."""
    return [found.link for found in mapping_of(cls).found_links]


def _references(cls: Any) -> list[Link]:
    """Return the references of a class, and of all that is embedded in it."""
    found: list[Link] = []
    seen: set[Any] = set()
    waiting = [cls]
    while waiting:
        for link in _links(waiting.pop()):
            if link.reference is not None:
                found.append(link)
            elif link.cls not in seen:
                seen.add(link.cls)
                waiting.append(link.cls)
    return found


def _unknown(model: type[Any], path: LoadPath, why: str) -> ValueError:
    return ValueError(f"load= of {model.__name__} cannot follow {path!r:.200}: {why}")


def _check_missing(model: type[Any], load: Load, missing: Missing) -> None:
    if missing not in _MISSING:
        raise ValueError(
            f"missing= takes one of {', '.join(map(repr, _MISSING))}, not {missing!r:.200}"
        )
    references = [part.link for part in load.all_parts if part.link.reference is not None]
    reasons = [
        why_not_missing(missing, link.steps, is_optional=link.is_optional) for link in references
    ]
    if all(reasons):
        why = f"{references[0].name}: {reasons[0]}" if references else "it has no references"
        raise ValueError(f"missing={missing!r} means nothing to {model.__name__} ({why})")
