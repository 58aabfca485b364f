"""The functions that make instances from documents of the expected shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odmantic._compiled.hierarchies import maker_for
from odmantic._compiled.instances import InstanceCode

if TYPE_CHECKING:
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
        make = maker_for(source, self._mapping, code)
        with source.function(
            "def read_all(documents, add, known):",
            "Make a clean instance of each, from the last; give one that validation has to judge.",
        ):
            source.add("take = documents.pop")
            code.look_up_known(self._mapping.read_targets)
            # Python 3.11 optimises `while documents:` only from the eighth call of the function.
            with code.refusing(), source.block("while True:"):
                with source.block("try:"):
                    source.add("raw = take()")
                with source.block("except IndexError:"):
                    source.add("return None")
                make("add({})")

    def write_read_new(self) -> None:
        """Add the function that makes an instance which counts as new."""
        code = InstanceCode(self._source, known=False)
        make = maker_for(self._source, self._mapping, code)
        with (
            self._source.function(
                "def read_new(raw):",
                "Make an instance that counts as new; `None` if validation has to judge.",
            ),
            code.refusing(),
        ):
            make("return {}")

    def write_read_part(self) -> None:
        """Add the function that makes an embedded object of a clean instance."""
        source = self._source
        code = InstanceCode(source, known=True)
        with source.function(
            "def read_part(raw, known):",
            "Make a clean embedded object, with its snapshot; `None` if validation has to judge.",
        ):
            code.look_up_known(self._mapping.targets)
            with code.refusing():
                source.add(f"return {code.make_part(self._mapping)}")
