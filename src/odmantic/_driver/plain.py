"""Whether a client and a collection are PyMongo's own, with nothing replaced, so that a shorter way does the same.

What is found is kept with the collection: an engine looks once at that of each model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from bson.codec_options import TypeRegistry
from pymongo import AsyncMongoClient, MongoClient, ReadPreference
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.collection import Collection

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions

    from odmantic._state.places import Known

_CLIENTS = frozenset({AsyncMongoClient, MongoClient})
_COLLECTIONS = frozenset({AsyncCollection, Collection})
_NO_TYPES = TypeRegistry()

#: Stands for what has not been made yet, where `None` says that there is none.
UNMADE: Any = object()


@dataclass(slots=True, eq=False)
class Target:
    """A collection that operations use, and the ways that it has."""

    collection: Any
    known: Known
    """Says that documents are known there."""
    finds_plainly: bool
    """Whether it is PyMongo's, with its own ways to find."""
    updates_plainly: bool
    """Whether it is PyMongo's, with its own way to update."""
    is_of_driver: bool
    """Whether it is written in the driver's own way, so that one write and many are the same to it."""
    needs_no_session: bool
    """Whether the driver's implicit session does for a single write: on the wire it is the same."""
    read_options: CodecOptions[Any] | None
    """Codec options for commands that read; `None` if only the collection's methods will do."""
    command_options: CodecOptions[Any] | None
    """Codec options for commands that write; `None` as above."""
    twin: Any = UNMADE
    """What `encoded_batches` reads from; it is made when it is asked for."""


def target_at(collection: Any, client: Any, known: Known) -> Target:
    """Look at a collection, and at the client whose sessions write to it."""
    finds, updates = finds_plainly(collection), _updates_plainly(collection)
    return Target(
        collection=collection,
        known=known,
        finds_plainly=finds,
        updates_plainly=updates,
        is_of_driver=is_of_driver(collection),
        needs_no_session=(
            # Where no write is acknowledged, a session is an error.
            updates and _is_plain_client(client) and collection.write_concern.acknowledged
        ),
        read_options=_read_options(collection) if finds else None,
        command_options=_command_options(collection) if updates else None,
    )


def finds_plainly(collection: Any) -> bool:
    """Return whether this is a collection of PyMongo whose ways to find were not replaced."""
    return (
        type(collection) in _COLLECTIONS
        and has_own(collection, "find")
        and has_own(collection, "find_one")
    )


def is_of_driver(collection: Any) -> bool:
    """Return whether a collection writes in the driver's own way.

    A stand-in, or a subclass of a program, may do something of its own in `update_one`.
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

    The object's `__dict__` could tell, but CPython 3.11 and 3.12 would read its attributes more slowly ever after.
    """
    return getattr(getattr(value, method), "__func__", None) is getattr(type(value), method)


def is_usual_codec(options: CodecOptions[Any]) -> bool:
    """Return whether documents are decoded to dictionaries, with no types of a program's own in them."""
    return options.document_class is dict and options.type_registry == _NO_TYPES


def _updates_plainly(collection: Any) -> bool:
    return type(collection) in _COLLECTIONS and has_own(collection, "update_one")


def _is_plain_client(client: Any) -> bool:
    return type(client) in _CLIENTS and has_own(client, "start_session")


def _read_options(collection: Any) -> CodecOptions[Any] | None:
    # The driver adds neither a read concern nor a read preference to a command, nor decodes a program's own types in
    # the reply.
    options: CodecOptions[Any] = collection.codec_options
    is_usual = (
        collection.read_preference == ReadPreference.PRIMARY
        and collection.read_concern.level is None
        and is_usual_codec(options)
    )
    return options if is_usual else None


def _command_options(collection: Any) -> CodecOptions[Any]:
    # A text that is cut off in the middle of a character must not hide the error that it is part of.
    options: CodecOptions[Any] = collection.codec_options
    return options.with_options(document_class=dict, unicode_decode_error_handler="replace")
