"""A user's program. Type checkers must see the types that `assert_type` says, and find nothing wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from bson import Decimal128
from pydantic import AfterValidator, BaseModel, ValidationError
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import PyMongoError
from pymongo.results import UpdateResult
from typing_extensions import assert_type

from odmantic import (
    AIOEngine,
    BackRef,
    BackReference,
    BsonCodec,
    Datetimes,
    EmbeddedModel,
    Expand,
    Field,
    HookEvent,
    Index,
    Load,
    Model,
    ObjectId,
    OnInput,
    Polymorphic,
    Ref,
    Reference,
    SyncEngine,
    as_type,
    current,
    hook,
    is_loaded,
    is_missing,
    is_reading,
    query,
    register_codec,
    stored,
    type_is,
    update,
    utcnow,
)
from odmantic.config import ODMConfigDict
from odmantic.engine import AIOCursor, AIOSessionType, SyncCursor, SyncSessionType
from odmantic.exceptions import DocumentParsingError, DuplicateKeyError, ReferencedError
from odmantic.query import QueryExpression
from odmantic.session import AIOSession, AIOTransaction, SyncSession, SyncTransaction


class City(EmbeddedModel):
    name: str
    zip_code: str = Field(default="", key_name="zip")


class Employer(Model):
    name: str


class User(Model):
    name: str
    age: int = Field(ge=0)
    nickname: str | None = None
    joined: datetime = Field(default_factory=datetime.now)
    tags: list[str] = []
    balance: Annotated[Decimal128, Field(index=True)] = Decimal128("0")
    home: City
    visited: list[City] = Field(default_factory=list)
    employer: Employer = Reference()

    model_config = {
        "collection": "people",
        "indexes": lambda: [Index(User.name, query.desc(User.age), name="by_name")],
    }


class Parcel(Model):
    weights: list[Decimal] = []

    @stored(key_name="t", index=True)  # type: ignore[prop-decorator]
    @property
    def total(self) -> Decimal:
        return sum(self.weights, Decimal(0))

    @stored()  # type: ignore[prop-decorator]
    @cached_property
    def count(self) -> int:
        return len(self.weights)

    @stored(unique=True)
    def label(self) -> str:
        return f"{self.count} {self.total}"


def stored_properties(engine: SyncEngine, parcel: Parcel) -> None:
    assert_type(parcel.total, Decimal)
    assert_type(parcel.count, int)
    assert_type(parcel.label, str)
    found = engine.find_one(Parcel, Parcel.total > 5, Parcel.count == 2, sort=Parcel.label)
    assert_type(found, Parcel | None)


class Draft(Model):
    slug: str = Field(unique="live")
    deleted_at: datetime | None = None

    model_config: ClassVar[ODMConfigDict] = {
        "soft_delete": "deleted_at",
        "soft_delete_rules": True,
    }


class Remark(Model):
    draft: Draft = Reference(on_delete="cascade")
    others: list[Draft] = Reference(on_delete="pull")


async def delete_rules(engine: AIOEngine, sync_engine: SyncEngine, draft: Draft) -> None:
    assert_type(await engine.delete(draft, rules=False), None)
    assert_type(await engine.remove(Draft, Draft.slug == "a", rules_limit=5), int)
    async with engine.transaction() as transaction:
        await transaction.delete(draft, rules_limit=10)
        await transaction.remove(Draft, rules=False)
    sync_engine.delete(draft, rules=True, rules_limit=10)
    try:
        sync_engine.remove(Draft, rules_limit=10)
    except ReferencedError as error:
        assert_type(error.field, str)
        assert_type(error.ids, list[Any])
        assert_type(error.holders, list[Any])


async def soft_deletions(engine: AIOEngine, draft: Draft) -> None:
    await engine.delete(draft, hard=True)
    await engine.restore(draft)
    assert_type(await engine.find_one(Draft, without="soft_delete"), Draft | None)
    assert_type(await engine.find(Draft, without=("soft_delete",)), list[Draft])
    assert_type(await engine.count(Draft, without="soft_delete"), int)
    async with engine.transaction() as transaction:
        await transaction.restore(draft)
        assert_type(await transaction.remove(Draft, hard=True, without="soft_delete"), int)


def sync_soft_deletions(engine: SyncEngine, draft: Draft) -> None:
    engine.delete(draft, hard=True)
    engine.restore(draft)
    engine.remove(Draft, hard=True)


class Coupon(Model):
    code: str = Field(primary_field=True)
    percent: int


class Counter(Model):
    id: int = Field(primary_field=True)
    value: int = 0


def hashed(password: str) -> str:
    return password if is_reading() else password[::-1]


Content = TypeVar("Content")


class Stamped(Model, inheritance="abstract"):
    created: int = Field(default=0, if_missing=lambda: 1)


class Owned(Model):
    model_config = {
        "inheritance": "abstract",
        "frozen": True,
        "key_generator": str.upper,
        "store_none": False,
        "store_defaults": False,
        "datetimes": "aware",
    }
    owner: str | None = None
    seen: Annotated[datetime | None, Datetimes("naive")] = None


class Ship(Stamped, Owned):
    name: str = Field(alias="fullName", key_name="n", frozen=True)
    secret: Annotated[str, OnInput(AfterValidator(hashed))]
    built: int = Field(if_missing=lambda: 1900)
    note: str | None = Field(default=None, store_none=False, exclude=True)
    flags: int = Field(default=0, store_default=False, deprecated="use note")


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


class Grams(int):
    pass


def cents_of(money: Money) -> int:
    return money.cents


register_codec(Grams, BsonCodec(int, Grams), subclasses=True)
assert_type(BsonCodec(cents_of, Money), BsonCodec[Money])


class Fare(Model):
    model_config = {"codecs": {Money: BsonCodec(cents_of, Money)}}
    price: Money
    reduced: Annotated[Money | None, BsonCodec(cents_of)] = None
    weight: Grams = Grams(1)


class Animal(Model, inheritance="separate"):
    name: str


class Cat(Animal):
    lives: int = 9


class Shape(EmbeddedModel, inheritance="abstract"):
    corners: int = 0


class Circle(Shape):
    radius: float


class Vehicle(EmbeddedModel, inheritance="single", discriminator="kind"):
    kind: Literal["vehicle", "car"] = "vehicle"


class Car(Vehicle):
    kind: Literal["car"] = "car"  # pyright: ignore[reportIncompatibleVariableOverride]
    doors: int = 4


class Card(EmbeddedModel):
    kind: Literal["card"] = "card"
    digits: str


class Transfer(EmbeddedModel):
    kind: Literal["transfer"] = "transfer"
    iban: str


class Garage(Model):
    first: Vehicle
    others: list[Polymorphic[Vehicle]] = []
    paid: Annotated[Card | Transfer, Field(discriminator="kind")]


class Trip(BaseModel):
    by: Polymorphic[Vehicle]


def drive(vehicle: Polymorphic[Vehicle]) -> Polymorphic[Vehicle]:
    assert_type(vehicle, Vehicle)
    return vehicle


def hierarchies(engine: SyncEngine, garage: Garage) -> None:
    assert_type(as_type(Garage.first, Car), Car)
    assert_type(as_type(Garage.others, Car).doors, int)
    assert_type(list(engine.find(Garage, as_type(Garage.first, Car).doors > 2)), list[Garage])
    assert_type(Garage(first=Car(), paid=Card(digits="1")).paid, Card | Transfer)
    assert_type(garage.others[0], Vehicle)
    assert_type(Trip(by=Car(doors=3)).by, Vehicle)
    assert_type(drive(Car()), Vehicle)
    if isinstance(garage.first, Car):
        assert_type(garage.first.doors, int)


class Box(Model, Generic[Content], inheritance="abstract"):
    content: Content


class NumberBox(Box[int]):
    pass


class Media(Model):
    model_config: ClassVar[ODMConfigDict] = {
        "inheritance": "single",
        "type_aliases": ("medium", 7),
        "unknown_type": "base",
        "subclasses": lambda: [Photo],
    }
    title: str


class Photo(Media):
    width: int = 800


async def models_in_hierarchies(engine: AIOEngine) -> None:
    photo = Photo(title="Sea")
    assert_type(photo.width, int)
    assert_type(await engine.find(Media, Photo.width > 3), list[Media])
    assert_type(await engine.find_one(Photo, Media.title == "Sea"), Photo | None)
    assert_type(type_is(Media, Photo, exact=True), QueryExpression)
    await engine.count(Media, type_is(Photo) & query.gt(Photo.width, 3))
    cursor: AIOCursor[Media | User] = engine.find_any([Media, User], sort=Media.title, limit=3)
    for each in await cursor:
        assert_type(each, Media | User)
    assert_type(engine.find_any([Photo]), AIOCursor[Photo])
    async with engine.transaction() as transaction:
        assert_type(await transaction.find_any([Photo], Photo.width > 3), list[Photo])
    mixed: list[Media] = [photo, Media(title="a")]
    assert_type(await engine.save_all(mixed), list[Media])


def options(engine: SyncEngine) -> None:
    ship = Ship(fullName="Ada", secret="x", built=1, owner=None, created=3)
    assert_type(ship.name, str)
    assert_type(ship.owner, str | None)
    assert_type(ship.created, int)
    animal: Animal = Cat(name="Tom", lives=3)
    assert_type(animal.name, str)
    assert_type(Circle(radius=1.0, corners=2).corners, int)
    assert_type(NumberBox(content=3).content, int)
    assert_type(list(engine.find(Cat, Animal.name == "Tom")), list[Cat])
    assert_type(engine.find_one(Ship, Ship.name == "Ada"), Ship | None)


def constructors() -> None:
    employer = Employer(name="Acme")
    user = User(name="Ada", age=36, home=City(name="Ulm"), employer=employer)
    assert_type(user, User)
    assert_type(user.id, ObjectId | Any)
    assert_type(user.name, str)
    assert_type(user.age, int)
    assert_type(user.nickname, str | None)
    assert_type(user.tags, list[str])
    assert_type(user.home.zip_code, str)
    assert_type(user.visited, list[City])
    assert_type(user.employer, Employer)
    assert_type(Coupon(code="X", percent=5).code, str)
    assert_type(Counter(id=3).id, int)
    assert_type(City(name="Ulm", zip_code="89073"), City)
    User(id=ObjectId(), name="Ada", age=36, home=City(name="Ulm"), employer=employer)


def documents(user: User) -> None:
    assert_type(user.model_dump_doc(), dict[str, Any])
    assert_type(User.model_validate_doc({"_id": ObjectId()}), User)
    assert_type(user.model_copy(), User)
    assert_type(user.model_copy(update={"name": "Bob"}), User)
    assert_type(User.model_validate({"name": "Ada"}), User)
    user.model_update({"name": "Bob"})
    user.model_update(City(name="Ulm"), exclude_unset=True)


def queries() -> None:
    assert_type(query.and_(User.name == "Ada", User.age > 3), QueryExpression)
    assert_type(query.or_(User.name == "Ada", {"age": 3}), QueryExpression)
    assert_type(query.nor_(User.age < 3), QueryExpression)
    assert_type(query.eq(User.name, "Ada"), QueryExpression)
    assert_type(query.in_(User.age, [1, 2]), QueryExpression)
    assert_type(query.match(User.name, "^A"), QueryExpression)
    assert_type(query.eq(User.name, "Ada") & query.gt(User.age, 3), QueryExpression)
    assert_type(query.eq(User.name, "Ada") | query.gt(User.age, 3), QueryExpression)


async def asynchronous(engine: AIOEngine, user: User) -> None:
    cursor = engine.find(User, User.name == "Ada", query.gt(User.age, 3), {"tags": "x"}, limit=3)
    assert_type(cursor, AIOCursor[User])
    assert_type(await cursor, list[User])
    async for found in engine.find(User, sort=User.name):
        assert_type(found, User)
    assert_type(await engine.find_one(User), User | None)
    assert_type(await engine.find_one(User, User.age >= 3, sort=query.desc(User.age)), User | None)
    assert_type(await engine.count(User, User.home.name == "Ulm"), int)
    assert_type(await engine.find(User, comment="x").first(), User | None)
    async with engine.find(User, hint=User.name, batch_size=3) as reading:
        assert_type(reading, AIOCursor[User])
        await reading.close()
    assert_type(await engine.find_one(User, skip=1, collation={"locale": "en"}), User | None)
    assert_type(await engine.count(User, limit=5, max_time_ms=3), int)
    assert_type(await engine.get(User, "x", load=()), User | None)
    assert_type(await engine.get_many(User, ["x"], identity=True), list[User | None])
    assert_type(await engine.exists(User, User.home.name == "Ulm"), bool)
    assert_type(await engine.estimated_count(User), int)
    assert_type(await engine.recompute(User, User.age > 3), int)
    assert_type(await engine.distinct(User.home.name, User.age > 3), list[str])
    assert_type(await engine.distinct(User.tags), list[str])
    assert_type(await engine.distinct(User.nickname), list[str | None])
    assert_type(await engine.save(user), User)
    assert_type(await engine.save_all([user, user]), list[User])
    assert_type(await engine.insert(user, cascade=False), User)
    assert_type(await engine.insert_many([user], ordered=False), list[User])
    assert_type(await engine.insert_many(iter([user]), bypass_document_validation=True), list[User])
    assert_type(await engine.replace(user), User)
    assert_type(await engine.refresh(user, User.name, "age", discard=True), User)
    assert_type(await engine.update(user, update.inc(User.age, 1), where=User.age < 3), bool)
    assert_type(await engine.delete(user), None)
    assert_type(await engine.remove(User, User.age < 3, just_one=True), int)
    change = update.inc(User.age, 1)
    assert_type(change, update.Update)
    assert_type(await engine.update_one(User, User.age < 3, change, sort=User.name), UpdateResult)
    assert_type(
        await engine.update_many(User, (User.age < 3, {"tags": "x"}), change, change), UpdateResult
    )
    assert_type(await engine.update_one(User, {}, change, upsert=True), UpdateResult)
    assert_type(await engine.update_many(User, {}, change, upsert=user), UpdateResult)
    assert_type(
        await engine.update_many(
            User, {}, {"$set": {"a.$[b]": 1}}, array_filters=[{"b": 1}], hint=User.age, let={"x": 1}
        ),
        UpdateResult,
    )
    assert_type(await engine.find_one_and_update(User, {}, change, returning="before"), User | None)
    assert_type(await engine.find_one_and_update(User, {}, change, upsert=user), User)
    upserted = await engine.find_one_and_update(
        User, {}, change, upsert=user, returning="before", load=()
    )
    assert_type(upserted, User | None)
    assert_type(await engine.replace_one(User, User.age < 3, user, upsert=True), UpdateResult)
    assert_type(await engine.find_one_and_replace(User, {}, user), User | None)
    assert_type(await engine.get_or_create(User, User.age == 3, user), tuple[User, bool])
    assert_type(await engine.delete_one(User, User.age < 3, sort=User.name), bool)
    assert_type(await engine.delete_many(User, (User.age < 3, {"tags": "x"}), hard=True), int)
    assert_type(await engine.find_one_and_delete(User, {}, load=(), rules=False), User | None)
    assert_type(await engine.configure_database([User, Coupon]), None)
    employers = (await engine.find(Employer, sort=(Employer.name, query.asc(Employer.id))))[:2]
    assert_type(employers, list[Employer])


async def asynchronous_sessions(engine: AIOEngine, user: User) -> None:
    assert_type(engine.session(), AIOSession)
    assert_type(engine.transaction(), AIOTransaction)
    async with engine.session() as session:
        assert_type(session, AIOSession)
        assert_type(session.find(User), AIOCursor[User])
        assert_type(await session.find_one(User), User | None)
        assert_type(await session.save(user), User)
        assert_type(await engine.find_one(User, session=session), User | None)
        async with session.transaction() as transaction:
            assert_type(transaction, AIOTransaction)
            assert_type(await transaction.save_all([user]), list[User])
            assert_type(await transaction.insert(user), User)
            assert_type(await transaction.insert_many([user]), list[User])
            assert_type(await transaction.replace(user), User)
            assert_type(await transaction.refresh(user, User.age), User)
            assert_type(await transaction.update(user, {"$inc": {"age": 1}}), bool)
            assert_type(await transaction.count(User), int)
            assert_type(await transaction.get(User, "x"), User | None)
            assert_type(await transaction.distinct(User.tags), list[str])
            assert_type(await transaction.update_one(User, {}, {"$inc": {"a": 1}}), UpdateResult)
            assert_type(
                await transaction.find_one_and_update(User, {}, {"$inc": {"a": 1}}), User | None
            )
            claimed = await transaction.find_one_and_update(
                User, {}, {"$inc": {"a": 1}}, upsert=True
            )
            assert_type(claimed, User)
            assert_type(await transaction.get_or_create(User, {}, user), tuple[User, bool])
            assert_type(await transaction.delete_many(User, {}), int)
            assert_type(await transaction.find_one_and_delete(User, {}), User | None)
            assert_type(await transaction.commit(), None)
    async with engine.transaction() as transaction:
        assert_type(transaction, AIOTransaction)
        await transaction.abort()


def synchronous(engine: SyncEngine, user: User) -> None:
    cursor = engine.find(User, User.name == "Ada", query.gt(User.age, 3), {"tags": "x"}, limit=3)
    assert_type(cursor, SyncCursor[User])
    assert_type(list(cursor), list[User])
    for found in engine.find(User, sort=User.name):
        assert_type(found, User)
    assert_type(engine.find_one(User), User | None)
    assert_type(engine.count(User), int)
    assert_type(engine.get_many(User, ["x"]), list[User | None])
    assert_type(engine.distinct(User.age), list[int])
    assert_type(engine.save(user), User)
    assert_type(engine.save_all([user, user]), list[User])
    assert_type(engine.insert(user), User)
    assert_type(engine.insert_many([user, user], cascade=False), list[User])
    assert_type(engine.replace(user), User)
    assert_type(engine.refresh(user), User)
    assert_type(engine.update(user, update.push(User.tags, "x"), where=(User.age < 3,)), bool)
    engine.delete(user)
    assert_type(engine.remove(User, User.age < 3), int)
    assert_type(engine.update_one(User, {}, [{"$set": {"age": 1}}]), UpdateResult)
    assert_type(engine.update_many(User, {}, update.set_(User.age, 1), without=()), UpdateResult)
    assert_type(engine.delete_one(User, {}, comment="old"), bool)
    assert_type(engine.replace_one(User, {}, user), UpdateResult)
    assert_type(engine.get_or_create(User, {}, user), tuple[User, bool])
    assert_type(engine.find_one_and_update(User, {}, update.set_(User.age, 1)), User | None)
    assert_type(engine.find_one_and_delete(User, User.age < 3), User | None)
    engine.configure_database([User], update_existing_indexes=True)


def synchronous_sessions(engine: SyncEngine, user: User) -> None:
    assert_type(engine.session(), SyncSession)
    with engine.session() as session:
        assert_type(session, SyncSession)
        assert_type(session.find(User), SyncCursor[User])
        with session.transaction() as transaction:
            assert_type(transaction, SyncTransaction)
            assert_type(transaction.save(user), User)
    with engine.transaction() as transaction:
        assert_type(transaction, SyncTransaction)
        transaction.commit()


async def clients() -> None:
    async with AsyncMongoClient[dict[str, Any]]() as client:
        assert_type(AIOEngine(client, database="shop"), AIOEngine)
    with MongoClient[dict[str, Any]]() as sync_client:
        assert_type(SyncEngine(sync_client, "shop"), SyncEngine)
    AIOEngine()


async def dependency(engine: AIOEngine) -> AsyncIterator[AIOTransaction]:
    async with engine.transaction() as transaction:
        yield transaction


def sync_dependency(engine: SyncEngine) -> Iterator[SyncTransaction]:
    with engine.transaction() as transaction:
        yield transaction


async def passed_on(engine: AIOEngine, session: AIOSessionType = None) -> list[User]:
    return await engine.find(User, session=session)


def sync_passed_on(engine: SyncEngine, session: SyncSessionType = None) -> list[User]:
    return list(engine.find(User, session=session))


async def errors(engine: AIOEngine, user: User) -> None:
    try:
        await engine.save(user)
    except DuplicateKeyError as error:
        assert_type(error.driver_error, PyMongoError)
        assert_type(error.instance, BaseModel | None)
    except DocumentParsingError as error:
        assert_type(error.inner, ValidationError)
        assert_type(error.model, type[BaseModel])


class Hooked(Model):
    name: str

    @hook("before_save")
    def tidy(self, event: HookEvent) -> None:
        assert_type(event.changes, frozenset[str])
        assert_type(event.is_new, bool)
        self.name = self.name.lower()

    @hook("after_commit")
    @hook("after_rollback")
    async def tell(self) -> None: ...

    @hook("before_query_write")
    @classmethod
    def check(cls, event: HookEvent) -> None:
        event.filter = cls.name == "a"


async def hooks(engine: AIOEngine, sync_engine: SyncEngine, hooked: Hooked) -> None:
    def tell(instance: Hooked, event: HookEvent) -> None: ...

    assert_type(engine.add_hook("after_save", tell, Hooked), Callable[[], None])
    remove = sync_engine.add_hook("after_load", lambda instance: None)
    remove()
    assert_type(await hooked.tell(), None)
    assert_type(Hooked.name, str)


acting_user: ContextVar[str] = ContextVar("acting_user")


class Audited(Model):
    title: str
    created: datetime | None = Field(on_insert=utcnow, frozen=True)
    updated: datetime | None = Field(None, on_update=utcnow, key_name="u")
    by: str = Field("nobody", on_insert=current(acting_user), on_update=current(acting_user))
    count: int = Field(0, ge=0)


def stamps(engine_clock: Callable[[], datetime]) -> None:
    audited = Audited(title="a", count=2)
    assert_type(audited.created, datetime | None)
    assert_type(utcnow(), datetime)
    assert_type(current(acting_user), Callable[[], str])
    assert_type(SyncEngine(clock=engine_clock), SyncEngine)


class Comment(EmbeddedModel):
    by: User = Reference(index=True)
    replies: list[Comment] = []


class Critic(Model):
    name: str
    reviews: ClassVar["BackReference[Review]"] = BackReference("Review", "by")
    drafts: ClassVar["BackReference[Review]"] = BackReference("Review", "by")


class Review(Model):
    by: Critic = Reference()
    stars: int = 0


class Famous(Critic, inheritance="single"):
    quoted: ClassVar["BackReference[Review]"] = BackReference(Review, Review.by)


async def back_references(
    engine: AIOEngine, session: AIOSession, transaction: AIOTransaction, critic: Critic
) -> None:
    assert_type(Critic.reviews, "BackReference[Review]")
    assert_type(critic.reviews, BackRef[Review])
    assert_type(critic.reviews.query, QueryExpression)
    assert_type(await critic.reviews.fetch(engine), list[Review])
    assert_type((await critic.reviews.fetch(session, limit=3))[0].stars, int)
    found = await critic.reviews.fetch(
        transaction, Review.stars > 3, {"by": 1}, sort=query.desc(Review.stars), limit=3
    )
    assert_type(found, list[Review])
    assert_type(await critic.reviews.count(engine, Review.stars == 5), int)
    assert_type(await critic.reviews.count(transaction), int)
    assert_type(await engine.find(Review, critic.reviews.query, Review.stars > 3), list[Review])
    assert_type(Famous(name="x").reviews, BackRef[Review])
    best = Load(Critic.reviews, Review.stars > 3, {"by": 1}, sort=Review.stars, limit=3)
    critics = await engine.find(Critic, load=[Critic.reviews, best, (Critic.reviews, Review.by)])
    assert_type(critics[0].reviews.value, list[Review])
    assert_type(critics[0].reviews.is_loaded, bool)
    await transaction.find_one(Critic, load=[Load("reviews", limit=1)])
    await engine.load(critics, Critic.reviews, best, again=True)
    Critic(name="x")


def sync_back_references(
    engine: SyncEngine, session: SyncSession, transaction: SyncTransaction, critic: Critic
) -> None:
    assert_type(critic.reviews.fetch(engine), list[Review])
    assert_type(critic.reviews.fetch(session, sort=Review.stars), list[Review])
    assert_type(critic.reviews.fetch(transaction, Review.stars > 3, limit=3), list[Review])
    assert_type(critic.reviews.count(engine, Review.stars == 5), int)
    assert_type(critic.reviews.count(session), int)


class Link(EmbeddedModel):
    to: Ref[Employer]


class Clipping(Model):
    source: Ref[Employer]
    editor: Ref[User] | None = None
    likers: list[Ref[User]] = []
    judges: tuple[Ref[User], ...] = Reference(missing="drop")
    roles: dict[str, set[Ref[User]]] = Field(default={}, key_name="r")
    parent: Ref[Clipping] | None = Reference(index=True, load="always")
    links: list[Link] = []


class ClippingOut(BaseModel):
    source: Expand[Ref[Employer]]
    likers: list[Expand[Ref[User]]] = []


async def lazy_references(
    engine: AIOEngine, session: AIOSession, transaction: AIOTransaction, employer: Employer
) -> None:
    clipping = Clipping(source=Ref(employer), likers=[Ref.to(User, "5f85f36d6dfecacc68428a46")])
    assert_type(clipping.source, Ref[Employer])
    assert_type(Ref(employer), Ref[Employer])
    assert_type(Ref.to(User, ObjectId()), Ref[User])
    assert_type(clipping.source.value, Employer)
    assert_type(clipping.source.value_or_none, Employer | None)
    assert_type(clipping.source.is_loaded, bool)
    assert_type(clipping.source.is_missing, bool)
    assert_type(await clipping.source.fetch(engine), Employer)
    assert_type(await clipping.likers[0].fetch(session), User)
    assert_type((await clipping.source.fetch(transaction, again=True)).name, str)
    assert_type(clipping.links[0].to.value.name, str)
    if clipping.parent is not None:
        assert_type(clipping.parent.value, Clipping)
    wider: Ref[Model] = clipping.source
    clipping.source = Ref(employer)
    clipping.likers.append(Ref.to(User, "x"))
    seen = {wider, clipping.source}
    await engine.find(Clipping, Clipping.source == clipping.source, load=[Clipping.source])
    await engine.find(Clipping, Clipping.source == Ref.to(Employer, employer.id))
    await engine.find(Clipping, query.in_(Clipping.source, [*seen, employer, employer.id]))
    await engine.load(clipping, Clipping.source, "links.to")
    assert_type(is_loaded(clipping.source), bool)
    assert_type(ClippingOut(source=clipping.source).source, Ref[Employer])
    AIOEngine(strict_loading=True)


def sync_lazy_references(
    engine: SyncEngine, session: SyncSession, transaction: SyncTransaction, ref: Ref[User]
) -> None:
    assert_type(ref.fetch(engine), User)
    assert_type(ref.fetch(session, again=True).age, int)
    assert_type(ref.fetch(transaction), User)
    SyncEngine(strict_loading=True)


class Article(Model):
    author: User = Reference(unique=True, load="never", save="new")
    editor: User | None = Reference(missing="none")
    readers: list[User] = Reference(missing="drop")
    roles: dict[str, User] = Reference(key_name="r")
    before: Article | None = Reference()
    comments: list[Comment] = []


async def relations(engine: AIOEngine, user: User) -> None:
    article = Article(author=user, readers=[user])
    assert_type(article.editor, User | None)
    assert_type(article.readers[0].name, str)
    assert_type(
        await engine.find(Article, load=[Article.author, "readers.employer"]), list[Article]
    )
    assert_type(await engine.find_one(Article, load=(), missing="keep"), Article | None)
    async with engine.session() as session:
        await session.find_one(
            Article, Article.author == user, load=[(Article.comments, Comment.by)]
        )
    await engine.find(Article, load=False)
    assert_type(await engine.load(article, Article.author, "readers.employer"), None)
    assert_type(await engine.load([article], again=True), None)
    assert_type(await engine.save(article, cascade=False), Article)
    assert_type(await engine.save_all([article], cascade=False), list[Article])
    assert_type(is_loaded(article.author), bool)
    assert_type(is_missing(article.author), bool)
