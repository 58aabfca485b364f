"""A condition has no truth value in Python.

The rule: where Python asks a condition, or a sort order, whether it is true, one of two conditions is lost; so the
question is noticed, wherever it comes from but the driver.
"""

from __future__ import annotations

import warnings

import pytest
from pymongo.collection import Collection

from odmantic import Model, query
from odmantic.exceptions import QueryTruthWarning
from odmantic.query import QueryExpression, SortExpression, asc, desc


class User(Model):
    name: str = ""
    age: int = 0


QUESTIONS = {
    "and": lambda: User.name == "a" and User.age > 3,
    "or": lambda: User.name == "a" or User.age > 3,
    "not": lambda: not User.name.eq("a"),
    "chain": lambda: 1 < User.age < 3,
    "joined": lambda: (User.name == "a") & (User.age > 3) and True,
    "if": lambda: 1 if User.age > 3 else 2,
    "bool": lambda: bool(User.age.in_([1])),
    "any": lambda: any([User.age > 3]),
    "method": lambda: User.name.match("a") or None,
    "sort": lambda: asc(User.name) and desc(User.age),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_asking_whether_a_condition_is_true_is_noticed(question):
    with pytest.warns(QueryTruthWarning) as caught:
        question()

    assert caught[0].filename == __file__
    assert "&" in str(caught[0].message) or "tuple" in str(caught[0].message)


@pytest.mark.parametrize("expression", [QueryExpression(), SortExpression()])
def test_an_empty_one_is_false_without_a_word(expression):
    assert not expression


def test_the_driver_may_ask():
    code = compile("asked = bool(expression)", "driver", "exec")
    for module in (Collection.__module__, "motor.core", "bson.codec_options"):
        namespace = {"__name__": module, "expression": User.age > 3}

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(code, namespace)

        assert namespace["asked"] is True


def test_joining_and_showing_ask_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        joined = query.and_(User.age > 3, (User.name == "a") | {"age": 1})

        assert "QueryExpression" in repr(joined)
        assert joined == query.and_(User.age > 3, (User.name == "a") | {"age": 1})
