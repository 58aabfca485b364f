"""The options of commands that a call may name, checked, as the driver takes them."""

from __future__ import annotations

from collections.abc import Collection as Items
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, cast, get_args

from pymongo import read_preferences
from pymongo.collation import Collation
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from odmantic._mapping.mapping import mapping_of
from odmantic._plan.sort import build_sort
from odmantic._query.expressions import QueryExpression, RawQuery
from odmantic._query.operands import built, operand_of
from odmantic.field import FieldProxy
from odmantic.index import Index
from odmantic.query import SortExpression

if TYPE_CHECKING:
    from collections.abc import Callable

Hint: TypeAlias = (
    str | Index | FieldProxy | SortExpression | Sequence[FieldProxy | SortExpression] | Any | None
)
AnyCollation: TypeAlias = Collation | Mapping[str, Any] | None
AnyReadPreference: TypeAlias = (
    read_preferences.Primary
    | read_preferences.PrimaryPreferred
    | read_preferences.Secondary
    | read_preferences.SecondaryPreferred
    | read_preferences.Nearest
)


class WriteOptions(TypedDict, total=False):
    """The options of a write by query; `None` is the same as none.

    Attributes:
        hint: The index to use: its name, an `Index(...)`, or fields as for `sort=`.
        collation: How text is compared.
        comment: What the server's logs and its profiler show.
        let: Values by name, for `$$name` in `$expr` and in stages; `raw({...})` and what `odmantic.expr` makes are expressions.
        array_filters: The conditions on items, for an update as a dict.
        bypass_document_validation: Whether the validation of the collection does not count.
        write_concern: The write concern; not in a transaction, which has one for all.
    """

    hint: Hint
    collation: AnyCollation
    comment: Any
    let: Mapping[str, Any] | None
    array_filters: Sequence[Mapping[str, Any]] | None
    bypass_document_validation: bool | None
    write_concern: WriteConcern | None


class FindOptions(TypedDict, total=False):
    """The options of a read; `None` is the same as none.

    Attributes:
        hint: The index to use: its name, an `Index(...)`, or fields as for `sort=`.
        collation: How text is compared.
        comment: What the server's logs and its profiler show.
        max_time_ms: The limit for the server's work, in milliseconds.
        batch_size: The number of documents in an answer of the server.
        allow_disk_use: Whether the server may sort on disk.
        let: Values by name, for `$$name` in `$expr`; `raw({...})` is an expression.
        no_cursor_timeout: Whether the server keeps a cursor that nobody uses.
        read_preference: Which member of the replica set is read; in a transaction the primary only.
        read_concern: The read concern; not in a transaction, which has one for all.
    """

    hint: Hint
    collation: AnyCollation
    comment: Any
    max_time_ms: int | None
    batch_size: int | None
    allow_disk_use: bool | None
    let: Mapping[str, Any] | None
    no_cursor_timeout: bool | None
    read_preference: AnyReadPreference | None
    read_concern: ReadConcern | None


class AggregateOptions(TypedDict, total=False):
    """The options of an aggregation; `None` is the same as none.

    Attributes:
        hint: The index to use: its name, an `Index(...)`, or fields as for `sort=`.
        collation: How text is compared.
        comment: What the server's logs and its profiler show.
        max_time_ms: The limit for the server's work, in milliseconds.
        batch_size: The number of documents in an answer of the server.
        allow_disk_use: Whether stages may work on disk.
        let: Values by name, for `$$name` in expressions; `raw({...})` is an expression.
        bypass_document_validation: Whether the validation of the collection that is written does not count.
        read_preference: Which member of the replica set is read; in a transaction the primary only.
        read_concern: The read concern; not in a transaction, which has one for all.
    """

    hint: Hint
    collation: AnyCollation
    comment: Any
    max_time_ms: int | None
    batch_size: int | None
    allow_disk_use: bool | None
    let: Mapping[str, Any] | None
    bypass_document_validation: bool | None
    read_preference: AnyReadPreference | None
    read_concern: ReadConcern | None


OF_UPDATES = frozenset(WriteOptions.__annotations__)
OF_DELETIONS = OF_UPDATES - {"array_filters", "bypass_document_validation"}
OF_REPLACEMENTS = OF_UPDATES - {"array_filters"}
OF_FINDS = frozenset(FindOptions.__annotations__)
OF_COUNTS = OF_FINDS - {"batch_size", "no_cursor_timeout"}
OF_DISTINCTS = OF_COUNTS - {"allow_disk_use", "let"}
OF_ESTIMATES = OF_DISTINCTS - {"hint", "collation"}
OF_AGGREGATIONS = frozenset(AggregateOptions.__annotations__)


@dataclass(frozen=True, slots=True)
class CallOptions:
    """The options of one call, checked.

    Attributes:
        words: Keyword arguments of the driver's `update_one`, `update_many`, `replace_one`, `delete_*` and `find`.
        concerns: What the driver takes for a whole collection only: concerns and the read preference.
        array_filters: The conditions on items; they belong to an update as a dict.
    """

    words: Mapping[str, Any] = field(default_factory=dict[str, Any])
    concerns: Mapping[str, Any] = field(default_factory=dict[str, Any])
    array_filters: Any = None

    @property
    def command_words(self) -> dict[str, Any]:
        """Keyword arguments of the driver's methods that know some options only by the server's names.

        They are `find_one_and_*`, `aggregate`, `count_documents` and `distinct`.
        """
        return {_OF_SERVER.get(name, name): value for name, value in self.words.items()}

    @property
    def of_lookups(self) -> CallOptions:
        """The options that also count for the reads of what references lead to."""
        words = {name: value for name, value in self.words.items() if name in _OF_LOOKUPS}
        return CallOptions(words, self.concerns)

    def collection(self, collection: Any) -> Any:
        """Return the collection that a command of the call uses."""
        return collection.with_options(**self.concerns) if self.concerns else collection

    def check_in_transaction(self, operation: str, model: type[Any]) -> None:
        """Refuse what a transaction has for all of its commands.

        Raises:
            TypeError: if the call names a concern, or reads from another member than the primary.
        """
        for name, value in self.concerns.items():
            if not isinstance(value, read_preferences.Primary):
                raise TypeError(
                    f"{operation} of {model.__name__} cannot take {name}= in a transaction, which has one for all of its "
                    "commands: give it to engine.transaction or run_transaction"
                    if name != "read_preference"
                    else f"{operation} of {model.__name__} reads from the primary in a transaction: leave out "
                    "read_preference="
                )


NO_OPTIONS = CallOptions()

_OF_LOOKUPS = frozenset({"comment", "max_time_ms"})

_OF_SERVER = {
    "max_time_ms": "maxTimeMS",
    "batch_size": "batchSize",
    "allow_disk_use": "allowDiskUse",
    "bypass_document_validation": "bypassDocumentValidation",
}


def checked_call_options(
    operation: str, model: type[Any], given: Mapping[str, Any], takes: Items[str]
) -> CallOptions:
    """Return the options of a call.

    Args:
        operation: The method.
        model: The model.
        given: The options; `None` is the same as none.
        takes: The names of those that it may have, such as `OF_UPDATES`.

    Raises:
        TypeError: if one is unknown, or has a wrong type.
        ValueError: if a number is negative, or there is no field to use as a hint.
    """
    if not given:
        return NO_OPTIONS
    words: dict[str, Any] = {}
    concerns: dict[str, Any] = {}
    for name, value in given.items():
        if name not in takes:
            raise TypeError(
                f"{operation} of {model.__name__} has no option {name!r:.100}; it takes {', '.join(sorted(takes))}"
            )
        if value is None or name == "array_filters":
            continue
        option = _OPTIONS[name]
        about = f"{operation} of {model.__name__}"
        try:
            checked = option.take(value, model) if isinstance(value, option.kinds) else _WRONG
        except ValueError as error:
            raise ValueError(f"{about}: {name}= {error}") from error
        if checked is _WRONG:
            raise TypeError(f"{about} takes {option.wanted} as {name}=, not {value!r:.200}")
        (concerns if option.is_concern else words)[name] = checked
    return CallOptions(words, concerns, given.get("array_filters"))


# --- Each option ----------------------------------------------------------------------------------

_WRONG: Any = object()


@dataclass(frozen=True, slots=True)
class _Option:
    """What one option may be.

    Attributes:
        wanted: What it may be, in words.
        kinds: The classes of its values.
        take: Returns what the driver gets; `_WRONG` for a value that is none.
        is_concern: Whether the driver takes it for a whole collection only.
    """

    wanted: str
    kinds: type[Any] | tuple[type[Any], ...]
    take: Callable[[Any, type[Any]], Any] = lambda value, _: value
    is_concern: bool = False


def _hint(value: Any, model: type[Any]) -> Any:
    """Return the name or the keys of an index."""
    if isinstance(value, str):
        return value or _WRONG
    if isinstance(value, Index):
        if value.name is not None:
            return value.name
        hierarchy = mapping_of(model).hierarchy
        type_key = None if hierarchy is None else hierarchy.key
        return value.to_odm_index(type_key).get_index_specifier()
    try:
        order = build_sort(value, model)
    except TypeError:
        return _WRONG
    return _WRONG if order is None else [*order.items()]


def _collation(value: Any, _model: type[Any]) -> Any:
    return value if isinstance(value, Collation) else dict(value)


def _variables(value: Any, _model: type[Any]) -> Any:
    """Return values, none of which becomes an expression."""
    if isinstance(value, RawQuery):
        return dict(value)
    given = cast("Mapping[Any, Any]", value)
    if isinstance(value, QueryExpression) or not all(
        isinstance(name, str) and name for name in given
    ):
        return _WRONG
    return {str(name): built(operand_of(each)) for name, each in given.items()}


def _number(value: Any, _model: type[Any]) -> Any:
    if isinstance(value, bool):
        return _WRONG
    if value < 0:
        raise ValueError(f"cannot be negative: {value}")
    return value


_OPTIONS = {
    "hint": _Option("the name of an index, an Index(...), or fields as for sort=", object, _hint),
    "collation": _Option("a Collation or a dict", (Collation, Mapping), _collation),
    "comment": _Option("anything", object),
    "let": _Option("a dict of values by name", Mapping, _variables),
    "bypass_document_validation": _Option("True or False", bool),
    "allow_disk_use": _Option("True or False", bool),
    "no_cursor_timeout": _Option("True or False", bool),
    "max_time_ms": _Option("a number of milliseconds", int, _number),
    "batch_size": _Option("a number of documents", int, _number),
    "write_concern": _Option("a pymongo.WriteConcern", WriteConcern, is_concern=True),
    "read_concern": _Option("a pymongo.read_concern.ReadConcern", ReadConcern, is_concern=True),
    "read_preference": _Option(
        "a pymongo.ReadPreference", get_args(AnyReadPreference), is_concern=True
    ),
}
