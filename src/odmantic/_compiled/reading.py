"""The functions that make instances from documents of the expected shape."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from odmantic._compiled.instances import InstanceCode

if TYPE_CHECKING:
    from collections.abc import Generator

    from odmantic._compiled.source import Source
    from odmantic._mapping.mapping import ModelMapping


class ReaderCode:
    """A writer of the functions that read the documents of one model, except those that pydantic has to validate."""

    def __init__(self, source: Source, mapping: ModelMapping) -> None:
        self._source = source
        self._mapping = mapping

    def write_read_all(self) -> None:
        """Add the function that makes clean instances."""
        source = self._source
        code = InstanceCode(source, known=True, refusal="return raw")
        with source.function(
            "def read_all(documents, add, known):",
            "Make a clean instance of each, from the last; give one that validation has to judge.",
        ):
            source.add("take = documents.pop")
            for model in {path.model: None for path in self._mapping.reference_paths}:
                of_model = f"known.of({source.object('Class', model)})"
                code.known_of[model] = source.assign("known", of_model)
            # Python 3.11 optimises `while documents:` only from the eighth call of the function.
            with self._refusing(code), source.block("while True:"):
                with source.block("try:"):
                    source.add("raw = take()")
                with source.block("except IndexError:"):
                    source.add("return None")
                instance = code.make(self._mapping)
                source.add(f"add({instance})")

    def write_read_new(self) -> None:
        """Add the function that makes an instance which counts as new."""
        source = self._source
        code = InstanceCode(source, known=False)
        with (
            source.function(
                "def read_new(raw):",
                "Make an instance that counts as new; `None` if validation has to judge.",
            ),
            self._refusing(code),
        ):
            instance = code.make(self._mapping)
            source.add(f"return {instance}")

    def write_read_part(self) -> None:
        """Add the function that makes an embedded object of a clean instance."""
        source = self._source
        code = InstanceCode(source, known=True)
        with (
            source.function(
                "def read_part(raw):",
                "Make a clean embedded object, with its snapshot; `None` if validation has to judge.",
            ),
            self._refusing(code),
        ):
            made = code.make_part(self._mapping)
            source.add(f"return {made}")

    @contextmanager
    def _refusing(self, code: InstanceCode) -> Generator[None]:
        with self._source.block("try:"):
            yield
        # Validation describes the problem; user code may raise anything.
        caught = "Exception" if code.calls_others else "(KeyError, OverflowError, ValueError)"
        with self._source.block(f"except {caught}:"):
            self._source.add(code.refusal)
