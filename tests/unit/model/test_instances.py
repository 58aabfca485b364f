"""Making, changing, comparing, copying and showing instances."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime
from typing import Any, Dict, List, Optional, Tuple

import bson
import pydantic
import pytest
from pydantic import ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator

from odmantic.bson import ObjectId
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Leg(EmbeddedModel):
    km: float
    note: str = "n"


class Captain(Model):
    name: str = Field(primary_field=True)


class Voyage(Model):
    label: str
    first: Leg
    captain: Captain = Reference()
    legs: List[Leg] = []
    by_day: Dict[str, Leg] = {}


class Open(Model):
    model_config = {"extra": "allow"}
    n: int = 0


class Closed(EmbeddedModel):
    model_config = {"extra": "forbid"}
    n: int = 0


def voyage(**values: Any) -> Voyage:
    return Voyage(**{"label": "a", "first": Leg(km=1), "captain": Captain(name="Bo"), **values})


def saved(instance: Any) -> Any:
    instance.__fields_modified__.clear()
    return instance


# --- Making ------------------------------------------------------------------------------------


def test_instances_are_kept_by_identity_and_containers_are_new() -> None:
    leg, captain, legs = Leg(km=3), Captain(name="Bo"), [Leg(km=4)]
    one = voyage(first=leg, captain=captain, legs=legs, by_day={"mon": leg})
    assert one.first is leg
    assert one.captain is captain
    assert one.legs is not legs
    assert one.legs[0] is legs[0]
    assert one.by_day["mon"] is leg


def test_dictionaries_are_keyed_by_field_names() -> None:
    one = voyage(first={"km": "3"}, captain={"name": "Bo"}, legs=[{"km": 4}])
    assert (one.first, one.captain, one.legs) == (Leg(km=3), Captain(name="Bo"), [Leg(km=4)])


def test_positional_arguments_are_refused() -> None:
    with pytest.raises(TypeError):
        Leg(3)  # type: ignore[misc]


def test_twins_are_not_accepted_for_models() -> None:
    with pytest.raises(ValidationError):
        voyage(first=Leg.__pydantic_model__(km=1))


@pytest.mark.parametrize("missing", ["label", "first", "captain"])
def test_required_fields(missing: str) -> None:
    values = {"label": "a", "first": Leg(km=1), "captain": Captain(name="Bo")}
    del values[missing]
    with pytest.raises(ValidationError):
        Voyage(**values)


def test_references_are_never_none() -> None:
    with pytest.raises(ValidationError):
        voyage(captain=None)


def test_the_id_exists_at_once_and_may_be_given() -> None:
    given_id = bson.ObjectId()
    assert isinstance(voyage().id, ObjectId)
    assert voyage(id=given_id).id is given_id
    assert voyage(id=str(given_id)).id == given_id
    assert voyage(_id=given_id).id != given_id


def test_validate_returns_instances_as_they_are() -> None:
    leg = Leg(km=1)
    assert Leg.validate(leg) is leg
    assert Leg.model_validate(leg) is leg
    assert Leg.validate({"km": 1}) == leg
    assert Leg.model_validate_json('{"km": 1}') == leg


def test_json_needs_no_id() -> None:
    text = '{"label": "a", "first": {"km": 1}, "captain": {"name": "Bo"}, "legs": [{"km": 2}]}'
    made = Voyage.model_validate_json(text)

    assert type(made.id) is type(voyage().id)
    assert made == voyage(id=made.id, legs=[Leg(km=2)])


def test_validation_arguments_reach_the_validators() -> None:
    class Told(Model):
        x: int

        @field_validator("x")
        @classmethod
        def check(cls, value: int, info: ValidationInfo) -> int:
            return value + (info.context or 0)

    assert Told.model_validate({"x": 1}, context=2).x == 3
    with pytest.raises(ValidationError):
        Told.model_validate({"x": "1"}, strict=True)


def test_from_attributes() -> None:
    class Source:
        km = 3
        note = "x"

    assert Leg.model_validate(Source(), from_attributes=True) == Leg(km=3, note="x")


@pytest.mark.parametrize(
    ("cls", "extra"), [(Leg, None), (Open, {"more": 1})], ids=["ignore", "allow"]
)
def test_extra_values(cls: Any, extra: Any) -> None:
    assert cls(km=1, more=1).model_extra == (extra and {"km": 1, **extra})


def test_forbidden_extra_values() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Closed(more=1)


@pytest.mark.parametrize("cls", [Leg, Closed])
def test_unknown_attributes_cannot_be_assigned(cls: Any) -> None:
    one = cls(**({"km": 1} if cls is Leg else {}))
    with pytest.raises(ValueError, match="has no"):
        one.unknown = 1


def test_extra_values_are_attributes() -> None:
    one = saved(Open(more=1))
    one.more = 2
    one.another = 3
    assert one.model_extra == {"more": 2, "another": 3}
    assert one.__fields_modified__ == {"more", "another"}


def test_a_missing_value_is_an_attribute_error() -> None:
    one = Leg.model_construct(km=1)
    del one.__dict__["km"]
    with pytest.raises(AttributeError, match="km"):
        one.km
    with pytest.raises(AttributeError, match="km"):
        one.model_dump_doc()


@pytest.mark.filterwarnings("ignore:Field name .* shadows:UserWarning")
def test_a_missing_value_that_shadows_a_method_is_an_attribute_error() -> None:
    class Shadow(EmbeddedModel):
        update: int  # type: ignore[assignment]

    with pytest.raises(AttributeError, match="update"):
        Shadow.model_construct().update


# --- Equality and texts ------------------------------------------------------------------------


def test_equality_looks_at_values_only() -> None:
    one = voyage()
    same = Voyage.model_validate(dict(one))
    saved(same)
    assert one == same
    assert one != voyage()
    assert Leg(km=1) == Leg(km=1, note="n")
    assert Leg(km=1) != Leg.__pydantic_model__(km=1)
    assert Open(id=one.id, a=1) != Open(id=one.id, a=2)


def test_unhashable_unless_told_otherwise() -> None:
    with pytest.raises(TypeError):
        hash(Leg(km=1))


def test_the_id_comes_first_in_texts() -> None:
    one = Captain(name="Bo")
    assert repr(one) == "Captain(name='Bo')"
    opened = Open(n=1, more=2)
    assert repr(opened) == f"Open(id={opened.id!r}, n=1, more=2)"
    assert str(opened) == f"id={opened.id!r} n=1 more=2"


# --- __fields_modified__ -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "made",
    [
        Leg(km=1),
        Leg.model_validate({"km": 1}),
        Leg.model_validate_doc({"km": 1}),
        Leg.model_construct(km=1),
        copy.copy(Leg(km=1)),
        copy.deepcopy(Leg(km=1)),
        pickle.loads(pickle.dumps(Leg(km=1))),
        saved(Leg(km=1)).model_copy(),
        saved(Leg(km=1)).model_copy(deep=True),
        Voyage.model_validate_doc(
            {"label": "a", "first": {"km": 1}, "captain": {"_id": "Bo"}, "_id": bson.ObjectId()}
        ).first,
    ],
)
def test_however_made_everything_is_new(made: Any) -> None:
    assert made.__fields_modified__ == {"km", "note"}


def test_extra_values_are_new_too() -> None:
    assert Open(more=1).__fields_modified__ == {"id", "n", "more"}


def test_the_set_is_part_of_no_dump() -> None:
    one = Leg(km=1)
    assert one.__fields_modified__ is one.__fields_modified__
    assert one.model_dump() == {"km": 1, "note": "n"}
    assert "modified" not in repr(one)
    assert vars(one) == {"km": 1, "note": "n"}
    object.__setattr__(one, "__fields_modified__", set())
    assert one.__fields_modified__ == set()


def test_assignment_is_noted_even_of_the_same_value() -> None:
    one = saved(Leg(km=1))
    one.km = 1
    assert one.__fields_modified__ == {"km"}


def test_assignment_to_something_never_saved_leaves_it_new() -> None:
    one = Leg(km=1)
    one.km = 2
    assert one.__fields_modified__ == {"km", "note"}


def test_changes_inside_are_noted_inside() -> None:
    one = saved(voyage())
    saved(one.first).km = 2
    one.legs.append(Leg(km=1))
    assert one.__fields_modified__ == set()
    assert one.first.__fields_modified__ == {"km"}


def test_assignment_in_validators_and_post_init() -> None:
    class Busy(Model):
        a: int = 0
        b: int = 0

        def model_post_init(self, _context: Any, /) -> None:
            self.a = 1

    one = Busy()
    assert one.a == 1
    assert one.__fields_modified__ == {"a", "b", "id"}


# --- Assignment --------------------------------------------------------------------------------


def test_assigned_values_are_coerced() -> None:
    one = voyage()
    one.first = {"km": "4"}  # type: ignore[assignment]
    assert one.first == Leg(km=4)
    leg = Leg(km=5)
    one.first = leg
    assert one.first is leg


def test_a_failed_assignment_changes_nothing() -> None:
    one = saved(Leg(km=1))
    with pytest.raises(ValidationError):
        one.km = "a"  # type: ignore[assignment]
    assert (one.km, one.__fields_modified__) == (1, set())


def test_the_primary_key_cannot_be_assigned() -> None:
    one = Captain(name="Bo")
    for value in ("Bo", "Cy", None):
        with pytest.raises(NotImplementedError, match="assigning a new primary key"):
            one.name = value  # type: ignore[assignment]


# --- Copies ------------------------------------------------------------------------------------


def test_a_copy_equals_its_original() -> None:
    one = saved(voyage(legs=[Leg(km=2)]))
    for deep in (False, True):
        copied = one.model_copy(deep=deep)
        assert copied == one
        assert copied.model_dump_doc() == one.model_dump_doc()
        assert copied.__fields_modified__ == set(Voyage.model_fields)
        assert one.__fields_modified__ == set()


def test_a_shallow_copy_shares_and_refills_embedded_values() -> None:
    one = saved(voyage(legs=[Leg(km=2)]))
    saved(one.first)
    copied = one.model_copy()
    assert copied.first is one.first
    assert copied.legs is one.legs
    assert one.first.__fields_modified__ == {"km", "note"}


def test_a_deep_copy_shares_nothing() -> None:
    one = saved(voyage(legs=[Leg(km=2)]))
    saved(one.first)
    saved(one.captain)
    copied = one.model_copy(deep=True)
    copied.first.km = 7
    copied.legs[0].km = 8
    assert (one.first.km, one.legs[0].km) == (1, 2)
    assert copied.captain.__fields_modified__ == {"name"}
    assert one.first.__fields_modified__ == set()


def test_updates_of_a_copy_are_not_validated_and_may_change_the_key() -> None:
    copied = Captain(name="Bo").model_copy(update={"name": 3})
    assert copied.model_dump_doc() == {"_id": 3}


def test_updates_of_a_copy_may_be_dictionaries() -> None:
    copied = voyage().model_copy(update={"first": {"km": 4}})
    assert copied.first == Leg(km=4)
    with pytest.raises(ValidationError):
        voyage().model_copy(update={"first": {"km": "x"}})


def test_unknown_names_in_updates_of_a_copy() -> None:
    assert "more" not in vars(Leg(km=1).model_copy(update={"more": 1}))
    assert Open().model_copy(update={"more": 1}).model_extra == {"more": 1}
    with pytest.raises(ValueError, match="has no field"):
        Closed().model_copy(update={"more": 1})


# --- model_dump and names of 1.x ---------------------------------------------------------------


def test_dumps_are_keyed_by_field_names() -> None:
    one = voyage()
    assert one.model_dump()["captain"] == {"name": "Bo"}
    assert one.model_dump(mode="json")["id"] == str(one.id)
    assert "id" not in one.model_dump(exclude_unset=True)
    assert list(one.model_dump()) == ["label", "first", "captain", "legs", "by_day", "id"]


def test_deprecated_names() -> None:
    one = Leg(km=1)
    with pytest.warns(DeprecationWarning, match="doc is deprecated, please use model_dump_doc"):
        assert one.doc(include={"km"}) == {"km": 1}
    with pytest.warns(DeprecationWarning, match="parse_doc is .* use model_validate_doc instead"):
        assert one.parse_doc({"km": 1}) == one
    with pytest.warns(DeprecationWarning, match="update is deprecated, please use model_update"):
        one.update({"km": 2}, note="b")
    with pytest.warns(DeprecationWarning, match="copy is deprecated, please use model_copy"):
        assert one.copy(update={"km": 3}) == Leg(km=3, note="b")
    with (
        pytest.warns(DeprecationWarning, match="copy is deprecated"),
        pytest.raises(NotImplementedError),
    ):
        one.copy(include={"km"})


# --- Inside ordinary pydantic models -----------------------------------------------------------


def test_models_may_be_nested_in_pydantic_models() -> None:
    class Page(pydantic.BaseModel):
        legs: List[Leg]
        of: Optional[Captain] = None

    page = Page(legs=[{"km": 1}], of={"name": "Bo"})  # type: ignore[list-item, arg-type]
    assert page.legs == [Leg(km=1)]
    assert page.model_dump() == {"legs": [{"km": 1, "note": "n"}], "of": {"name": "Bo"}}


def test_pydantic_models_may_be_made_from_instances() -> None:
    class LegView(pydantic.BaseModel):
        model_config = ConfigDict(from_attributes=True)
        km: int

    class View(pydantic.BaseModel):
        model_config = ConfigDict(from_attributes=True)
        label: str
        first: LegView

    assert View.model_validate(voyage()) == View(label="a", first=LegView(km=1))


def test_datetimes_are_truncated_everywhere() -> None:
    precise = datetime(2020, 1, 1, 0, 0, 0, 999501)
    stored = datetime(2020, 1, 1, 0, 0, 0, 999000)

    class Log(Model):
        at: datetime
        maybe: Optional[datetime] = None
        all: Tuple[datetime, ...] = ()

    one = Log(at=precise, maybe=precise, all=(precise,))
    assert (one.at, one.maybe, one.all) == (stored, stored, (stored,))
    one.at = precise
    assert one.at == stored


def test_model_validators_see_and_change_instances() -> None:
    class Paired(Model):
        a: int
        b: int = 0

        @model_validator(mode="after")
        def pair(self) -> Paired:
            if self.b != self.a:
                self.b = self.a
            return self

    one = Paired(a=3)
    assert one.b == 3
    saved(one).a = 4
    assert one.b == 4
    assert one.__fields_modified__ == {"a", "b"}


class Linked(Model):
    id: int = Field(primary_field=True)
    other: Optional[Linked] = Reference()
    others: List[Linked] = Reference()


def test_instances_that_refer_to_each_other_are_shown():
    one, two = Linked(id=1), Linked(id=2)
    one.other, two.other = two, one
    two.others.append(two)
    assert repr(one) == "Linked(id=1, other=Linked(id=2, other=..., others=[...]), others=[])"
    assert str(one).startswith("id=1 other=Linked(id=2, other=Linked(id=1, other=..., others=[]), ")
    assert repr([one, one]) == f"[{one!r}, {one!r}]"
