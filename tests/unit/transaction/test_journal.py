"""Instances follow the end of their transaction."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.unit.somewhere import dirty_fields, known_of, mark_read, take

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._state.places import SOMEWHERE
from odmantic._state.snapshot import take_snapshots
from odmantic._state.transitions import mark_unknown, mark_written
from odmantic._transaction.journal import Journal


class Size(EmbeddedModel):
    width: int = 1


class Country(Model):
    name: str = "NO"


class Parcel(Model):
    code: str = "A"
    tags: list[str] = []
    size: Size = Size()
    sizes: list[Size] = [Size()]
    country: Country = Reference()


class Loose(Model):
    code: str = Field("A", primary_field=True)
    name: str = "a"
    content: Any = None

    model_config = {"extra": "allow"}


DATABASE = SOMEWHERE.place.database
EVERYTHING = {"id", "code", "tags", "size", "sizes", "country"}


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def parcel():
    parcel = Parcel(country=Country())
    mark_read(parcel)
    return parcel


def save(journal, instance):
    """What a save does to an instance, without the saving."""
    names = dirty_fields(instance)
    snapshots = take_snapshots(instance, names)
    take(instance, names)
    mark_written(instance, names, snapshots)
    journal.wrote(known_of(instance), instance, names)
    assert dirty_fields(instance) == set()


def save_a_change(journal, parcel):
    parcel.code = "B"
    save(journal, parcel)


def save_two_changes(journal, parcel):
    parcel.code = "B"
    save(journal, parcel)
    parcel.tags.append("x")
    save(journal, parcel)


def save_and_change(journal, parcel):
    parcel.code = "B"
    save(journal, parcel)
    parcel.tags.append("x")


def change_deep(journal, parcel):
    parcel.sizes[0].width = 2
    save(journal, parcel)


def save_new(journal, parcel):
    mark_unknown(parcel)
    save(journal, parcel)


def delete(journal, parcel):
    before = journal.deleting(parcel)
    mark_unknown(parcel)
    journal.deleted(parcel, before)


def change_and_delete(journal, parcel):
    parcel.code = "B"
    delete(journal, parcel)


def delete_and_change(journal, parcel):
    delete(journal, parcel)
    parcel.tags.append("x")


def save_and_delete(journal, parcel):
    save_a_change(journal, parcel)
    delete(journal, parcel)


def delete_and_save(journal, parcel):
    delete(journal, parcel)
    save(journal, parcel)


def delete_twice(journal, parcel):
    delete(journal, parcel)
    save(journal, parcel)
    delete(journal, parcel)


def read_after_write(journal, parcel):
    writer = parcel.model_copy(update={"code": "B"})
    save(journal, writer)
    mark_read(parcel)
    journal.read(DATABASE, parcel)


def read_after_write_by_query(journal, parcel):
    journal.wrote_by_query(DATABASE, Parcel)
    mark_read(parcel)
    journal.read(DATABASE, parcel)


def read_and_change_after_write_by_query(journal, parcel):
    read_after_write_by_query(journal, parcel)
    save_and_change(journal, parcel)


def read_after_write_of_a_part_and_by_query(journal, parcel):
    writer = copy.copy(parcel)
    writer.code = "B"
    save(journal, writer)
    read_after_write_by_query(journal, parcel)


def read_after_write_of_the_whole_and_by_query(journal, parcel):
    writer = parcel.model_copy(update={"code": "B"})
    mark_unknown(writer)
    save(journal, writer)
    read_after_write_by_query(journal, parcel)


def read_after_write_of_another_model_by_query(journal, parcel):
    journal.wrote_by_query(DATABASE, Country)
    journal.wrote_by_query("another", Parcel)
    read_after_write(journal, parcel)


def read_before_write(journal, parcel):
    journal.read(DATABASE, parcel)
    writer = parcel.model_copy(update={"code": "B"})
    save(journal, writer)


def read_in_another_database(journal, parcel):
    save(journal, parcel.model_copy())
    journal.read("another", parcel)


def change_without_saving(journal, parcel):
    assert journal is not None
    parcel.code = "B"


# What was done in the transaction; what is dirty after its commit, and after its rollback.
STORIES = [
    (save_a_change, set(), {"code"}),
    (save_two_changes, set(), {"code", "tags"}),
    (save_and_change, {"tags"}, {"code", "tags"}),
    (change_deep, set(), {"sizes"}),
    (save_new, set(), EVERYTHING),
    (delete, EVERYTHING, set()),
    (change_and_delete, EVERYTHING, {"code"}),
    (delete_and_change, EVERYTHING, {"tags"}),
    (save_and_delete, EVERYTHING, {"code"}),
    (delete_and_save, set(), set()),
    (delete_twice, EVERYTHING, set()),
    (read_after_write, set(), EVERYTHING),
    (read_after_write_by_query, set(), set()),
    (read_and_change_after_write_by_query, {"tags"}, {"code", "tags"}),
    (read_after_write_of_a_part_and_by_query, set(), set()),
    (read_after_write_of_the_whole_and_by_query, set(), EVERYTHING),
    (read_after_write_of_another_model_by_query, set(), EVERYTHING),
    (read_before_write, set(), set()),
    (read_in_another_database, set(), set()),
    (change_without_saving, {"code"}, {"code"}),
]


@pytest.mark.parametrize(("story", "committed", "_rolled_back"), STORIES)
def test_after_a_commit_what_was_not_saved_is_dirty(
    journal, parcel, story, committed, _rolled_back
):
    story(journal, parcel)
    journal.close(committed=True)

    assert dirty_fields(parcel) == committed


@pytest.mark.parametrize(("story", "_committed", "rolled_back"), STORIES)
def test_after_a_rollback_what_was_saved_is_dirty_as_well(
    journal, parcel, story, _committed, rolled_back
):
    story(journal, parcel)
    journal.close(committed=False)

    assert dirty_fields(parcel) == rolled_back


@pytest.mark.parametrize(("story", "committed", "rolled_back"), STORIES)
def test_while_nobody_knows_all_is_dirty_that_may_not_be_stored(
    journal, parcel, story, committed, rolled_back
):
    story(journal, parcel)
    journal.doubt()

    assert dirty_fields(parcel) >= committed | rolled_back

    journal.close(committed=None)
    assert dirty_fields(parcel) >= committed | rolled_back


@pytest.mark.parametrize(("story", "committed", "_rolled_back"), STORIES)
def test_a_commit_that_succeeded_after_all_is_believed(
    journal, parcel, story, committed, _rolled_back
):
    story(journal, parcel)
    journal.doubt()
    journal.doubt()
    journal.close(committed=True)

    assert dirty_fields(parcel) == committed


def test_what_is_changed_during_the_doubt_stays_dirty(journal, parcel):
    save_two_changes(journal, parcel)
    journal.doubt()
    parcel.code = "C"
    journal.close(committed=True)

    assert dirty_fields(parcel) == {"code"}


@pytest.mark.parametrize(("committed", "modified"), [(True, set()), (False, {"width"})])
def test_embedded_objects_follow_as_well(journal, parcel, committed, modified):
    parcel.sizes[0].width = 2
    save(journal, parcel)
    journal.close(committed=committed)

    assert parcel.sizes[0].__fields_modified__ == modified
    assert parcel.size.__fields_modified__ == modified


@pytest.mark.parametrize(("committed", "dirty"), [(True, set()), (False, {"id", "name"})])
def test_a_referenced_object_that_was_read_follows_as_well(journal, parcel, committed, dirty):
    save(journal, parcel.country.model_copy())
    mark_read(parcel)
    journal.read(DATABASE, parcel)
    journal.close(committed=committed)

    assert dirty_fields(parcel.country) == dirty
    assert dirty_fields(parcel) == set()


def test_extras_that_were_read_back_are_dirty_while_nobody_knows(journal):
    save(journal, Loose(colour=["red"]))
    again = Loose(colour=["red"])
    mark_read(again)
    journal.read(DATABASE, again)
    journal.doubt()

    assert again.__fields_modified__ == {"code", "name", "content", "colour"}


@pytest.mark.parametrize(("committed", "dirty"), [(True, set()), (False, {"colour", "name"})])
def test_extras_follow_as_well(journal, committed, dirty):
    loose = Loose(colour=["red"])
    mark_read(loose)
    loose.name = "b"
    loose.colour.append("blue")
    save(journal, loose)
    journal.close(committed=committed)

    assert dirty_fields(loose) == dirty


def test_an_instance_that_was_written_tells_how_to_make_it_dirty(journal, parcel):
    assert journal.after_rollback(parcel) is None
    save_a_change(journal, parcel)
    make_dirty = journal.after_rollback(parcel)
    assert dirty_fields(parcel) == set()

    make_dirty()

    assert dirty_fields(parcel) == {"code"}


def test_a_closed_journal_lets_go_of_its_instances(journal, parcel):
    save_a_change(journal, parcel)
    journal.close(committed=False)

    assert journal.after_rollback(parcel) is None
