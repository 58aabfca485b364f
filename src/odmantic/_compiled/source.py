"""Writing Python source, and compiling it to functions whose tracebacks show it.

No text of a user is ever part of the source, not even of a comment: names of fields and keys may come from data. The
source has names made here instead, as in `raw['k3']` or `instance.f3`, and the compiled code gets the text in their
place. So any text is possible, at the cost of a literal.
"""

from __future__ import annotations

import builtins
import itertools
import linecache
import re
from contextlib import contextmanager
from types import CodeType
from typing import TYPE_CHECKING, Any
from weakref import finalize

from bson.decimal128 import Decimal128

from odmantic._bson.values import is_tuple
from odmantic._types.leaves import LEAF_CLASSES

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Mapping

_RESERVED = frozenset(
    (
        *vars(builtins),
        *("add", "add_id", "document", "documents", "ids", "instance", "instances", "known"),
        *("new", "raw", "take", "value", "values"),
        *(
            "baseline",
            "mark_nested",
            "read_all",
            "read_new",
            "read_part",
            "snapshot",
            "write",
            "write_any",
        ),
    )
)
"""Names that generated code uses: builtins, its functions, their arguments and variables."""

_BUILTINS = {id(value): name for name, value in vars(builtins).items() if isinstance(value, type)}
_OF_LIBRARIES = {id(cls): cls.__name__ for cls in (*LEAF_CLASSES, Decimal128)}
"""The names under which generated code calls classes, which are their own."""

_number = itertools.count(1)
_NOT_IN_FILENAMES = re.compile(r"\W", re.ASCII)


class Source:
    """Growing lines of code, with the objects and texts that they refer to by name.

    A hint is the beginning of a name; it comes from the library, never from a user.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._indent = ""
        self._names: dict[int, str] = {}
        self._objects: dict[str, Any] = {}
        self._texts: dict[str, str] = {}
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

    @property
    def depth(self) -> int:
        """The number of blocks around the next line."""
        return len(self._indent) // 4

    def add(self, *lines: str) -> None:
        """Add lines at the current indentation."""
        for line in "\n".join(lines).splitlines():
            self._lines.append(self._indent + line if line else "")

    @contextmanager
    def block(self, head: str) -> Generator[None]:
        """Indent the following lines under a line like `if x:`."""
        self.add(head)
        outer, self._indent = self._indent, self._indent + "    "
        try:
            yield
        finally:
            self._indent = outer

    @contextmanager
    def function(self, head: str, docstring: str) -> Generator[None]:
        """Start a function, with its own local names."""
        if self._lines:
            self.add("", "")
        self._locals = set()
        with self.block(head):
            self.add(f'"""{docstring}"""')
            yield

    def word(self, hint: str, text: str) -> str:
        """Return the word that stands for a text: as an attribute's name, or in quotes as a constant."""
        word = hint
        for number in itertools.count(2):
            if self._texts.setdefault(word, text) == text:
                break
            word = f"{hint}_{number}"
        return word

    def quoted(self, hint: str, text: str) -> str:
        """Return the constant that stands for a text."""
        return f"'{self.word(hint, text)}'"

    def object(self, hint: str, value: Any) -> str:
        """Return the name by which the code refers to an object."""
        name = self._names.get(id(value))
        if name is None:
            name = _BUILTINS.get(id(value)) or self._global(_OF_LIBRARIES.get(id(value), hint))
            self._names[id(value)] = name
            self._objects[name] = value
        return name

    def local(self, hint: str) -> str:
        """Return an unused local name."""
        # No object has this name.
        name = _unused(f"{hint}_", self._locals)
        self._locals.add(name)
        return name

    def name_function(self, hint: str) -> str:
        """Return an unused name for a function."""
        name = self._global(hint)
        self._functions.add(name)
        return name

    def _global(self, hint: str) -> str:
        return _unused(hint, _RESERVED, self._objects, self._functions)

    def named(self, value: Any) -> str:
        """Return the name of a function or class of the library in the code: its own, if that is unused."""
        return self.object(value.__name__, value)

    def assign(self, hint: str, expression: str) -> str:
        """Assign to a new local variable; return its name."""
        local = self.local(hint)
        self.add(f"{local} = {expression}")
        return local

    def unless_exactly(self, value: str, cls: type[Any], otherwise: str) -> None:
        """Add a line for values of another class."""
        with self.block(f"if type({value}) is not {self.object('Class', cls)}:"):
            self.add(otherwise)

    def compile(self, title: str, owner: Any) -> dict[str, Any]:
        """Run the code; return its functions. Its lines are available as long as `owner` exists.

        Tracebacks show the ASCII letters of `title`.
        """
        filename = f"<odmantic {_NOT_IN_FILENAMES.sub('_', title)} {next(_number)}>"
        namespace = dict(self._objects)
        code = _with_texts(compile(self.text, filename, "exec"), self._texts)
        exec(code, namespace)  # noqa: S102 - generated here
        lines = self.text.splitlines(keepends=True)
        linecache.cache[filename] = (len(self.text), None, lines, filename)
        finalize(owner, linecache.cache.pop, filename, None).atexit = False
        return namespace


def _with_texts(code: CodeType, texts: Mapping[str, str]) -> CodeType:
    """Replace the words in the code by the texts that they stand for."""
    return code.replace(
        co_consts=tuple(_constant_with_texts(each, texts) for each in code.co_consts),
        co_names=tuple(texts.get(name, name) for name in code.co_names),
    )


def _constant_with_texts(constant: Any, texts: Mapping[str, str]) -> Any:
    match constant:
        case CodeType():
            return _with_texts(constant, texts)
        case str():
            return texts.get(constant, constant)
        case _ if is_tuple(constant):
            # The keys of a dictionary literal.
            return tuple(_constant_with_texts(each, texts) for each in constant)
        case _:
            return constant


def _unused(name: str, *used: Container[str]) -> str:
    if not any(name in names for names in used):
        return name
    return next(
        each
        for number in itertools.count(2)
        if not any((each := f"{name}{number}") in names for names in used)
    )
