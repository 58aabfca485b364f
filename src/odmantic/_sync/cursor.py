# Generated from src/odmantic/_aio/cursor.py by tools/generate_sync.py: do not edit.
"""Cursors: each iteration starts at the first document, and the query runs once.

The documents read so far form a chain of pages. A cursor holds the first page and an iteration its current one, so an
iteration whose cursor was released, as in `for user in engine.find(User)`, keeps one page in memory.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from pymongo.errors import InvalidOperation

from odmantic._driver._sync import Lock, sleep, take_batch
from odmantic._driver.encoded_batches import PIECE_SIZE
from odmantic._driver.internals import lift_batch_limit
from odmantic._hooks.registry import EngineHooks
from odmantic._plan.find import LIST_PAGE_SIZE, PAGE_SIZE
from odmantic._shared.reading import BaseCursor, ModelType, Reader, reads_by_itself
from odmantic._state.places import SOMEWHERE
from odmantic._sync.operations.hooks import hooks_of_read, load_hooked
from odmantic._sync.operations.scope import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from typing_extensions import Self

    Send = Callable[[Callable[[], Any]], Any]
    Open = Callable[[], Any]
    Complete = Callable[[list[Any]], list[Any]]
    Unite = Callable[[list[ModelType]], list[ModelType]]
    AfterLoad = Callable[[list[Any]], Exception | None]
    Decode = Callable[[list[Any]], Iterable[list[dict[str, Any]]]]
    _Batch = tuple[list[Any], bool]
    """Documents or pieces of answers, and whether none come behind them."""


class SyncCursor(BaseCursor[ModelType]):
    """The instances that `find` returns: `await` it for a list, or iterate over it with `for`.

    Nothing is sent before first use. Once consumed, it returns the same instances again without a command.
    Consume a cursor of a session or transaction before that ends. Whoever stops before the end uses it as a context
    manager, which closes it on the server.

    Example:
        ```python
        parcels = engine.find(Parcel, Parcel.weight > 2)
        for parcel in engine.find(Parcel, sort=Parcel.code):
            print(parcel.code)
        with engine.find(Parcel, sort=Parcel.code) as cursor:
            for parcel in cursor:
                if parcel.weight > 2:
                    break
        ```

    Raises:
        DocumentParsingError: if a document does not fit the model; again at every further use.
    """

    def __init__(self, model: type[ModelType], cursor: Any) -> None:
        """Wrap a driver cursor of documents of a model."""
        source = Source(Reader(model, SOMEWHERE), lambda: cursor, _send_directly)
        reach = EngineHooks().for_reads(model)
        hooks = None if reach is None else hooks_of_read(reach)
        if hooks is not None:
            source.after_load = partial(load_hooked, None, OUTSIDE, hooks)
        self._start(source)

    def _start(self, source: Source[ModelType]) -> None:
        super().__init__(source.reader)
        if not reads_by_itself(type(self)):
            source.reader = replace(source.reader, own=self._parse_document)
        self._source: Source[ModelType] = source
        self._first: _Page[ModelType] = _Page()

    @classmethod
    def reading(cls, source: Source[ModelType]) -> SyncCursor[ModelType]:
        """Return a cursor whose driver cursor is opened on first use."""
        cursor = cls.__new__(cls)
        cursor._start(source)
        return cursor

    def __iter__(self) -> Iterator[ModelType]:
        """Iterate from the first document."""
        return _iterate(self._source, self._first)

    def __enter__(self) -> Self:
        """Return the cursor, which is closed at the end of the block."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Close the cursor."""
        self.close()

    def first(self) -> ModelType | None:
        """Return the first instance; `None` if there is none. Where no others are wanted, use `find_one`."""
        for instance in self:
            return instance
        return None

    def close(self) -> None:
        """Close the cursor on the server, if it has more documents; what was read so far can still be used.

        A read that goes on raises `pymongo.errors.InvalidOperation`.
        """
        self._source.close()

    def open(self) -> None:
        """Send the query and read its first batch; documents that do not fit raise when they are used."""
        self._source.prefetch()

    def __length_hint__(self) -> Any:
        """Asked by what is about to keep all instances, as `list` is; how many there are is unknown."""
        self._source.expect_list()
        return NotImplemented

    def _to_list(self) -> list[ModelType]:
        self._source.expect_list()
        instances: list[ModelType] = []
        page = self._first
        while (following := self._source.page_after(page)) is not None:
            page = following
            instances += page.instances
            if page.error is not None:
                raise page.error
            sleep(0)  # others have their turn
        return instances


class _Page(Generic[ModelType]):
    """Some instances, and the link to the following ones."""

    __slots__ = ("error", "instances", "is_last", "next")

    def __init__(self) -> None:
        self.instances: list[ModelType] = []
        self.error: Exception | None = None
        """The error that stopped the read after these instances."""
        self.is_last: bool = False
        self.next: _Page[ModelType] | None = None

    @property
    def needs_next(self) -> bool:
        """Whether the following page has to be fetched."""
        return self.next is None and not self.is_last


class Source(Generic[ModelType]):
    """A driver cursor, opened on first use and consumed once however many iterations there are."""

    __slots__ = (
        "_batch",
        "_cursor",
        "_is_closed",
        "_is_for_list",
        "_lock",
        "_open",
        "_send",
        "_was_interrupted",
        "after_load",
        "complete",
        "decode",
        "page_size",
        "reader",
        "unite",
    )

    def __init__(self, reader: Reader[ModelType], open_cursor: Open, send: Send) -> None:
        """Send nothing yet."""
        self.reader: Reader[ModelType] = reader
        self.page_size: int = PAGE_SIZE
        self.complete: Complete | None = None
        """Loads the references of a page's documents; it may omit documents."""
        self.decode: Decode | None = None
        """Decodes pieces of replies, if the driver cursor returns these and not documents."""
        self.after_load: AfterLoad | None = None
        """Calls the hooks of a page's instances; it keeps those before an error, and returns that."""
        self.unite: Unite[ModelType] | None = None
        """Puts one instance in all places of a document."""
        self._open = open_cursor
        self._send = send
        self._lock = Lock()
        self._cursor: Any = None
        self._batch: _Batch | None = None
        self._is_for_list = False
        self._is_closed = False
        self._was_interrupted = False

    def expect_list(self) -> None:
        """Fetch the rest in few batches: all instances are kept, so smaller batches save no memory."""
        self._is_for_list = True
        self.page_size = LIST_PAGE_SIZE

    def page_after(self, page: _Page[ModelType]) -> _Page[ModelType] | None:
        """Return the page after `page`, fetched if necessary; `None` at the end."""
        if page.needs_next:
            with self._lock:
                if page.needs_next:
                    page.next = self._fetch(is_first=self._cursor is None)
        return page.next

    def close(self) -> None:
        """Close the driver cursor; what was not read yet cannot be read any more."""
        with self._lock:
            self._is_closed, self._batch = True, None
            if self._cursor is not None:
                self._send(self._close_cursor)

    def _close_cursor(self) -> None:
        self._cursor.close()

    def prefetch(self) -> None:
        """Open the driver cursor and read the first batch, leaving its documents as they are."""
        self._batch = self._send(self._read_batch)

    def _fetch(self, *, is_first: bool) -> _Page[ModelType]:
        page: _Page[ModelType] = _Page()
        try:
            batch, self._batch = self._batch, None
            if batch is None:
                self._check_interruption()
                batch = self._send(self._read_batch)
            documents, page.is_last = batch
            parts = [documents] if self.decode is None else self.decode(documents)
            page.instances, page.error = self.reader.parse_all(parts)
            if self.after_load is not None:
                page.error = self.after_load(page.instances) or page.error
            if self.unite is not None:
                page.instances = self.unite(page.instances)
        except Exception as error:  # noqa: BLE001 - kept, and raised to each consumer
            page.error = error
        except BaseException:
            # The driver may have lost documents: start again if none was returned yet, or else raise.
            self._cursor = None if is_first else self._cursor
            self._was_interrupted = not is_first
            raise
        page.is_last = page.is_last or page.error is not None
        return page

    def _read_batch(self) -> _Batch:
        if self._cursor is None:
            self._cursor = self._open()
        elif self._is_for_list:
            lift_batch_limit(self._cursor)
        # A consumer that wants a list may raise it meanwhile.
        size = self.page_size if self.decode is None else self.page_size // PIECE_SIZE
        documents = take_batch(self._cursor, size)
        is_last = len(documents) < size
        if self.decode is not None and not is_last:
            # A piece may hold fewer documents than a page, and what is read to its end needs no session any more.
            is_last = not getattr(self._cursor, "alive", True)
        if self.complete is not None and documents:
            documents = self.complete(documents)
        return documents, is_last

    def _check_interruption(self) -> None:
        if self._is_closed:
            raise InvalidOperation(
                f"a read of {self.reader.model.__name__} was closed before its end: call find again"
            )
        if self._was_interrupted:
            raise InvalidOperation(
                f"a read of {self.reader.model.__name__} was interrupted between two batches and cannot go on; "
                "call find again"
            )


def _iterate(source: Source[ModelType], page: _Page[ModelType]) -> Iterator[ModelType]:
    # No name may refer to an earlier page, and so to all after it.
    while (following := source.page_after(page)) is not None:
        page = following
        for instance in page.instances:
            yield instance
        if page.error is not None:
            raise page.error


def _send_directly(call: Callable[[], Any]) -> Any:
    return call()
