"""From the documents of one read to instances."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from bson.errors import BSONError

from odmantic._codec.decode import validate_document
from odmantic._codec.overrides import parse_document
from odmantic._codec.types import class_of_document
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.errors import add_context
from odmantic._plan.find_any import MARK
from odmantic._state.transitions import mark_read, note_stored
from odmantic.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odmantic._state.places import Known
    from odmantic._transaction.attempt import Attempt

ModelType = TypeVar("ModelType", bound=Model)


def read_document(model: type[ModelType], raw_doc: Any, known: Known) -> ModelType:
    """Make a clean instance of a document at the place of `known`.

    Raises:
        DocumentParsingError: if the document does not fit the model.
    """
    mapping = model.__mapping__
    instance: ModelType | None = mapping.codec.read_known(raw_doc, known)
    if instance is not None:
        return instance
    if mapping.hierarchy is not None:
        model = class_of_document(model, raw_doc)
        mapping = model.__mapping__
    read = parse_document if mapping.parses_itself else validate_document
    judged: ModelType = read(model, raw_doc)
    mark_read(judged, known)
    if mapping.stored and not mapping.parses_itself:
        note_stored(judged, raw_doc)
    return judged


@dataclass(frozen=True, slots=True)
class Reader(Generic[ModelType]):
    """A reader of the documents of one read as instances of a model."""

    model: type[ModelType]
    known: Known
    """The knowledge about the place of the documents."""
    attempt: Attempt | None = None
    """The run of a transaction to which the read belongs."""
    own: Callable[[dict[str, Any]], ModelType] | None = None
    """The program's own function to read one document."""

    def parse(self, raw_doc: dict[str, Any]) -> ModelType:
        """Return an instance that counts as unmodified.

        Raises:
            DocumentParsingError: if the document does not fit the model.
        """
        instance = read_document(self.model, raw_doc, self.known)
        self.note(instance)
        return instance

    def note(self, instance: ModelType) -> None:
        """Note in the transaction that an instance was read."""
        if self.attempt is not None:
            self.attempt.journal.read(self.known.place.database, instance)

    def parse_all(
        self, parts: Iterable[list[dict[str, Any]]]
    ) -> tuple[list[ModelType], Exception | None]:
        """Return the instances, up to the first document that does not fit, and the error of that one.

        The lists are emptied: a document that is freed once it is read leaves its memory to the next instances, and
        nothing to the garbage collector.
        """
        model, known, own = self.model, self.known, self.own
        read_all = mapping_of(model).codec.read_all if own is None else _give_last
        instances: list[ModelType] = []
        add = instances.append
        error: Exception | None = None
        try:
            for documents in parts:
                documents.reverse()
                while documents:
                    refused = read_all(documents, add, known)
                    if refused is not None:
                        add(read_document(model, refused, known) if own is None else own(refused))
        except Exception as caught:  # noqa: BLE001 - raised behind the instances before it
            error = caught
            if isinstance(caught, BSONError):
                add_context(caught, f"in find of {model.__name__}")
        if self.attempt is not None and own is None:
            for instance in instances:
                self.attempt.journal.read(known.place.database, instance)
        return instances, error


@dataclass(frozen=True, slots=True)
class AnyReader(Reader[ModelType]):
    """A reader of the documents of one read as instances of several models."""

    readers: tuple[Reader[Any], ...] = ()
    """The readers of the models; `MARK` in a document tells which."""

    def parse(self, raw_doc: dict[str, Any]) -> ModelType:
        """Return an instance that counts as unmodified.

        Raises:
            DocumentParsingError: if the document does not fit its model.
        """
        (document,) = self.unmarked([raw_doc])
        reader = cast("Reader[ModelType]", self.readers[raw_doc[MARK]])
        return reader.parse(document)

    def parse_all(
        self, parts: Iterable[list[dict[str, Any]]]
    ) -> tuple[list[ModelType], Exception | None]:
        """Return the instances, up to the first document that does not fit, and the error of that one."""
        instances: list[ModelType] = []
        for documents in parts:
            for number, following in groupby(documents, itemgetter(MARK)):
                reader = cast("Reader[ModelType]", self.readers[number])
                reader = replace(reader, own=self.own)
                of_one = list(following)
                found, error = reader.parse_all(
                    [of_one if self.own is not None else self.unmarked(of_one)]
                )
                instances += found
                if error is not None:
                    return instances, error
        return instances, None

    @staticmethod
    def unmarked(documents: list[Any]) -> list[dict[str, Any]]:
        """Return documents without the number of their model."""
        return [{key: each[key] for key in each if key != MARK} for each in documents]


def _give_last(documents: list[dict[str, Any]], _add: object, _known: object) -> dict[str, Any]:
    return documents.pop()


class BaseCursor(ABC, Generic[ModelType]):
    """The result of a read, of either colour."""

    def __init__(self, reader: Reader[ModelType]) -> None:
        """Store the reader of documents."""
        self._reader = reader

    def _parse_document(self, raw_doc: dict[str, Any]) -> ModelType:
        return self._reader.parse(raw_doc)


_parse_document: Any = vars(BaseCursor)["_parse_document"]


def reads_by_itself(cursor: type[BaseCursor[Any]]) -> bool:
    """Return whether cursors of a class read documents in odmantic's own way."""
    return cursor._parse_document is _parse_document  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - of this module
