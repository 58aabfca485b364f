"""Dropping the database of a test, whatever the test left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import ExecutionTimeout

if TYPE_CHECKING:
    from pymongo import MongoClient

_PATIENCE_MILLISECONDS = 500


def drop_database(client: MongoClient[dict[str, Any]], name: str) -> None:
    """Drops a database, ending the transactions that keep it.

    A transaction that a test left open holds locks until the server gives it up after a minute.
    The engines of the plugin name their client's application after the database, so those
    transactions can be told from everybody else's.
    """
    database = client[name]
    try:
        database.command("dropDatabase", maxTimeMS=_PATIENCE_MILLISECONDS)
    except ExecutionTimeout:
        left_open: list[dict[str, Any]] = list(
            client.admin.aggregate(
                [
                    {"$currentOp": {"idleSessions": True}},
                    {"$match": {"appName": name, "transaction": {"$exists": True}}},
                    {"$project": {"id": "$lsid.id"}},
                ]
            )
        )
        client.admin.command("killSessions", [{"id": session["id"]} for session in left_open])
        database.command("dropDatabase")
