# Generated from tests/integration/aio/test_read_in_pieces.py by tools/generate_sync.py: do not edit.
"""A read decodes answers in pieces, which shows in nothing but its speed."""

from __future__ import annotations

import pickle
from datetime import datetime, timezone

import pytest
from bson.errors import InvalidBSON
from bson.int64 import Int64
from pymongo.errors import OperationFailure
from pymongo.monitoring import CommandListener
from tests.integration.sync.reading import to_list

from odmantic import Field, Model
from odmantic._driver.encoded_batches import in_pieces
from odmantic._driver.plain import finds_plainly
from odmantic.exceptions import DocumentParsingError

MEBIBYTE = 1 << 20


MANY = 7_345
"""More documents than three answers of the server hold, the last of which is not full."""


class Crate(Model):
    number: int = Field(primary_field=True)
    weight: int = 1
    text: str = "x" * 60
    made: datetime = datetime(2026, 1, 1)


class Answers(CommandListener):
    """The batches in what the server answered."""

    def __init__(self):
        self.batches = []

    def started(self, event):
        pass

    def succeeded(self, event):
        cursor = event.reply.get("cursor", {})
        self.batches += [cursor[name] for name in ("firstBatch", "nextBatch") if name in cursor]

    def failed(self, event):
        pass


@pytest.fixture
def client_options(request, odmantic_database_name):
    """Those of a client that listens to nothing, and the parameter of a test."""
    return {"appname": odmantic_database_name, **getattr(request, "param", {})}


@pytest.fixture
def crates(raw_database):
    """The collection with many documents."""
    collection = raw_database["crate"]
    collection.insert_many(
        {"_id": number, "weight": 1, "text": "x" * 60, "made": datetime(2026, 1, 1)}
        for number in range(MANY)
    )
    return collection


def _find(engine, *queries, **options):
    return engine.find(Crate, *queries, sort=Crate.number, **options)


def test_what_is_read_in_pieces(sync_engine):
    target = sync_engine._target(Crate)

    assert (in_pieces(target) is not None) is finds_plainly(target.collection)


def test_all_instances_are_found(sync_engine, crates):
    listed = to_list(_find(sync_engine))
    iterated = [crate for crate in _find(sync_engine)]

    assert [crate.number for crate in listed] == list(range(MANY))
    assert iterated == listed


@pytest.mark.parametrize("skip", [0, 9, 1_000])
@pytest.mark.parametrize("limit", [1, 10, 99, 101, 1_000, 3_000, 3_001, 6_500])
def test_skip_and_limit_count_documents(sync_engine, crates, skip, limit):
    found = to_list(_find(sync_engine, skip=skip, limit=limit))

    assert [crate.number for crate in found] == list(range(MANY))[skip : skip + limit]


def test_a_part_is_found_in_a_transaction(sync_engine, crates):
    with sync_engine.transaction() as transaction:
        transaction.remove(Crate, Crate.number < 345)
        found = to_list(_find(transaction))

    assert [crate.number for crate in found] == list(range(345, MANY))


@pytest.mark.parametrize("limit", [5, 99])
def test_what_is_read_to_its_end_needs_no_session_any_more(sync_engine, crates, limit):
    transaction = sync_engine.transaction()
    transaction.start()
    seen = []
    for crate in _find(transaction, limit=limit):
        if not seen:
            transaction.commit()
        seen.append(crate.number)

    assert seen == list(range(limit))


def test_answers_that_are_full_are_followed_by_others(sync_engine, raw_database):
    for number in range(20):
        raw_database["crate"].insert_one(
            {"_id": number, "weight": 1, "text": "x" * MEBIBYTE, "made": datetime(2026, 1, 1)}
        )

    found = to_list(_find(sync_engine))

    assert [crate.number for crate in found] == list(range(20))
    assert {len(crate.text) for crate in found} == {MEBIBYTE}


def test_a_read_can_be_left_early_and_taken_up_again(sync_engine, crates):
    cursor = _find(sync_engine)
    for crate in cursor:
        if crate.number == 3_210:
            break

    assert len([crate for crate in cursor]) == MANY


def test_a_document_that_does_not_fit_raises_behind_those_before_it(sync_engine, crates):
    crates.update_one({"_id": 4_321}, {"$set": {"weight": "many"}})
    seen = []

    with pytest.raises(DocumentParsingError, match="weight"):
        for crate in _find(sync_engine):
            seen.append(crate.number)  # noqa: PERF401 - those before the error

    assert seen == list(range(4_321))


def test_a_document_that_has_no_value_in_python_raises_where_it_is(sync_engine, crates):
    too_late = {"$convert": {"input": Int64(10**15), "to": "date"}}
    crates.update_one({"_id": 4_321}, [{"$set": {"made": too_late}}])
    seen = []

    with pytest.raises(InvalidBSON) as caught:
        for crate in _find(sync_engine):
            seen.append(crate.number)  # noqa: PERF401 - those before the error

    assert any("in find of Crate" in note for note in caught.value.__notes__)
    assert len(seen) <= 4_321


def test_an_error_between_two_answers_raises(sync_engine, crates, fail_point):
    with fail_point("getMore", error_code=2), pytest.raises(OperationFailure) as caught:
        to_list(_find(sync_engine))

    assert caught.value.code == 2


def test_the_details_of_an_error_are_a_dictionary(sync_engine, crates):
    with pytest.raises(OperationFailure) as caught:
        to_list(_find(sync_engine, {"$unknown": 1}))

    assert type(caught.value.details) is dict
    assert pickle.loads(pickle.dumps(caught.value)).code == caught.value.code


def test_the_time_of_the_cluster_is_a_dictionary(sync_engine, crates):
    with sync_engine.session() as session:
        to_list(_find(session))
        driver_session = session.get_driver_session()
        driver_session = getattr(driver_session, "delegate", driver_session)

        assert type(driver_session.cluster_time) is dict
        assert type(driver_session.cluster_time["signature"]) is dict


@pytest.mark.parametrize("client_options", [{"tz_aware": True}], indirect=True)
def test_options_of_the_client_hold(sync_engine, crates):
    found = to_list(_find(sync_engine))

    assert found[-1] == sync_engine.find_one(Crate, Crate.number == MANY - 1)
    assert found[-1].made == datetime(2026, 1, 1, tzinfo=timezone.utc)


_answers = Answers()


@pytest.mark.parametrize("client_options", [{"event_listeners": [_answers]}], indirect=True)
def test_who_listens_is_shown_documents(sync_engine, crates):
    _answers.batches.clear()

    to_list(_find(sync_engine))

    shown = [document["_id"] for batch in _answers.batches for document in batch]
    assert shown == list(range(MANY))
