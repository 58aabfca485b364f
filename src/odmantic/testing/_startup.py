"""Starting processes up to a replica set with a primary."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeAlias

from odmantic.testing import _config, _mongod, _ports, _wire
from odmantic.testing.errors import LocalReplicaSetError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from odmantic.testing._member import Member

Pause: TypeAlias = "Callable[[str], None]"
"""A function to call in every round of waiting, with what is awaited; it raises when this takes too long."""

_PORT_ATTEMPTS = 10
_COMMAND_SECONDS = 30.0
_NOT_PRIMARY_OR_SECONDARY = 13436
_BUSY = {94, 109}  # NotYetInitialized, ConfigurationInProgress


def launch(members: Sequence[Member], pause: Pause, *, new_ports: bool) -> None:
    """Start members at the same time; those whose port is taken get others, if they may."""
    for member in members:
        member.start()
    for member in members:
        attempts = _PORT_ATTEMPTS if new_ports else 1
        while not member.wait_until_it_answers(pause):
            attempts -= 1
            if not attempts:
                raise member.failure(_mongod.EXIT_ADDRESS_IN_USE)
            member.port = _ports.free_port([other.port for other in members])
            member.start()
        # Do not wait 15 seconds for clients on shutdown; older servers never do.
        with contextlib.suppress(_wire.CommandError):
            member.command({"setParameter": 1, "shutdownTimeoutMillisForSignaledShutdown": 100})


def configure(members: Sequence[Member], wanted: _config.Wanted, pause: Pause) -> None:
    """Initiate the replica set, or adapt the stored configuration to the ports and options."""
    stored = {
        index: config
        for index, member in enumerate(members)
        if (config := member.stored_config()) is not None
    }
    if not stored:
        _repeat(members[0], {"replSetInitiate": _config.initial_config(wanted)}, pause)
        return
    changed = {
        index: config
        for index, former in stored.items()
        if (config := _config.changed_config(former, wanted)) is not None
    }
    if changed:
        newest = _newest(members, changed, pause)
        _repeat(members[newest], {"replSetReconfig": changed[newest], "force": True}, pause)


def _newest(members: Sequence[Member], candidates: Collection[int], pause: Pause) -> int:
    """Return the member with the newest data: after a forced reconfiguration the others follow it."""
    if len(candidates) == 1:
        return next(iter(candidates))
    while True:
        try:
            return max(candidates, key=lambda index: members[index].last_write())
        except _wire.CommandError as error:
            if error.code != _NOT_PRIMARY_OR_SECONDARY:
                raise
            pause("the members to load what is stored")


def _repeat(member: Member, document: dict[str, Any], pause: Pause) -> None:
    """Repeat a command that a member refuses while it is busy with its configuration."""
    while True:
        try:
            member.command(document, timeout=_COMMAND_SECONDS)
        except _wire.CommandError as error:
            if error.code not in _BUSY:
                raise LocalReplicaSetError(
                    f"Member {member.index} refused {next(iter(document))}: {error.message}"
                ) from error
            pause(f"member {member.index} to load its configuration")
        else:
            return


def wait_until_all_take_part(members: Sequence[Member], pause: Pause) -> None:
    """Wait for a primary that all other members follow."""
    for member in members:
        wait_until_it_takes_part(member, pause)
    while not any(member.hello().get("isWritablePrimary") for member in members):
        _require_processes(members)
        pause("a primary")


def wait_until_it_takes_part(member: Member, pause: Pause) -> None:
    """Wait until a member is primary or secondary."""
    while True:
        hello = member.hello()
        if hello.get("isWritablePrimary") or hello.get("secondary"):
            return
        _require_processes([member])
        pause(f"member {member.index} to take part")


def _require_processes(members: Sequence[Member]) -> None:
    for member in members:
        exit_code = member.exit_code
        if exit_code is not None:
            raise member.failure(exit_code)
