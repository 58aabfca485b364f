"""Dropping a test's database, whatever the test left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import ExecutionTimeout

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database

_PATIENCE_MILLISECONDS = 500


def drop_database(client: MongoClient[dict[str, Any]], name: str) -> None:
    """Drop a database, and abort the transactions that block this.

    A transaction that a test left open holds locks until the server aborts it after a minute. The plugin's engines name
    their client's application after the database, so these transactions can be identified.
    """
    try:
        _drop(client[name], maxTimeMS=_PATIENCE_MILLISECONDS)
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
        _drop(client[name])


def _drop(database: Database[dict[str, Any]], **options: Any) -> None:
    """Drop the collections before the database: for those that it has, the server waits a tenth of a second."""
    for name in database.list_collection_names():
        if not name.startswith("system."):
            database.command("drop", name, **options)
    database.command("dropDatabase", **options)
