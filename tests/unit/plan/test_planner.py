"""A batch of a save of many can be planned in pieces, with the same result."""

from __future__ import annotations

from typing import Any

import bson
import pytest

from odmantic import Model
from odmantic._plan.groups import Group
from odmantic._plan.planner import Planner
from odmantic._state.changes import dirty_fields, read_document


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


def _new(count: int, model: Any = Parcel) -> list[Any]:
    return [model(id=bson.ObjectId(f"{number:024x}")) for number in range(count)]


def _changed(count: int, model: Any = Parcel) -> list[Any]:
    known = [read_document(model, each.model_dump_doc()) for each in _new(count, model)]
    for each in known[::2]:
        each.weight = 2.0
    return known


def _mixed(count: int) -> list[Any]:
    return [
        each
        for pair in zip(_new(count), _changed(count), [Parcel() for _ in range(count)], strict=True)
        for each in pair
    ]


def _group(members: list[Any]) -> Group:
    return Group(type(members[0]), members, range(len(members)))


def _without_id(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "_id"}


@pytest.mark.parametrize(
    "members",
    [
        lambda: [Parcel(weight=number) for number in range(30)],
        lambda: _new(30),
        lambda: _changed(30),
        lambda: _new(30, Loose),
        lambda: _changed(30, Loose),
        lambda: _mixed(10),
    ],
)
@pytest.mark.parametrize("pieces", range(6))
def test_pieces_make_the_same_batch(members: Any, pieces: int) -> None:
    whole = Planner(_group(members()), 1).finish()
    planner = Planner(_group(members()), 1)

    for piece in range(pieces):
        assert planner.advance() is (planner.place < planner.stop)
        assert planner.place == min(1 + 4 * (piece + 1), planner.stop)
    batch = planner.finish()

    assert batch.stop == planner.stop == whole.stop
    for column in ("places", "names", "are_whole", "are_new"):
        assert getattr(batch, column) == getattr(whole, column)
    assert list(map(_without_id, batch.documents)) == list(map(_without_id, whole.documents))
    assert [type(each) for each in batch.ids] == [type(each) for each in whole.ids]
    assert not any(map(dirty_fields, batch.instances))


def test_an_error_in_a_piece_ends_the_batch() -> None:
    loop: list[Any] = []
    loop.append(loop)
    crates = [Crate(content=loop if number == 5 else number) for number in range(10)]
    planner = Planner(_group(crates), 0)

    assert [planner.advance() for _ in range(3)] == [True, False, False]
    batch = planner.finish()

    assert batch.error is not None
    assert (len(batch), batch.stop) == (5, 6)
    assert crates[6].__fields_modified__ == {"id", "content"}
