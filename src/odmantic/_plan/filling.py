"""Loading references of instances at hand, level by level: what is not loaded is filled in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from odmantic._codec.encode import encode_primary_key
from odmantic._errors.base import LONGEST_VALUE
from odmantic._mapping.links import DROPPED, changed_at, values_at
from odmantic._mapping.ref import (
    fill_ref,
    is_ref,
    loaded_in,
    mark_missing,
    model_of,
    stored_key,
    unloaded_of,
)
from odmantic._plan.references import NO_ID, Request, comparable, slices, sought_by
from odmantic._state.dirty import baseline_of, update_baseline
from odmantic._state.hollow import Hollow, fill, hollow_in, is_loaded, is_missing
from odmantic._state.snapshot import is_same, take_snapshot
from odmantic._types.kinds import is_model_instance
from odmantic.exceptions import DocumentParsingError, TargetNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Iterable, Iterator

    from odmantic._mapping.loading import Load, Part
    from odmantic._plan.references import Sought
    from odmantic._types.instances import Instance
    from odmantic.model import Model


@dataclass(frozen=True, slots=True)
class Filling:
    """What is done with the documents found.

    Attributes:
        read: Makes a clean instance of a document, of which no reference is loaded.
        note: Called with each instance that was filled.
        fail: Called with each of those that the program gave whose document is missing or cannot be read, and the error;
            without it, the first error is raised.
    """

    read: Callable[[type[Model], Any], Instance]
    note: Callable[[Instance], None]
    fail: Callable[[Any, Exception], None] | None = None

    def fill(self, place: _Place, model: type[Model], document: Any) -> None:
        """Fill a target."""
        try:
            fresh = self.read(model, document)
        except DocumentParsingError as error:
            if self.fail is None or place.part is not None:
                raise
            self.fail(place.target, error)
        else:
            self.note(_filled(place.target, fresh))


@dataclass(slots=True, eq=False)
class _Place:
    """A target to look at, and where it is.

    Attributes:
        target: The target.
        part: The reference; `None` for an instance that the program gave.
        holder: The object that has the reference, an embedded one too.
        root: The instance with a document of its own that holds it.
        field: The field of the root in which it is.
    """

    target: Any
    part: Part | None
    holder: Any = None
    root: Any = None
    field: str = ""


def fill_instances(
    instances: Iterable[tuple[Any, Load]], filling: Filling, *, again: bool
) -> Generator[Request, list[dict[str, Any]], None]:
    """Load references of instances.

    Args:
        instances: The instances, or lazy references, and what to load of each. What is not loaded is filled itself.
        filling: What is done with the documents found.
        again: Whether to load what is loaded already, too.

    Yields:
        Requests, each of which is answered with the documents found.

    Raises:
        TargetNotFoundError: if a target does not exist, and its reference says nothing else. All others are loaded.
    """
    missing: list[_Place] = []
    level = [(_Place(instance, None), load) for instance, load in instances]
    while level:
        wanted = [place for place, _ in level if _is_wanted(place, again=again)]
        found: dict[Sought, dict[Hashable, Any]] = {}
        for sought, ids in _ids(wanted).items():
            found[sought] = {}
            for some in slices(ids):
                answer = yield Request(sought[0], some, sought[1])
                found[sought].update((comparable(document["_id"]), document) for document in answer)
        missing += _fill_level(wanted, found, filling)
        level = [
            inner
            for place, load in level
            if (target := loaded_in(place.target)) is not None and hollow_in(target) is None
            for inner in _below(target, load, target, "")
        ]
    _settle(missing)


def _is_wanted(place: _Place, *, again: bool) -> bool:
    if is_loaded(place.target):
        return again and (place.part is not None or is_ref(place.target))
    return again or not is_missing(place.target) or place.part is None


def _ids(wanted: list[_Place]) -> dict[Sought, list[Any]]:
    ids: dict[Sought, dict[Hashable, Any]] = {}
    for place in wanted:
        key = _key_of(place)
        ids.setdefault(_sought_at(place), {})[comparable(key)] = key
    return {
        sought: [each for key, each in some.items() if key is not NO_ID]
        for sought, some in ids.items()
    }


def _sought_at(place: _Place) -> Sought:
    if place.part is not None:
        return sought_by(place.part.link)
    if is_ref(place.target):
        return model_of(place.target), unloaded_of(place.target).only
    return place.target.__class__, ()


def _key_of(place: _Place) -> Any:
    target = place.target
    return stored_key(target) if is_ref(target) else encode_primary_key(target)


def _fill_level(
    wanted: list[_Place], found: dict[Sought, dict[Hashable, Any]], filling: Filling
) -> Iterator[_Place]:
    """Fill targets; yield the places of those that do not exist."""
    filled: set[int] = set()
    for place in wanted:
        if id(place.target) in filled:
            continue
        sought = _sought_at(place)
        document = found[sought].get(comparable(_key_of(place)))
        if document is None and filling.fail is not None and place.part is None:
            if is_ref(place.target):
                mark_missing(place.target)
            filling.fail(place.target, TargetNotFoundError(_problem(place)))
        elif document is None:
            yield place
        else:
            filled.add(id(place.target))
            filling.fill(place, sought[0], document)


def _filled(target: Any, fresh: Any) -> Any:
    """Give a target what was just read; return the instance that has it."""
    loaded = loaded_in(target)
    if loaded is None:
        fill_ref(target, fresh)
        return fresh
    fill(loaded, fresh)
    return loaded


def _below(holder: Any, load: Load, root: Any, field: str) -> Iterator[tuple[_Place, Load]]:
    """Yield the targets in an object that are to be looked at, and what to load of them."""
    own = {link.name for link in holder.__mapping__.links}
    for part in load.parts:
        link, inside = part.link, part.inside
        if inside is None or link.name not in own:
            continue
        name = field or link.name
        for value in values_at(holder.__dict__.get(link.name), link.steps):
            if link.reference is None:
                if isinstance(value, link.cls):
                    yield from _below(value, inside, root, name)
            elif (is_ref(value) or is_model_instance(value)) and link.holds(value):
                yield _Place(value, part, holder, root, name), inside


# --- Missing targets ---------------------------------------------------------------------------


def _settle(missing: list[_Place]) -> None:
    errors: list[str] = []
    for place in missing:
        part = place.part
        if part is None or part.missing == "raise":
            errors.append(_problem(place))
        elif part.missing == "keep" and is_ref(place.target):
            mark_missing(place.target)
        elif part.missing == "keep":
            known = hollow_in(place.target) or Hollow(part.where, "")
            gone = Hollow(known.where, known.advice, is_missing=True)
            object.__setattr__(place.target, "__state__", gone)
        else:
            _take_out(place, None if part.missing == "none" else DROPPED)
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise TargetNotFoundError(errors[0] + more)


def _problem(place: _Place) -> str:
    if place.part is not None:
        where = place.part.where
    elif is_ref(place.target):
        where = unloaded_of(place.target).where or f"a Ref to {_sought_at(place)[0].__name__}"
    else:
        where = _sought_at(place)[0].__name__
    key = f"{_key_of(place)!r:.{LONGEST_VALUE}}"
    return (
        f"{where} refers to _id {key}, and there is no such document: see missing= of Reference()"
    )


def _take_out(place: _Place, instead: Any) -> None:
    """Put something in place of a target, which does not count as a change."""
    part = cast("Part", place.part)
    name = part.link.name
    is_compared = place.field in place.root.__mapping__.mutable_fields
    is_clean = is_compared and _is_unchanged(place.root, place.field)

    def change(value: Any) -> Any:
        return instead if value is place.target else value

    values = place.holder.__dict__
    values[name] = changed_at(values[name], part.link.steps, change)
    if is_clean:
        update_baseline(place.root, {place.field: take_snapshot(place.root, place.field)})


def _is_unchanged(root: Any, name: str) -> bool:
    before = baseline_of(root).get(name)
    return isinstance(before, tuple) and is_same(
        cast("tuple[object, ...]", before), take_snapshot(root, name)
    )
