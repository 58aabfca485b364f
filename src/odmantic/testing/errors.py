"""The errors of a local replica set."""

from __future__ import annotations

from odmantic.exceptions import OdmanticError


class LocalReplicaSetError(OdmanticError):
    """A local replica set could not be started, or cannot do what was asked."""


class MongodNotFoundError(LocalReplicaSetError):
    """There is no mongod to run. The message lists the places that were tried."""


class MongodFailedError(LocalReplicaSetError):
    """A mongod process did not start, or ended by itself.

    Attributes:
        exit_code: The exit code, negative for a signal; None if it could not be run at all.
        log: The last lines of its log.
    """

    def __init__(self, message: str, exit_code: int | None = None, log: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.log = log


class ReplicaSetTimeoutError(LocalReplicaSetError, TimeoutError):
    """The replica set was not ready in time."""
