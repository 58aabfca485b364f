"""The documents of an insert that the driver or the server refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bson
import pymongo.errors

from odmantic._errors.bulk import BulkFailure, BulkResult, BulkWriteError
from odmantic._plan.command import refusal
from odmantic._plan.errors import NOT_ENCODABLE
from odmantic._plan.outcome import MAX_DOCUMENT_SIZE, failure_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bson.codec_options import CodecOptions
    from pymongo.errors import OperationFailure

    from odmantic.model import Model

_ONE_MESSAGE = 40_000_000
"""Bytes that the driver sends at once in any case; it takes up to 48 million."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """What the server refused of the documents of one command."""

    errors: Mapping[int, OperationFailure]
    """By number, the errors that single inserts would have raised; none if it only could not confirm the write."""
    first: OperationFailure


def refusals_of(error: pymongo.errors.BulkWriteError, positions: Sequence[int]) -> Refusals:
    """Read the error of an insert of many.

    Args:
        error: The error.
        positions: The places of the documents in what the program gave, which the errors get.
    """
    details: Any = error.details
    sums = {key: details[key] for key in _SUMS if key in details}
    errors: dict[int, OperationFailure] = {}
    for each in details["writeErrors"]:
        # Not the document: it may hold secrets.
        told = {key: value for key, value in each.items() if key != "op"}
        number = told["index"]
        told["index"] = positions[number]
        errors[number] = refusal({**sums, "writeErrors": [told], **told})
    first = next(iter(errors.values())) if errors else failure_of(error).error
    return Refusals(errors, first)


_SUMS = ("nInserted", "nMatched", "nModified", "nRemoved", "nUpserted", "writeConcernErrors")


def unfit_documents(
    documents: Sequence[dict[str, Any]], options: CodecOptions[Any]
) -> tuple[dict[int, Exception], bool]:
    """Find the documents that have no stored form, or exceed MongoDB's limit.

    Returns:
        The error of each, by number, and whether nothing can have been sent when the driver met the first one.
    """
    unfit: dict[int, Exception] = {}
    size, is_unsent = 0, True
    for number, document in enumerate(documents):
        try:
            length = len(bson.encode(document, codec_options=options))
            if length > MAX_DOCUMENT_SIZE:
                raise pymongo.errors.DocumentTooLarge(f"it has {length} bytes")
            size += length
        except NOT_ENCODABLE as error:
            is_unsent = is_unsent and (bool(unfit) or size < _ONE_MESSAGE)
            unfit[number] = error
    return unfit, is_unsent


def bulk_error(failed: Mapping[int, tuple[Model, Exception]], inserted: int) -> BulkWriteError:
    """Return the error for instances that were not inserted, by their places, when all others were."""
    failures = [
        BulkFailure(place, "insert", type(instance), instance, error)
        for place, (instance, error) in sorted(failed.items())
    ]
    told = [_told(each) for each in failures]
    details = {**dict.fromkeys(_SUMS[:-1], 0), "nInserted": inserted}
    return BulkWriteError(
        BulkResult(inserted_count=inserted),
        failures,
        {**details, "writeErrors": told, "writeConcernErrors": [], "upserted": []},
    )


def _told(failure: BulkFailure) -> dict[str, Any]:
    """Return what the driver tells about a failure; of one of its own, the text."""
    for error in (failure.error, failure.error.__cause__):
        details: Any = getattr(error, "details", None)
        if details and details.get("writeErrors"):
            return dict(details["writeErrors"][0])
    return {"index": failure.index, "code": None, "errmsg": str(failure.error)}
