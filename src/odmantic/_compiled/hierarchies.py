"""Code that looks at the type of a document of a hierarchy, and makes an instance of its class.

The code for each class stands in a branch, for up to `MOST_BRANCHES` classes; beyond that each has a function of its own,
which a table finds. Documents of unknown types, and of classes that code cannot read, are left to validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from odmantic._compiled.inlining import MOST_BRANCHES
from odmantic._compiled.instances import InstanceCode

if TYPE_CHECKING:
    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping


class Make(Protocol):
    """A writer of the code that makes an instance of the document `raw`, and of a line that uses it."""

    def __call__(self, use: str, /) -> None:
        """Write the code; in `use`, the name of the instance is left out, as in `add({})`."""


def maker_for(source: Source, mapping: ModelMapping, code: InstanceCode) -> Make:
    """Return the writer for the documents of a model, before the function begins that will have its code."""
    if mapping.hierarchy is None:
        return lambda use: source.add(use.format(code.make(mapping)))
    of_classes = _HierarchyCode(source, mapping, code)
    return of_classes.by_table() if of_classes.are_many else of_classes.by_branches


def can_read(mapping: ModelMapping) -> bool:
    """Return whether code can read documents as the class of a mapping."""
    # A class with its own methods reads through them.
    return mapping.readable.nodes is not None and not mapping.parses_itself


class _HierarchyCode:
    """A writer of the code for the documents of one class and of those below it."""

    def __init__(self, source: Source, mapping: ModelMapping, code: InstanceCode) -> None:
        self._source = source
        self._mapping = mapping
        self._code = code
        self._classes = list(filter(can_read, mapping.read_as))

    @property
    def are_many(self) -> bool:
        return len(self._classes) > MOST_BRANCHES

    def by_branches(self, use: str) -> None:
        source = self._source
        kind = self._kind()
        for number, mapping in enumerate(self._classes):
            with source.block(f"{'elif' if number else 'if'} {self._test(mapping, kind)}:"):
                source.add(use.format(self._code.make_of_dict(mapping)))
        with source.block("else:"):
            source.add(self._code.refusal)

    def by_table(self) -> Make:
        """Add a function for each class, and the table of them."""
        source = self._source
        items = [
            f"{self._constant(value)}: {function}"
            for mapping in self._classes
            for function in [self._function_for(mapping)]
            for value in self._values(mapping)
        ]
        table = source.name_function("readers")
        source.add("", "", f"{table} = {{{', '.join(items)}}}")

        def make(use: str) -> None:
            kind = self._kind()
            classes = source.object("type_classes", frozenset((str, int, type(None))))
            with source.block(f"if type({kind}) not in {classes}:"):
                source.add(self._code.refusal)
            read = source.assign("read", f"{table}.get({kind})")
            with source.block(f"if {read} is None:"):
                source.add(self._code.refusal)
            known = "known" if self._code.is_known else "None"
            instance = source.assign("instance", f"{read}(raw, {known})")
            with source.block(f"if {instance} is None:"):
                source.add(self._code.refusal)
            source.add(use.format(instance))

        return make

    def _function_for(self, mapping: ModelMapping) -> str:
        source = self._source
        name = source.name_function("read_one")
        code = InstanceCode(source, known=self._code.is_known)
        what = "Make an instance of one class; `None` if validation has to judge."
        with source.function(f"def {name}(raw, known):", what):
            if code.is_known:
                code.look_up_known(mapping.targets)
            with code.refusing():
                source.add(f"return {code.make_of_dict(mapping)}")
        return name

    def _kind(self) -> str:
        """Write the code that reads the discriminator; return the name of its value."""
        self._code.refuse_unless("raw", dict)
        hierarchy: Any = self._mapping.hierarchy
        return self._source.assign("kind", f"raw.get({self._constant(hierarchy.key)})")

    def _values(self, mapping: ModelMapping) -> list[Any]:
        """Return the values of the documents that are read as a class, without the key too as that asked for."""
        hierarchy: Any = self._mapping.hierarchy
        values = [each for each in hierarchy.values_of(mapping.model) if each is not None]
        return [*values, None] if mapping is self._mapping else values

    def _constant(self, value: Any) -> str:
        return self._source.quoted("kind", value) if isinstance(value, str) else repr(value)

    def _test(self, mapping: ModelMapping, kind: str) -> str:
        """Return the test for the documents of a class."""
        tests = [
            f"{kind} is None"
            if value is None
            else f"{kind} == {self._constant(value)}"
            if isinstance(value, str)
            # A boolean equals a number.
            else f"({kind} == {value!r} and type({kind}) is int)"
            for value in self._values(mapping)
        ]
        return " or ".join(tests)
