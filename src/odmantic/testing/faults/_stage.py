"""The stage of a program with faults: its own database, behind a proxy."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from odmantic.testing._databases import drop_database
from odmantic.testing.errors import LocalReplicaSetError
from odmantic.testing.faults._points import Command, Fault, FaultPoint
from odmantic.testing.faults._proxy import LOST, PASS, Passage, Proxy

if TYPE_CHECKING:
    from collections.abc import Mapping

Cancel = Callable[[], None]
"""Cancels the program, and returns when the cancellation has arrived."""

_SNAPSHOT_UNAVAILABLE = 246
_WRITE_CONFLICT = 112
# Not one of the codes after which the driver waits for news of the server's state: there will be none.
_EXCEEDED_TIME_LIMIT = 262
_TIME_EXPIRED = 50

_SELECTION_MILLISECONDS = "5000"
"""The driver's time to look for the server; it is always there, as long as a run has time left."""

_PATIENCE = 1.0
"""Seconds until the server has noticed that a program ended."""


class Watch:
    """An observer of the commands of one run, which makes one of them fail.

    Attributes:
        commands: The commands, in order.
        has_hit: Whether the fault happened.
    """

    def __init__(self, server: FaultyServer, point: FaultPoint | None) -> None:
        self.commands: list[Command] = []
        self.has_hit = False
        self.cancel: Cancel = lambda: None
        self._server = server
        self._point = point
        self._lock = threading.Lock()

    @property
    def attempts(self) -> int:
        """How many transactions were begun."""
        return sum(command.begins for command in self.commands)

    def on_command(self, document: dict[str, Any]) -> Passage:
        """Note a command, and cause the fault if it is its turn."""
        command = Command.of(document)
        if command is None:
            return PASS
        with self._lock:
            self.commands.append(command)
            point = self._point
            if (
                point is None
                or self.has_hit
                or len(self.commands) != point.number
                or not point.fault.applies_to(command)
            ):
                return PASS
            self.has_hit = True
        return self._injected(point.fault, command, document)

    def _injected(self, fault: Fault, command: Command, document: Mapping[str, Any]) -> Passage:
        match fault:
            case Fault.LOST_BEFORE:
                return LOST
            case Fault.LOST_AFTER:
                return Passage(on_reply=lambda: LOST)
            case Fault.CANCELLED_BEFORE:
                self.cancel()
            case Fault.CANCELLED_AFTER:
                return Passage(on_reply=self._cancelled)
            case _:
                self._server.prepare(fault, command, document)
        return PASS

    def _cancelled(self) -> Passage:
        self.cancel()
        return PASS


class FaultyServer:
    """A server that can be told to fail commands of the clients with one application name."""

    def __init__(self, uri: str, name: str) -> None:
        self.client: MongoClient[dict[str, Any]] = MongoClient(uri)
        self.name = name

    def prepare(self, fault: Fault, command: Command, document: Mapping[str, Any]) -> None:
        """Make the next such command fail, in the state that the server would then be in."""
        is_commit = command.name == "commitTransaction"
        match fault:
            case Fault.TRANSIENT if command.begins:
                self._fail(command.name, errorCode=_SNAPSHOT_UNAVAILABLE)
            case Fault.TRANSIENT:
                self._give_up(document)  # the server finds out by itself, and reports it
            case Fault.WRITE_CONFLICT:
                if is_commit:
                    self._give_up(document)
                self._fail(command.name, errorCode=_WRITE_CONFLICT, errorLabels=[_TRANSIENT])
            case Fault.COMMIT_DELAYED:
                self._fail(command.name, times=2, errorCode=_EXCEEDED_TIME_LIMIT)
            case Fault.COMMIT_UNKNOWN:
                unknown = {"code": _TIME_EXPIRED, "codeName": "MaxTimeMSExpired", "errmsg": _SLOW}
                self._fail(command.name, writeConcernError=unknown)
            case _:
                self._give_up(document)
                self._fail(command.name, errorCode=_TIME_EXPIRED)

    def quieten(self) -> None:
        """Disable all faults."""
        with contextlib.suppress(OperationFailure):
            self.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})

    def check_fail_points(self) -> None:
        """Check that the server can be told to fail.

        Raises:
            LocalReplicaSetError: if its test commands are disabled.
        """
        try:
            self.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
        except OperationFailure as error:
            raise LocalReplicaSetError(
                "The server has no fail points. Start it with the parameter enableTestCommands:"
                ' LocalReplicaSet(server_parameters={"enableTestCommands": 1}), or, with pytest,'
                " the same in the fixture 'odmantic_replica_set_options'; or leave out the faults"
                " that need them: faults=[fault for fault in Fault if not fault.needs_fail_points]."
            ) from error

    def open_transactions(self) -> int:
        """Return how many transactions of the program are open, after the server had time to notice their end."""
        deadline = time.monotonic() + _PATIENCE
        while (number := self._count_open()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return number

    def _count_open(self) -> int:
        pipeline: list[dict[str, Any]] = [
            {"$currentOp": {"idleSessions": True}},
            {"$match": {"appName": self.name, "transaction": {"$exists": True}}},
        ]
        return len(list(self.client.admin.aggregate(pipeline)))

    def _give_up(self, document: Mapping[str, Any]) -> None:
        """Roll the transaction of a command back, as the server does after a failover."""
        self.client.admin.command("killSessions", [{"id": document["lsid"]["id"]}])

    def _fail(self, name: str, *, times: int = 1, **how: Any) -> None:
        data = {"failCommands": [name], "appName": self.name, **how}
        mode = {"times": times}
        self.client.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})


_TRANSIENT = "TransientTransactionError"
_SLOW = "operation exceeded time limit"


class Stage:
    """The server as the program and its checks see it.

    Attributes:
        database: The name of a database for the runs only.
        uri: The URI of the server without faults, for preparations and checks.
    """

    def __init__(self, uri: str, faults: Iterable[Fault]) -> None:
        parsed = parse_uri(uri)
        if parsed["options"].get("tls"):
            raise ValueError(
                "Faults cannot be injected into encrypted connections: use another server."
            )
        self.database = f"odmantic_faults_{secrets.token_hex(6)}"
        self._credentials = _credentials(parsed)
        self._server = FaultyServer(uri, self.database)
        self._faults = tuple(faults)
        try:
            if any(fault.needs_fail_points for fault in self._faults):
                self._server.check_fail_points()
            self._address = _primary(self._server.client)
        except BaseException:
            self._server.client.close()
            raise
        self.uri = self._uri(self._address, appName=f"{self.database}_checks")

    def close(self) -> None:
        """Leave the server as it was before."""
        try:
            self.clear()
        finally:
            self._server.client.close()

    def clear(self) -> None:
        """Remove the faults and the data of the previous run."""
        self._server.quieten()
        drop_database(self._server.client, self.database)

    def points(self, commands: Iterable[Command]) -> Iterator[FaultPoint]:
        """Yield every fault at every command where it can happen."""
        for number, command in enumerate(commands, 1):
            for fault in self._faults:
                if fault.applies_to(command):
                    yield FaultPoint(number, command, fault)

    def watch(self, point: FaultPoint | None) -> Watch:
        """Return the observer of one run."""
        return Watch(self._server, point)

    def proxy(self, watch: Watch) -> Proxy:
        """Return the network of one run."""
        return Proxy(self._address, watch)

    def proxied_uri(self, proxy: Proxy) -> str:
        """Return the URI of the server behind a proxy."""
        return self._uri(
            ("127.0.0.1", proxy.port),
            appName=self.database,
            serverSelectionTimeoutMS=_SELECTION_MILLISECONDS,
        )

    def left_behind(self) -> list[str]:
        """Return violations by what a program has left on the server."""
        try:
            number = self._server.open_transactions()
        except PyMongoError as error:
            return [f"the server could not be asked for open transactions: {error}"]
        return [f"{number} transaction(s) left open on the server"] if number else []

    def _uri(self, address: tuple[str, int], **options: str) -> str:
        host, port = address
        user, auth_options = self._credentials
        settings = {"directConnection": "true", **auth_options, **options}
        return f"mongodb://{user}{host}:{port}/?{urlencode(settings)}"


def _credentials(parsed: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the credentials of a URI: those before the host, and those in its options."""
    if not parsed["username"]:
        return "", {}
    user = f"{quote_plus(parsed['username'])}:{quote_plus(parsed['password'] or '')}@"
    options = {
        name: str(value)
        for name, value in parsed["options"].items()
        if name.lower() in {"authsource", "authmechanism"}
    }
    return user, {"authSource": parsed["database"] or "admin", **options}


def _primary(client: MongoClient[dict[str, Any]]) -> tuple[str, int]:
    client.admin.command("ping")
    address = client.primary
    if address is None:
        raise LocalReplicaSetError("Transactions need a replica set, and this server is none.")
    return address
