"""The hooks that classes declare."""

from __future__ import annotations

import functools
from typing import Generic, TypeVar

import pytest

from odmantic import EmbeddedModel, HookEvent, Model, hook
from odmantic._hooks.declared import hooks_of
from odmantic._hooks.registry import EngineHooks

T = TypeVar("T")


def _names(cls, event="before_save"):
    return [each.name.rpartition(".")[2] for each in hooks_of(cls).get(event, ())]


class Stamped(Model):
    model_config = {"inheritance": "abstract"}

    @hook("before_save")
    def first(self): ...

    @hook("before_save")
    def second(self, event: HookEvent): ...


def test_hooks_of_bases_come_first_and_then_in_the_order_of_definition():
    class Mixin:
        @hook("before_save")
        def zeroth(self): ...

    class Order(Stamped, Mixin):
        @hook("before_save")
        def fourth(self): ...

        @hook("before_save")
        def third(self): ...

    assert _names(Order) == ["zeroth", "first", "second", "fourth", "third"]


def test_a_method_replaces_that_of_the_base_in_its_place():
    class Order(Stamped):
        @hook("before_save")
        def first(self): ...

    class Plain(Stamped):
        def first(self): ...

    (first, _) = hooks_of(Order)["before_save"]
    assert first.function is Order.first
    assert hooks_of(Plain)["before_save"][0].function is Plain.first
    assert _names(Plain) == ["first", "second"]


def test_a_method_that_replaces_a_hook_may_have_other_events():
    class Order(Stamped):
        @hook("after_save")
        def first(self): ...

    assert _names(Order) == ["second"]
    assert _names(Order, "after_save") == ["first"]


def test_what_is_no_method_ends_the_hook_that_it_replaces():
    class Order(Stamped):
        first = property(lambda self: 1)

    assert _names(Order) == ["second"]


def test_one_method_may_be_for_several_events():
    class Order(Model):
        @hook("after_insert")
        @hook("after_delete")
        def tell(self): ...

    assert _names(Order, "after_insert") == _names(Order, "after_delete") == ["tell"]


def test_a_wrapped_hook_is_one():
    def logged(function):
        @functools.wraps(function)
        def wrapper(*arguments):
            return function(*arguments)

        return wrapper

    class Order(Model):
        @logged
        @hook("before_save")
        def tidy(self, event): ...

    assert _names(Order) == ["tidy"]


def test_separate_models_generics_and_their_parametrisations_inherit_hooks():
    class Base(Model):
        model_config = {"inheritance": "separate"}

        @hook("before_save")
        def tidy(self): ...

    class Derived(Base):
        pass

    class Box(Model, Generic[T]):
        item: T

        @hook("before_save")
        def tidy(self): ...

    assert _names(Derived) == ["tidy"]
    assert _names(Box[int]) == ["tidy"]


def test_models_without_hooks_have_none():
    class Order(Model):
        def tidy(self): ...

    assert hooks_of(Order) == {}
    assert EngineHooks().for_writes(Order) is EngineHooks().for_reads(Order) is None


def test_a_method_of_the_pure_model_stays_a_method():
    class Order(Model):
        name: str

        @hook("before_save")
        def tidy(self):
            return self.name.lower()

    pure = Order.__pydantic_model__

    assert pure(id=Order(name="A").id, name="A").tidy() == "a"


@pytest.mark.parametrize("event", ["before_load", "save", "", None, 3])
def test_a_name_that_is_no_event_is_refused(event):
    with pytest.raises(ValueError, match=r"there is no event .*before_insert, before_update"):
        hook(event)


def test_only_a_method_can_be_marked():
    for value in (property(lambda self: 1), staticmethod(lambda: 1), 3):
        with pytest.raises(TypeError, match=r"hook\('before_save'\) takes a method"):
            hook("before_save")(value)


def test_a_hook_for_writes_by_query_is_a_class_method():
    with pytest.raises(
        TypeError, match=r"Order.check cannot be a hook for before_query_write.*@classmethod below"
    ):

        class Order(Model):
            @hook("before_query_write")
            def check(self, event): ...


def test_a_hook_for_instances_is_no_class_method():
    with pytest.raises(TypeError, match=r"Line.check cannot be a hook for before_save.*leave out"):

        class Line(EmbeddedModel):
            @hook("before_save")
            @classmethod
            def check(cls, event): ...


def test_a_class_method_may_be_marked_in_either_order():
    class Order(Model):
        @hook("before_query_write")
        @classmethod
        def one(cls, event): ...

        @classmethod
        @hook("before_query_write")
        def two(cls): ...

    assert _names(Order, "before_query_write") == ["one", "two"]


@pytest.mark.parametrize(
    ("function", "takes_event"),
    [
        (lambda self: None, False),
        (lambda self, event: None, True),
        (lambda self, event=None: None, True),
        (lambda self, *arguments: None, True),
        (lambda self, *, option=1: None, False),
    ],
)
def test_a_hook_takes_the_instance_and_the_event_if_it_can(function, takes_event):
    body = {"__module__": __name__, "tell": hook("after_save")(function)}

    (found,) = hooks_of(type("Order", (Model,), body))["after_save"]

    assert found.takes_event is takes_event


@pytest.mark.parametrize("function", [lambda: None, lambda a, b, c: None, lambda a, *, event: None])
def test_a_hook_with_other_arguments_is_refused(function):
    with pytest.raises(TypeError, match=r"Order.tell\(.*cannot be called as a hook for after_save"):
        type("Order", (Model,), {"__module__": __name__, "tell": hook("after_save")(function)})
