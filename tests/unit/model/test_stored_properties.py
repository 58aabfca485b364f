"""Stored properties: in documents, in queries, and for pydantic."""

from __future__ import annotations

import pickle
from abc import abstractmethod
from collections.abc import Callable
from copy import copy, deepcopy
from decimal import Decimal
from functools import cached_property
from typing import Generic, Optional, TypeVar, Union

import bson
import pytest
from bson import Decimal128, ObjectId
from pydantic import BaseModel, PydanticUndefinedAnnotation, computed_field

from odmantic import EmbeddedModel, Field, Index, Model, stored
from odmantic._mapping.fields import ODMField
from odmantic._shared.reading import read_document
from odmantic._state.places import known_at
from odmantic.exceptions import InvalidDocumentError
from odmantic.query import asc, desc

T = TypeVar("T")


class Line(EmbeddedModel):
    price: int
    count: int = 1

    @stored(key_name="s")
    @property
    def subtotal(self) -> int:
        return self.price * self.count


class Order(Model):
    lines: list[Line] = []

    @stored(key_name="t", index=True)
    @property
    def total(self) -> Decimal:
        """The sum of the lines."""
        return Decimal(sum(line.subtotal for line in self.lines))


def test_the_document_has_the_stored_form_under_the_key():
    order = Order(lines=[Line(price=2, count=3)])
    lines = [{"price": 2, "count": 3, "s": 6}]
    document = {"_id": order.id, "lines": lines, "t": Decimal128("6")}
    assert order.model_dump_doc() == document
    assert order.model_dump_doc(include={"total"}) == {"t": Decimal128("6")}
    assert order.model_dump_doc(include={"lines"}) == {"lines": lines}


def test_it_is_a_field_for_queries_and_a_value_on_instances():
    assert Order(lines=[Line(price=2)]).total == Decimal(2)
    assert type(object.__getattribute__(Order.total, "field")) is ODMField
    assert +Order.total == "t"
    assert (Order.total > Decimal(5)) == {"t": {"$gt": Decimal128("5")}}
    assert (Order.total > 5) == {"t": {"$gt": 5}}
    assert desc(Order.total) == {"t": -1}
    assert Order.total.in_([Decimal(1)]) == {"t": {"$in": [Decimal128("1")]}}


def test_it_is_no_field_of_instances():
    assert list(Order.__odm_fields__) == ["lines", "id"]
    assert list(Order.model_fields) == ["lines", "id"]


def test_a_document_is_read_without_it_and_with_a_stale_one():
    id_ = ObjectId()
    for stale in ({}, {"t": "?"}, {"t": Decimal128("77")}):
        lines = [{"price": 1, "count": 1}, {"price": 2, "count": 1, "s": None}]
        order = Order.model_validate_doc({"_id": id_, "lines": lines, **stale})
        assert order == Order(id=id_, lines=[Line(price=1), Line(price=2)])
        assert order.total == 3


def test_pydantic_dumps_it_as_a_computed_field():
    order = Order(lines=[Line(price=1)])
    assert order.model_dump(include={"total"}) == {"total": Decimal(1)}
    assert '"total"' in order.model_dump_json()
    schema = Order.model_json_schema(mode="serialization")
    assert schema["properties"]["total"]["description"] == "The sum of the lines."
    assert "total" in Order.__pydantic_model__.model_computed_fields
    assert Order.__pydantic_model__(id=order.id, lines=[{"price": 1}]).total == 1


def test_it_is_not_assigned():
    order = Order()
    with pytest.raises(AttributeError, match=r"Order\.total is a stored property, which is"):
        order.total = Decimal(5)
    with pytest.raises(AttributeError, match="is a stored property"):
        Cached(values=[1]).total = 5


def test_a_setter_of_the_program_is_called():
    class Area(Model):
        side: int

        @stored()
        @property
        def area(self) -> int:
            return self.side**2

        @area.setter
        def area(self, value: int) -> None:
            self.side = int(value**0.5)

    area = Area(side=2)
    area.area = 9
    assert area.side == 3
    assert area.model_dump_doc()["area"] == 9


class Cached(Model):
    values: list[int]

    @stored()
    @cached_property
    def total(self) -> int:
        return sum(self.values)


def test_a_cached_property_is_computed_again_for_the_document():
    cached = Cached(values=[1])
    assert cached.total == 1
    cached.values.append(2)
    assert cached.total == 1
    assert cached.model_dump_doc()["total"] == 3
    assert cached.total == 3


def test_a_method_becomes_a_property():
    class Square(Model):
        side: int

        @stored(unique=True)
        def area(self) -> int:
            return self.side**2

    assert Square(side=3).area == 9
    assert Square(side=3).model_dump_doc()["area"] == 9


def test_indexes_are_declared():
    class Indexed(Model):
        price: int

        @stored(key_name="d", unique=True)
        @property
        def double(self) -> int:
            return self.price * 2

        model_config = {"indexes": lambda: [Index(Indexed.price, desc(Indexed.double))]}

    single, compound = Indexed.__indexes__()
    assert single.get_pymongo_index().document == {"name": "d_1", "key": {"d": 1}, "unique": True}
    assert compound.get_pymongo_index().document["key"] == {"price": 1, "d": -1}
    assert Indexed.__mapping__.may_be_unique


def test_embedded_properties_have_paths():
    class Trip(Model):
        leg: Line

    assert (Trip.leg.subtotal > 4) == {"leg.s": {"$gt": 4}}
    assert asc(Trip.leg.subtotal) == {"leg.s": 1}
    trip = Trip(leg=Line(price=2))
    assert trip.model_dump_doc()["leg"] == {"price": 2, "count": 1, "s": 2}


class Priced(Model):
    price: int
    model_config = {"inheritance": "abstract"}

    @stored(key_name="n")
    @property
    @abstractmethod
    def net(self) -> int: ...

    @stored()
    @property
    def gross(self) -> int:
        return self.net + 1


class Book(Priced):
    @stored(key_name="bn")
    @property
    def net(self) -> int:
        return self.price


class Pen(Priced):
    @property
    def net(self) -> int:
        return self.price * 2

    @property
    def gross(self) -> int:
        return super().gross + 10


def test_subclasses_inherit_properties_and_their_options():
    assert Book(price=3).model_dump_doc().items() >= {"bn": 3, "gross": 4, "price": 3}.items()
    assert Pen(price=3).model_dump_doc().items() >= {"n": 6, "gross": 17, "price": 3}.items()
    assert (+Book.net, +Pen.net) == ("bn", "n")
    assert (+Book.gross).model is Book


def test_a_hierarchy_has_one_key_for_a_property():
    class Animal(Model):
        model_config = {"inheritance": "single"}

        @stored(key_name="l")
        @property
        def legs(self) -> int:
            return 4

    class Bird(Animal):
        @property
        def legs(self) -> int:
            return 2

    assert Bird().model_dump_doc(include={"legs"}) == {"l": 2}
    with pytest.raises(TypeError, match=r"Fish\.legs cannot have the key 'fins'"):

        class Fish(Animal):
            @stored(key_name="fins")
            @property
            def legs(self) -> int:
                return 0


class Named:
    @stored(key_name="fn")
    @property
    def full(self) -> str:
        return self.name.upper()  # type: ignore[attr-defined]


class Sized(BaseModel):
    name: str

    @stored()
    @property
    def size(self) -> int:
        return len(self.name)


def test_mixins_bring_properties():
    class Person(Model, Named, Sized):
        pass

    person = Person(name="Ada")
    assert person.model_dump_doc() == {"_id": person.id, "name": "Ada", "fn": "ADA", "size": 3}
    assert (Person.full == "x") == {"fn": {"$eq": "x"}}
    assert (Person.size == 3) == {"size": {"$eq": 3}}
    assert person.model_dump(exclude={"id"}) == {"name": "Ada", "full": "ADA", "size": 3}


def test_a_plain_model_in_a_field_has_none():
    with pytest.raises(
        TypeError, match=r"Sized\.size is stored, and Sized is a plain pydantic model"
    ):

        class Shelf(Model):
            things: dict[str, list[Sized]] = {}


def test_generic_models_have_properties():
    class Box(Model, Generic[T]):
        content: T

        @stored()
        @property
        def twice(self) -> list[T]:
            return [self.content, self.content]

    box = Box[Decimal](content=Decimal(1))
    assert box.model_dump_doc()["twice"] == [Decimal128("1")] * 2
    assert (Box[Decimal].twice == [Decimal(1)]) == {"twice": {"$eq": [Decimal128("1")]}}


def test_types_of_the_driver_are_returned():
    class Owned(Model):
        owner: bson.ObjectId

        @stored()
        @property
        def same(self) -> Optional[bson.ObjectId]:
            return self.owner

    owned = Owned(owner=ObjectId())
    assert owned.model_dump_doc()["same"] == owned.owner
    assert (Owned.same == str(owned.owner)) == {"same": {"$eq": owned.owner}}
    assert Owned.model_validate_json(owned.model_dump_json()).same == owned.owner


def test_options_of_a_computed_field_are_kept():
    class Described(Model):
        @stored(key_name="x")
        @computed_field(alias="theAnswer")
        @property
        def answer(self) -> int:
            return 42

    assert Described().model_dump(by_alias=True, exclude={"id"}) == {"theAnswer": 42}
    assert Described().model_dump_doc()["x"] == 42


def test_keys_are_generated():
    class Camel(Model):
        model_config = {"key_generator": str.upper}

        @stored()
        @property
        def total(self) -> int:
            return 1

    assert Camel().model_dump_doc()["TOTAL"] == 1


def test_none_may_have_no_key():
    class Sparse(Model):
        n: int
        model_config = {"store_none": False}

        @stored()
        @property
        def even(self) -> Optional[int]:
            return None if self.n % 2 else self.n

    assert "even" not in Sparse(n=1).model_dump_doc()
    assert Sparse(n=2).model_dump_doc()["even"] == 2


def test_extras_leave_the_key_to_the_property():
    class Open(Model):
        model_config = {"extra": "allow"}
        n: int

        @stored(key_name="d")
        @property
        def double(self) -> int:
            return self.n * 2

    read = Open.model_validate_doc({"_id": ObjectId(), "n": 1, "d": 9, "more": True})
    assert read.model_extra == {"more": True}
    assert read.model_dump_doc() == {"_id": read.id, "n": 1, "more": True, "d": 2}
    for name in ("d", "double"):
        with pytest.raises(
            InvalidDocumentError, match=f"additional value '{name}' is called like a field"
        ):
            Open(n=1, **{name: 3}).model_dump_doc()


def test_an_assignment_leaves_cached_values_out_of_extras():
    class Open(Model):
        model_config = {"extra": "allow"}
        n: int

        @stored()
        @cached_property
        def double(self) -> int:
            return self.n * 2

    one = Open(n=1)
    for name, value, double in [("more", 3, 2), ("n", "4", 8)]:
        assert one.double == 2
        setattr(one, name, value)
        assert one.model_extra == {"more": 3}
        assert one.model_dump_doc() == {"_id": one.id, "n": one.n, "more": 3, "double": double}


def test_a_copy_computes_its_own():
    order = Order(lines=[Line(price=1)])
    copied = copy(order)
    copied.lines = [Line(price=5)]
    assert (order.total, copied.total) == (1, 5)
    changed = order.model_copy(update={"lines": [Line(price=7)]})
    assert changed.model_dump_doc()["t"] == Decimal128("7")


def test_classes_that_wait_for_others_have_fields_too():
    class Parent(Model):
        child: Optional[Child] = None

        @stored(key_name="k")
        @property
        def kind(self) -> str:
            return "p"

    class Child(EmbeddedModel):
        n: int

    assert (Parent.kind == "p") == {"k": {"$eq": "p"}}
    assert Parent(child=Child(n=1)).model_dump_doc()["k"] == "p"


@pytest.mark.parametrize("key_name", ["price", "_id", "$x", "a.b"])
def test_a_key_that_is_taken_or_not_valid_is_refused(key_name):
    with pytest.raises((TypeError, ValueError)):

        class Wrong(Model):
            price: int

            @stored(key_name=key_name)
            @property
            def net(self) -> int:
                return self.price


def test_two_properties_with_one_key_are_refused():
    with pytest.raises(TypeError, match="Duplicated key_name: k in Twice"):

        class Twice(Model):
            @stored(key_name="k")
            @property
            def a(self) -> int:
                return 1

            @stored(key_name="k")
            @property
            def b(self) -> int:
                return 1


def test_a_property_without_annotation_is_refused():
    with pytest.raises(TypeError, match=r"Bare\.total is stored, and nothing says what it returns"):

        class Bare(Model):
            @stored()
            @property
            def total(self):
                return 1


def test_what_is_no_property_is_refused():
    with pytest.raises(TypeError, match="decorates a property"):
        stored()(classmethod(len))
    with pytest.raises(TypeError, match="stored already"):
        stored()(Order.__mapping__.model.model_computed_fields["total"].wrapped_property)


def test_a_property_that_returns_a_model_is_refused():
    with pytest.raises(TypeError, match="best"):

        class Shop(Model):
            @stored()
            @property
            def best(self) -> Order:
                return Order()


class Referring(Model):
    price: int = Field(key_name="p")

    @stored()
    @property
    def total(self) -> int:
        return self.price


def test_pickles_and_deep_copies_work():
    one = Referring(price=1)
    assert pickle.loads(pickle.dumps(one)).total == 1
    assert deepcopy(one).total == 1


class Part(EmbeddedModel):
    up: int
    down: int

    @stored()
    @property
    def ratio(self) -> float:
        return self.up / self.down


class Bin(Model):
    by_number: dict[int, Part] = {}
    one: Union[Part, Line, None] = None


def test_what_embedded_properties_raise_leaves_reads_alone():
    raw = {"_id": ObjectId(), "by_number": {"1": {"up": 1, "down": 0, "ratio": 3}}, "one": None}
    found = read_document(Bin, raw, known_at((), "db", "bin"))
    with pytest.raises(InvalidDocumentError, match="division by zero"):
        found.model_dump_doc()
    found.by_number[1].down = 2
    assert found.model_dump_doc()["by_number"] == {"1": {"up": 1, "down": 2, "ratio": 0.5}}


@pytest.mark.parametrize("one", [Part(up=1, down=2), Line(price=2), None])
def test_members_of_unions_have_properties(one):
    held = Bin(one=one)
    again = Bin.model_validate_doc(held.model_dump_doc())
    assert again == held
    assert type(again.one) is type(one)


def test_a_program_changes_documents_itself():
    class Own(Model):
        n: int

        @stored(key_name="d")
        @property
        def double(self) -> int:
            return self.n * 2

        def model_dump_doc(self, include=None):
            return {**super().model_dump_doc(include), "by": "me"}

    assert Own(n=1).model_dump_doc().items() >= {"n": 1, "d": 2, "by": "me"}.items()

    class Shown(Model):
        n: int

        @stored(key_name="d")
        @property
        def double(self) -> int:
            return self.n * 2

        def model_dump(self, **options):
            return {**super().model_dump(**options), "n": 5, "double": 7}

    assert Shown(n=1).model_dump_doc(include={"n", "double"}) == {"n": 5, "d": 2}


class Report(Model):
    n: int

    @stored()
    @property
    def summary(self) -> Optional[Summary]:
        return Summary(n=self.n)


class Summary(EmbeddedModel):
    n: int


def test_properties_return_classes_that_are_defined_later():
    report = Report(n=1)
    assert report.model_dump_doc() == {"_id": report.id, "n": 1, "summary": {"n": 1}}
    assert (Report.summary == Summary(n=1)) == {"summary": {"$eq": {"n": 1}}}

    class Local(Model):
        @stored()
        @property
        def part(self) -> LocalPart:
            return LocalPart(n=2)

    class LocalPart(EmbeddedModel):
        n: int

    assert (+Local.part, Local().model_dump_doc()["part"]) == ("part", {"n": 2})


def test_a_name_that_never_exists_is_an_error_of_the_first_use():
    class Lost(Model):
        @stored()
        @property
        def part(self) -> Nowhere:  # noqa: F821
            return None

    with pytest.raises(PydanticUndefinedAnnotation, match="Nowhere"):
        _ = Lost.part


def test_what_cannot_be_stored_is_refused():
    with pytest.raises(TypeError, match=r"stored property Wrong\.call"):

        class Wrong(Model):
            @stored()
            @property
            def call(self) -> Callable[[], int]:
                return lambda: 1


def test_other_computed_fields_are_not_stored():
    class Shown(Model):
        @computed_field
        @property
        def one(self) -> int:
            return 1

        @stored()
        def two(self) -> int:
            return 2

    shown = Shown()
    assert shown.model_dump_doc() == {"_id": shown.id, "two": 2}
    assert shown.model_dump(exclude={"id"}) == {"one": 1, "two": 2}
