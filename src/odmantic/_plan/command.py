"""The write of one document as a command.

Nothing that belongs to a transaction is sent twice. So inside of one the command itself does, without the driver's
preparations for a second try, which are a good part of what `update_one` takes.

See https://www.mongodb.com/docs/manual/reference/command/update/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError, WriteError
from pymongo.results import UpdateResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from odmantic._plan.save import SavePlan

_DUPLICATE_KEY = 11000


def update_command(collection: str, plan: SavePlan) -> dict[str, Any]:
    """Give the command that `update_one` sends for a plan."""
    update = {
        "q": {"_id": plan.id_},
        "u": {"$set": plan.document},
        "multi": False,
        "upsert": plan.upsert,
    }
    return {"update": collection, "ordered": True, "updates": [update]}


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
