"""`stored`, which keeps the values of properties in documents."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from pydantic import computed_field

from odmantic._mapping.naming import plain_text
from odmantic._mapping.options import STORED, FieldOptions, getter_of
from odmantic._types.internals import computed_info

__all__ = ["stored"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

if TYPE_CHECKING:
    from typing_extensions import Never

    class StoredProperty(Generic[T_co]):
        """A stored property: on instances its value, and on the class a field, of the value's type for checkers."""

        def __get__(self, instance: object, owner: type[Any] | None = None) -> T_co: ...

        def __set__(self, instance: object, value: Never) -> None: ...

        # Mypy calls what decorates a property.
        def __call__(self, instance: Any, /) -> T_co: ...

    class _Property(Protocol[T_co]):
        """What Pyright sees in a property."""

        @overload
        def __get__(self, instance: None, owner: Any = None, /) -> property: ...
        @overload
        def __get__(self, instance: Any, owner: Any = None, /) -> T_co: ...

    class _Decorator(Protocol):
        @overload
        def __call__(self, getter: cached_property[T], /) -> StoredProperty[T]: ...
        @overload
        def __call__(self, getter: Callable[[Any], T], /) -> StoredProperty[T]: ...
        @overload
        def __call__(self, getter: _Property[property | T], /) -> StoredProperty[T]: ...


_DECORATED: Any = (property, cached_property, FunctionType)


def stored(*, key_name: str | None = None, index: bool = False, unique: bool = False) -> _Decorator:
    """Store the value of a property in the document: decorate a property, a `cached_property` or a method with it.

    The property is computed by each insert, and by each save that sends anything of the instance; its value is sent if
    it differs from the last one. It is never read from a document, where it may be missing or out of date. On the
    class it is a field for filters, sort orders and indexes, and for pydantic it is a
    [computed field](https://docs.pydantic.dev/latest/concepts/fields/#the-computed_field-decorator), so dumps and JSON
    show it. A property that raises makes the save fail before the document is sent.

    Args:
        key_name: The key in documents, queries and indexes; the property's name if `None`.
        index: Declare an index on the property.
        unique: Declare a unique index on it.

    Raises:
        ValueError: if the key is `_id`, which belongs to the primary key.
        TypeError: if something else is decorated, or a property twice; from the class statement, if the property has no
            annotation for what it returns, or returns what cannot be stored.

    Example:
        ```python
        class Order(Model):
            prices: list[int] = []

            @stored(index=True)
            def total(self) -> int:
                return sum(self.prices)


        Order.total > 100
        ```
    """
    key_name = None if key_name is None else plain_text(key_name)
    if key_name == "_id":
        raise ValueError("a stored property cannot have the key '_id', which is the primary key's")
    options = FieldOptions(key_name=key_name, index=index, unique=unique)

    def decorate(decorated: Any) -> Any:
        is_computed = computed_info(decorated) is not None
        if not (is_computed or isinstance(decorated, _DECORATED)):
            raise TypeError(
                f"stored() decorates a property, a cached_property or a method, and not {decorated!r}"
            )
        getter: Any = getter_of(decorated) or decorated
        if hasattr(getter, STORED):
            raise TypeError(
                f"the property {getter.__qualname__} is stored already: write stored() once"
            )
        setattr(getter, STORED, options)
        return decorated if is_computed else computed_field(decorated)

    return decorate
