"""What may be given to an operation."""

from __future__ import annotations

import pytest

from odmantic import EmbeddedModel, Model
from odmantic._plan.checks import check_instance, check_model, collect_instances


class Parcel(Model):
    code: str = ""


class Label(EmbeddedModel):
    text: str = ""


def test_models_and_instances_are_accepted():
    parcel = Parcel()
    check_model(Parcel, "find")
    check_instance(parcel, "save")
    assert collect_instances(iter([parcel, parcel]), "save_all") == [parcel, parcel]


@pytest.mark.parametrize(
    ("value", "description"),
    [
        (Model, "the class Model"),
        (Label, "the class Label"),
        (int, "the class int"),
        (None, "None"),
        ("parcel", "'parcel'"),
    ],
)
def test_what_is_no_model_is_described(value, description):
    with pytest.raises(TypeError) as caught:
        check_model(value, "find")

    assert str(caught.value) == f"Can only call find with a Model class, not {description}"


@pytest.mark.parametrize(
    ("value", "description"),
    [(Parcel, "the class Parcel"), (Label(), "an instance of Label"), ({}, "{}"), (None, "None")],
)
def test_what_is_no_instance_is_described(value, description):
    with pytest.raises(TypeError) as caught:
        collect_instances([Parcel(), value], "save_all")

    assert str(caught.value) == f"Can only call save_all with a Model instance, not {description}"


def test_a_long_value_is_shortened():
    with pytest.raises(TypeError) as caught:
        check_model("x" * 1000, "find")

    assert len(str(caught.value)) < 300
