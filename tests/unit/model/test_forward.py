"""Annotations that name what is defined later: the class itself, its module, its function."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Optional, Union, get_args

import bson
import pytest
from pydantic import BaseModel, PydanticUndefinedAnnotation, PydanticUserError, TypeAdapter

from odmantic.bson import _datetime
from odmantic.field import Field, ODMEmbedded, ODMEmbeddedGeneric, ODMReference
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Node(EmbeddedModel):
    label: str = Field(key_name="l")
    next: Optional[Node] = None
    children: List[Node] = Field([], key_name="c")


class Early(Model):
    late: Late
    maybe: Optional[Later] = None
    target: Target = Reference(key_name="t")
    raw: List[bson.ObjectId]
    when: Union[datetime, None, Later2] = None


class Late(EmbeddedModel):
    x: int = Field(key_name="k")


class Later(EmbeddedModel):
    x: int = Field(key_name="k")


class Target(Model):
    name: str = Field(primary_field=True)


class Later2(EmbeddedModel):
    x: int = Field(key_name="k")


class Left(EmbeddedModel):
    right: Optional[Right] = None


class Right(EmbeddedModel):
    left: List[Left] = []
    when: datetime = datetime(2020, 1, 1)


def test_recursive_models_are_classified() -> None:
    assert isinstance(Node.__odm_fields__["next"], ODMEmbedded)
    assert Node.__odm_fields__["next"].model is Node
    assert isinstance(Node.__odm_fields__["children"], ODMEmbeddedGeneric)
    assert Node.__mutable_fields__ == {"next", "children"}
    assert +Node.next.next.label == "next.next.l"


def test_recursive_models_round_trip_with_their_keys() -> None:
    node = Node(label="a", next=Node(label="b"), children=[Node(label="c", children=[])])
    document = {
        "l": "a",
        "next": {"l": "b", "next": None, "c": []},
        "c": [{"l": "c", "next": None, "c": []}],
    }
    assert node.model_dump_doc() == document
    assert Node.model_validate_doc(document) == node


def test_names_defined_later_in_the_module() -> None:
    assert isinstance(Early.__odm_fields__["late"], ODMEmbedded)
    assert isinstance(Early.__odm_fields__["target"], ODMReference)
    assert Early.__references__ == ("target",)
    assert Early.model_fields["when"].annotation == Union[_datetime, None, Later2]
    early = Early(late=Late(x=1), maybe=Later(x=2), target=Target(name="n"), raw=[])
    assert early.model_dump_doc() == {
        "late": {"k": 1},
        "maybe": {"k": 2},
        "t": "n",
        "raw": [],
        "when": None,
        "_id": early.id,
    }


def test_models_that_name_each_other() -> None:
    left = Left(right=Right(left=[Left()], when=datetime(2020, 1, 1, 0, 0, 0, 1999)))
    assert left.right is not None
    assert left.right.when.microsecond == 1000
    assert Left.model_validate_doc(left.model_dump_doc()) == left


def test_models_local_to_a_function() -> None:
    class First(Model):
        second: Optional[Second] = None
        third: List[Second]

    class Second(EmbeddedModel):
        x: int = Field(key_name="k")

    assert isinstance(First.__odm_fields__["second"], ODMEmbedded)
    assert First(second=Second(x=1), third=[]).model_dump_doc(include={"second"}) == {
        "second": {"k": 1}
    }


def make_in_a_function() -> Any:
    class First(EmbeddedModel):
        second: Optional[Second] = None

    class Second(EmbeddedModel):
        x: int = Field(key_name="k")

    return First


def test_models_of_a_function_that_has_returned() -> None:
    first = make_in_a_function()(second={"x": 1})
    assert first.model_dump_doc() == {"second": {"k": 1}}


def test_other_local_types_resolve_when_the_class_is_used() -> None:
    class First(EmbeddedModel):
        second: Dict[str, Second]

    class Second(BaseModel):
        x: int

    assert First(second={"a": {"x": 1}}).model_dump_doc() == {"second": {"a": {"x": 1}}}  # type: ignore[dict-item]


def test_other_local_types_resolve_inside_other_schemas() -> None:
    class First(EmbeddedModel):
        second: Second

    class Second(BaseModel):
        x: int

    one = TypeAdapter(List[First]).validate_python([{"second": {"x": 1}}])
    assert one[0].model_dump_doc() == {"second": {"x": 1}}


def test_known_local_names_are_used() -> None:
    class Local(EmbeddedModel):
        x: int = Field(key_name="k")

    class User(EmbeddedModel):
        local: Local

    assert User(local=Local(x=1)).model_dump_doc() == {"local": {"k": 1}}


def test_string_inside_an_annotation() -> None:
    class Wrapped(EmbeddedModel):
        x: Optional["Node"] = None  # noqa: UP037

    assert isinstance(Wrapped.__odm_fields__["x"], ODMEmbedded)


def test_what_is_never_defined_is_named_in_the_error() -> None:
    class Lost(Model):
        x: Optional[Nowhere] = None  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(PydanticUserError, match="Nowhere"):
        Lost(x=None)
    with pytest.raises(PydanticUndefinedAnnotation, match="Nowhere"):
        Lost.__odm_fields__
    with pytest.raises(PydanticUndefinedAnnotation, match="Nowhere"):
        Lost.x
    assert Lost.model_rebuild(raise_errors=False) is False


def test_late_definition_errors_come_with_the_first_use() -> None:
    class Wrong(Model):
        x: Elsewhere

    with pytest.raises(TypeError, match="without a Reference assigned to it"):

        class Elsewhere(Model):
            pass


def test_late_problems_with_the_mapping_stay() -> None:
    class Wrong(Model):
        x: Union[int, Holder]

    with pytest.raises(TypeError, match="containing references is not allowed"):

        class Holder(EmbeddedModel):
            to: Target = Reference()

    with pytest.raises(TypeError, match="containing references is not allowed"):
        Wrong.__odm_fields__


def test_late_defaults_are_checked() -> None:
    class Wrong(Model):
        x: Optional[Number] = "a"  # type: ignore[assignment]

    Number = int  # noqa: N806 - found by name
    with pytest.raises(TypeError, match="Unhandled field definition"):
        Wrong(x=None)


def test_rebuilding_a_complete_model_changes_nothing() -> None:
    assert Node.model_rebuild() is None
    assert Node.model_rebuild(force=True) is True
    assert Node(label="a").model_dump_doc() == {"l": "a", "next": None, "c": []}


class Alike:
    """A namespace of its own."""

    class Holder(EmbeddedModel):
        x: Optional[Same] = None  # type: ignore[name-defined]  # noqa: F821


def make_another() -> Any:
    class Same(EmbeddedModel):
        wrong: int

    return Same


def test_a_class_of_that_name_elsewhere_is_not_taken() -> None:
    assert make_another()(wrong=1).wrong == 1
    with pytest.raises(PydanticUndefinedAnnotation, match="Same"):
        Alike.Holder.__odm_fields__


def test_an_attribute_of_the_class_completes_it() -> None:
    class First(EmbeddedModel):
        second: Dict[str, Second]

    class Second(BaseModel):
        x: int

    assert +First.second == "second"
    assert First.__references__ == ()
    with pytest.raises(AttributeError):
        First.third


def test_a_view_of_the_class_completes_it() -> None:
    class First(Model):
        second: Dict[str, Second]

    class Second(BaseModel):
        x: int

    assert First.__collection__ == "first"
    assert First.__mutable_fields__ == {"second"}


def test_two_missing_names_one_after_the_other() -> None:
    class First(EmbeddedModel):
        both: Dict[Second, Third]

    Second = str  # noqa: N806 - found by name
    with pytest.raises(PydanticUndefinedAnnotation, match="Third"):
        First.model_rebuild()

    class Third(EmbeddedModel):
        x: int = Field(key_name="k")

    assert First(both={"a": Third(x=1)}).model_dump_doc() == {"both": {"a": {"k": 1}}}


def test_direct_models_that_name_each_other_have_no_instances_but_fields() -> None:
    class Egg(EmbeddedModel):
        hen: Hen
        others: List[Hen]

    class Hen(EmbeddedModel):
        egg: Egg

    assert isinstance(Egg.__odm_fields__["hen"], ODMEmbedded)
    assert Egg.__mapping__.references == ()


class And(EmbeddedModel):
    rules: List[Rule] = []


class Not(EmbeddedModel):
    rule: Optional[Rule] = None
    other: Dict[str, Rule] = {}


Rule = Union[And, Not]


class Ruled(Model):
    rule: Rule


def test_classes_may_wait_for_the_same_name() -> None:
    assert And(rules=[Not(rule=And())]).model_dump() == {
        "rules": [{"rule": {"rules": []}, "other": {}}]
    }
    assert get_args(And.model_fields["rules"].annotation) == (Rule,)
    assert Not.model_fields["rule"].annotation == Union[And, Not, None]
    assert get_args(Not.model_fields["other"].annotation) == (str, Rule)
    stored = Ruled(rule=Not(other={"a": And(rules=[Not()])})).model_dump_doc()
    assert Ruled.model_validate_doc(stored).model_dump_doc() == stored


def test_classes_of_a_function_may_wait_for_the_same_name() -> None:
    class First(EmbeddedModel):
        items: List[Later3] = []

    class Second(EmbeddedModel):
        item: Optional[Later3] = None
        third: Optional[Third] = None

    class Third(EmbeddedModel):
        item: Optional[Later3] = None

    Later3 = Union[First, Second, Third]  # noqa: N806 - an alias
    second = Second(item=First(items=[Third(item=Second())]), third=Third(item=First()))
    assert second.model_dump() == {
        "item": {"items": [{"item": {"item": None, "third": None}}]},
        "third": {"item": {"items": []}},
    }
    assert get_args(First.model_fields["items"].annotation) == (Later3,)
