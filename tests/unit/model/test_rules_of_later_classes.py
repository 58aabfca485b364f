"""Delete rules of classes whose embedded classes name something that is defined later."""

from __future__ import annotations

from typing import List

import pytest

from odmantic import EmbeddedModel, Model, Reference
from odmantic._mapping.rules import rules_on


class First(Model):
    """A class with a rule: from now on each class is looked at."""

    itself: "First" = Reference(on_delete="cascade")


class Inner(EmbeddedModel):
    by: "Later" = Reference(on_delete="pull_element")


class Outer(Model):
    inner: List[Inner] = []


class Later(Model):
    name: str


def test_a_rule_is_found_once_everything_is_defined():
    (rule,) = rules_on(Later)

    assert rule.holder is Outer
    assert rule.path == "inner.by"
    assert len(rules_on(First)) == 1


def test_an_error_of_one_class_takes_no_rules_from_others():
    class Embedded(EmbeddedModel):
        by: "Missing" = Reference(on_delete="pull_element")

    class Wrong(Model):
        one: Embedded

    class Right(Model):
        several: List[Embedded] = []

    with pytest.raises(TypeError, match=r"Wrong\.one\.by cannot be pulled"):

        class Missing(Model):
            pass

    class Another(Model):
        pass

    assert Another.__mapping__
    (target,) = (rule.target for rule in Right.__mapping__.rules)
    assert [rule.holder for rule in rules_on(target)] == [Right]
    assert Wrong.__mapping__
