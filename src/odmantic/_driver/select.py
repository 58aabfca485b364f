"""Which driver a client belongs to, told by its type: every attribute exists on a client."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, cast

from bson.codec_options import TypeRegistry
from pymongo import AsyncMongoClient, MongoClient, ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.topology_description import TopologyDescription

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions

_PARTS = (AsyncDatabase, AsyncCollection, Database, Collection)
_CLIENTS = frozenset({AsyncMongoClient, MongoClient})
_COLLECTIONS = frozenset({AsyncCollection, Collection})
#: The classes of sessions of PyMongo.
SESSION_CLASSES = frozenset({AsyncClientSession, ClientSession})

#: The attribute of a collection that keeps what was made of it.
_DERIVED = "_odmantic_derived"
_NO_TYPES = TypeRegistry()

#: Stands for what has not been made yet, where `None` says that there is none.
UNMADE: Any = object()


class ClientKind(Enum):
    """The drivers the library knows."""

    SYNC = auto()
    ASYNC = auto()
    MOTOR = auto()
    UNKNOWN = auto()
    """A stand-in that behaves like a client, such as an in-memory one for tests."""
    NONE = auto()
    """No client: a URI, or the database of a client."""


DRIVERS = frozenset({ClientKind.SYNC, ClientKind.ASYNC, ClientKind.MOTOR})


def client_kind(client: Any) -> ClientKind:
    """Tell the kind of a client, or of a client's subclass, without importing Motor."""
    if isinstance(client, MongoClient):
        return ClientKind.SYNC
    if isinstance(client, AsyncMongoClient):
        return ClientKind.ASYNC
    if _is_of_motor(client, {"AgnosticClient"}):
        return ClientKind.MOTOR
    if not _is_part(client) and hasattr(client, "__getitem__") and hasattr(client, "start_session"):
        return ClientKind.UNKNOWN
    return ClientKind.NONE


def addresses_of(client: Any) -> list[str]:
    """The servers that a client looks for, or knows: `host:port`; none where it does not tell."""
    description = getattr(client, "topology_description", None)
    if not isinstance(description, TopologyDescription):
        return []
    return [
        host if port is None else f"{host}:{port}"
        for host, port in description.server_descriptions()
    ]


def knows_server(client: Any) -> bool:
    """Whether a client knows a server that takes writes; a stand-in is its own server."""
    description = getattr(client, "topology_description", None)
    return not isinstance(description, TopologyDescription) or description.has_writable_server()


def check_session(value: Any) -> None:
    """Raise for what certainly is no session of a driver; the driver itself tells whether it is the right one.

    Raises:
        TypeError: naming the value.
    """
    if value is None or type(value) in SESSION_CLASSES:
        return
    if hasattr(cast("object", type(value)), "end_session"):
        return
    is_stand_in = hasattr(value, "end_session") and not isinstance(value, type)
    if not is_stand_in or _is_part(value) or client_kind(value) in DRIVERS:
        message = (
            "session= takes a session or transaction object, or a session of the driver, "
            f"not {value!r:.200}"
        )
        raise TypeError(message)


@dataclass(slots=True)
class Derived:
    """What is made of a collection once.

    Attributes:
        command_options: the codec options for commands that write.
        read_options: those for commands that read; `None` if only the collection's methods will do.
        twin: for `pieces`, which makes it when it is asked for.
    """

    command_options: CodecOptions[Any]
    read_options: CodecOptions[Any] | None
    twin: Any = UNMADE


def finds_plainly(collection: Any) -> bool:
    """Tell whether this is a collection of PyMongo whose ways to find were not replaced."""
    return (
        type(collection) in _COLLECTIONS
        and has_own(collection, "find")
        and has_own(collection, "find_one")
    )


def updates_plainly(collection: Any) -> bool:
    """Tell whether this is a collection of PyMongo whose way to update was not replaced."""
    return type(collection) in _COLLECTIONS and has_own(collection, "update_one")


def is_plain_client(client: Any) -> bool:
    """Tell whether this is a client of PyMongo whose sessions are its own."""
    return type(client) in _CLIENTS and has_own(client, "start_session")


def has_own(value: object, method: str) -> bool:
    """Tell whether a method of an object is that of its class.

    The object's `__dict__` could tell, but CPython 3.11 and 3.12 would read its attributes more slowly ever after.
    """
    return getattr(getattr(value, method), "__func__", None) is getattr(type(value), method)


def runs_transaction(session: Any) -> bool:
    """Tell whether a transaction runs in a session, whoever began it; a stand-in may not say."""
    return getattr(session, "in_transaction", None) is True


def sends_nothing_at_end(session: Any) -> bool:
    """Tell whether a session ends without a word to the server, so that nothing can cut its end off."""
    return type(session) in SESSION_CLASSES and not session.in_transaction


def is_driver_collection(collection: Any) -> bool:
    """Tell whether a collection writes in the driver's own way, so that one write and many are the same to it.

    A stand-in, or a subclass of a program, may do something of its own in `update_one`.
    """
    write: Any = getattr(cast("object", type(collection)), "update_one", None)
    module: Any = getattr(write, "__module__", None)
    return (
        isinstance(module, str)
        and module.startswith("pymongo.")
        and has_own(collection, "update_one")
    )


def derived_of(collection: Any) -> Derived:
    """Give what is made once of a collection of PyMongo."""
    derived: Derived | None = getattr(collection, _DERIVED, None)
    if derived is None:
        derived = _derive(collection)
        setattr(collection, _DERIVED, derived)
    return derived


def _derive(collection: Any) -> Derived:
    options: CodecOptions[Any] = collection.codec_options
    # A text that is cut off in the middle of a character must not hide the error that it is part of.
    for_writes = options.with_options(document_class=dict, unicode_decode_error_handler="replace")
    # The driver adds neither a read concern nor a read preference to a command, nor decodes a program's own types in
    # the reply.
    is_usual = (
        collection.read_preference == ReadPreference.PRIMARY
        and collection.read_concern.level is None
        and is_usual_codec(options)
    )
    return Derived(for_writes, options if is_usual else None)


def is_usual_codec(options: CodecOptions[Any]) -> bool:
    """Tell whether documents are decoded to dictionaries, with no types of a program's own in them."""
    return options.document_class is dict and options.type_registry == _NO_TYPES


def _is_part(value: Any) -> bool:
    """Tell whether this is a database or a collection, which seem to have every attribute."""
    return isinstance(value, _PARTS) or _is_of_motor(
        value, {"AgnosticDatabase", "AgnosticCollection"}
    )


def _is_of_motor(value: Any, names: set[str]) -> bool:
    return any(
        base.__module__ == "motor.core" and base.__name__ in names for base in type(value).__mro__
    )
