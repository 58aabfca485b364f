"""What an instance knows, for each way in which a write, a refresh and a transaction can end.

The rules, which a machine tries in any order:

* A save writes the fields that the program assigned, or changed in place, and that are not stored yet: no others, also
  after a rollback or an unknown commit, and whatever somebody else wrote.
* `insert` and `replace` write the whole document, or raise and change nothing, neither the document nor what is dirty.
* After `refresh`, what the program has not changed equals the document; with `discard=True`, all of it.
* After `update`, the touched fields equal the document, and are clean; all others are as before. It never overwrites an
  unsaved change, except by an assignment. If nothing is updated, nothing changes.
* What a write by query gives is clean, and after a rollback it is as it was read: a save sends what was assigned since,
  and the whole only if there is no document. What a deletion gives is new. What `get_or_create` creates is as after
  `insert`, and what a replacement by query writes as after `replace`.
* After a rollback, an instance is dirty in what it had sent, unless a refresh has replaced that since. What it had read
  in the transaction is no change of the program, and never written. What an update had touched has its value from
  before, unless that is unknown or the program has changed it since.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import bson
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from odmantic import EmbeddedModel, Field, Model, SyncEngine
from odmantic._plan.save import fields_to_save
from odmantic.exceptions import (
    DocumentNotFoundError,
    DuplicateKeyError,
    UnsavedChangesError,
    UpdateRefusedError,
)
from odmantic.update import inc, push, set_


class Size(EmbeddedModel):
    width: int = 1


class Crate(Model):
    code: int = 0
    weight: int = Field(default=0, le=1_000_000)
    tags: list[int] = []
    size: Size = Size()


NAMES = frozenset({"code", "weight", "tags", "size"})
IN_PLACE = ("tags", "size")
Documents = dict[bson.ObjectId, dict[str, Any]]


@dataclass(eq=False)
class Handle:
    """An instance, and what the rules say that is known of it."""

    crate: Crate
    is_known: bool = False
    assigned: set[str] = field(default_factory=set)
    """The fields that were assigned, or are dirty again."""
    then: dict[str, Any] = field(default_factory=dict)
    """The stored forms when they were read or written."""
    own: set[str] = field(default_factory=lambda: {*NAMES})
    """The fields whose values the program has given, or written as a whole."""
    lost: set[str] = field(default_factory=set)
    """The fields that the present transaction has sent: after a rollback they are dirty."""
    asks: bool = False
    """Whether its next save looks for the document, which may not be there any more."""
    updated: dict[str, tuple[Any, bool, bool]] = field(default_factory=dict)
    """Those that updates in it have touched: the value before, whether it was dirty, and whether it was its own."""

    @property
    def now(self) -> dict[str, Any]:
        document = self.crate.model_dump_doc()
        return {name: copy.deepcopy(document[name]) for name in NAMES}

    @property
    def dirty(self) -> set[str]:
        if not self.is_known:
            return {*NAMES}
        now = self.now
        return self.assigned | {name for name in IN_PLACE if now[name] != self.then[name]}

    def wrote(self, names: set[str]) -> None:
        now = self.now
        self.then.update({name: now[name] for name in (names if self.is_known else NAMES)})
        self.is_known, self.asks = True, False
        self.assigned -= names
        self.lost |= names

    def forget(self, names: set[str]) -> None:
        """Notes that fields have other values than an update has given them."""
        for name in names:
            self.updated.pop(name, None)


UPDATES = {
    "increment": ("weight", lambda number: inc(Crate.weight, number)),
    "push": ("tags", lambda number: push(Crate.tags, number)),
    "set": ("code", lambda number: set_(Crate.code, number)),
}
STEPS = (
    *("assign", "change", "save", "insert", "replace", "refresh", "discard", "part", "delete"),
    *(*UPDATES, "increment", "miss", "exceed", "update many"),
    *("find and update", "upsert", "find and delete", "get or create", "replace by query"),
    *("replace or insert",),
)
BY_QUERY = (*UPDATES, "update many", "find and update")
"""Updates, after which a read gives values of the server."""
BOTH = ("upsert", "find and delete", "get or create", "replace by query", "replace or insert")
"""Writes by query after which a read tells nothing of one rule alone."""
QUERIES = (*BOTH, "update many", "find and update")
ENDS = ("commit", "abort", "fail", "unknown", "unknown, then committed")


class World(RuleBasedStateMachine):
    """Instances, and the documents that there should be."""

    engine: SyncEngine
    raw: Callable[[str], Any]
    """Gives a database without any engine."""
    app_name: str

    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.stored: Documents = {}
        self.collection = self.engine.get_collection(Crate)
        self.place = self.engine._target(Crate).known.place
        self.raw(self.engine.database_name).drop_collection("crate")
        self.raw(self.engine.database_name).create_collection("crate")
        self.count = 0
        self.known: list[Handle] = []
        self.given: list[tuple[Handle, str, bool]] = []
        """What the present transaction has given, by what, and whether it had saved something before."""

    def number(self) -> int:
        """Returns a number that no field has had before."""
        self.count += 1
        return self.count

    # --- Instances ---------------------------------------------------------------------------

    @rule(target=handles, is_stored=st.booleans())
    def make(self, is_stored: bool = False) -> Handle:
        size = Size(width=self.number())
        handle = self.noted(Crate(code=self.number(), size=size, tags=[]))
        if is_stored:
            self.outside(handle, ["insert"])
        return handle

    @rule(target=handles, handle=handles)
    def make_again(self, handle: Handle) -> Handle:
        """Another instance with the same id, which knows nothing."""
        return self.noted(Crate(id=handle.crate.id, code=self.number(), size=Size(), tags=[]))

    @rule(target=handles, handle=handles)
    def find(self, handle: Handle) -> Handle:
        found = self.engine.find_one(Crate, Crate.id == handle.crate.id)
        assert (found is None) == (handle.crate.id not in self.stored)
        if found is None:
            return self.make()
        read = self.noted(found)
        read.is_known, read.own, read.then = True, set(), read.now
        return read

    def noted(self, crate: Crate) -> Handle:
        self.known.append(Handle(crate))
        return self.known[-1]

    @rule(handle=handles)
    def increment_elsewhere(self, handle: Handle) -> None:
        """Somebody else increments a field."""
        if handle.crate.id in self.stored:
            self.raw(self.engine.database_name)["crate"].update_one(
                {"_id": handle.crate.id}, {"$inc": {"weight": 1}}
            )
            self.stored[handle.crate.id]["weight"] += 1

    @rule(handle=handles, name=st.sampled_from(("code", "weight")))
    def write_elsewhere(self, handle: Handle, name: str) -> None:
        """Somebody else writes a field."""
        if handle.crate.id in self.stored:
            value = self.number()
            self.raw(self.engine.database_name)["crate"].update_one(
                {"_id": handle.crate.id}, {"$set": {name: value}}
            )
            self.stored[handle.crate.id][name] = value

    # --- Steps -------------------------------------------------------------------------------

    @rule(handle=handles, steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=5))
    def outside(self, handle: Handle, steps: list[str]) -> None:
        for what in steps:
            self.step(self.engine, handle, what, self.stored)
        handle.lost.clear()
        handle.updated.clear()
        self.given.clear()

    @rule(
        handle=handles,
        steps=st.lists(st.tuples(st.booleans(), st.sampled_from(STEPS)), min_size=1, max_size=8),
        end=st.sampled_from(ENDS),
    )
    def in_transaction(self, handle: Handle, steps: list[tuple[bool, str]], end: str) -> None:
        """Do things with an instance, and with another one of the same document."""
        twin = self.find(handle) if handle.crate.id in self.stored else self.make_again(handle)
        chosen = [(twin if is_twin else handle, what) for is_twin, what in steps]
        handles = {handle: None for handle, _ in chosen}
        deleted = {handle for handle, what in chosen if what == "delete"}
        before = {handle: handle.is_known for handle in handles}
        documents = copy.deepcopy(self.stored)
        transaction = self.engine.transaction()
        transaction.start()
        for one, what in chosen:
            doomed = what == "insert" and one.crate.id in documents
            if not doomed:
                self.step(transaction, one, what, documents)
        reader = self.read_in(transaction, handle, chosen)
        if self.ended(transaction, end):
            self.stored = documents
        else:
            for given in self.given:
                self.given_rolled_back(*given)
            for one in handles:
                if end == "unknown":
                    one.updated.clear()
                self.rolled_back(one, was_known=before[one], is_sure=one not in deleted)
            if reader is not None:
                self.reader_rolled_back(reader, chosen)
        for one in handles:
            one.lost.clear()
            one.updated.clear()
        self.given.clear()

    def read_in(
        self, transaction: Any, handle: Handle, chosen: list[tuple[Handle, str]]
    ) -> Handle | None:
        """Reads the document at the end of a transaction which has written it in one way."""
        saves = any(what in ("save", "insert", "replace", "delete") for _, what in chosen)
        updates = any(what in BY_QUERY for _, what in chosen)
        if any(what in BOTH for _, what in chosen):
            return None
        found = transaction.find_one(Crate, Crate.id == handle.crate.id)
        if found is None or saves is updates:
            return None
        reader = self.noted(found)
        reader.is_known, reader.own, reader.then = True, set(), reader.now
        return reader

    def reader_rolled_back(self, reader: Handle, chosen: list[tuple[Handle, str]]) -> None:
        """Checks that values which the server had computed are not dirty, which a save would write."""
        dirty = fields_to_save(reader.crate, self.place)
        if any(what in BY_QUERY for _, what in chosen):
            assert not dirty
        reader.is_known = not dirty

    def given_rolled_back(self, given: Handle, what: str, has_saved: bool) -> None:
        """Checks that no value of the server is dirty, and that what may have no document is not lost."""
        dirty = {*fields_to_save(given.crate, self.place)}
        if what == "find and delete":
            assert dirty == {"id", *NAMES}
            return
        if dirty == {"id", *NAMES}:
            # The transaction had written it whole, and it may not be there at all.
            assert has_saved
            given.is_known = False
            return
        assert dirty == ({"id"} if what == "upsert" else set())
        given.asks = what == "upsert"

    def ended(self, transaction: Any, end: str) -> bool:
        """Ends a transaction; tells whether it is committed."""
        if end in ("commit", "abort"):
            getattr(transaction, end)()
            return end == "commit"
        lsid = transaction.get_driver_session().session_id
        with self.failing_commit(251 if end == "fail" else 50):
            try:
                transaction.commit()
            except PyMongoError:
                pass
            else:  # there was nothing to commit
                return True
        if end == "unknown, then committed":
            transaction.commit()
            return True
        if end == "unknown":
            transaction.abort()
        # To the server it is still open.
        self.raw("admin").command({"killSessions": [lsid]})
        return False

    @contextmanager
    def failing_commit(self, code: int) -> Iterator[None]:
        data = {
            "failCommands": ["commitTransaction"],
            "appName": self.app_name,
            "errorCode": code,
        }
        admin = self.raw("admin")
        admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": data})
        try:
            yield
        finally:
            admin.command({"configureFailPoint": "failCommand", "mode": "off"})

    def rolled_back(self, handle: Handle, *, was_known: bool, is_sure: bool) -> None:
        """Checks what is dirty now, which has to be all that was lost, and nothing that was only read."""
        dirty = {*fields_to_save(handle.crate, self.place)} - {"id"}
        handle.own |= handle.lost
        for name, (value, was_dirty, was_own) in handle.updated.items():
            assert handle.now[name] == value
            if is_sure and was_known:
                assert (name in dirty) == (was_dirty or name in handle.lost or "id" in dirty)
            if was_own:
                handle.own.add(name)
        if is_sure:
            assert dirty >= handle.lost
        assert dirty <= handle.own or dirty == NAMES
        if was_known and is_sure:
            assert dirty <= handle.own
        handle.is_known = "id" not in fields_to_save(handle.crate, self.place)
        now = handle.now
        handle.assigned = dirty if handle.is_known else set()
        handle.then = now

    def step(self, target: Any, handle: Handle, what: str, documents: Documents) -> None:
        """Does one thing, by an engine or in a transaction, and what the rules say about it."""
        crate, id_ = handle.crate, handle.crate.id
        if what == "assign":
            name = "code" if self.number() % 2 else "weight"
            setattr(crate, name, self.number())
            handle.assigned.add(name)
            handle.own.add(name)
            handle.forget({name})
        elif what == "change":
            crate.tags.append(self.number())
            crate.size.width = self.number()
            handle.own |= {*IN_PLACE}
            handle.forget({*IN_PLACE})
        elif what == "save":
            self.saved(target, handle, documents)
        elif what == "insert" and id_ in documents:
            before = fields_to_save(crate, self.place)
            with pytest.raises(DuplicateKeyError):
                target.insert(crate)
            assert fields_to_save(crate, self.place) == before
        elif what == "insert" or (what == "replace" and id_ in documents):
            getattr(target, what)(crate)
            documents[id_] = handle.now
            handle.own |= NAMES
            handle.wrote({*NAMES})
        elif what == "delete" and id_ in documents:
            target.delete(crate)
            del documents[id_]
            handle.is_known, handle.assigned, handle.then = False, set(), {}
            handle.lost |= NAMES
        elif what in QUERIES:
            self.by_query(target, handle, what, documents)
        elif what in ("miss", "exceed"):
            self.refused(target, handle, what, documents)
        elif what in UPDATES:
            self.updated(target, handle, what, documents)
        elif what in ("replace", "delete") or id_ not in documents:
            before = fields_to_save(crate, self.place)
            with pytest.raises(DocumentNotFoundError):
                getattr(target, what if what in ("replace", "delete") else "refresh")(crate)
            assert fields_to_save(crate, self.place) == before
        else:
            self.refreshed(target, handle, what, documents[id_])

    def by_query(self, target: Any, handle: Handle, what: str, documents: Documents) -> None:
        if what == "update many":
            target.update_many(Crate, {}, inc(Crate.weight, 1))
            for document in documents.values():
                document["weight"] += 1
        elif what == "get or create":
            self.got_or_created(target, handle, documents)
        elif what in ("replace by query", "replace or insert"):
            self.replaced(target, handle, what, documents)
        else:
            self.found(target, handle, what, documents)

    def found(self, target: Any, handle: Handle, what: str, documents: Documents) -> None:
        """Finds a document and writes it; the given instance knows nothing of that."""
        id_, number = handle.crate.id, self.number()
        before = handle.now, fields_to_save(handle.crate, self.place)
        query = Crate.id == id_
        document = documents.get(id_)
        if what == "find and delete":
            found = target.find_one_and_delete(Crate, query)
            expected = documents.pop(id_, None)
        else:
            # One has a bound, and an upsert takes two commands.
            name, update = ("weight", inc) if number % 2 else ("code", set_)
            words = {"upsert": handle.crate} if what == "upsert" else {}
            found = target.find_one_and_update(
                Crate, query, update(getattr(Crate, name), number), **words
            )
            if document is None and words:
                # Whatever the instance says, a sum begins with the default.
                document = documents[id_] = handle.now | ({"weight": 0} if name == "weight" else {})
            if document is not None:
                document[name] = number + (document["weight"] if name == "weight" else 0)
            expected = document
        assert before == (handle.now, fields_to_save(handle.crate, self.place))
        assert found is not handle.crate
        self.note_given(found, expected, what)

    def note_given(self, found: Any, expected: Any, what: str) -> None:
        assert (found is None) == (expected is None)
        if found is None:
            return
        given = self.noted(found)
        assert given.now == expected
        given.is_known, given.own, given.then = what != "find and delete", set(), given.now
        has_saved = any(each.lost for each in self.known)
        self.given.append((given, what, has_saved))

    def got_or_created(self, target: Any, handle: Handle, documents: Documents) -> None:
        crate = handle.crate
        before = handle.now, fields_to_save(crate, self.place)
        found, is_created = target.get_or_create(Crate, Crate.id == crate.id, crate)
        assert is_created == (crate.id not in documents)
        if is_created:
            assert found is crate
            documents[crate.id] = handle.now
            handle.own |= NAMES
            handle.wrote({*NAMES})
            return
        assert before == (handle.now, fields_to_save(crate, self.place))
        self.note_given(found, documents[crate.id], "get or create")

    def replaced(self, target: Any, handle: Handle, what: str, documents: Documents) -> None:
        crate = handle.crate
        before = handle.now, fields_to_save(crate, self.place)
        is_there, upsert = crate.id in documents, what == "replace or insert"
        if self.number() % 2:
            result = target.replace_one(Crate, Crate.id == crate.id, crate, upsert=upsert)
            assert (result.matched_count, result.upserted_id) == (
                int(is_there),
                crate.id if upsert and not is_there else None,
            )
        else:
            found = target.find_one_and_replace(Crate, Crate.id == crate.id, crate, upsert=upsert)
            assert found is (crate if is_there or upsert else None)
        if is_there or upsert:
            documents[crate.id] = handle.now
            handle.own |= NAMES
            handle.wrote({*NAMES})
        else:
            assert before == (handle.now, fields_to_save(crate, self.place))

    def refused(self, target: Any, handle: Handle, what: str, documents: Documents) -> None:
        crate = handle.crate
        before = handle.now, fields_to_save(crate, self.place)
        if "weight" in handle.dirty:
            with pytest.raises(UnsavedChangesError) as caught:
                target.update(crate, inc(Crate.weight, 1), where=Crate.code == -1)
            assert caught.value.fields == ("weight",)
        elif crate.id not in documents:
            with pytest.raises(DocumentNotFoundError):
                target.update(crate, inc(Crate.weight, 1), where=Crate.code == -1)
        elif what == "miss":
            assert not target.update(crate, inc(Crate.weight, 10**6), where=Crate.code == -1)
        else:
            with pytest.raises(UpdateRefusedError) as refused:
                target.update(crate, inc(Crate.weight, 10**6 + 1), where=Crate.code != -1)
            found = refused.value.field, refused.value.bound, refused.value.value
            assert found == ("weight", "le=1000000", documents[crate.id]["weight"])
        assert before == (handle.now, fields_to_save(crate, self.place))

    def updated(self, target: Any, handle: Handle, what: str, documents: Documents) -> None:
        crate, (name, make), number = handle.crate, UPDATES[what], self.number()
        before, dirty = handle.now, handle.dirty
        objects = {**vars(crate)}
        if what != "set" and name in dirty:
            with pytest.raises(UnsavedChangesError) as caught:
                target.update(crate, make(number))
            assert caught.value.fields == (name,)
        elif crate.id not in documents:
            with pytest.raises(DocumentNotFoundError):
                target.update(crate, make(number))
        else:
            assert target.update(crate, make(number)) is True
            document = documents[crate.id]
            values = {
                "weight": document["weight"] + number,
                "tags": [*document["tags"], number],
                "code": number,
            }
            document[name] = copy.deepcopy(values[name])
            assert handle.now == {**before, name: values[name]}
            assert all(vars(crate)[each] is objects[each] for each in NAMES - {name})
            handle.updated.setdefault(name, (before[name], name in dirty, name in handle.own))
            if not handle.is_known:
                handle.is_known, handle.assigned, handle.then = True, {*NAMES}, before
            handle.assigned -= {name}
            handle.own -= {name}
            handle.then[name] = handle.now[name]
            return
        assert handle.now == before

    def saved(self, target: Any, handle: Handle, documents: Documents) -> None:
        names, id_ = handle.dirty, handle.crate.id
        target.save(handle.crate)
        if not names and not handle.asks:
            return
        handle.forget(names)
        if id_ in documents:
            now = handle.now
            documents[id_].update({name: now[name] for name in names})
        else:
            documents[id_] = handle.now
            names = {*NAMES}
            handle.own |= NAMES
        handle.wrote(names)

    def refreshed(self, target: Any, handle: Handle, what: str, document: dict[str, Any]) -> None:
        asked = {"weight", "tags"} if what == "part" else {*NAMES}
        kept = set() if what == "discard" else asked & handle.dirty
        taken = asked - kept
        old = handle.now
        private = handle.crate.size
        if what == "part":
            target.refresh(handle.crate, Crate.weight, "tags")
        else:
            target.refresh(handle.crate, discard=what == "discard")
        now = handle.now
        assert {name: now[name] for name in taken} == {name: document[name] for name in taken}
        others = NAMES - taken
        assert {name: now[name] for name in others} == {name: old[name] for name in others}
        assert (handle.crate.size is private) == ("size" not in taken)
        if not handle.is_known:
            handle.is_known = True
            handle.assigned = {*NAMES} - taken
            handle.then = now
        handle.assigned -= taken
        handle.own -= taken
        handle.lost -= {name for name in taken if old[name] != now[name]}
        handle.forget(taken)
        handle.own |= handle.lost
        handle.then.update({name: copy.deepcopy(document[name]) for name in asked})

    @invariant()
    def instances_are_as_dirty_as_the_rules_say(self) -> None:
        for handle in self.known:
            dirty = fields_to_save(handle.crate, self.place)
            asked = {"id"} if handle.asks else set()
            assert dirty == (handle.dirty | asked if handle.is_known else {"id", *NAMES})

    @invariant()
    def documents_are_as_the_rules_say(self) -> None:
        found = {each.pop("_id"): each for each in self.collection.find()}
        assert found == self.stored


def test_documents_and_instances_are_as_the_rules_say(
    odmantic_mongo_uri: str,
    odmantic_database_name: str,
    odmantic_mongo_client: MongoClient[dict[str, Any]],
) -> None:
    class Here(World):
        pass

    checks = settings(
        max_examples=30,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # To find a shorter way to a failure takes minutes.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    with MongoClient[Any](odmantic_mongo_uri, appname=odmantic_database_name) as client:
        Here.engine = SyncEngine(client, odmantic_database_name)
        Here.app_name = odmantic_database_name
        Here.raw = staticmethod(odmantic_mongo_client.get_database)
        run_state_machine_as_test(Here, settings=checks)
