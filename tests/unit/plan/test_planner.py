"""A batch of a save of many can be planned in pieces, with the same result."""

from __future__ import annotations

from typing import Any

import bson
import pytest
from tests.unit.somewhere import a_write, dirty_fields, read_document

from odmantic import Model
from odmantic._plan.groups import Group
from odmantic._plan.planner import Planner


class Parcel(Model):
    weight: float = 1.0
    tags: list[str] = ["x"]


class Loose(Model):
    weight: float = 1.0

    model_config = {"extra": "allow"}


class Crate(Model):
    content: Any


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odmantic._plan.planner.BATCH_SIZE", 20)
    monkeypatch.setattr("odmantic._plan.planner.UPDATE_BATCH_SIZE", 15)
    monkeypatch.setattr("odmantic._plan.planner.PIECE_SIZE", 4)


def _own(count: int) -> list[Any]:
    return [Parcel(weight=number) for number in range(count)]


def _given(count: int) -> list[Any]:
    return [Parcel(id=bson.ObjectId(f"{number:024x}")) for number in range(count)]


def _changed(count: int) -> list[Any]:
    known = [read_document(Parcel, each.model_dump_doc()) for each in _given(count)]
    for each in known[::2]:
        each.weight = 2.0
    return known


def _group(members: list[Any]) -> Group:
    return Group(type(members[0]), members, range(len(members)))


def _without_id(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "_id"}


@pytest.mark.parametrize("pieces", range(6))
def test_pieces_make_the_same_batch(pieces: int) -> None:
    whole = Planner(_group(_own(30)), 1, write=a_write()).finish()
    planner = Planner(_group(_own(30)), 1, write=a_write())

    for piece in range(pieces):
        assert planner.advance() is (planner.position < planner.stop)
        assert planner.position == min(1 + 4 * (piece + 1), planner.stop)
    batch = planner.finish()

    assert batch.stop == planner.stop == whole.stop
    for column in ("positions", "names", "are_whole", "are_new"):
        assert getattr(batch, column) == getattr(whole, column)
    assert list(map(_without_id, batch.documents)) == list(map(_without_id, whole.documents))
    assert [type(each) for each in batch.ids] == [type(each) for each in whole.ids]
    assert not any(map(dirty_fields, batch.instances))


@pytest.mark.parametrize(
    "make",
    [
        lambda: _given(10),
        lambda: _changed(10),
        lambda: [Loose() for _ in range(10)],
    ],
)
def test_only_what_is_inserted_is_planned_in_pieces(make: Any) -> None:
    members = make()
    before = list(map(dirty_fields, members))
    planner = Planner(_group(members), 0, write=a_write())

    assert planner.advance() is False

    assert (planner.position, len(planner.batch)) == (0, 0)
    assert list(map(dirty_fields, members)) == before
    assert len(planner.finish()) == sum(map(bool, before))


def test_pieces_end_at_the_first_other_instance() -> None:
    parcels = [*_own(6), *_given(6)]
    planner = Planner(_group(parcels), 0, write=a_write())

    assert [planner.advance() for _ in range(3)] == [True, True, False]
    assert planner.position == 6
    batch = planner.finish(supposes=True)

    assert (len(batch), batch.supposes) == (12, True)


def test_an_error_behind_the_pieces_ends_the_batch() -> None:
    loop: list[Any] = []
    loop.append(loop)
    crates = [Crate(content=loop if number == 5 else number) for number in range(10)]
    planner = Planner(_group(crates), 0, write=a_write())

    assert [planner.advance() for _ in range(3)] == [True, True, False]
    batch = planner.finish()

    assert batch.error is not None
    assert (len(batch), batch.stop) == (5, 6)
    assert crates[6].__fields_modified__ == {"id", "content"}


def test_an_interrupted_piece_takes_nothing() -> None:
    class Interrupting:
        @property
        def __dict__(self) -> Any:
            raise KeyboardInterrupt

    parcels: list[Any] = _own(8)
    planner = Planner(
        Group(Parcel, [*parcels[:6], Interrupting(), *parcels[6:]], range(9)), 0, write=a_write()
    )
    assert planner.advance() is True

    with pytest.raises(KeyboardInterrupt):
        planner.advance()

    assert (planner.position, len(planner.batch)) == (0, 0)
    assert all(each.__fields_modified__ == {"id", "weight", "tags"} for each in parcels)
