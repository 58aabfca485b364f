"""The errors of operations on documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.errors import InvalidDocument
from pymongo.errors import DocumentTooLarge, PyMongoError, ServerSelectionTimeoutError

from odmantic._errors.base import LONGEST_VALUE, BaseEngineException, OdmanticError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel


class ServerNotFoundError(OdmanticError, ServerSelectionTimeoutError):
    """No suitable server was found in the time that the client allows.

    Attributes:
        driver_error: The driver's exception, with labels.
        operation: The operation that needed a server.
        addresses: The addresses of the servers, as far as the client knows them.
    """

    def __init__(
        self, driver_error: ServerSelectionTimeoutError, operation: str, addresses: Sequence[str]
    ) -> None:
        where = f" at {', '.join(addresses)}" if addresses else ""
        message = (
            f"{operation}: no MongoDB server{where} took it in time. Is one running there? `odmantic serve` starts one "
            "for development, and the client's serverSelectionTimeoutMS (30 seconds, unless you set it) says how long "
            f"it is waited for ({driver_error})"
        )
        super().__init__(message)
        # Its labels decide, among others, whether a transaction is retried.
        vars(self).update({k: v for k, v in vars(driver_error).items() if k not in _NOT_TAKEN})
        self.driver_error = driver_error
        self.operation = operation
        self.addresses: tuple[str, ...] = tuple(addresses)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.driver_error, self.operation, self.addresses), self.__dict__


_NOT_TAKEN = frozenset({"__notes__", "_message"})
"""The attributes that are not copied from the driver's error."""


class DocumentNotFoundError(BaseEngineException):
    """The document of `instance` is not in the database."""

    def __init__(self, instance: BaseModel) -> None:
        model = type(instance)
        primary = getattr(model, "__primary_field__", "id")
        id_ = f"{primary}={getattr(instance, primary, None)!r:.{LONGEST_VALUE}}"
        super().__init__(f"Document not found for : {model.__name__} ({id_})", model)
        self.instance = instance

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.instance,), self.__dict__


class UnsavedChangesError(BaseEngineException, ValueError):
    """An update of an instance would overwrite what the program has changed in it and not saved; nothing was sent.

    Attributes:
        instance: The instance.
        fields: The names of the fields that the update would change, and that have unsaved changes.
    """

    def __init__(self, instance: BaseModel, fields: tuple[str, ...]) -> None:
        model = type(instance)
        super().__init__(
            f"update of {model.__name__} would overwrite unsaved changes of {_joined(fields)}: save the instance before, "
            "or take the changes back with refresh(..., discard=True); only set_ of a whole field replaces them",
            model,
        )
        self.instance = instance
        self.fields = fields

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.instance, self.fields), self.__dict__


class UpdateRefusedError(BaseEngineException, ValueError):
    """An update was not made, since it would break a rule of the model; the document is as before.

    It is raised for updates of an instance, and by `find_one_and_update` with `upsert=`, which never returns `None`.

    Attributes:
        instance: The instance, which is as before; `None` for a write by query.
        model: Its class, or the model of the query.
        field: The name of the field, such as `"age"` or `"address.floor"`; for a write by query those of all fields whose
            updates have a rule, separated by commas.
        bound: The rule of the field that would be broken, such as `"le=150"` or `"max_length=3"`; `None` if the value
            that the update starts from is missing or `None`. For a write by query, all rules, separated by commas.
        value: The present value of the document in its stored form; `None` if there is none, or for a write by query.
    """

    def __init__(
        self,
        instance: BaseModel | None,
        field: str,
        bound: str | None,
        value: Any,
        model: Any = None,
    ) -> None:
        model = model or type(instance)
        name = f"{model.__name__}.{field}"
        super().__init__(
            f"{name} is None or missing in the document, and cannot be updated from there: set it first"
            if bound is None
            else f"the update would break {bound} of {name}; the document is as before",
            model,
        )
        self.instance = instance
        self.field = field
        self.bound = bound
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (self.instance, self.field, self.bound, self.value, self.model)
        return type(self), arguments, self.__dict__


class DuplicateKeyError(BaseEngineException):
    """A unique index of the collection already holds a value of `instance`.

    The text, such as "User with this email exists already", names the fields but no values: values may be secret, and
    texts go into logs.

    Attributes:
        instance: The refused instance; `None` for a write by query.
        model: Its class, or the model of the query.
        driver_error: The driver's exception with code, details and labels.
        key_pattern: The index as the server reports it, such as `{"email": 1}`; empty if it does not.
        fields: Names of the indexed fields, such as `("email",)` or `("address.city",)`; a key that is not a field of
            the model is given as it is.
    """

    def __init__(
        self,
        instance: BaseModel | None,
        driver_error: PyMongoError,
        model: Any = None,
    ) -> None:
        if model is None:
            model = type(instance)
        details: dict[str, Any] = getattr(driver_error, "details", None) or {}
        self.key_pattern: dict[str, Any] = dict(details.get("keyPattern") or {})
        self.fields: tuple[str, ...] = tuple(
            _field_path(model, str(key)) for key in self.key_pattern
        )
        named = f" with this {_joined(self.fields)}" if self.fields else ""
        super().__init__(f"{model.__name__}{named} exists already", model)
        self.instance = instance
        self.driver_error = driver_error

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.instance, self.driver_error, self.model), self.__dict__


def _joined(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _field_path(model: Any, key: str) -> str:
    """Return the path of field names for a path of keys, as far as the model has them."""
    names: list[str] = []
    for part in key.split("."):
        fields = getattr(model, "__odm_fields__", {})
        name = next((name for name, field in fields.items() if field.key_name == part), part)
        model = getattr(fields.get(name), "model", None)
        names.append(name)
    return ".".join(names)


class NotLoadedError(OdmanticError, RuntimeError):
    """A referenced document was not loaded, and more than its primary key is needed.

    It is a `RuntimeError`, because templates and `getattr` with a default hide an `AttributeError`.
    """


class TargetNotFoundError(OdmanticError, LookupError):
    """The document that a reference leads to does not exist."""


class ReferencedError(BaseEngineException):
    """A deletion was refused: a reference with `on_delete="deny"` leads to what would be deleted.

    Attributes:
        model: The model whose documents refer to it.
        field: The reference, such as `"author"` or `"comments.by"`.
        ids: The primary keys of what would be deleted, as far as the holders refer to it.
        holders: The primary keys of up to ten documents that refer to it.
    """

    def __init__(
        self,
        model: type[BaseModel],
        field: str,
        ids: Sequence[Any],
        holders: Sequence[Any],
        deleted: type[BaseModel],
    ) -> None:
        message = (
            f"cannot delete {deleted.__name__}: {model.__name__}.{field} has on_delete='deny', and refers to "
            f"{_listed(ids)}, which would be deleted, in {_listed(holders)}. Delete or change these {model.__name__} "
            "documents first"
        )
        super().__init__(message, model)
        self.field = field
        self.ids: list[Any] = [*ids]
        self.holders: list[Any] = [*holders]
        self._deleted = deleted

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (self.model, self.field, self.ids, self.holders, self._deleted)
        return type(self), arguments, self.__dict__


def _listed(values: Sequence[Any]) -> str:
    shown = ", ".join(f"{value!r:.{LONGEST_VALUE}}" for value in values[:_MOST_SHOWN])
    return f"{shown}, ..." if len(values) > _MOST_SHOWN else shown


_MOST_SHOWN = 3


class UnsavedReferenceError(BaseEngineException, ValueError):
    """An instance refers to one that was never saved, and is not saved with it."""


class InvalidDocumentError(BaseEngineException, InvalidDocument):
    """A save was refused because BSON has no form for a value of the instance."""


class IntegerTooLargeError(InvalidDocumentError, OverflowError):
    """An integer of the instance needs more than 64 bits."""


class IncompleteDocumentError(InvalidDocumentError, AttributeError):
    """A field of the instance has no value, so that its document would lack a key."""


class UnencodableValueError(InvalidDocumentError, ValueError):
    """A value of the instance has a BSON type, but cannot be encoded.

    For example text that is not valid Unicode.
    """


class DocumentTooLargeError(InvalidDocumentError, DocumentTooLarge):
    """The document of the instance is larger than the 16 MiB that MongoDB allows.

    See https://www.mongodb.com/docs/manual/reference/limits/#mongodb-limit-BSON-Document-Size
    """
