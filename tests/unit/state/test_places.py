"""Places are the same if their names are, and if their clients reach a server in common."""

from __future__ import annotations

import gc
import pickle
from typing import Any
from weakref import ref

import pytest
from pymongo import AsyncMongoClient, MongoClient

from odmantic import Model
from odmantic._driver.clients import deployment_of
from odmantic._state import state
from odmantic._state.lives import Life
from odmantic._state.places import EMBEDDED, Deployment, Known, Place, Reading, Written


def _client(*hosts: str, cls: Any = MongoClient) -> Any:
    return cls([*hosts], connect=False) if cls is MongoClient else cls([*hosts])


class _StandIn:
    """Behaves like a client, for all that is asked here."""

    def __getitem__(self, name: str) -> Any: ...

    def start_session(self) -> Any: ...


class _Slotted(_StandIn):
    __slots__ = ()


def _place(client: Any, database: str = "shop", collection: str = "order") -> Place:
    return Place(deployment_of(client), database, collection)


def test_a_client_is_the_same_place_as_itself() -> None:
    client = _client("a")
    assert deployment_of(client) is deployment_of(client)
    assert _place(client).is_same(_place(client))
    assert not _place(client).is_same(_place(client, database="archive"))
    assert not _place(client).is_same(_place(client, collection="old"))


@pytest.mark.parametrize("cls", [MongoClient, AsyncMongoClient])
def test_clients_with_an_address_in_common_are_one_place(cls: Any) -> None:
    client = _client("a", "b")
    assert _place(client).is_same(_place(_client("B", cls=cls)))
    assert not _place(client).is_same(_place(_client("c", cls=cls)))
    assert not _place(client).is_same(_place(_client("a:27018", cls=cls)))


def test_a_machine_has_several_names_for_itself() -> None:
    names = ("localhost", "127.0.0.1", "[::1]")
    for one in names:
        for other in names:
            assert _place(_client(f"{one}:1")).is_same(_place(_client(f"{other}:1")))
            assert not _place(_client(f"{one}:1")).is_same(_place(_client(f"{other}:2")))


def test_a_stand_in_is_a_place_of_its_own() -> None:
    client, slotted = _StandIn(), _Slotted()
    assert _place(client).is_same(_place(client))
    assert _place(slotted).is_same(_place(slotted))
    assert not _place(client).is_same(_place(_StandIn()))
    assert not _pickled(_place(client)).is_at(_place(client))


def _pickled(place: Place) -> Any:
    return pickle.loads(pickle.dumps(Known(place)))


def test_pickles_keep_addresses_and_names() -> None:
    client = _client("a", "b")
    place = _pickled(_place(client)).place
    assert place.is_same(_place(_client("b")))
    assert not place.is_same(_place(_client("c")))
    assert not place.is_same(_place(client, database="archive"))
    assert _pickled(_place(client)) is _pickled(_place(client))
    assert pickle.loads(pickle.dumps(EMBEDDED)) is EMBEDDED


def test_a_place_keeps_no_client_alive_and_knows_its_addresses_without() -> None:
    place = _place(_client("a", "b"))
    gc.collect()
    assert place.is_same(_place(_client("b")))


def test_addresses_that_a_client_finds_count_too() -> None:
    found = {("a", 1)}
    client = _StandIn()
    deployment = Deployment(client, lambda _client: frozenset(found))
    other = Deployment(addresses=frozenset({("b", 1)}))
    assert not deployment.is_same(other)

    found.add(("b", 1))
    assert deployment.is_same(other)


def test_a_write_is_settled_once_it_and_its_transaction_have_ended() -> None:
    class Journal:
        committed: bool | None = None

    place, journal = _place(_StandIn()), Journal()
    alone, inside = Written(place, None), Written(place, journal)
    assert Known(place).is_settled
    assert not alone.is_settled
    alone.end()
    inside.end()
    assert alone.is_settled
    assert not inside.is_settled
    journal.committed = False
    assert inside.is_settled


def test_a_life_ends_at_its_place_only() -> None:
    life, here, there = Life(), _place(_StandIn()), _place(_StandIn())
    assert life.at(here) is life
    other = life.at(there)
    assert other is not life
    assert life.at(there) is other

    life.end_at(there)
    assert (life.is_over, other.is_over) == (False, True)
    life.end_at(here)
    assert life.is_over
    following = life.at(here)
    assert not following.is_over
    assert other.at(here) is following
    life.go_on()
    assert not life.is_over


def test_a_pickled_life_is_known_in_its_process() -> None:
    life, here = Life(), _place(_StandIn())
    kept = pickle.dumps(life.at(here))
    assert pickle.loads(kept) is life

    life.end_at(here)
    del life
    assert pickle.loads(kept).is_over


def test_a_rolled_back_deletion_may_leave_several_lives_and_one_ends_all() -> None:
    life, here = Life(), _place(_StandIn())
    life.at(here)
    (ended,) = life.end_at(here)
    following = life.at(here)
    ended.go_on()

    assert {*life.end_at(here)} == {life, following}
    assert (life.is_over, following.is_over) == (True, True)


class _Parcel(Model):
    code: int = 0


def test_only_a_read_knows_others() -> None:
    here, there = _place(_StandIn()), _place(_StandIn())
    other = Known(there)
    read = Reading(here, {ref(_Parcel): other})
    assert read.of(_Parcel) is other
    for known in (Known(here), Written(here, None), Reading(here, {})):
        assert known.of(_Parcel) is known


def test_who_asks_for_the_modified_fields_meets_a_save_that_was_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parcel, write = _Parcel(), Written(_place(_StandIn()), None)
    take: Any = _Parcel.__mapping__.codec.take

    class Slow(dict[int, Any]):
        """Has another thread take the instance once it was found as it was made."""

        def setdefault(self, *arguments: Any) -> Any:
            take((parcel,), [], [], write, new=False)
            return super().setdefault(*arguments)

    monkeypatch.setattr(state, "_being_made", Slow())

    assert parcel.__fields_modified__ == set()
    assert state.kept_state(parcel).known is write
    assert state.may_exist(parcel)
