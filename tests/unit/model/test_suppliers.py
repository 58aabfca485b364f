"""Fields whose values functions give: `Field(on_insert=...)` and `Field(on_update=...)`."""

from __future__ import annotations

import inspect
import warnings
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Annotated, Any, Optional

import pytest
from pydantic import AwareDatetime

import odmantic
from odmantic import EmbeddedModel, Field, Model, current, utcnow
from odmantic._mapping.keywords import UsualKeywords
from odmantic.exceptions import DocumentParsingError, OldDocumentsWarning

ID = {"_id": odmantic.ObjectId()}


class Stamped(Model):
    created: Optional[datetime] = Field(on_insert=utcnow)
    number: int = Field(5, on_insert=lambda: 7)
    tags: list[str] = Field(["old"], on_update=lambda: ["new"])
    code: str = Field(if_missing=lambda: "none", on_insert=lambda: "made")
    name: Annotated[str, Field(on_update=lambda: "function")] = "default"


def test_the_constructor_calls_the_function_if_it_is_given_no_value():
    stamped = Stamped()

    assert type(stamped.created) is datetime
    assert (stamped.number, stamped.tags, stamped.code) == (7, ["new"], "made")
    assert stamped.name == "function"
    assert Stamped(number=1, name="mine").model_dump(include={"number", "name"}) == {
        "number": 1,
        "name": "mine",
    }


def test_a_document_without_the_key_has_the_default_if_missing_or_none():
    stamped = Stamped.model_validate_doc(ID)

    assert stamped.created is None
    assert (stamped.number, stamped.tags, stamped.code) == (5, ["old"], "none")
    assert stamped.name == "default"
    assert Stamped.model_validate_doc(ID).tags is not stamped.tags


def test_what_functions_give_is_not_required_in_input():
    assert "required" not in Stamped.model_json_schema()
    assert type(Stamped.__pydantic_model__(id=ID["_id"]).created) is datetime


def test_a_class_warns_if_old_documents_will_not_load():
    with pytest.warns(OldDocumentsWarning, match=r"Order.created: documents that were saved"):

        class Order(Model):
            created: datetime = Field(on_insert=utcnow)

    with pytest.raises(DocumentParsingError):
        Order.model_validate_doc(ID)


def test_a_class_warns_where_the_field_is_declared():
    with pytest.warns(OldDocumentsWarning, match=r"Base.created"):

        class Base(Model):
            created: datetime = Field(on_insert=utcnow)
            model_config = {"inheritance": "abstract"}

    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Derived(Base):
            pass

        class Loading(Model):
            created: datetime = Field(on_insert=utcnow)
            model_config = {"parse_doc_with_default_factories": True}

    assert Loading.model_validate_doc(ID).created is not None
    assert Derived().created is not None


def test_none_may_be_left_out_of_documents():
    class Order(Model):
        paid: Optional[datetime] = Field(on_update=lambda: None, store_none=False)

    assert "paid" not in Order().model_dump_doc()


def test_the_time_is_naive_or_aware_as_the_model_says():
    class Aware(Model):
        created: Optional[datetime] = Field(on_insert=utcnow)
        model_config = {"datetimes": "aware"}

    now = utcnow()
    assert now.tzinfo is None
    assert now.microsecond % 1000 == 0
    assert abs((datetime.now(timezone.utc).replace(tzinfo=None) - now).total_seconds()) < 60
    assert Stamped().created.tzinfo is None
    assert Aware().created.tzinfo is timezone.utc


def test_utcnow_and_aware_datetimes_of_pydantic_do_not_fit():
    with pytest.raises(TypeError, match=r"Order.created cannot have utcnow.*AwareDatetime"):

        class Order(Model):
            created: Optional[AwareDatetime] = Field(on_insert=utcnow)


def test_current_gives_the_value_of_a_context_variable():
    variable: ContextVar[str] = ContextVar("acting_user")
    get = current(variable)

    with pytest.raises(LookupError, match="'acting_user', which gives the value of a field"):
        get()
    variable.set("ada")
    assert get() == "ada"


@pytest.mark.parametrize("word", ["on_insert", "on_update"])
def test_options_that_contradict_a_function_are_refused(word):
    options: dict[str, Any] = {word: utcnow}

    with pytest.raises(TypeError, match="default_factory cannot be given with on_insert"):
        Field(default_factory=utcnow, **options)
    with pytest.raises(TypeError, match="a primary key cannot have on_insert or on_update"):
        Field(primary_field=True, **options)
    with pytest.raises(TypeError, match=f"{word} takes a function without arguments, not 3"):
        Field(**{word: 3})


def test_embedded_models_may_have_such_fields():
    class Line(EmbeddedModel):
        created: Optional[datetime] = Field(on_insert=utcnow)

    assert type(Line().created) is datetime


def test_type_checkers_know_all_keywords_of_field():
    parameters = inspect.signature(Field).parameters.keys()

    assert UsualKeywords.__annotations__.keys() == parameters - {"default", "default_factory"}
