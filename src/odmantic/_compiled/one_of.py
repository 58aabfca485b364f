"""Code for references to one of several models: the document of one, or what stands in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic._mapping.members import Found, members_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from odmantic._compiled.source import Source
    from odmantic._types.tree import Targets


def write_one_of(
    source: Source,
    node: Targets,
    local: str,
    path: str,
    read_target: Callable[[Any, str, str], None],
    refusal: str,
) -> None:
    """Make an instance of the document in a local variable.

    Args:
        source: The code.
        node: The type.
        local: The variable.
        path: The prefix of names.
        read_target: Writes the code that reads a document of a model, given by name, into a variable.
        refusal: The code that leaves everything to validation.
    """
    members = members_of(node)
    if members[0].is_named:
        with source.block(f"if type({local}) is {source.named(Found)}:"):
            cls = source.assign(f"{path}_class", f"{local}.cls")
            document = source.assign(f"{path}_document", f"{local}.document")
            for number, each in enumerate(members):
                model = source.object("Class", each.cls)
                with source.block(f"{'elif' if number else 'if'} {cls} is {model}:"):
                    read_target(each.cls, document, local)
    else:
        with source.block(f"if type({local}) is dict:"):
            read_target(members[0].cls, local, local)
    # What is there already is not loaded; anything else is a problem.
    classes = tuple(cls for each in members for cls in each.classes)
    with source.block(f"if not isinstance({local}, {source.object('classes', classes)}):"):
        source.add(refusal)
