"""The page about errors draws the tree of the errors."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from odmantic import exceptions
from odmantic._errors.transactions import _DriverBackedError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


def drawn():
    """The lines of the tree: the name of an error, its base, and what it is also said to be."""
    tree = PAGE.read_text().partition("```\n")[2].partition("```")[0]
    parents: list[str] = []
    for line in tree.splitlines():
        branch, name, also = re.match(r"([│├└─ ]*)(\w+)(?: +also (.*))?", line).groups()
        depth = len(branch) // 4
        parents[depth:] = [name]
        yield name, parents[depth - 1] if depth else None, re.sub(r" \(\w+\)", "", also or "")


def errors():
    return {
        name: error
        for name, error in vars(exceptions).items()
        if inspect.isclass(error) and issubclass(error, exceptions.OdmanticError)
    }


def test_every_error_is_in_the_tree_below_its_base():
    expected = {name: _public_base(error) for name, error in errors().items()}

    assert {name: base for name, base, _ in drawn()} == expected


@pytest.mark.parametrize(("name", "also"), [(name, also) for name, _, also in drawn()])
def test_the_tree_tells_what_else_an_error_is(name, also):
    error = errors()[name]

    if issubclass(error, _DriverBackedError):
        assert also == "the driver's class"
    else:
        ours = exceptions.OdmanticError
        bases = [base for base in error.__bases__ if not issubclass(base, ours)]
        others = {base.__name__ for base in bases} - {"Exception"}
        assert set(also.split(", ") if also else ()) == {
            other for other in others if not other.startswith("_")
        }


def _public_base(error):
    if error is exceptions.OdmanticError:
        return None
    bases = [base.__name__ for base in error.__mro__[1:]]
    return next(name for name in bases if not name.startswith("_"))
