"""What a call loads: its `load=` and `missing=`, checked against the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from odmantic._mapping.back_links import BackDeclaration, back_references_of
from odmantic._mapping.links import Link
from odmantic._mapping.loading import EVERYTHING, NOTHING, Choice, Load, load_of, why_not_missing
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.options import Missing
from odmantic._plan.arguments import check_instance, check_limit
from odmantic._plan.filters import build_filter, fits_match
from odmantic._plan.raw import RawQueries
from odmantic._plan.sort import build_sort
from odmantic._query.paths import FieldProxy, names_of
from odmantic._types.kinds import is_model_instance
from odmantic.back_reference import Load as AskedLoad
from odmantic.query import and_

if TYPE_CHECKING:
    from odmantic._mapping.loading import Choices, Part, Paths
    from odmantic._types.instances import Instance

LoadPath: TypeAlias = Any
"""A path: a field such as `Post.author`, a back reference such as `User.posts`, text such as `"author.company"`, or a
tuple of these; `"*"` is every reference. `Load` says more about a back reference."""
LoadArgument: TypeAlias = "Iterable[LoadPath] | Literal[False] | None"

_MISSING = get_args(Missing)
_NO_CHOICES: Choices = {}


def plan_load(
    model: type[Any],
    load: LoadArgument = None,
    missing: Missing | None = None,
    raw: RawQueries = RawQueries.ALLOW,
) -> Load:
    """Return what a read of a model loads.

    Args:
        model: The model.
        load: The paths; `None` for what the fields say, `False` or nothing for nothing.
        missing: What stands in for missing targets; `None` for what the fields say.
        raw: The engine's policy for plain dictionaries as conditions.

    Raises:
        TypeError: if `load` is something else.
        ValueError: if a path does not lead to a reference, or nothing of the model can obey `missing`.
    """
    mapping = mapping_of(model)
    if load is None and missing is None:
        return mapping.usual_load
    paths, choices = (None, _NO_CHOICES) if load is None else _paths(model, load, raw)
    found = load_of(mapping, paths, missing, choices)
    if missing is not None:
        _check_missing(model, found, missing)
    return found


def plan_loading(
    instances: Any, paths: Iterable[LoadPath], raw: RawQueries = RawQueries.ALLOW
) -> list[tuple[Instance, Load]]:
    """Return instances, one or several, with what to load of each.

    Args:
        instances: The instances.
        paths: The paths; without any, what the fields say.
        raw: The engine's policy for plain dictionaries as conditions.

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
            loads[model] = plan_load(model, paths or None, raw=raw)
        planned.append((instance, loads[model]))
    return planned


def _paths(model: type[Any], load: Any, raw: RawQueries) -> tuple[Paths, Choices]:
    if load is False:
        return NOTHING, _NO_CHOICES
    if isinstance(load, (str, FieldProxy, BackDeclaration, AskedLoad)):
        load = [load]
    if load is True or not isinstance(load, Iterable):
        raise TypeError(
            f'load= takes paths such as [{model.__name__}.author, "readers.company"], or () for nothing, not {load!r:.200}'
        )
    paths: set[tuple[str, ...]] = set()
    choices: dict[tuple[str, ...], Choice] = {}
    for each in cast("Iterable[object]", load):
        if isinstance(each, AskedLoad):
            names, choice = _choice(model, each, raw)
            if choices.setdefault(names, choice) != choice:
                raise ValueError(
                    f"load= of {model.__name__} has two of {'.'.join(names)!r}, which say different things"
                )
        else:
            names = path_of(model, each)
        paths.add(names)
    return frozenset(paths), choices


def _choice(model: type[Any], asked: AskedLoad, raw: RawQueries) -> tuple[tuple[str, ...], Choice]:
    """Return the path of a `Load`, and what it says."""
    names = path_of(model, asked.path)
    (end, *others) = _follow(model, names, asked.path)
    if end.holder is None or others or EVERYTHING in names:
        raise ValueError(
            f"{asked!r} is not about one back reference: what is loaded of a reference is its target, so name that "
            "by its path alone"
        )
    query = build_filter(asked.queries, end.holder, raw=raw)
    sort = build_sort(asked.sort, end.holder)
    limit = check_limit(asked.limit)
    if limit is not None and not fits_match(query):
        raise ValueError(
            f"{asked!r}: with limit=, which is for each parent, an aggregation finds them, and it takes neither "
            "$where nor $near"
        )
    given = and_(*asked.queries) if asked.queries else None
    return names, Choice(given, sort, limit)


def path_of(model: type[Any], path: LoadPath) -> tuple[str, ...]:
    """Return the names of the fields and back references on a path.

    Raises:
        ValueError: if it leads to neither a reference nor a back reference.
        TypeError: if the declaration of a back reference is wrong.
    """
    parts = cast("tuple[object, ...]", path) if isinstance(path, tuple) else (path,)
    names: list[str] = []
    for part in parts:
        said = _said(model, path, part)
        if said is None:
            raise _unknown(model, path, f"{part!r:.200} is neither a field nor text")
        owner, inner = said
        if owner is not None:
            reached = _classes_at(model, names, path)
            if reached and not any(_has(each, owner) for each in reached):
                why = f"{owner.__name__} is not the class that it starts at or leads to"
                raise _unknown(model, path, why)
        names += inner
    if not names or not any(end.is_loaded for end in _follow(model, names, path)):
        raise _unknown(model, path, "no reference is there")
    return tuple(names)


def _said(model: type[Any], path: LoadPath, part: object) -> tuple[Any, list[str]] | None:
    """Return the names that a part of a path stands for, and the class that has the first one, if that is known."""
    if isinstance(part, str):
        return None, part.split(".")
    if isinstance(part, FieldProxy):
        try:
            return names_of(part)
        except ValueError as error:
            raise _unknown(model, path, str(error)) from None
    return (part.owner, [part.name]) if isinstance(part, BackDeclaration) else None


def _has(cls: Any, owner: Any) -> bool:
    return cls is owner or issubclass(cls, owner) or issubclass(owner, cls)


@dataclass(frozen=True, slots=True)
class _End:
    """Where a name on a path leads.

    Attributes:
        cls: The class there.
        is_loaded: Whether its instances have documents of their own, which are loaded.
        holder: The class that refers, at the end of a back reference.
    """

    cls: Any
    is_loaded: bool
    holder: Any = None


def _classes_at(model: type[Any], names: list[str], path: LoadPath) -> list[Any]:
    """Return the classes that a path leads to; none if that may be any."""
    if not names:
        return [model]
    if names[-1] == EVERYTHING:
        return []
    return [end.cls for end in _follow(model, names, path)]


def _follow(model: type[Any], names: Iterable[str], path: LoadPath) -> list[_End]:
    """Return the ends of a path, at least one."""
    ends = [_End(model, is_loaded=False)]
    for name in names:
        found = [each for end in ends for each in _ends(end.cls, name)]
        if not found:
            those = " or ".join(dict.fromkeys(end.cls.__name__ for end in ends))
            raise _unknown(model, path, f"{those} has no reference {name!r}, and nothing with some")
        ends = found
    return ends


def _ends(cls: Any, name: str) -> Iterator[_End]:
    for link in _references(cls) if name == EVERYTHING else _links(cls):
        if name in (link.name, EVERYTHING):
            yield _End(link.cls, link.reference is not None)
    if not mapping_of(cls).is_embedded:
        for _, back in back_references_of(cls, name):
            yield _End(back.holder, is_loaded=True, holder=back.holder)


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
    parts = _all_parts(load)
    references = [part.link for part in parts if part.link.reference is not None]
    reasons = [
        why_not_missing(missing, link.steps, is_optional=link.is_optional) for link in references
    ]
    if all(reasons):
        why = f"{references[0].name}: {reasons[0]}" if references else "it has no references"
        raise ValueError(f"missing={missing!r} means nothing to {model.__name__} ({why})")


def _all_parts(load: Load) -> Iterator[Part]:
    """Yield all parts, with those of what refers to others."""
    yield from load.all_parts
    for back in load.all_back_parts:
        yield from _all_parts(back.inside)
