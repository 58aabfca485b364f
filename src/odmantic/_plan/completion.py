"""What an upsert adds to the document that its query and its updates begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from odmantic._codec.encode import encode_document
from odmantic._hooks.supply import supply
from odmantic._hooks.walk import written_with
from odmantic._mapping.mapping import mapping_of
from odmantic._plan.defaults import Defaults, objects_in
from odmantic._plan.equalities import is_inside, is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Upsert:
    """What an upsert begins with.

    Attributes:
        operation: The method.
        model: The model.
        instance: The given instance; `None` for defaults.
        now: Returns the time of the call.
    """

    operation: str
    model: Any
    instance: Any
    now: Callable[[], datetime]

    @property
    def about(self) -> str:
        """The beginning of errors."""
        return f"{self.operation} of {self.model.__name__} with upsert="


@dataclass(frozen=True, slots=True)
class Said:
    """What the query and the updates of an upsert say of the document that is inserted.

    Attributes:
        equalities: What is copied from the query, by path.
        touched: The operators by the keys that are changed, which get nothing else.
        updates: The same, as the program wrote it: an update of a missing value may have become an assignment.
    """

    equalities: Mapping[str, Any]
    touched: Mapping[str, str]
    updates: Mapping[str, str]

    def is_closed(self, path: str) -> bool:
        """Return whether this is all about a path; not so for an update of what is in a list."""
        if self.touched.get(path) in OF_ITEMS:
            return False
        return any(is_inside(path, each) for each in (*self.touched, *self.equalities))

    def is_entered(self, path: str) -> bool:
        """Return whether this is a part of what is at a path."""
        both = (*self.touched, *self.equalities)
        return any(each != path and is_inside(each, path) for each in both)


OF_ITEMS = frozenset({"$push", "$pushAll", "$addToSet", "$pull", "$pullAll", "$pop"})


def complete(upsert: Upsert, said: Said, document: dict[str, Any]) -> Completion:
    """Complete a document that an upsert begins, and return what is added.

    Args:
        upsert: What it begins with.
        said: What the query and the updates say.
        document: The document as the updates leave it; it is changed.

    Raises:
        TypeError: as `plan_insertion` does.
        ValueError: as `plan_insertion` does.
    """
    completion = Completion(upsert, said)
    defaults = Defaults(upsert.now, said.is_closed, said.is_entered)
    if upsert.instance is None:
        present = [
            key
            for key in document
            if not said.is_entered(key) and said.touched.get(key) not in OF_ITEMS
        ]
        source = defaults.document(upsert.model, present, "")
    else:
        source = _document_of_instance(upsert, said.equalities)
        completion.check_lacking(source)
    completion.fill(document, source, "")
    completion.fill_objects(upsert.model, document, defaults, "")
    if defaults.lacking:
        raise TypeError(
            f"{upsert.about} cannot insert a document without {', '.join(defaults.lacking)}: compare it in the query by ==, "
            f"set it, or give an instance, as in upsert={upsert.model.__name__}(...)"
        )
    return completion


def touched_keys(update: Mapping[str, Any]) -> dict[str, str]:
    """Return the operators by the keys that an update document changes."""
    found: dict[str, str] = {}
    for operator, changes in update.items():
        if isinstance(changes, dict):
            for key, operand in cast("dict[str, Any]", changes).items():
                found[key] = operator
                if operator == "$rename":
                    found[str(operand)] = operator
    return found


class Completion:
    """What an upsert adds to the document that it begins.

    Attributes:
        found: The added values, by path.
        is_separate: Whether no command that updates can insert the document: an object is empty.
    """

    is_separate = False

    def __init__(self, upsert: Upsert, said: Said) -> None:
        self.found: dict[str, Any] = {}
        self._upsert = upsert
        self._said = said

    def fill(self, document: dict[str, Any], source: Mapping[str, Any], before: str) -> None:
        """Take what a document lacks from another one.

        Raises:
            TypeError: if an update would lose items of a list.
            ValueError: if the query contradicts the instance.
        """
        for key, value in source.items():
            path = f"{before}{key}"
            if path in self._said.touched:
                self._check_lost(path, value)
            elif path in self._said.equalities:
                if self._upsert.instance is not None and not is_same(
                    value, self._said.equalities[path]
                ):
                    raise self._contradiction(path)
            elif self._said.is_entered(path):
                self._enter(document, key, value, path)
            elif key not in document:
                if before and (not key or "." in key or key.startswith("$")):
                    raise ValueError(
                        f"{self._upsert.about} cannot set the key {key!r:.100} of {before[:-1]!r} alone: set the whole"
                    )
                self.found[path] = document[key] = value

    def fill_objects(
        self, cls: Any, document: dict[str, Any], defaults: Defaults, before: str
    ) -> None:
        """Complete embedded objects that the query or updates enter by the defaults of their classes."""
        for key, inner_cls, inner in objects_in(cls, document):
            path = f"{before}{key}"
            if self._said.is_entered(path):
                self.fill(inner, defaults.document(inner_cls, inner, f"{path}."), f"{path}.")
                self.fill_objects(inner_cls, inner, defaults, f"{path}.")

    def check_lacking(self, source: Mapping[str, Any]) -> None:
        """Refuse equalities of what the instance has no key for, which is `None`, or a default.

        Raises:
            ValueError: if there is one.
        """
        names = mapping_of(type(self._upsert.instance)).field_names
        for path, value in self._said.equalities.items():
            key = path.partition(".")[0]
            if key in names and key not in source and key != "_id" and value is not None:
                raise self._contradiction(path)

    def _enter(self, document: dict[str, Any], key: str, value: Any, path: str) -> None:
        if isinstance(value, dict):
            inner: Any = document.get(key, {})
            if isinstance(inner, dict):
                self.fill(cast("dict[str, Any]", inner), cast("dict[str, Any]", value), f"{path}.")
                document[key] = inner
                self.is_separate |= not inner
        elif self._upsert.instance is not None and any(
            is_inside(each, path) for each in self._said.equalities
        ):
            raise self._contradiction(path)

    def _check_lost(self, path: str, value: Any) -> None:
        operator = self._said.updates.get(path)
        if operator not in OF_ITEMS or not isinstance(value, (list, tuple)) or not value:
            return
        instance = self._upsert.instance
        if instance is not None and self._said.touched[path] not in OF_ITEMS:
            # It begins with the default.
            name = mapping_of(type(instance)).field_names.get(path)
            if name is not None and name not in instance.__pydantic_fields_set__:
                return
        raise TypeError(
            f"{self._upsert.about}: {operator} of {path!r} would lose the items that the instance or the default has there: "
            "set the whole list, or leave it out of the instance"
        )

    def _contradiction(self, path: str) -> ValueError:
        return ValueError(
            f"{self._upsert.about}: the instance has another value of {path!r} than the query, which would not find it again"
        )


def _document_of_instance(upsert: Upsert, equalities: Mapping[str, Any]) -> dict[str, Any]:
    instance = upsert.instance
    document = encode_document(_supplied(instance, upsert.now))
    primary = mapping_of(type(instance)).primary_field
    if "_id" in equalities and primary not in instance.__pydantic_fields_set__:
        # The program did not choose it.
        del document["_id"]
    return document


def _supplied(instance: Any, now: Callable[[], datetime]) -> Any:
    """Return an instance with the values of fields with `on_insert`: the given one stays as it is."""
    if not any(mapping_of(type(each)).supplied for each in written_with(instance).values()):
        return instance
    taken = instance.model_copy(deep=True)
    supply(taken, mapping_of(type(instance)).fields.keys(), now, is_new=True)
    return taken
