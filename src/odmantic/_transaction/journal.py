"""The reads and writes of a transaction, so that its instances can follow a rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bson

from odmantic._codec.encode import encode_primary_key
from odmantic._mapping.mapping import mapping_of
from odmantic._state.dirty import dirty_among
from odmantic._state.hollow import hollow_in
from odmantic._state.nested import nested_instances
from odmantic._state.places import Place, Written
from odmantic._state.refreshing import known_in
from odmantic._state.snapshot import DIGEST_OPTIONS
from odmantic._state.state import kept_state, opened
from odmantic._transaction.assigned import Assigned
from odmantic._transaction.entries import Before, Entry
from odmantic._transaction.updated import Updated, saves_in
from odmantic._types.instances import Instance
from odmantic._types.kinds import is_model_instance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from odmantic._state.lives import Life

    _Document = tuple[str, str, bytes]
    _Collection = tuple[str, str]
    _Write = tuple[Written, Instance, AbstractSet[str]]
    """The write, the instance and the fields."""


class Journal:
    """The instances that one transaction read and wrote, held until it ends.

    Attributes:
        committed: Whether it committed; `None` while that is unknown.
    """

    committed: bool | None = None
    _is_closed = False
    _is_in_doubt = False
    _entered = 0
    """The number of writes in `_entries`. A commit needs none, and entering one takes six times as long as keeping it."""
    _encoded = 0
    """The number of writes in `_documents`, which only a read needs; it tells which documents were written whole."""

    def __init__(self) -> None:
        # Nothing is removed from the list: another thread may be here too.
        self._writes: list[_Write] = []
        self._ended: list[Life] = []
        self._changed: list[Assigned | Updated] = []
        self._updated: dict[int, Updated] = {}
        self._only_assigned: dict[int, set[str]] = {}
        self._entries: dict[int, Entry] = {}
        self._documents: dict[_Document, bool] = {}
        self._by_query: set[_Collection] = set()

    def wrote(self, write: Written, instance: Instance, names: AbstractSet[str]) -> None:
        """Enter a successful save of fields, with the embedded objects in them."""
        self._writes.append((write, instance, names))
        if not names.isdisjoint(instance.__mapping__.nested_fields):
            self._wrote_embedded(instance)
        if self._is_closed:
            self._settle()

    def wrote_by_query(self, database: str, model: type[Instance]) -> None:
        """Enter a write of documents of which it is not known which these are, before it is sent.

        An instance that is read from the collection afterwards may have values that the server computed. A rollback does
        not make it dirty in them: a save that sent such a value would undo what others have written.
        """
        self._by_query.add((database, _collection(model)))

    def may_have_inserted(self, instance: Instance) -> None:
        """Enter an instance whose document an update may have inserted: a save after a rollback does not lose it."""
        self._entry(instance).may_be_new = True
        if self._is_closed:
            self._settle()

    def deleting(self, instance: Instance) -> Before:
        """Return the state of an instance, to pass to `deleted` once the deletion has succeeded."""
        return Before.of(instance)

    def deleted(
        self, instance: Instance, before: Before | None, ended: Iterable[Life] = ()
    ) -> None:
        """Enter a successful deletion.

        Args:
            instance: The instance.
            before: Its state before, if the deletion changed it.
            ended: The lives that ended, which continue after a rollback.
        """
        self._ended += ended
        if before is not None:
            self._all_entries()
            entry = self._entry(instance)
            if entry.before is None:
                entry.before = before
        if self._is_closed:
            self._settle()

    def assigned(self, values: Assigned) -> None:
        """Enter what a hook assigned: a rollback undoes it, unless the program has assigned something else since."""
        instance = values.instance
        entry = self._all_entries().get(id(instance))
        written = frozenset[str]() if entry is None else entry.written
        only_assigned = self._only_assigned.setdefault(id(instance), set())
        values.keep_clean(written - only_assigned)
        only_assigned |= values.clean
        self._changed.append(values)
        if self._is_closed:
            self._settle()

    def updating(
        self, instance: Instance, names: AbstractSet[str], dirty: AbstractSet[str], place: Place
    ) -> Updated:
        """Return what fields of an instance hold, some of them dirty, to pass to `updated` once they have other values.

        Args:
            instance: The instance.
            names: The fields.
            dirty: Those that are dirty at the place.
            place: The place of the document, where it is known from now on.
        """
        known = known_in(instance)
        if known is None or not known.is_at(place):
            entry = self._all_entries().setdefault(id(instance), Entry(instance))
            if entry.before is None:
                entry.before = Before.of(instance)
            dirty = names if known is None else dirty_among(instance, names, known.place)
        return Updated(instance, names, dirty, len(self._writes))

    def updated(self, values: Updated) -> None:
        """Enter values of the server: a rollback puts those from before back, unless the program has assigned others."""
        values.end()
        earlier = self._updated.get(id(values.instance))
        if earlier is None or not earlier.go_on(values):
            self._updated[id(values.instance)] = values
            self._changed.append(values)
        if self._is_closed:
            self._settle()

    def read(self, database: str, instance: Instance) -> None:
        """Enter a read: a rollback undoes values that this transaction wrote."""
        if not (self._writes or self._by_query) or hollow_in(instance) is not None:
            return
        if self._is_own(database, instance):
            self._entry(instance).read_back = True
            # A copy must not count as known before the commit.
            state = opened(instance)
            if state.known is not None:
                state.known = Written(state.known.place, self)
                state.known.end()
        for nested in nested_instances(instance):
            self._read_nested(database, nested)

    def _is_own(self, database: str, instance: Instance) -> bool:
        """Return whether the values of an instance that was just read are what this transaction saved.

        If they are not, it stays clean whatever happens: a save sends what is assigned from now on.
        """
        count = len(self._writes)
        for write, written, names in self._writes[self._encoded : count]:
            document = _document(write.place.database, written)
            is_whole = names >= mapping_of(type(written)).fields.keys()
            self._documents[document] = is_whole or self._documents.get(document, False)
        self._encoded = count
        is_whole_or_none = self._documents.get(_document(database, instance))
        if is_whole_or_none is None:
            return False
        # Without the transaction, a whole document may not exist at all.
        return is_whole_or_none or (database, _collection(type(instance))) not in self._by_query

    def written(self, instance: Instance) -> AbstractSet[str]:
        """Return the names of the fields of an instance that this transaction wrote."""
        entry = self._all_entries().get(id(instance))
        return frozenset() if entry is None else frozenset(entry.written)

    def refreshed(
        self, instance: Instance, names: AbstractSet[str], taken: AbstractSet[str] = frozenset()
    ) -> None:
        """Note that fields got other values than those written: a rollback makes them dirty no more.

        What it makes new again is dirty in all fields.

        Args:
            instance: The instance.
            names: Those fields.
            taken: All fields that were read: what updates had changed in them is not put back any more.
        """
        for values in self._updates_of(instance):
            values.forget(taken)
        entry = self._all_entries().get(id(instance))
        if entry is not None and names:
            primary = mapping_of(type(instance)).primary_field
            entry.written -= names if primary not in entry.written else set()
            entry.writes = [
                (write, each if primary in each else each - names) for write, each in entry.writes
            ]

    def after_rollback(self, instance: Instance) -> Callable[[], None] | None:
        """Return a function that makes a written instance as dirty as a rollback would; `None` for another one."""
        entry = self._all_entries().get(id(instance))
        kept = entry.copied() if entry is not None else None
        updates = [each.copied() for each in self._updates_of(instance)]
        if kept is None and not updates:
            return None
        saves = saves_in(self._writes)
        for values in updates:
            values.keep(frozenset(), saves.fields_of(values))

        def restore() -> None:
            if kept is not None:
                kept.restore()
            for values in reversed(updates):
                values.undo()

        return restore

    def doubt(self) -> None:
        """Make the instances dirty while the outcome of the commit is unknown."""
        self._is_in_doubt = True
        for entry in self._all_entries().values():
            if entry.in_doubt is None:
                entry.doubt()

    def close(self, *, committed: bool | None) -> None:
        """Forget the instances; without a commit, make them dirty in what the transaction wrote.

        An operation of another thread that is entered later has the same ending.

        Args:
            committed: Whether the transaction committed; `None` if that is unknown.
        """
        self.committed = committed
        self._is_closed = True
        self._settle()

    def _settle(self) -> None:
        """Make the entered instances follow the end."""
        if self.committed is None:
            self.doubt()
        entries, self._entries = self._entries, {}
        writes, self._writes = self._writes, []
        changed, self._changed, self._updated = self._changed, [], {}
        left = writes[self._entered :]
        self._documents, self._entered, self._encoded = {}, 0, 0
        if self.committed is False:
            ended, self._ended = self._ended, []
            for life in ended:
                life.go_on()
            entries = _with_writes(entries, left)
            _keep(changed, entries, writes)
            for entry in entries.values():
                entry.restore()
            for values in reversed(changed):
                values.undo()
        elif self.committed and self._is_in_doubt:
            for entry in _with_writes(entries, left).values():
                entry.believe()

    def _updates_of(self, instance: Instance) -> list[Updated]:
        # Most transactions have none.
        return [
            each
            for each in (self._changed if self._updated else ())
            if type(each) is Updated and each.instance is instance
        ]

    def _all_entries(self) -> dict[int, Entry]:
        count = len(self._writes)
        _with_writes(self._entries, self._writes[self._entered : count])
        self._entered = count
        return self._entries

    def _entry(self, instance: Instance) -> Entry:
        return _entry_in(self._entries, instance)

    def _wrote_embedded(self, instance: Instance) -> None:
        for nested in nested_instances(instance):
            if not is_model_instance(nested):
                self._entry(nested).wrote(mapping_of(type(nested)).fields.keys())
                self._wrote_embedded(nested)

    def _read_nested(self, database: str, instance: Instance) -> None:
        if is_model_instance(instance):
            self.read(database, instance)
            return
        for nested in nested_instances(instance):
            self._read_nested(database, nested)


def _with_writes(entries: dict[int, Entry], writes: Iterable[_Write]) -> dict[int, Entry]:
    """Enter writes."""
    for write, instance, names in writes:
        _entry_in(entries, instance).wrote(names, write)
    return entries


def _entry_in(entries: dict[int, Entry], instance: Instance) -> Entry:
    entry = entries.get(id(instance))
    if entry is None:
        entry = entries[id(instance)] = Entry(instance)
    return entry


def _keep(
    changed: Iterable[Assigned | Updated], entries: dict[int, Entry], writes: Iterable[_Write]
) -> None:
    """Tell updates what the program has assigned since, before a rollback makes more than that dirty."""
    updates = [each for each in changed if type(each) is Updated]
    if not updates:
        return
    saves = saves_in(writes)
    for values in updates:
        entry = entries.get(id(values.instance))
        # A doubt has made more dirty, too.
        doubt = None if entry is None else entry.in_doubt
        modified = kept_state(values.instance).modified if doubt is None else doubt.state.modified
        if modified and entry is not None and entry.before is not None:
            # Of a new instance all is dirty, assigned or not.
            modified &= entry.before.changed_since(values.instance)
        values.keep(saves.after(values).union(modified or ()), saves.fields_of(values))


def _document(database: str, instance: Instance) -> _Document:
    """Return the identity of an instance's document."""
    key = {"_id": encode_primary_key(instance)}
    return database, _collection(type(instance)), bson.encode(key, codec_options=DIGEST_OPTIONS)


def _collection(model: type[Instance]) -> str:
    return mapping_of(model).collection or ""
