"""Replies whose documents stay encoded, and are decoded in pieces as they are read.

The driver decodes a whole reply at once. The dictionaries of thousands of documents leave the processor's cache before
instances are made of them, and the garbage collector traverses them meanwhile; those of a hundred documents do neither.
"""

from __future__ import annotations

import logging
from itertools import chain, count
from struct import Struct, error
from typing import TYPE_CHECKING, Any, NamedTuple

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.monitoring import CommandListener

from odmantic._driver.plain import UNMADE, is_usual_codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from bson.codec_options import CodecOptions

    from odmantic._driver.plain import Target

PIECE_SIZE = 100
"""The largest number of documents in a piece."""

_SMALL = 65_536
"""The largest size in bytes of a reply that is decoded faster as a whole."""

_SIZE = Struct("<I")
_size_at = _SIZE.unpack_from

# BSON types (https://bsonspec.org/spec.html) that occur in a reply outside its documents: those of a fixed size, and
# those that begin with their size, with the number of bytes that it does not count.
_DOCUMENT, _ARRAY = 0x03, 0x04
_FIXED = {0x01: 8, 0x08: 1, 0x09: 8, 0x10: 4, 0x11: 8, 0x12: 8}
_COUNTED = {0x02: 4, _DOCUMENT: 0, _ARRAY: 0}
_LONGEST_KEY = 32
_BATCHES = frozenset({"firstBatch", "nextBatch"})
_ARRAY_KEY = bytes([_ARRAY, 0])

# The type of its other argument is incomplete.
_decode: Callable[..., dict[str, Any]] = bson.decode  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
_command_log = logging.getLogger("pymongo.command")


def in_pieces(target: Target) -> Any:
    """Return a collection whose cursors return pieces of replies, for `documents_of`; `None` if that is impossible.

    A program that listens to the driver's commands, or logs them, must see documents in the replies.
    """
    if not target.finds_plainly or _command_log.isEnabledFor(logging.DEBUG):
        return None
    if target.twin is UNMADE:
        target.twin = _twin(target.collection)
    return target.twin


def documents_of(
    pieces: Iterable[memoryview | list[dict[str, Any]] | dict[str, Any]],
    options: CodecOptions[dict[str, Any]],
) -> Iterator[list[dict[str, Any]]]:
    """Decode the results of a cursor, piece by piece.

    Raises:
        bson.errors.InvalidBSON: if Python has no value for a part of a document, such as a date in the year 10000.
    """
    for piece in pieces:
        if isinstance(piece, dict):  # of a replaced `find` in the driver's class
            yield [piece]
        else:
            yield piece if isinstance(piece, list) else _decode_array(piece, options)


def _twin(collection: Any) -> Any:
    client_options = collection.database.client.options
    shows_answers = client_options.auto_encryption_opts is not None or any(
        isinstance(listener, CommandListener) for listener in client_options.event_listeners
    )
    options: CodecOptions[Any] = collection.codec_options
    if shows_answers or not is_usual_codec(options):
        return None
    return collection.with_options(codec_options=options.with_options(document_class=_Answer))


class _Answer(RawBSONDocument):
    """The type that the driver decodes replies to: a plain dictionary, except for the batch in it."""

    def __new__(  # type: ignore[misc] # the driver takes whatever the call of its document class gives
        cls, raw: bytes | memoryview, options: CodecOptions[Any]
    ) -> dict[str, Any]:
        """Decode a reply without the documents of its cursor, or with them if it is small."""
        if len(raw) > _SMALL:
            try:
                return _with_encoded_batch(memoryview(raw))
            except (LookupError, ValueError, error):  # MongoDB does not build it like this
                pass
        return _with_batch(_decode(raw, options._replace(document_class=dict)))


class _Batch:
    """The documents of a reply: the length counts documents, but iteration yields pieces."""

    __slots__ = ("_length", "_pieces")

    def __init__(self, pieces: list[Any], length: int) -> None:
        self._pieces = pieces
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pieces)


def _with_batch(answer: dict[str, Any]) -> dict[str, Any]:
    """Have the documents of a decoded reply returned in pieces, if it has any."""
    cursor = answer.get("cursor", {})
    for name in cursor.keys() & _BATCHES:
        documents = cursor[name]
        starts = range(0, len(documents), PIECE_SIZE)
        pieces = [documents[start : start + PIECE_SIZE] for start in starts]
        cursor[name] = _Batch(pieces, len(documents))
    return answer


def _with_encoded_batch(answer: memoryview) -> dict[str, Any]:
    """Decode a reply except its documents.

    Raises:
        LookupError, ValueError, struct.error: if it has no documents, or an unusual layout.
    """
    place = _find(answer, _DOCUMENT, {"cursor"})
    cursor = answer[place.value : place.end]
    batch = _find(cursor, _ARRAY, _BATCHES)
    decoded = _without(answer, place)
    decoded["cursor"] = _without(cursor, batch)
    decoded["cursor"][batch.key] = _cut(cursor[batch.value : batch.end])
    return decoded


def _cut(array: memoryview) -> _Batch:
    pieces: list[memoryview] = []
    number = 0
    position, end = 4, len(array) - 1
    # In a piece, all keys have the same length.
    for stop in chain((10,), count(PIECE_SIZE, PIECE_SIZE)):
        if position >= end:
            break
        start = position
        head = len(str(number)) + 2
        while number < stop and position < end:
            position += head
            position += _size_at(array, position)[0]
            number += 1
        pieces.append(array[start:position])
    if position != end:  # the keys are not the numbers from zero
        raise LookupError
    return _Batch(pieces, number)


class _Element(NamedTuple):
    """The position of a value in an encoded document, and of its key before it."""

    key: str
    start: int
    value: int
    end: int


def _find(document: memoryview, wanted: int, keys: AbstractSet[str]) -> _Element:
    """Find a value of a type.

    Raises:
        LookupError, ValueError, struct.error: if there is none, or the elements before it are unusual.
    """
    start = 4
    while kind := document[start]:
        head = bytes(document[start + 1 : start + 1 + _LONGEST_KEY])
        key = head[: head.index(0)].decode()
        value = start + len(key) + 2
        size = _FIXED.get(kind) or _COUNTED[kind] + _size_at(document, value)[0]
        if kind == wanted and key in keys:
            return _Element(key, start, value, value + size)
        start = value + size
    raise LookupError


def _without(document: memoryview, element: _Element) -> dict[str, Any]:
    before, behind = document[4 : element.start], document[element.end : -1]
    size = 5 + len(before) + len(behind)
    return _decode(b"".join((_SIZE.pack(size), before, behind, b"\0")))


def _decode_array(
    elements: memoryview, options: CodecOptions[dict[str, Any]]
) -> list[dict[str, Any]]:
    # As an array: in a document the keys would be decoded too.
    size = 5 + len(elements)
    array = (_SIZE.pack(size), elements, b"\0")
    document = b"".join((_SIZE.pack(size + 7), _ARRAY_KEY, *array, b"\0"))
    documents: list[dict[str, Any]] = _decode(document, options)[""]
    return documents
