"""The plans of reads by primary key: which ids one query asks for, and which instance answers which id."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import id_filter, ids_filter
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.conditions import conditions_of
from odmantic._plan.filters import build_filter
from odmantic._plan.rules import key_of
from odmantic._query.steps import path_in
from odmantic.query import QueryExpression, raw

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator

    from odmantic.model import Model

IDS_OF_A_QUERY = 1_000
"""The largest number of ids that one query of `get_many` asks for."""


class Wanted:
    """The ids that a call asks for, in its order."""

    def __init__(self, model: type[Model], ids: Iterable[Any], operation: str) -> None:
        """Encode the ids as conditions on the primary key do.

        Raises:
            TypeError: if `ids` is a text, a document or no iterable, or one is a condition.
        """
        if isinstance(ids, (str, bytes, dict)) or not hasattr(ids, "__iter__"):
            raise TypeError(f"{operation} of {model.__name__} takes several ids, not {ids!r:.200}")
        self._ids = [_encoded(model, each, operation) for each in ids]
        self._keys = [key_of(each) for each in self._ids]

    def queries(self) -> Iterator[list[Any]]:
        """Yield the ids of each query; no id is in one twice, as each occurrence has an instance of its own."""
        rounds: list[dict[Hashable, Any]] = []
        seen: dict[Hashable, int] = {}
        for id_, key in zip(self._ids, self._keys, strict=True):
            number = seen[key] = seen.get(key, -1) + 1
            if number == len(rounds):
                rounds.append({})
            rounds[number][key] = id_
        for each in rounds:
            left = iter(each.values())
            while some := list(islice(left, IDS_OF_A_QUERY)):
                yield some

    def in_order(self, instances: Iterable[Any]) -> list[Any]:
        """Return the instance for each id, and `None` where there is none."""
        found: dict[Hashable, list[Any]] = {}
        for each in instances:
            found.setdefault(key_of(encode_primary_key(each)), []).append(each)
        left = {key: iter(some) for key, some in found.items()}
        nothing: Iterator[Any] = iter(())
        return [next(left.get(key, nothing), None) for key in self._keys]


def filter_of_id(model: type[Model], id_: Any) -> QueryExpression:
    """Return the query for the document of a model with an id, encoded as conditions on the primary key encode it.

    Raises:
        TypeError: if it is a condition.
    """
    return raw(id_filter(_encoded(model, id_, "get")))


def filter_of_ids(
    model: type[Model], ids: list[Any], without: str | Collection[str]
) -> QueryExpression:
    """Return the filter for the documents of a model with some ids, as stored."""
    return build_filter((raw(ids_filter(ids)),), model, without)


def _encoded(model: type[Model], id_: Any, operation: str) -> Any:
    if isinstance(id_, QueryExpression):
        raise TypeError(
            f"{operation} of {model.__name__} takes primary keys, not the condition {id_!r:.200}: use find_one or find"
        )
    return path_in(getattr(model, str(mapping_of(model).primary_field))).encode(id_)


def check_estimable(model: type[Model]) -> None:
    """Check that all documents of the collection of a model count as its own.

    Raises:
        TypeError: if some are of another class, or deleted softly.
    """
    if conditions_of(model):
        raise TypeError(
            f"estimated_count counts all documents of a collection, and not all count for {model.__name__}: use count"
        )
