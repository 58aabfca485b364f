"""Whether a client and a collection are PyMongo's own, unmodified, so that a shortcut does the same.

The result is kept with the collection: an engine checks each model's collection once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from bson.binary import UuidRepresentation
from bson.codec_options import TypeRegistry
from pymongo import AsyncMongoClient, MongoClient, ReadPreference
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.collection import Collection

from odmantic._bson.conversions import with_binary_uuids
from odmantic._driver.clients import is_motor_collection

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions

    from odmantic._hooks.registry import Reach
    from odmantic._state.places import Known

T = TypeVar("T")

_CLIENTS = frozenset({AsyncMongoClient, MongoClient})
_COLLECTIONS = frozenset({AsyncCollection, Collection})
_NO_TYPES = TypeRegistry()

UNMADE: Any = object()
"""Not created yet, where `None` means that there is none."""


@dataclass(slots=True, eq=False)
class Target:
    """A collection that operations use, and its shortcuts."""

    collection: Any
    known: Known
    """The knowledge about documents there."""
    finds_plainly: bool
    """Whether it is PyMongo's, with its own methods to find."""
    updates_plainly: bool
    """Whether it is PyMongo's, with its own method to update."""
    is_of_driver: bool
    """Whether writes use the driver's own methods, so that single and bulk writes are equivalent."""
    needs_no_session: bool
    """Whether the driver's implicit session is enough for a single write: on the wire it is the same."""
    read_options: CodecOptions[Any] | None
    """Codec options for commands that read; `None` if only the collection's methods work."""
    command_options: CodecOptions[Any] | None
    """Codec options for commands that write; `None` as above."""
    writing: Any
    """The collection for writes: the same, but with the standard representation of UUIDs if the client names none."""
    names_no_uuids: bool
    """Whether the client names no representation of UUIDs, so that filters need the standard one."""
    hooks: Reach | None = None
    """The hooks that writes of documents there may call."""
    load_hooks: Reach | None = None
    """The hooks that reads of documents there may call."""
    twin: Any = UNMADE
    """The collection from which `encoded_batches` reads; created on first use."""

    def bound(self, query: T) -> T:
        """Return a filter that the driver can encode."""
        return with_binary_uuids(query) if self.names_no_uuids else query


def target_at(collection: Any, client: Any, known: Known) -> Target:
    """Return the target for a collection, and for the client whose sessions write to it."""
    finds, updates = finds_plainly(collection), _updates_plainly(collection)
    names_no_uuids = _names_no_uuids(collection)
    return Target(
        collection=collection,
        known=known,
        finds_plainly=finds,
        updates_plainly=updates,
        is_of_driver=is_of_driver(collection),
        needs_no_session=(
            # An unacknowledged write must not have a session.
            updates and _is_plain_client(client) and collection.write_concern.acknowledged
        ),
        read_options=_read_options(collection) if finds else None,
        command_options=_command_options(collection) if updates else None,
        writing=_with_standard_uuids(collection) if names_no_uuids else collection,
        names_no_uuids=names_no_uuids,
    )


def check_acknowledged(collection: Any, operation: str, model: type[Any]) -> None:
    """Check that the server answers writes, for operations that need what it says.

    Raises:
        TypeError: if the write concern of the collection is `w=0`.
    """
    if not is_acknowledged(collection):
        raise TypeError(
            f"{operation} of {model.__name__} needs the server's answer, but the collection has the write concern w=0: "
            "use a client or an engine whose writes are acknowledged"
        )


def is_acknowledged(collection: Any) -> bool:
    """Return whether the server answers writes."""
    concern: Any = getattr(collection, "write_concern", None)
    return getattr(concern, "acknowledged", None) is not False


def finds_plainly(collection: Any) -> bool:
    """Return whether this is a PyMongo collection whose methods to find were not replaced."""
    return (
        type(collection) in _COLLECTIONS
        and has_own(collection, "find")
        and has_own(collection, "find_one")
    )


def is_of_driver(collection: Any) -> bool:
    """Return whether a collection writes with the driver's own methods.

    A stand-in, or a subclass by a program, may have its own `update_one`.
    """
    write: Any = getattr(cast("object", type(collection)), "update_one", None)
    module: Any = getattr(write, "__module__", None)
    return (
        isinstance(module, str)
        and module.startswith("pymongo.")
        and has_own(collection, "update_one")
    )


def has_own(value: object, method: str) -> bool:
    """Return whether a method of an object is that of its class.

    Reading the object's `__dict__` would make its attributes slower from then on, in CPython 3.11 and 3.12.
    """
    return getattr(getattr(value, method), "__func__", None) is getattr(type(value), method)


def is_usual_codec(options: CodecOptions[Any]) -> bool:
    """Return whether documents are decoded to dictionaries, without types of the program."""
    return options.document_class is dict and options.type_registry == _NO_TYPES


def _updates_plainly(collection: Any) -> bool:
    return type(collection) in _COLLECTIONS and has_own(collection, "update_one")


def _is_plain_client(client: Any) -> bool:
    return type(client) in _CLIENTS and has_own(client, "start_session")


def _read_options(collection: Any) -> CodecOptions[Any] | None:
    # The driver neither adds a read concern or a read preference to a command, nor decodes a program's own types in
    # the reply.
    options: CodecOptions[Any] = collection.codec_options
    is_usual = (
        collection.read_preference == ReadPreference.PRIMARY
        and collection.read_concern.level is None
        and is_usual_codec(options)
    )
    return options if is_usual else None


def _command_options(collection: Any) -> CodecOptions[Any]:
    # Text that is cut off in the middle of a character must not hide the error around it.
    options: CodecOptions[Any] = collection.codec_options
    if _names_no_uuids(collection):
        options = options.with_options(uuid_representation=UuidRepresentation.STANDARD)
    return options.with_options(document_class=dict, unicode_decode_error_handler="replace")


def _names_no_uuids(collection: Any) -> bool:
    """Return whether the driver would refuse a UUID; stand-ins and classes of a program decide themselves."""
    is_usual = _updates_plainly(collection) or is_motor_collection(collection)
    unspecified = UuidRepresentation.UNSPECIFIED
    return is_usual and collection.codec_options.uuid_representation == unspecified


def _with_standard_uuids(collection: Any) -> Any:
    # For writes only: with it, reads would return binary data as UUIDs.
    options = collection.codec_options
    standard = options.with_options(uuid_representation=UuidRepresentation.STANDARD)
    return collection.with_options(codec_options=standard)
