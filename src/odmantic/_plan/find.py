"""The plan of a read: what `find` sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from odmantic._mapping.mapping import mapping_of
from odmantic._plan.arguments import check_limit, check_model, whole
from odmantic._plan.conditions import target_match
from odmantic._plan.filters import build_filter, fits_match
from odmantic._plan.loading import plan_load
from odmantic._plan.options import NO_OPTIONS, OF_FINDS, checked_call_options
from odmantic._plan.raw import RawQueries
from odmantic._plan.sort import build_sort
from odmantic.model import Model

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from odmantic._mapping.loading import Load, Part
    from odmantic._mapping.mapping import ModelMapping
    from odmantic._mapping.options import Missing
    from odmantic._plan.loading import LoadArgument
    from odmantic._plan.options import CallOptions
    from odmantic.query import SortExpression

BATCH_SIZE = 1000
"""Documents per batch from the server: few enough for flat memory, many enough for speed."""

FLAT_BATCH_SIZE = 3000
"""The same for documents of single values, which are small."""

PAGE_SIZE = 100
"""Documents that become instances at a time: few, so that a stream of large ones does not fill the memory."""

LIST_PAGE_SIZE = 1000
"""The same if all instances are kept."""

_RESOLVED = "__odmantic_resolved__"
"""The key of a looked-up document until it is moved into an embedded object."""

_IS_TARGET = {"$expr": {"$eq": ["$_id", "$$foreign_key"]}}

Stage = dict[str, Any]
ModelType = TypeVar("ModelType", bound=Model)


@dataclass(frozen=True, slots=True)
class FindPlan(Generic[ModelType]):
    """One read of instances of a model.

    It is sent as the command `find`, so that every MongoDB filter works, and references are loaded for many documents
    at once. For a single document, an aggregation that resolves them on the server takes one round trip.
    """

    model: type[ModelType]
    filter: Mapping[str, Any]
    sort: SortExpression | None = None
    skip: int = 0
    limit: int | None = None
    load: Load | None = None
    """What is loaded of references; `None` for what their fields say."""
    identity: bool = False
    """Whether each document has one instance only."""
    options: CallOptions = NO_OPTIONS
    """The options of the command."""

    @property
    def loads(self) -> Load:
        """What is loaded of references."""
        return mapping_of(self.model).usual_load if self.load is None else self.load

    @property
    def batch_size(self) -> int:
        """The number of documents in a batch from the server."""
        mapping = mapping_of(self.model)
        is_flat = (
            _is_flat(mapping) if mapping.hierarchy is None else all(map(_is_flat, mapping.read_as))
        )
        return FLAT_BATCH_SIZE if is_flat else BATCH_SIZE

    @property
    def has_references(self) -> bool:
        """Whether references have to be resolved."""
        return loads_references(mapping_of(self.model))

    @property
    def loads_back(self) -> bool:
        """Whether back references are loaded."""
        return self.load is not None and bool(self.load.all_back_parts)

    @property
    def needs_pipeline(self) -> bool:
        """Whether the server should resolve references."""
        return (
            self.limit == 1
            and self.has_references
            and bool(self.loads.models)
            and self.loads.fits_pipeline
        )

    @property
    def fits_pipeline(self) -> bool:
        """Whether an aggregation accepts the filter."""
        return fits_match(self.filter)

    def find_options(self) -> dict[str, Any]:
        """Return keyword arguments for the driver's `find`."""
        options: dict[str, Any] = {"batch_size": self.batch_size}
        if self.sort:
            options["sort"] = list(self.sort.items())
        if self.skip:
            options["skip"] = self.skip
        if self.limit is not None:
            options["limit"] = self.limit
        return {**options, **self.options.words}

    def aggregate_options(self) -> dict[str, Any]:
        """Return keyword arguments for the driver's `aggregate`."""
        words: dict[str, Any] = {"batchSize": self.batch_size, **self.options.command_words}
        words.pop("no_cursor_timeout", None)  # which the command does not know
        if isinstance(words.get("hint"), list):
            words["hint"] = dict(words["hint"])
        return words

    def pipeline(self) -> list[Stage]:
        """Return the stages for the driver's `aggregate`; skip and limit apply before references are resolved."""
        stages: list[Stage] = [{"$match": self.filter}]
        if self.sort:
            stages.append({"$sort": self.sort})
        if self.skip:
            stages.append({"$skip": self.skip})
        if self.limit is not None:
            stages.append({"$limit": self.limit})
        return stages + resolve_references(self.loads)


def plan_find(  # noqa: PLR0913 - the arguments of `find`
    model: type[ModelType],
    queries: tuple[Any, ...],
    *,
    sort: Any = None,
    skip: int = 0,
    limit: int | None = None,
    load: LoadArgument = None,
    missing: Missing | None = None,
    identity: bool = False,
    without: str | Collection[str] = (),
    raw: RawQueries = RawQueries.ALLOW,
    options: Mapping[str, Any] | None = None,
) -> FindPlan[ModelType]:
    """Check the arguments of a read and build its plan; `without` and `raw` are those of `build_filter`.

    Raises:
        TypeError: if `model` is not a model class, another argument has a wrong type, or an option is unknown.
        ValueError: if `limit` is not positive, `skip` is negative, or a path of `load` leads to no reference.
    """
    check_model(model, "find")
    order = build_sort(sort, model)
    limit = check_limit(limit)
    skip = whole("skip", skip)
    if skip < 0:
        raise ValueError("skip has to be a positive integer")
    loads = None if load is None and missing is None else plan_load(model, load, missing, raw)
    query = build_filter(queries, model, without, raw)
    checked = checked_call_options("find", model, options or {}, OF_FINDS)
    return FindPlan(model, query, order, skip, limit, loads, identity, checked)


def _is_flat(mapping: ModelMapping) -> bool:
    """Return whether documents have single values only."""
    return not (mapping.mutable_fields or mapping.links or mapping.extra_allowed)


def loads_references(mapping: ModelMapping) -> bool:
    """Return whether documents that are found by a class may have references."""
    if mapping.hierarchy is None:
        return bool(mapping.links)
    return bool(mapping.found_links)


def resolve_references(load: Load) -> list[Stage]:
    """Return the stages that replace each foreign key by the referenced document.

    A key without a target stays, so that the error can name it. If it is a document, which would be taken for the
    target, it is removed, or put into an array if it may be needed or the reference is optional.
    """
    return _resolve_below(load, (), ())


Condition = tuple[str, tuple[Any, ...]]
"""A key of a discriminator, and its values in the documents that have a reference."""


def _resolve_below(
    load: Load, around: tuple[str, ...], conditions: tuple[Condition, ...]
) -> list[Stage]:
    stages: list[Stage] = []
    for part in load.parts:
        keys = (*around, part.link.key)
        inner = conditions
        if part.found.type_key is not None:
            inner = (*conditions, (".".join((*around, part.found.type_key)), part.found.types))
        if part.inside is None:
            continue
        if part.link.reference is not None:
            stages += _resolve_one(keys, part, inner)
        elif part.inside.models:
            stages += _resolve_below(part.inside, keys, inner)
    return stages


def _resolve_one(
    keys: tuple[str, ...], part: Part, conditions: tuple[Condition, ...]
) -> list[Stage]:
    model = part.link.cls
    only = () if part.link.member is None else part.link.member.only
    nested = [] if part.inside is None else resolve_references(part.inside)
    wraps = part.link.is_optional or part.missing != "raise"
    lookup: Stage = {
        "$lookup": {
            "from": mapping_of(model).collection,
            "let": {"foreign_key": _if_in(conditions, f"${'.'.join(keys)}", "$$REMOVE")},
            "pipeline": [{"$match": target_match(model, _IS_TARGET, only)}, *nested],
            "as": _RESOLVED,
        }
    }
    # `as` with a dotted path would turn a null embedded object into an empty one.
    embedded = _embed(keys, 1, wraps=wraps)
    return [
        lookup,
        {"$set": {keys[0]: _if_in(conditions, embedded, f"${keys[0]}")}},
        {"$unset": _RESOLVED},
    ]


def _if_in(conditions: tuple[Condition, ...], expression: Any, otherwise: str) -> Any:
    """Return an expression that holds for documents with the reference only, if others of a hierarchy lack it."""
    for type_key, types in reversed(conditions):
        kind = {"$ifNull": [f"${type_key}", None]}
        expression = {"$cond": [{"$in": [kind, list(types)]}, expression, otherwise]}
    return expression


def _embed(keys: tuple[str, ...], depth: int, *, wraps: bool) -> Any:
    """Return the expression for the value at `keys[:depth]` with the resolved document in it, or in its place."""
    here = "$" + ".".join(keys[:depth])
    if depth == len(keys):
        key = {
            "$cond": [{"$eq": [{"$type": here}, "object"]}, [here] if wraps else "$$REMOVE", here]
        }
        return {"$ifNull": [{"$arrayElemAt": [f"${_RESOLVED}", 0]}, key]}
    merged = {"$mergeObjects": [here, {keys[depth]: _embed(keys, depth + 1, wraps=wraps)}]}
    return {"$cond": [{"$eq": [{"$type": here}, "object"]}, merged, here]}
