"""`Field`, and `FieldProxy`, which represents a field on its class."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Literal, NoReturn

import pydantic
from pydantic import (
    AliasChoices,
    AliasPath,
    Discriminator,
    PydanticDeprecatedSince20,
    PydanticUserError,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import deprecated

from odmantic import query
from odmantic._codec.operands import encode_operand
from odmantic._mapping.building import building
from odmantic._mapping.fields import (
    ODMBaseField,
    ODMBaseIndexableField,
    ODMEmbedded,
    ODMEmbeddedGeneric,
    ODMField,
    ODMReference,
)
from odmantic._mapping.mapping import ModelMapping, mapping_of
from odmantic._mapping.naming import plain_text
from odmantic._types.adapt import FieldMetadata
from odmantic.query import KeyNameProxy, QueryExpression, SortExpression

__all__ = [
    "Field",
    "FieldProxy",
    "KeyNameProxy",
    "ODMBaseField",
    "ODMBaseIndexableField",
    "ODMEmbedded",
    "ODMEmbeddedGeneric",
    "ODMField",
    "ODMFieldInfo",
    "ODMReference",
]


class ODMFieldInfo(FieldMetadata):
    """The result of `Field()`: pydantic's part, and the options for documents and indexes.

    It may be the default of a field or part of its `Annotated` metadata. In an annotation that is not a model's
    field, only the constraints count.
    """

    __slots__ = (
        "if_missing",
        "index",
        "key_name",
        "primary_field",
        "pydantic_field_info",
        "store_default",
        "store_none",
        "unique",
    )

    # The protocol of the package annotated-types: pydantic iterates over this metadata and applies the constraints.
    __is_annotated_types_grouped_metadata__: ClassVar[Literal[True]] = True

    def __init__(
        self,
        *,
        pydantic_field_info: FieldInfo,
        primary_field: bool = False,
        key_name: str | None = None,
        index: bool = False,
        unique: bool = False,
        if_missing: Callable[[], Any] | None = None,
        store_none: bool | None = None,
        store_default: bool | None = None,
    ) -> None:
        self.if_missing = if_missing
        self.store_none = store_none
        self.store_default = store_default
        self.pydantic_field_info = pydantic_field_info
        self.primary_field = primary_field
        self.key_name = key_name
        self.index = index
        self.unique = unique

    def __iter__(self) -> Iterator[Any]:
        return iter(self.pydantic_field_info.metadata)

    def is_only_constraints(self) -> bool:
        """Return whether no option is set that applies only to whole fields."""
        return not (
            self.primary_field or self.key_name or self.index or self.unique or self.if_missing
        ) and (self.store_none is None and self.store_default is None)


def Field(  # noqa: N802, PLR0913 - named and shaped like pydantic's
    default: Any = PydanticUndefined,
    *,
    key_name: str | None = None,
    primary_field: bool = False,
    index: bool = False,
    unique: bool = False,
    if_missing: Callable[[], Any] | None = None,
    store_none: bool | None = None,
    store_default: bool | None = None,
    default_factory: Callable[[], Any] | Callable[[dict[str, Any]], Any] | None = None,
    alias: str | None = None,
    alias_priority: int | None = None,
    validation_alias: str | AliasPath | AliasChoices | None = None,
    serialization_alias: str | None = None,
    title: str | None = None,
    field_title_generator: Callable[[str, FieldInfo], str] | None = None,
    description: str | None = None,
    examples: list[Any] | None = None,
    exclude: bool | None = None,
    exclude_if: Callable[[Any], bool] | None = None,
    discriminator: str | Discriminator | None = None,
    deprecated: deprecated | str | bool | None = None,
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None = None,
    frozen: bool | None = None,
    validate_default: bool | None = None,
    repr: bool | None = None,  # noqa: A002 - pydantic's name
    init: bool | None = None,
    init_var: bool | None = None,
    kw_only: bool | None = None,
    pattern: str | re.Pattern[str] | None = None,
    strict: bool | None = None,
    coerce_numbers_to_str: bool | None = None,
    gt: Any = None,
    ge: Any = None,
    lt: Any = None,
    le: Any = None,
    multiple_of: Any = None,
    allow_inf_nan: bool | None = None,
    max_digits: int | None = None,
    decimal_places: int | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    union_mode: Literal["smart", "left_to_right"] | None = None,
    fail_fast: bool | None = None,
    const: bool | None = None,
    min_items: int | None = None,
    max_items: int | None = None,
    regex: str | None = None,
) -> Any:
    """Describe a field of a model.

    All but the first nine arguments are
    [pydantic's](https://docs.pydantic.dev/latest/api/fields/#pydantic.fields.Field). Aliases, `exclude`, `repr` and
    titles affect constructors, dumps and JSON: a document holds every field, under its key.

    Args:
        default: The default value; `...` or no value makes the field required.
        key_name: The key in documents, queries and indexes; the field's name if `None`.
        primary_field: Make this field the primary key, stored under `_id`.
        index: Declare an index on this field.
        unique: Declare a unique index on this field.
        if_missing: Called without arguments if a document lacks the key. The value is validated, and does not count as
            changed.
        store_none: Whether the field has a key in the document while it is `None`; the config's `store_none` if `None`.
        store_default: Whether it has one while it equals its default; the config's `store_defaults` if `None`.
        default_factory: Called per instance, without arguments or with the data validated so far.
            Documents without the key are still refused, unless the model's config sets
            `parse_doc_with_default_factories`.
        alias: The name in constructors and JSON.
        alias_priority: Whether an alias generator may replace the alias.
        validation_alias: The name in constructors only.
        serialization_alias: The name in JSON only.
        title: For the JSON schema.
        field_title_generator: Makes the title.
        description: For the JSON schema.
        examples: For the JSON schema.
        exclude: Leave the field out of `model_dump` and JSON.
        exclude_if: Leave it out for some values.
        discriminator: The field that tells the members of a union apart.
        deprecated: Warn when the field of an instance is read.
        json_schema_extra: For the JSON schema.
        frozen: Refuse assignments.
        validate_default: Whether the default is validated; a save refuses one that could not be read again.
        repr: Whether `repr` shows the field.
        init: For dataclasses.
        init_var: For dataclasses.
        kw_only: For dataclasses.
        pattern: A regular expression for text.
        strict: Do not convert values.
        coerce_numbers_to_str: Convert numbers to text.
        gt: Greater than.
        ge: Greater than or equal to.
        lt: Less than.
        le: Less than or equal to.
        multiple_of: A multiple of this number.
        allow_inf_nan: Accept infinite numbers and `nan`.
        max_digits: Of a decimal.
        decimal_places: Of a decimal.
        min_length: Of text or of a collection.
        max_length: Of text or of a collection.
        union_mode: How the member of a union is chosen.
        fail_fast: Stop at the first invalid item of a collection.
        const: Removed from pydantic; use `Literal`.
        min_items: The old name of `min_length` for collections.
        max_items: The old name of `max_length` for collections.
        regex: The old name of `pattern`.

    Raises:
        ValueError: if `key_name` and `primary_field` contradict each other.
        TypeError: if there are a default and a default factory, or two names for one constraint.
        pydantic.PydanticUserError: if `const` is given.
    """
    if const is not None:
        raise PydanticUserError("`const` is removed, use `Literal` instead", code="removed-kwargs")
    if regex is not None:
        if pattern is not None:
            raise TypeError("cannot specify both regex and pattern")
        pattern = regex
    if default is ... and default_factory is not None:
        default = PydanticUndefined
    options: dict[str, Any] = {
        "default_factory": default_factory,
        "alias": alias,
        "alias_priority": alias_priority,
        "validation_alias": validation_alias,
        "serialization_alias": serialization_alias,
        "title": title,
        "field_title_generator": field_title_generator,
        "description": description,
        "examples": examples,
        "exclude": exclude,
        "exclude_if": exclude_if,
        "discriminator": discriminator,
        "deprecated": deprecated,
        "json_schema_extra": json_schema_extra,
        "frozen": frozen,
        "validate_default": validate_default,
        "repr": repr,
        "init": init,
        "init_var": init_var,
        "kw_only": kw_only,
        "pattern": pattern,
        "strict": strict,
        "coerce_numbers_to_str": coerce_numbers_to_str,
        "gt": gt,
        "ge": ge,
        "lt": lt,
        "le": le,
        "multiple_of": multiple_of,
        "allow_inf_nan": allow_inf_nan,
        "max_digits": max_digits,
        "decimal_places": decimal_places,
        "min_length": _renamed("min_items", min_items, "min_length", min_length),
        "max_length": _renamed("max_items", max_items, "max_length", max_length),
        "union_mode": union_mode,
        "fail_fast": fail_fast,
    }
    given = {name: value for name, value in options.items() if value is not None}
    return ODMFieldInfo(
        pydantic_field_info=pydantic.Field(default, **given),
        primary_field=primary_field,
        key_name=_checked_key_name(key_name, primary_field=primary_field),
        index=index,
        unique=unique,
        if_missing=if_missing,
        store_none=store_none,
        store_default=store_default,
    )


def _checked_key_name(key_name: str | None, *, primary_field: bool) -> str | None:
    key_name = None if key_name is None else plain_text(key_name)
    if not primary_field:
        if key_name == "_id":
            raise ValueError("cannot specify key_name='_id' without defining the field as primary")
        return key_name
    if key_name not in (None, "_id"):
        raise ValueError("cannot specify a primary field with a custom key_name")
    return "_id"


def _renamed(old: str, old_value: int | None, new: str, new_value: int | None) -> int | None:
    if old_value is None:
        return new_value
    warnings.warn(
        PydanticDeprecatedSince20(f"`{old}` is deprecated, use `{new}` instead"), stacklevel=3
    )
    return old_value if new_value is None else new_value


class FieldProxy:
    """A field as seen on its class: the left side of a filter.

    Comparisons return filters, attributes are embedded fields, `+proxy` is the path of the key, and `++proxy` the field
    path for an aggregation.

    Example:
        `(Shop.address.city == "Oslo") & Shop.opened.gt(2020)`
    """

    __slots__ = ("field", "parent", "root")

    parent: FieldProxy | None
    field: ODMBaseField
    root: type[Any] | None
    """The class on which it was read; `None` below another proxy, or if unknown."""

    def __init__(
        self, parent: FieldProxy | None, field: ODMBaseField, root: type[Any] | None = None
    ) -> None:
        object.__setattr__(self, "parent", parent)
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "root", root)

    def __get__(self, instance: object, owner: type[Any]) -> FieldProxy:
        # An instance's own value comes first. A missing one is an error, as in pydantic.
        if instance is None and not building.get():
            return self
        name = _name_in(owner, _field_of(self))
        if name is None or (instance is not None and name in vars(instance)):
            return self
        raise AttributeError(f"{owner.__name__!r} object has no attribute {name!r}")

    def __getattribute__(self, name: str) -> Any:
        field = _field_of(self)
        if isinstance(field, ODMEmbedded):
            return _attribute_of_embedded(self, field, name)
        if isinstance(field, ODMReference) and name in mapping_of(field.model).fields:
            raise NotImplementedError("filtering across references is not supported")
        if not (name.startswith("__") and hasattr(FieldProxy, name)):
            _check_operator(field, name)
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{self!r} is immutable")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self!r} is immutable")

    def __repr__(self) -> str:
        return f"<FieldProxy {str(+self)!r}>"

    def __pos__(self) -> KeyNameProxy:
        get = object.__getattribute__
        path: str = get(self, "field").key_name
        proxy = self
        while (parent := get(proxy, "parent")) is not None:
            proxy = parent
            path = f"{_field_of(proxy).key_name}.{path}"
        key = KeyNameProxy(path)
        key.model = get(proxy, "root")
        return key

    def __neg__(self) -> NoReturn:
        raise TypeError(f"a field has no minus: write desc(...) or .desc() to sort by {+self!r}")

    def __stored__(self, value: Any) -> Any:
        """Return the BSON form of a value that the field is compared with."""
        return encode_operand(object.__getattribute__(self, "field"), value)

    # Python's operators look neither at attributes of this object nor at embedded fields named like an operator.

    __hash__ = None  # type: ignore[assignment]  # == makes a filter

    def __eq__(self, value: object) -> QueryExpression:  # type: ignore[override]  # a filter
        return query.eq(_operand(self, "eq"), value)

    def __ne__(self, value: object) -> QueryExpression:  # type: ignore[override]  # a filter
        return query.ne(_operand(self, "ne"), value)

    def __lt__(self, value: Any) -> QueryExpression:
        return query.lt(_operand(self, "lt"), value)

    def __le__(self, value: Any) -> QueryExpression:
        return query.lte(_operand(self, "lte"), value)

    def __gt__(self, value: Any) -> QueryExpression:
        return query.gt(_operand(self, "gt"), value)

    def __ge__(self, value: Any) -> QueryExpression:
        return query.gte(_operand(self, "gte"), value)

    def eq(self, value: Any) -> QueryExpression:
        """See [odmantic.query.eq][]."""
        return query.eq(self, value)

    def ne(self, value: Any) -> QueryExpression:
        """See [odmantic.query.ne][]."""
        return query.ne(self, value)

    def lt(self, value: Any) -> QueryExpression:
        """See [odmantic.query.lt][]."""
        return query.lt(self, value)

    def lte(self, value: Any) -> QueryExpression:
        """See [odmantic.query.lte][]."""
        return query.lte(self, value)

    def gt(self, value: Any) -> QueryExpression:
        """See [odmantic.query.gt][]."""
        return query.gt(self, value)

    def gte(self, value: Any) -> QueryExpression:
        """See [odmantic.query.gte][]."""
        return query.gte(self, value)

    def in_(self, sequence: Iterable[Any]) -> QueryExpression:
        """See [odmantic.query.in_][]."""
        return query.in_(self, sequence)

    def not_in(self, sequence: Iterable[Any]) -> QueryExpression:
        """See [odmantic.query.not_in][]."""
        return query.not_in(self, sequence)

    def match(self, pattern: Any) -> QueryExpression:
        """See [odmantic.query.match][]."""
        return query.match(self, pattern)

    def asc(self) -> SortExpression:
        """See [odmantic.query.asc][]."""
        return query.asc(self)

    def desc(self) -> SortExpression:
        """See [odmantic.query.desc][]."""
        return query.desc(self)


class _DeprecatedFieldProxy(FieldProxy):
    """A proxy for a field that warns when it is read from an instance."""

    __slots__ = ()

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        if instance is None:
            return super().__get__(instance, owner)
        field = _field_of(self)
        name = _name_in(owner, field)
        try:
            value = vars(instance)[name or ""]
        except KeyError:
            return super().__get__(instance, owner)
        message = field.pydantic_field.deprecation_message or ""
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return value

    def __set__(self, instance: object, value: object) -> NoReturn:
        # With `__set__`, reads of instances come here first. Nothing calls it, as models have `__setattr__`.
        raise AttributeError(f"{self!r} is immutable")


def proxy_of(field: ODMBaseField, owner: type[Any]) -> FieldProxy:
    """Return the proxy for a field on its class."""
    is_deprecated = bool(field.pydantic_field.deprecated)
    return (_DeprecatedFieldProxy if is_deprecated else FieldProxy)(None, field, owner)


def _field_of(proxy: FieldProxy) -> ODMBaseField:
    # Ordinary access would find fields of embedded models first.
    field: ODMBaseField = object.__getattribute__(proxy, "field")
    return field


def _name_in(owner: type[Any], field: ODMBaseField) -> str | None:
    """Return the name of a class's field; `None` for a field of another class, kept as an ordinary value."""
    for cls in owner.__mro__:
        mapping = vars(cls).get("__mapping__")
        if isinstance(mapping, ModelMapping):
            for name, each in mapping.fields.items():
                if each is field:
                    return name
    return None


def _attribute_of_embedded(proxy: FieldProxy, field: ODMEmbedded, name: str) -> Any:
    child = mapping_of(field.model).fields.get(name)
    if child is not None:
        return FieldProxy(proxy, child)
    try:
        return object.__getattribute__(proxy, name)
    except AttributeError:
        raise AttributeError(f"attribute {name} not found in {field.model.__name__}") from None


def _operand(proxy: FieldProxy, operator: str) -> FieldProxy:
    # Every comparison comes here: no calls.
    field: ODMBaseField = object.__getattribute__(proxy, "field")
    if operator not in field.__allowed_operators__ and not isinstance(field, ODMEmbedded):
        _check_operator(field, operator)
    return proxy


def _check_operator(field: ODMBaseField, operator: str) -> None:
    if operator not in field.__allowed_operators__:
        raise AttributeError(f"operator {operator} not allowed for {type(field).__name__} fields")
