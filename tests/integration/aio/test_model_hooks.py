"""Hooks of documents: when they are called, in which order, and what becomes of what they do."""

from __future__ import annotations

from typing import Any, List, Optional

import pymongo
import pytest
from tests.integration.aio.reading import to_list

from odmantic import EmbeddedModel, Field, HookEvent, Model, Reference, hook
from odmantic.exceptions import (
    CommitHookError,
    DocumentNotFoundError,
    DuplicateKeyError,
    StrayOperationError,
    TransactionAbortedError,
)

called: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called():
    called.clear()


class _MineError(Exception):
    """What a hook raises."""


class Address(EmbeddedModel):
    street: str

    @hook("before_save")
    def tidy(self, event):
        called.append("street before_save")
        self.street = self.street.title()

    @hook("after_insert")
    async def tell(self):
        called.append("street after_insert")

    @hook("after_load")
    def loaded(self):
        called.append("street after_load")

    @hook("before_delete")
    def deleting(self):
        called.append("street before_delete")


class User(Model):
    email: str
    visits: int = 0
    addresses: list[Address] = []

    @hook("before_insert")
    @hook("before_update")
    @hook("after_insert")
    @hook("after_update")
    @hook("before_delete")
    @hook("after_delete")
    def tell(self, event: HookEvent):
        called.append("user")

    @hook("before_save")
    async def tidy(self):
        called.append("user before_save")
        self.email = self.email.lower()

    @hook("after_save")
    async def saved(self):
        called.append("user after_save")
        assert not self.__fields_modified__

    @hook("after_load")
    async def loaded(self, event):
        called.append("user after_load")
        assert not self.__fields_modified__

    @hook("after_commit")
    async def committed(self, event):
        called.append("user after_commit")


@pytest.mark.each_driver
async def test_a_save_of_a_new_document_calls_hooks_in_order(aio_engine, raw_database):
    user = User(email="ADA@A.ORG", addresses=[Address(street="rue one")])

    await aio_engine.save(user)

    assert called == [
        *("user", "street before_save", "user before_save"),
        *("street after_insert", "user", "user after_save", "user after_commit"),
    ]
    assert raw_database["user"].find_one() == {
        "_id": user.id,
        "email": "ada@a.org",
        "visits": 0,
        "addresses": [{"street": "Rue One"}],
    }


async def test_an_update_calls_the_hooks_of_what_is_sent(aio_engine, raw_database):
    user = await aio_engine.save(User(email="a", addresses=[Address(street="one")]))
    called.clear()

    user.visits = 1
    await aio_engine.save(user)
    assert called == ["user", "user before_save", "user", "user after_save", "user after_commit"]

    called.clear()
    user.addresses[0].street = "two"
    await aio_engine.save(user)
    assert called[:3] == ["user", "street before_save", "user before_save"]
    assert raw_database["user"].find_one()["addresses"] == [{"street": "Two"}]


async def test_a_save_that_sends_nothing_calls_nothing(aio_engine, commands):
    user = await aio_engine.save(User(email="a"))
    called.clear()
    commands.clear()

    await aio_engine.save(user)
    await aio_engine.save_all([user, user])

    assert called == []
    assert commands.names == []


async def test_a_delete_calls_hooks_around_it(aio_engine):
    user = await aio_engine.save(User(email="a", addresses=[Address(street="one")]))
    called.clear()

    await aio_engine.delete(user)
    assert called == ["street before_delete", "user", "user", "user after_commit"]

    called.clear()
    with pytest.raises(DocumentNotFoundError):
        await aio_engine.delete(user)
    assert called == ["street before_delete", "user"]


@pytest.mark.each_driver
async def test_every_read_calls_the_hook_of_what_was_loaded(aio_engine):
    await aio_engine.save_all(
        [User(email=each, addresses=[Address(street="one")]) for each in "ab"]
    )
    loaded = ["street after_load", "user after_load"]

    called.clear()
    assert await aio_engine.find_one(User) is not None
    assert called == loaded

    called.clear()
    assert len(await to_list(aio_engine.find(User))) == 2
    assert called == loaded * 2

    called.clear()
    async with aio_engine.transaction() as transaction:
        async for _ in transaction.find(User):
            pass
    assert called == loaded * 2


# --- What a hook is told ----------------------------------------------------------------------------


class Told(Model):
    name: str
    count: int = 0

    @hook("before_insert")
    @hook("before_update")
    @hook("before_save")
    @hook("after_save")
    @hook("before_delete")
    @hook("after_load")
    @hook("after_commit")
    @hook("after_rollback")
    def tell(self, event: HookEvent):
        called.append(event)


ALL = frozenset({"id", "name", "count"})


def _told(*attributes):
    return [tuple(getattr(event, each) for each in attributes) for event in called]


async def test_a_hook_is_told_about_the_operation(aio_engine):
    told = Told(name="a")

    await aio_engine.save(told)
    told.count = 1
    await aio_engine.save_all([told])
    await aio_engine.delete(told)

    assert _told("operation", "changes", "is_new") == [
        *[("save", ALL, True)] * 4,
        *[("save_all", frozenset({"count"}), False)] * 4,
        *[("delete", frozenset(), False)] * 2,
    ]
    assert {*_told("engine", "session", "attempt", "filter", "update", "instance")} == {
        (aio_engine, None, 1, None, None, None)
    }
    assert [event.operations for event in called if event.operations] == [
        *(("save",), ("save_all",), ("delete",))
    ]


async def test_a_hook_is_given_the_session_of_the_operation(aio_engine):
    async with aio_engine.session() as session:
        await session.save(Told(name="a"))
        async with session.transaction() as transaction:
            (told,) = await to_list(transaction.find(Told))
            told.count = 1
            await aio_engine.save(told, session=transaction)

    sessions = [event.session for event in called]
    assert sessions == [session] * 4 + [transaction] * 4 + [session]


async def test_a_transaction_of_its_own_leaves_no_session_for_what_follows(aio_engine):
    async with aio_engine.transaction() as transaction:
        await transaction.save(Told(name="a"))

    assert [event.session for event in called] == [transaction] * 3 + [None]


async def test_a_commit_hook_is_told_all_operations_on_the_instance(aio_engine, raw_database):
    raw_database.create_collection("told")
    told = Told(name="a")

    async with aio_engine.transaction() as transaction:
        await transaction.save(told)
        told.count = 1
        await transaction.save(told)
        await transaction.delete(told)
        called.clear()

    assert _told("operation", "operations", "changes", "is_new") == [
        ("delete", ("save", "save", "delete"), ALL, True)
    ]


async def test_the_event_of_an_embedded_instance_names_its_fields(aio_engine):
    class Line(EmbeddedModel):
        article: str
        number: int

        @hook("before_save")
        def tell(self, event):
            called.append((event.changes, event.is_new))

    class Bill(Model):
        lines: list[Line]

    bill = await aio_engine.save(Bill(lines=[Line(article="a", number=1)]))
    bill.lines[0].number = 2
    await aio_engine.save(bill)

    assert called == [
        (frozenset({"article", "number"}), True),
        (frozenset({"number"}), False),
    ]


# --- References -------------------------------------------------------------------------------------


class Maker(Model):
    name: str

    @hook("before_save")
    def tidy(self):
        called.append("maker before_save")
        self.name = self.name.upper()

    @hook("after_commit")
    def committed(self):
        called.append("maker after_commit")

    @hook("after_load")
    def loaded(self):
        called.append("maker after_load")


class Bike(Model):
    name: str
    maker: Maker = Reference()

    @hook("before_save")
    def tidy(self):
        called.append("bike before_save")
        if self.name == "orphan":
            self.maker = Maker(name="new")

    @hook("after_load")
    def loaded(self):
        called.append(f"bike after_load {self.maker.name}")

    @hook("after_commit")
    def committed(self):
        called.append("bike after_commit")


@pytest.mark.parametrize("others", [[], [Maker(name="z")]])
async def test_references_are_saved_first_with_their_hooks(aio_engine, raw_database, others):
    bike = Bike(name="b", maker=Maker(name="a"))

    await (aio_engine.save_all([bike, *others]) if others else aio_engine.save(bike))

    assert called[:2] == ["maker before_save", "bike before_save"]
    assert raw_database["maker"].find_one(bike.maker.id)["name"] == "A"
    commits = [each for each in called if each.endswith("commit")]
    assert commits[:2] == ["maker after_commit", "bike after_commit"]
    assert called[-len(commits) :] == commits


@pytest.mark.parametrize("is_bulk", [False, True])
async def test_what_a_hook_assigns_to_a_reference_is_saved_first(aio_engine, raw_database, is_bulk):
    bike = Bike(name="orphan", maker=Maker(name="a"))

    await (
        aio_engine.save_all([bike, Bike(name="b", maker=bike.maker)])
        if is_bulk
        else aio_engine.save(bike)
    )

    assert bike.maker.name == "NEW"
    assert raw_database["maker"].find_one(bike.maker.id)["name"] == "NEW"
    assert raw_database["bike"].find_one(bike.id)["maker"] == bike.maker.id


async def test_referenced_instances_are_loaded_before_those_that_refer_to_them(aio_engine):
    await aio_engine.save(Bike(name="b", maker=Maker(name="a")))
    for read in (aio_engine.find_one, lambda model: to_list(aio_engine.find(model))):
        called.clear()
        await read(Bike)
        assert called == ["maker after_load", "bike after_load A"]


async def test_references_in_containers_have_their_hooks(aio_engine):
    class Shop(Model):
        makers: List[Maker] = Reference()
        best: Optional[Maker] = Reference()

        @hook("after_load")
        def loaded(self):
            called.append(f"shop after_load {len(self.makers)}")

    await aio_engine.save(Shop(makers=[Maker(name="a"), Maker(name="b")], best=Maker(name="c")))
    assert called[:3] == ["maker before_save"] * 3

    for read in (aio_engine.find_one, lambda model: to_list(aio_engine.find(model))):
        called.clear()
        await read(Shop)
        assert called == [*["maker after_load"] * 3, "shop after_load 2"]


# --- save_all ---------------------------------------------------------------------------------------


@pytest.mark.each_driver
async def test_save_all_calls_hooks_for_each_and_sends_one_command(aio_engine, commands):
    users = [User(email=each) for each in "ABC"]

    await aio_engine.save_all(users)

    assert called == [
        *["user", "user before_save"] * 3,
        *["user", "user after_save"] * 3,
        *["user after_commit"] * 3,
    ]
    assert commands.names == ["insert"]
    assert [user.email for user in users] == ["a", "b", "c"]


async def test_an_instance_given_twice_is_saved_once(aio_engine):
    user = User(email="a")

    await aio_engine.save_all([user, user])

    assert called.count("user before_save") == called.count("user after_save") == 1


class Guarded(Model):
    number: int = Field(unique=True)

    @hook("before_save")
    def check(self):
        if self.number < 0:
            raise _MineError

    @hook("after_save")
    def saved(self):
        called.append(("saved", self.number))
        if self.number > 100:
            raise _MineError

    @hook("after_commit")
    def committed(self):
        called.append(("committed", self.number))
        if self.number > 10:
            raise _MineError


async def test_an_error_before_a_save_all_keeps_all_of_it_from_being_sent(aio_engine, commands):
    with pytest.raises(_MineError):
        await aio_engine.save_all([Guarded(number=1), Guarded(number=2), Guarded(number=-1)])

    assert commands.names == []
    assert called == []


async def test_the_hooks_after_a_save_all_that_fails_are_those_of_what_was_written(aio_engine):
    await aio_engine.configure_database([Guarded])

    with pytest.raises(DuplicateKeyError):
        await aio_engine.save_all([Guarded(number=1), Guarded(number=1), Guarded(number=2)])

    assert called == [("saved", 1), ("committed", 1)]


async def test_what_another_hook_changes_is_written_with_its_hooks(aio_engine, raw_database):
    class Part(Model):
        name: str
        other: Any = None

        @hook("before_save")
        def tidy(self):
            called.append(self.name)
            if self.__dict__.get("other"):
                parts[0].name = "changed"

    parts = [Part(name="a"), Part(name="b")]
    await aio_engine.save(parts[0])
    parts[1].other = True
    called.clear()

    await aio_engine.save_all(parts)

    assert called == ["b", "changed"]
    assert raw_database["part"].find_one(parts[0].id)["name"] == "changed"


# --- Errors -----------------------------------------------------------------------------------------


async def test_an_error_before_a_write_prevents_it(aio_engine, raw_database):
    guarded = Guarded(number=-1)

    with pytest.raises(_MineError):
        await aio_engine.save(guarded)

    assert raw_database["guarded"].count_documents({}) == 0
    assert guarded.__fields_modified__ == {"id", "number"}


async def test_an_error_after_a_write_propagates_and_the_write_stands(aio_engine, raw_database):
    guarded = Guarded(number=101)

    with pytest.raises(_MineError):
        await aio_engine.save(guarded)

    assert raw_database["guarded"].count_documents({}) == 1
    assert not guarded.__fields_modified__
    assert called == [("saved", 101), ("committed", 101)]


@pytest.mark.each_driver
async def test_an_error_after_a_write_dooms_the_transaction(aio_engine, raw_database):
    raw_database.create_collection("guarded")
    guarded = Guarded(number=101)

    with pytest.raises(TransactionAbortedError, match="_MineError"):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(_MineError):
                await transaction.save(guarded)

    assert raw_database["guarded"].count_documents({}) == 0
    assert guarded.__fields_modified__ == {"id", "number"}


async def test_errors_after_the_commit_are_collected(aio_engine, raw_database):
    guarded = [Guarded(number=11), Guarded(number=1), Guarded(number=12)]

    with pytest.raises(CommitHookError, match="save_all has written, but 2 after_commit") as caught:
        await aio_engine.save_all(guarded)

    assert [type(error) for error in caught.value.errors] == [_MineError] * 2
    assert raw_database["guarded"].count_documents({}) == 3
    assert called[3:] == [("committed", 11), ("committed", 1), ("committed", 12)]


async def test_a_read_ends_at_the_instance_whose_hook_fails(aio_engine):
    class Item(Model):
        number: int

        @hook("after_load")
        def check(self):
            if self.number == 2:
                raise _MineError

    await aio_engine.save_all([Item(number=each) for each in (1, 2, 3)])
    seen = 0

    for _ in range(2):
        with pytest.raises(_MineError):
            async for item in aio_engine.find(Item, sort=Item.number):
                seen += item.number
    with pytest.raises(_MineError):
        await aio_engine.find_one(Item, Item.number == 2)

    assert seen == 2


async def test_changes_while_loading_count_as_changes(aio_engine, commands):
    class Item(Model):
        number: int

        @hook("after_load")
        def count(self):
            self.number += 1

    await aio_engine.save(Item(number=1))

    item = await aio_engine.find_one(Item)

    assert item.number == 2
    assert item.__fields_modified__ == {"number"}


async def test_a_failed_write_leaves_what_hooks_have_assigned_as_changes(aio_engine, fail_point):
    user = await aio_engine.save(User(email="a"))
    user.email = "B"

    with fail_point("update", error_code=1):
        with pytest.raises(pymongo.errors.OperationFailure):
            await aio_engine.save(user)

    assert user.email == "b"
    assert user.__fields_modified__ == {"email"}


async def test_a_hook_may_leave_nothing_to_send(aio_engine, commands):
    class Item(Model):
        tags: list[str] = []

        @hook("before_save")
        def clear(self):
            self.tags.clear()

        @hook("after_save")
        def saved(self):
            called.append("saved")

    item = await aio_engine.save(Item())
    called.clear()
    commands.clear()

    item.tags.append("a")
    await aio_engine.save(item)

    assert called == []
    assert commands.names == []


# --- Operations in hooks ----------------------------------------------------------------------------


class Log(Model):
    text: str


class Logged(Model):
    name: str

    @hook("after_save")
    async def log(self, event):
        if self.name == "other":
            await event.engine.save(Log(text=self.name))
        else:
            await event.engine.save(Log(text=self.name), session=event.session)


async def test_a_hook_writes_in_the_transaction_of_its_operation(aio_engine, raw_database):
    for name in ("log", "logged"):
        raw_database.create_collection(name)

    with pytest.raises(_MineError):
        async with aio_engine.transaction() as transaction:
            await transaction.save(Logged(name="a"))
            assert await transaction.count(Log) == 1
            raise _MineError
    await aio_engine.save_all([Logged(name="b"), Logged(name="c")])

    assert {each["text"] for each in raw_database["log"].find()} == {"b", "c"}


async def test_a_hook_in_a_transaction_must_use_its_session(aio_engine, raw_database):
    for name in ("log", "logged"):
        raw_database.create_collection(name)

    with pytest.raises(StrayOperationError, match=r"save without session= in the hook Logged.log"):
        async with aio_engine.transaction() as transaction:
            await transaction.save(Logged(name="other"))
    await aio_engine.save(Logged(name="other"))

    assert raw_database["log"].count_documents({}) == 1


class Recursive(Model):
    name: str
    how: str

    @hook("before_save")
    async def before(self, event):
        if self.how.startswith("before"):
            await self.again(event.engine)

    @hook("after_load")
    @hook("after_commit")
    @hook("after_save")
    async def after(self, event):
        if self.how.startswith("after"):
            self.name += "!"
            await self.again(event.engine)

    async def again(self, engine):
        if "delete" in self.how:
            await engine.delete(self)
        elif "all" in self.how:
            await engine.save_all([self, Log(text="a")])
        elif "reference" in self.how:
            await engine.save(Holder(held=self))
        else:
            await engine.save(self)


class Holder(Model):
    held: Recursive = Reference()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("what", ["save", "delete", "all", "reference"])
async def test_a_hook_cannot_write_its_own_instance(aio_engine, moment, what):
    with pytest.raises(RecursionError, match=rf"the hook Recursive.{moment} \({moment}_save\)"):
        await aio_engine.save(Recursive(name="a", how=f"{moment} {what}"))


async def test_a_hook_after_a_save_may_save_what_refers_to_its_instance(aio_engine, raw_database):
    class Owner(Model):
        name: str

        @hook("after_insert")
        async def add(self, event):
            await event.engine.save(Owned(owner=self), session=event.session)

    class Owned(Model):
        owner: Owner = Reference()

    owners = [await aio_engine.save(Owner(name="a")), Owner(name="b"), Owner(name="c")]
    await aio_engine.save_all(owners)

    assert {each["owner"] for each in raw_database["owned"].find()} == {
        owner.id for owner in owners
    }


async def test_a_hook_may_save_another_instance_of_the_same_save_all(aio_engine, raw_database):
    class Part(Model):
        name: str

        @hook("before_save")
        async def save_next(self, event):
            if self.name == "a":
                await event.engine.save(parts[1], session=event.session)
                await event.engine.save_all([parts[2], Log(text="a")], session=event.session)

    parts = [Part(name=each) for each in "abc"]
    await aio_engine.save_all(parts)

    assert raw_database["part"].count_documents({}) == 3


# --- Writes by query --------------------------------------------------------------------------------


class Queried(Model):
    number: int

    @hook("before_query_write")
    @classmethod
    async def check(cls, event):
        called.append(
            (cls.__name__, event.operation, dict(event.filter), event.update, event.instance)
        )
        if event.filter == {}:
            raise _MineError
        if event.filter == {"number": 1}:
            event.filter = cls.number >= 2

    @hook("after_query_write")
    @classmethod
    def done(cls, event):
        called.append(dict(event.filter))
        if event.filter == {"number": 3}:
            raise _MineError


async def test_a_hook_sees_and_may_replace_the_filter_of_a_removal(aio_engine, raw_database):
    await aio_engine.save_all([Queried(number=each) for each in range(5)])

    assert await aio_engine.remove(Queried, {"number": 1}) == 3

    assert called == [
        ("Queried", "remove", {"number": 1}, None, None),
        {"number": {"$gte": 2}},
    ]
    with pytest.raises(_MineError):
        await aio_engine.remove(Queried)
    assert raw_database["queried"].count_documents({}) == 2


async def test_an_error_after_a_removal_dooms_the_transaction(aio_engine, raw_database):
    await aio_engine.save(Queried(number=3))

    with pytest.raises(TransactionAbortedError):
        async with aio_engine.transaction() as transaction:
            with pytest.raises(_MineError):
                await transaction.remove(Queried, {"number": 3})

    assert raw_database["queried"].count_documents({}) == 1


# --- Hooks of engines -------------------------------------------------------------------------------


async def test_hooks_of_an_engine_are_called_behind_those_of_the_class(aio_engine, raw_database):
    def upper(instance, event):
        called.append(event.operation)
        instance.email = instance.email.upper()

    async def tell(instance):
        called.append(type(instance).__name__)

    remove = aio_engine.add_hook("before_save", upper, User)
    aio_engine.add_hook("after_load", tell)
    user = await aio_engine.save(User(email="a"))
    await aio_engine.save(Log(text="a"))
    assert called[:3] == ["user", "user before_save", "save"]
    assert raw_database["user"].find_one()["email"] == "A"

    called.clear()
    assert await aio_engine.find_one(User) == user
    assert await to_list(aio_engine.find(Log)) != []
    assert called == ["user after_load", "User", "Log"]

    remove()
    user.email = "B"
    await aio_engine.save(user)
    assert raw_database["user"].find_one()["email"] == "b"


async def test_a_hook_of_an_engine_for_writes_by_query_takes_the_class(aio_engine):
    aio_engine.add_hook(
        "before_query_write", lambda model, event: called.append((model, event.filter))
    )

    await aio_engine.remove(Log, Log.text == "a")

    assert called == [(Log, {"text": {"$eq": "a"}})]
