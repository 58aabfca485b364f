"""An answer of the server decodes in pieces to what it decodes to as a whole."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from decimal import Decimal
from struct import pack

import bson
import pytest
from bson import Int64, ObjectId, Timestamp
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from bson.decimal128 import Decimal128
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from bson.son import SON
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.monitoring import CommandListener, ServerHeartbeatListener

from odmantic import Model, SyncEngine
from odmantic._driver.encoded_batches import PIECE_SIZE, documents_of, in_pieces
from odmantic._driver.plain import target_at
from odmantic._state.places import SOMEWHERE


class Parcel(Model):
    code: str


_TIME = Timestamp(1_700_000_000, 7)
_AROUND = {
    "ok": 1.0,
    "$clusterTime": {"clusterTime": _TIME, "signature": {"hash": b"\0" * 20, "keyId": Int64(0)}},
    "operationTime": _TIME,
}
_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(),
    st.binary(),
    st.lists(st.integers(-9, 9)),
    st.dictionaries(st.sampled_from("abc"), st.text(max_size=3)),
)
_documents = st.dictionaries(st.sampled_from(["_id", "cursor", "firstBatch", "0"]), _values)


def _collection(**options):
    client = MongoClient(connect=False, **options)
    return client["test"]["parcel"]


def _twin(collection):
    """What `find` reads from instead of a collection, if that gives pieces."""
    return in_pieces(target_at(collection, None, SOMEWHERE))


def _decoded(answer, collection=None):
    """What the driver makes of the bytes of an answer to the collection's twin."""
    twin = _twin(_collection() if collection is None else collection)
    (reply,) = bson.decode_all(answer, twin.codec_options)
    return reply


_LARGE = {"padding": "x" * 70_000}
"""Makes an answer large, so that its documents stay encoded."""


def _found(documents, *, name="firstBatch", around=_AROUND | _LARGE):
    return {"cursor": {name: documents, "id": Int64(5), "ns": "test.parcel"}, **around}


def _read(batch, options=CodecOptions()):  # noqa: B008 - cannot be changed
    return [document for part in documents_of(batch, options) for document in part]


@given(
    st.lists(_documents, max_size=30),
    st.sampled_from(["firstBatch", "nextBatch"]),
    st.sampled_from([_AROUND, _AROUND | _LARGE]),
)
def test_pieces_hold_the_documents(documents, name, around):
    whole = _found(documents, name=name, around=around)

    reply = _decoded(bson.encode(whole))

    batch = reply["cursor"].pop(name)
    assert len(batch) == len(documents)
    assert _read(batch) == documents
    del whole["cursor"][name]
    assert reply == whole
    assert type(reply["$clusterTime"]) is dict


@pytest.mark.parametrize("around", [_AROUND, _AROUND | _LARGE], ids=["small", "large"])
@pytest.mark.parametrize("number", [0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 1001, 10_050])
def test_pieces_are_small(number, around):
    documents = [{"_id": place, "text": "x" * (place % 7)} for place in range(number)]

    batch = _decoded(bson.encode(_found(documents, around=around)))["cursor"]["firstBatch"]
    parts = list(documents_of(batch, CodecOptions()))

    assert len(batch) == number
    assert [document for part in parts for document in part] == documents
    assert all(0 < len(part) <= PIECE_SIZE for part in parts)
    assert len(parts) <= number // PIECE_SIZE + 2


@pytest.mark.parametrize("around", [_AROUND, _AROUND | _LARGE], ids=["small", "large"])
def test_only_the_documents_of_a_large_answer_stay_encoded(around):
    batch = _decoded(bson.encode(_found([{"_id": 1}], around=around)))["cursor"]["firstBatch"]

    assert [type(piece) for piece in batch] == [memoryview if "padding" in around else list]


def test_the_order_of_an_answer_is_free():
    documents = [{"_id": place} for place in range(12)]
    cursor = {"id": Int64(0), "ns": "test.parcel", "partial": False, "firstBatch": documents}
    answer = {**_AROUND, **_LARGE, "n": 1, "cursor": {**cursor, "atClusterTime": _TIME}}

    reply = _decoded(bson.encode(answer))

    assert _read(reply["cursor"]["firstBatch"]) == documents
    assert reply["cursor"]["atClusterTime"] == _TIME


@pytest.mark.parametrize("around", [_AROUND, _AROUND | _LARGE], ids=["small", "large"])
def test_documents_are_decoded_as_the_collection_says(around):
    collection = _collection(tz_aware=True)
    whole = bson.encode(_found([{"_id": datetime(2026, 1, 1)}], around=around))

    batch = _decoded(whole, collection)["cursor"]["firstBatch"]

    (document,) = _read(batch, collection.codec_options)
    assert document == {"_id": datetime(2026, 1, 1, tzinfo=timezone.utc)}


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": 0.0, "errmsg": "no", "code": 2, "codeName": "BadValue", "errorLabels": ["x"]},
        {"ok": 0.0, "a key that is longer than any in an answer of MongoDB is": 1},
        {"ok": 1.0, "cursor": {}},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("padding", [{}, _LARGE], ids=["small", "large"])
def test_an_answer_without_documents_is_a_dictionary(answer, padding):
    assert _decoded(bson.encode(answer | padding)) == answer | padding


def test_the_documents_behind_an_unknown_type_are_found():
    answer = {"price": Decimal128("1"), **_found([{"_id": 1}])}

    assert _read(_decoded(bson.encode(answer))["cursor"]["firstBatch"]) == [{"_id": 1}]


@pytest.mark.parametrize("key", [b"", b"7", b"00", b"a" * 40])
def test_the_documents_of_an_array_with_other_keys_are_found(key):
    document = {"_id": 1, **_LARGE}
    elements = b"".join(b"\x03" + key + b"\0" + bson.encode(document) for _ in range(3))
    array = pack("<i", len(elements) + 5) + elements + b"\0"
    inner = b"\x04firstBatch\0" + array
    cursor = pack("<i", len(inner) + 5) + inner + b"\0"
    outer = b"\x03cursor\0" + cursor
    answer = pack("<i", len(outer) + 5) + outer + b"\0"

    batch = _decoded(answer)["cursor"]["firstBatch"]

    assert _read(batch) == [document] * 3


def test_a_broken_answer_raises():
    whole = bytearray(bson.encode(_found([{"_id": place} for place in range(3)])))
    place = whole.index(b"\x031\0") + 3
    for size in (0, 1, 2**31, 2**32 - 1):
        whole[place : place + 4] = pack("<I", size)
        with pytest.raises(InvalidBSON):
            _decoded(bytes(whole))


def test_who_is_shown_answers_gets_whole_ones(caplog):
    target = target_at(_collection(), None, SOMEWHERE)
    assert in_pieces(target) is in_pieces(target) is not None
    assert _twin(_collection(event_listeners=[ServerHeartbeatListener()])) is not None

    assert _twin(_collection(event_listeners=[CommandListener()])) is None
    with caplog.at_level(logging.DEBUG, logger="pymongo.command"):
        assert in_pieces(target) is None
    assert in_pieces(target) is not None


def test_an_encrypted_client_gets_whole_answers(monkeypatch):
    # Such a client needs a library that is not installed.
    collection = _collection()
    options = type(collection.database.client.options)
    monkeypatch.setattr(options, "auto_encryption_opts", property(lambda _: object()))

    assert _twin(collection) is None


class _Decimals(TypeDecoder):
    bson_type = Decimal128

    def transform_bson(self, value):
        return Decimal(str(value))


@pytest.mark.parametrize(
    "options",
    [
        CodecOptions(document_class=SON),
        CodecOptions(document_class=RawBSONDocument),
        CodecOptions(type_registry=TypeRegistry([_Decimals()])),
    ],
)
def test_types_of_a_program_are_left_to_the_driver(options):
    assert _twin(_collection().with_options(codec_options=options)) is None


def test_a_collection_that_is_not_of_the_driver_is_left_alone():
    collection = _collection()
    collection.find = lambda *_, **__: iter(())

    assert _twin(collection) is None
    assert _twin(object()) is None


def test_a_find_that_is_replaced_in_the_class_gives_documents(monkeypatch):
    documents = [{"_id": ObjectId(), "code": str(number)} for number in range(250)]
    monkeypatch.setattr(Collection, "find", lambda *_, **__: iter(documents))

    found = list(SyncEngine(MongoClient(connect=False)).find(Parcel))

    assert [parcel.code for parcel in found] == [document["code"] for document in documents]
