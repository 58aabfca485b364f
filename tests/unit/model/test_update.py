"""`model_update`: patches from models, mappings and keywords, all or nothing."""

from __future__ import annotations

from collections import OrderedDict, UserDict
from typing import Annotated, Any, List, Optional

import pydantic
import pytest
from pydantic import (
    ValidationError,
    computed_field,
    field_serializer,
    field_validator,
    model_validator,
)

from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Leg(EmbeddedModel):
    km: float
    note: str = "n"


class Owner(Model):
    name: str = Field(primary_field=True)


class Account(Model):
    owner: str
    balance: float = 0
    tags: List[str] = []
    leg: Optional[Leg] = None
    holder: Owner = Reference()


class Patch(pydantic.BaseModel):
    owner: str = "default"
    balance: Optional[float] = None


class PatchWithKey(Patch):
    id: Any = None


class Strict(EmbeddedModel):
    model_config = {"extra": "forbid"}
    n: int = 0


class Loose(EmbeddedModel):
    model_config = {"extra": "allow"}
    n: int = 0


def account(**values: Any) -> Account:
    made = Account(**{"owner": "Ada", "holder": Owner(name="Bo"), **values})
    made.__fields_modified__.clear()
    return made


@pytest.mark.parametrize(
    ("patch", "options", "changed"),
    [
        ({"owner": "Bo"}, {}, {"owner": "Bo"}),
        ({"balance": "12"}, {}, {"balance": 12.0}),
        ({"owner": "Ada"}, {}, {}),
        ({}, {}, {}),
        (None, {}, {}),
        (OrderedDict(owner="Bo"), {}, {"owner": "Bo"}),
        (UserDict(owner="Bo"), {}, {"owner": "Bo"}),
        ({"owner": "Bo", "balance": 1}, {"include": {"owner"}}, {"owner": "Bo"}),
        ({"owner": "Bo"}, {"include": set()}, {}),
        ({"owner": "Bo", "balance": 1}, {"include": ["owner"]}, {"owner": "Bo"}),
        ({"owner": "Bo", "balance": 1}, {"exclude": {"owner"}}, {"balance": 1.0}),
        ({"owner": "Bo"}, {"include": {"owner"}, "exclude": {"owner"}}, {}),
        ({"balance": None}, {"exclude_none": True}, ValidationError),
        ({"unknown": 1, "owner": "Bo"}, {}, {"owner": "Bo"}),
        ({"_id": 1}, {}, {}),
        (Patch(owner="Bo"), {}, {"owner": "Bo"}),
        (Patch(balance=1), {}, {"balance": 1.0}),
        (Patch(balance=1), {"exclude_unset": False}, {"owner": "default", "balance": 1.0}),
        (
            Patch(balance=1),
            {"exclude_unset": False, "exclude_defaults": True},
            {"balance": 1.0},
        ),
        (
            Patch(owner="Bo", balance=None),
            {"exclude_unset": False, "exclude_none": True},
            {"owner": "Bo"},
        ),
        (Patch(owner="Bo", balance=1), {"include": {"owner"}}, {"owner": "Bo"}),
        (Patch(owner="Bo", balance=1), {"exclude": {"owner"}}, {"balance": 1.0}),
        (None, {"balance": 3.0}, {"balance": 3.0}),
        ({"owner": "Bo"}, {"balance": 4.0}, {"owner": "Bo", "balance": 4.0}),
        ({"balance": 1}, {"balance": 2.0}, {"balance": 2.0}),
        (Patch(owner="Cy"), {"balance": 5.0, "include": {"owner"}}, {"owner": "Cy"}),
        (None, {"balance": 1.0, "exclude": {"balance"}}, {}),
        (None, {"unknown": 3}, {}),
        ({"owner": 3}, {"balance": 3}, ValidationError),
        ({"leg": {"km": 4}}, {}, {"leg": Leg(km=4)}),
        ({"id": 1}, {"exclude": {"id"}}, {}),
        ({"id": 1, "owner": "Bo"}, {"include": {"owner"}}, {"owner": "Bo"}),
        (PatchWithKey(owner="Bo"), {"exclude": {"id"}}, {"owner": "Bo"}),
        ({"id": 1}, {}, ValueError),
        (UserDict(id=1), {}, ValueError),
        (None, {"id": 1}, ValueError),
        (PatchWithKey(owner="Bo"), {}, ValueError),
    ],
)
def test_patches(patch: Any, options: dict[str, Any], changed: Any) -> None:
    one = account()
    before = dict(one)
    if isinstance(changed, type):
        with pytest.raises(changed):
            one.model_update(patch, **options)
        changed = {}
    else:
        one.model_update(patch, **options)
    assert dict(one) == {**before, **changed}
    assert one.__fields_modified__ == set(changed)


def test_the_patch_may_be_named() -> None:
    one = account()
    one.model_update(patch_object={"owner": "Bo"})
    assert one.owner == "Bo"


def test_a_patch_must_be_a_mapping_or_a_model() -> None:
    with pytest.raises(AttributeError):
        account().model_update(3)  # type: ignore[arg-type]


def test_the_current_value_of_the_key_is_refused_too() -> None:
    one = account()
    with pytest.raises(ValueError, match="Updating the primary key is not supported"):
        one.model_update({"id": one.id})


def test_fields_set_are_extended() -> None:
    one = account()
    one.model_update(balance=3)
    assert "balance" in one.model_fields_set


def test_instances_are_kept_and_equal_values_stay() -> None:
    one = account(tags=["a"])
    tags, leg, owner = one.tags, Leg(km=1), Owner(name="Cy")
    one.model_update({"leg": leg, "holder": owner, "tags": ["a"]})
    assert one.leg is leg
    assert one.holder is owner
    assert one.tags is tags


def test_a_dictionary_replaces_the_nested_object() -> None:
    one = account(leg=Leg(km=1, note="x"))
    one.model_update(leg={"km": 2})
    assert one.leg == Leg(km=2)


@pytest.mark.parametrize("how", ["model", "keyword"])
def test_forbidden_extra_values(how: str) -> None:
    class More(pydantic.BaseModel):
        more: int = 1

    one = Strict()
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        one.model_update(**({"patch_object": More(more=1)} if how == "model" else {"more": 1}))
    one.model_update({"more": 1, "n": 2})
    assert one == Strict(n=2)


def test_extra_values_are_never_changed() -> None:
    one = Loose(more=1)
    one.model_update({"more": 2}, more=3, n=4)
    assert one == Loose(n=4, more=1)


def test_values_are_not_taken_from_serialisers() -> None:
    class Shown(Model):
        model_config = {"extra": "forbid"}
        a: int
        b: int = 0

        @field_serializer("a")
        def show(self, value: int) -> str:
            return f"a={value}"

        @computed_field  # type: ignore[prop-decorator]
        @property
        def total(self) -> int:
            return self.a + self.b

    one = Shown(a=1)
    one.model_update(b=2)
    assert (one.a, one.b) == (1, 2)


class Counted(Model):
    a: int
    b: int = 0
    seen: List[str] = []

    @field_validator("a", "b")
    @classmethod
    def add_one(cls, value: int) -> int:
        return value + 1


def test_field_validators_run_on_new_values_only() -> None:
    one = Counted(a=1)
    assert one.a == 2
    one.model_update(b=5)
    assert (one.a, one.b) == (2, 6)
    one.model_update(a=2)
    assert one.a == 3
    one.model_update(a=7)
    assert one.a == 8


def test_model_validators_run_once_and_see_everything() -> None:
    seen: list[Any] = []

    class Watched(Model):
        a: int
        b: int = 0

        @model_validator(mode="before")
        @classmethod
        def before(cls, values: Any) -> Any:
            seen.append(dict(values))
            return {**values, "a": values["a"] * 2}

        @model_validator(mode="after")
        def after(self) -> Watched:
            seen.append(type(self))
            return self

    one = Watched(a=1)
    one.__fields_modified__.clear()
    seen.clear()
    one.model_update(b=3)
    assert seen == [{"a": 2, "b": 3, "id": one.id}, Watched]
    assert (one.a, one.b) == (4, 3)
    assert one.__fields_modified__ == {"a", "b"}


def test_a_validator_cannot_change_the_key_either() -> None:
    class Restless(Model):
        a: int

        @model_validator(mode="before")
        @classmethod
        def before(cls, values: Any) -> Any:
            return {key: value for key, value in values.items() if key != "id"}

    with pytest.raises(ValueError, match="Updating the primary key"):
        Restless(a=1).model_update(a=2)


def test_an_after_validator_that_fails_leaves_everything() -> None:
    class Bounded(Model):
        low: int = 0
        high: int = 10

        @model_validator(mode="after")
        def check(self) -> Bounded:
            if self.low > self.high:
                raise ValueError("low above high")
            return self

    one = Bounded()
    with pytest.raises(ValidationError):
        one.model_update(low=5, high=4)
    assert (one.low, one.high) == (0, 10)


def test_instances_without_all_values_can_be_patched() -> None:
    one = Account.model_construct(owner="a")
    one.model_update(holder=Owner(name="x"), balance=3)
    assert one.balance == 3


class Aliased(Model):
    port: Annotated[int, pydantic.Field(alias="p")] = 1
    town: Annotated[str, pydantic.Field(validation_alias=pydantic.AliasPath("at", "town"))] = ""


@pytest.mark.parametrize(
    ("patch", "port"),
    [({"p": 7}, 7), ({"port": 8}, 8), ({"port": 8, "p": 9}, 8), ({"other": 1}, 1)],
)
def test_a_field_is_named_by_its_alias_if_its_name_is_absent(patch, port):
    for how in (lambda one: one.model_update(patch), lambda one: one.model_update(**patch)):
        one = Aliased()
        how(one)
        assert one.port == port


def test_an_alias_may_be_a_path():
    one = Aliased()
    one.model_update({"at": {"town": "Oslo"}})
    assert one.town == "Oslo"


def test_validators_are_called_with_the_class_of_the_instance():
    seen = []

    class Counted(Model):
        number: int = 0

        @pydantic.model_validator(mode="wrap")
        @classmethod
        def judge(cls, value, handler):
            seen.append(cls)
            made = handler(value)
            if isinstance(made, cls) and made.number == 9:
                raise ValueError("nine")
            return made

        @pydantic.model_validator(mode="before")
        @classmethod
        def look(cls, value):
            seen.append(cls)
            return value

        @pydantic.field_validator("number")
        @classmethod
        def check(cls, value):
            seen.append(cls)
            return value

    one = Counted()
    with pytest.raises(ValidationError, match="nine"):
        one.model_update(number=9)
    one.model_update(number=8)

    assert one.number == 8
    assert set(seen) == {Counted}
