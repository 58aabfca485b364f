"""The plan of a read of several models in one ordered stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from odmantic._mapping.mapping import mapping_of
from odmantic._plan.arguments import check_limit, check_model
from odmantic._plan.conditions import checked_words, restricted
from odmantic._plan.filters import build_filter
from odmantic._plan.find import BATCH_SIZE, resolve_references
from odmantic._plan.raw import RawQueries
from odmantic._plan.sort import build_sort
from odmantic.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from odmantic.query import SortExpression

    Bound = Callable[[type[Model], Mapping[str, Any]], Mapping[str, Any]]

MARK = "__odmantic_model__"
"""The key under which each document has the number of its model."""

Stage = dict[str, Any]
ModelType = TypeVar("ModelType", bound=Model)


@dataclass(frozen=True, slots=True)
class FindAnyPlan(Generic[ModelType]):
    """One read of instances of several models, as an aggregation of the first one's collection."""

    models: tuple[type[ModelType], ...]
    filters: tuple[Mapping[str, Any], ...]
    sort: SortExpression | None = None
    limit: int | None = None

    batch_size = BATCH_SIZE

    def pipeline(
        self,
        collections: Iterable[str],
        bound: Bound,
        *,
        resolves: bool = False,
        in_transaction: bool = False,
    ) -> list[Stage]:
        """Return the stages for an aggregation of the first collection, or in a transaction of the database.

        Args:
            collections: The names of the models' collections.
            bound: Makes a model's filter one that the driver can encode.
            resolves: Whether the server puts referenced documents into those found.
            in_transaction: Whether it runs in a transaction, where the server refuses `$unionWith`.
        """
        arms = [(name, self._arm(number, bound)) for number, name in enumerate(collections)]
        stages = _looked_up(arms) if in_transaction else _united(arms)
        stages += self._order if len(self.models) > 1 else []
        if resolves:
            # Behind the limit; what is not of a model lacks its keys, or has others under them.
            for number, model in enumerate(self.models):
                stages += _only_for(number, resolve_references(mapping_of(model).usual_load))
        return stages

    def _arm(self, number: int, bound: Bound) -> list[Stage]:
        """Return the stages that find the documents of one model; an index may give them in order."""
        found: Stage = {"$match": bound(self.models[number], self.filters[number])}
        is_limited = self.limit is not None or len(self.models) == 1
        order = self._order if is_limited else []
        return [found, *order, {"$set": {MARK: number}}]

    @property
    def _order(self) -> list[Stage]:
        stages: list[Stage] = []
        if self.sort:
            stages.append({"$sort": self.sort})
        if self.limit is not None:
            stages.append({"$limit": self.limit})
        return stages


def _united(arms: list[tuple[str, list[Stage]]]) -> list[Stage]:
    """Return the stages that read several collections, from the first one."""
    (_, first), *others = arms
    return first + [{"$unionWith": {"coll": name, "pipeline": arm}} for name, arm in others]


def _looked_up(arms: list[tuple[str, list[Stage]]]) -> list[Stage]:
    """Return the stages that read several collections, from none: one document looks up those of each arm.

    See https://www.mongodb.com/docs/manual/reference/operator/aggregation/documents/
    """
    stages: list[Stage] = [{"$documents": [{"arm": number} for number in range(len(arms))]}]
    for number, (name, arm) in enumerate(arms):
        is_its = {"$match": {"$expr": {"$eq": ["$$arm", number]}}}
        lookup = {
            "from": name,
            "let": {"arm": "$arm"},
            "pipeline": [is_its, *arm],
            "as": f"arm{number}",
        }
        stages.append({"$lookup": lookup})
    found = {"$concatArrays": [f"$arm{number}" for number in range(len(arms))]}
    return [
        *stages,
        {"$project": {"found": found}},
        {"$unwind": "$found"},
        {"$replaceRoot": {"newRoot": "$found"}},
    ]


def _only_for(number: int, stages: list[Stage]) -> list[Stage]:
    """Return the stages that resolve references, for the documents of one model."""
    is_one = {"$eq": [f"${MARK}", number]}
    limited: list[Stage] = []
    for stage in stages:
        match stage:
            case {"$lookup": lookup}:
                key = lookup["let"]["foreign_key"]
                let = {"foreign_key": {"$cond": [is_one, key, "$$REMOVE"]}}
                limited.append({"$lookup": {**lookup, "let": let}})
            case {"$set": fields}:
                changed = {
                    key: {"$cond": [is_one, each, f"${key}"]} for key, each in fields.items()
                }
                limited.append({"$set": changed})
            case _:
                limited.append(stage)
    return limited


def check_one_database(models: Iterable[type[Model]], collections: Iterable[Any]) -> None:
    """Check that a union can reach the collections of all models.

    Raises:
        ValueError: if one is in another database.
    """
    pairs = zip(models, collections, strict=True)
    databases = {_database_of(collection): model.__name__ for model, collection in pairs}
    if len(databases) > 1:
        names = " and ".join(databases.values())
        raise ValueError(
            f"find_any reads the collections of one database, and those of {names} are in several: use find for each"
        )


def _database_of(collection: Any) -> str | None:
    return getattr(getattr(collection, "database", None), "name", None)


def plan_find_any(
    models: Iterable[type[ModelType]],
    queries: tuple[Any, ...],
    *,
    sort: Any = None,
    limit: int | None = None,
    without: Collection[str] = (),
    raw: RawQueries = RawQueries.ALLOW,
) -> FindAnyPlan[ModelType]:
    """Check the arguments of a read of several models and build its plan.

    Raises:
        TypeError: if `models` are not model classes, or another argument has a wrong type.
        ValueError: if there is no model, `limit` is not positive, or a word of `without` is unknown.
    """
    given: object = models
    if isinstance(given, type):
        check_model(given, "find_any")
        raise TypeError(f"find_any takes several models: write find_any([{given.__name__}, ...])")
    several = tuple(models)
    if not several:
        raise ValueError("find_any needs at least one model")
    for model in several:
        check_model(model, "find_any")
    # Keys are the same for all, so no field is one of another model.
    build_filter(queries, raw=raw)
    order = build_sort(sort)
    words = checked_words(without)
    filters = tuple(restricted(queries, model, words) for model in several)
    return FindAnyPlan(several, cast("Any", filters), order, check_limit(limit))
