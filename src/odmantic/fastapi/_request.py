"""The parts of a request that each attempt needs as they were before the first: its body and its state."""

from __future__ import annotations

import copy
from collections.abc import Callable, MutableMapping
from contextlib import aclosing
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from fastapi.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.types import Message, Receive

IN_MEMORY = 1024 * 1024
"""Bytes of a body that are kept in memory; the rest goes to a temporary file."""
_PIECE = 64 * 1024


class KeptBody:
    """The body of a request, which every attempt reads from its beginning."""

    def __init__(self, request: Request) -> None:
        """Begin with nothing read."""
        self._request = request
        self._memory = bytearray()
        self._file: Any = None
        self._size = 0
        self._error: Exception | None = None

    async def read(self) -> None:
        """Read to the end; an attempt that reaches an error raises it there."""
        try:
            async with aclosing(self._request.stream()) as pieces:
                async for piece in pieces:
                    await self._keep(piece)
        except Exception as error:  # noqa: BLE001 - such as a disconnected client, or a limit
            self._error = error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def again(self) -> Receive:
        """Return a `receive` for another request on the same scope, which returns the body from its beginning."""
        position = 0
        is_given = False

        async def receive() -> Message:
            nonlocal position, is_given
            if is_given:
                return await self._request.receive()
            piece = await self._piece(position)
            position += len(piece)
            if position == self._size and self._error is not None:
                if not piece:
                    raise self._error
            elif position == self._size:
                is_given = True
            return {"type": "http.request", "body": piece, "more_body": not is_given}

        return receive

    async def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= IN_MEMORY:
            self._memory += piece
        else:
            await run_in_threadpool(self._write, piece)

    def _write(self, piece: bytes) -> None:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - closed by `close`
            self._file.write(self._memory)
            self._memory.clear()
        self._file.write(piece)

    async def _piece(self, position: int) -> bytes:
        if self._file is None:
            return bytes(self._memory[position : position + _PIECE])
        piece: bytes = await run_in_threadpool(self._read, position)
        return piece

    def _read(self, position: int) -> bytes:
        self._file.seek(position)
        piece: bytes = self._file.read(_PIECE)
        return piece


class Carried:
    """The state that a request carries for its endpoint, restored before each attempt in the same objects.

    The session is sent as a cookie. `request.state` may hold anything, so only its names are restored.
    """

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        """Save the state."""
        self._scope = scope
        self._then = {
            name: _content(scope[name], copies) for name, copies in _COPIES if name in scope
        }

    def restore(self) -> None:
        """Restore the state."""
        for name, copies in _COPIES:
            if name not in self._then:
                self._scope.pop(name, None)
                continue
            content, attributes = self._then[name]
            now = self._scope[name]
            now.clear()
            now.update(copies(content))
            # Starlette's session records there whether it is to be sent.
            getattr(now, "__dict__", {}).update(attributes)


_COPIES: tuple[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]], ...] = (
    ("state", copy.copy),
    ("session", copy.deepcopy),
)


def _content(
    held: Any, copies: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    return copies(dict(held)), dict(getattr(held, "__dict__", {}))
