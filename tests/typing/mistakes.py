"""A user's mistakes. Type checkers must report every line marked so, and no other."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from odmantic import (
    AIOEngine,
    BackReference,
    BsonCodec,
    Datetimes,
    EmbeddedModel,
    Field,
    HookEvent,
    Load,
    Model,
    Polymorphic,
    Ref,
    Reference,
    SyncEngine,
    as_type,
    hook,
    register_codec,
    stored,
    type_is,
    utcnow,
)


class City(EmbeddedModel):
    name: str


class User(Model):
    name: str
    age: int = Field(ge=0)
    home: City


class Ship(Model):
    name: str = Field(alias="fullName")
    built: int = Field(if_missing=lambda: 1900)


LOCAL = Datetimes("local")  # mistake: no such choice
register_codec(bytes, BsonCodec(str.encode))  # mistake: of another type
BsonCodec("encode")  # mistake: no function


def constructors() -> None:
    Ship(name="Ada", built=1)  # mistake: the parameter is the alias
    Ship(fullName="Ada")  # mistake: built is only made up for documents
    User(name="Ada", home=City(name="Ulm"))  # mistake: age is missing
    User(name="Ada", age=1, home=City(name="Ulm"), height=2)  # mistake: no such field
    City(nme="Ulm")  # mistake: misspelt


class Order(Model):
    price: int

    @stored(key_name="t")
    def total(self) -> int:
        return self.price


def stored_properties(order: Order) -> None:
    Order(price=1, total=2)  # mistake: it is computed
    order.total = 5  # mistake: it is computed
    order.total.upper()  # mistake: an int
    Order.total > "a"  # mistake: an int


class Shape(EmbeddedModel, inheritance="single"):
    corners: int = 0


class Circle(Shape):
    radius: float


class Drawing(Model):
    main: Shape
    more: list[Polymorphic[Shape]] = []


def hierarchies(drawing: Drawing) -> None:
    drawing.main.radius  # mistake: only circles have one
    Drawing.main.radius > 3  # mistake: only circles have one
    as_type(Drawing.main, Circle).radios > 3  # mistake: misspelt
    as_type(Drawing.main, "Circle")  # mistake: no class
    Drawing(main=City(name="Ulm"))  # mistake: no shape
    drawing.more[0].radius  # mistake: only circles have one


async def soft_deletions(engine: AIOEngine, order: Order) -> None:
    Field(unique="alive")  # mistake: no such word
    await engine.find(Order, without=3)  # mistake: no word
    await engine.delete(order, hard="yes")  # mistake: no bool
    await engine.restore(Order)  # mistake: no instance


def attributes(user: User) -> None:
    user.height  # mistake: no such field
    user.age = "old"  # mistake: wrong type
    user.home.nme  # mistake: no such field
    User.height == 3  # mistake: no such field


async def calls(engine: AIOEngine, user: User) -> None:
    await engine.find(User(name="Ada", age=1, home=City(name="Ulm")))  # mistake: no class
    await engine.find(City)  # mistake: embedded
    await engine.save(City(name="Ulm"))  # mistake: embedded
    await engine.find(User, limit="3")  # mistake: no number
    await engine.find(User, max_time_ms="3")  # mistake: no number
    await engine.find_one(User, hints="x")  # mistake: misspelt
    await engine.get_many(User, 3)  # mistake: no ids
    await engine.find_any([City])  # mistake: embedded
    await engine.find_any([User], skip=3)  # mistake: no such argument
    await engine.find(User, type_is(User, exakt=True))  # mistake: misspelt
    await engine.find(User, filter={})  # mistake: no such argument
    list(engine.find(User))  # mistake: only `async for`
    (await engine.find_one(User)).name  # mistake: may be None


async def relations(engine: AIOEngine, user: User) -> None:
    Reference(load="sometimes")  # mistake: no such value
    Reference(missing="ignore")  # mistake: no such value
    Reference(save="always")  # mistake: no such value
    Reference(on_delete="delete")  # mistake: no such value
    await engine.save(user, cascade="no")  # mistake: no bool
    await engine.find(User, load=5)  # mistake: no paths
    await engine.find_one(User, missing="ignore")  # mistake: no such value
    await engine.load(User, User.home)  # mistake: no instance


class Critic(Model):
    name: str
    reviews: ClassVar["BackReference[Review]"] = BackReference("Review", "by")
    wrong: ClassVar["BackReference[Review]"] = BackReference(Ship, "by")  # mistake: another class
    number: ClassVar["BackReference[int]"] = BackReference("Review", "by")  # mistake: no model


class Review(Model):
    by: Critic = Reference()


async def back_references(engine: AIOEngine, sync: SyncEngine, critic: Critic) -> None:
    critic.reviews.fetch(engine)[0]  # mistake: it is awaited
    await critic.reviews.fetch(sync)  # mistake: nothing to await
    critic.reviews.fetch()  # mistake: an engine is missing
    critic.reviews.fetch(critic)  # mistake: no engine
    critic.reviews.fetch(sync, limit="3")  # mistake: no number
    critic.reviews.fetch(sync, skip=3)  # mistake: no such argument
    critic.reviews.fetch(sync)[0].stars  # mistake: no such field
    critic.reviews.count(sync).upper()  # mistake: an int
    (await critic.reviews.count(engine)).upper()  # mistake: an int
    critic.reviews[0]  # mistake: no list
    critic.reviews.value[0].stars  # mistake: no such field
    critic.reviews.value()  # mistake: no function
    Load(Critic.reviews, limit="3")  # mistake: no number
    Load(Critic.reviews, skip=3)  # mistake: no such argument
    critic.reviews.query.upper()  # mistake: no text
    Critic(name="x", reviews=[])  # mistake: no field


async def colours(engine: SyncEngine, user: User) -> None:
    await engine.save(user)  # mistake: nothing to await
    async with engine.transaction():  # mistake: only `with`
        pass


class Clipping(Model):
    source: Ref[User]
    likers: list[Ref[User]] = []
    kept: Ref[User] = Reference(load="sometimes")  # mistake: no such choice


async def lazy_references(
    engine: AIOEngine, sync: SyncEngine, ref: Ref[User], ship: Ref[Ship]
) -> None:
    Clipping(source=ship, kept=ref)  # mistake: of another model
    Clipping(source="5f85f36d6dfecacc68428a46", kept=ref)  # mistake: Ref.to(User, key)
    Clipping(kept=ref)  # mistake: source is missing
    ref.name  # mistake: a field of its value
    ref.value.nme  # mistake: misspelt
    ref.fetch(engine).name  # mistake: not awaited
    await ref.fetch(sync)  # mistake: nothing to await
    (await ref.fetch(engine)).built  # mistake: no such field
    ref.fetch(None)  # mistake: no engine
    ref.fetch(sync, agan=True)  # mistake: misspelt
    ref.key = 5  # mistake: read only
    Ref.to("User", 5)  # mistake: no model
    ref.value_or_none.name  # mistake: it may be None
    Clipping(source=ref, kept=ref).likers.append(ship)  # mistake: of another model


class Hooked(Model):
    @hook("before_load")  # mistake: no such event
    def tidy(self) -> None: ...

    @hook("before_save")
    def tell(self, event: HookEvent) -> None:
        event.change  # mistake: misspelt


def update_by_query(engine: SyncEngine) -> None:
    engine.update_many(Audited)  # mistake: no query
    engine.update_many(Audited, {}, "title")  # mistake: no update
    engine.update_one(Audited, {}, {"$set": {"title": "b"}}, upsrt=True)  # mistake: misspelt
    engine.update_one(Audited, {}, {"$set": {"title": "b"}}, let=3)  # mistake: no variables


def delete_by_query(engine: SyncEngine) -> None:
    engine.delete_many(Audited)  # mistake: no query
    engine.delete_one(Audited, {}, {})  # mistake: two queries
    engine.find_one_and_delete(Audited, {}).title  # mistake: it may be None
    change = {"$set": {"title": "b"}}
    engine.get_or_create(Audited, {})  # mistake: no instance
    engine.find_one_and_update(Audited, {}, change, returning="both")  # mistake: no such document
    engine.find_one_and_update(Audited, {}, change).title  # mistake: it may be None


def add_hooks(engine: SyncEngine) -> None:
    engine.add_hook("before_read", print)  # mistake: no such event
    engine.add_hook("after_load", 3)  # mistake: no function


class Audited(Model):
    title: str
    created: datetime | None = Field(on_insert=utcnow)
    updated: datetime | None = Field(None, on_update=utcnow)


def stamps() -> None:
    Audited(title="a", created=utcnow())  # mistake: no parameter, the library gives the value
    Audited(title="a", updated=None)  # mistake: the same
    Field(on_insert=3)  # mistake: no function
    Field(on_update=utcnow, key_nam="a")  # mistake: misspelt
