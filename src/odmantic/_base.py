"""What engines, cursors and sessions of both colours share; nothing here waits."""

from __future__ import annotations

from abc import ABC
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import unquote_plus
from weakref import WeakKeyDictionary, ref

from bson.errors import BSONError

from odmantic._driver.deployments import deployment_of
from odmantic._driver.select import (
    DRIVERS,
    ClientKind,
    addresses_of,
    client_kind,
    is_driver_collection,
)
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.places import SOMEWHERE, Known, Place, Reading
from odmantic._plan.checks import check_model
from odmantic._plan.concerns import NOTHING_ASKED
from odmantic._plan.errors import add_context
from odmantic._plan.sort import build_sort
from odmantic._state.changes import read_document
from odmantic.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from odmantic._plan.concerns import TransactionDefaults, TransactionSettings
    from odmantic._state.attempt import Attempt
    from odmantic.query import SortExpression

ModelType = TypeVar("ModelType", bound=Model)

#: The attribute of a collection that tells what is known of its documents.
_KNOWN = "_odmantic_known"

_FORBIDDEN_IN_DATABASE_NAMES = '/\\."$'


class _Unnamed(str):
    """The name of a database that nobody gave."""

    __slots__ = ()


#: The default name, which one in the URI replaces; `"test"` itself, if a program gives that, is not replaced.
UNNAMED = _Unnamed("test")


class BaseEngine:
    r"""A client and the name of one of its databases.

    Attributes:
        client: the driver's client.
        database_name: name of the database.
        database: the driver's database object.

    Raises:
        ValueError: the database name holds one of the characters `/ \ . " $`.
        TypeError: the database name is no string.
    """

    def __init__(self, client: Any, database: str = "test") -> None:
        """Keep the client and look the database up; nothing is sent."""
        check_database_name(database)
        self.client: Any = client
        self.database_name: str = database
        self.database: Any = client[database]
        self._collections: dict[ref[Any], tuple[Any, Any, Any]] = {}
        self._used_models: WeakKeyDictionary[type[Model], None] = WeakKeyDictionary()
        self._usual_transaction: tuple[Any, dict[str, Any]] = (None, {})

    def __repr__(self) -> str:
        """Tell database and servers; nothing that a URI may hold besides."""
        servers = ", ".join(addresses_of(self.client)) or "its client's servers"
        return f"<{type(self).__name__}: database {self.database_name!r} at {servers}>"

    @staticmethod
    def _validate_sort_argument(sort: Any) -> SortExpression | None:
        return build_sort(sort)

    def _collection(self, model: Any) -> Any:
        """The driver's collection of a model, in this engine's database."""
        try:
            database, name, collection = self._collections[ref(model)]
            if database is self.database and name == model.__collection__:
                return collection
        except (KeyError, TypeError):  # a TypeError of what no class can be
            pass
        check_model(model, "get_collection")
        self._used_models[model] = None
        name = mapping_of(model).collection
        collection = self.database[name]
        # A stand-in may give another object each time.
        if is_driver_collection(collection):
            # Not a `WeakKeyDictionary`, which is written in Python: this is looked up for each operation.
            self._collections[ref(model, self._collections.pop)] = self.database, name, collection
        return collection

    if TYPE_CHECKING:

        def get_collection(self, model: Any) -> Any:
            """The driver's collection of a model, for raw calls."""

    def _known_at(self, model: Any, collection: Any) -> Known:
        """What says that documents of a model are known in a collection, which `get_collection` gave."""
        known = getattr(collection, _KNOWN, None)
        if type(known) is not Known:
            known = Known(self._place_of(model, collection))
            with suppress(AttributeError):  # a stand-in with slots
                setattr(collection, _KNOWN, known)
        return known

    def _reading_from(self, model: Any, collection: Any) -> Known:
        """The same, if referenced documents may be read along."""
        known = self._known_at(model, collection)
        if not mapping_of(model).reference_paths:
            return known
        # For each read: a collection may be another one the next time.
        others: dict[ref[Any], Known] = {}
        waiting = [model]
        while waiting:
            for path in mapping_of(waiting.pop()).reference_paths:
                if ref(path.model) in others:
                    continue
                its = self._known_at(path.model, self.get_collection(path.model))
                if mapping_of(path.model).reference_paths:
                    its = Reading(its.place, others)
                    waiting.append(path.model)
                others[ref(path.model)] = its
        return Reading(known.place, others)

    def _place_of(self, model: Any, collection: Any) -> Place:
        database: Any = getattr(collection, "database", None)
        client: Any = getattr(database, "client", None)
        if client_kind(client) in DRIVERS:
            return Place(deployment_of(client), database.name, collection.name)
        # A stand-in, which is a place of its own.
        name = mapping_of(model).collection or ""
        return Place(deployment_of(self.client), self.database_name, name)

    def _transaction_options(
        self, settings: TransactionSettings, defaults: TransactionDefaults | None
    ) -> dict[str, Any]:
        """Keyword arguments of the driver's `start_transaction`; those of a call without options are kept."""
        if defaults is not None or settings != NOTHING_ASKED:
            return settings.resolved(defaults, self.client)
        if self._usual_transaction[0] is not self.client:
            self._usual_transaction = self.client, settings.resolved(None, self.client)
        return self._usual_transaction[1]

    def _models_to_configure(self, models: Iterable[type[Model]] | None) -> list[type[Model]]:
        """The given models, or those that this engine has used.

        Raises:
            TypeError: one is no model class, or there are none to take.
        """
        if models is None:
            if not self._used_models:
                message = (
                    "configure_database() without models takes those that this engine has used, and it has used none: "
                    "name them, as in configure_database([User, Order])"
                )
                raise TypeError(message)
            return list(self._used_models)
        models = list(models)
        for model in models:
            check_model(model, "configure_database")
        return models


class AIOEngineBase(BaseEngine):
    """Marks async engines, for sessions to recognise theirs without importing the engine."""


class SyncEngineBase(BaseEngine):
    """Marks sync engines, for sessions to recognise theirs without importing the engine."""


# Not an `ABC`: to ask whether something is an instance would take longer.
class BaseSession:
    """Marks session and transaction objects of either colour."""


@dataclass(frozen=True, slots=True)
class Reader(Generic[ModelType]):
    """Turns the documents of one read into instances of a model."""

    model: type[ModelType]
    known: Known = SOMEWHERE
    """Where the documents are."""
    attempt: Attempt | None = None
    """The run of a transaction that the read belongs to."""
    own: Callable[[dict[str, Any]], ModelType] | None = None
    """The way of a program's own to read one document."""

    def parse(self, raw_doc: dict[str, Any]) -> ModelType:
        """Build an instance that counts as unmodified.

        Raises:
            DocumentParsingError: the document does not fit the model.
        """
        instance = read_document(self.model, raw_doc, self.known)
        if self.attempt is not None:
            self.attempt.journal.read(self.known.place.database, instance)
        return instance

    def parse_all(
        self, parts: Iterable[list[dict[str, Any]]]
    ) -> tuple[list[ModelType], Exception | None]:
        """Build instances, up to the first document that does not fit, and tell why that does not.

        The lists are used up: a document that is gone once it is read leaves its memory to the next instances, and
        nothing to the garbage collector.
        """
        model, known, own = self.model, self.known, self.own
        read_all = mapping_of(model).codec.read_all if own is None else _give_last
        instances: list[ModelType] = []
        add = instances.append
        error: Exception | None = None
        try:
            for documents in parts:
                documents.reverse()
                while documents:
                    refused = read_all(documents, add, known)
                    if refused is not None:
                        add(read_document(model, refused, known) if own is None else own(refused))
        except Exception as caught:  # noqa: BLE001 - raised behind the instances before it
            error = caught
            if isinstance(caught, BSONError):
                add_context(caught, f"in find of {model.__name__}")
        if self.attempt is not None and own is None:
            for instance in instances:
                self.attempt.journal.read(known.place.database, instance)
        return instances, error


def _give_last(documents: list[dict[str, Any]], _add: object, _known: object) -> dict[str, Any]:
    return documents.pop()


class BaseCursor(ABC, Generic[ModelType]):
    """The result of a read, of either colour."""

    def __init__(self, reader: Reader[ModelType]) -> None:
        """Remember how documents are read."""
        self._reader = reader

    def _parse_document(self, raw_doc: dict[str, Any]) -> ModelType:
        return self._reader.parse(raw_doc)


_parse_document: Any = vars(BaseCursor)["_parse_document"]


def reads_by_itself(cursor: type[BaseCursor[Any]]) -> bool:
    """Tell whether cursors of a class read documents in the library's own way."""
    return cursor._parse_document is _parse_document  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - of this module


def check_client(client: Any, refused: frozenset[ClientKind], engine: str, advice: str) -> None:
    """Raise for what certainly belongs to the other colour, or is no client at all.

    Raises:
        TypeError: naming the engine and what it takes.
    """
    if isinstance(client, str):
        if "://" not in client:
            message = (
                f"{engine} cannot connect to {client!r}: it takes {advice}. A URI begins with mongodb:// or "
                "mongodb+srv://, and the name of a database is the second argument"
            )
            raise TypeError(message)
    elif client is not None and client_kind(client) in {*refused, ClientKind.NONE}:
        message = f"{engine} cannot use a {type(client).__name__}: it takes {advice}"
        raise TypeError(message)


def check_client_options(client: Any, options: Mapping[str, Any] | None, engine: str) -> None:
    """Raise for options of a client that was made already.

    Raises:
        TypeError: naming the engine, and saying where they belong.
    """
    if options is not None and client is not None and not isinstance(client, str):
        message = (
            f"{engine} takes client_options= for a client that it makes itself, of a URI: give them to your "
            f"{type(client).__name__}"
        )
        raise TypeError(message)


def database_in(uri: str) -> str | None:
    """The name of the database in a URI, cut out as the driver does: a password may hold what ends other URLs."""
    path = uri.partition("://")[2].partition("?")[0].partition("/")[2]
    return unquote_plus(path).partition(".")[0] or None


def check_database_name(name: Any) -> None:
    if not isinstance(name, str):
        message = f"database name has to be a string, not {name!r}"
        raise TypeError(message)
    forbidden = [character for character in _FORBIDDEN_IN_DATABASE_NAMES if character in name]
    if forbidden:
        message = f"database name cannot contain: {' '.join(forbidden)}"
        raise ValueError(message)
