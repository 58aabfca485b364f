"""Programs of the documentation: they run, and print what their comments starting with `# ->` say."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any

import pytest


class Program:
    """A piece of documentation that is Python, run as `__main__`."""

    def __init__(self, source: str, origin: str, first_line: int, namespace: dict[str, Any]):
        self.source = source
        self.origin = origin
        self.first_line = first_line
        self.namespace = namespace

    @property
    def promised(self) -> list[str]:
        """The lines that it says it prints, in order."""
        lines = (line.strip() for line in self.source.splitlines())
        return [line[5:] for line in lines if line.startswith("# -> ")]

    def run(self) -> Any:
        """Run it, as `python -m asyncio` does: what waits at the top level is to be awaited."""
        source = "\n" * (self.first_line - 1) + self.source
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(source, self.origin, "exec", flags=flags, dont_inherit=True)
        return eval(code, self.namespace)

    async def run_in_loop(self) -> None:
        """Run it in the event loop of the test."""
        result = self.run()
        if inspect.isawaitable(result):
            await result


@pytest.fixture
def make_program(request, monkeypatch) -> Callable[..., Program]:
    """Make a program out of its source, pointed to the test's server and database."""
    # The annotations of a program's models are looked up in its module.
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)

    def make(source: str, origin: str, first_line: int = 1, **names: Any) -> Program:
        source = textwrap.dedent(source)
        if "mongodb://localhost:27017" in source:
            uri = request.getfixturevalue("odmantic_mongo_uri")
            name = request.getfixturevalue("odmantic_database_name")
            source = source.replace("mongodb://localhost:27017", uri)
            source = re.sub(r'database="\w+"', f'database="{name}"', source)
        vars(module).update(names)
        return Program(source, origin, first_line, vars(module))

    return make
