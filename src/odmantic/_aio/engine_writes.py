"""The operations of an engine that write whole instances, and what saves have in common with them."""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from odmantic._aio.engine_deletions import EngineDeletions
from odmantic._aio.operations.insert_many import insert_many
from odmantic._aio.operations.save import save, save_one
from odmantic._aio.operations.save_all import save_all
from odmantic._aio.operations.whole import write_whole
from odmantic._driver._aio import resolve
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.arguments import (
    check_apart,
    check_instance,
    check_loaded_instances,
    collect_instances,
    words_said,
)
from odmantic._plan.order import referenced
from odmantic._plan.whole import REPLACE, insert_as
from odmantic._shared.reading import ModelType

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from odmantic._aio.engine_scopes import AIOSessionType
    from odmantic._aio.operations.scope import Scope
    from odmantic._plan.whole import WholeWrite
    from odmantic.model import Model


class EngineWrites(EngineDeletions):
    """The operations of an engine that write whole instances."""

    async def insert(
        self,
        instance: ModelType,
        *,
        cascade: bool = True,
        session: AIOSessionType = None,
        bypass_document_validation: bool | None = None,
    ) -> ModelType:
        """Insert the document of an instance, after saving what it references; a document that exists is never changed.

        An instance that was read or saved may be inserted into another database. Without `session=` the writes share
        a session of the call; only in a transaction do they take effect together.

        Args:
            instance: The instance.
            cascade: Whether to save the references that their fields say; otherwise none.
            session: See the class.
            bypass_document_validation: Whether the server leaves out the validation of its collection.

        Returns:
            The same object.

        Raises:
            TypeError: if `instance` is not an instance of a model.
            NotLoadedError: if the instance was not loaded.
            UnsavedReferenceError: if a reference was never saved, and is not saved here; nothing is sent.
            DuplicateKeyError: if the `_id` exists, or a unique index refuses the document; the instance is as before.
            InvalidDocumentError: if a value cannot be stored, or the document is too large.

        Example:
            ```python
            parcel = await engine.insert(Parcel(code="X1", weight=2.5))
            ```
        """
        check_instance(instance, "insert")
        check_loaded_instances((instance,), "insert")
        how = insert_as("insert", words_said(bypass_document_validation=bypass_document_validation))
        await self._write_whole(instance, how, session, cascade=cascade)
        return instance

    async def insert_many(
        self,
        instances: Iterable[ModelType],
        *,
        ordered: bool = True,
        cascade: bool = True,
        session: AIOSessionType = None,
        bypass_document_validation: bool | None = None,
    ) -> list[ModelType]:
        """Insert the documents of several instances, with few commands, after saving what they reference.

        It is not a transaction: what was inserted before an error stays. Each instance knows whether its document is
        there.

        Args:
            instances: The instances, of one model or several.
            ordered: Whether to end with the first failure: those before it are inserted, those behind it are not.
                Otherwise all others are inserted.
            cascade: Whether to save the references that their fields say; otherwise none.
            session: See the class.
            bypass_document_validation: Whether the server leaves out the validation of its collection.

        Returns:
            The same objects, in order.

        Raises:
            TypeError: if an element is not an instance of a model; then nothing is written.
            ValueError: if an object occurs twice; then nothing is written.
            NotLoadedError: if an instance was not loaded; then nothing is written.
            UnsavedReferenceError: if a reference was never saved, and is not saved here; nothing is sent.
            DuplicateKeyError: if `ordered`, and an `_id` exists, or a unique index refuses a document.
            InvalidDocumentError: if `ordered`, and a value cannot be stored, or a document is too large.
            BulkWriteError: if not `ordered`, and some documents cannot be inserted.
        """
        collected = collect_instances(instances, "insert_many")
        check_loaded_instances(collected, "insert_many")
        check_apart(collected, "insert_many")
        if collected:
            how = insert_as(
                "insert_many", words_said(bypass_document_validation=bypass_document_validation)
            )
            work = partial(self._insert_many, collected, how, ordered=ordered)
            await self._write_in_session(collected, how.operation, work, session, cascade=cascade)
        return collected

    async def replace(self, instance: ModelType, *, session: AIOSessionType = None) -> ModelType:
        """Replace the document of an instance as a whole, after saving what it references.

        Keys that the model does not know are gone afterwards. There is no document to be made: `save` does that.

        Returns:
            The same object.

        Raises:
            TypeError: if `instance` is not an instance of a model, or the collection's writes are not acknowledged.
            NotLoadedError: if the instance was not loaded.
            DocumentNotFoundError: if there is no such document of its class; the instance is as before.
            DuplicateKeyError: if a unique index refuses the document.
            InvalidDocumentError: if a value cannot be stored, or the document is too large.
        """
        check_instance(instance, "replace")
        check_loaded_instances((instance,), "replace")
        await self._write_whole(instance, REPLACE, session, cascade=True)
        return instance

    def _write_whole(
        self, instance: Model, how: WholeWrite, session: AIOSessionType, *, cascade: bool
    ) -> Awaitable[None]:
        async def work(scope: Scope) -> None:
            await write_whole(self, scope, instance, how)

        return self._write_in_session((instance,), how.operation, work, session, cascade=cascade)

    async def _insert_many(
        self, instances: Sequence[Model], how: WholeWrite, scope: Scope, *, ordered: bool
    ) -> None:
        await insert_many(self, scope, instances, how, ordered=ordered)

    async def _write_in_session(
        self,
        instances: Sequence[Model],
        operation: str,
        work: Callable[[Scope], Awaitable[None]],
        session: AIOSessionType,
        *,
        cascade: bool,
        sends_several: bool = False,
    ) -> None:
        """Write instances in the session of the call, or in one of its own if several commands may be sent."""
        scope = self._scope_for(session, operation, writes=True)
        if not any(mapping_of(model).links for model in set(map(type, instances))):
            if sends_several and scope.session is None:
                await self._in_own_session(scope.given, operation, work, cascade=cascade)
            else:
                await work(scope)
        elif scope.session is None:
            work = partial(self._write_linked, instances, operation, work, cascade=cascade)
            await self._in_own_session(scope.given, operation, work, cascade=cascade)
        else:
            scope.cascades = cascade
            await self._write_linked(instances, operation, work, scope, cascade=cascade)

    async def _write_linked(
        self,
        instances: Sequence[Model],
        operation: str,
        work: Callable[[Scope], Awaitable[None]],
        scope: Scope,
        *,
        cascade: bool,
    ) -> None:
        """Write instances that may refer to others, which a program's own `_save` saves."""
        if self._saves_by_itself:
            await work(scope)
            return
        if not cascade:
            raise TypeError(_NO_CHOICE.format(operation))
        given = {*map(id, instances)}
        for instance in instances:
            for target in referenced(instance):
                if id(target) not in given:
                    await self._save(target, scope.session)
        scope.cascades = False
        await work(scope)

    @property
    def _saves_by_itself(self) -> bool:
        """Whether no `_save` of a program's own saves instances."""
        return getattr(self._save, "__func__", None) is EngineWrites._save

    async def _save(self, instance: ModelType, session: Any) -> ModelType:
        """Save an instance and its references in a driver session.

        If a program replaces it, that saves every instance, one after the other, as in 1.x.
        """
        scope = self._scope_for(session, "save", writes=True)
        if self._saves_by_itself:
            # A scope that others share must not know what is postponed.
            await save(self, copy(scope), instance)
            return instance
        for target in referenced(instance):
            await self._save(target, session)
        await save_one(self, scope, instance, self._target(type(instance)))
        return instance

    def _save_in_session(
        self,
        instances: Sequence[Model],
        session: AIOSessionType,
        operation: str,
        *,
        cascade: bool,
    ) -> Awaitable[None]:
        # What only hands on is no coroutine of its own: each costs as much as several calls.
        scope = self._scope_for(session, operation, writes=True)
        if not self._saves_by_itself:
            if not cascade:
                raise TypeError(_NO_CHOICE.format(operation))
            return self._save_each(instances, scope.session)
        if scope.session is not None:
            scope.cascades = cascade
            return self._save_in_scope(instances, operation, scope)
        if len(instances) == 1 and not instances[0].__mapping__.links:
            target = self._target(type(instances[0]))
            if target.needs_no_session:
                return save_one(self, scope, instances[0], target, operation)
        work = partial(self._save_in_scope, instances, operation)
        return self._in_own_session(scope.given, operation, work, cascade=cascade)

    def _save_in_scope(
        self, instances: Sequence[Model], operation: str, scope: Scope
    ) -> Awaitable[None]:
        if len(instances) > 1:
            return save_all(self, scope, instances)
        return save(self, scope, instances[0], operation)

    async def _save_each(self, instances: Sequence[Model], session: Any) -> None:
        own = await resolve(self.client.start_session()) if session is None else None
        try:
            for instance in instances:
                await self._save(instance, session if own is None else own)
        finally:
            if own is not None:
                await resolve(own.end_session())


_NO_CHOICE = "{} cannot have cascade=False: the engine has a _save of its own"
