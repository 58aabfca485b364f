"""Fields as seen on their class: the paths of keys that queries are written with."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, NoReturn

from odmantic import query
from odmantic._codec.operands import encode_operand
from odmantic._mapping.building import building
from odmantic._mapping.fields import ODMBaseField, ODMEmbedded, ODMReference
from odmantic._mapping.mapping import ModelMapping, mapping_of
from odmantic.query import KeyNameProxy, QueryExpression, SortExpression


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
            raise NotImplementedError(
                "filtering across references is not supported: find the targets first, and compare the reference with "
                "in_(). A path for load= is text, or a tuple such as (Post.author, User.company)"
            )
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


def names_of(proxy: FieldProxy) -> tuple[Any, list[str]]:
    """Return the names of the fields on a path, and the class that has the first one; `None` if that is unknown."""
    names: list[str] = []
    owner: Any = None
    each: FieldProxy | None = proxy
    while each is not None:
        owner, name = _field_of(each).owner or (None, "")
        names.insert(0, name)
        each = object.__getattribute__(each, "parent")
    return owner, names


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
    mapping = mapping_of(field.model)
    child = mapping.fields.get(name) or mapping.stored.get(name)
    if child is not None:
        return FieldProxy(proxy, child)
    try:
        return object.__getattribute__(proxy, name)
    except AttributeError:
        hint = _hint_for(field, name)
        raise AttributeError(
            f"attribute {name} not found in {field.model.__name__}{hint}"
        ) from None


def _hint_for(field: ODMEmbedded, name: str) -> str:
    """Return where a field is that was looked for in a class of a hierarchy."""
    found = (each.model for each in mapping_of(field.model).read_as if name in each.fields)
    owner = next(found, None)
    return "" if owner is None else f": write as_type(..., {owner.__name__}).{name}"


def _operand(proxy: FieldProxy, operator: str) -> FieldProxy:
    # Every comparison comes here: no calls.
    field: ODMBaseField = object.__getattribute__(proxy, "field")
    if operator not in field.__allowed_operators__ and not isinstance(field, ODMEmbedded):
        _check_operator(field, operator)
    return proxy


def _check_operator(field: ODMBaseField, operator: str) -> None:
    if operator not in field.__allowed_operators__:
        raise AttributeError(f"operator {operator} not allowed for {type(field).__name__} fields")
