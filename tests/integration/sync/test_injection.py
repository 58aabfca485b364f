# Generated from tests/integration/aio/test_injection.py by tools/generate_sync.py: do not edit.
"""What comes from outside changes the values of a command, never its shape.

Every public argument that takes a value, a key, an id, an extra, a sort order or a name is given what an attacker would
send. Each command that goes out has the shape of one that is sent for a harmless text, with that text's place taken by
the value, or the call is refused. A value may stand where MongoDB reads values only: as an operand, in what is set, and
in a filter by key as long as it is neither an operator nor a pattern.
"""

from __future__ import annotations

import contextlib
import re
from datetime import datetime
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import SON, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from bson.regex import Regex
from pymongo.errors import PyMongoError

from odmantic import EmbeddedModel, Field, Model, Reference, expr, query, update
from odmantic.exceptions import OdmanticError
from odmantic.path import each, element, where

HARMLESS = "harmless"

HOSTILE = [
    *({"$gt": ""}, {"$gte": MinKey()}, {"$ne": None}, {"$ne": HARMLESS}, {"$exists": True}),
    *({"$in": ["a"]}, {"$nin": []}, {"$regex": "^"}, {"$regex": "^", "$options": "i"}),
    *({"$not": {"$gt": ""}}, {"$type": 2}, {"$elemMatch": {"$gt": ""}}, {"$all": []}, {"$size": 0}),
    *(
        {"$mod": [1, 0]},
        {"$eq": "a"},
        {"$where": "true"},
        {"$expr": {"$eq": [1, 1]}},
        {"$or": [{}]},
    ),
    *({"$near": [0, 0]}, {"$set": {"a": 1}}, {"$inc": 1}, {"$each": [1]}, {"$literal": 1}),
    *({"a": {"$gt": ""}}, {"a": 1, "$gt": ""}, {"a.b": 1}, {"": 1}, {"_id": 1}, {}),
    *([], [[]], ["a", {"$gt": ""}], [{"$gt": ""}], ("a", re.compile("^")), [{"$where": "true"}]),
    *(
        re.compile("^"),
        re.compile(b"^"),
        Regex("^"),
        Regex("", "s"),
        Code("true"),
        Code("true", {}),
    ),
    *("$where", "$a", "$$ROOT", "$", "a.b", ".", "a.$[].b", "", "a\0b", "_id", "$set", "x" * 2_000),
    *(DBRef("a", 1), RawBSONDocument(bson.encode({"$gt": ""})), SON([("$gt", "")])),
    *(MinKey(), MaxKey(), Timestamp(0, 0), Decimal128("NaN"), float("nan"), Int64(5), 2**70),
    *(
        True,
        None,
        5,
        -1,
        b"$gt",
        datetime(2020, 1, 1),
        UUID(int=1),
        ObjectId("5f85f36d6dfecacc68428a46"),
    ),
]

# Which of the values are sent. What makes commands of them has no colour, so all are in one.
STEP = 3

REFUSALS = (
    re.error,
    OdmanticError,
    PyMongoError,
    BSONError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
)


class Inner(EmbeddedModel):
    model_config = {"extra": "allow"}

    v: Any = 0


class Thing(Model):
    id: Any = Field(primary_field=True)
    value: Any = 0
    tags: list[Any] = []
    parts: list[Inner] = []
    table: dict[str, Any] = {}
    inner: Inner = Inner()


class Order(Model):
    id: Any = Field(primary_field=True)
    thing: Thing = Reference()


class Open(Model):
    model_config = {"extra": "allow"}

    id: int = Field(primary_field=True)
    name: str = ""


MODELS = (Thing, Order)
FIELDS = [Thing.value, Thing.id, Thing.tags, Thing.table, Thing.inner.v, Order.thing, Thing.inner]
OPERATORS = ["eq", "ne", "gt", "gte", "lt", "lte", "match"]


def conditions(value):
    """What makes the conditions that there are with a value."""
    for number, field in enumerate(FIELDS):
        for name in OPERATORS:
            holder = (query, field)[number % 2]
            arguments = (field, value) if holder is query else (value,)
            yield lambda h=holder, n=name, a=arguments: getattr(h, n)(*a)
        for name in ("in_", "not_in"):
            yield lambda n=name, f=field: getattr(query, n)(f, [value])
            yield lambda n=name, f=field: getattr(f, n)([value, "b"])
    yield lambda: query.contains(Thing.tags, value)
    yield lambda: query.all_(Thing.tags, [value])
    yield lambda: query.all_(Thing.tags, ["b", value])
    yield lambda: query.elem_match(Thing.tags, element == value)
    yield lambda: query.elem_match(Thing.tags, element >= value, element < value)
    yield lambda: query.elem_match(Thing.tags, element.in_([value]) | (element != value))
    yield lambda: query.elem_match(Thing.parts, (Inner.v == value) & (Inner.v != value))
    yield lambda: Thing.parts[each].v == value
    yield lambda: Thing.parts[0].v.in_([value])
    for name in ("size", "mod", "exists", "type_", "bits_all_set", "bits_any_clear"):
        arguments = (value, value) if name == "mod" else (value,)
        yield lambda n=name, a=arguments: getattr(query, n)(Thing.value, *a)
    yield lambda: query.not_(Thing.tags[each] > value)
    yield lambda: Thing.table["k"] == value
    for name in ("startswith", "endswith", "icontains", "iequals"):
        yield lambda n=name: getattr(query, n)(Thing.value, value)
    yield from expressions(value)
    yield lambda: (Thing.value == value) & (Thing.id != value)
    yield lambda: (Thing.value == value) | {"value": 1}
    yield lambda: query.nor_(Thing.value == value, Thing.value > value)
    yield lambda: query.and_(Thing.tags.in_([value]), query.or_(Thing.inner.v <= value))


def expressions(value):
    """What makes conditions that the server computes."""
    for symbol in ("__add__", "__sub__", "__rmul__", "__truediv__", "__mod__"):
        yield lambda s=symbol: getattr(Thing.value, s)(value) > 1
    yield lambda: Thing.value + 1 == value
    yield lambda: Thing.value + 1 != expr.literal(value)
    yield lambda: Thing.id == expr.literal(value)
    yield lambda: expr.size(Thing.tags) < value
    yield lambda: expr.call("$concat", Thing.value, value) == 1
    yield lambda: expr.call("$eq", value, Thing.id) == 1
    yield lambda: expr.call("$max", [value, Thing.id]) == 1
    yield lambda: expr.call("$ifNull", Thing.tags, {"k": value, "l": Thing.id}) == 1
    yield lambda: expr.call("$trim", input=Thing.value, chars=value) == 1
    yield lambda: Thing.table["k"] > expr.call("$add", 1, value)


def _find(engine, model, conditions):
    [_ for _ in engine.find(model, *conditions)]


def _find_sorted(engine, model, conditions):
    engine.find_one(model, *conditions, sort=model.id.desc())


def _count(engine, model, conditions):
    engine.count(model, *conditions)


def _remove(engine, model, conditions):
    engine.remove(model, *conditions)


def _remove_one(engine, model, conditions):
    engine.remove(model, *conditions, just_one=True)


def _update_many(engine, model, conditions):
    engine.update_many(model, tuple(conditions), {"$set": {"x": 1}})


def _find_and_update(engine, model, conditions):
    engine.find_one_and_update(model, tuple(conditions), {"$set": {"x": 1}})


def _find_and_delete(engine, model, conditions):
    engine.find_one_and_delete(model, tuple(conditions))


def _delete_many(engine, model, conditions):
    engine.delete_many(model, tuple(conditions))


BY_QUERY = [
    *(_find, _find_sorted, _count, _remove, _remove_one),
    *(_update_many, _find_and_update, _find_and_delete, _delete_many),
]


def _save(engine, value):
    engine.save(Thing(id="a", value=value, tags=[value], table={"k": value}, inner=Inner(v=value)))


def _save_all(engine, value):
    engine.save_all([Thing(id=key, value=value, inner=Inner(x=value)) for key in ("a", "b")])


def _insert_many(engine, value):
    engine.save_all([Thing(id=f"n{number}", value=value) for number in range(120)])


def _change(engine, value):
    thing = engine.find_one(Thing, Thing.id == "a")
    thing.value = value
    thing.tags.append(value)
    thing.table["k"] = value
    thing.inner.v = value
    engine.save(thing)


def _change_many(engine, value):
    things = [each for each in engine.find(Thing, Thing.id.in_(["a", "b"]), sort=Thing.id)]
    for thing in things:
        thing.model_update(value=value, table={"k": [value]})
    engine.save_all(things)


def _save_id(engine, value):
    engine.save(Thing(id=value, value=1))


def _save_ids(engine, value):
    engine.save_all([Thing(id=value, value=1), Thing(id=value, value=2)])


def _change_by_id(engine, value):
    things = [Thing(id=value) for _ in range(3)]
    for thing in things:
        object.__setattr__(thing, "__baseline__", ())
        object.__setattr__(thing, "__modified__", {"value"})
    engine.save(things[0])
    engine.save_all(things[1:])


def _delete(engine, value):
    engine.delete(Thing(id=value))


def _save_reference(engine, value):
    thing = Thing.model_construct(id=value, value=1, tags=[], table={}, inner=Inner())
    object.__setattr__(thing, "__baseline__", {})
    object.__setattr__(thing, "__modified__", set())
    engine.save(Order(id="a", thing=thing))


def _save_with_reference(engine, value):
    engine.save_all([Order(id=key, thing=Thing(id=value)) for key in ("a", "b")])


def _extra_value(engine, value):
    engine.save(Open(id=1, x=value))
    engine.save_all([Open(id=1, x=value), Open(id=2, x=[value])])


def _extra_name(engine, value):
    engine.save(Open(**{"id": 1, value: 1}))


def _extra_names(engine, value):
    engine.save_all([Open(**{"id": number, value: number}) for number in (1, 2)])


def _assigned_name(engine, value):
    one = engine.save(Open(id=3))
    one.model_extra[value] = 1
    engine.save(one)
    del one.model_extra[value]
    engine.save(one)


def _updated_name(engine, value):
    one = engine.save(Open(id=3))
    one.model_update({value: 1})
    engine.save(one)


def _nested_name(engine, value):
    engine.save(Thing(id="a", table={value: {value: 1}}, inner=Inner(**{value: 1})))


def _of_values(value, key="n"):
    return Thing(id=key, value=value, tags=[value], table={"k": value}, inner=Inner(x=value))


def _insert(engine, value):
    engine.insert(_of_values(value))


def _insert_all(engine, value):
    engine.insert_many([_of_values(value, key) for key in ("m", "n")])


def _insert_id(engine, value):
    engine.insert(Thing(id=value))


def _insert_name(engine, value):
    engine.insert(Open(**{"id": 1, value: 1}))


def _replace(engine, value):
    engine.replace(_of_values(value, "a"))


def _replace_id(engine, value):
    engine.replace(Thing(id=value))


def _refresh(engine, value):
    thing = Thing(id=value)
    object.__setattr__(thing, "__modified__", set())
    engine.refresh(thing)


def _get(engine, value):
    engine.get(Thing, value)


def _get_many(engine, value):
    engine.get_many(Thing, [value, value, "b"])


def _distinct(engine, value):
    engine.distinct(Thing.value, Thing.value == value)
    engine.exists(Thing, Thing.value == value)


def _find_one_and(engine, value):
    where = Thing.value == value
    engine.find_one_and_update(Thing, where, update.set_(Thing.value, value))
    engine.find_one_and_delete(Thing, (where, Thing.tags.in_([value])))


def _commented(engine, value):
    engine.update_one(Thing, {}, update.unset(Thing.value), comment=value)
    engine.delete_many(Thing, Thing.id == "c", comment=value)


def _with_hint(engine, value):
    engine.update_many(Thing, Thing.id == "a", update.unset(Thing.value), hint=value)


def _with_variable(engine, value):
    where = Thing.value == expr.call("$$v")
    engine.update_many(Thing, where, update.unset(Thing.value), let={"v": value})
    engine.find_one_and_delete(Thing, where, let={"v": value})


def _update_instance(engine, value):
    thing = engine.find_one(Thing, Thing.id == "a")
    where = (Thing.tags != [value, "x"], query.eq(expr.literal(value), expr.literal(value)))
    engine.update(thing, update.set_(Thing.value, value), where=where)
    engine.update(thing, update.push(Thing.tags, value), where=Thing.id != value)
    engine.update(Thing(id=value), update.unset(Thing.value))


def _upsert(engine, value):
    where = Thing.id == "c"
    engine.update_one(Thing, where, update.set_(Thing.tags, [value]), upsert=True)
    given = Thing(id="d", value=value, table={"k": value}, inner=Inner(x=value))
    engine.update_many(Thing, Thing.id == "d", update.push(Thing.tags, value), upsert=given)


def _upsert_by_value(engine, value):
    where = (Thing.id == "c", Thing.value == value, Thing.inner.v == value)
    engine.update_one(Thing, where, update.add_to_set(Thing.tags, value), upsert=True)
    where = query.and_(Thing.id == "d", {"value": {"$gt": 1}}, Thing.inner.v != value)
    engine.update_many(Thing, where, update.set_(Thing.value, value), upsert=True)


def _replace_one(engine, value):
    engine.replace_one(Thing, Thing.value == value, _of_values(value))
    given = Thing(id="m", value=value)
    engine.find_one_and_replace(Thing, Thing.value == value, given, upsert=True)


def _get_or_create(engine, value):
    engine.get_or_create(Thing, Thing.value == value, _of_values(value))


def _to_references(engine, value):
    engine.update_many(Order, Order.thing == value, update.set_(Order.thing, value))


UPDATES = [
    lambda value: (update.set_(Thing.value, value),),
    lambda value: (update.set_(Thing.inner.v, value), update.set_(Thing.table["k"], value)),
    lambda value: (update.set_(Thing.tags, [value]),),
    lambda value: (update.push(Thing.tags, value, slice=3),),
    lambda value: (update.add_to_set(Thing.tags, value, "b"),),
    lambda value: (update.pull(Thing.tags, value),),
    lambda value: (update.pull(Thing.tags, element == value),),
    lambda value: (update.min_(Thing.value, value),),
    lambda value: (update.max_(Thing.value, value),),
    lambda value: (update.set_(Thing.tags[where(element == value)], 1),),
    lambda value: (update.inc(Thing.value, value),),
]
COMPARED, INC = (7, 8), 10


WRITES = [
    *(_save, _save_all, _insert_many, _change, _change_many, _save_id, _save_ids, _change_by_id),
    *(_delete, _save_reference, _save_with_reference, _extra_value, _extra_name, _extra_names),
    *(_assigned_name, _updated_name, _nested_name, _insert, _insert_all, _insert_id, _insert_name),
    *(_replace, _replace_id, _refresh, _get, _get_many, _distinct, _find_one_and, _commented),
    *(_with_hint, _with_variable, _to_references, _update_instance),
    *(_upsert, _upsert_by_value, _replace_one, _get_or_create),
]


NAMES_ONLY = {
    *(_extra_name, _extra_names, _assigned_name, _updated_name, _nested_name, _insert_name)
}


# --- Shapes ------------------------------------------------------------------------------------

_OF_VALUES = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"})
_FILTERS = frozenset({"filter", "q", "query", "$match"})
_VOLATILE = frozenset({"lsid", "txnNumber", "$clusterTime", "startTransaction", "readConcern"})


class Sent:
    """What a call sent, and what it was given."""

    def __init__(self, value, commands):
        self.value = value
        self.commands = [
            {key: part for key, part in event.command.items() if key not in _VOLATILE}
            for event in commands.started
            if event.command_name not in {"commitTransaction", "abortTransaction"}
        ]


def has_shape_of(sent, wanted, command, *, around=(), in_filter=False):
    """Tell whether a command is as one that was sent for the harmless text, but for the value in its place."""
    if isinstance(wanted, str) and wanted == HARMLESS:
        if not {"$expr", "let"}.isdisjoint(around):
            return "$literal" in around or not acts_in_expression(sent.value, command)
        is_operand = not in_filter or (around and around[-1] in _OF_VALUES)
        return is_operand or not acts_in_filter(command)
    if isinstance(wanted, dict):
        if not isinstance(command, dict):
            return False
        if wanted == {"$in": [HARMLESS]} and [*command] == ["$eq"]:
            return True
        if HARMLESS in wanted:  # the name of a key
            if [*wanted].index(HARMLESS) >= len(command):
                return False
            name = [*command][[*wanted].index(HARMLESS)]
            is_path = around[-2:] in {("u", "$set"), ("u", "$unset")}
            if is_path and (not name or "." in name or name.startswith("$")):
                return False
            wanted = {name if key == HARMLESS else key: each for key, each in wanted.items()}
        return wanted.keys() == command.keys() and all(
            has_shape_of(
                sent,
                wanted[key],
                command[key],
                around=(*around, key),
                in_filter=in_filter or key in _FILTERS,
            )
            for key in wanted
        )
    if isinstance(wanted, (list, tuple)):
        return (
            isinstance(command, (list, tuple))
            and len(wanted) == len(command)
            and all(
                has_shape_of(sent, one, two, around=around, in_filter=in_filter)
                for one, two in zip(wanted, command, strict=True)
            )
        )
    if isinstance(wanted, (re.Pattern, Regex)):
        return isinstance(command, (re.Pattern, Regex))
    return wanted == command


def acts_in_expression(value, command):
    """Tell whether MongoDB takes something in an expression for more than a value."""
    if isinstance(command, dict) and [*command] == ["$literal"]:
        is_literal = isinstance(value, dict) and [*value] == ["$literal"]
        return is_literal and not isinstance(command["$literal"], dict)
    if isinstance(command, str):
        return command.startswith("$")
    return isinstance(command, (dict, list, tuple, RawBSONDocument, DBRef))


def acts_in_filter(value):
    """Tell whether MongoDB takes something at a key of a filter for more than a value; `$eq` alone it does not."""
    if isinstance(value, (re.Pattern, Regex)):
        return True
    is_document = isinstance(value, (dict, RawBSONDocument))
    return is_document and [*value][:1] != ["$eq"] and str(next(iter(value), "")).startswith("$")


def plain(condition):
    """A filter with values that look like operators back among the members of `$in`, from which they were set apart."""
    if isinstance(condition, (list, tuple)):
        return [plain(each) for each in condition]
    if not isinstance(condition, dict):
        return condition
    for joined, listed, single in (
        ("$or", "$in", "$eq"),
        ("$and", "$nin", "$ne"),
    ):
        parts = condition.get(joined)
        if not isinstance(parts, (list, tuple)) or len(parts) < 2 or len(condition) > 1:
            continue
        (key, first), *_ = parts[0].items()
        if not isinstance(first, dict) or [*first] != [listed]:
            continue
        others = [part.get(key) for part in parts[1:] if [*part] == [key]]
        if len(others) == len(parts) - 1 and all(
            isinstance(each, dict) and [*each] == [single] for each in others
        ):
            return {key: {listed: [*(each[single] for each in others), *first[listed]]}}
    if len(condition) == 1:
        ((key, each),) = condition.items()
        if key in ("$and", "$or") and len(each) == 1:
            return plain(each[0])
        if isinstance(each, dict) and [*each] == ["$all"]:
            parts = [{key: {"$eq": part}} for part in each["$all"]]
            return parts[0] if len(parts) == 1 else {"$and": parts}
    return {
        key: each if key in _OF_VALUES else plain(each) if key in _LOGICAL else _item(each)
        for key, each in condition.items()
    }


def _item(condition):
    """A condition on an item, in the form for what is no array."""
    inside = condition.get("$elemMatch") if isinstance(condition, dict) else None
    is_equal = isinstance(inside, dict) and [*inside] == ["$eq"]
    return inside if is_equal else condition


_LOGICAL = frozenset({"$and", "$or", "$nor"})


def normal(command):
    """A command with its filters in one form."""
    changed = {**command}
    for name in ("filter", "query"):
        if name in changed:
            changed[name] = plain(changed[name])
    if "pipeline" in changed:
        changed["pipeline"] = [
            {"$match": plain(stage["$match"])} if "$match" in stage else stage
            for stage in changed["pipeline"]
        ]
    for name in ("deletes", "updates"):
        if name in changed:
            changed[name] = [{**each, "q": plain(each["q"])} for each in changed[name]]
    return changed


def _try(engine, commands, call, value):
    """What a call sends, refused or not."""
    commands.clear()
    with contextlib.suppress(REFUSALS):
        call(engine)
    return Sent(value, commands)


def _check(harmless, hostile):
    _check_like(harmless.commands, hostile)


def _check_like(commands, hostile):
    wanted = [normal(each) for each in commands]
    for command in map(normal, hostile.commands):
        assert any(has_shape_of(hostile, each, command) for each in wanted), (
            f"{hostile.value!r} made {command!r}, which is like none of {wanted!r}"
        )


def _fill(raw_database):
    for name in ("thing", "order", "open"):
        raw_database[name].delete_many({})
    raw_database["thing"].insert_many(THINGS)


THINGS = [
    {"_id": key, "value": 0, "tags": [], "parts": [], "table": {}, "inner": {}}
    for key in ("a", "b")
]


def _made(value):
    """The conditions with a value, and `None` for those that are refused."""
    made = []
    for make in conditions(value):
        try:
            made.append(make())
        except REFUSALS:
            made.append(None)
    return made


def _is_of(model, condition):
    return ("'thing'" in repr(condition)) is (model is Order)


def _with_some(command, numbers):
    """A command with some of the conditions that were joined in it."""
    if isinstance(command, (list, tuple)):
        return [_with_some(each, numbers) for each in command]
    if not isinstance(command, dict):
        return command
    return {
        key: [part for number, part in enumerate(each) if number in numbers]
        if key == "$and" and len(each) > 5
        else _with_some(each, numbers)
        for key, each in command.items()
    }


MADE = [_made(value) for value in HOSTILE]
ALWAYS = {"a": {"$exists": False}}
TEXTS_AND_DOCUMENTS = (str, dict, RawBSONDocument, re.Pattern, Regex, Code, DBRef)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("call", BY_QUERY, ids=lambda call: call.__name__)
def test_conditions(sync_engine, commands, call, model):
    usual = _made(HARMLESS)
    mine = [number for number, each in enumerate(usual) if each is not None and _is_of(model, each)]
    assert len(mine) > 5
    conditions = [*(usual[number] for number in mine), ALWAYS]
    harmless = _try(sync_engine, commands, lambda e: call(e, model, conditions), HARMLESS)

    def check(value, numbers, hostile):
        """Send conditions in one command, or each in one if something in one of them is refused."""
        chosen = [*(hostile[number] for number in numbers), ALWAYS]
        sent = _try(sync_engine, commands, lambda e: call(e, model, chosen), value)
        if sent.commands:
            places = {*map(mine.index, numbers), len(mine)}
            _check_like([_with_some(each, places) for each in harmless.commands], sent)
        elif len(numbers) > 1:
            for number in numbers:
                check(value, [number], hostile)

    for value, hostile in zip(HOSTILE[::STEP], MADE[::STEP], strict=True):
        for one, other in zip(usual, hostile, strict=True):
            # A number may be what an operator takes where a text is none.
            assert one is not None or other is None or not isinstance(value, TEXTS_AND_DOCUMENTS)
        check(value, [number for number in mine if hostile[number] is not None], hostile)


@pytest.mark.parametrize("number", range(len(UPDATES)))
def test_updates_by_query(sync_engine, raw_database, commands, number):
    make = UPDATES[number]

    def call(engine, value):
        method = (engine.update_one, engine.update_many)[number % 2]
        method(Thing, Thing.id == "a", *make(value))

    _fill(raw_database)
    harmless = _try(sync_engine, commands, lambda e: call(e, HARMLESS), HARMLESS)
    for value in HOSTILE[::STEP]:
        # A number that is added is one, and no text; one that is compared is compared with the default, too.
        if number in (*COMPARED, INC) and isinstance(value, (int, float)):
            continue
        _check(harmless, _try(sync_engine, commands, lambda e, v=value: call(e, v), value))


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize("call", WRITES, ids=lambda call: call.__name__)
def test_writes(sync_engine, raw_database, commands, call, in_transaction):
    def run(engine, value):
        if not in_transaction:
            call(engine, value)
            return
        with engine.transaction() as transaction:
            call(transaction, value)

    _fill(raw_database)
    harmless = _try(sync_engine, commands, lambda engine: run(engine, HARMLESS), HARMLESS)
    assert harmless.commands
    names_only = call in NAMES_ONLY
    sent = None
    # The same updates as without a transaction, in another envelope; and many documents take long.
    for value in HOSTILE[:: 3 if in_transaction or call is _insert_many else STEP]:
        # A name is a text, and one that is a key of a field is none of an extra.
        if names_only and (type(value) is not str or value == "_id"):
            continue
        if value is None and call in {_commented, _with_hint}:
            continue  # the same as no option
        if call is _insert_many and isinstance(value, Timestamp):
            continue  # updated: the server would fill it in
        if sent is None or sent.commands:
            _fill(raw_database)
        sent = _try(sync_engine, commands, lambda engine, v=value: run(engine, v), value)
        _check(harmless, sent)
        if call in {_delete, _change_by_id, _save_id, _save_ids, _insert_id, _replace_id}:
            theirs = list(raw_database["thing"].find({"_id": {"$in": ["a", "b"]}}))
            assert theirs == THINGS


def test_foreign_keys(sync_engine, raw_database, commands):
    _fill(raw_database)
    raw_database["order"].insert_one({"_id": "o", "thing": HARMLESS})

    def read(engine):
        for find in (engine.find_one, engine.find):
            result = find(Order)
            if find == engine.find:
                [_ for _ in result]
            else:
                result

    harmless = _try(sync_engine, commands, read, HARMLESS)
    for key in HOSTILE:
        with contextlib.suppress(REFUSALS):
            raw_database["order"].replace_one({"_id": "o"}, {"thing": key})
        _check(harmless, _try(sync_engine, commands, read, key))


def test_other_arguments(sync_engine, commands):
    for value in HOSTILE:
        for number, call in enumerate(_refused(sync_engine, value)):
            commands.clear()
            with pytest.raises(REFUSALS):
                result = call()
                if result is not None:
                    result
            assert commands.names == [], (value, number)


def _refused(engine, value):
    """Calls in which a value has no place."""

    def all_of(found):
        [_ for _ in found]

    refused = [
        lambda: all_of(engine.find(value)),
        lambda: all_of(engine.find(Thing, sort=(value, Thing.id))),
        lambda: engine.find_one(Thing, sort=(Thing.id, value)),
        lambda: all_of(engine.find(Thing, sort=query.asc(value))),
        lambda: all_of(engine.find(Thing, sort=query.desc(value))),
        lambda: all_of(engine.find(Thing, query.eq(value, 1))),
        lambda: all_of(engine.find(Thing, query.in_(value, [1]))),
        lambda: all_of(engine.find(Thing, query.match(value, "a"))),
        lambda: engine.count(value),
        lambda: engine.find_one(value),
        lambda: engine.remove(value),
        lambda: engine.save(value),
        lambda: engine.delete(value),
        lambda: engine.save_all([value]),
        lambda: engine.insert(value),
        lambda: engine.insert_many([Thing(id="z"), value]),
        lambda: engine.replace(value),
        lambda: engine.refresh(value),
        lambda: engine.get(value, "a"),
        lambda: engine.update_one(value, {}, update.set_(Thing.value, 1)),
        lambda: engine.update_one(Thing, {}, update.set_(Thing.value, 1), value),
        lambda: engine.update_many(Thing, {}, update.set_(Thing.value, Thing.id)),
        lambda: engine.delete_many(value, {}),
        lambda: engine.distinct(value),
        lambda: engine.configure_database([value]),
    ]
    if value is not None:
        refused += [
            lambda: all_of(engine.find(Thing, session=value)),
            lambda: engine.save(Thing(id="z"), session=value),
            lambda: engine.count(Thing, session=value),
        ]
    if value is not None and value not in ((), []):
        refused += [lambda: all_of(engine.find(Thing, sort=value))]
    if not isinstance(value, (dict, RawBSONDocument)):
        refused += [
            lambda: all_of(engine.find(Thing, value)),
            lambda: engine.count(Thing, value),
            lambda: engine.remove(Thing, Thing.id == "a", value),
            lambda: engine.find_one(Thing, (Thing.id == "a") & value),
            lambda: engine.update_one(Thing, value, update.set_(Thing.value, 1)),
            lambda: engine.delete_one(Thing, value),
            lambda: engine.delete_many(Thing, (Thing.id == "a", value)),
            lambda: engine.find_one_and_delete(Thing, value),
            lambda: engine.find_one_and_update(Thing, value, update.set_(Thing.value, 1)),
        ]
    if not isinstance(value, (dict, RawBSONDocument, list)):
        refused += [lambda: engine.update_many(Thing, {}, value)]
    if not isinstance(value, (dict, RawBSONDocument)) and value is not None:
        refused += [
            lambda: engine.update_many(Thing, {}, update.unset(Thing.value), let=value),
            lambda: engine.delete_many(Thing, {}, collation=value),
        ]
    if not isinstance(value, str) and value is not None:
        refused += [lambda: engine.delete_many(Thing, {}, hint=value)]
    if type(value) not in {int, bool, Int64, type(None)}:
        refused += [
            lambda: all_of(engine.find(Thing, limit=value)),
            lambda: all_of(engine.find(Thing, skip=value)),
        ]
    return refused


@pytest.mark.parametrize("field", FIELDS[:-1], ids=str)
def test_what_is_in_lists_are_values(field):
    # All of a request in place of a list of values.
    for value in HOSTILE:
        if isinstance(value, (dict, list, tuple)):
            condition = plain(field.in_(value))
            assert [*condition] == [+field]
            assert [*condition[+field]] == ["$in"]
            assert len(condition[+field]["$in"]) == len(value)
