"""An instance against its last known document."""

from __future__ import annotations

import copy
import pickle
import uuid
from typing import Any

import pytest
from bson import ObjectId
from tests.unit.somewhere import a_write, dirty_fields, mark_read, read_document, take

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._state.dirty import baseline_of, compared_fields, update_baseline
from odmantic._state.snapshot import digest, field_digests, take_snapshots
from odmantic._state.transitions import give_back, mark_unknown, mark_written


class Size(EmbeddedModel):
    width: int = Field(key_name="w", default=1)


class Country(Model):
    name: str
    tags: list[str] = []


class Parcel(Model):
    code: str = "A"
    tags: list[str] = []
    size: Size = Size()
    sizes: list[Size] = []
    content: Any = None
    country: Country = Reference()


class Loose(Model):
    name: str = "a"

    model_config = {"extra": "allow"}


EVERYTHING = {"code", "tags", "size", "sizes", "content", "country", "id"}


@pytest.fixture
def parcel():
    parcel = Parcel(country=Country(name="NO"), tags=["x"], sizes=[Size()], content={"a": [1]})
    mark_read(parcel)
    return parcel


@pytest.mark.parametrize(
    "value", [None, 1, "a", [1, [2]], {"a": {"b": b"c"}}, ObjectId(), uuid.UUID(int=1)]
)
def test_equal_values_have_equal_digests(value):
    assert digest(value) == digest(copy.deepcopy(value))
    assert digest(value) not in {None, digest("other")}


@pytest.mark.parametrize("value", [object(), {1: 2}, 2**64, "\ud800", {"a\0": 1}, 1j])
def test_what_cannot_be_encoded_has_no_digest(value):
    assert digest(value) is None


def test_what_contains_itself_has_no_digest():
    value: list[Any] = []
    value.append(value)

    assert digest(value) is None


def test_types_of_equal_value_differ():
    assert digest(1) != digest(1.0)
    assert digest(True) != digest(1)


def test_fields_without_a_digest_are_left_out(parcel):
    parcel.content = object()

    assert set(field_digests(parcel, ["tags", "content"])) == {"tags"}


def test_a_new_instance_is_dirty_everywhere():
    assert dirty_fields(Parcel(country=Country(name="NO"))) == EVERYTHING


def test_what_was_read_is_clean_at_every_depth(parcel):
    assert dirty_fields(parcel) == set()
    assert dirty_fields(parcel.country) == set()
    assert parcel.size.__fields_modified__ == set()
    assert parcel.sizes[0].__fields_modified__ == set()
    assert parcel.country.__fields_modified__ == set()


CHANGES = [
    (lambda parcel: setattr(parcel, "code", "A"), {"code"}),
    (lambda parcel: parcel.tags.append("y"), {"tags"}),
    (lambda parcel: setattr(parcel.size, "width", 2), {"size"}),
    (lambda parcel: setattr(parcel.size, "width", 1), set()),
    (lambda parcel: setattr(parcel.sizes[0], "width", 2), {"sizes"}),
    (lambda parcel: parcel.content["a"].append(2), {"content"}),
    (lambda parcel: setattr(parcel.country, "name", "IS"), set()),
    (lambda parcel: parcel.country.tags.append("y"), set()),
    (lambda parcel: setattr(parcel, "country", Country(name="IS")), {"country"}),
    (lambda parcel: parcel.content.update(b=object()), {"content"}),
]


@pytest.mark.parametrize(("change", "dirty"), CHANGES)
def test_changes_are_noticed(parcel, change, dirty):
    change(parcel)

    assert dirty_fields(parcel) == dirty


def test_a_change_that_is_taken_back_is_none(parcel):
    parcel.tags.append("y")
    parcel.tags.remove("y")

    assert dirty_fields(parcel) == set()


def test_extras_are_compared():
    loose = Loose(colour=["red"])
    assert compared_fields(loose) == {"colour"}
    mark_read(loose)
    assert dirty_fields(loose) == set()

    loose.colour.append("blue")
    assert dirty_fields(loose) == {"colour"}
    assert compared_fields(Loose()) == set()


def test_assignments_while_a_write_is_on_its_way_stand_out(parcel):
    parcel.code = "B"
    parcel.tags.append("y")
    digests = field_digests(parcel, ["tags"])
    take(parcel, {"code", "tags"})

    parcel.code = "C"
    parcel.tags.append("z")
    mark_written(parcel, frozenset({"code", "tags"}), digests)

    assert dirty_fields(parcel) == {"code", "tags"}


def test_a_write_that_succeeded_is_known(parcel):
    parcel.tags.append("y")
    parcel.size.width = 2
    take(parcel, {"tags", "size"})
    written = frozenset({"tags", "size"})
    mark_written(parcel, written, field_digests(parcel, written))

    assert dirty_fields(parcel) == set()
    assert parcel.size.__fields_modified__ == set()


def test_what_is_embedded_in_a_field_that_was_not_written_is_as_before(parcel):
    parcel.code = "B"
    parcel.size.width = 2
    take(parcel, {"code"})
    mark_written(parcel, frozenset({"code"}), {})

    assert dirty_fields(parcel) == {"size"}
    assert parcel.size.__fields_modified__ == {"width"}


def test_writing_a_parent_says_nothing_of_its_references(parcel):
    parcel.country.name = "IS"
    mark_written(parcel, frozenset({"country"}), {})

    assert parcel.country.__fields_modified__ == {"name"}


def test_a_model_without_nested_objects_is_written():
    loose = Loose()
    names = frozenset(loose.__fields_modified__)
    take(loose, names)
    mark_written(loose, names, {})

    assert dirty_fields(loose) == set()


def test_names_are_given_back_when_a_write_failed(parcel):
    parcel.code = "B"
    take(parcel, {"code"})
    assert dirty_fields(parcel) == set()

    give_back(parcel, {"code"}, a_write())

    assert dirty_fields(parcel) == {"code"}


def test_a_document_that_is_gone_makes_everything_dirty(parcel):
    mark_unknown(parcel)
    mark_unknown(parcel)

    assert baseline_of(parcel) == {}
    assert dirty_fields(parcel) == EVERYTHING


def test_nothing_is_taken_of_what_was_not_assigned(parcel):
    take(parcel, {"tags"})

    assert parcel.__fields_modified__ == set()


def test_the_modified_names_of_what_was_read_are_one_set():
    document = Country(name="Norway").model_dump_doc()
    country = read_document(Country, document)

    modified = country.__fields_modified__
    assert modified == set()

    country.name = "Sweden"
    assert modified == {"name"}
    assert country.__fields_modified__ is modified
    assert dirty_fields(country) == {"name"}


def test_an_assignment_of_what_was_read_leaves_the_set_of_fields_to_pydantic():
    country = read_document(Country, Country(name="Norway").model_dump_doc())

    country.name = "Sweden"
    assert country.model_fields_set == {"id", "name", "tags"}

    country.model_fields_set.clear()
    country.name = "Finland"
    assert country.model_dump(exclude_unset=True) == {"name": "Finland"}


def test_an_assignment_minds_no_other_set_of_fields():
    country = read_document(Country, Country(name="Norway").model_dump_doc())
    object.__setattr__(country, "__pydantic_fields_set__", frozenset({"name"}))

    country.name = "Sweden"

    assert dirty_fields(country) == {"name"}


def test_what_is_sent_is_the_baseline_from_then_on(parcel):
    parcel.tags.append("y")
    take(parcel, {"tags"})
    update_baseline(parcel, take_snapshots(parcel, ["tags"]))
    assert dirty_fields(parcel) == set()

    parcel.tags.append("z")
    assert dirty_fields(parcel) == {"tags"}
    give_back(parcel, {"code"}, a_write())
    assert dirty_fields(parcel) == {"code", "tags"}


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda parcel: parcel.model_copy(),
        lambda parcel: parcel.model_copy(deep=True),
    ],
)
def test_model_copies_are_new(parcel, duplicate):
    twin = duplicate(parcel)

    assert dirty_fields(twin) == EVERYTHING
    assert twin == parcel


def test_a_pickled_instance_loses_nothing(parcel):
    parcel.code = "B"
    parcel.tags.append("y")

    assert dirty_fields(pickle.loads(pickle.dumps(parcel))) >= {"code", "tags"}


def test_an_instance_made_without_validation_is_new():
    country = Country.model_construct(name="NO", tags=[], id=ObjectId())

    assert dirty_fields(country) == {"name", "tags", "id"}
