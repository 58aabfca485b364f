# Generated from tests/integration/aio/test_roundtrip.py by tools/generate_sync.py: do not edit.
"""Laws that hold for models and instances of any kind, through a real write and read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Optional

import bson
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.regex import Regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odmantic import EmbeddedModel, Field, Model

EXAMPLES = settings(
    max_examples=40,
    deadline=None,
    # The fixtures are an engine and its database, which every example may share.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Colour(Enum):
    RED = "red"
    NONE = 0


@dataclass(frozen=True)
class Kind:
    """A type of fields: its annotation, its values, and what has to be stored of one."""

    annotation: Any
    values: st.SearchStrategy[Any]
    stored: Callable[[Any], Any] = lambda value: value
    hashable: bool = False

    def __repr__(self):
        return str(self.annotation)


def _milliseconds(value: datetime) -> datetime:
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


integers = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
decimals = st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
)
object_ids = st.binary(min_size=12, max_size=12).map(bson.ObjectId)
keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)

SCALARS = [
    Kind(int, integers, hashable=True),
    Kind(float, st.floats(allow_nan=False), hashable=True),
    Kind(bool, st.booleans(), hashable=True),
    Kind(str, texts, hashable=True),
    Kind(bytes, st.binary(max_size=8), hashable=True),
    Kind(datetime, st.datetimes().map(_milliseconds), hashable=True),
    Kind(bson.ObjectId, object_ids, hashable=True),
    Kind(Int64, integers.map(Int64), hashable=True),
    Kind(Decimal, decimals, Decimal128, hashable=True),
    Kind(Decimal128, decimals.map(Decimal128)),
    Kind(
        Binary,
        st.builds(Binary, st.binary(max_size=8), st.sampled_from([0, 5, 128])),
        # The driver reads the generic subtype as bytes.
        lambda value: value if value.subtype else bytes(value),
    ),
    Kind(Regex, st.sampled_from([Regex("^a", "i"), Regex("b*")])),
    Kind(re.Pattern, st.just(re.compile("^a")), lambda value: Regex(value.pattern, value.flags)),
    Kind(Colour, st.sampled_from(Colour), lambda value: value.value, hashable=True),
    Kind(Literal["a", "b"], st.sampled_from(["a", "b"]), hashable=True),
]
HASHABLE = [kind for kind in SCALARS if kind.hashable]


def _optional(kind):
    return Kind(
        Optional[kind.annotation],
        st.none() | kind.values,
        lambda value: None if value is None else kind.stored(value),
    )


def _array(annotation, kind, values):
    return Kind(annotation, values, lambda value: [kind.stored(item) for item in value])


def _pair(left, right):
    return Kind(
        tuple[left.annotation, right.annotation],
        st.tuples(left.values, right.values),
        lambda value: [left.stored(value[0]), right.stored(value[1])],
    )


def _dictionary(key_type, key_values, kind):
    return Kind(
        dict[key_type, kind.annotation],
        st.dictionaries(key_values, kind.values, max_size=3),
        lambda value: {str(key): kind.stored(item) for key, item in value.items()},
    )


FIELD_NAMES = ["one", "two", "three", "four"]


def _class(name, base, kinds, renamed):
    namespace = {
        "__module__": __name__,
        "__qualname__": name,
        "__annotations__": {
            field: kind.annotation for field, kind in zip(FIELD_NAMES, kinds, strict=False)
        },
    }
    namespace |= {
        field: Field(key_name=f"{field}-key")
        for field in renamed
        if field in namespace["__annotations__"]
    }
    return type(base)(name, (base,), namespace)


def _document(instance, kinds, renamed):
    """What has to be stored of the fields."""
    return {
        f"{field}-key" if field in renamed else field: kind.stored(getattr(instance, field))
        for field, kind in zip(FIELD_NAMES, kinds, strict=False)
    }


renamings = st.sets(st.sampled_from(FIELD_NAMES))


@st.composite
def _embedded(draw, inner):
    kinds = draw(st.lists(inner, min_size=1, max_size=3))
    renamed = draw(renamings)
    model = _class("Embedded", EmbeddedModel, kinds, renamed)
    values = st.builds(
        lambda items: model(**dict(zip(FIELD_NAMES, items, strict=False))),
        st.tuples(*(kind.values for kind in kinds)),
    )
    return Kind(model, values, lambda value: _document(value, kinds, renamed))


def _containers(inner):
    hashable = st.sampled_from(HASHABLE)
    return st.one_of(
        inner.map(_optional),
        inner.map(
            lambda kind: _array(list[kind.annotation], kind, st.lists(kind.values, max_size=3))
        ),
        inner.map(
            lambda kind: _array(
                tuple[kind.annotation, ...], kind, st.lists(kind.values, max_size=3).map(tuple)
            )
        ),
        hashable.map(
            lambda kind: _array(set[kind.annotation], kind, st.sets(kind.values, max_size=3))
        ),
        hashable.map(
            lambda kind: _array(
                frozenset[kind.annotation], kind, st.frozensets(kind.values, max_size=3)
            )
        ),
        st.builds(_pair, inner, inner),
        inner.map(lambda kind: _dictionary(str, keys, kind)),
        inner.map(lambda kind: _dictionary(int, integers, kind)),
        inner.map(lambda kind: _dictionary(bson.ObjectId, object_ids, kind)),
        _embedded(inner),
    )


kinds_of_fields = st.recursive(st.sampled_from(SCALARS), _containers, max_leaves=6)


@st.composite
def models(draw):
    """A model, the kinds of its fields, and which of them have a key of another name."""
    kinds = draw(st.lists(kinds_of_fields, min_size=1, max_size=4))
    renamed = draw(renamings)
    return _class("Generated", Model, kinds, renamed), kinds, renamed


@EXAMPLES
@given(models(), st.data())
def test_what_is_read_equals_what_was_written(sync_engine, raw_database, commands, generated, data):
    model, kinds, renamed = generated
    values = [data.draw(kind.values) for kind in kinds]
    instance = model(**dict(zip(FIELD_NAMES, values, strict=False)))

    assert model.model_validate_doc(instance.model_dump_doc()) == instance

    sync_engine.save(instance)

    document = raw_database["generated"].find_one({"_id": instance.id})
    expected = {**_document(instance, kinds, renamed), "_id": instance.id}
    assert document == expected

    found = sync_engine.find_one(model, model.id == instance.id)
    assert found == instance
    assert type(found) is model
    for field, value in zip(FIELD_NAMES, values, strict=False):
        assert type(getattr(found, field)) is type(getattr(instance, field)) or value is None

    # Nothing has changed, so nothing is sent.
    commands.clear()
    sync_engine.save_all([found, instance])
    assert commands.names == []


class Inner(EmbeddedModel):
    number: int = Field(key_name="n", default=0)
    tags: list[str] = []


class Changing(Model):
    text: str = ""
    number: int = Field(key_name="nr", default=0)
    tags: list[str] = []
    inner: Inner = Inner()
    inners: list[Inner] = []
    by_name: dict[str, Inner] = {}
    free: Any = None
    extra: dict[str, Any] = Field(key_name="more", default={})


CHANGES = st.one_of(
    texts.map(lambda text: ("text", lambda x: setattr(x, "text", text))),
    integers.map(lambda number: ("number", lambda x: setattr(x, "number", number))),
    texts.map(lambda text: ("push", lambda x: x.tags.append(text))),
    st.just(("clear", lambda x: x.tags.clear())),
    st.lists(texts, max_size=2).map(lambda tags: ("tags", lambda x: setattr(x, "tags", tags))),
    integers.map(lambda number: ("inner.number", lambda x: setattr(x.inner, "number", number))),
    texts.map(lambda text: ("inner.tags", lambda x: x.inner.tags.append(text))),
    integers.map(lambda number: ("inner", lambda x: setattr(x, "inner", {"number": number}))),
    integers.map(lambda number: ("inners", lambda x: x.inners.append(Inner(number=number)))),
    integers.map(
        lambda number: ("inners[]", lambda x: [setattr(i, "number", number) for i in x.inners])
    ),
    keys.map(lambda key: ("by_name", lambda x: x.by_name.update({key: Inner()}))),
    texts.map(lambda text: ("free", lambda x: setattr(x, "free", [text]))),
    texts.map(
        lambda text: (
            "in free",
            lambda x: x.free.append(text) if isinstance(x.free, list) else None,
        )
    ),
    st.dictionaries(keys, integers, max_size=2).map(
        lambda more: ("extra", lambda x: x.extra.update(more))
    ),
    integers.map(lambda number: ("update", lambda x: x.model_update(number=number, text="u"))),
)


@EXAMPLES
@given(st.lists(st.tuples(CHANGES, st.booleans()), max_size=8), st.booleans())
def test_saving_in_between_makes_no_difference(
    sync_engine, raw_database, commands, changes, fetched
):
    instance = Changing()
    if fetched:
        sync_engine.save(instance)
        instance = sync_engine.find_one(Changing, Changing.id == instance.id)

    for (_, change), save in changes:
        change(instance)
        if save:
            sync_engine.save(instance)
            assert raw_database["changing"].find_one({"_id": instance.id}) == (
                instance.model_dump_doc()
            )
    sync_engine.save(instance)

    assert raw_database["changing"].find_one({"_id": instance.id}) == instance.model_dump_doc()
    assert sync_engine.find_one(Changing, Changing.id == instance.id) == instance
    commands.clear()
    sync_engine.save(instance)
    assert commands.names == []


FIELDS_OF_THEIRS = {"text": "theirs", "nr": -1, "tags": ["theirs"], "inner": {"n": -1, "tags": []}}


@EXAMPLES
@given(st.lists(CHANGES, max_size=4), st.sampled_from(sorted(FIELDS_OF_THEIRS)))
def test_a_save_sends_no_key_that_did_not_change(sync_engine, raw_database, changes, key):
    instance = sync_engine.save(Changing())
    before = instance.model_dump_doc()
    theirs = {key: FIELDS_OF_THEIRS[key]}
    raw_database["changing"].update_one({"_id": instance.id}, {"$set": theirs})
    for _, change in changes:
        change(instance)
    assigned = {Changing.__odm_fields__[name].key_name for name in instance.__fields_modified__}

    sync_engine.save(instance)

    after = instance.model_dump_doc()
    ours = key in assigned or after[key] != before[key]
    document = raw_database["changing"].find_one({"_id": instance.id})
    assert document[key] == (after[key] if ours else FIELDS_OF_THEIRS[key])
