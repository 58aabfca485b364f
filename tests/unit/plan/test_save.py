"""What `save` sends."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.somewhere import HERE, a_write, mark_read

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._plan.order import save_order
from odmantic._plan.save import all_fields, fields_to_save, plan_save
from odmantic._state.snapshot import take_snapshots
from odmantic._state.transitions import give_back, mark_written
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


def _plan(instance):
    return plan_save(instance, fields_to_save(instance, HERE), a_write())


def test_a_new_instance_is_sent_as_a_whole():
    parcel = Parcel(code="A")
    plan = _plan(parcel)

    assert plan.instance is parcel
    assert plan.id_ == parcel.id
    assert plan.document == parcel.model_dump_doc()
    assert plan.names == {"code", "tags", "size", "content", "id"}
    assert plan.upsert


def test_what_was_read_needs_no_plan():
    assert fields_to_save(_read(Parcel, code="A", tags=["x"], content={"a": [1]}), HERE) == set()


def test_what_changed_is_sent_and_creates_no_document():
    parcel = _read(Parcel, code="A", tags=["x"], content={"a": [1]})
    parcel.code = "B"
    parcel.content["a"].append(2)

    plan = _plan(parcel)

    assert plan.document == {"c": "B", "content": {"a": [1, 2]}}
    assert plan.names == {"code", "content"}
    assert plan.snapshots == take_snapshots(parcel, ["content"])
    assert not plan.upsert


def test_everything_can_be_asked_for():
    parcel = _read(Parcel, code="A")

    plan = plan_save(parcel, all_fields(parcel), a_write())

    assert plan.document == parcel.model_dump_doc()
    assert plan.upsert


def test_two_plans_in_a_row_are_one():
    apart, together = _read(Parcel, code="A"), _read(Parcel, code="A")
    apart.code = together.code = "B"
    first = _plan(apart)
    mark_written(apart, first.names, first.snapshots)
    apart.tags.append("x")
    together.tags.append("x")

    assert {**first.document, **_plan(apart).document} == _plan(together).document


def test_values_without_a_digest_are_sent_each_time():
    parcel = _read(Parcel, code="A", content=object())
    plan = _plan(parcel)

    assert list(plan.document) == ["content"]
    mark_written(parcel, plan.names, plan.snapshots)
    assert list(_plan(parcel).document) == ["content"]


def test_only_changed_extras_are_sent():
    loose = _read(Loose, name="a", colour="red", marks=[1])
    assert fields_to_save(loose, HERE) == set()

    loose.colour = "blue"
    plan = _plan(loose)
    assert plan.document == {"colour": "blue"}
    give_back(loose, plan.names, plan.write)
    loose.marks.append(2)
    assert _plan(loose).document == {"colour": "blue", "marks": [1, 2]}
    assert plan_save(loose, all_fields(loose), a_write()).document == loose.model_dump_doc()


def test_extras_with_the_key_of_a_field_are_refused():
    loose = _read(Loose, name="a", n="extra")
    loose.n = "changed"

    with pytest.raises(InvalidDocumentError, match=r"cannot save.*additional value 'n'"):
        _plan(loose)


class _Meddling(dict):
    """A value whose encoding does something else as well, such as another thread may meanwhile."""

    def meddle(self):
        pass

    def items(self):
        self.meddle()
        return super().items()


def test_what_is_assigned_while_a_save_is_planned_stands_out():
    parcel = _read(Parcel, code="A", content=_Meddling(a=1))
    parcel.code = "B"
    parcel.content.meddle = lambda: setattr(parcel, "code", "C")

    plan_save(parcel, all_fields(parcel), a_write())

    assert "code" in fields_to_save(parcel, HERE)


def test_what_cannot_be_planned_is_dirty_as_before():
    parcel = _read(Parcel, code="A", content=_Meddling(a=1))
    parcel.code = "B"
    parcel.content.meddle = lambda: 1 / 0

    with pytest.raises(ZeroDivisionError):
        plan_save(parcel, all_fields(parcel), a_write())

    parcel.content.meddle = lambda: None
    assert fields_to_save(parcel, HERE) == all_fields(parcel)


def test_references_come_first_and_once():
    norway, iceland = Country(name="NO"), Country(name="IS")
    person = Person(address=Address(country=norway), home=iceland)
    friend = Friend(person=person, other=person)

    order = save_order([friend, norway, friend], lambda _: False).instances

    assert [id(each) for each in order] == [id(norway), id(iceland), id(person), id(friend)]


def test_a_missing_object_on_the_way_to_a_reference_is_passed_over():
    person = Person.model_construct(address=None, home=Country(name="NO"))

    order = save_order([person], lambda _: False).instances

    assert [type(each) for each in order] == [Country, Person]


@pytest.mark.parametrize("is_new", [True, False])
def test_what_contains_itself_is_refused_by_name(is_new):
    parcel = Parcel(code="A") if is_new else _read(Parcel, code="A")
    parcel.content = []
    parcel.content.append(parcel.content)

    with pytest.raises(InvalidDocumentError, match="cannot save Parcel: field 'content'") as caught:
        _plan(parcel)

    assert isinstance(caught.value.__cause__, RecursionError)


def test_extras_that_contain_themselves_are_refused():
    content = []
    loose = Loose(name="a", content=content)
    content.append(content)

    with pytest.raises(InvalidDocumentError, match="cannot save Loose: Loose is nested"):
        _plan(loose)
