"""`Ref`: a lazy reference, with the document that it leads to or only with its primary key.

The other rooms look into one by the functions of this module; programs by its properties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NoReturn,
    Protocol,
    TypeGuard,
    TypeVar,
    final,
    overload,
)

import bson
from pydantic import ValidationError

from odmantic._mapping.hierarchy import hierarchy_of
from odmantic._mapping.ref_schema import schema_of_ref
from odmantic._types.kinds import is_model, is_model_instance, origin_of
from odmantic.exceptions import NotLoadedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

    from odmantic._mapping.interfaces import Keys
    from odmantic._types.instances import Instance

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
ModelType = TypeVar("ModelType", bound="Instance")


@dataclass(slots=True, eq=False)
class Page:
    """The documents of one read.

    Attributes:
        documents: Their number so far.
    """

    documents: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Unloaded:
    """What is known of references that one read has not loaded.

    Attributes:
        where: The reference, such as `Post.author`; empty if a program made it.
        load: What to give as `load=`.
        advice: How to load it.
        page: The read.
        only: The classes of a hierarchy, if the documents may not be of all classes below the model.
    """

    where: str = ""
    load: str = ""
    advice: str = "await ref.fetch(engine), or ref.fetch(engine) with a SyncEngine, loads it"
    page: Page | None = None
    only: tuple[Any, ...] = ()


MADE_BY_PROGRAM = Unloaded()


class _FetchesLater(Protocol):
    """An engine, a session or a transaction of the async colour."""

    def _fetch(self, ref: Ref[T], /, *, again: bool) -> Awaitable[T]: ...


class _FetchesNow(Protocol):
    """One of the sync colour."""

    def _fetch(self, ref: Ref[T], /, *, again: bool) -> T: ...


@final
class Ref(Generic[T_co]):
    """A reference to a document of another collection, which is loaded only when a program asks for it.

    `Ref[Ship]` is the annotation of a field that is stored as the primary key of a `Ship`. Reads do not load it, unless
    `load=` names it. References are equal if they lead to the same document, and never change; loading one fills it in
    place.

    Args:
        target: The instance to which it leads; it may be new, and is then saved with what refers to it.

    Raises:
        TypeError: if it is not an instance of a model.

    Example:
        ```python
        class Landing(Model):
            ship: Ref[Ship]


        landing = Landing(ship=Ref(Ship(name="Vega")))
        await engine.save(landing)
        landing.ship = Ref.to(Ship, landing.ship.key)
        ship = await landing.ship.fetch(engine)
        ```
    """

    __slots__ = ("_is_missing", "_key", "_model", "_stored", "_target", "_unloaded")

    __odm_lazy__ = True

    _model: Any
    _key: Any
    _stored: Any
    _target: T_co | None
    _unloaded: Unloaded
    _is_missing: bool

    def __init__(self, target: T_co, /) -> None:
        instance: Any = target
        if not is_model_instance(instance):
            raise TypeError(
                f"Ref() takes an instance of a model, not {target!r:.200}; for a key write Ref.to(User, key)"
            )
        model: Any = type(instance)
        key = getattr(instance, model.__mapping__.primary_field)
        hollow = _hollow_in(instance)
        if hollow is None:
            _set_up(self, model, key, _NOT_STORED_YET, MADE_BY_PROGRAM)
            _set_target(self, instance)
        else:
            _set_up(self, model, key, _NOT_STORED_YET, Unloaded(hollow.where, "", hollow.advice))
            _set_missing(self, hollow.is_missing)

    @classmethod
    def to(cls, model: type[ModelType], key: Any, /) -> Ref[ModelType]:
        """Return a reference to the document of a model with a primary key; nothing is read.

        Raises:
            TypeError: if `model` is not a model.
            ValueError: if the primary field does not accept the key.
        """
        if not is_model(model):
            raise TypeError(f"Ref.to() takes a model class and a key, not {model!r:.200}")
        try:
            valid = _keys_of(model).validate(key)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]["msg"]
            raise ValueError(
                f"{key!r:.200} is no primary key of a {model.__name__}: {problem}"
            ) from error
        return unloaded_ref(model, valid)

    @property
    def key(self) -> Any:
        """The primary key of the document, as the primary field has it in Python."""
        return self._key

    @property
    def is_loaded(self) -> bool:
        """Whether the document is loaded."""
        return self._target is not None

    @property
    def is_missing(self) -> bool:
        """Whether the document was looked for and is gone."""
        return self._is_missing

    @property
    def value(self) -> T_co:
        """The document.

        Raises:
            NotLoadedError: it is not loaded; the error says how to load it.
        """
        target = self._target
        if target is None:
            raise NotLoadedError(problem_of(self))
        return target

    @property
    def value_or_none(self) -> T_co | None:
        """The document; `None` if it is not loaded."""
        return self._target

    if TYPE_CHECKING:

        @overload
        def fetch(self, on: _FetchesLater, /, *, again: bool = False) -> Awaitable[T_co]: ...

        @overload
        def fetch(self, on: _FetchesNow, /, *, again: bool = False) -> T_co: ...

    def fetch(self, on: Any, /, *, again: bool = False) -> Any:
        """Return the document, read if it is not loaded yet; with an async engine this is awaited.

        Those that are awaited at the same time, as in `asyncio.gather`, are read by one query.

        Args:
            on: An engine, a session or a transaction.
            again: Read it even if it is loaded; the instance stays the same object, and loses changes that are not
                saved.

        Raises:
            TargetNotFoundError: if the document does not exist.
            NotLoadedError: with `strict_loading` of the engine, if the read of this reference gave several documents.
        """
        fetch: Callable[..., Any] | None = getattr(on, "_fetch", None)
        if fetch is None:
            raise TypeError(
                f"fetch() takes an engine, a session or a transaction object, not {on!r:.200}"
            )
        return fetch(self, again=again)

    def __eq__(self, other: object) -> bool:
        if not is_ref(other):
            return NotImplemented
        is_same: bool = self._key == other._key
        return is_same and _root_of(self._model) is _root_of(other._model)

    def __hash__(self) -> int:
        root = _root_of(self._model)
        try:
            return hash((root, self._key))
        except TypeError:  # an embedded model
            return hash((root, bson.encode({"": stored_key(self)})))

    def __repr__(self) -> str:
        # Without the values: references may lead in a circle.
        how = "loaded" if self.is_loaded else "missing" if self._is_missing else "not loaded"
        return f"<Ref to {self._model.__name__} {self._key!r}, {how}>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Ref is immutable: assign another one instead of {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Ref is immutable: {name!r} cannot be deleted")

    def __copy__(self) -> Ref[T_co]:
        copied = _bare_copy(self)
        _set_target(copied, self._target)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Ref[T_co]:
        from copy import deepcopy  # noqa: PLC0415 - rarely needed

        # Before what it leads to, which may lead back.
        copied = memo[id(self)] = _bare_copy(self)
        _set_target(copied, deepcopy(self._target, memo))
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        # What its hash needs comes first: the document may hold a set with this very reference.
        parts = self._model, self._key, _stored_if_known(self), self._unloaded, self._is_missing
        return _unpickled, parts, (self._target,)

    def __setstate__(self, state: tuple[Any]) -> None:
        _set_target(self, state[0])

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        return schema_of_ref(cls, source, handler)


class _NotStoredYet:
    """The type of the stored form of a key that nobody has asked for."""


_NOT_STORED_YET = _NotStoredYet()

# Their own setters take half the time of `object.__setattr__`.
_slots: dict[str, Any] = dict(vars(Ref))
_set_model = _slots["_model"].__set__
_set_key = _slots["_key"].__set__
_set_stored = _slots["_stored"].__set__
_set_target = _slots["_target"].__set__
_set_unloaded = _slots["_unloaded"].__set__
_set_missing = _slots["_is_missing"].__set__
_get_stored = _slots["_stored"].__get__
_get_target = _slots["_target"].__get__
_get_model = _slots["_model"].__get__
_get_unloaded = _slots["_unloaded"].__get__


def _set_up(ref: Any, model: Any, key: Any, stored: Any, unloaded: Unloaded) -> None:
    _set_model(ref, model)
    _set_key(ref, key)
    _set_stored(ref, stored)
    _set_target(ref, None)
    _set_unloaded(ref, unloaded)
    _set_missing(ref, False)


def _bare_copy(ref: Ref[T]) -> Ref[T]:
    return unloaded_ref(
        _get_model(ref),
        ref.key,
        _get_stored(ref),
        _get_unloaded(ref),
        is_missing=ref.is_missing,
    )


def _stored_if_known(ref: Ref[Any]) -> Any:
    stored = _get_stored(ref)
    return () if stored is _NOT_STORED_YET else (stored,)


def _unpickled(
    model: Any, key: Any, stored: tuple[Any, ...], unloaded: Unloaded, is_missing: bool
) -> Ref[Any]:
    form = stored[0] if stored else _NOT_STORED_YET
    return unloaded_ref(model, key, form, unloaded, is_missing=is_missing)


def _hollow_in(instance: Any) -> Any:
    """Return what makes an instance hollow, see `odmantic._state.hollow`."""
    state = getattr(instance, "__state__", None)
    known = getattr(state, "known", state)
    return known if getattr(known, "is_hollow", False) else None


def _keys_of(model: Any) -> Keys:
    keys: Keys = model.__mapping__.keys
    return keys


def _root_of(model: Any) -> Any:
    """Return what all classes have in common whose instances a document may be read as."""
    hierarchy = hierarchy_of(model)
    return origin_of(model) if hierarchy is None else hierarchy.root


class NoTarget:
    """The id of a document that a read has looked for in vain, where that is an error."""

    __slots__ = ("stored",)

    def __init__(self, stored: Any) -> None:
        self.stored = stored

    def __repr__(self) -> str:
        return repr(self.stored)


# --- For the rooms above -------------------------------------------------------------------------


def unloaded_ref(
    model: Any,
    key: Any,
    stored: Any = _NOT_STORED_YET,
    unloaded: Unloaded = MADE_BY_PROGRAM,
    *,
    is_missing: bool = False,
) -> Ref[Any]:
    """Return a reference that is not loaded.

    Args:
        model: The model.
        key: The primary key, in Python.
        stored: Its stored form, if that is known.
        unloaded: What is known of it.
        is_missing: Whether the document was looked for and is gone.
    """
    new: Any = object.__new__
    ref: Ref[Any] = new(Ref)
    _set_up(ref, model, key, stored, unloaded)
    if is_missing:
        _set_missing(ref, True)
    return ref


def is_ref(value: object) -> TypeGuard[Ref[Any]]:
    """Return whether this is a `Ref`."""
    return type(value) is Ref


def model_of(ref: Ref[Any]) -> Any:
    """Return the model to which a reference leads, or that of the instance."""
    target: Any = _get_target(ref)
    return _get_model(ref) if target is None else target.__class__


def unloaded_of(ref: Ref[Any]) -> Unloaded:
    """Return what was known when a reference was not loaded."""
    unloaded: Unloaded = _get_unloaded(ref)
    return unloaded


def loaded_in(value: Any) -> Any:
    """Return the instance that a reference has, if it has one; any other value is returned as it is."""
    return _get_target(value) if type(value) is Ref else value


def stored_key(ref: Ref[Any]) -> Any:
    """Return the stored form of a reference.

    Raises:
        InvalidDocumentError: if the primary key is not valid.
    """
    target = _get_target(ref)
    if target is not None:
        return _keys_of(type(target)).stored_of(target)
    stored = _get_stored(ref)
    if stored is _NOT_STORED_YET:
        stored = _keys_of(_get_model(ref)).stored(ref.key)
        _set_stored(ref, stored)
    return stored


def fill_ref(ref: Ref[Any], target: Any) -> None:
    """Give a reference its document."""
    _set_target(ref, target)
    _set_missing(ref, False)


def mark_missing(ref: Ref[Any]) -> None:
    """Note that the document of a reference was looked for and is gone."""
    if not ref.is_loaded:
        _set_missing(ref, True)


def problem_of(ref: Ref[Any]) -> str:
    """Return why a reference has no value, and what to do."""
    unloaded = unloaded_of(ref)
    where = unloaded.where or f"a Ref to {_get_model(ref).__name__}"
    if ref.is_missing:
        return f"{where} leads to a document that does not exist: look at it with is_missing"
    return f"{where} was not loaded: {unloaded.advice}"
