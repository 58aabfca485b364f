"""polyfactory: models made of random values, that can be saved.

Not here: fields of type `datetime`, `Int64` and `Binary`, which its factory fails to make with odmantic 1.1.0 too (it is
written for odmantic before 1.0).
"""

from __future__ import annotations

from typing import Dict, List, Optional
from uuid import UUID

import bson
import pytest
from polyfactory.decorators import post_generated
from polyfactory.factories.odmantic_odm_factory import OdmanticModelFactory

from odmantic import EmbeddedModel, Field, Model, Reference


class Inner(EmbeddedModel):
    name: str
    serial: UUID
    object_id: bson.ObjectId
    amount: bson.Decimal128


class Outer(EmbeddedModel):
    inner: Inner
    ratio: float


class Owner(Model):
    name: str = Field(min_length=3, max_length=8)


class Document(Model):
    object_id: bson.ObjectId
    amount: bson.Decimal128
    name: str
    age: int = Field(ge=18, lt=100)
    nickname: Optional[str] = None
    outer: Outer
    inners: List[Inner]
    by_name: Dict[str, Inner]
    owner: Owner = Reference()


class DocumentFactory(OdmanticModelFactory[Document]):
    __model__ = Document


def test_factory_makes_every_type():
    document = DocumentFactory.build()
    assert isinstance(document, Document)
    assert isinstance(document.id, bson.ObjectId)
    assert isinstance(document.object_id, bson.ObjectId)
    assert isinstance(document.amount, bson.Decimal128)
    assert 18 <= document.age < 100
    assert isinstance(document.owner, Owner)
    assert 3 <= len(document.owner.name) <= 8
    assert isinstance(document.outer.inner.amount, bson.Decimal128)
    assert document.inners
    for inner in (*document.inners, *document.by_name.values()):
        assert isinstance(inner, Inner)
        assert isinstance(inner.serial, UUID)


def test_given_values_stay():
    owner = Owner(name="Ada")
    document = DocumentFactory.build(name="given", owner=owner, inners=[])
    assert (document.name, document.owner, document.inners) == ("given", owner, [])


def test_model_is_taken_from_the_type_argument():
    class Inferred(OdmanticModelFactory[Owner]): ...

    assert Inferred.__model__ is Owner
    assert isinstance(Inferred.build(), Owner)


def test_post_generated_sees_the_id():
    class OwnerFactory(OdmanticModelFactory[Owner]):
        @post_generated
        @classmethod
        def name(cls, id):
            return str(id)[:8]

    owner = OwnerFactory.build()
    assert owner.name == str(owner.id)[:8]


def test_embedded_model_has_a_factory():
    assert isinstance(OdmanticModelFactory.create_factory(Inner).build(), Inner)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_made_can_be_saved(sync_engine, seed):
    DocumentFactory.seed_random(seed)
    documents = DocumentFactory.batch(3)
    sync_engine.save_all(documents)
    found = {document.id: document for document in sync_engine.find(Document)}
    assert [found[document.id] for document in documents] == documents


async def test_what_is_made_can_be_saved_async(aio_engine):
    documents = DocumentFactory.batch(3)
    await aio_engine.save_all(documents)
    assert await aio_engine.count(Document) == 3
