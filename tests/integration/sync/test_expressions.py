# Generated from tests/integration/aio/test_expressions.py by tools/generate_sync.py: do not edit.
"""What MongoDB finds by expressions, which it computes from the fields of each document."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Optional

from odmantic import EmbeddedModel, Field, Model, expr, query
from odmantic.path import each
from odmantic.query import not_
from odmantic.update import inc

EPOCH = datetime(2020, 1, 1)


class Part(EmbeddedModel):
    number: int = Field(0, key_name="n")


class Line(EmbeddedModel):
    sku: str = Field("", key_name="s")
    parts: list[Part] = Field([], key_name="ps")


class Plan(Model):
    id: int = Field(primary_field=True)
    used: int = Field(0, key_name="u")
    quota: int = 0
    price: Decimal = Decimal(0)
    share: float = 0
    name: str = ""
    tags: list[str] = []
    words: list[str] = []
    lines: list[Line] = Field([], key_name="l")
    line: Optional[Line] = None
    by_key: dict[str, int] = Field({}, key_name="k")
    begin: datetime = EPOCH
    end: datetime = EPOCH
    anything: Any = None


PLANS = [
    Plan(id=1, used=5, quota=4, price=Decimal("1.5"), share=0.5, name="$used", tags=["a", "b"], words=["a"]),
    Plan(
        id=2, used=7, quota=7, price=Decimal(2), share=2, name="tea", tags=["tea"], words=["tea", "nut"],
        lines=[Line(sku="tea", parts=[Part(number=1), Part(number=7)]), Line(sku="nut")],
        line=Line(parts=[Part(number=7)]), by_key={"a": 7}, end=EPOCH + timedelta(hours=1), anything={"$gt": ""},
    ),
    Plan(
        id=3, used=-7, quota=2, price=Decimal(-1), name="nut", tags=["x", "nut"], words=["nut"],
        lines=[Line(sku="nut")], by_key={"a": 1}, end=EPOCH - timedelta(hours=1), anything=["$used"],
    ),
]  # fmt: skip

FOUND = [
    (Plan.used > Plan.quota, {1}),
    (Plan.used == Plan.quota + 1, {1}),
    (Plan.quota * 2 - 1 >= Plan.used, {1, 2, 3}),
    (Plan.used / 2 == 2.5, {1}),
    (Plan.used // 2 == -4, {3}),  # rounded down
    (Plan.used % 4 == -3, {3}),  # the sign of the dividend
    (-Plan.used > Plan.quota, {3}),
    (Plan.price * Decimal("1.1") == Decimal("1.65"), {1}),
    (Plan.price * Plan.share == Decimal("0.75"), {1}),
    (2 - Plan.price < Plan.share, {2}),
    (Plan.lines[0].sku == Plan.name, {2, 3}),
    (Plan.lines[0].parts[-1].number == Plan.used, {2}),
    (Plan.lines[each].sku == Plan.words, {2, 3}),
    (Plan.lines[0].parts.number == expr.literal([1, 7]), {2}),
    (Plan.line.parts[0].number == Plan.used, {2}),
    (Plan.tags[-1] == Plan.name, {2, 3}),
    (Plan.by_key["a"] == Plan.quota, {2}),
    (query.size(Plan.tags) > query.size(Plan.words), {1, 3}),
    (expr.size(Plan.lines.sku) == 2, {2}),
    (Plan.end - Plan.begin >= timedelta(hours=1), {2}),
    (Plan.begin + timedelta(hours=1) == Plan.end, {2}),
    (Plan.name == expr.literal("$used"), {1}),
    (expr.call("$concat", Plan.name, "$used") == "tea$used", {2}),
    (expr.call("$in", Plan.name, Plan.tags), {2, 3}),
    (expr.call("$cmp", Plan.anything, {"$gt": ""}) == 0, {2}),
    (expr.call("$max", [Plan.used, Plan.quota]) == 5, {1}),
    (expr.call("$filter", input=Plan.tags, as_="tag", cond=expr.call("$eq", expr.call("$$tag"), "x")) != expr.literal([]), {3}),
    ((Plan.used > Plan.quota) | (Plan.quota - 1 == 1), {1, 3}),
    ((Plan.used + 0 > 0) & (Plan.name == "tea"), {2}),
    (not_(Plan.used < Plan.quota), {1, 2}),
]  # fmt: skip


def test_expressions_find_documents(sync_engine):
    sync_engine.save_all(PLANS)

    for condition, expected in FOUND:
        if isinstance(condition, expr.Expression):
            condition = condition == True  # noqa: E712, PLW2901 - a filter
        found = {plan.id for plan in sync_engine.find(Plan, condition)}
        assert found == expected, condition
        assert sync_engine.count(Plan, condition) == len(expected)

    result = sync_engine.update_many(Plan, Plan.used > Plan.quota + 0, inc(Plan.quota, 10))
    assert result.modified_count == 1
    assert sync_engine.remove(Plan, Plan.used < Plan.quota - 8) == 2
