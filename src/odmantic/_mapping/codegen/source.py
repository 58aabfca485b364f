"""Writing Python source, and turning it into functions whose tracebacks show it."""

from __future__ import annotations

import builtins
import itertools
import keyword
import linecache
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import finalize

if TYPE_CHECKING:
    from collections.abc import Generator

_RESERVED = {
    *vars(builtins),
    *("add", "add_id", "document", "documents", "ids", "instance", "instances", "new", "raw"),
    *("take", "value", "values"),
    *("baseline", "mark_nested", "read_all", "read_new", "snapshot", "write", "write_any"),
}
"""Names that generated code expects to be there, and those of its functions, their arguments and variables."""

_number = itertools.count(1)
# Python takes other letters for what they are compatible with.
_NOT_IN_NAMES = re.compile(r"\W+", re.ASCII)


class Source:
    """Lines of code that grow, with the objects they refer to by name."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._indent = ""
        self._names: dict[int, str] = {}
        self._objects: dict[str, Any] = {}
        self._functions: set[str] = set()
        self._locals: set[str] = set()

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines) + "\n"

    @property
    def length(self) -> int:
        """The number of lines."""
        return len(self._lines)

    def add(self, *lines: str) -> None:
        """Add lines at the current indentation."""
        for line in "\n".join(lines).splitlines():
            self._lines.append(self._indent + line if line else "")

    @contextmanager
    def block(self, head: str) -> Generator[None]:
        """Indent what is added under a line like `if x:`."""
        self.add(head)
        outer, self._indent = self._indent, self._indent + "    "
        try:
            yield
        finally:
            self._indent = outer

    @contextmanager
    def function(self, head: str, docstring: str) -> Generator[None]:
        """Start a function, which has local names of its own."""
        if self._lines:
            self.add("", "")
        self._locals = set()
        with self.block(head):
            self.add(f'"""{docstring}"""')
            yield

    def object(self, hint: str, value: Any) -> str:
        """Give the name by which the code refers to an object."""
        name = self._names.get(id(value))
        if name is None:
            name = value.__name__ if _is_builtin(value) else self._global(hint)
            self._names[id(value)] = name
            self._objects[name] = value
        return name

    def local(self, hint: str) -> str:
        """Give a local name that is not in use."""
        # No object is called like this.
        name = _unused(f"{_identifier(hint)}_", self._locals)
        self._locals.add(name)
        return name

    def name_function(self, hint: str) -> str:
        """Give a name for a function that is not in use."""
        name = self._global(hint)
        self._functions.add(name)
        return name

    def _global(self, hint: str) -> str:
        return _unused(_identifier(hint), _RESERVED.union(self._objects, self._functions))

    def named(self, value: Any) -> str:
        """Give the name by which the code refers to a function or a class: its own, if it is not in use."""
        return self.object(value.__name__, value)

    def assign(self, hint: str, expression: str) -> str:
        """Assign to a new local variable; give its name."""
        local = self.local(hint)
        self.add(f"{local} = {expression}")
        return local

    def unless_exactly(self, value: str, cls: type[Any], otherwise: str) -> None:
        """Add a line for values of another class."""
        with self.block(f"if type({value}) is not {self.named(cls)}:"):
            self.add(otherwise)

    def compile(self, name: str, owner: Any) -> dict[str, Any]:
        """Run the code; give the functions in it. The lines are known as long as `owner` exists."""
        filename = f"<odmantic {name} {next(_number)}>"
        namespace = dict(self._objects)
        exec(compile(self.text, filename, "exec"), namespace)  # noqa: S102 - written here
        lines = self.text.splitlines(keepends=True)
        linecache.cache[filename] = (len(self.text), None, lines, filename)
        finalize(owner, linecache.cache.pop, filename, None).atexit = False
        return namespace


def inside(path: str, name: str) -> str:
    """Give the hint for what has a name in something else."""
    return f"{path}_{name}" if path else name


def _is_builtin(value: object) -> bool:
    return isinstance(value, type) and vars(builtins).get(value.__name__) is value


def _identifier(hint: str) -> str:
    name = _NOT_IN_NAMES.sub("_", hint).strip("_")
    return f"{name}_" if keyword.iskeyword(name) or not name.isidentifier() else name


def _unused(name: str, used: Any) -> str:
    if name not in used:
        return name
    return next(each for i in itertools.count(2) if (each := f"{name}{i}") not in used)
