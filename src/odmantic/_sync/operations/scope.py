# Generated from src/odmantic/_aio/operations/scope.py by tools/generate_sync.py: do not edit.
"""What an engine does on the server, all in one driver session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo import ReadPreference
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

from odmantic._codec.encode import encode_primary_key
from odmantic._codec.ids import check_id, id_filter
from odmantic._driver._sync import foreign_loop, take_batch
from odmantic._driver.encoded_batches import documents_of, in_pieces
from odmantic._driver.select import (
    addresses_of,
    check_session,
    derived_of,
    is_driver_collection,
    runs_transaction,
    updates_plainly,
)
from odmantic._plan.command import (
    find_command,
    first_document,
    has_matched,
    may_read_again,
    met_document,
    update_command,
)
from odmantic._plan.errors import NOT_ENCODABLE, add_context, operation_error, write_error
from odmantic._plan.filters import fits_match
from odmantic._plan.find import LIST_PAGE_SIZE
from odmantic._plan.indexes import warn_unless_settled
from odmantic._plan.save import (
    all_fields,
    fields_to_save,
    plan_quickly,
    plan_save,
    save_order,
)
from odmantic._shared.reading import ModelType, Reader
from odmantic._state.places import Written
from odmantic._state.transitions import give_back, mark_deleted, mark_written
from odmantic._sync.cursor import Source, SyncCursor
from odmantic._sync.operations.bulk import save_in_bulk
from odmantic._sync.operations.references import ReferenceLoader, are_where_the_server_looks
from odmantic._sync.transactions.channel import channel_of
from odmantic._transaction.attempt import RUNNING
from odmantic.exceptions import (
    DocumentNotFoundError,
    ServerNotFoundError,
    SessionMisuseError,
    UnsafeRetryError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from odmantic._plan.find import FindPlan
    from odmantic._plan.save_plan import SavePlan
    from odmantic._state.places import Known
    from odmantic._sync.engine import SyncEngine
    from odmantic._transaction.journal import Journal
    from odmantic.model import Model
    from odmantic.query import QueryExpression, SortExpression


class Operations:
    """The commands of one call of an engine, in one driver session or in none.

    They belong to the run of a transaction that was there when the call was made.
    """

    __slots__ = ("_attempt", "_channel", "_scope", "engine", "session")

    def __init__(
        self, engine: SyncEngine, session: Any, operation: str, *, writes: bool = False
    ) -> None:
        """Look up the driver session, and the transaction that runs in it.

        Args:
            engine: the engine.
            session: the `session=` argument of the call.
            operation: the name of the call.
            writes: whether it writes.

        Raises:
            RuntimeError: the session is not started, or the transaction in it is ending.
            TransactionAbortedError: the transaction in it is doomed.
            StrayOperationError: there is no session, but a transaction's block around the call.
            SessionMisuseError: it is a snapshot of the past, and the call writes.
            TypeError: it is no session, or one of the other colour.
        """
        self.engine = engine
        self.session = session = engine._session_for(session, operation)
        self._channel = channel = None if session is None else channel_of(session)
        self._attempt = attempt = None if channel is None else channel.attempt
        #: The transaction that writes belong to, be it one that the program began in a session of the driver.
        self._scope: Any = attempt
        if attempt is not None:
            if attempt.state is not RUNNING:
                raise attempt.refusal()
        elif session is not None:
            if channel is None:
                check_session(session)
                self._scope = session if runs_transaction(session) else None
            if writes:
                _check_may_write(session, operation)

    def find(self, plan: FindPlan[ModelType]) -> SyncCursor[ModelType]:
        """A cursor over the instances of a read."""
        model = plan.model
        collection: Any = self.engine.get_collection(model)
        options: Any = getattr(collection, "codec_options", None)
        # Referenced documents are put into those read, which have to be dictionaries for that.
        is_needed = getattr(options, "document_class", dict) is not dict or (
            plan.needs_pipeline and are_where_the_server_looks(self.engine, model)
        )
        by_server = plan.has_references and is_needed and plan.fits_pipeline

        encoded = None if plan.has_references else in_pieces(collection)
        read = collection if encoded is None else encoded

        def open_cursor() -> Any:
            if by_server:
                return collection.aggregate(
                    plan.pipeline(), batchSize=plan.batch_size, session=self.session
                )
            return read.find(plan.filter, session=self.session, **plan.find_options())

        def send(call: Callable[[], Any]) -> Any:
            return self.send(call, "find", model)

        known = self.engine._reading_from(model, collection)
        source = Source(Reader(model, known, self._attempt), open_cursor, send)
        if plan.has_references and not by_server:
            source.page_size = plan.batch_size
            source.complete = ReferenceLoader(self, model, collection).complete
        if encoded is not None:
            source.decode = lambda pieces: documents_of(pieces, options)
        return SyncCursor[ModelType].reading(source)

    def find_one(
        self, model: type[ModelType], query: QueryExpression, sort: SortExpression | None
    ) -> ModelType | None:
        """The first matching instance of a model without references."""
        collection: Any = self.engine.get_collection(model)
        # To a read in a session of a program's own the driver adds the time it has to see, but not to a command.
        by_itself = self.session is None
        codec_options = derived_of(collection).read_options if by_itself or self._attempt else None
        options: dict[str, Any] = {"sort": list(sort.items())} if sort else {}

        def find_one() -> Any:
            if codec_options is not None:
                database = collection.database
                try:
                    reply = database.command(
                        find_command(collection.name, query, sort),
                        codec_options=codec_options,
                        session=self.session,
                    )
                    return first_document(reply)
                except PyMongoError as error:
                    may_retry = by_itself and database.client.options.retry_reads
                    if not may_retry or not may_read_again(error):
                        raise
            return collection.find_one(query, session=self.session, **options)

        document = self.send(find_one, "find", model)
        if document is None:
            return None
        known = self.engine._known_at(model, collection)
        return Reader(model, known, self._attempt).parse(document)

    def count(self, model: type[Model], query: QueryExpression) -> int:
        """The number of matching documents."""
        collection: Any = self.engine.get_collection(model)

        def count() -> int:
            if fits_match(query):
                counted: int = collection.count_documents(query, session=self.session)
                return counted
            # Sent as an aggregation, which does not take such a filter.
            found = collection.find(query, {"_id": 1}, session=self.session)
            number = 0
            while batch := take_batch(found, LIST_PAGE_SIZE):
                number += len(batch)
            return number

        number: int = self.send(count, "count", model)
        return number

    def save(self, instances: Sequence[Model]) -> None:
        """Write what has changed of instances, each after those it references; of several, in bulk where the driver can."""
        if len(instances) > 1:
            return self._save_all(save_order(instances))
        if instances[0].__mapping__.reference_paths:
            return self._save_each(save_order(instances))
        return self.save_one(instances[0])

    def _save_each(self, ordered: Sequence[Model]) -> None:
        for instance in ordered:
            self.save_one(instance)

    def save_one(self, instance: Model, collection: Any = None) -> None:
        """Write what has changed of an instance, after other saves of it; what it references is left alone."""
        turns = self.engine._turns
        scope = self._scope
        turn = turns.take_at_once(instance, scope) or turns.take(instance, scope)
        try:
            if collection is None:
                collection = self.engine.get_collection(type(instance))
            known = self.engine._known_at(type(instance), collection)
            plan, attempt = None, self._attempt
            if turn is not None and (attempt is None or attempt.guard is None):
                journal = None if attempt is None else attempt.journal
                plan = plan_quickly(instance, known, journal)
            if plan is not None:
                if plan.names:
                    self._write(plan, collection)
                return
            names = fields_to_save(instance, known.place)
            if turn is None and not names:
                # What a save of another transaction has taken may never come to be.
                names = all_fields(instance)
            if names:
                self.check(instance)
                self.write(instance, names, collection)
        finally:
            if turn is not None:
                turns.leave(instance, turn)

    def _save_all(self, ordered: Sequence[Model]) -> None:
        """Write what has changed of instances, each after those it references."""
        turns = self.engine._turns
        turn = turns.take_all(ordered, self._scope)
        try:
            known: Known | None = None
            model, collection = None, None
            for number, instance in enumerate(ordered):
                if known is None or type(instance) is not model:
                    model = type(instance)
                    collection = self.engine.get_collection(model)
                    known = self.engine._known_at(model, collection)
                if fields_to_save(instance, known.place):
                    self._save_from(ordered[number:] if number else ordered, collection)
                    return
        finally:
            turns.leave_all(turn)

    def _save_from(self, instances: Sequence[Model], collection: Any) -> None:
        """Save some instances, of which the first one has to be written."""
        if len(instances) > 1 and is_driver_collection(collection):
            save_in_bulk(self, instances)
            return
        for number, instance in enumerate(instances):
            if number:
                collection = self.engine.get_collection(type(instance))
            known = self.engine._known_at(type(instance), collection)
            names = fields_to_save(instance, known.place)
            if names:
                self.check(instance)
                self.write(instance, names, collection)

    def delete(self, instance: Model) -> None:
        """Delete the document of an instance.

        Raises:
            DocumentNotFoundError: there is none.
        """
        model = type(instance)
        collection = self.engine.get_collection(model)
        id_ = encode_primary_key(instance)
        check_id(model, id_, "delete")
        query = id_filter(id_)
        place = self.engine._known_at(model, collection).place
        before = self._attempt.journal.deleting(instance) if self._attempt is not None else None
        result = self.send(
            lambda: collection.delete_one(query, session=self.session),
            "delete",
            model,
            id_,
        )
        if result.deleted_count == 0:
            raise DocumentNotFoundError(instance)
        was_here, ended = mark_deleted(instance, place)
        if self._attempt is not None:
            self._attempt.journal.deleted(instance, before if was_here else None, ended)

    def remove(self, model: type[Model], query: QueryExpression, *, just_one: bool) -> int:
        """Delete matching documents and tell how many there were."""
        collection = self.engine.get_collection(model)
        delete = collection.delete_one if just_one else collection.delete_many
        result = self.send(lambda: delete(query, session=self.session), "remove", model)
        count: int = result.deleted_count
        return count

    def check(self, instance: Model) -> None:
        """Stop a repeated transaction that would apply a change twice with the write of an instance.

        Raises:
            UnsafeRetryError: it would.
        """
        attempt = self._attempt
        if attempt is None or attempt.guard is None:
            return
        try:
            attempt.guard.check(instance)
        except UnsafeRetryError as error:
            attempt.doom(error)
            raise

    def enter(
        self, instances: Sequence[Model], names: Sequence[AbstractSet[str]], write: Written
    ) -> None:
        """Enter instances that were written into the journal of the transaction, if this is one."""
        if self._attempt is not None:
            for instance, written in zip(instances, names, strict=True):
                self._attempt.journal.wrote(write, instance, written)

    @property
    def is_guarded(self) -> bool:
        """Whether `check` may object to the write of an instance."""
        return self._attempt is not None and self._attempt.guard is not None

    @property
    def goes_on(self) -> bool:
        """Whether more can be sent: a transaction ends with the first error of the server."""
        return self._attempt is None or self._attempt.state is RUNNING

    @property
    def begins_transaction(self) -> bool:
        """Whether the next command is the first one of a transaction."""
        return self._attempt is not None and not self._attempt.has_sent

    @property
    def journal(self) -> Journal | None:
        """The journal of the transaction, if this is one."""
        return None if self._attempt is None else self._attempt.journal

    def write(self, instance: Model, names: AbstractSet[str], collection: Any) -> None:
        """Send some fields of an instance; if they are not all and there is no document, all of them."""
        write = Written(self.engine._known_at(type(instance), collection).place, self.journal)
        try:
            plan = plan_save(instance, names, write)
        except BaseException:
            write.end()
            raise
        if plan is not None:
            self._write(plan, collection)

    def _write(self, plan: SavePlan, collection: Any) -> None:
        instance = plan.instance
        try:
            warn_unless_settled(instance.__mapping__)
            if not self._update(plan, collection):
                plan = plan_save(instance, all_fields(instance), plan.write) or plan
                self._update(plan, collection)
        except BaseException:
            give_back(instance, plan.names, plan.write)
            plan.end()
            raise
        mark_written(instance, plan.names, plan.snapshots)
        if self._attempt is not None:
            self._attempt.journal.wrote(plan.write, instance, plan.names)
        plan.end()

    def _update(self, plan: SavePlan, collection: Any) -> bool:
        """Send one update, and tell whether it met or made a document."""
        read: Callable[[Any], bool] | None = None
        call: Callable[[], Any]
        if self._attempt is not None and updates_plainly(collection):
            # The same as a command, whose answer tells of an error in its own way.
            call = partial(
                collection.database.command,
                update_command(collection.name, plan),
                read_preference=ReadPreference.PRIMARY,
                codec_options=derived_of(collection).command_options,
                session=self.session,
            )
            read = met_document
        else:
            call = partial(
                collection.update_one,
                id_filter(plan.id_),
                plan.update,
                upsert=plan.upsert,
                session=self.session,
            )
        try:
            result = self.send(call, "save", type(plan.instance), plan.id_, read)
        except (PyMongoError, *NOT_ENCODABLE) as error:
            ours = write_error(error, plan)
            if ours is None:
                raise
            raise ours from error
        return plan.upsert or (has_matched(result) if read is None else result)

    def send(
        self,
        call: Callable[[], Any],
        operation: str,
        model: type[Model],
        document_id: Any = None,
        read: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Make one driver call, in the transaction that this call of the engine belongs to; for `read` see `Channel`."""
        try:
            if self._channel is not None:
                return self._channel.send(call, self._attempt, read)
            return call()
        except Exception as error:
            ours = operation_error(error, operation, model, document_id)
            if isinstance(error, ServerSelectionTimeoutError):
                ours = ServerNotFoundError(
                    error, f"{operation} of {model.__name__}", addresses_of(self.engine.client)
                )
            ours = ours or foreign_loop(error)
            if ours is not None:
                raise ours from error
            add_context(error, f"in {operation} of {model.__name__}")
            raise


def _check_may_write(driver_session: Any, operation: str) -> None:
    if getattr(getattr(driver_session, "options", None), "snapshot", None) is True:
        message = f"{operation} cannot write in a snapshot session, which is for reading only"
        raise SessionMisuseError(message)
