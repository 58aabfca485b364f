"""The page about errors draws the tree of the errors."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from odmantic import exceptions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


def test_every_error_is_in_the_tree_below_its_base():
    tree = PAGE.read_text().partition("```\n")[2].partition("```")[0]
    parents: list[str] = []
    drawn = {}
    for line in tree.splitlines():
        branch, name = re.match(r"([│├└─ ]*)(\w+)", line).groups()
        depth = len(branch) // 4
        parents[depth:] = [name]
        drawn[name] = parents[depth - 1] if depth else None

    errors = {
        name: error
        for name, error in vars(exceptions).items()
        if inspect.isclass(error) and issubclass(error, exceptions.OdmanticError)
    }
    assert drawn == {name: _public_base(error) for name, error in errors.items()}


def _public_base(error):
    if error is exceptions.OdmanticError:
        return None
    bases = [base.__name__ for base in error.__mro__[1:]]
    return next(name for name in bases if not name.startswith("_"))
