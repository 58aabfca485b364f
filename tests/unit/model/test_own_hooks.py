"""What a class of the user's defines for itself takes no part in telling what changed, writing or reading.

The library looks at what an instance holds, not at its attributes, its truth, its length or its equality.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, List, Optional

import pytest
from tests.unit.somewhere import a_write, dirty_fields, read_document

from odmantic._plan.save import all_fields, plan_quickly, plan_save
from odmantic._state.places import SOMEWHERE
from odmantic._state.transitions import mark_written
from odmantic.exceptions import IncompleteDocumentError
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model


def _boom(*_arguments: Any) -> Any:
    raise RuntimeError("not to be asked")


def _key_error(_self: Any, name: str) -> Any:
    raise KeyError(name)


def _no_attribute(_self: Any, name: str) -> Any:
    raise AttributeError(name)


def _anything(_self: Any, _name: str) -> Any:
    return 42


def _without_super(self: Any, name: str) -> Any:
    return object.__getattribute__(self, name)


def _counting(self: Any, name: str) -> Any:
    return super(type(self), self).__getattribute__(name)


_HOOKS: list[tuple[str, Callable[..., Any]]] = [
    *(("__getattr__", each) for each in (_key_error, _no_attribute, _anything)),
    *(("__getattribute__", each) for each in (_without_super, _counting)),
    *(("__eq__", each) for each in (_boom, lambda _self, _other: True, lambda _self, _other: 0)),
    *(("__hash__", each) for each in (_boom, lambda _self: 1)),
    *(("__bool__", each) for each in (_boom, lambda _self: False)),
    *(("__len__", each) for each in (_boom, lambda _self: 0)),
    *(("__iter__", each) for each in (_boom, lambda _self: iter(()))),
    *((name, _boom) for name in ("__contains__", "__getitem__", "__repr__", "__str__", "__ne__")),
    *((name, _boom) for name in ("__call__", "__lt__", "__dir__", "__int__", "__index__")),
    *((name, _boom) for name in ("keys", "items", "values", "__format__", "__delattr__")),
    ("n_times_two", property(_boom)),  # type: ignore[list-item]
]


def _class(base: Any, hook: tuple[str, Any], **fields: tuple[Any, Any]) -> Any:
    fields = {"n": (int, 1), "tags": (List[str], []), **fields}
    namespace = {
        "__module__": __name__,
        "__annotations__": {name: annotation for name, (annotation, _) in fields.items()},
        **{name: default for name, (_, default) in fields.items()},
        **dict([hook] if hook else []),
    }
    return type(base)("Hooked", (base,), namespace)


def _make(hook: tuple[str, Any], where: str) -> Any:
    if where == "model":
        return _class(Model, hook)
    part = _class(EmbeddedModel, hook)
    return _class(
        Model,
        (),  # type: ignore[arg-type]
        # Python itself asks a value in a class body whether it is abstract.
        part=(part, Field(default_factory=part)),
        parts=(List[part], Field(default_factory=lambda: [part()])),
        maybe=(Optional[part], None),
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("where", ["model", "part"])
@pytest.mark.parametrize("hook", _HOOKS, ids=lambda hook: f"{hook[0]}-{hook[1]!r:.20}")
def test_an_instance_is_written_read_and_compared(hook: tuple[str, Any], where: str) -> None:
    model = _make(hook, where)
    instance = model(n=2)
    assert instance.__fields_modified__ == {*model.__odm_fields__}
    document = instance.model_dump_doc()
    assert (document["n"], document["tags"]) == (2, [])
    assert dirty_fields(instance) == {*model.__odm_fields__}
    instance.n = 3
    instance.__fields_modified__.clear()
    mark_written(instance, {*model.__odm_fields__}, {"tags": ((0,),)})

    read = read_document(model, document)
    assert dirty_fields(read) == set()
    read.n = 5
    read.tags.append("a")
    assert dirty_fields(read) == {"n", "tags"}
    read.model_update(n=7)
    copied = read.model_copy()
    assert copied.__fields_modified__ == {*model.__odm_fields__}
    assert copied.model_dump_doc() == {**document, "n": 7, "tags": ["a"]}
    if where == "part":
        read.part.n = 9
        read.parts[0].tags.append("b")
        assert dirty_fields(read) == {"n", "tags", "part", "parts"}


def test_fields_are_compared_where_assignments_are_not_seen() -> None:
    class Direct(Model):
        n: int = 1
        name: str = "a"

        def __setattr__(self, name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

    read = read_document(Direct, Direct().model_dump_doc())
    assert dirty_fields(read) == set()
    read.n = 2
    assert dirty_fields(read) == {"n"}
    assert read.__fields_modified__ == set()


# --- Pickles of another time -----------------------------------------------------------------------


class Old(Model):
    name: str


def _unpickled_as(instance: Any, model: Any) -> Any:
    """Unpickle an instance as a class has become since."""
    state = instance.__getstate__()
    fresh = model.__new__(model)
    fresh.__setstate__(pickle.loads(pickle.dumps(state)))
    return fresh


def test_a_field_that_was_added_since_has_its_default() -> None:
    class New(Model):
        name: str
        count: float = "3"  # type: ignore[assignment]
        tags: List[str] = []

    first, second = (_unpickled_as(Old(name="a"), New) for _ in range(2))
    assert first.count == 3.0
    assert first.model_dump_doc()["count"] == 3.0
    first.tags.append("a")
    assert second.tags == []
    assert dirty_fields(first) == {"name", "count", "tags", "id"}


def test_an_instance_without_a_value_has_no_document() -> None:
    class New(Model):
        name: str
        added: int

    instance = _unpickled_as(Old(name="a"), New)
    for refused in (instance.model_dump_doc, lambda: instance.model_dump_doc({"added"})):
        with pytest.raises(IncompleteDocumentError, match=r"cannot store New: .*'added'.* assign"):
            refused()
    with pytest.raises(AttributeError):
        instance.model_dump_doc()
    assert instance.model_dump_doc({"name"}) == {"name": "a"}
    instance.added = 1
    assert instance.model_dump_doc()["added"] == 1


class Inner(EmbeddedModel):
    needed: str
    other: int = 0


class Whole(Model):
    needed: str
    count: int = 0


class Renamed(Model):
    needed: str = Field(key_name="n")
    count: List[int] = []


class Outer(Model):
    inner: Inner
    maybe: Optional[Inner] = None
    many: List[Inner] = []


def _swap(instance: Any) -> None:
    """Put something foreign where a field was, so that the number of values stays."""
    del instance.__dict__["needed"]
    instance.__dict__["foreign"] = 3


@pytest.mark.parametrize(
    ("make", "holder"),
    [
        (lambda: Whole(needed="a"), lambda one: one),
        (lambda: Renamed(needed="a"), lambda one: one),
        (lambda: Outer(inner=Inner(needed="a")), lambda one: one.inner),
        (lambda: Outer(inner=Inner(needed="a"), maybe=Inner(needed="a")), lambda one: one.maybe),
        (lambda: Outer(inner=Inner(needed="a"), many=[Inner(needed="a")]), lambda one: one.many[0]),
    ],
)
def test_something_foreign_is_no_value_of_a_field(
    make: Callable[[], Any], holder: Callable[[Any], Any]
) -> None:
    instance = make()
    _swap(holder(instance))
    with pytest.raises(IncompleteDocumentError, match="no attribute 'needed'"):
        instance.model_dump_doc()
    documents: list[Any] = []
    write = a_write()
    type(instance).__mapping__.codec.take((instance,), documents, [], write, new=False)
    assert documents == []
    assert plan_quickly(instance, SOMEWHERE, None) is None
    with pytest.raises(IncompleteDocumentError, match=r"^cannot save .* no attribute 'needed'"):
        plan_save(instance, all_fields(instance), a_write())
