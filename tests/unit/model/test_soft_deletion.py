"""What `soft_delete` may name, and indexes of live documents."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Annotated, Any, Optional, Union

import pytest
from pydantic import AfterValidator, AwareDatetime

from odmantic import EmbeddedModel, Field, Model
from odmantic._plan.conditions import Purpose, conditions_of
from odmantic._plan.filters import build_filter
from odmantic._plan.soft_deletion import time_of_deletion


class Post(Model):
    title: str
    deleted_at: Optional[datetime] = Field(default=None, key_name="gone")
    model_config = {"soft_delete": "deleted_at"}


def test_queries_see_live_documents_and_others_on_demand():
    assert build_filter((), Post) == {"gone": None}
    assert build_filter((Post.title == "a",), Post) == {
        "$and": ({"gone": None}, {"title": {"$eq": "a"}})
    }
    assert build_filter((), Post, "soft_delete") == {}
    assert build_filter(({"a": 1},), Post, ("soft_delete",)) == {"a": 1}
    assert conditions_of(Post, Purpose.INSTANCE) == []
    assert conditions_of(Post, Purpose.REFERENCE) == []


def test_an_unknown_word_is_refused_for_every_model():
    class Plain(Model):
        pass

    for model in (Post, Plain):
        with pytest.raises(ValueError, match="without= can be 'soft_delete'"):
            build_filter((), model, "deleted")
    assert build_filter((), Plain, "soft_delete") == {}


@pytest.mark.parametrize(
    ("annotation", "default", "problem"),
    [
        (datetime, ..., "has to hold a time, and to be None by default"),
        (Optional[datetime], ..., "has to hold a time, and to be None by default"),
        (Optional[datetime], datetime(2020, 1, 1), "to be None by default"),
        (Optional[str], None, "has to hold a time"),
        (Optional[date], None, "has to hold a time"),
        (Optional[bool], None, "has to hold a time"),
        (Union[datetime, str, None], None, "has to hold a time"),
        (Any, None, "has to hold a time"),
    ],
)
def test_the_field_is_a_time_or_none(annotation, default, problem):
    with pytest.raises(
        TypeError, match=rf"Wrong cannot have soft_delete='deleted_at': .*{problem}"
    ):

        class Wrong(Model):
            __annotations__ = {"deleted_at": annotation}
            deleted_at = Field(default)
            model_config = {"soft_delete": "deleted_at"}


def test_the_field_is_one_of_the_class():
    with pytest.raises(TypeError, match="there is no such field: add `gone: datetime"):

        class Wrong(Model):
            model_config = {"soft_delete": "gone"}


def test_an_embedded_model_has_no_documents():
    with pytest.raises(TypeError, match="an embedded model has no documents of its own"):

        class Wrong(EmbeddedModel):
            deleted_at: Optional[datetime] = None
            model_config = {"soft_delete": "deleted_at"}


def test_abstract_classes_hand_it_on():
    class Deletable(Model):
        deleted_at: Optional[AwareDatetime] = None
        model_config = {"inheritance": "abstract", "soft_delete": "deleted_at"}

    class Page(Deletable):
        slug: str = Field(unique="live")

    class Loud(Model):
        model_config = {"inheritance": "abstract", "soft_delete": "at"}
        slug: str = Field(unique="live")

    class Late(Loud):
        at: Optional[datetime] = None

    assert build_filter((), Page) == {"deleted_at": None}
    assert build_filter((), Late) == {"at": None}


def test_a_hierarchy_has_one_answer():
    class Animal(Model):
        name: str
        model_config = {"inheritance": "single"}

    with pytest.raises(TypeError, match="say it in Animal"):

        class Cat(Animal):
            deleted_at: Optional[datetime] = None
            model_config = {"soft_delete": "deleted_at"}


def test_an_index_may_hold_live_documents_only():
    class Page(Model):
        slug: str = Field(unique="live")
        deleted_at: Optional[datetime] = Field(default=None, key_name="d")
        model_config = {"soft_delete": "deleted_at"}

    (index,) = Page.__indexes__()
    assert index.get_pymongo_index().document == {
        "name": "slug_1", "key": {"slug": 1}, "unique": True, "partialFilterExpression": {"d": None},
    }  # fmt: skip
    assert Page.__mapping__.may_be_unique


def test_only_models_with_deleted_documents_have_live_ones():
    with pytest.raises(TypeError, match=r"Page\.slug cannot be unique among live documents"):

        class Page(Model):
            slug: str = Field(unique="live")

    with pytest.raises(ValueError, match="unique can be True, False or 'live'"):
        Field(unique="alive")  # type: ignore[arg-type]


@pytest.mark.parametrize("config", [{}, {"strict": True, "frozen": True}])
def test_the_time_is_that_of_a_read(config):
    class Page(Model):
        deleted_at: Optional[datetime] = None
        model_config = {"soft_delete": "deleted_at", **config}

    class Aware(Model):
        deleted_at: Annotated[Optional[datetime], AfterValidator(lambda time, _info: time)] = None
        model_config = {"soft_delete": "deleted_at", "datetimes": "aware", **config}

    now = datetime(2024, 1, 1, 1, 1, 1, 123456)
    naive = datetime(2024, 1, 1, 1, 1, 1, 123000)
    aware = naive.replace(tzinfo=timezone.utc)
    for tz_aware, read in ((False, naive), (True, aware)):
        assert time_of_deletion(Page.__mapping__, now, tz_aware=tz_aware) == read
        assert time_of_deletion(Aware.__mapping__, now, tz_aware=tz_aware) == aware
