"""What follows from a deletion, decided without a server."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, List, Optional

import pytest
from bson import DBRef

from odmantic import Field, Model, Reference
from odmantic._plan.holders import holders_filter, release
from odmantic._plan.references import MOST_IDS
from odmantic._plan.rules import checked_options, consequences, rules_on
from odmantic.exceptions import ReferencedError


class User(Model):
    id: int = Field(primary_field=True)


class Post(Model):
    id: int = Field(primary_field=True)
    author: User = Reference(on_delete="cascade")
    editor: Optional[User] = Reference(on_delete="nullify")
    named: Dict[str, User] = Reference(on_delete="pull")


class Vote(Model):
    post: Post = Reference(on_delete="cascade")
    denied: Optional[Post] = Reference(on_delete="deny")


class Summary(Model):
    """The same documents as posts, as another class."""

    id: int = Field(primary_field=True)
    author: User = Reference(on_delete="cascade")
    model_config = {"collection": "post"}


def decide(model, ids, answers, *, is_soft=False, limit=100_000):
    """Drives the decision; answers requests by what finds documents for a holder and a filter."""
    documents = [{"_id": each} for each in ids]
    steps = consequences(
        model, documents, is_soft=is_soft, limit=limit, place_of=lambda each: each.__collection__
    )
    requests = []
    try:
        request = next(steps)
        while True:
            requests.append(request)
            request = steps.send(answers(request))
    except StopIteration as end:
        return requests, end.value


def nothing(request):
    return []


def test_many_ids_take_several_commands():
    count = MOST_IDS * 2 + 5
    requests, following = decide(User, range(count), nothing)
    authors = [each.filter["author"]["$in"] for each in requests if "author" in each.filter]
    assert [len(each) for each in authors] == [MOST_IDS, MOST_IDS, 5] * 2
    assert len([each for each in following.releases if each.rule.path == "editor"]) == 3
    assert len(following.roots) == count


def test_the_limit_is_for_all_documents():
    def posts(request):
        return [{"_id": each} for each in range(3)] if request.model is Post else []

    _, following = decide(User, [1, 2], posts, limit=5)
    assert [len(each) for each in following.deletions] == [3]
    with pytest.raises(ValueError, match=r"rules_limit=4 documents \(4 found so far\)"):
        decide(User, [1, 2], posts, limit=4)
    requests, _ = decide(User, [1, 2], posts, limit=5)
    assert {each.limit for each in requests if each.model is Post} == {6}


def test_one_document_found_as_two_classes_counts_once_with_the_rules_of_both():
    def posts(request):
        return [{"_id": 7}] if request.model in (Post, Summary) else []

    requests, following = decide(User, [1], posts)
    (members,) = following.deletions
    assert [member.id for member in members] == [7]
    assert [each for each in requests if each.model is Vote]


def test_what_is_deleted_too_is_neither_updated_nor_denies():
    def answers(request):
        if request.model is Post:
            return [{"_id": 7}]
        return [{"_id": 8, "denied": 7}] if "post" in request.filter else []

    requests, following = decide(User, [1], answers)
    (editor,) = (each for each in following.releases if each.rule.path == "editor")
    assert editor.excluded == [7]
    assert [[member.id for member in each] for each in following.deletions] == [[8], [7]]
    denying = requests[-1]
    assert denying.filter == {"denied": {"$in": [7]}, "$nor": [{"_id": {"$in": [8]}}]}
    assert denying.projection == {"_id": 1, "denied": 1}

    def denied(request):
        return [{"_id": 9, "denied": 7}] if "denied" in request.filter else answers(request)

    with pytest.raises(ReferencedError) as caught:
        decide(User, [1], denied)
    assert (caught.value.ids, caught.value.holders, caught.value.field) == ([7], [9], "denied")


def test_ids_of_strange_types_are_told_apart():
    one, other = DBRef("a", 1), DBRef("a", 2)
    _, following = decide(User, [one, other, 1, 1.0, True, "1", {"a": 1}], nothing)
    assert len(following.roots) == 6


def test_ids_are_never_anything_else():
    rules = {rule.path: rule for rule in rules_on(User) if rule.holder is Post}
    hostile = ["$field", {"a": "$$ROOT"}]
    assert holders_filter(rules["author"], hostile) == {"author": {"$in": hostile}}
    write = release(rules["named"], hostile, [], {"c": "$author"})
    assert write.filter["$expr"]["$anyElementTrue"][0]["$map"]["in"]["$in"][1] == {
        "$literal": hostile
    }
    (stage,) = write.update
    assert stage["$set"]["c"] == {"$literal": "$author"}
    assert str(stage).count("$field") == str(stage).count("{'$literal': ['$field'") > 0


class Soft(Model):
    id: int = Field(primary_field=True)
    gone: Optional[datetime] = None
    model_config = {"soft_delete": "gone", "soft_delete_rules": True}


class Kept(Model):
    of: Soft = Reference(on_delete="cascade")
    also: List[Soft] = Reference(on_delete="pull")
    gone: Optional[datetime] = Field(None, key_name="g")
    model_config = {"soft_delete": "gone"}


def test_soft_deletions_are_soft_for_what_can_be():
    def answers(request):
        return [{"_id": 5}] if request.model is Kept else []

    requests, following = decide(Soft, [1], answers, is_soft=True)
    assert requests[0].filter == {"$and": [{"g": None}, {"of": {"$in": [1]}}]}
    ((member,),) = following.deletions
    assert (member.is_soft, following.roots[0].is_soft) == (True, True)
    assert [each.excluded for each in following.releases] == [[5]]
    requests, following = decide(Soft, [1], answers)
    assert requests[0].filter == {"of": {"$in": [1]}}
    assert not following.deletions[0][0].is_soft


@pytest.mark.parametrize("limit", [1, 10_000, 2**40])
def test_options(limit):
    options = checked_options(True, limit, "delete")
    assert (options.are_on, options.limit) == (True, limit)
