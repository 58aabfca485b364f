"""Expressions, which the server computes: what they become, and what they refuse."""

from __future__ import annotations

import pickle
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Dict, List, Optional, Tuple
from uuid import UUID

import bson
import pytest
from bson import SON, Code, DBRef, Decimal128, Int64, MinKey, ObjectId
from bson.raw_bson import RawBSONDocument

from odmantic import EmbeddedModel, F, Field, Model, Reference, expr, query
from odmantic._plan.sort import build_sort
from odmantic.bson import WithBsonSerializer
from odmantic.expr import Expression, call, literal
from odmantic.path import each, element, matched, path_of, where
from odmantic.query import elem_match, not_, raw
from odmantic.update import add_to_set, inc, max_, pull, push, set_, set_on_insert


class Level(IntEnum):
    LOW = 1


class Colour(Enum):
    RED = "$r"


class Part(EmbeddedModel):
    n: int = Field(0, key_name="m")


class Line(EmbeddedModel):
    sku: str = ""
    qty: int = 0
    part: Part = Part()
    parts: List[Part] = []


class Home(EmbeddedModel):
    city: str = Field("", key_name="c")


class User(Model):
    name: str = ""


class Order(Model):
    model_config = {"inheritance": "single"}

    customer: User = Reference()
    age: int = Field(0, key_name="a")
    limit: int = 0
    total: Decimal = Decimal(0)
    share: float = 0
    level: Level = Level.LOW
    colour: Colour = Colour.RED
    name: str = ""
    flag: bool = False
    home: Home = Home()
    maybe: Optional[Home] = None
    tags: List[str] = []
    more: List[str] = []
    rows: List[List[int]] = []
    lines: List[Line] = []
    pair: Tuple[int, str] = (0, "")
    prefs: Dict[str, str] = {}
    years: Dict[int, int] = {}
    table: Dict[str, List[int]] = {}
    begin: datetime = datetime(2020, 1, 1)
    end: Optional[datetime] = None
    day: Optional[date] = None
    took: timedelta = timedelta(0)
    text: Annotated[int, WithBsonSerializer(str)] = 0
    any: Any = None


class Express(Order):
    fee: int = 0


class Extra(Model):
    model_config = {"extra": "allow"}


AT_0 = {"$arrayElemAt": ["$lines", 0]}


# --- Paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (Order.id, "$_id"),
        (Order.age, "$a"),
        (Order.customer, "$customer"),
        (Order.home, "$home"),
        (Order.home.city, "$home.c"),
        (Order.maybe.city, "$maybe.c"),
        (Order.lines.sku, "$lines.sku"),
        (Order.lines[each].sku, "$lines.sku"),
        (Order.lines[each], "$lines"),
        (Order.lines.parts.n, "$lines.parts.m"),
        (Order.lines[each].parts[each].n, "$lines.parts.m"),
        (Order.lines[0], AT_0),
        (Order.lines[0].sku, {"$getField": {"field": "sku", "input": AT_0}}),
        (
            Order.lines[0].part.n,
            {"$getField": {"field": "m", "input": {"$getField": {"field": "part", "input": AT_0}}}},
        ),
        (
            Order.lines[0].parts[-1].n,
            {
                "$getField": {
                    "field": "m",
                    "input": {
                        "$arrayElemAt": [{"$getField": {"field": "parts", "input": AT_0}}, -1]
                    },
                }
            },
        ),
        (
            Order.lines[0].parts.n,
            {
                "$let": {
                    "vars": {"item": {"$getField": {"field": "parts", "input": AT_0}}},
                    "in": "$$item.m",
                }
            },
        ),
        (
            Order.lines[0].parts[each].n,
            {
                "$let": {
                    "vars": {"item": {"$getField": {"field": "parts", "input": AT_0}}},
                    "in": "$$item.m",
                }
            },
        ),
        (Order.tags[-1], {"$arrayElemAt": ["$tags", -1]}),
        (Order.rows[1][2], {"$arrayElemAt": [{"$arrayElemAt": ["$rows", 1]}, 2]}),
        (Order.rows[1][each], {"$arrayElemAt": ["$rows", 1]}),
        (Order.pair[1], {"$arrayElemAt": ["$pair", 1]}),
        (Order.prefs["theme"], "$prefs.theme"),
        (Order.years[2020], "$years.2020"),
        (Order.table["x"][0], {"$arrayElemAt": ["$table.x", 0]}),
        (path_of(Extra, "key"), "$key"),
    ],
)  # fmt: skip
def test_a_path_in_an_expression(path, expected):
    assert call("$any", path).build() == {"$any": expected}


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        (lambda: Order.lines[matched].sku, ValueError, r"Order\.lines\[matched\].*meaning in updates only"),
        (lambda: Order.lines[where(Line.sku == "x")].qty, ValueError, "meaning in updates only"),
        (lambda: Order.lines[each].parts[0].n, ValueError, r"Order\.lines\[each\]\.parts may be several lists"),
        (lambda: Order.lines.parts[0], ValueError, "may be several lists"),
        (lambda: Order.rows[each][each], ValueError, "the items of one list"),
        (lambda: element, TypeError, "element is an item of a list"),
    ],
)  # fmt: skip
def test_a_path_without_a_meaning(path, error, message):
    with pytest.raises(error, match=message):
        call("$any", path())
    with pytest.raises(error, match=message):
        expr.size(path())


# --- Calculations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Order.age + 1, {"$add": ["$a", 1]}),
        (1 + Order.age, {"$add": [1, "$a"]}),
        (Order.age - Order.limit, {"$subtract": ["$a", "$limit"]}),
        (10 - Order.age, {"$subtract": [10, "$a"]}),
        (Order.age * 2.5, {"$multiply": ["$a", 2.5]}),
        (2 * Order.age, {"$multiply": [2, "$a"]}),
        (Order.age / 4, {"$divide": ["$a", 4]}),
        (1 / Order.age, {"$divide": [1, "$a"]}),
        (Order.age // 4, {"$floor": {"$divide": ["$a", 4]}}),
        (9 // Order.age, {"$floor": {"$divide": [9, "$a"]}}),
        (Order.age % 4, {"$mod": ["$a", 4]}),
        (9 % Order.age, {"$mod": [9, "$a"]}),
        (-Order.age, {"$multiply": ["$a", -1]}),
        ((Order.age + 1) * Order.limit - 2, {"$subtract": [{"$multiply": [{"$add": ["$a", 1]}, "$limit"]}, 2]}),
        (-(Order.age + Order.limit), {"$multiply": [{"$add": ["$a", "$limit"]}, -1]}),
        (Order.total * Decimal("1.1"), {"$multiply": ["$total", Decimal128("1.1")]}),
        ((Order.total + 1) * Decimal(2), {"$multiply": [{"$add": ["$total", 1]}, Decimal128("2")]}),
        (Decimal(1) - Order.share, {"$subtract": [Decimal128("1"), "$share"]}),
        (Order.age + Int64(3), {"$add": ["$a", 3]}),
        (Order.age + Level.LOW, {"$add": ["$a", 1]}),
        (Order.level + Level.LOW, {"$add": ["$level", 1]}),
        (Order.lines[0].qty + 1, {"$add": [{"$getField": {"field": "qty", "input": AT_0}}, 1]}),
        (Order.years[2020] * 2, {"$multiply": ["$years.2020", 2]}),
        (Order.any + 1, {"$add": ["$any", 1]}),
        (Express.fee + Order.age, {"$add": ["$fee", "$a"]}),
        (Order.end - Order.begin, {"$subtract": ["$end", "$begin"]}),
        (Order.begin + timedelta(seconds=2), {"$add": ["$begin", 2000]}),
        (timedelta(milliseconds=5) + Order.day, {"$add": [5, "$day"]}),
        (Order.begin - timedelta(microseconds=1500), {"$subtract": ["$begin", 1.5]}),
        (datetime(2021, 1, 1) - Order.begin, {"$subtract": [datetime(2021, 1, 1), "$begin"]}),
        (Order.took + timedelta(seconds=2), {"$add": ["$took", 2.0]}),
        (call("$abs", Order.age) + 1, {"$add": [{"$abs": "$a"}, 1]}),
        (Order.age + raw({"$abs": "$b"}), {"$add": ["$a", {"$abs": "$b"}]}),
        (call("$$x") + 1, {"$add": ["$$x", 1]}),
        (literal(5) - 1, {"$subtract": [{"$literal": 5}, 1]}),
    ],
)  # fmt: skip
def test_a_calculation(expression, expected):
    assert type(expression) is Expression
    assert expression.build() == expected
    assert repr(expression) == f"Expression({expected!r})"
    # What was built belongs to the caller.
    next(iter(expression.build().items()))
    assert expression.build() is not expression.build()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Order.name + "x", TypeError, r"\$add needs numbers or datetimes, and Order\.name never holds any.*\$concat"),
        (lambda: "x" * Order.age, TypeError, r"\$multiply takes a number, not 'x'"),
        (lambda: -Order.name, TypeError, r"Order\.name never holds any.*sort"),
        (lambda: Order.flag * 2, TypeError, "needs numbers"),
        (lambda: Order.customer + 1, TypeError, "needs numbers"),
        (lambda: Order.home + 1, TypeError, "needs numbers"),
        (lambda: Order.tags + 1, TypeError, "needs numbers"),
        (lambda: Order.lines.qty + 1, TypeError, r"Order\.lines\.qty may be several values"),
        (lambda: 1 - Order.lines[each].qty, TypeError, "may be several values"),
        (lambda: element + 1, TypeError, "element is an item"),
        (lambda: Order.text + 1, TypeError, "takes a number, not 1"),
        (lambda: Order.age + "1", TypeError, "takes a number, not '1'"),
        (lambda: Order.age + True, TypeError, "takes a number, not True"),
        (lambda: Order.age + None, TypeError, "takes a number, not None"),
        (lambda: Order.age - [1], TypeError, "takes a number"),
        (lambda: Order.age - [Order.limit], TypeError, "takes a number"),
        (lambda: Order.age + {"$gt": ""}, TypeError, "takes a number"),
        (lambda: Order.age + "$limit", TypeError, "takes a number"),
        (lambda: Order.age * (Order.limit > 3), TypeError, "is a condition"),
        (lambda: Order.age + 2**70, ValueError, "64 bits"),
        (lambda: Order.begin * 2, TypeError, "needs numbers, and Order.begin"),
        (lambda: Order.begin % 2, TypeError, "needs numbers, and Order.begin"),
        (lambda: Order.age + timedelta(1), TypeError, "takes a number"),
        (lambda: call("$x", 1) + timedelta(1), TypeError, "takes a number"),
        (lambda: Order.age * datetime(2020, 1, 1), TypeError, "takes a number"),
        (lambda: Order.begin + Order.took, TypeError, "seconds for milliseconds"),
        (lambda: Order.age + Extra.id, TypeError, "needs numbers"),
        (lambda: Order.age + path_of(Extra, "n"), TypeError, r"Order\.age and Extra.*are of different documents"),
        (lambda: (Order.age + 1) * path_of(Extra, "n"), TypeError, "of different documents"),
        (lambda: bool(Order.age + 1), TypeError, "has no truth value"),
    ],
)  # fmt: skip
def test_what_cannot_be_calculated(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_field_is_not_assigned():
    with pytest.raises(TypeError, match=r"write inc\(...\) or mul"):
        Order.age += 1
    assert repr(Order.age) == "<FieldProxy 'a'>"


def test_expressions_do_not_change():
    expression = Order.age + 1
    with pytest.raises(AttributeError):
        expression.operator = "$subtract"
    with pytest.raises(TypeError):
        hash(expression)
    with pytest.raises(TypeError):
        iter(expression)
    given = [1]
    kept = literal(given)
    given.append(2)
    assert kept.build() == {"$literal": [1]}


# --- Comparisons -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Order.age == Order.limit + 1, {"$eq": ["$a", {"$add": ["$limit", 1]}]}),
        (Order.limit + 1 == Order.age, {"$eq": [{"$add": ["$limit", 1]}, "$a"]}),
        (Order.age != Order.limit * 2, {"$ne": ["$a", {"$multiply": ["$limit", 2]}]}),
        (Order.limit * 2 != 7, {"$ne": [{"$multiply": ["$limit", 2]}, 7]}),
        (Order.lines[each].qty == literal([1, 2]), {"$eq": ["$lines.qty", {"$literal": [1, 2]}]}),
        (F(Order.age) > Order.limit + 1, {"$gt": ["$a", {"$add": ["$limit", 1]}]}),
        (Order.age + 1 < Order.limit, {"$lt": [{"$add": ["$a", 1]}, "$limit"]}),
        (Order.age + 1 <= Order.limit - 1, {"$lte": [{"$add": ["$a", 1]}, {"$subtract": ["$limit", 1]}]}),
        (Order.age % 2 > 0, {"$gt": [{"$mod": ["$a", 2]}, 0]}),
        (Order.age % 2 >= 1, {"$gte": [{"$mod": ["$a", 2]}, 1]}),
        (Order.age.lt(Order.limit + 1), {"$lt": ["$a", {"$add": ["$limit", 1]}]}),
        (query.gte(Order.age * 2, 3), {"$gte": [{"$multiply": ["$a", 2]}, 3]}),
        (query.eq(Order.age + 0, 3), {"$eq": [{"$add": ["$a", 0]}, 3]}),
        (Order.lines[0].sku == Order.name, {"$eq": [{"$getField": {"field": "sku", "input": AT_0}}, "$name"]}),
        (Order.tags[-1] != Order.name, {"$ne": [{"$arrayElemAt": ["$tags", -1]}, "$name"]}),
        (Order.lines.sku == Order.tags, {"$eq": ["$lines.sku", "$tags"]}),
        (Order.tags == Order.more, {"$eq": ["$tags", "$more"]}),
        (query.size(Order.tags) > Order.age, {"$gt": [{"$size": "$tags"}, "$a"]}),
        (Order.tags.size() == 2, {"$eq": [{"$size": "$tags"}, 2]}),
        (expr.size(Order.lines.sku) == Order.tags.size(), {"$eq": [{"$size": "$lines.sku"}, {"$size": "$tags"}]}),
        (expr.size(call("$setUnion", Order.tags, Order.more)) > 1, {"$gt": [{"$size": {"$setUnion": ["$tags", "$more"]}}, 1]}),
        (Order.total * 2 > Decimal(3), {"$gt": [{"$multiply": ["$total", 2]}, Decimal128("3")]}),
        (Order.end - Order.begin > timedelta(minutes=1), {"$gt": [{"$subtract": ["$end", "$begin"]}, 60_000]}),
        (Order.name == literal("$name"), {"$eq": ["$name", {"$literal": "$name"}]}),
        (Order.age == call("$$limit"), {"$eq": ["$a", "$$limit"]}),
    ],
)  # fmt: skip
def test_a_comparison_is_a_filter(condition, expected):
    assert type(condition) is query.QueryExpression
    assert condition == {"$expr": expected}
    assert next(iter(condition)).model in (Order, None)
    assert pickle.loads(pickle.dumps(condition)) == condition


def test_comparisons_are_joined_like_others():
    one, other = Order.age + 1 > 3, Order.name == "x"
    assert one & other == {"$and": (one, other)}
    assert one | (Order.age - 1 < 3) == {
        "$or": (one, {"$expr": {"$lt": [{"$subtract": ["$a", 1]}, 3]}})
    }
    assert not_(one) == {"$nor": (one,)}
    assert query.nor_(one, other) == {"$nor": (one, other)}


@pytest.mark.parametrize(
    "condition", [Line.qty > Line.part.n, Line.qty + 1 > 3, raw({}) & (Line.qty < Line.qty)]
)
def test_the_server_compares_no_fields_of_one_item(condition):
    message = r"\$expr is none of these: the server compares them with values only"
    with pytest.raises(TypeError, match=message):
        elem_match(Order.lines, condition)
    with pytest.raises(TypeError, match=message):
        Order.lines[where(Line.sku == "x", condition)]
    with pytest.raises(TypeError, match=message):
        pull(Order.lines, condition)
    with pytest.raises(TypeError, match=message):
        elem_match(Order.lines, (Line.sku == "x") | condition)


# --- Values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ("", ""),
        ("a.$b", "a.$b"),
        (5, 5),
        (None, None),
        (True, True),
        (Decimal("1.5"), Decimal128("1.5")),
        (b"$x", b"$x"),
        (Level.LOW, 1),
        ("$a", {"$literal": "$a"}),
        ("$$ROOT", {"$literal": "$$ROOT"}),
        (Colour.RED, {"$literal": "$r"}),
        (Code("$a"), {"$literal": Code("$a")}),
        ({}, {"$literal": {}}),
        ({"$gt": ""}, {"$literal": {"$gt": ""}}),
        ({"a": "$b"}, {"$literal": {"a": "$b"}}),
        (SON([("$gt", "")]), {"$literal": {"$gt": ""}}),
        (RawBSONDocument(bson.encode({"$gt": ""})), {"$literal": {"$gt": ""}}),
        (DBRef("a", 1), {"$literal": DBRef("a", 1)}),
        ([], {"$literal": []}),
        ([1], {"$literal": [1]}),
        (("$a", {"$b": 1}), {"$literal": ("$a", {"$b": 1})}),
        (Home(city="$c"), {"$literal": {"c": "$c"}}),
    ],
)  # fmt: skip
def test_a_value_stays_one(value, expected):
    assert (Order.age + 1 == value) == {"$expr": {"$eq": [{"$add": ["$a", 1]}, expected]}}
    assert call("$any", Order.name, value).build() == {"$any": ["$name", expected]}
    assert call("$any", to=value).build() == {"$any": {"to": expected}}
    bare = expected["$literal"] if isinstance(expected, dict) else expected
    assert literal(value).build() == {"$literal": bare}


def test_a_value_beside_a_field_is_stored_as_the_field_is():
    assert (call("$eq", Order.text, 5)).build() == {"$eq": ["$text", "5"]}
    assert (call("$cmp", 5, Order.text)).build() == {"$cmp": ["5", "$text"]}
    assert (call("$ifNull", Order.customer, "5f85f36d6dfecacc68428a46")).build() == {
        "$ifNull": ["$customer", ObjectId("5f85f36d6dfecacc68428a46")]
    }
    assert (Order.begin + 0 > datetime(2020, 1, 1)) == {
        "$expr": {"$gt": [{"$add": ["$begin", 0]}, datetime(2020, 1, 1)]}
    }


# --- Functions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda: call("$rand"), {"$rand": {}}),
        (lambda: call("$$NOW"), "$$NOW"),
        (lambda: call("$$ROOT.a"), "$$ROOT.a"),
        (lambda: call("$sum", Order.lines.qty), {"$sum": "$lines.qty"}),
        (lambda: call("$max", [Order.age, Order.limit, 3]), {"$max": ["$a", "$limit", 3]}),
        (lambda: call("$in", Order.name, Order.tags), {"$in": ["$name", "$tags"]}),
        (lambda: call("$in", Order.name, ["a", "$b"]), {"$in": ["$name", {"$literal": ["a", "$b"]}]}),
        (
            lambda: call("$dateAdd", startDate=Order.begin, unit="day", amount=Order.age),
            {"$dateAdd": {"startDate": "$begin", "unit": "day", "amount": "$a"}},
        ),
        (
            lambda: call("$filter", input=Order.tags, as_="tag", cond=call("$gt", call("$$tag"), "$b")),
            {"$filter": {"input": "$tags", "as": "tag", "cond": {"$gt": ["$$tag", {"$literal": "$b"}]}}},
        ),
        (
            lambda: call("$switch", branches=[{"case": call("$gt", Order.age, 3), "then": {"$x": 1}}], default=0),
            {
                "$switch": {
                    "branches": [{"case": {"$gt": ["$a", 3]}, "then": {"$literal": {"$x": 1}}}],
                    "default": 0,
                }
            },
        ),
        (
            lambda: call("$sortArray", input=Order.lines, sortBy=raw({"qty": 1})),
            {"$sortArray": {"input": "$lines", "sortBy": {"qty": 1}}},
        ),
        (lambda: call("$literal", {"$a": 1}), {"$literal": {"$a": 1}}),
        (lambda: expr.size([Order.age, 1]), {"$size": ["$a", 1]}),
    ],
)  # fmt: skip
def test_any_operator_can_be_called(expression, expected):
    assert expression().build() == expected


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: call("concat", Order.name), ValueError, "takes the name of an operator"),
        (lambda: call("$", Order.name), ValueError, "takes the name of an operator"),
        (lambda: call("$a.b", Order.name), ValueError, "takes the name of an operator"),
        (lambda: call("$a\n", Order.name), ValueError, "takes the name of an operator"),
        (lambda: call("$$a.$b"), ValueError, "takes the name of an operator"),
        (lambda: call("$$a.b\0"), ValueError, "takes the name of an operator"),
        (lambda: call({"$gt": 1}, Order.name), ValueError, "takes the name of an operator"),
        (lambda: call("$function", body="", args=[], lang="js"), TypeError, "has the server run code"),
        (lambda: call("$accumulator", 1), TypeError, "run code"),
        (lambda: call("$add", Order.age, to=1), TypeError, "by place or by name"),
        (lambda: call("$$NOW", 1), TypeError, "is a variable"),
        (lambda: call("$and", Order.age > 3), TypeError, "is a condition"),
        (lambda: call("$max", [{"$gt": Order.age}]), ValueError, r"no key '\$gt'"),
        (lambda: call("$max", [{"a.b": Order.age}]), ValueError, r"no key 'a\.b'"),
        (lambda: call("$max", [{5: Order.age}]), ValueError, "no key 5"),
        (lambda: expr.size(Order.age), TypeError, r"size needs a list, and Order\.age never holds any"),
        (lambda: query.size(Order.name), TypeError, "needs a list"),
        (lambda: expr.size([1]), TypeError, "takes a field or an expression"),
        (lambda: query.size(Order.tags, None), TypeError, "takes an integer"),
    ],
)  # fmt: skip
def test_what_cannot_be_called(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("value", [Order.limit, Order.limit + 1, expr.size(Order.tags)], ids=repr)
@pytest.mark.parametrize(
    ("operator", "field"),
    [
        (set_, Order.age),
        (set_, Order.any),
        (set_, Order.prefs["a"]),
        (set_, Order.customer),
        (set_on_insert, Order.any),
        (max_, Order.age),
        (inc, Order.age),
        (push, Order.rows),
        (add_to_set, Order.tags),
        (pull, Order.tags),
    ],
)
def test_an_update_takes_values_only(operator, field, value):
    with pytest.raises(TypeError, match=re.escape(str(operator.__name__))):
        operator(field, value)


def test_orders_take_fields_only():
    with pytest.raises(TypeError, match=r"not Expression.*desc\(User\.name\)"):
        build_sort(-Order.age, Order)
    with pytest.raises(TypeError, match="expected a field"):
        query.asc(Order.age + 1)
    with pytest.raises(TypeError, match="expected a field"):
        query.in_(Order.age + 1, [1])


def test_uuids_are_values():
    assert call("$any", UUID(int=1)).build()["$any"] is not None
    assert call("$any", MinKey()).build() == {"$any": MinKey()}
