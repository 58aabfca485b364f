"""Types whose values keep their own class: classes of a hierarchy, in fields of models and in `Polymorphic`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SerializeAsAny
from pydantic_core import CoreSchema, PydanticKnownError, core_schema, to_json

from odmantic._bson.reading import is_reading
from odmantic._bson.values import is_document
from odmantic._types.kinds import is_class

T = TypeVar("T")


class Classes(Protocol):
    """The classes of a hierarchy, see `odmantic._mapping.hierarchy`."""

    @property
    def field(self) -> str | None: ...
    def class_of(self, value: Any) -> Any: ...
    def classes_below(self, cls: Any) -> list[Any]: ...
    def stored_values_of(self, cls: Any) -> tuple[str | int, ...]: ...


HIERARCHY = "__odm_hierarchy__"
"""The class attribute for the hierarchy, which subclasses inherit."""


def classes_around(cls: Any) -> Classes | None:
    """Return the hierarchy to which a class belongs."""
    found: Classes | None = getattr(cls, HIERARCHY, None) if is_class(cls) else None
    return found


def with_real_class(cls: Any) -> Any:
    """Return the annotation for a class, with the mark if it is one of a hierarchy."""
    return cls if classes_around(cls) is None else Annotated[cls, RealClass()]


class _Hook(Protocol):
    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema: ...


@dataclass(frozen=True, slots=True)
class RealClass:
    """The mark of a class of a hierarchy: values may be instances of classes below it, and are shown as such.

    A mapping is read as the class that its discriminator names, if that is a field, and else as the marked class.
    With `is_shown`, the JSON schema has all classes, and else only the marked one.
    """

    is_shown: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        # The parameter of a generic class stands for a class that is not known yet.
        is_open = self.is_shown and not isinstance(source, TypeVar)
        classes = with_field(source) if is_open else classes_around(source)
        field = None if classes is None else classes.field
        if field is None and not _revalidates(source):
            # Pydantic keeps instances as they are.
            return _as_any.__get_pydantic_core_schema__(source, handler)
        return core_schema.with_info_wrap_validator_function(
            partial(_validated, source, field), handler(source), serialization=_ANY
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        wrapped: Any = schema
        if not self.is_shown or "function" not in wrapped:
            return handler(schema)
        cls = wrapped["function"]["function"].args[0]
        classes = with_field(cls)
        choices = {
            value: each.__pydantic_core_schema__
            for each in classes.classes_below(cls)
            for value in classes.stored_values_of(each)
        }
        # JSON schemas may have either name.
        paths: list[list[str | int]] = [
            [name] for name in _names_of(cls, cast("str", classes.field))
        ]
        return handler(core_schema.tagged_union_schema(choices, paths))


_ANY = core_schema.simple_ser_schema("any")


def shown_as_real(schema: CoreSchema) -> CoreSchema:
    """Return the schema of a union, whose values are shown as what they are."""
    return cast("CoreSchema", {**schema, "serialization": _ANY})


_as_any = cast("_Hook", SerializeAsAny())  # type: ignore[type-arg]


def _revalidates(cls: Any) -> bool:
    config: Mapping[str, object] = getattr(cls, "model_config", {})
    return config.get("revalidate_instances", "never") != "never"


def with_field(cls: Any) -> Classes:
    """Return the hierarchy of a class, which has to have a field that tells its classes apart.

    Raises:
        TypeError: if it has none.
    """
    classes = classes_around(cls)
    name = getattr(cls, "__name__", repr(cls))
    if classes is None:
        raise TypeError(
            f"Polymorphic[{name}] needs a hierarchy: give {name} inheritance='single' in its config, with the name of a "
            "field as its discriminator"
        )
    if classes.field is None:
        example = name.lower()
        raise TypeError(
            f"Polymorphic[{name}] needs a discriminator that is a field, for requests and schemas to show: declare "
            f"`kind: Literal[{example!r}] = {example!r}` in {name}, another Literal in each class derived from it, and set "
            "discriminator='kind' in the config of the root"
        )
    return classes


def _validated(
    cls: Any,
    field: str | None,
    value: Any,
    handler: core_schema.ValidatorFunctionWrapHandler,
    info: core_schema.ValidationInfo[Any],
) -> Any:
    if isinstance(value, cls):
        # It is what the library has just made, or its own class decides.
        own = cast("Any", type(value))
        return value if is_reading() else own.__pydantic_validator__.validate_python(value)
    if field is None or not is_document(value):
        return handler(value)
    named = _class_named(cls, field, value)
    if named is cls:
        return handler(value)
    validator = named.__pydantic_validator__
    if info.mode == "json":
        return validator.validate_json(to_json(value), context=info.context)
    return validator.validate_python(value, context=info.context)


def _names_of(cls: Any, field: str) -> list[str]:
    """Return the names of a field in mappings and JSON, aliases first."""
    info = cls.__pydantic_fields__[field]
    found = (info.validation_alias, info.alias, info.serialization_alias, field)
    return [*dict.fromkeys(each for each in found if isinstance(each, str))]


def _class_named(cls: Any, field: str, value: Mapping[Any, Any]) -> Any:
    """Return the class that a mapping names."""
    tag = next((value[name] for name in _names_of(cls, field) if name in value), None)
    if tag is None:
        return cls
    classes = cast("Classes", classes_around(cls))
    named = classes.class_of(tag.value if isinstance(tag, Enum) else tag)
    below = classes.classes_below(cls)
    if named not in below:
        known = [each for one in below for each in classes.stored_values_of(one)]
        raise PydanticKnownError(
            "union_tag_invalid",
            {
                "discriminator": repr(field),
                "tag": str(tag),
                "expected_tags": ", ".join(map(repr, known)),
            },
        )
    return named


if TYPE_CHECKING:
    Polymorphic = Annotated[T, RealClass(is_shown=True)]
else:

    class Polymorphic:
        """A class of a hierarchy, in any pydantic model or FastAPI signature, as in `def add(shape: Polymorphic[Shape])`.

        Values are validated as the class that their discriminator names, and dumped with all their fields. JSON schemas
        show the classes that are known then, as `oneOf`. For type checkers it is the class itself.

        Raises:
            TypeError: if the classes are not told apart by a field.
        """

        def __class_getitem__(cls, argument: Any) -> Any:
            if is_class(argument):
                with_field(argument)
            return Annotated[argument, RealClass(is_shown=True)]
