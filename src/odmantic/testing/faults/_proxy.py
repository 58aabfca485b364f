"""A network between a client and its server that loses messages and connections.

It is a TCP proxy in this process, so it disturbs every driver alike, and knows for certain
whether the server has acted. See https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

_HEADER = struct.Struct("<iiii")  # length, request id, response to, operation
_OP_MSG = 2013
_BODY_AT = _HEADER.size + 5  # after the flags and the kind of the first section
# Inspecting a message must not fail for a value that Python cannot hold.
_LENIENT: CodecOptions[dict[str, Any]] = CodecOptions(
    unicode_decode_error_handler="replace", datetime_conversion=DatetimeConversion.DATETIME_MS
)


@dataclass(frozen=True, slots=True)
class Passage:
    """The fate of a message.

    Attributes:
        is_lost: Whether the connection breaks instead of passing the message on.
        on_reply: Decides the fate of the reply, when that arrives.
    """

    is_lost: bool = False
    on_reply: Callable[[], Passage] | None = None


PASS = Passage()
LOST = Passage(is_lost=True)


class Gatekeeper(Protocol):
    """The object that decides the fate of commands; called in threads of the proxy."""

    def on_command(self, document: dict[str, Any]) -> Passage:
        """Decide, and do what has to be done before the server sees the command."""
        ...


class Proxy:
    """A proxy that listens on a port of this machine and passes on to a server what a gatekeeper lets through."""

    def __init__(self, server: tuple[str, int], gatekeeper: Gatekeeper) -> None:
        self._server = server
        self._gatekeeper = gatekeeper
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._connections: set[_Connection] = set()
        self._is_closed = False
        self.port: int = self._listener.getsockname()[1]
        _start(self._accept, "listener")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, and break every connection."""
        with self._lock:
            self._is_closed = True
            connections, self._connections = self._connections, set()
        # A thread that waits in accept() notices this, but not a close.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server, timeout=10)
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.settimeout(None)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(client, server, self._gatekeeper)
            with self._lock:
                is_late = self._is_closed
                self._connections.add(connection)
            if is_late:
                connection.close()
                return
            connection.start(self._forget)

    def _forget(self, connection: _Connection) -> None:
        with self._lock:
            self._connections.discard(connection)


class _Connection:
    """Both directions of one connection, each with a thread."""

    def __init__(
        self, client: socket.socket, server: socket.socket, gatekeeper: Gatekeeper
    ) -> None:
        self._client = client
        self._server = server
        self._gatekeeper = gatekeeper
        self._awaited: dict[int, Callable[[], Passage]] = {}

    def start(self, on_end: Callable[[_Connection], None]) -> None:
        _start(lambda: self._pump(self._client, self._server, self._requested, on_end), "requests")
        _start(lambda: self._pump(self._server, self._client, self._replied, on_end), "replies")

    def close(self) -> None:
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _pump(
        self,
        source: socket.socket,
        target: socket.socket,
        decide: Callable[[bytes], Passage],
        on_end: Callable[[_Connection], None],
    ) -> None:
        try:
            while (message := _read_message(source)) is not None:
                if decide(message).is_lost:
                    break
                target.sendall(message)
        except OSError:
            pass  # one end is gone, and so is the connection
        finally:
            self.close()
            on_end(self)

    def _requested(self, message: bytes) -> Passage:
        _, request_id, _, operation = _HEADER.unpack_from(message)
        if operation != _OP_MSG:
            return PASS
        passage = self._gatekeeper.on_command(_body(message))
        if passage.on_reply is not None:
            self._awaited[request_id] = passage.on_reply
        return passage

    def _replied(self, message: bytes) -> Passage:
        _, _, response_to, _ = _HEADER.unpack_from(message)
        on_reply = self._awaited.pop(response_to, None)
        return PASS if on_reply is None else on_reply()


def _body(message: bytes) -> dict[str, Any]:
    size = struct.unpack_from("<i", message, _BODY_AT)[0]
    document: dict[str, Any] = bson.decode(  # pyright: ignore[reportUnknownMemberType]  (its `array`)
        message[_BODY_AT : _BODY_AT + size], codec_options=_LENIENT
    )
    return document


def _read_message(source: socket.socket) -> bytes | None:
    """Return the next message; `None` if the other side has closed the connection."""
    header = _read(source, _HEADER.size)
    if header is None:
        return None
    rest = _read(source, _HEADER.unpack(header)[0] - _HEADER.size)
    return None if rest is None else header + rest


def _read(source: socket.socket, size: int) -> bytes | None:
    received = bytearray()
    while len(received) < size:
        part = source.recv(size - len(received))
        if not part:
            return None
        received += part
    return bytes(received)


def _start(target: Callable[[], None], what: str) -> None:
    threading.Thread(target=target, name=f"odmantic-faults-{what}", daemon=True).start()
