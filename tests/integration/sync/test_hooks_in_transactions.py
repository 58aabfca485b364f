# Generated from tests/integration/aio/test_hooks_in_transactions.py by tools/generate_sync.py: do not edit.
"""Hooks of documents in transactions: once per attempt, undone with it, and once after the end."""

from __future__ import annotations

from typing import Any, List

import pytest
from pymongo.errors import OperationFailure

from odmantic import EmbeddedModel, HookEvent, Model, Reference, hook
from odmantic.exceptions import (
    CommitHookError,
    CommitOutcomeUnknownError,
    RollbackHookError,
    UnsafeRetryError,
)
from odmantic.testing.faults import ALL_FAULTS, sync_inject_faults

TRANSIENT = "TransientTransactionError"

called: list[Any] = []


class _MineError(Exception):
    """Leaves a block, or fails a hook."""


class Line(EmbeddedModel):
    article: str

    @hook("before_save")
    def tidy(self):
        self.article = self.article.upper()


class Order(Model):
    name: str
    version: int = 0
    stamps: list[str] = []
    lines: list[Line] = []
    noted: str = ""

    @hook("before_save")
    def count(self, event: HookEvent):
        called.append(("before", event.attempt, event.is_new, self.version))
        self.version += 1
        self.stamps.append(f"v{self.version}")

    @hook("after_save")
    def note(self, event: HookEvent):
        called.append(("after", event.attempt, event.is_new, self.version))
        self.noted = "saved"

    @hook("after_commit")
    def committed(self, event: HookEvent):
        called.append(("commit", event.attempt, event.operations, self.version))

    @hook("after_rollback")
    def rolled_back(self, event: HookEvent):
        called.append(("rollback", event.attempt, event.operations, self.version))


@pytest.fixture(autouse=True)
def collection(raw_database):
    called.clear()
    raw_database.create_collection("order")
    return raw_database["order"]


def _events():
    return [each[0] for each in called]


def test_each_attempt_calls_them_once_and_finds_the_instance_as_it_was(
    sync_engine, collection, fail_point
):
    order = Order(name="a", lines=[Line(article="tea")])

    def work(transaction):
        order.lines[0].article = "tea"
        transaction.save(order)

    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=2):
        sync_engine.run_transaction(work)

    assert called == [
        *(("before", 1, True, 0), ("after", 1, True, 1)),
        *(("before", 2, True, 0), ("after", 2, True, 1)),
        *(("before", 3, True, 0), ("after", 3, True, 1)),
        ("commit", 3, ("save",), 1),
    ]
    assert collection.find_one() == {
        "_id": order.id,
        "name": "a",
        "version": 1,
        "stamps": ["v1"],
        "lines": [{"article": "TEA"}],
        "noted": "",
    }


@pytest.mark.parametrize("is_bulk", [False, True])
def test_an_attempt_whose_write_fails_is_undone_too(sync_engine, collection, fail_point, is_bulk):
    orders = [Order(name="a"), Order(name="b")]

    def work(transaction):
        if is_bulk:
            transaction.save_all(orders)
        else:
            for order in orders:
                transaction.save(order)

    with fail_point("update", error_code=112, labels=(TRANSIENT,), times=1):
        sync_engine.run_transaction(work)

    assert [order.version for order in orders] == [1, 1]
    assert {each["version"] for each in collection.find()} == {1}
    assert _events().count("commit") == 2
    assert "rollback" not in _events()


def test_a_rollback_undoes_what_hooks_have_assigned(sync_engine, collection):
    order = sync_engine.save(Order(name="a", lines=[Line(article="tea")]))
    order.noted = ""
    sync_engine.save(order)
    order.noted = "mine"
    stored = order.model_dump() | {"noted": "saved"}
    stamps, line = order.stamps, order.lines[0]

    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            order.name = "b"
            transaction.save(order)
            assert order.version == 3
            raise _MineError

    assert order.model_dump() == stored | {"name": "b", "noted": "mine"}
    assert order.stamps is stamps
    assert order.lines[0] is line
    assert order.__fields_modified__ == {"name", "noted"}
    assert _events()[-1] == "rollback"


def test_a_new_instance_is_new_again_after_a_rollback(sync_engine, collection):
    order = Order(name="a")

    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(order)
            raise _MineError
    assert (order.version, order.stamps, order.noted) == (0, [], "")
    assert order.__fields_modified__ == Order.__odm_fields__.keys()

    sync_engine.save(order)
    assert [each[2] for each in called if each[0] == "before"] == [True, True]
    assert collection.find_one()["version"] == 1


def test_an_instance_without_hooks_before_a_write_is_new_again_too(sync_engine, fail_point):
    class Item(Model):
        name: str

        @hook("after_insert")
        def inserted(self):
            called.append("inserted")

    item = Item(name="a")
    with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=1):
        sync_engine.run_transaction(lambda transaction: transaction.save(item))

    assert called == ["inserted"] * 2


def test_what_the_program_assigns_behind_a_hook_stays_after_a_rollback(sync_engine):
    order = sync_engine.save(Order(name="a"))

    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            order.name = "b"
            transaction.save(order)
            order.version = 10
            order.stamps.append("mine")
            transaction.save(order)
            raise _MineError

    assert order.version == 10
    assert order.stamps == ["v1", "v2", "mine"]
    assert order.__fields_modified__ >= {"name", "version"}


def test_an_error_of_a_hook_before_a_write_is_undone_by_the_rollback_too(sync_engine):
    class Item(Model):
        name: str
        text: str = ""

        @hook("before_save")
        def check(self):
            self.text = "checked"
            raise _MineError

    item = Item(name="a")
    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            transaction.save(item)
    assert item.text == ""

    with pytest.raises(_MineError):
        sync_engine.save(item)
    assert item.text == "checked"


def test_the_guard_of_retries_ignores_what_hooks_assign(sync_engine, collection, fail_point):
    """The stamps of two attempts differ, and are no change that would be applied twice."""

    class Item(Model):
        count: int = 0
        stamp: int = 0

        @hook("before_save")
        def stamp_it(self):
            self.stamp = len(called)
            called.append("stamp")

    item = sync_engine.save(Item())
    called.append("later")

    def work(transaction):
        item.count = 5
        transaction.save_all([item, Order(name="a")])
        transaction.save(item)

    def change(transaction):
        item.count += 1
        transaction.save(item)

    for each, error in ((work, None), (change, UnsafeRetryError)):
        with fail_point("commitTransaction", error_code=251, labels=(TRANSIENT,), times=1):
            if error is None:
                sync_engine.run_transaction(each)
            else:
                with pytest.raises(error):
                    sync_engine.run_transaction(each)


class Tag(Model):
    name: str


class Note(EmbeddedModel):
    tag: Tag = Reference()
    text: str = ""


class Tagged(Model):
    name: str
    tags: List[Tag] = Reference()
    note: Note

    @hook("before_save")
    def tag(self):
        if self.name == "b":
            self.tags.append(Tag(name="hook"))
            self.note.text = "hook"


def test_references_that_hooks_add_are_undone_and_what_they_refer_to_is_not(
    sync_engine, raw_database
):
    for name in ("tag", "tagged"):
        raw_database.create_collection(name)
    tagged = Tagged(name="a", tags=[Tag(name="one")], note=Note(tag=Tag(name="two")))
    sync_engine.save(tagged)
    tags, note, one = tagged.tags, tagged.note, tagged.tags[0]

    with pytest.raises(_MineError):
        with sync_engine.transaction() as transaction:
            tagged.name, one.name, note.tag.name = "b", "changed", "changed"
            transaction.save(tagged)
            assert len(tagged.tags) == 2
            raise _MineError

    assert tagged.tags is tags
    assert tags == [one]
    assert (tagged.note is note, note.text) == (True, "")
    assert one.name == note.tag.name == "changed"
    assert one.__fields_modified__ == note.tag.__fields_modified__ == {"name"}
    sync_engine.save(tagged)
    assert raw_database["tagged"].find_one()["note"]["text"] == "hook"
    assert raw_database["tag"].count_documents({}) == 3


# --- The end ----------------------------------------------------------------------------------------


def test_an_unknown_outcome_calls_neither(sync_engine, fail_point):
    order = Order(name="a")

    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(CommitOutcomeUnknownError):
            sync_engine.run_transaction(lambda transaction: transaction.save(order))

    assert _events() == ["before", "after"]
    assert order.version == 1


def test_a_commit_that_is_known_later_calls_them_once(sync_engine, fail_point):
    transaction = sync_engine.transaction()
    transaction.start()
    transaction.save(Order(name="a"))

    with fail_point("commitTransaction", error_code=50, times=1):
        with pytest.raises(CommitOutcomeUnknownError):
            transaction.commit()
    assert _events() == ["before", "after"]

    transaction.commit()
    assert _events() == ["before", "after", "commit"]


def test_a_repeated_commit_calls_them_once(sync_engine, fail_point):
    with fail_point("commitTransaction", close_connection=True, times=3):
        sync_engine.run_transaction(lambda transaction: transaction.save(Order(name="a")))

    assert _events() == ["before", "after", "commit"]


def test_a_failed_last_attempt_calls_the_rollback_hooks_once(sync_engine, fail_point):
    with fail_point("update", error_code=112, labels=(TRANSIENT,)):
        with pytest.raises(OperationFailure):
            sync_engine.run_transaction(
                lambda transaction: transaction.save(Order(name="a")), attempts=3
            )

    assert called == [
        *(("before", attempt, True, 0) for attempt in (1, 2, 3)),
        ("rollback", 3, ("save",), 0),
    ]


def test_what_fails_after_the_end_is_collected(sync_engine):
    class Item(Model):
        number: int

        @hook("after_commit")
        @hook("after_rollback")
        def tell(self, event):
            called.append(self.number)
            if self.number > 1:
                raise _MineError

    items = [Item(number=each) for each in (1, 2, 3)]
    with pytest.raises(CommitHookError, match=r"2 on_commit callable.s. or after_commit") as commit:
        with sync_engine.transaction() as transaction:
            transaction.save_all(items)
            transaction.on_commit(lambda: called.append("callable"))
    assert called == [1, 2, 3, "callable"]
    assert [type(error) for error in commit.value.errors] == [_MineError] * 2

    with pytest.raises(RollbackHookError, match=r"2 on_rollback callable.s. or after_rollback"):
        with sync_engine.transaction() as transaction:
            for item in items:
                item.number += 10
                transaction.delete(item)
            called.clear()
            items[0].number = 0
            transaction.abort()
    assert called == [0, 12, 13]


def test_an_error_that_is_caught_before_a_write_leaves_the_transaction(sync_engine, collection):
    class Item(Model):
        number: int

        @hook("before_save")
        def check(self):
            if self.number < 0:
                raise _MineError

        @hook("after_commit")
        def tell(self):
            called.append(self.number)

    with sync_engine.transaction() as transaction:
        transaction.save(Item(number=1))
        with pytest.raises(_MineError):
            transaction.save_all([Item(number=2), Item(number=-1)])

    assert called == [1]


def test_hooks_of_a_joined_callback_belong_to_the_transaction_around_it(sync_engine):
    def work(transaction):
        transaction.save(Order(name="a"))

    with sync_engine.transaction() as transaction:
        sync_engine.run_transaction(work, join=transaction)
        assert _events() == ["before", "after"]
    assert _events() == ["before", "after", "commit"]


def test_a_transaction_that_the_program_begins_in_the_driver_calls_none_for_its_end(
    sync_engine, raw_database
):
    with sync_engine.client.start_session() as session:
        with session.start_transaction():
            sync_engine.save(Order(name="a"), session=session)

    assert _events() == ["before", "after"]


# --- Faults -----------------------------------------------------------------------------------------


class Account(Model):
    balance: int
    version: int = 0

    @hook("before_save")
    def count(self):
        self.version += 1

    @hook("after_commit")
    def committed(self, event):
        called.append("commit")

    @hook("after_rollback")
    def rolled_back(self):
        called.append("rollback")


def _open(engine):
    engine.save_all([Account(balance=5), Account(balance=5)])


def _transfer(engine):
    called.clear()

    def work(transaction):
        first, second = [each for each in transaction.find(Account)]
        first.balance -= 1
        second.balance += 1
        transaction.save_all([first, second])

    engine.run_transaction(work)


def _check(engine, run):
    ends = [each for each in called if each in ("commit", "rollback")]
    accounts = [each for each in engine.find(Account)]
    assert sum(each.balance for each in accounts) == 10
    versions = [each.version for each in accounts]
    if run.succeeded:
        assert ends == ["commit"] * 2
    if "commit" in ends:
        assert versions == [2, 2]
    elif "rollback" in ends:
        assert versions == [1, 1]
    else:
        assert versions in ([1, 1], [2, 2])


def test_faults_neither_repeat_nor_lose_hooks(odmantic_mongo_uri):
    """Whatever fails: the hooks for an end are called once, and for the end that there was."""
    faults = [each for each in ALL_FAULTS if not each.is_cancellation]

    report = sync_inject_faults(odmantic_mongo_uri, _transfer, _check, prepare=_open, faults=faults)

    report.raise_for_violations()
    assert len(report.runs) > 10
