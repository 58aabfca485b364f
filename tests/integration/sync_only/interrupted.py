"""A program that Ctrl-C meets while a command is on its way, or before a commit is; `test_keyboard_interrupt` runs it.

Arguments: the URI, the name of the database, the command, or `check-out` for what is before a commit.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

from pymongo import MongoClient
from pymongo.monitoring import CommandListener, ConnectionPoolListener

from odmantic import Model
from odmantic.engine import SyncEngine


class User(Model):
    name: str
    tags: list[str] = []


class _Interrupter(CommandListener):
    """Has the process interrupted a moment after a command was sent, once."""

    def __init__(self, command):
        self.sent = []
        self._command = command

    def started(self, event):
        self.sent.append(event.command_name)
        if event.command_name == self._command:
            self._command = None
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


class _EarlyInterrupter(CommandListener, ConnectionPoolListener):
    """Interrupts the process when the driver wants a connection for the commit."""

    def __init__(self):
        self.sent = []
        self._is_next = False

    def started(self, event):
        self.sent.append(event.command_name)

    def succeeded(self, event):
        # The last command before the commit.
        self._is_next = event.command_name == "aggregate"

    def failed(self, event):
        pass

    def connection_check_out_started(self, event):
        if self._is_next:
            self._is_next = False
            signal.raise_signal(signal.SIGINT)

    def _ignore(self, event):
        pass

    connection_check_out_failed = connection_checked_out = connection_checked_in = _ignore
    connection_created = connection_ready = connection_closed = _ignore
    pool_created = pool_ready = pool_cleared = pool_closed = _ignore


def _work(transaction, users):
    for user in users:
        transaction.save(user)
    transaction.count(User)


def _block(engine, users):
    with engine.transaction() as transaction:
        _work(transaction, users)


def _callback(engine, users):
    engine.run_transaction(lambda transaction: _work(transaction, users))


def _in_session(engine, users):
    with engine.session() as session, session.transaction() as transaction:
        _work(transaction, users)


def _by_hand(engine, users):
    transaction = engine.transaction()
    transaction.start()
    try:
        _work(transaction, users)
    except BaseException:
        transaction.abort()
        raise
    transaction.commit()


_WAYS = {"block": _block, "callback": _callback, "session": _in_session, "by hand": _by_hand}


def _operations(observer, name, condition):
    pipeline = [{"$currentOp": {"idleSessions": True}}, {"$match": {"appName": name} | condition}]
    return len(list(observer.admin.aggregate(pipeline)))


def _interrupted(run, uri, name, command, observer):
    """What became of one transaction; afterwards the same objects are saved again."""
    interrupter = _EarlyInterrupter() if command == "check-out" else _Interrupter(command)
    users, told = [User(name="Ada"), User(name="Bob", tags=["new"])], {}
    stored = observer[name]["user"]
    with MongoClient(uri, appname=name, event_listeners=[interrupter]) as client:
        engine = SyncEngine(client, database=name)
        try:
            run(engine, users)
        except BaseException as error:
            told["error"] = type(error).__name__
        told["sent"] = list(interrupter.sent)
        while _operations(
            observer, name, {f"command.{command}": {"$exists": True}, "active": True}
        ):
            time.sleep(0.05)
        told["open"] = _operations(observer, name, {"transaction": {"$exists": True}})
        servers = client._topology._servers.values()
        told["in use"] = sum(server.pool.active_sockets for server in servers)
        told["stored"] = stored.count_documents({})
        told["dirty"] = [sorted(user.__fields_modified__) for user in users]
        engine.save_all(users)
        told["equal"] = all(
            stored.find_one({"_id": user.id}) == user.model_dump_doc() for user in users
        )
        with engine.transaction() as transaction:
            transaction.remove(User)
        told["left"] = stored.count_documents({})
    return told


def main(uri, name, command):
    """Print what happens in each way, as JSON."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    held = {"failCommands": [command], "appName": name, "blockConnection": True, "blockTimeMS": 600}
    with MongoClient(uri) as observer:
        observer[name].create_collection("user")
        told = {}
        for way, run in _WAYS.items():
            observer.admin.command(
                {"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": held}
            )
            told[way] = _interrupted(run, uri, name, command, observer)
            observer.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
