"""Dropping a test's database, whatever the test left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import ExecutionTimeout

if TYPE_CHECKING:
    from pymongo import MongoClient

_PATIENCE_MILLISECONDS = 500


def drop_database(client: MongoClient[dict[str, Any]], name: str) -> None:
    """Drop a database, and abort the transactions that block this.

    A transaction that a test left open holds locks until the server aborts it after a minute. The plugin's engines name
    their client's application after the database, so these transactions can be identified.
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
