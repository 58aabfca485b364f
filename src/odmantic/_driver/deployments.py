"""The servers that a client reaches."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from odmantic._driver.select import DRIVERS, ClientKind, client_kind
from odmantic._state.places import Addresses, Deployment

#: The attribute in which a client keeps its deployment.
_DEPLOYMENT = "_odmantic_deployment"

#: Names by which a machine knows itself.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def deployment_of(client: Any) -> Deployment:
    """Return the deployment of a client, the same object each time if the client can keep it."""
    deployment = getattr(client, _DEPLOYMENT, None)
    if isinstance(deployment, Deployment):
        return deployment
    deployment = Deployment(client, _addresses)
    with suppress(AttributeError):  # a stand-in with slots
        setattr(client, _DEPLOYMENT, deployment)
    return deployment


def _addresses(client: Any) -> Addresses:
    """Return the addresses in a client's topology; a stand-in has none.

    Before a client connects, they are those of its connection string.
    """
    kind = client_kind(client)
    if kind not in DRIVERS:
        return frozenset()
    inner = client.delegate if kind is ClientKind.MOTOR else client
    # Ignore the servers' own names: in containers that are reached directly all may say "localhost:27017".
    found = inner.topology_description.server_descriptions()
    return frozenset(("localhost" if host in _LOOPBACK else host, port) for host, port in found)
