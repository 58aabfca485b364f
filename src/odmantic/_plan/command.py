"""The read and the write of one document as commands.

Nothing that belongs to a transaction is sent twice. So inside of one the command itself does, without the driver's
preparations for a second try, which are a good part of what `update_one` takes. A read may be sent again, and is left
to the driver then; at first the command does, without a cursor.

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
    from odmantic.query import QueryExpression, SortExpression

_DUPLICATE_KEY = 11000

#: Codes of errors after which a read is sent again, beside those for which the driver has a class of its own.
#: See https://github.com/mongodb/specifications/blob/master/source/retryable-reads/retryable-reads.md
_PASSING = frozenset({6, 7, 89, 134, 262, 9001})


def find_command(
    collection: str, query: QueryExpression, sort: SortExpression | None
) -> dict[str, Any]:
    """Give the command that `find_one` sends."""
    command: dict[str, Any] = {"find": collection, "filter": query}
    if sort:
        command["sort"] = sort
    command["limit"] = 1
    command["singleBatch"] = True
    return command


def first_document(reply: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the document in the reply to `find_command`."""
    documents = reply["cursor"]["firstBatch"]
    return documents[0] if documents else None


def may_read_again(error: PyMongoError) -> bool:
    """Tell whether the driver sends a read again that failed so, outside of a transaction."""
    if isinstance(error, ConnectionFailure):
        # Time is up; or the driver, which sends commands again to a busy server, has done so.
        is_over = isinstance(error, ServerSelectionTimeoutError)
        return not is_over and not error.has_error_label("SystemOverloadedError")
    return getattr(error, "code", None) in _PASSING


def update_command(collection: str, update: Update) -> dict[str, Any]:
    """Return the command that `update_one` sends."""
    one = {"q": update.filter, "u": update.update, "multi": False, "upsert": update.upsert}
    return {"update": collection, "ordered": True, "updates": [one]}


def met_document(reply: Mapping[str, Any]) -> bool:
    """Tell whether the command met or made its document.

    Raises:
        DuplicateKeyError: a unique index refuses the document.
        WriteError: the server refuses it for another reason.
    """
    for error in reply.get("writeErrors", ()):
        raise refusal(error)
    return bool(reply["n"])


def has_matched(result: Any) -> bool:
    """Tell whether an `update_one` met its document."""
    # The properties of a result take far longer than the reply they are made of.
    reply = result.raw_result if type(result) is UpdateResult else None
    return bool(reply["n"] if reply else result.matched_count)


def refusal(error: Mapping[str, Any]) -> WriteError:
    """Give the driver's error for one that the server tells of a single write."""
    kind = DuplicateKeyError if error["code"] == _DUPLICATE_KEY else WriteError
    return kind(error["errmsg"], error["code"], error)
