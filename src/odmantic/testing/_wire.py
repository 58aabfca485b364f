"""One database command on one connection, for a server in any state.

A `MongoClient` discovers, monitors and waits in its own threads. While members start, stop and are killed, the plain
answer or error of one of them is needed, every 20 ms.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import bson

_HEADER = struct.Struct("<iiii")  # length, request id, response to, operation
_OP_MSG = 2013
_FLAGS_AND_KIND = struct.Struct("<IB")


class CommandError(Exception):
    """The server answered with an error."""

    def __init__(self, reply: dict[str, Any]) -> None:
        super().__init__(reply)
        self.code: int = reply.get("code", 0)
        self.message: str = reply.get("errmsg", "")


def command(
    port: int, document: dict[str, Any], *, database: str = "admin", timeout: float = 10.0
) -> dict[str, Any]:
    """Send a command to the server on a port of this machine.

    Raises:
        OSError: if nobody listens, the connection broke, or the timeout, in seconds, has passed.
        CommandError: if the server refused.
    """
    body = _FLAGS_AND_KIND.pack(0, 0) + bson.encode({**document, "$db": database})
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(_HEADER.pack(_HEADER.size + len(body), 1, 0, _OP_MSG) + body)
        length = _HEADER.unpack(_receive(connection, _HEADER.size))[0]
        received = _receive(connection, length - _HEADER.size)
    reply: dict[str, Any] = bson.decode(  # pyright: ignore[reportUnknownMemberType]  (its `array`)
        received[_FLAGS_AND_KIND.size :]
    )
    if not reply.get("ok"):
        raise CommandError(reply)
    return reply


def _receive(connection: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionResetError("the server closed the connection")
        received += part
    return bytes(received)
