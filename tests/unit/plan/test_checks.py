"""What may be given to an operation."""

from __future__ import annotations

import pytest

from odmantic import EmbeddedModel, Model
from odmantic._plan.arguments import check_instance, check_model, collect_instances


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
        ("parcel", "an instance of str"),
    ],
)
def test_what_is_no_model_is_described(value, description):
    with pytest.raises(TypeError) as caught:
        check_model(value, "find")

    assert str(caught.value) == f"Can only call find with a Model class, not {description}"


@pytest.mark.parametrize(
    ("value", "description"),
    [
        (Parcel, "the class Parcel"),
        (Label(), "an instance of Label"),
        ({"text": "secret"}, "an instance of dict"),
        ("secret", "an instance of str"),
        (("text", "secret"), "an instance of tuple"),
        (
            [Parcel()],
            "a list: use save_all or insert_many for several, or go through them one by one",
        ),
        (None, "None"),
    ],
)
def test_what_is_no_instance_is_described(value, description):
    with pytest.raises(TypeError) as caught:
        collect_instances([Parcel(), value], "save_all")

    assert str(caught.value) == f"Can only call save_all with a Model instance, not {description}"


def test_one_instance_is_not_several():
    with pytest.raises(TypeError, match=r"write save_all\(\[instance\]\), or save\(instance\)"):
        collect_instances(Parcel(), "save_all")
