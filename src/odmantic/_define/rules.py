"""Checks of `on_delete`: what a reference can do when its target is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._mapping.links import ends_of
from odmantic._types.kinds import ModelKind

if TYPE_CHECKING:
    from odmantic._mapping.fields import ODMReference
    from odmantic._mapping.options import OnDelete

_ALWAYS = ("nothing", "deny", "cascade")


def check_rule(model: Any, name: str, reference: ODMReference) -> None:
    """Check what a reference says about deletions of its targets.

    Raises:
        TypeError: if it cannot do that, or the root of a hierarchy of embedded models says something else.
    """
    options = reference.options.reference
    on_delete: OnDelete = "nothing" if options is None else options.on_delete
    metaclass = cast("Any", type(model))
    is_embedded = metaclass.__odm_concrete_kind__ is ModelKind.EMBEDDED
    if is_embedded:
        _check_root(model, name, on_delete)
    if on_delete == "nothing":
        return
    ends = [(steps, is_optional) for _, steps, is_optional in ends_of(reference.tree)]
    reasons = {
        "nullify": None if all(is_optional for _, is_optional in ends) else "it cannot be None",
        "pull": None if all(steps for steps, _ in ends) else "it is in no container",
        "pull_element": None if is_embedded else f"{model.__name__} is not an embedded model",
    }
    why = reasons.get(on_delete)
    if why is not None:
        possible = [*_ALWAYS, *(word for word, reason in reasons.items() if reason is None)]
        *others, last = map(repr, possible)
        raise TypeError(
            f"{model.__name__}.{name} cannot have on_delete={on_delete!r}: {why}. Possible are {', '.join(others)} and {last}"
        )


def _check_root(model: Any, name: str, on_delete: OnDelete) -> None:
    """Check that a class in a hierarchy of embedded models says what its root says: updates do not tell them apart."""
    hierarchy = hierarchy_of(model)
    root = None if hierarchy is None else hierarchy.root
    if root is None or root is model:
        return
    field = root.__mapping__.fields.get(name)
    options = None if field is None else field.options.reference
    above: OnDelete = "nothing" if options is None else options.on_delete
    if above != on_delete:
        raise TypeError(
            f"{model.__name__}.{name} cannot have on_delete={on_delete!r}: {root.__name__}.{name}, in the root of its hierarchy, "
            f"has on_delete={above!r}; say the same"
        )
