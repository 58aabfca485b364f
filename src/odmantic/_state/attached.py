"""What is attached to an instance and is no part of it: it is in no comparison, dump, copy or pickle.

It is kept in the `State`, which stays with the instance, so that instances without any have nothing more.
"""

from __future__ import annotations

from typing import Any

from odmantic._state.state import AS_MADE, State, published, state_of


def attached_to(instance: Any, name: str) -> Any:
    """Return what is attached under a name; `None` if nothing is."""
    state = state_of(instance)
    attached: dict[str, Any] = getattr(state, "attached", {}) if type(state) is State else {}
    return attached.get(name)


def attach(instance: Any, name: str, value: Any) -> None:
    """Attach something under a name."""
    state = state_of(instance)
    if type(state) is not State:
        made = State(state, earlier=AS_MADE if state is None else None)
        state = published(instance, made)
    attached: dict[str, Any] = getattr(state, "attached", {})
    # A new dictionary: another thread may be looking at this one.
    state.attached = {**attached, name: value}


def attach_missing(instance: Any, other: Any) -> None:
    """Attach what is attached to another instance of the same document, and not to this one."""
    state = state_of(other)
    attached: dict[str, Any] = getattr(state, "attached", {}) if type(state) is State else {}
    for name, value in attached.items():
        if attached_to(instance, name) is None:
            attach(instance, name, value)
