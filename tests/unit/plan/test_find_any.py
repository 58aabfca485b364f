"""The plan of a read of several models."""

from __future__ import annotations

from typing import Any

import pytest

from odmantic import Model, type_is
from odmantic._plan.find_any import MARK, plan_find_any
from odmantic._plan.foreign import check_fields
from odmantic.query import desc


class Post(Model):
    title: str = ""


class Media(Model, inheritance="single"):
    title: str = ""


class Photo(Media):
    width: int = 1


class Panorama(Photo):
    pass


PHOTOS = {"_type": {"$in": ["Photo", "Panorama"]}}


def pipeline(*args: Any, **options: Any) -> Any:
    plan = plan_find_any(*args, **options)
    return plan.pipeline([+model for model in plan.models], lambda _model, query: query)


def test_each_arm_has_its_filter_and_names_its_model():
    assert pipeline([Post, Photo], ({"title": "a"},), sort=desc(Post.title)) == [
        {"$match": {"title": "a"}},
        {"$set": {MARK: 0}},
        {
            "$unionWith": {
                "coll": "media",
                "pipeline": [
                    {"$match": {"$and": (PHOTOS, {"title": "a"})}},
                    {"$set": {MARK: 1}},
                ],
            }
        },
        {"$sort": {"title": -1}},
    ]


def test_a_limit_holds_for_each_arm_too():
    order: list[Any] = [{"$sort": {"title": -1}}, {"$limit": 5}]
    first, *_, last = pipeline([Post, Photo], (), sort=desc(Post.title), limit=5)
    assert first == {"$match": {}}
    assert last == {"$limit": 5}
    union = next(
        stage
        for stage in pipeline([Post, Photo], (), sort=desc(Post.title), limit=5)
        if "$unionWith" in stage
    )
    assert union["$unionWith"]["pipeline"] == [{"$match": PHOTOS}, *order, {"$set": {MARK: 1}}]


def test_in_a_transaction_the_collections_are_looked_up():
    plan = plan_find_any([Post, Photo], ())
    stages = plan.pipeline(["post", "media"], lambda _model, query: query, in_transaction=True)
    assert stages[0] == {"$documents": [{"arm": 0}, {"arm": 1}]}
    assert [stage["$lookup"]["from"] for stage in stages[1:3]] == ["post", "media"]
    assert PHOTOS in [each.get("$match") for each in stages[2]["$lookup"]["pipeline"]]


def test_one_model_needs_no_union():
    assert pipeline([Post], (), limit=1) == [{"$match": {}}, {"$limit": 1}, {"$set": {MARK: 0}}]


def test_keys_may_come_from_any_model(recwarn: pytest.WarningsRecorder):
    plan_find_any([Post, Media], (Photo.width > 1,), sort=Post.title)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("models", "options", "error"),
    [
        ([], {}, ValueError),
        (Post, {}, TypeError),
        ([Post, int], {}, TypeError),
        ([Post], {"limit": 0}, ValueError),
        ([Post], {"limit": "1"}, TypeError),
        ([Post], {"sort": "title"}, TypeError),
    ],
)
def test_wrong_arguments(models: Any, options: Any, error: type[Exception]):
    with pytest.raises(error):
        plan_find_any(models, (), **options)
    with pytest.raises(TypeError, match="booleans"):
        plan_find_any([Post], (False,))


def test_type_is():
    assert type_is(Photo) == PHOTOS
    assert type_is(Photo, exact=True) == {"_type": "Photo"}
    assert type_is(Media) == {}
    assert type_is(Media, exact=True) == {"_type": None}
    assert type_is(Media, Panorama, exact=True) == {"_type": {"$in": [None, "Panorama"]}}
    assert (type_is(Panorama) & {"a": 1}) == {"$and": ({"_type": "Panorama"}, {"a": 1})}


@pytest.mark.parametrize("classes", [(), (Post,), (Photo, Post), (1,), ("Photo",)])
def test_type_is_takes_classes_of_one_hierarchy(classes: Any):
    with pytest.raises(TypeError, match="type_is"):
        type_is(*classes)


def test_type_is_belongs_to_its_hierarchy(recwarn: pytest.WarningsRecorder):
    check_fields(type_is(Photo), Media)
    assert not recwarn.list
    with pytest.warns(UserWarning, match="_type"):
        check_fields(type_is(Photo), Post)
