"""Stored properties in class statements: what they return, and how they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from odmantic._mapping.options import FieldOptions, getter_of, options_of_property
from odmantic._types.adapt import adapt_annotation
from odmantic._types.annotations import evaluate
from odmantic._types.internals import computed_info, has_all_fields
from odmantic._types.kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import ComputedFieldInfo


def adopt(namespace: dict[str, Any], bases: tuple[Any, ...]) -> None:
    """Take over the stored properties of mixins without fields, of which pydantic knows nothing."""
    for number, base in enumerate(bases):
        if kind_of(base) is not None or hasattr(base, "__pydantic_fields__"):
            continue
        mro: tuple[type[Any], ...] = base.__mro__
        for cls in mro:
            for name, value in vars(cls).items():
                is_covered = any(hasattr(each, name) for each in bases[:number])
                if _stored_info(value) is not None and not is_covered:
                    namespace.setdefault(name, value)


def resolve(class_name: str, namespace: dict[str, Any], known: dict[str, Any]) -> None:
    """Tell pydantic what the stored properties of a class body return, with BSON-aware types.

    Raises:
        TypeError: if a property has no annotation, or returns what cannot be stored.
    """
    for name, value in namespace.items():
        info = _stored_info(value)
        if info is not None and info.return_type is PydanticUndefined:
            annotation, missing = _returned(f"{class_name}.{name}", info, known)
            if missing is None:
                config = namespace.get("model_config", {})
                info.return_type = _adapted(f"{class_name}.{name}", annotation, config)


def _stored_info(value: Any) -> ComputedFieldInfo | None:
    info = computed_info(value)
    return info if info is not None and options_of_property(info.wrapped_property) else None


def _returned(where: str, info: ComputedFieldInfo, known: dict[str, Any]) -> tuple[Any, str | None]:
    """Return the annotation of what a property returns, and the first name in it that does not exist, if any."""
    function = getter_of(info.wrapped_property)
    if "return" not in function.__annotations__:
        raise TypeError(
            f"{where} is stored, and nothing says what it returns: annotate it, as in `def total(self) -> int`"
        )
    return evaluate(function.__annotations__["return"], function.__module__, known)


def _adapted(where: str, annotation: Any, config: Mapping[str, Any]) -> Any:
    try:
        return adapt_annotation(annotation, config)
    except TypeError as error:
        raise TypeError(f"{error} (stored property {where})") from error


def has_all_names(model: Any) -> bool:
    """Return whether the names in the annotations of all fields and stored properties of a class exist."""
    computed: dict[str, ComputedFieldInfo] = model.__pydantic_computed_fields__
    return has_all_fields(model) and all(
        _return_type(model, name, info)[1] is None
        for name, info in computed.items()
        if options_of_property(info.wrapped_property) is not None
    )


def _return_type(model: Any, name: str, info: ComputedFieldInfo) -> tuple[Any, str | None]:
    """Return what a property returns, and the first name in the annotation that does not exist, if any."""
    if info.return_type is not PydanticUndefined:
        return info.return_type, None
    return _returned(f"{model.__name__}.{name}", info, {model.__name__: model})


def stored_properties(model: Any) -> Iterator[tuple[str, FieldInfo, FieldOptions]]:
    """Yield the names of the stored properties of a class, what they return, and their options.

    Raises:
        TypeError: if a property has no annotation, or returns what cannot be stored.
    """
    computed: dict[str, ComputedFieldInfo] = model.__pydantic_computed_fields__
    for name, info in computed.items():
        options = options_of_property(info.wrapped_property)
        if options is None:
            continue
        where = f"{model.__name__}.{name}"
        annotation, missing = _return_type(model, name, info)
        if missing is not None:
            raise TypeError(
                f"{where} is stored, and its annotation names {missing!r}, which does not exist"
            )
        adapted = _adapted(where, annotation, model.model_config)
        yield name, FieldInfo.from_annotation(adapted), options


def check_has_none(cls: Any, where: str) -> None:
    """Refuse stored properties of a class that is no model, and that a field holds.

    Raises:
        TypeError: if there is one.
    """
    computed: dict[str, ComputedFieldInfo] = getattr(cls, "__pydantic_computed_fields__", {})
    for name, info in computed.items():
        if options_of_property(info.wrapped_property) is not None:
            raise TypeError(
                f"{cls.__name__}.{name} is stored, and {cls.__name__} is a plain pydantic model, of which only fields are "
                f"stored: derive it from EmbeddedModel ({where})"
            )
