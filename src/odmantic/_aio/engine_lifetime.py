"""The lifetime of an engine: its client, which it may have created, and the collections in its database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odmantic import _process
from odmantic._aio.operations.turns import Turns
from odmantic._driver._aio import (
    CAN_AWAIT,
    CLIENT_ADVICE,
    REFUSED_CLIENTS,
    make_client,
    resolve,
)
from odmantic._driver._aio_together import Together
from odmantic._hooks.events import check_event
from odmantic._plan.raw import RawQueries
from odmantic._shared.arguments import (
    check_client,
    check_client_options,
    check_database_name,
    database_in,
)
from odmantic._shared.engine import UNNAMED, BaseEngine
from odmantic._transaction.blocks import StrayOperations
from odmantic._transaction.callbacks import check_callback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from types import TracebackType

    from pymongo.asynchronous.collection import AsyncCollection
    from typing_extensions import Self

    from odmantic._driver._aio import Client, OwnClient, OwnDatabase
    from odmantic._driver.plain import Target
    from odmantic._hooks.events import HookEvent, HookName
    from odmantic._plan.raw import RawWord
    from odmantic._transaction.blocks import StrayWord
    from odmantic.model import Model


class EngineLifetime(BaseEngine):
    """The client and the collections of an engine, and their end."""

    client: OwnClient
    database: OwnDatabase

    def __init__(
        self,
        client: Client | str | None = None,
        database: str = UNNAMED,
        *,
        stray_operations: StrayOperations | StrayWord = "warn",
        client_options: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] | None = None,
        strict_loading: bool = False,
        raw_queries: RawQueries | RawWord = "allow",
    ) -> None:
        """Store the client, or create one; nothing is sent."""
        check_client(client, REFUSED_CLIENTS, "AIOEngine", CLIENT_ADVICE)
        check_client_options(client, client_options, "AIOEngine")
        uri = client if isinstance(client, str) else None
        if database is UNNAMED:
            database = (uri and database_in(uri)) or "test"
        # Everything that can fail comes before the client, which nobody would close.
        check_database_name(database)
        self.stray_operations: StrayOperations = StrayOperations(stray_operations)
        self._raw_queries = RawQueries(raw_queries)
        self._made_in = _process.number if client is None or uri is not None else None
        super().__init__(
            make_client(uri, client_options or {}) if self._made_in is not None else client,
            database,
        )
        self._clock = clock
        self._strict_loading = strict_loading
        self._turns = Turns()
        self._together: Together[Any] = Together()

    async def close(self) -> None:
        """Close the client if the engine has created it, which ends its sessions; do nothing the second time.

        A client that was given to the engine stays open, and a forked child leaves its parent's alone.
        """
        made_in, self._made_in = self._made_in, None
        if made_in is _process.number:
            await resolve(self.client.close())

    async def __aenter__(self) -> Self:
        """Return the engine."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Close the client if the engine has created it."""
        await self.close()

    def add_hook(
        self,
        event: HookName,
        function: Callable[[Any, HookEvent], Any] | Callable[[Any], Any],
        model: type[Any] | None = None,
    ) -> Callable[[], None]:
        """Call a function at an event in the lives of documents that this engine writes, deletes and reads.

        Hooks of the classes are called first, those of engines in the order in which they were added.

        Args:
            event: The event, such as `"before_save"`; see `odmantic.hook`.
            function: Takes the instance, and the `HookEvent` if it takes two arguments; for `before_query_write` and
                `after_query_write` the class in place of the instance. It may be async.
            model: The model whose documents it is for, or an embedded model, with its subclasses; all models if `None`.

        Returns:
            A function that removes the hook.

        Raises:
            ValueError: if there is no such event.
            TypeError: if the function cannot be called here, or `model` is not a model class.
        """
        check_event(event)
        check_callback(function, may_await=CAN_AWAIT)
        return self._add_hook(event, function, model)

    def get_collection(self, model: type[Model]) -> AsyncCollection[dict[str, Any]]:
        """Return the driver's collection of a model, for raw calls.

        Raises:
            TypeError: if `model` is not a model class.
        """
        collection: AsyncCollection[dict[str, Any]] = self._usual_target(model).collection
        return collection

    def _target(self, model: Any) -> Target:
        if getattr(self.get_collection, "__func__", None) is EngineLifetime.get_collection:
            return self._usual_target(model)
        return self._given_target(model, self.get_collection(model))

    @property
    def _keeps_collections(self) -> bool:
        """Whether models are in the collections that bear their names: `get_collection` was not replaced."""
        return getattr(self.get_collection, "__func__", None) is EngineLifetime.get_collection
