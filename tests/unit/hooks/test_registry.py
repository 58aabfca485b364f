"""The hooks of an engine, and the models that they may be called for."""

from __future__ import annotations

import gc
import weakref

import pytest
from pymongo import AsyncMongoClient, MongoClient

from odmantic import AIOEngine, EmbeddedModel, Model, Reference, SyncEngine, hook
from odmantic._hooks.registry import EngineHooks


class Line(EmbeddedModel):
    @hook("before_save")
    def tidy(self): ...


class Order(Model):
    lines: list[Line] = []


class Customer(Model):
    @hook("after_load")
    def greet(self): ...


class Delivery(Model):
    customer: Customer = Reference()


class Plain(Model):
    pass


def test_hooks_of_what_is_embedded_are_those_of_writes():
    hooks = EngineHooks()

    assert hooks.for_writes(Order).now() is hooks
    assert hooks.for_reads(Order) is None


def test_hooks_of_what_is_referenced_are_those_of_reads():
    hooks = EngineHooks()

    assert hooks.for_writes(Delivery) is None
    assert hooks.for_reads(Delivery).now() is hooks


def test_an_added_hook_is_for_the_model_and_its_subclasses():
    class Animal(Model):
        model_config = {"inheritance": "separate"}

    class Cat(Animal):
        pass

    hooks = EngineHooks()
    hooks.add("before_save", lambda instance: None, Animal)

    assert [len(hooks.of(cls, "before_save")) for cls in (Animal, Cat, Plain)] == [1, 1, 0]


def test_a_hook_for_all_models_is_for_documents():
    hooks = EngineHooks()
    hooks.add("before_save", lambda instance: None, None)

    assert len(hooks.of(Plain, "before_save")) == 1
    assert len(hooks.of(Line, "before_save")) == 1  # its own


def test_hooks_of_the_class_come_before_those_of_the_engine_in_their_order():
    def first(instance): ...

    def second(instance): ...

    hooks = EngineHooks()
    for each in (first, second, first):
        hooks.add("before_save", each, EmbeddedModel)

    functions = [each.function for each in hooks.of(Line, "before_save")]
    assert functions == [Line.tidy, first, second, first]


def test_a_removed_hook_is_gone_and_removing_it_again_does_nothing():
    hooks = EngineHooks()
    remove = hooks.add("before_save", lambda instance: None, Plain)
    hooks.add("before_save", lambda instance: None, Plain)

    remove()
    remove()

    assert len(hooks.of(Plain, "before_save")) == 1


@pytest.fixture(params=[AIOEngine, SyncEngine])
def engine(request):
    client = AsyncMongoClient() if request.param is AIOEngine else MongoClient(connect=False)
    return request.param(client)


def test_add_hook_refuses_what_is_no_event_function_or_model(engine):
    with pytest.raises(ValueError, match="there is no event 'after_read'"):
        engine.add_hook("after_read", print)
    with pytest.raises(TypeError, match="a callable is needed here, not 3"):
        engine.add_hook("after_load", 3)
    with pytest.raises(TypeError, match="cannot be called as a hook for after_load"):
        engine.add_hook("after_load", lambda: None)
    for model in (int, "Plain", Plain()):
        with pytest.raises(TypeError, match="add_hook takes a model class, or None"):
            engine.add_hook("after_load", lambda instance: None, model)


def test_a_sync_engine_takes_no_async_function():
    async def tell(instance): ...

    AIOEngine(AsyncMongoClient()).add_hook("after_save", tell)
    with pytest.raises(TypeError, match="the sync engine cannot await"):
        SyncEngine(MongoClient(connect=False)).add_hook("after_save", tell)


def test_an_engine_looks_again_at_its_models_when_a_hook_comes_or_goes(engine):
    assert engine._target(Plain).hooks is None

    remove = engine.add_hook("after_save", lambda instance: None, Plain)
    assert engine._target(Plain).hooks is not None

    remove()
    assert engine._target(Plain).hooks is None


def test_a_model_with_hooks_can_be_collected():
    class Temporary(Model):
        @hook("before_save")
        def tidy(self):
            super().__init__

    engine = SyncEngine(MongoClient(connect=False))
    engine._target(Temporary)
    engine.add_hook("after_load", lambda instance: None, Plain)
    gone = weakref.ref(Temporary)

    del Temporary
    gc.collect()

    assert gone() is None
