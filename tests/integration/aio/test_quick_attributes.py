"""Objects of the driver, and engines, whose dictionary nobody asks for: CPython 3.11 and 3.12 read their attributes faster."""

from __future__ import annotations

import gc
import sys

import pytest
from tests.integration.aio.reading import to_list

from odmantic import Model
from odmantic._driver.select import updates_plainly

pytestmark = pytest.mark.skipif(
    not (3, 11) <= sys.version_info < (3, 13), reason="of CPython 3.11 and 3.12 only"
)


class Parcel(Model):
    weight: float = 1.0


def _has_dictionary(value: object) -> bool:
    """Whether the dictionary of an object was made; to ask for it would make it."""
    names = {"_database", "database_name"}
    return any(
        isinstance(held, dict) and not names.isdisjoint(held) for held in gc.get_referents(value)
    )


async def test_nobody_asks_for_the_dictionary_of_a_collection_or_an_engine(aio_engine):
    collection = aio_engine.get_collection(Parcel)
    if not updates_plainly(collection):
        pytest.skip("not a collection of PyMongo")
    control = aio_engine.database["control"]
    control._odmantic_known = control._odmantic_derived = None
    if _has_dictionary(control):
        pytest.skip("attributes that other tests have set fill the 30 places that the class has")
    parcel = await aio_engine.save(Parcel())
    parcel.weight = 2.0
    await aio_engine.save_all([parcel, Parcel()])
    async with aio_engine.transaction() as transaction:
        parcel.weight = 3.0
        await transaction.save(parcel)
        assert await transaction.find_one(Parcel, Parcel.id == parcel.id) == parcel
    await to_list(aio_engine.find(Parcel))
    assert await aio_engine.find_one(Parcel, Parcel.id == parcel.id) == parcel
    await aio_engine.delete(parcel)

    assert not _has_dictionary(collection)
    assert not _has_dictionary(aio_engine)
    assert vars(collection)
    assert vars(aio_engine)
    assert _has_dictionary(collection)
    assert _has_dictionary(aio_engine)
