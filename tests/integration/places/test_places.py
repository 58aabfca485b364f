"""What is known of a document belongs to where it is, and copies know what their originals know.

The rules, which a machine tries in any order on engines of both colours, with two databases and two clients:

* A save sends what changed since the document was read or written *there*; to another place it sends all. Whatever other
  writers changed in other fields stays.
* `copy.copy`, `copy.deepcopy` and pickles know what the original knows, but for a copy made in a transaction that has
  written the original; `model_copy` is new in all fields.
* After a deletion all copies that knew the document there are new.
* A rolled-back transaction leaves the documents alone, and the instances dirty in what it had written, though it saved,
  deleted and saved again, over both databases, an instance and its copy.
* A save that the server refuses leaves the instance dirty in all that it was to write.
"""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable, Iterator
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
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import OperationFailure

from odmantic import AIOEngine, EmbeddedModel, Model, SyncEngine
from odmantic.exceptions import DocumentNotFoundError, TransactionAbortedError


class Size(EmbeddedModel):
    width: int = 1


class Parcel(Model):
    code: int = 0
    weight: int = 0
    tags: list[int] = []
    size: Size = Size()


NAMES = ("code", "weight", "tags", "size")
Stored = dict[str, dict[bson.ObjectId, dict[str, Any]]]


@dataclass(eq=False)
class Handle:
    """An instance, and what the rules say that is known of it."""

    parcel: Parcel
    place: str | None = None
    """The database where its document is known."""
    assigned: set[str] = field(default_factory=set)
    then: dict[str, Any] = field(default_factory=dict)
    """The stored forms when it was read or written."""
    family: set[Handle] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.family.add(self)

    @property
    def now(self) -> dict[str, Any]:
        document = self.parcel.model_dump_doc()
        return {name: document[name] for name in NAMES}

    def dirty(self, place: str) -> set[str]:
        if self.place != place:
            return set(NAMES)
        now = self.now
        changed = {name for name in ("tags", "size") if now[name] != self.then[name]}
        return self.assigned | changed

    def copied(self, parcel: Parcel) -> Handle:
        return Handle(parcel, self.place, set(self.assigned), copy.deepcopy(self.then), self.family)

    def forget(self) -> None:
        self.place, self.assigned, self.then = None, set(), {}


class Engine:
    """An engine of either colour, called in one way."""

    def __init__(self, engine: Any, loop: asyncio.AbstractEventLoop | None) -> None:
        self.engine = engine
        self.place: str = engine.database_name
        self._loop = loop

    def do(self, work: Callable[[Any], Any], *arguments: Any) -> Any:
        if self._loop is None:
            return work(*arguments)

        async def call() -> Any:
            result = work(*arguments)
            return await result if asyncio.iscoroutine(result) else result

        return self._loop.run_until_complete(call())

    def find(self, id_: bson.ObjectId) -> Parcel | None:
        return self.do(lambda: self.engine.find_one(Parcel, Parcel.id == id_))

    def find_all(self) -> list[Parcel]:
        async def find() -> list[Parcel]:
            return await self.engine.find(Parcel)

        return list(self.engine.find(Parcel)) if self._loop is None else self.do(find)

    def roll_back(self, parcels: list[Parcel], within: Callable[[], None]) -> None:
        """Save in a transaction that is rolled back."""
        transaction = self.engine.transaction()
        self.do(transaction.start)
        self.do(transaction.save_all, parcels)
        within()
        self.do(transaction.abort)

    def commit(self, parcels: list[Parcel], within: Callable[[], None]) -> None:
        transaction = self.engine.transaction()
        self.do(transaction.start)
        self.do(transaction.save_all, parcels)
        within()
        self.do(transaction.commit)

    def delete_and_roll_back(self, parcel: Parcel) -> None:
        transaction = self.engine.transaction()
        self.do(transaction.start)
        self.do(transaction.delete, parcel)
        self.do(transaction.abort)


COPIES: dict[str, Callable[[Parcel], Parcel]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda parcel: pickle.loads(pickle.dumps(parcel)),
    # A shallow copy shares what is nested, so that a change of one is one of both.
    "copy": copy.copy,
}

numbers = st.integers(0, 3)

REFUSED = 99
"""A code that no document may have."""


class World(RuleBasedStateMachine):
    """Instances, the databases they should be in, and those they are in."""

    engines: list[Engine]
    databases: Callable[[str], Any]
    """Gives a database without any engine."""

    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.stored: Stored = {engine.place: {} for engine in self.engines}
        for name in self.stored:
            self.databases(name).drop_collection("parcel")
            self.databases(name).create_collection("parcel", validator={"code": {"$ne": REFUSED}})

    # --- Instances ---------------------------------------------------------------------------

    @rule(target=handles, code=numbers)
    def make(self, code: int) -> Handle:
        return Handle(Parcel(code=code, size=Size(), tags=[]))

    @rule(handle=handles, name=st.sampled_from(("code", "weight")), value=numbers)
    def assign(self, handle: Handle, name: str, value: int) -> None:
        setattr(handle.parcel, name, value)
        if handle.place is not None:
            handle.assigned.add(name)

    @rule(handle=handles, value=numbers)
    def change_in_place(self, handle: Handle, value: int) -> None:
        handle.parcel.tags.append(value)
        handle.parcel.size.width = value

    @rule(handle=handles)
    def ask(self, handle: Handle) -> None:
        modified = handle.parcel.__fields_modified__
        assert modified == (handle.assigned if handle.place else {"id", *NAMES})

    # --- Copies ------------------------------------------------------------------------------

    @rule(target=handles, handle=handles, how=st.sampled_from(sorted(COPIES)))
    def copy(self, handle: Handle, how: str) -> Handle:
        return handle.copied(COPIES[how](handle.parcel))

    @rule(target=handles, handle=handles, deep=st.booleans())
    def copy_as_new(self, handle: Handle, deep: bool) -> Handle:
        twin = handle.copied(handle.parcel.model_copy(deep=deep))
        twin.forget()
        return twin

    @rule(target=handles, handle=handles)
    def copy_as_another(self, handle: Handle) -> Handle:
        return Handle(handle.parcel.model_copy(update={"id": bson.ObjectId()}, deep=True))

    # --- Engines -----------------------------------------------------------------------------

    @rule(handle=handles, number=st.integers(0, 3))
    def save(self, handle: Handle, number: int) -> None:
        engine = self.engines[number]
        engine.do(engine.engine.save, handle.parcel)
        self._saved([handle], engine.place)

    @rule(chosen=st.lists(handles, max_size=4), number=st.integers(0, 3))
    def save_all(self, chosen: list[Handle], number: int) -> None:
        engine = self.engines[number]
        engine.do(engine.engine.save_all, [handle.parcel for handle in chosen])
        self._saved(chosen, engine.place)

    @rule(target=handles, handle=handles, number=st.integers(0, 3), many=st.booleans())
    def find(self, handle: Handle, number: int, many: bool) -> Handle:
        engine = self.engines[number]
        id_ = handle.parcel.id
        if many:
            found = next((each for each in engine.find_all() if each.id == id_), None)
        else:
            found = engine.find(id_)
        assert (found is None) == (id_ not in self.stored[engine.place])
        if found is None:
            return self.make(0)
        read = Handle(found, engine.place)
        read.then = read.now
        return read

    @rule(handle=handles, number=st.integers(0, 3))
    def delete(self, handle: Handle, number: int) -> None:
        engine = self.engines[number]
        if handle.parcel.id not in self.stored[engine.place]:
            with pytest.raises(DocumentNotFoundError):
                engine.do(engine.engine.delete, handle.parcel)
            return
        engine.do(engine.engine.delete, handle.parcel)
        self._deleted(handle, engine.place)

    @rule(
        target=handles,
        handle=handles,
        number=st.integers(0, 3),
        how=st.sampled_from(sorted(COPIES)),
        others=st.lists(handles, max_size=2),
    )
    def restore(self, handle: Handle, number: int, how: str, others: list[Handle]) -> Handle:
        """Keep a copy, delete the document, do something else, and save the copy."""
        self.save(handle, number)
        twin = self.copy(handle, how)
        self.delete(handle, number)
        self.save_all(others, number)
        self.save(twin, number)
        return twin

    @rule(handle=handles, number=st.integers(0, 3))
    def delete_and_roll_back(self, handle: Handle, number: int) -> None:
        engine = self.engines[number]
        if handle.parcel.id in self.stored[engine.place] and handle.place == engine.place:
            engine.delete_and_roll_back(handle.parcel)

    @rule(
        target=handles,
        chosen=st.lists(handles, min_size=1, max_size=3, unique_by=lambda each: each.parcel.id),
        number=st.integers(0, 3),
        how=st.sampled_from(sorted(COPIES)),
    )
    def roll_back(self, chosen: list[Handle], number: int, how: str) -> Handle:
        engine = self.engines[number]
        written = [handle.dirty(engine.place) for handle in chosen]
        exists = chosen[0].parcel.id in self.stored[engine.place]
        twins: list[Parcel] = []
        engine.roll_back(
            [handle.parcel for handle in chosen],
            lambda: twins.append(COPIES[how](chosen[0].parcel)),
        )
        for handle, names in zip(chosen, written, strict=True):
            if handle.place == engine.place:
                handle.assigned |= names
        twin = chosen[0].copied(twins[0])
        if written[0]:
            twin.forget()
        assert exists == (
            self.databases(engine.place)["parcel"].count_documents({"_id": twin.parcel.id}) == 1
        )
        return twin

    @rule(
        target=handles,
        chosen=st.lists(handles, min_size=1, max_size=3, unique_by=lambda each: each.parcel.id),
        number=st.integers(0, 3),
        how=st.sampled_from(sorted(COPIES)),
    )
    def commit(self, chosen: list[Handle], number: int, how: str) -> Handle:
        engine = self.engines[number]
        written = [handle.dirty(engine.place) for handle in chosen]
        twins: list[Parcel] = []
        engine.commit(
            [handle.parcel for handle in chosen],
            lambda: twins.append(COPIES[how](chosen[0].parcel)),
        )
        self._saved(chosen, engine.place)
        twin = chosen[0].copied(twins[0])
        if written[0]:
            twin.forget()
        return twin

    @rule(handle=handles, number=st.integers(0, 3), way=st.sampled_from(("one", "many", "within")))
    def save_refused(self, handle: Handle, number: int, way: str) -> None:
        engine, code = self.engines[number], handle.parcel.code
        self.assign(handle, "code", REFUSED)
        names = handle.dirty(engine.place)
        with pytest.raises((OperationFailure, TransactionAbortedError)):
            if way == "one":
                engine.do(engine.engine.save, handle.parcel)
            elif way == "many":
                engine.do(engine.engine.save_all, [handle.parcel, Parcel(code=REFUSED)])
            else:
                engine.commit([handle.parcel], lambda: None)
        if handle.place == engine.place:
            handle.assigned |= names
        self.assign(handle, "code", code)

    @rule(
        target=handles,
        handle=handles,
        how=st.sampled_from(sorted(COPIES)),
        steps=st.lists(
            st.tuples(
                st.sampled_from(("save", "save", "assign", "change", "delete")),
                st.integers(0, 1),
                st.booleans(),
            ),
            min_size=2,
            max_size=6,
        ),
        commits=st.booleans(),
    )
    def work_in_both(
        self, handle: Handle, how: str, steps: list[tuple[str, int, bool]], commits: bool
    ) -> Handle:
        """Do some of all that with an instance and its copy, in one transaction over both databases."""
        pair = (handle, self.copy(handle, how))
        family = set(handle.family)
        kept = {each: (each.place, {*each.assigned}, copy.deepcopy(each.then)) for each in family}
        stored = copy.deepcopy(self.stored)
        transaction = self.engines[0].engine.transaction()
        transaction.start()
        for what, number, is_copy in steps:
            one, engine = pair[is_copy], self.engines[number]
            if what == "assign":
                self.assign(one, "weight", one.parcel.weight + 5)
                kept[one][1].add("weight")
            elif what == "change":
                self.change_in_place(one, number)
            elif what == "save":
                engine.engine.save(one.parcel, session=transaction)
                self._saved([one], engine.place)
            elif one.parcel.id in self.stored[engine.place]:
                engine.engine.delete(one.parcel, session=transaction)
                self._deleted(one, engine.place)
        if commits:
            transaction.commit()
            return pair[1]
        transaction.abort()
        self.stored = stored
        for each in family:
            each.place, assigned, each.then = kept[each]
            modified = each.parcel.__fields_modified__
            if "id" in modified or each.place is None:
                assert modified == {"id", *NAMES}
                each.forget()
            else:
                assert modified >= assigned
                each.assigned = {*modified}
        return pair[1]

    @rule(
        handle=handles,
        number=st.integers(0, 3),
        name=st.sampled_from(("code", "weight")),
        value=numbers,
    )
    def write_elsewhere(self, handle: Handle, number: int, name: str, value: int) -> None:
        """Somebody else writes a field, or deletes the document."""
        place, id_ = self.engines[number].place, handle.parcel.id
        if id_ in self.stored[place]:
            self.databases(place)["parcel"].update_one({"_id": id_}, {"$set": {name: value + 10}})
            self.stored[place][id_][name] = value + 10

    @invariant()
    def documents_are_as_the_rules_say(self) -> None:
        for place, documents in self.stored.items():
            found = {one.pop("_id"): one for one in self.databases(place)["parcel"].find()}
            assert found == documents

    def _deleted(self, handle: Handle, place: str) -> None:
        del self.stored[place][handle.parcel.id]
        for each in handle.family:
            if each.place == place:
                each.forget()

    def _saved(self, chosen: list[Handle], place: str) -> None:
        documents = self.stored[place]
        for handle in chosen:
            names = handle.dirty(place)
            now = copy.deepcopy(handle.now)
            if not names:
                continue
            id_ = handle.parcel.id
            if id_ in documents:
                documents[id_].update({name: now[name] for name in names})
            else:
                documents[id_] = dict(now)
            if handle.place != place:
                handle.then = now
            else:
                handle.then.update({name: now[name] for name in names})
            handle.place, handle.assigned = place, set()


@pytest.fixture
def engines(odmantic_mongo_uri: str, odmantic_database_name: str) -> Iterator[list[Engine]]:
    loop = asyncio.new_event_loop()
    first, second = odmantic_database_name, f"{odmantic_database_name}_2"
    with MongoClient(odmantic_mongo_uri) as client, MongoClient(odmantic_mongo_uri) as other:
        # Its loop rests while the others work: a check of the server that waits for an answer would run out of time.
        async_client: Any = AsyncMongoClient(
            odmantic_mongo_uri, serverMonitoringMode="poll", heartbeatFrequencyMS=600_000
        )
        yield [
            Engine(SyncEngine(client, first), None),
            Engine(SyncEngine(client, second), None),
            Engine(SyncEngine(other, first), None),
            Engine(AIOEngine(async_client, first), loop),
        ]
        loop.run_until_complete(async_client.close())
        loop.close()
        client.drop_database(second)


@pytest.mark.parametrize("options", ["", "&directConnection=true"])
def test_a_client_that_has_not_connected_yet_is_no_other_place(
    odmantic_mongo_uri: str,
    odmantic_database_name: str,
    odmantic_mongo_client: MongoClient[dict[str, Any]],
    options: str,
) -> None:
    stored = odmantic_mongo_client[odmantic_database_name]["parcel"]
    parcel = Parcel()
    with MongoClient(odmantic_mongo_uri) as client:
        SyncEngine(client, odmantic_database_name).save(parcel)
    stored.update_one({}, {"$set": {"weight": 7}})
    parcel.code = 1

    async def save() -> None:
        uri = odmantic_mongo_uri.replace("127.0.0.1", "localhost") + options
        late: Any = AsyncMongoClient(uri)
        try:
            await AIOEngine(late, odmantic_database_name).save(parcel)
        finally:
            await late.close()

    asyncio.run(save())
    document = stored.find_one({"_id": parcel.id})
    assert document is not None
    assert (document["code"], document["weight"]) == (1, 7)


def test_documents_are_as_the_rules_say(
    engines: list[Engine], odmantic_mongo_client: MongoClient[dict[str, Any]]
) -> None:
    class Here(World):
        pass

    Here.engines, Here.databases = engines, staticmethod(odmantic_mongo_client.get_database)
    checks = settings(
        max_examples=40,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # To find a shorter way to a failure takes minutes.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    run_state_machine_as_test(Here, settings=checks)
