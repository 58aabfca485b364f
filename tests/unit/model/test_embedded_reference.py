"""`Reference()` at a field of an embedded model: stored in the document, as 1.x did, with a warning.

1.x took no notice of it at all: the key is the name of the field, whatever `key_name` says, and the field is required.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import pytest
from pydantic import ValidationError

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic.exceptions import EmbeddedReferenceWarning


class Leg(EmbeddedModel):
    km: int
    port: str = Field("", key_name="p")


class Harbour(Model):
    name: str


LEG = {"km": 1, "p": ""}
CASES = [
    (Leg, Leg(km=1), LEG),
    (Optional[Leg], Leg(km=1), LEG),
    (Optional[Leg], None, None),
    (List[Leg], [Leg(km=1)], [LEG]),
    (Dict[str, Leg], {"a": Leg(km=1)}, {"a": LEG}),
    (Tuple[Leg, ...], (Leg(km=1),), [LEG]),
]


def define(annotation: Any, reference: Any, base: Any = Model) -> Any:
    """A class with one such field, whose warning is expected."""
    with pytest.warns(EmbeddedReferenceWarning, match=r"Ship\.x: Leg is an embedded model"):

        class Ship(base):  # type: ignore[misc]
            x: annotation = reference  # type: ignore[valid-type]

    return Ship


@pytest.mark.parametrize("key_name", [None, "k"])
@pytest.mark.parametrize(("annotation", "value", "stored"), CASES)
def test_it_is_stored_under_the_name_of_the_field(annotation, value, stored, key_name):
    ship = define(annotation, Reference(key_name=key_name))
    one = ship(x=value)

    document = one.model_dump_doc()

    assert document == {"x": stored, "_id": one.id}
    assert ship.model_validate_doc(document) == one
    assert ship.__references__ == ()
    assert +ship.x == "x"


def test_it_is_required():
    ship = define(Leg, Reference())

    with pytest.raises(ValidationError, match="Field required"):
        ship()


def test_embedded_models_may_have_it_too():
    ship = define(Leg, Reference(), EmbeddedModel)

    assert ship(x=Leg(km=1)).model_dump_doc() == {"x": LEG}


def test_a_name_defined_later():
    class Ship(Model):
        x: Later = Reference()

    with pytest.warns(EmbeddedReferenceWarning, match=r"Ship\.x: Later is an embedded model"):

        class Later(EmbeddedModel):
            km: int = Field(key_name="k")

    assert +Ship.x.km == "x.k"


def test_the_warning_names_the_line_and_says_what_is_ignored():
    with pytest.warns(UserWarning, match="its key_name is ignored: leave out") as caught:

        class Ship(Model):
            x: Leg = Reference(key_name="k")

    (one,) = caught
    assert one.filename == __file__
    line = Path(__file__).read_text().splitlines()[one.lineno - 1]
    assert line.strip() == "class Ship(Model):"


def test_a_reference_to_a_model_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Ship(Model):
            at: Harbour = Reference(key_name="k")

    assert +Ship.at == "k"


@pytest.mark.parametrize("annotation", [int, Dict[str, List[Leg]], Union[Harbour, int]])
def test_what_1x_refused_is_refused(annotation):
    with pytest.raises(TypeError, match="Unhandled field definition Ship: "):

        class Ship(Model):
            x: annotation = Reference()  # type: ignore[valid-type]
