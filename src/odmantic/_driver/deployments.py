"""Which servers a client reaches."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from odmantic._driver.select import DRIVERS, ClientKind, client_kind
from odmantic._state.places import Addresses, Deployment

#: The attribute of a client that keeps its deployment.
_DEPLOYMENT = "_odmantic_deployment"

#: The names that a machine has for itself.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def deployment_of(client: Any) -> Deployment:
    """Return the deployment of a client, the same one each time if the client can keep it."""
    deployment = getattr(client, _DEPLOYMENT, None)
    if isinstance(deployment, Deployment):
        return deployment
    deployment = Deployment(client, _addresses)
    with suppress(AttributeError):  # a stand-in with slots
        setattr(client, _DEPLOYMENT, deployment)
    return deployment


def _addresses(client: Any) -> Addresses:
    """Return the addresses in the topology of a client; a stand-in has none.

    A client that has not connected yet knows those of its connection string.
    """
    kind = client_kind(client)
    if kind not in DRIVERS:
        return frozenset()
    inner = client.delegate if kind is ClientKind.MOTOR else client
    # Not what the servers call each other: in containers that are reached directly all may say "localhost:27017".
    found = inner.topology_description.server_descriptions()
    return frozenset(("localhost" if host in _LOOPBACK else host, port) for host, port in found)
