"""What a field that is a reference has if a program or a document gives it nothing."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from types import NoneType
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from odmantic._define.expand import is_expanded
from odmantic._mapping.options import ReferenceOptions
from odmantic._mapping.ref_schema import models_in
from odmantic._types.annotations import evaluate
from odmantic._types.forms import has_lazy, target_in
from odmantic._types.kinds import is_lazy
from odmantic._types.tree import (
    Array,
    Document,
    Lazy,
    Table,
    Target,
    Type,
    Union,
    Variable,
    read_type,
)

if TYPE_CHECKING:
    from odmantic._mapping.options import FieldOptions, Loading

_MOST_NAMES = 20
"""The largest number of names of one annotation that are looked at before they exist."""


def empty_reference(annotation: Any) -> Any:
    """Return the default of a reference: `None` if it is optional, an empty container, or else nothing."""
    node = read_type(annotation)
    match node:
        case Union() if any(each.cls is NoneType for each in node.arguments):
            return None
        case Array() if node.cls in (list, tuple, deque, set, frozenset):
            cls: Any = node.cls
            return cls()
        case Table() if node.cls is dict:
            return {}
        case _:
            return PydanticUndefined


def check_lazy(field: str, tree: Type) -> None:
    """Refuse forms of lazy references that are not stored.

    Raises:
        TypeError: if one leads to no model, or is where no reference can be.
    """
    for node in tree.inside:
        if is_lazy(node.cls):
            refuse_expanded(field, node)
            try:
                models_in(node.bare)
            except TypeError as error:
                raise TypeError(f"{error} ({field})") from None
    if target_in(tree) is None and not has_variable(tree):
        raise TypeError(
            f"{field} cannot be {tree.annotation!r}: a Ref is the field itself, optional, or in a list, a tuple, a deque, a "
            "set or a dict, as in `Ref[User]`, `Ref[User] | None`, `list[Ref[User]]`, `tuple[Ref[User], ...]`, "
            "`set[Ref[User]]` or `dict[str, Ref[User]]`"
        )


def refuse_expanded(field: str, node: Type) -> None:
    """Refuse a lazy reference that is shown as its document, where it is part of a stored one.

    Raises:
        TypeError: it would have to be loaded in every read.
    """
    if is_expanded(node):
        raise TypeError(
            f"{field} cannot be Expand[...], which belongs into the models of responses: declare it without, and another "
            "class for the response"
        )


def has_variable(tree: Type) -> bool:
    """Return whether a lazy reference leads to the parameter of a generic class."""
    return any(isinstance(node, Lazy) and isinstance(node.inner, Variable) for node in tree.inside)


def reference_options(field: str, tree: Type, options: FieldOptions) -> FieldOptions:
    """Return the options of a field, with what its type says of a reference.

    Raises:
        TypeError: if the field has lazy references in a form that is not stored, or is the primary key.
    """
    reference = options.reference
    is_lazy = has_lazy(tree)
    if is_lazy:
        check_lazy(field, tree)
        if options.primary_field:
            raise TypeError(f"a reference cannot be a primary field ({field})")
        reference = reference or ReferenceOptions()
    if reference is None or reference.load is not None:
        return options if reference is options.reference else replace(options, reference=reference)
    load: Loading = "never" if is_lazy else "always"
    return replace(options, reference=replace(reference, load=load))


def check_union(where: str, tree: Type) -> None:
    """Refuse a union of a model and something else.

    Raises:
        TypeError: if there is one in the type.
    """
    for node in tree.inside:
        if not isinstance(node, Union) or not any(isinstance(e, Target) for e in node.arguments):
            continue
        others = [e for e in node.arguments if not isinstance(e, Target) and e.cls is not NoneType]
        if others:
            first = others[0]
            what = "is embedded" if isinstance(first, Document) else "is no model"
            shown = getattr(first.annotation, "__name__", repr(first.annotation))
            raise TypeError(
                f"Unhandled field definition {where}: a reference leads to documents of models, and {shown} {what}: take it "
                f"out of the union, and declare a field of its own for it"
            )


def evaluate_form(annotation: Any, module: str, known: dict[str, Any]) -> Any:
    """Evaluate an annotation with a stand-in for each name that is defined later: the containers are known by then."""
    names = dict(known)
    for _ in range(_MOST_NAMES):
        evaluated, missing = evaluate(annotation, module, names)
        if missing is None:
            return evaluated
        names[missing] = type(missing, (), {})
    return annotation
