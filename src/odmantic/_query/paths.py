"""Fields as seen on their class: the paths of keys that queries are written with."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from odmantic._mapping.building import building
from odmantic._mapping.fields import ODMBaseField, ODMEmbedded, ODMField, ODMReference
from odmantic._mapping.mapping import ModelMapping, mapping_of
from odmantic._query import comparisons
from odmantic._query.computing import Arithmetic
from odmantic._query.expressions import KeyNameProxy, QueryExpression
from odmantic._query.methods import OperatorMethods
from odmantic._query.places import path_inside
from odmantic._query.steps import Item, Path, Place, path_in, without_none
from odmantic._types.tree import FixedTuple, Table


class FieldProxy(OperatorMethods, Arithmetic):
    """A field as seen on its class: the left side of a filter.

    Comparisons return filters, attributes are embedded fields, `proxy[...]` is an item of a list or a value of a
    dictionary, `+proxy` is the path of the key, and `++proxy` the field path for an aggregation. Other operators make
    expressions.

    Example:
        `(Shop.address.city == "Oslo") & Shop.opened.gt(2020)`
    """

    __slots__ = ()

    def __init__(
        self, parent: FieldProxy | None, field: ODMBaseField, root: type[Any] | None = None
    ) -> None:
        path = Path(None, field, root) if parent is None else path_in(parent).to(field)
        object.__setattr__(self, "_path", path)

    @property
    def parent(self) -> FieldProxy | None:
        """The proxy before the last step."""
        parent = path_in(self).parent
        return None if parent is None else proxy_at(parent)

    @property
    def field(self) -> ODMBaseField | None:
        """The last field on the path."""
        return path_in(self).field

    def __get__(self, instance: object, owner: type[Any]) -> FieldProxy:
        # An instance's own value comes first. A missing one is an error, as in pydantic.
        if instance is None and not building.get():
            return self
        name = _name_in(owner, path_in(self).step)
        if name is None or (instance is not None and name in vars(instance)):
            return self
        raise AttributeError(f"{owner.__name__!r} object has no attribute {name!r}")

    def __getattribute__(self, name: str) -> Any:
        path: Path = object.__getattribute__(self, "_path")
        if path.embedded is not None:
            return _attribute_of_embedded(self, path, name)
        field = path.field
        if isinstance(field, ODMReference) and any(
            name in each.fields for member in field.members for each in member.mappings
        ):
            raise NotImplementedError(
                "filtering across references is not supported: find the targets first, and compare the reference with "
                "in_(). A path for load= is text, or a tuple such as (Post.author, User.company)"
            )
        if not (name.startswith("__") and hasattr(FieldProxy, name)):
            _check_operator(path, name)
        return object.__getattribute__(self, name)

    def __getitem__(self, place: Any) -> FieldProxy:
        return proxy_at(path_inside(path_in(self), place))

    # With `__getitem__`, Python would iterate for ever.
    __iter__ = None
    __contains__ = None

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{self!r} is immutable")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self!r} is immutable")

    def __repr__(self) -> str:
        path = path_in(self)
        try:
            return f"<FieldProxy {str(path.key)!r}>"
        except ValueError:  # a place of updates only
            return f"<FieldProxy {path}>"

    def __pos__(self) -> KeyNameProxy:
        return path_in(self).key

    def _refuse_assignment(self, _value: object) -> NoReturn:
        # `User.age += 1` would replace the field on its class.
        raise TypeError(
            f"{self!r} cannot be assigned: write inc(...) or mul(...) in an update to change it in documents"
        )

    if not TYPE_CHECKING:  # to checkers, a field is a value
        __iadd__ = __isub__ = __imul__ = _refuse_assignment
        __itruediv__ = __ifloordiv__ = __imod__ = _refuse_assignment

    # Python's operators look neither at attributes of this object nor at embedded fields named like an operator.

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # == makes a filter

    def __eq__(self, value: object) -> QueryExpression:  # type: ignore[override]  # a filter
        return comparisons.eq(_operand(self, "eq"), value)

    def __ne__(self, value: object) -> QueryExpression:  # type: ignore[override]  # a filter
        return comparisons.ne(_operand(self, "ne"), value)

    def __lt__(self, value: Any) -> QueryExpression:
        return comparisons.lt(_operand(self, "lt"), value)

    def __le__(self, value: Any) -> QueryExpression:
        return comparisons.lte(_operand(self, "lte"), value)

    def __gt__(self, value: Any) -> QueryExpression:
        return comparisons.gt(_operand(self, "gt"), value)

    def __ge__(self, value: Any) -> QueryExpression:
        return comparisons.gte(_operand(self, "gte"), value)


class _DeprecatedFieldProxy(FieldProxy):
    """A proxy for a field that warns when it is read from an instance."""

    __slots__ = ()

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        if instance is None:
            return super().__get__(instance, owner)
        field: Any = path_in(self).step
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


def proxy_at(path: Path) -> FieldProxy:
    """Return the proxy for a path."""
    proxy = object.__new__(FieldProxy)
    object.__setattr__(proxy, "_path", path)
    return proxy


def names_of(proxy: FieldProxy) -> tuple[Any, list[str]]:
    """Return the names of the fields on a path, and the class that has the first one; `None` if that is unknown.

    Raises:
        ValueError: if the path leads to one item or key among others.
    """
    names: list[str] = []
    owner: Any = None
    path: Path | None = path_in(proxy)
    while path is not None:
        step = path.step
        if isinstance(step, ODMBaseField):
            owner, name = step.owner or (None, "")
            names.insert(0, name)
        elif not isinstance(step, Item) or step.place is not Place.EACH:
            raise ValueError(f"{path} is one among others: name the path without the place")
        path = path.parent
    return owner, names


def _name_in(owner: type[Any], field: object) -> str | None:
    """Return the name of a class's field; `None` for a field of another class, kept as an ordinary value."""
    for cls in owner.__mro__:
        mapping = vars(cls).get("__mapping__")
        if isinstance(mapping, ModelMapping):
            for name, each in mapping.fields.items():
                if each is field:
                    return name
    return None


def _attribute_of_embedded(proxy: FieldProxy, path: Path, name: str) -> Any:
    """Return the field of an embedded object, or else an operator."""
    model = path.embedded
    mapping = mapping_of(model)
    child = mapping.fields.get(name) or mapping.stored.get(name)
    if child is not None:
        kept: FieldProxy | None = path.below.get(name)
        if kept is None or path_in(kept).step is not child:
            kept = path.below[name] = proxy_at(path.to(child))
        return kept
    if not (_takes_all(path) or (name.startswith("__") and hasattr(FieldProxy, name))):
        _check_operator(path, name)
    try:
        return object.__getattribute__(proxy, name)
    except AttributeError:
        raise AttributeError(
            f"attribute {name} not found in {model.__name__}{_hint_for(model, name)}"
        ) from None


def _hint_for(model: Any, name: str) -> str:
    """Return where a field is that was looked for in a class of a hierarchy."""
    found = (each.model for each in mapping_of(model).read_as if name in each.fields)
    owner = next(found, None)
    return "" if owner is None else f": write as_type(..., {owner.__name__}).{name}"


def _operand(proxy: FieldProxy, operator: str) -> FieldProxy:
    # Every comparison comes here: no calls.
    path: Path = object.__getattribute__(proxy, "_path")
    allowed = getattr(path.step, "__allowed_operators__", _OF_VALUES)
    if operator not in allowed and not _takes_all(path):
        _check_operator(path, operator)
    return proxy


_OF_VALUES = ODMField.__allowed_operators__


def _takes_all(path: Path) -> bool:
    """Return whether a path takes every operator: that of one embedded object, whose class has the names."""
    step = path.step
    return (
        path.narrowed is not None
        or isinstance(step, ODMEmbedded)
        or not isinstance(step, ODMBaseField)
    )


def _check_operator(path: Path, operator: str) -> None:
    step = path.step
    if operator not in getattr(step, "__allowed_operators__", _OF_VALUES):
        of = f"{type(step).__name__} fields" if isinstance(step, ODMBaseField) else str(path)
        raise AttributeError(
            f"operator {operator} not allowed for {of}{_hint_below(path, operator)}"
        )


_UPDATES = frozenset(
    [
        "set",
        "set_on_insert",
        "unset",
        "inc",
        "mul",
        "min",
        "max",
        "bit",
        "rename",
        "current_date",
        "push",
        "add_to_set",
        "pull",
        "pop",
    ]
)


def _hint_below(path: Path, name: str) -> str:
    """Return where a field or an update is that was looked for behind a path."""
    if name in _UPDATES:
        return f": write F({path}).{name}(...)"
    if path.embedded is not None:
        return _hint_for(path.embedded, name)
    node = without_none(path.node)
    owners = [each.cls for each in node.models if name in mapping_of(each.cls).fields]
    if not owners or isinstance(path.field, ODMReference):
        return ""
    if isinstance(node, Table):
        return f": write {path}[key].{name}"
    if isinstance(node, FixedTuple):
        return f": write {path}[0].{name}"
    return f": write as_type({path}, {owners[0].__name__}).{name}"
