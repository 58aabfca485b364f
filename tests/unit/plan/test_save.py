"""What `save` sends."""

from __future__ import annotations

from typing import Any

import pytest

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._plan.save import plan_save, save_order
from odmantic._state.changes import mark_read, mark_written, take, take_snapshots
from odmantic.exceptions import InvalidDocumentError


class Size(EmbeddedModel):
    width: int = Field(key_name="w")


class Parcel(Model):
    code: str = Field(key_name="c")
    tags: list[str] = []
    size: Size = Size(width=1)
    content: Any = None


class Country(Model):
    name: str


class Address(EmbeddedModel):
    country: Country = Reference()


class Person(Model):
    address: Address
    home: Country = Reference()


class Friend(Model):
    person: Person = Reference()
    other: Person = Reference()


class Loose(Model):
    name: str = Field(key_name="n")

    model_config = {"extra": "allow"}


def _read(model, **values):
    instance = model(**values)
    mark_read(instance)
    return instance


def test_a_new_instance_is_sent_as_a_whole():
    parcel = Parcel(code="A")
    plan = plan_save(parcel)

    assert plan.instance is parcel
    assert plan.filter == {"_id": parcel.id}
    assert plan.update == {"$set": parcel.model_dump_doc()}
    assert plan.names == {"code", "tags", "size", "content", "id"}
    assert plan.upsert


def test_what_was_read_needs_no_plan():
    assert plan_save(_read(Parcel, code="A", tags=["x"], content={"a": [1]})) is None


def test_what_changed_is_sent_and_creates_no_document():
    parcel = _read(Parcel, code="A", tags=["x"], content={"a": [1]})
    parcel.code = "B"
    parcel.content["a"].append(2)

    plan = plan_save(parcel)

    assert plan.update == {"$set": {"c": "B", "content": {"a": [1, 2]}}}
    assert plan.names == {"code", "content"}
    assert plan.snapshots == take_snapshots(parcel, ["content"])
    assert not plan.upsert


def test_everything_can_be_asked_for():
    parcel = _read(Parcel, code="A")

    plan = plan_save(parcel, whole=True)

    assert plan.update == {"$set": parcel.model_dump_doc()}
    assert plan.upsert


def test_two_plans_in_a_row_are_one():
    apart, together = _read(Parcel, code="A"), _read(Parcel, code="A")
    apart.code = together.code = "B"
    first = plan_save(apart)
    take(apart, first.names)
    mark_written(apart, first.names, first.snapshots)
    apart.tags.append("x")
    together.tags.append("x")

    assert {**first.document, **plan_save(apart).document} == plan_save(together).document


def test_values_without_a_digest_are_sent_each_time():
    parcel = _read(Parcel, code="A", content=object())
    plan = plan_save(parcel)

    assert list(plan.document) == ["content"]
    take(parcel, plan.names)
    mark_written(parcel, plan.names, plan.snapshots)
    assert list(plan_save(parcel).document) == ["content"]


def test_only_changed_extras_are_sent():
    loose = _read(Loose, name="a", colour="red", marks=[1])
    assert plan_save(loose) is None

    loose.colour = "blue"
    assert plan_save(loose).document == {"colour": "blue"}
    loose.marks.append(2)
    assert plan_save(loose).document == {"colour": "blue", "marks": [1, 2]}
    assert plan_save(loose, whole=True).document == loose.model_dump_doc()


def test_extras_with_the_key_of_a_field_are_not_sent():
    loose = _read(Loose, name="a", n="extra")
    loose.n = "changed"

    assert plan_save(loose) is None


def test_references_come_first_and_once():
    norway, iceland = Country(name="NO"), Country(name="IS")
    person = Person(address=Address(country=norway), home=iceland)
    friend = Friend(person=person, other=person)

    order = list(save_order([friend, norway, friend]))

    assert [id(each) for each in order] == [id(norway), id(iceland), id(person), id(friend)]


def test_a_missing_object_on_the_way_to_a_reference_is_passed_over():
    person = Person.model_construct(address=None, home=Country(name="NO"))

    assert [type(each) for each in save_order([person])] == [Country, Person]


@pytest.mark.parametrize("is_new", [True, False])
def test_what_contains_itself_is_refused_by_name(is_new):
    parcel = Parcel(code="A") if is_new else _read(Parcel, code="A")
    parcel.content = []
    parcel.content.append(parcel.content)

    with pytest.raises(InvalidDocumentError, match="cannot save Parcel: field 'content'") as caught:
        plan_save(parcel)

    assert isinstance(caught.value.__cause__, RecursionError)


def test_extras_that_contain_themselves_are_refused():
    content = []
    loose = Loose(name="a", content=content)
    content.append(content)

    with pytest.raises(InvalidDocumentError, match="cannot save Loose: Loose is nested"):
        plan_save(loose)
