"""Ports for servers: free, and outside the range from which the system assigns ports to clients.

An outgoing connection can take a port of the ephemeral range between the moment it is chosen and
the moment mongod listens on it, or while a member is stopped.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_LOWEST = 10_000
_EPHEMERAL_BY_DEFAULT = (49_152, 65_535)  # RFC 6335; macOS and Windows follow it
_LINUX_SETTING = Path("/proc/sys/net/ipv4/ip_local_port_range")


def ephemeral_range(setting: Path = _LINUX_SETTING) -> tuple[int, int]:
    """Return the first and the last port that the system assigns to outgoing connections."""
    try:
        first, last = setting.read_text(encoding="ascii").split()
        return int(first), int(last)
    except (OSError, ValueError):
        return _EPHEMERAL_BY_DEFAULT


def candidates(first_ephemeral: int) -> range:
    """Return the ports to choose from, given the first ephemeral one."""
    if first_ephemeral - _LOWEST >= 1_000:  # room for several sets at once
        return range(_LOWEST, first_ephemeral)
    return range(_LOWEST, 65_536)


def is_free(port: int) -> bool:
    """Return whether a server can listen on the port right now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As mongod does: a lingering connection of a former server does not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_ports(count: int, first: int | None, preferred: Sequence[int]) -> list[int]:
    """Return ports for a number of members.

    Args:
        first: The given first port: the others follow, free or not.
        preferred: The former ports of the members, to be reused if they are free.
    """
    if first is not None:
        return [first + index for index in range(count)]
    chosen: list[int] = []
    for index in range(count):
        if index < len(preferred) and is_free(preferred[index]):
            chosen.append(preferred[index])
        else:
            chosen.append(free_port({*chosen, *preferred}))
    return chosen


def free_port(taken: Collection[int] = ()) -> int:
    """Return a port that is free now and not among those taken.

    It is chosen at random, so that programs that look for ports at the same time rarely find the same one.
    """
    ports = candidates(ephemeral_range()[0])
    for _ in range(1_000):
        port = random.choice(ports)  # noqa: S311  (not a secret)
        if port not in taken and is_free(port):
            return port
    raise OSError(f"No free port among {ports.start}-{ports.stop - 1} in 1000 attempts.")
