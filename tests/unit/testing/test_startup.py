"""Decisions while a replica set starts."""

from __future__ import annotations

import pytest

from odmantic.testing._startup import _newest
from odmantic.testing._wire import CommandError

STARTING_UP = CommandError({"code": 13436, "errmsg": "startup state"})


class Member:
    def __init__(self, *answers):
        self.answers = iter(answers)

    def last_write(self):
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_the_member_with_the_newest_data_is_waited_for():
    members = [Member((5, 1), (5, 1)), Member(STARTING_UP, (5, 3)), Member((4, 9))]
    waits = []

    assert _newest(members, [0, 1, 2], waits.append) == 1
    assert waits == ["the members to load what is stored"]


def test_an_only_candidate_is_not_asked():
    assert _newest([Member(), Member()], [1], pytest.fail) == 1


def test_another_error_is_not_waited_for():
    members = [Member(CommandError({"code": 13, "errmsg": "Unauthorized"})), Member((1, 1))]

    with pytest.raises(CommandError):
        _newest(members, [0, 1], pytest.fail)
