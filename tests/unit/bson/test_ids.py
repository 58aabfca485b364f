"""Automatic ids have the parts that drivers give them, and are no others'."""

from __future__ import annotations

import os
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import bson
import pytest

from odmantic.bson import ObjectId


def test_an_id_begins_with_the_time() -> None:
    before = int(time.time())
    made = ObjectId()
    assert before <= made.generation_time.timestamp() <= time.time()
    assert isinstance(made, bson.ObjectId)


def test_ids_of_a_process_have_its_number_and_count() -> None:
    ids = [ObjectId().binary for _ in range(100)]
    assert len({one[4:9] for one in ids}) == 1
    counted = [int.from_bytes(one[9:], "big") for one in ids]
    assert all((second - first) % 2**24 == 1 for first, second in pairwise(counted))


def test_ids_of_the_driver_have_another_number() -> None:
    assert ObjectId().binary[4:9] != bson.ObjectId().binary[4:9]


def test_the_counter_begins_again_at_its_end(monkeypatch) -> None:
    monkeypatch.setattr("odmantic._bson.ids._counter", iter([2**24 - 1, 2**24]))
    assert [ObjectId().binary[9:] for _ in range(2)] == [b"\xff\xff\xff", b"\0\0\0"]


def test_threads_get_different_ids() -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: [ObjectId() for _ in range(2000)], range(4)))
    assert len({one for ids in made for one in ids}) == 8000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_a_forked_child_has_a_number_of_its_own() -> None:
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which do nothing here
        child = os.fork()
    if child == 0:
        os.write(writing, ObjectId().binary)
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        assert told.read()[4:9] != ObjectId().binary[4:9]
