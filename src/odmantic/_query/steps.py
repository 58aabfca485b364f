"""Paths as data: the steps from a class to values in its documents.

A path knows its keys and the type of what is at its end, from which come the encoder of operands and the operators that
it takes. It is written in one of three languages: the keys of filters here, those of updates, and those of expressions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, partial, reduce
from typing import TYPE_CHECKING, Any, TypeAlias

from odmantic._codec.operands import encode_operand, encode_operand_inside
from odmantic._mapping.fields import ODMBaseField, ODMEmbedded, ODMReference
from odmantic._query.expressions import KeyNameProxy
from odmantic._types.tree import Array, Document, Nullable, Type, read_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from odmantic._query.expressions import QueryExpression

ANYTHING: Type = read_type(Any)
"""The type of values about which nothing is known."""


class Place(Enum):
    """Items of an array without a number."""

    EACH = auto()
    """Every item; in a filter, some item."""
    MATCHED = auto()
    """The item that the query met."""

    def __repr__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, eq=False)
class Where:
    """The items of an array that meet conditions."""

    conditions: tuple[QueryExpression, ...]

    def __repr__(self) -> str:
        return f"where({', '.join(map(repr, self.conditions))})"


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A step from an array to its items; `node` is their type."""

    place: int | Place | Where
    node: Type


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A step to a key that no field has: of a dictionary, of extra values, or of a class without keys of its own.

    Attributes:
        text: The key in the document.
        node: The type of the value.
        shown: How a program writes the step.
    """

    text: str
    node: Type
    shown: str


@dataclass(frozen=True, slots=True, eq=False)
class Itself:
    """The start of conditions on the items of an array themselves, whatever array that will be."""

    node: Type = ANYTHING


Step: TypeAlias = ODMBaseField | Item | Key | Itself


@dataclass(frozen=True, eq=False)
class Path:
    """The way from a class to values in its documents.

    Attributes:
        parent: The path before the last step, if there are several steps.
        step: The last step; that to a field is the field.
        root: The class at which the path starts; `None` if unknown.
        narrowed: The class of the embedded objects at its end, if the program has named one of several.
        is_typed: Whether the program wrote `F(...)` around it, which is for documents of its class only.
    """

    parent: Path | None
    step: Step
    root: Any = None
    narrowed: Any = None
    is_typed: bool = False

    def to(self, step: Step) -> Path:
        """Return the path that goes one step further."""
        return Path(self, step, self.root)

    @cached_property
    def key(self) -> KeyNameProxy:
        """The key in filters and sort orders.

        Raises:
            ValueError: if a step has no meaning there.
        """
        path, keys = self, [_key_in_filters(self)]
        while path.parent is not None:
            path = path.parent
            keys.append(_key_in_filters(path))
        keys.reverse()
        key = KeyNameProxy(".".join(filter(None, keys)))
        key.model = path.root
        if self.is_typed:
            key.is_typed = True
        return key

    @cached_property
    def as_typed(self) -> Path:
        """The path with `F(...)` around it."""
        return Path(self.parent, self.step, self.root, self.narrowed, is_typed=True)

    @property
    def node(self) -> Type:
        """The type of the values."""
        return self.step.tree if isinstance(self.step, ODMBaseField) else self.step.node

    @cached_property
    def field(self) -> ODMBaseField | None:
        """The last field on the path."""
        if isinstance(self.step, ODMBaseField):
            return self.step
        return None if self.parent is None else self.parent.field

    @cached_property
    def embedded(self) -> Any:
        """The class of embedded objects whose keys follow this one in documents; `None` if there is no such class."""
        if self.narrowed is not None:
            return self.narrowed
        if isinstance(self.step, ODMEmbedded):
            return self.step.model
        return None if isinstance(self.field, ODMReference) else _embedded_in(self.node)

    @cached_property
    def below(self) -> dict[str, Any]:
        """The proxies of fields one step further, once they are used."""
        return {}

    @cached_property
    def passed(self) -> set[Any]:
        """The checks that need not be made again."""
        return set()

    @cached_property
    def encode(self) -> Callable[[Any], Any]:
        """The encoder of values with which the path is compared."""
        step, field = self.step, self.field
        if isinstance(step, ODMBaseField):
            return partial(encode_operand, step)
        return (
            Unencoded
            if isinstance(step, Itself)
            else partial(encode_operand_inside, field, step.node)
        )

    def encode_item(self, value: Any) -> Any:
        """Return the stored form of a value with which an item of an array at the path is compared."""
        node = without_none(self.node)
        if isinstance(self.step, Itself):  # of arrays in an array, whose type is not known yet
            return encode_operand_inside(None, node, value)
        if not isinstance(node, Array):
            return self.encode(value)
        return encode_operand_inside(self.field, node.inner, value)

    def __str__(self) -> str:
        """Return the path as a program writes it."""
        return self._shown

    @cached_property
    def _shown(self) -> str:
        path, shown = self, [_shown(self)]
        while path.parent is not None:
            path = path.parent
            shown.append(_shown(path))
        shown.append(_name_of_root(path))
        return "".join(reversed(shown))


@dataclass(frozen=True, slots=True, eq=False)
class Unencoded:
    """A value with which items of an array are compared, before it is known which array."""

    value: Any


class HasPath:
    """What stands for a path in programs; its attributes are fields, so that its path is found here only."""

    __slots__ = ("_path",)

    _path: Path

    # It never changes, and is known by its path.

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        path = path_in(self)
        names = _names_in(path)
        if names is None or path.root is None:
            raise TypeError(
                f"{self!r} cannot be pickled: only the path of a field by names can. Pickle str(+field), its key, or the condition"
            )
        return _by_names, (type(self), path.root, names, path.is_typed)


def _names_in(path: Path) -> list[str] | None:
    """Return the names of the fields on a path; `None` if it has other steps."""
    names: list[str] = []
    at: Path | None = path
    while at is not None:
        step = at.step
        if not isinstance(step, ODMBaseField) or step.owner is None or at.narrowed is not None:
            return None
        names.insert(0, step.owner[1])
        at = at.parent
    return names


def _by_names(cls: type[HasPath], root: type[Any], names: list[str], is_typed: bool) -> HasPath:
    """Return the field with these names below a class, as `pickle` reads it."""
    path = path_in(reduce(getattr, names, root))
    field = object.__new__(cls)
    object.__setattr__(field, "_path", path.as_typed if is_typed else path)
    return field


def path_in(field: Any) -> Path:
    """Return the path of a field.

    Raises:
        TypeError: if it is not a field as seen on its class.
    """
    if not isinstance(field, HasPath):
        raise TypeError(f"expected a field of a model such as User.name, got {field!r}")
    path: Path = object.__getattribute__(field, "_path")
    return path


def key_of(field: Any) -> KeyNameProxy:
    """Return the key of a field in filters and sort orders.

    Raises:
        TypeError: if it is not a field as seen on its class.
        ValueError: if the path has no meaning there.
    """
    return path_in(field).key


def without_none(node: Type) -> Type:
    """Return the type of the values that are not `None`."""
    return node.inner if isinstance(node, Nullable) else node


def _embedded_in(node: Type) -> Any:
    """Return the class of the embedded objects at a key, alone or in one array: MongoDB looks into one, and no deeper."""
    node = without_none(node)
    if isinstance(node, Array):
        node = without_none(node.inner)
    return node.cls if isinstance(node, Document) else None


def _key_in_filters(path: Path) -> str:
    match path.step:
        case ODMBaseField() as field:
            return field.key_name
        case Key() as key:
            return key.text
        case Item(place=int(number)) if number >= 0:
            return str(number)
        case Item(place=Place.EACH) | Itself():
            return ""
        case Item(place=int()):
            raise ValueError(
                f"{path}: a filter counts from the beginning only, as in {path.parent}[0]; for some item write {path.parent}[each]"
            )
        case _:
            raise ValueError(
                f"{path}: this place has a meaning in updates only; for conditions on one item write "
                f"elem_match({path.parent}, ...)"
            )


def _shown(path: Path) -> str:
    match path.step:
        case ODMBaseField() as field:
            return f".{field.owner[1] if field.owner else field.key_name}"
        case Item() as item:
            return f"[{item.place!r}]"
        case Key() as key:
            return key.shown
        case _:
            return "element"


def _name_of_root(path: Path) -> str:
    if isinstance(path.step, Itself):
        return ""
    field = path.step if isinstance(path.step, ODMBaseField) else None
    root = path.root or (field.owner[0] if field is not None and field.owner else None)
    return getattr(root, "__name__", "?")
