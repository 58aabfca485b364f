"""What type checkers take in `every_field.py` is taken at run time too."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections import OrderedDict, deque
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, Regex
from bson.timestamp import Timestamp
from pydantic import AnyUrl, SecretStr
from tests.typing import every_field as models

from odmantic import ObjectId, Ref
from odmantic._plan.filters import build_filter
from odmantic._plan.sort import build_sort
from odmantic._plan.update import plan_update


@pytest.fixture(scope="module")
def every() -> models.Every:
    target, part, moment = models.Target(name="a"), models.Part(code="a"), datetime(2026, 1, 1)
    return models.Every(
        integer=1,
        real=1.5,
        decimal=Decimal(1),
        text="a",
        truth=True,
        data=b"a",
        plain=models.Plain.A,
        word=models.Word.A,
        number=models.Number.A,
        flags=models.Flags.A,
        literal="a",
        numbered=1,
        points=models.Points(1),
        slug=models.Slug("a"),
        price=models.Price(Decimal(2)),
        limited=3,
        checked="a",
        moment=moment,
        day=date(2026, 1, 1),
        clock=time(8),
        span=timedelta(1),
        uuid=uuid.uuid4(),
        key=ObjectId(),
        long=Int64(3),
        binary=Binary(b"a"),
        decimal128=Decimal128("1"),
        regex=Regex("a"),
        pattern=re.compile("a"),
        timestamp=Timestamp(1, 1),
        path=Path("/"),
        pure=PurePosixPath("/"),
        url=AnyUrl("https://a.no"),
        address=ipaddress.IPv4Address("127.0.0.1"),
        secret=SecretStr("a"),
        fraction=Fraction(1, 2),
        whole=3,
        either=3,
        thing=3,
        items=[1],
        names=["a"],
        unique={"a"},
        frozen=frozenset({1}),
        recent=deque([moment]),
        triple=(1,),
        fixed=(1, "a"),
        sequence=["a"],
        members={1},
        lists=[[1]],
        sets=[{"a"}],
        maybes=[None],
        states=[models.Plain.A],
        words={models.Word.A},
        parts=[part],
        nested=[[part]],
        table={"a": 1},
        by_number={1: "a"},
        tables={},
        rows={},
        by_name={"a": part},
        ordered=OrderedDict(),
        mapping={},
        part=part,
        holder=models.Holder(part=part),
        base=models.Base(),
        derived=[],
        note=models.Note(text="a"),
        notes=[],
        spot=models.Spot(3),
        pair=models.Pair(1, 2),
        typed={"x": 1},
        reference=target,
        references=[target],
        reference_set=(target,),
        by_code=models.Keyed(code="a"),
        roles={"a": target},
        lazy=Ref(target),
        lazies=[Ref(target)],
        lazy_set={Ref(target)},
        lazy_tuple=(Ref(target),),
    )


class Planner:
    """An engine that only plans."""

    def find(self, model: Any, *queries: Any, sort: Any) -> None:
        build_filter(queries, model)
        assert build_sort(sort, model) is not None

    def update_many(self, model: Any, query: Any, *updates: Any) -> None:
        build_filter((query,), model)
        for each in updates:  # together they would change one path twice
            assert plan_update(model, (each,)).document


def test_conditions(every):
    maybe = models.Maybe(moment=every.moment, typed=every.typed)
    cat = models.Cat()
    assert all(map(len, models.with_each_field(every)))
    assert all(map(len, models.with_each_optional_field(maybe, every)))
    leaf = models.Leaf(created=every.moment)
    assert all(map(len, models.of_inherited_and_generic_models(leaf, cat)))


def test_updates(every):
    models.updates(Planner(), every)  # type: ignore[arg-type]


def test_sort_orders():
    models.orders(Planner())  # type: ignore[arg-type]
