"""A class may name itself, or a class that waits for it, anywhere in an annotation, with a default.

A default is checked when all the classes in its annotation are complete.
"""

from __future__ import annotations

import typing
import warnings
from typing import Any, Dict, Generic, List, Optional, TypeVar

import pytest
from pydantic import BaseModel, PydanticUserError

from odmantic.exceptions import EmbeddedCopyWarning
from odmantic.model import EmbeddedModel, Model

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: List[T] = []


class Box(EmbeddedModel, Generic[T]):
    items: List[T] = []


with warnings.catch_warnings():
    # Models in models are copies, of which odmantic warns.
    warnings.simplefilter("ignore", EmbeddedCopyWarning)

    class Tree(Model):
        children: List[Tree] = []
        named: Dict[str, Tree] = {}
        maybe: Optional[List[Tree]] = None

    class Leaf(EmbeddedModel):
        children: List[Leaf] = []
        other: Optional[Leaf] = None

    class Plant(Model):
        leaf: Leaf = Leaf()

    class Left(Model):
        rights: List[Right] = []

    class Right(Model):
        lefts: List[Left] = []

    class Paged(Model):
        page: Optional[Page[Paged]] = None
        pages: List[Page[Paged]] = []
        filled: Page[Paged] = Page()

    class Boxed(EmbeddedModel):
        box: Optional[Box[Boxed]] = None

    class Holder(Model):
        boxed: Boxed

    class Branch(Model, Generic[T]):
        children: List[Branch[T]] = []
        value: Optional[T] = None


_INSTANCES: list[Any] = [
    lambda: Tree(children=[Tree(), Tree(children=[Tree()])], named={"k": Tree()}, maybe=[Tree()]),
    lambda: Plant(leaf=Leaf(children=[Leaf()], other=Leaf())),
    lambda: Left(rights=[Right(lefts=[Left()])]),
    lambda: Right(lefts=[Left(rights=[Right()])]),
    lambda: Paged(page=Page[Paged](items=[Paged()]), pages=[Page[Paged](items=[Paged()])]),
    lambda: Holder(boxed=Boxed(box=Box[Boxed](items=[Boxed()]))),
    lambda: Branch[int](children=[Branch[int](value=1)]),
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("make", _INSTANCES)
def test_instances_nest_and_survive_their_document(make: Any) -> None:
    instance = make()
    assert type(instance).model_validate_doc(instance.model_dump_doc()) == instance


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_in_a_function() -> None:
    class Local(Model):
        children: List[Local] = []
        page: Optional[Page[Local]] = None

    instance = Local(children=[Local()], page=Page[Local](items=[Local()]))
    assert Local.model_validate_doc(instance.model_dump_doc()) == instance
    assert typing.get_type_hints(Local)["children"] == list[Local]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_default_that_is_not_valid_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"^Unhandled field definition Wrong: .*Wrong\] = 5$"):

        class Wrong(Model):
            children: List[Wrong] = 5  # type: ignore[assignment]

    with pytest.raises(TypeError, match=r"^Unhandled field definition Worse: .* = 'a'$"):

        class Worse(Model):
            page: Optional[Page[Worse]] = "a"  # type: ignore[assignment]


# --- Type hints ------------------------------------------------------------------------------------


with warnings.catch_warnings():
    warnings.simplefilter("ignore", EmbeddedCopyWarning)

    class Early(Model):
        late: List[Late] = []  # noqa: F821 - made in a test
        mine: Optional[Early] = None


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_hints_are_what_annotations_say_before_and_after_they_are_resolved() -> None:
    with pytest.raises(NameError, match="'Late' is not defined"):
        typing.get_type_hints(Early)
    with pytest.raises(PydanticUserError, match="define `Late`"):
        Early()
    # Of another module, so that nothing is completed by its definition.
    late = type(EmbeddedModel)("Late", (EmbeddedModel,), {"__module__": __name__ + ".other"})
    globals()["Late"] = late
    try:
        assert typing.get_type_hints(Early)["late"] == List[late]  # type: ignore[valid-type]
        Early()
        hints = typing.get_type_hints(Early)
        assert hints["late"] == list[late]  # type: ignore[valid-type]
        assert hints["mine"] == Optional[Early]
    finally:
        del globals()["Late"]


@pytest.mark.parametrize("cls", [Tree, Leaf, Plant, Left, Right, Paged, Boxed, Holder, Branch])
def test_hints_name_every_field(cls: Any) -> None:
    assert typing.get_type_hints(cls).keys() >= cls.__odm_fields__.keys()
    assert typing.get_type_hints(cls, include_extras=True).keys() >= cls.__odm_fields__.keys()
    assert typing.get_type_hints(cls.__pydantic_model__).keys() >= cls.__odm_fields__.keys()
