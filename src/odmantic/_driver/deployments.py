"""The servers that a client reaches."""

from __future__ import annotations

from typing import Any

from odmantic._driver.clients import servers_of
from odmantic._driver.internals import DEPLOYMENT, keep_on, kept_on
from odmantic._state.places import Addresses, Deployment

#: Names by which a machine knows itself.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def deployment_of(client: Any) -> Deployment:
    """Return the deployment of a client, the same object each time if the client can keep it."""
    deployment = kept_on(client, DEPLOYMENT)
    if not isinstance(deployment, Deployment):
        deployment = Deployment(client, _addresses)
        keep_on(client, DEPLOYMENT, deployment)
    return deployment


def _addresses(client: Any) -> Addresses:
    """Return the addresses in a client's topology.

    Before a client connects, they are those of its connection string.
    """
    # Ignore the servers' own names: in containers that are reached directly all may say "localhost:27017".
    return frozenset(
        ("localhost" if host in _LOOPBACK else host, port) for host, port in servers_of(client)
    )
