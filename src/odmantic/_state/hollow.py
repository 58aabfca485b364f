"""Hollow instances: in place of a referenced document that was not loaded, with nothing but its primary key.

What is known of one is a `Hollow` in its slot `__state__`, whatever else happens to it. It is read at no place and
written to none: its document is known to whoever loads it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.ref import Ref
from odmantic._state.places import NOWHERE, Known, Place
from odmantic._state.state import State, state_of
from odmantic._types.instances import Instance
from odmantic.exceptions import NotLoadedError

if TYPE_CHECKING:
    from collections.abc import Callable


_waiting: list[Callable[[], None]] = []


def when_first(prepare: Callable[[], None]) -> None:
    """Have something done before the first hollow instance of the process is made, by each thread that makes one."""
    _waiting.append(prepare)


def _begin() -> None:
    for prepare in [*_waiting]:
        prepare()
    _waiting.clear()


class Hollow(Known):
    """The knowledge about documents that one reference leads to and that were not loaded.

    Attributes:
        where: The reference, such as `Post.author`.
        advice: How to load it.
        is_missing: Whether the documents were looked for and are gone.
    """

    __slots__ = ("advice", "is_missing", "where")

    is_hollow = True

    def __init__(self, where: str, advice: str, *, is_missing: bool = False) -> None:
        """Know where the documents are referred to."""
        super().__init__(NOWHERE)
        if _waiting:
            _begin()
        self.where = where
        self.advice = advice
        self.is_missing = is_missing

    @property
    def problem(self) -> str:
        """Why there are no values, and what to do."""
        if self.is_missing:
            return (
                f"{self.where} leads to a document that does not exist: look at it with is_missing"
            )
        return f"{self.where} was not loaded: {self.advice}"

    def __repr__(self) -> str:
        """Return what `repr` of an instance shows instead of its fields."""
        return "<missing>" if self.is_missing else "<not loaded>"

    def is_at(self, place: Place) -> bool:  # noqa: ARG002 - whatever the place
        """Return true: at no place there is anything to write."""
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return _hollow, (self.where, self.advice, self.is_missing)


def _hollow(where: str, advice: str, is_missing: bool) -> Hollow:
    return Hollow(where, advice, is_missing=is_missing)


def hollow_in(instance: Any) -> Hollow | None:
    """Return what makes an instance hollow; `None` for one with all of its fields."""
    state = state_of(instance)
    known = state.known if type(state) is State else state
    return known if type(known) is Hollow else None


def refuse_hollow(hollow: Hollow) -> NoReturn:
    """Raise the error for the use of a hollow instance."""
    raise NotLoadedError(hollow.problem)


def check_loaded(instance: Any) -> None:
    """Raise for a hollow instance.

    Raises:
        NotLoadedError: it has nothing but its primary key.
    """
    hollow = hollow_in(instance)
    if hollow is not None:
        refuse_hollow(hollow)


def have_same_key(one: Any, other: Any) -> bool:
    """Return whether two instances of a class have the same primary key, and one of them has nothing else."""
    if hollow_in(one) is None and hollow_in(other) is None:
        return False
    name = one.__mapping__.primary_field
    return bool(one.__dict__.get(name) == other.__dict__.get(name))


def make_hollow(model: Any, key: Any, known: Hollow) -> Instance:
    """Make a hollow instance of a model with a primary key, without any code of the model."""
    instance: Instance = object.__new__(model)
    mapping = mapping_of(model)
    name = str(mapping.primary_field)
    values = {
        "__dict__": {name: key},
        "__pydantic_fields_set__": {name},
        "__pydantic_extra__": {} if mapping.extra_allowed else None,
        "__pydantic_private__": None,
        "__state__": known,
    }
    for slot, value in values.items():
        object.__setattr__(instance, slot, value)
    return instance


def fill(target: Any, fresh: Any) -> None:
    """Give an instance everything that one has which was just read, and which nobody else has."""
    if type(target) is not type(fresh):  # of a hierarchy
        target.__class__ = type(fresh)
    for slot in _SLOTS:
        try:
            object.__setattr__(target, slot, object.__getattribute__(fresh, slot))
        except AttributeError:
            with suppress(AttributeError):
                object.__delattr__(target, slot)


_SLOTS = (
    *("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"),
    *("__baseline__", "__state__"),
)


def is_loaded(value: Any) -> bool:
    """Return whether the value of a reference has its fields, and not only its primary key.

    Example:
        After `post = await engine.find_one(Post, load=())`, `is_loaded(post.author)` is false.
    """
    return value.is_loaded if isinstance(value, Ref) else hollow_in(value) is None


def is_missing(value: Any) -> bool:
    """Return whether the document of a reference was looked for and is gone; see `missing` of `Reference`."""
    if isinstance(value, Ref):
        return value.is_missing
    hollow = hollow_in(value)
    return hollow is not None and hollow.is_missing
