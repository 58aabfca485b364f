"""The error of a write of many documents that goes on behind failures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pymongo.errors

from odmantic._errors.base import BaseEngineException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

_CODE = 65


@dataclass(frozen=True)
class BulkResult:
    """What a write of many documents has done.

    Attributes:
        inserted_count: The number of inserted documents.
        matched_count: The number of documents that updates and replacements met.
        modified_count: The number of documents that these changed.
        deleted_count: The number of deleted documents.
        upserted_ids: The `_id` of each document that an upsert made, by the number of the operation.
    """

    inserted_count: int = 0
    matched_count: int = 0
    modified_count: int = 0
    deleted_count: int = 0
    upserted_ids: Mapping[int, Any] = field(default_factory=dict[int, Any])


@dataclass(frozen=True)
class BulkFailure:
    """One write that failed among many.

    Attributes:
        index: Its place in what the program gave, from 0.
        operation: The operation, such as `"insert"`.
        model: The model.
        instance: The instance, if it was the write of one.
        error: What the write alone would have raised.
    """

    index: int
    operation: str
    model: type[BaseModel]
    instance: BaseModel | None
    error: Exception


class BulkWriteError(BaseEngineException, pymongo.errors.BulkWriteError):
    """Some of many documents could not be written; all others are.

    Attributes:
        result: What was done.
        failures: What failed, in order.
        details: What the driver's error of this name has, without the documents.
    """

    def __init__(
        self, result: BulkResult, failures: Sequence[BulkFailure], details: Mapping[str, Any]
    ) -> None:
        first = failures[0]
        count = f"{len(failures)} writes" if len(failures) > 1 else "1 write"
        message = f"{count} failed; the first one, number {first.index}, with: {first.error}"
        pymongo.errors.OperationFailure.__init__(self, message, _CODE, dict(details))
        # Without the details, which hold values.
        self.args: tuple[Any, ...] = (message,)
        self.model: type[BaseModel] = first.model
        self.result = result
        self.failures: list[BulkFailure] = list(failures)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.result, self.failures, self.details), self.__dict__
