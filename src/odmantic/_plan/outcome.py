"""The outcome of a bulk write: its errors, and the documents that were missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bson
from pymongo.errors import (
    BulkWriteError,
    DuplicateKeyError,
    OperationFailure,
    WriteConcernError,
    WriteError,
    WTimeoutError,
)

from odmantic._plan.batch import PLAIN_IDS, Batch
from odmantic._plan.command import refusal
from odmantic._plan.errors import NOT_ENCODABLE, depth

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bson.codec_options import CodecOptions

_WRITE_CONCERN_FAILED = 64
MAX_DOCUMENT_SIZE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Failure:
    """The failure of a bulk write, with the error that a single write would have raised."""

    error: OperationFailure
    done: int
    """The number of writes before the one that failed; 0 also if unknown."""
    updated: int
    """The number of documents that the updates among those matched or created."""


def failure_of(error: BulkWriteError) -> Failure:
    """Read the error of an ordered bulk write."""
    details: Any = error.details
    updated = details["nMatched"] + details["nUpserted"]
    if details["writeErrors"]:
        first = {key: value for key, value in details["writeErrors"][0].items() if key != "op"}
        done: int = first["index"]
        first["index"] = 0
        return Failure(refusal(first), done, updated)
    last = details["writeConcernErrors"][-1]
    is_timeout = last.get("code") == _WRITE_CONCERN_FAILED
    concern_kind = WTimeoutError if is_timeout else WriteConcernError
    return Failure(concern_kind(last.get("errmsg"), last.get("code"), last), 0, 0)


def is_known_id(error: Exception) -> bool:
    """Return whether a document with the id of a failed insert exists."""
    if not isinstance(error, DuplicateKeyError):
        return False
    details = error.details or {}
    pattern = details.get("keyPattern")
    return pattern == {"_id": 1} if pattern else " index: _id_ " in str(details.get("errmsg"))


def is_doubtful(batch: Batch, failure: Failure) -> bool:
    """Return whether the server may accept as an update what it has refused to insert."""
    return (
        isinstance(failure.error, WriteError)
        and batch.are_new[failure.done]
        and (batch.supposes or is_known_id(failure.error))
    )


def first_not_encodable(
    documents: Sequence[dict[str, Any]], codec_options: CodecOptions[Any]
) -> int | None:
    """Return the number of the first document that has no stored form, or exceeds MongoDB's limit."""
    for number, document in enumerate(documents):
        try:
            size = len(bson.encode(document, codec_options=codec_options))
        except NOT_ENCODABLE:
            return number
        if size > MAX_DOCUMENT_SIZE:
            return number
    return None


def deepest(documents: Sequence[dict[str, Any]]) -> int:
    """Return the number of the most deeply nested document."""
    return max(range(len(documents)), key=lambda number: depth(documents[number]))


def missing_writes(batch: Batch, found: Iterable[Any]) -> tuple[list[int], list[int]]:
    """Find the partial updates that may have matched no document.

    Returns:
        Those whose id was not found, and those whose ids cannot be compared.
    """
    known = {id_ for id_ in found if isinstance(id_, PLAIN_IDS)}
    missing: list[int] = []
    unsure: list[int] = []
    seen: set[Any] = set()
    for number, (id_, is_whole) in enumerate(zip(batch.ids, batch.are_whole, strict=True)):
        if is_whole:
            continue
        # Of two instances of one document, the second is written once the first has created it.
        if not isinstance(id_, PLAIN_IDS) or id_ in seen:
            unsure.append(number)
        elif id_ not in known:
            missing.append(number)
            seen.add(id_)
    return missing, unsure
