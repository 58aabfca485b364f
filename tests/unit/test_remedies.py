"""Errors about what programs of other libraries write say what to write here."""

from __future__ import annotations

import pytest

from odmantic import Model
from odmantic._plan.arguments import check_instance
from odmantic._plan.filters import build_filter


class Guest(Model):
    name: str
    age: int = 0


@pytest.mark.parametrize(
    ("mistake", "error", "remedy"),
    [
        (lambda: Guest.naem, AttributeError, "Guest has no field or attribute 'naem'"),
        (lambda: Guest.age.inc(1), AttributeError, r"write F\(Guest\.age\)\.inc\("),
        (lambda: check_instance(Guest, "update"), TypeError, "use update_one or update_many"),
        (lambda: build_filter(([Guest.age > 3],)), TypeError, "one after the other"),
    ],
)
def test_an_error_says_what_to_write(mistake, error, remedy):
    with pytest.raises(error, match=remedy):
        mistake()
