"""The options of a transaction (contract, section 23)."""

from __future__ import annotations

from typing import Any

from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern


def transaction_options(client: Any) -> dict[str, Any]:
    """Keyword arguments of the driver's `start_transaction`.

    Reads go to the primary, as MongoDB demands. Concerns that the client sets explicitly stay; otherwise a
    transaction reads one snapshot of majority-committed data and its commit waits for the majority.

    See https://www.mongodb.com/docs/manual/core/transactions/#read-concern-write-concern-read-preference
    """
    options: dict[str, Any] = {"read_preference": ReadPreference.PRIMARY}
    if getattr(client, "read_concern", None) == ReadConcern():
        options["read_concern"] = ReadConcern("snapshot")
    if getattr(client, "write_concern", None) == WriteConcern():
        options["write_concern"] = WriteConcern("majority")
    return options
