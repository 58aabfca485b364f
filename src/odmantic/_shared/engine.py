"""A client, one of its databases, and the collections there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from odmantic._bson.conversions import as_naive_datetime
from odmantic._driver.clients import DRIVERS, addresses_of, client_kind, deployment_of
from odmantic._driver.plain import target_at
from odmantic._driver.registries import note_registry
from odmantic._hooks.registry import EngineHooks
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.suppliers import utcnow
from odmantic._plan.arguments import check_model
from odmantic._plan.find import loads_references
from odmantic._plan.raw import RawQueries
from odmantic._plan.sort import build_sort
from odmantic._shared.arguments import check_database_name
from odmantic._state.places import Known, Place, Reading
from odmantic._transaction.concerns import NOTHING_ASKED
from odmantic.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from odmantic._driver.plain import Target
    from odmantic._transaction.concerns import TransactionDefaults, TransactionSettings
    from odmantic.query import SortExpression


class _Unnamed(str):
    """The default name of the database."""

    __slots__ = ()


UNNAMED = _Unnamed("test")
"""The default name, which a name in the URI replaces; a given `"test"` is not replaced."""


class BaseEngine:
    r"""A client and the name of one of its databases.

    Attributes:
        client: The driver's client.
        database_name: The name of the database.
        database: The driver's database object.

    Raises:
        ValueError: if the database name holds one of the characters `/ \ . " $`.
        TypeError: if the database name is not a string.
    """

    def __init__(self, client: Any, database: str = "test") -> None:
        """Store the client and look the database up; nothing is sent."""
        check_database_name(database)
        self.client: Any = client
        self.database_name: str = database
        self.database: Any = client[database]
        note_registry(self.database)
        self._targets: dict[ref[Any], tuple[Any, Any, Target]] = {}
        self._used_models: WeakKeyDictionary[type[Model], None] = WeakKeyDictionary()
        self._hooks = EngineHooks()
        self._usual_transaction: tuple[Any, dict[str, Any]] = (None, {})

    _raw_queries = RawQueries.ALLOW
    """The policy for plain dictionaries as queries."""

    _clock: Callable[[], datetime] | None = None

    def _now(self) -> datetime:
        """Return the time by the engine's clock, naive, in UTC and in milliseconds."""
        return utcnow() if self._clock is None else as_naive_datetime(self._clock())

    def __repr__(self) -> str:
        """Return a text with database and servers, and nothing else that a URI may hold."""
        servers = ", ".join(addresses_of(self.client)) or "its client's servers"
        return f"<{type(self).__name__}: database {self.database_name!r} at {servers}>"

    @staticmethod
    def _validate_sort_argument(sort: Any) -> SortExpression | None:
        return build_sort(sort)

    if TYPE_CHECKING:

        def get_collection(self, model: Any) -> Any:
            """Return the driver's collection of a model, for raw calls."""

        def _target(self, model: Any) -> Target:
            """Return the collection that `get_collection` gives."""
            ...

    def _add_hook(self, event: str, function: Callable[..., Any], model: Any) -> Callable[[], None]:
        """Add a hook of the engine; return what removes it."""
        remove = self._hooks.add(event, function, model)
        self._targets.clear()  # they say which models have hooks

        def removed() -> None:
            remove()
            self._targets.clear()

        return removed

    def _usual_target(self, model: Any) -> Target:
        """Return the collection of a model in this engine's database, which is looked at once."""
        try:
            database, name, target = self._targets[ref(model)]
            if database is self.database and name == model.__collection__:
                return target
        except (KeyError, TypeError):  # a TypeError of what no class can be
            pass
        check_model(model, "get_collection")
        self._used_models[model] = None
        name = mapping_of(model).collection
        added = self._hooks.added
        target = self._look_at(model, self.database[name])
        # A stand-in may return another object each time.
        if target.is_of_driver:
            self._keep(model, (self.database, name, target), added)
        return target

    def _given_target(self, model: Any, collection: Any) -> Target:
        """Return what a `get_collection` of a program's own gave, looked at once while it gives the same."""
        kept = self._targets.get(ref(model))
        if kept is not None and kept[2].collection is collection:
            return kept[2]
        added = self._hooks.added
        target = self._look_at(model, collection)
        self._keep(model, (None, None, target), added)
        return target

    def _keep(self, model: Any, looked_at: tuple[Any, Any, Target], added: object) -> None:
        """Keep what was looked at, with the hooks that were added until then."""
        # Not a `WeakKeyDictionary`, which is written in Python: this is looked up for each operation.
        self._targets[ref(model, self._targets.pop)] = looked_at
        if self._hooks.added is not added:  # in another thread, meanwhile
            self._targets.clear()

    def _look_at(self, model: Any, collection: Any) -> Target:
        note_registry(collection)
        target = target_at(collection, self.client, Known(self._place_of(model, collection)))
        target.hooks = self._hooks.for_writes(model)
        target.load_hooks = self._hooks.for_reads(model)
        return target

    def _reading_from(self, model: Any, known: Known) -> Known:
        """Return what says that documents of a model are known, and referenced ones that may be read along."""
        if not loads_references(model.__mapping__):
            return known
        # For each read: a collection may be another one the next time.
        others: dict[ref[Any], Known] = {}
        waiting = [model]
        while waiting:
            for model_of_target in mapping_of(waiting.pop()).read_targets:
                if ref(model_of_target) in others:
                    continue
                its = self._target(model_of_target).known
                mapping = mapping_of(model_of_target)
                if loads_references(mapping):
                    its = Reading(its.place, others)
                    waiting.append(model_of_target)
                # A target may be an instance of a subclass.
                classes = (model_of_target, *(each.model for each in mapping.read_as))
                others.update(dict.fromkeys(map(ref, classes), its))
        return Reading(known.place, others)

    def _place_of(self, model: Any, collection: Any) -> Place:
        database: Any = getattr(collection, "database", None)
        client: Any = getattr(database, "client", None)
        if client_kind(client) in DRIVERS:
            return Place(deployment_of(client), database.name, collection.name)
        # A stand-in is a place of its own.
        name = mapping_of(model).collection or ""
        return Place(deployment_of(self.client), self.database_name, name)

    def _transaction_options(
        self, settings: TransactionSettings, defaults: TransactionDefaults | None
    ) -> dict[str, Any]:
        """Return keyword arguments for the driver's `start_transaction`; those of a call without options are kept."""
        if defaults is not None or settings != NOTHING_ASKED:
            return settings.resolved(defaults, self.client)
        if self._usual_transaction[0] is not self.client:
            self._usual_transaction = self.client, settings.resolved(None, self.client)
        return self._usual_transaction[1]

    def _models_to_configure(self, models: Iterable[type[Model]] | None) -> list[type[Model]]:
        """Return the given models, or those that this engine has used.

        Raises:
            TypeError: if one is not a model class, or there are none to take.
        """
        if models is None:
            if not self._used_models:
                raise TypeError(
                    "configure_database() without models takes those that this engine has used, and it has used none: "
                    "name them, as in configure_database([User, Order])"
                )
            return list(self._used_models)
        models = list(models)
        for model in models:
            check_model(model, "configure_database")
        return models


# Not an `ABC`: `isinstance` would be slower.
class BaseSession:
    """The common base of session and transaction objects, async and sync."""
