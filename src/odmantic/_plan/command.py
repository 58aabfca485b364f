"""The read and the write of one document as commands.

Commands of a transaction are never sent twice. So in a transaction the plain command is enough, without the driver's
preparations for a retry, which are a good part of the cost of `update_one`. A read may be retried: first the plain
command is sent, without a cursor, and a retry is left to the driver.

See https://www.mongodb.com/docs/manual/reference/command/update/ and
https://www.mongodb.com/docs/manual/reference/command/find/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteError,
)
from pymongo.results import UpdateResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from odmantic._plan.writes import Update
    from odmantic.query import SortExpression

_DUPLICATE_KEY = 11000

_PASSING = frozenset({6, 7, 89, 134, 262, 9001})
"""Codes of errors after which a read is retried, besides those for which the driver has a class.

See https://github.com/mongodb/specifications/blob/master/source/retryable-reads/retryable-reads.md
"""


def find_command(
    collection: str, query: Mapping[str, Any], sort: SortExpression | None
) -> dict[str, Any]:
    """Return the command that `find_one` sends."""
    command: dict[str, Any] = {"find": collection, "filter": query}
    if sort:
        command["sort"] = sort
    command["limit"] = 1
    command["singleBatch"] = True
    return command


def first_document(reply: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the document in the reply to `find_command`."""
    documents = reply["cursor"]["firstBatch"]
    return documents[0] if documents else None


def may_read_again(error: PyMongoError) -> bool:
    """Return whether the driver retries a read after this error, outside a transaction."""
    if isinstance(error, ConnectionFailure):
        # The time is up, or the driver, which retries commands for a busy server, has done so.
        is_over = isinstance(error, ServerSelectionTimeoutError)
        return not is_over and not error.has_error_label("SystemOverloadedError")
    return getattr(error, "code", None) in _PASSING


def update_command(collection: str, update: Update) -> dict[str, Any]:
    """Return the command that `update_one` sends."""
    one = {"q": update.filter, "u": update.update, "multi": False, "upsert": update.upsert}
    return {"update": collection, "ordered": True, "updates": [one]}


def met_document(reply: Mapping[str, Any]) -> bool:
    """Return whether the command matched or created its document.

    Raises:
        DuplicateKeyError: if a unique index refuses the document.
        WriteError: if the server refuses it for another reason.
    """
    for error in reply.get("writeErrors", ()):
        raise refusal(error)
    return bool(reply["n"])


def has_matched(result: Any) -> bool:
    """Return whether an `update_one` matched its document."""
    # The properties of a result are much slower than the reply behind them.
    reply = result.raw_result if type(result) is UpdateResult else None
    return bool(reply["n"] if reply else result.matched_count)


def refusal(error: Mapping[str, Any]) -> WriteError:
    """Return the driver's error for a write error in the server's reply."""
    kind = DuplicateKeyError if error["code"] == _DUPLICATE_KEY else WriteError
    return kind(error["errmsg"], error["code"], error)
