"""`BackReference`, which shows a model the documents that refer to its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, cast, overload

from odmantic._codec.encode import encode_primary_key
from odmantic._mapping.back_links import BackDeclaration
from odmantic._query.paths import FieldProxy, names_of
from odmantic._query.referring import refers_to
from odmantic._query.sources import check_source, waits
from odmantic._state.attached import attached_to
from odmantic._types.instances import Instance
from odmantic.exceptions import NotLoadedError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from typing_extensions import Self

    from odmantic._mapping.back_links import BackLink
    from odmantic._query.sources import AsyncSource, SyncSource
    from odmantic.query import QueryExpression

__all__ = ["BackRef", "BackReference", "Load"]

HolderType = TypeVar("HolderType", bound=Instance)


class BackRef(Generic[HolderType]):
    """The documents that refer to an instance, as its attribute: nothing is read before they are asked for."""

    __slots__ = ("_declaration", "_instance")

    def __init__(self, declaration: BackDeclaration, instance: Any) -> None:
        """See the documents that refer to an instance."""
        self._declaration = declaration
        self._instance = instance

    @property
    def query(self) -> QueryExpression:
        """The condition for the documents that refer to the instance, for queries about their class.

        Raises:
            TypeError: if the declaration names no reference to the class of the instance.
        """
        return refers_to(self._link, [encode_primary_key(self._instance)])

    @overload
    def fetch(
        self, on: AsyncSource, /, *queries: Any, sort: Any = None, limit: int | None = None
    ) -> Awaitable[list[HolderType]]: ...
    @overload
    def fetch(
        self, on: SyncSource, /, *queries: Any, sort: Any = None, limit: int | None = None
    ) -> list[HolderType]: ...
    def fetch(self, on: Any, /, *queries: Any, sort: Any = None, limit: int | None = None) -> Any:
        """Find the instances that refer to this one, as `find` does; they are not kept here.

        Args:
            on: The engine, or a session or transaction; with an async one, the result is awaited.
            *queries: Conditions, as for `find`.
            sort: A field, `asc(field)`, `desc(field)`, or a tuple of these; by default they come in the order of their primary keys.
            limit: The largest number of instances.

        Raises:
            TypeError: if `on` is something else, the declaration names no reference to the class of the instance, or a
                query or `sort` has a wrong type.
            ValueError: if `limit` is not positive.
        """
        check_source(on, f"{self._name}.fetch")
        holder = self._link.holder
        order = getattr(holder, holder.__primary_field__) if sort is None else sort
        found = on.find(holder, self.query, *queries, sort=order, limit=limit)
        return found if waits(found) else list(found)

    @overload
    def count(self, on: AsyncSource, /, *queries: Any) -> Awaitable[int]: ...
    @overload
    def count(self, on: SyncSource, /, *queries: Any) -> int: ...
    def count(self, on: Any, /, *queries: Any) -> Any:
        """Count the documents that refer to the instance; see `fetch`.

        Raises:
            TypeError: as for `fetch`.
        """
        check_source(on, f"{self._name}.count")
        return on.count(self._link.holder, self.query, *queries)

    @property
    def is_loaded(self) -> bool:
        """Whether a read with `load=`, or `engine.load`, has loaded the instances."""
        return self._loaded is not None

    @property
    def value(self) -> list[HolderType]:
        """The instances that a read with `load=`, or `engine.load`, has loaded.

        Raises:
            NotLoadedError: if none did; the text says how.
        """
        loaded = self._loaded
        if loaded is None:
            name = self._declaration.name
            raise NotLoadedError(
                f"{self._name} was not loaded: read with load=[{self._name}], use engine.load(..., {self._name}), or ask "
                f"for it with {name}.fetch(engine)"
            )
        return cast("list[HolderType]", loaded.holders)

    def __repr__(self) -> str:
        """Return the name and what is loaded."""
        loaded = self._loaded
        return f"<{self._name}: {'not loaded' if loaded is None else loaded.holders}>"

    @property
    def _loaded(self) -> Any:
        return attached_to(self._instance, self._declaration.name)

    @property
    def _link(self) -> BackLink:
        return self._declaration.link_for(type(self._instance))

    @property
    def _name(self) -> str:
        return f"{type(self._instance).__name__}.{self._declaration.name}"


class BackReference(BackDeclaration, Generic[HolderType]):
    """The documents of a model that refer to those of the class with this attribute, a `ClassVar`.

    It is no field: nothing of it is stored, validated, dumped or compared, or goes into copies and pickles. On an
    instance it is a `BackRef`. On the class it is a path for `load=`.

    Args:
        model: The model that refers, or its name if it is defined later: that of one in the same module and scope, or
            else the only one with this name. It is looked for at first use.
        field: Its reference: a field such as `Post.author`, its name, or the path to one in embedded models, such as
            `"comments.by"`.

    Example:
        ```python
        class User(Model):
            name: str
            posts: ClassVar["BackReference[Post]"] = BackReference("Post", "author")


        class Post(Model):
            author: User = Reference(index=True)


        ada = User(name="Ada")
        await engine.save(Post(author=ada))
        posts = await ada.posts.fetch(engine, limit=10)
        ```
    """

    def __init__(self, model: type[HolderType] | str, field: Any, /) -> None:
        names: list[str] = []
        starts_at: Any = None
        for part in cast("tuple[object, ...]", field) if isinstance(field, tuple) else (field,):
            if isinstance(part, FieldProxy):
                owner, inner = names_of(part)
                starts_at = starts_at if names else owner
                names += inner
            elif isinstance(part, str):
                names += part.split(".")
            else:
                raise TypeError(
                    f"BackReference() takes a reference such as Post.author, or its name, not {part!r:.200}"
                )
        super().__init__(model, tuple(names), starts_at)

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any]) -> BackRef[HolderType]: ...
    def __get__(self, instance: object, owner: type[Any]) -> Self | BackRef[HolderType]:
        if instance is None:
            return self
        return BackRef(self, instance)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> NoReturn:
        """Refuse to be a field.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            'a BackReference is no field, so its annotation is ClassVar, as in `posts: ClassVar["BackReference[Post]"] '
            '= BackReference("Post", "author")`'
        )


class Load:
    """A back reference in `load=` of a read, or for `engine.load`, and which of the instances are loaded.

    Args:
        path: The back reference, such as `User.posts`, or a path that ends at one.
        *queries: Conditions of the model that refers, as for `find`.
        sort: A field, `asc(field)`, `desc(field)`, or a tuple of these; by default they come in the order of their primary keys.
        limit: The largest number of instances for each one that they refer to; it needs MongoDB 5.0 or newer.

    Example:
        ```python
        class User(Model):
            name: str
            posts: ClassVar["BackReference[Post]"] = BackReference("Post", "author")


        class Post(Model):
            likes: int
            author: User = Reference(index=True)


        best = Load(User.posts, Post.likes > 9, sort=desc(Post.likes), limit=3)
        users = await engine.find(User, load=[best])
        ```
    """

    __slots__ = ("limit", "path", "queries", "sort")

    def __init__(
        self, path: Any, /, *queries: Any, sort: Any = None, limit: int | None = None
    ) -> None:
        self.path: Any = path
        self.queries: tuple[Any, ...] = queries
        self.sort: Any = sort
        self.limit: int | None = limit

    def __repr__(self) -> str:
        words = [f"{name}=..." for name in ("sort", "limit") if getattr(self, name) is not None]
        parts = [repr(self.path), *["..."] * len(self.queries), *words]
        return f"Load({', '.join(parts)})"
