# Generated from engines, sessions and transactions by tools/generate_sync.py: do not edit.
# mypy: disable-error-code="override, misc"
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false
# Each method takes less than the one that it replaces: that is what strict means here.

from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Literal, NoReturn, TypeAlias, overload

from pymongo.read_concern import ReadConcern
from pymongo.results import UpdateResult
from pymongo.write_concern import WriteConcern
from typing_extensions import Unpack

from odmantic._aio.cursor import AIOCursor
from odmantic._aio.engine import AIOEngine as _AIOEngine
from odmantic._aio.engine import AIOSession as _AIOSession
from odmantic._aio.engine import AIOTransaction as _AIOTransaction
from odmantic._aio.engine import T
from odmantic._aio.engine_deletions import Without
from odmantic._aio.engine_instances import AnyUpdate
from odmantic._aio.engine_scopes import AIOSessionType
from odmantic._mapping.options import Missing
from odmantic._plan.loading import LoadArgument
from odmantic._plan.options import FindOptions, WriteOptions
from odmantic._shared.reading import ModelType
from odmantic._sync.cursor import SyncCursor
from odmantic._sync.engine import SyncEngine as _SyncEngine
from odmantic._sync.engine import SyncSession as _SyncSession
from odmantic._sync.engine import SyncTransaction as _SyncTransaction
from odmantic._sync.engine_scopes import SyncSessionType
from odmantic._transaction.concerns import TransactionDefaults
from odmantic.index import Index as _Index
from odmantic.model import Model
from odmantic.query import QueryExpression, SortExpression
from odmantic.typing import Expr, Filter, Sort

__all__ = [
    "AIOEngine",
    "AIOSession",
    "AIOTransaction",
    "Index",
    "SyncEngine",
    "SyncSession",
    "SyncTransaction",
]
_Field: TypeAlias = Expr[Any, Any]
_Condition: TypeAlias = Filter | QueryExpression | dict[str, Any]
_OneCondition: TypeAlias = _Condition | tuple[_Condition, ...]
_Order: TypeAlias = Sort | SortExpression | _Field
_Sorting: TypeAlias = _Order | tuple[_Order, ...] | None

class AIOEngine(_AIOEngine):
    def session(
        self,
        *,
        causal_consistency: bool | None = None,
        snapshot: bool = False,
        default_transaction_options: TransactionDefaults | None = None,
        after: str | None = None,
    ) -> AIOSession: ...
    def transaction(
        self,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> AIOTransaction: ...
    async def run_transaction(
        self,
        callback: Callable[[AIOTransaction], Awaitable[T]],
        *,
        attempts: int | None = None,
        timeout: float = 120.0,
        restore: Collection[object] = (),
        join: AIOTransaction | None = None,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> T: ...
    def find(
        self,
        model: type[ModelType],
        *queries: _Condition,
        sort: _Sorting = None,
        skip: int = 0,
        limit: int | None = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[FindOptions],
    ) -> AIOCursor[ModelType]: ...
    def find_any(
        self,
        models: Iterable[type[ModelType]],
        *queries: _Condition,
        sort: _Sorting = None,
        limit: int | None = None,
        without: Without = (),
        session: AIOSessionType = None,
    ) -> AIOCursor[ModelType]: ...
    async def find_one(
        self,
        model: type[ModelType],
        *queries: _Condition,
        sort: _Sorting = None,
        skip: int = 0,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[FindOptions],
    ) -> ModelType | None: ...
    async def count(
        self,
        model: type[ModelType],
        *queries: _Condition,
        skip: int = 0,
        limit: int | None = None,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[FindOptions],
    ) -> int: ...
    async def exists(
        self,
        model: type[ModelType],
        *queries: _Condition,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[FindOptions],
    ) -> bool: ...
    @overload
    async def distinct(
        self,
        field: list[T] | set[T] | frozenset[T] | deque[T] | tuple[T, ...],
        *queries: _Condition,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    @overload
    async def distinct(
        self,
        field: T,
        *queries: _Condition,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    async def recompute(
        self,
        model: type[ModelType],
        *queries: _Condition,
        without: Without = (),
        session: AIOSessionType = None,
    ) -> int: ...
    async def replace_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        upsert: bool = False,
        sort: _Sorting = None,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    @overload
    async def find_one_and_replace(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        returning: Literal["after"] = "after",
        upsert: Literal[True],
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    async def find_one_and_replace(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        returning: Literal["after", "before"] = "after",
        upsert: bool = False,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    async def get_or_create(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        session: AIOSessionType = None,
    ) -> tuple[ModelType, bool]: ...
    @overload
    async def find_one_and_update(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        returning: Literal["after"] = "after",
        upsert: Literal[True] | ModelType,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    async def find_one_and_update(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        returning: Literal["after", "before"] = "after",
        upsert: bool | ModelType = False,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    async def delete_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        sort: _Sorting = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> bool: ...
    async def delete_many(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> int: ...
    async def find_one_and_delete(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    async def update_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        sort: _Sorting = None,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    async def update_many(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        without: Without = (),
        session: AIOSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    async def update(
        self,
        instance: Model,
        *updates: AnyUpdate,
        where: _OneCondition | None = None,
        session: AIOSessionType = None,
    ) -> bool: ...
    async def remove(
        self,
        model: type[ModelType],
        *queries: _Condition,
        just_one: bool = False,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        session: AIOSessionType = None,
    ) -> int: ...

class AIOSession(_AIOSession):
    engine: AIOEngine
    def transaction(
        self,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> AIOTransaction: ...
    async def run_transaction(
        self,
        callback: Callable[[AIOTransaction], Awaitable[T]],
        *,
        attempts: int | None = None,
        timeout: float = 120.0,
        restore: Collection[object] = (),
        join: AIOTransaction | None = None,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> T: ...
    def find(
        self,
        model: type[ModelType],
        *queries: _Condition,
        sort: _Sorting = None,
        skip: int = 0,
        limit: int | None = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> AIOCursor[ModelType]: ...
    def find_any(
        self,
        models: Iterable[type[ModelType]],
        *queries: _Condition,
        sort: _Sorting = None,
        limit: int | None = None,
        without: Without = (),
    ) -> AIOCursor[ModelType]: ...
    async def find_one(
        self,
        model: type[ModelType],
        *queries: _Condition,
        sort: _Sorting = None,
        skip: int = 0,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> ModelType | None: ...
    async def remove(
        self,
        model: type[ModelType],
        *queries: _Condition,
        just_one: bool = False,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
    ) -> int: ...
    async def count(
        self,
        model: type[ModelType],
        *queries: _Condition,
        skip: int = 0,
        limit: int | None = None,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> int: ...
    async def exists(
        self,
        model: type[ModelType],
        *queries: _Condition,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> bool: ...
    @overload
    async def distinct(
        self,
        field: list[T] | set[T] | frozenset[T] | deque[T] | tuple[T, ...],
        *queries: _Condition,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    @overload
    async def distinct(
        self, field: T, *queries: _Condition, without: Without = (), **options: Unpack[FindOptions]
    ) -> list[T]: ...
    async def recompute(
        self, model: type[ModelType], *queries: _Condition, without: Without = ()
    ) -> int: ...
    async def replace_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        upsert: bool = False,
        sort: _Sorting = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    @overload
    async def find_one_and_replace(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        returning: Literal["after"] = "after",
        upsert: Literal[True],
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    async def find_one_and_replace(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        returning: Literal["after", "before"] = "after",
        upsert: bool = False,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    async def get_or_create(
        self, model: type[ModelType], query: _OneCondition, instance: ModelType
    ) -> tuple[ModelType, bool]: ...
    @overload
    async def find_one_and_update(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        returning: Literal["after"] = "after",
        upsert: Literal[True] | ModelType,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    async def find_one_and_update(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        returning: Literal["after", "before"] = "after",
        upsert: bool | ModelType = False,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    async def delete_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        sort: _Sorting = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        **options: Unpack[WriteOptions],
    ) -> bool: ...
    async def delete_many(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        **options: Unpack[WriteOptions],
    ) -> int: ...
    async def find_one_and_delete(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    async def update_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        sort: _Sorting = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    async def update_many(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    async def update(
        self, instance: Model, *updates: AnyUpdate, where: _OneCondition | None = None
    ) -> bool: ...

class AIOTransaction(AIOSession, _AIOTransaction):
    engine: AIOEngine
    session: AIOSession
    def __init__(
        self,
        context: AIOEngine | AIOSession,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> None: ...
    def transaction(self, **_options: Any) -> NoReturn: ...

class SyncEngine(_SyncEngine):
    def session(
        self,
        *,
        causal_consistency: bool | None = None,
        snapshot: bool = False,
        default_transaction_options: TransactionDefaults | None = None,
        after: str | None = None,
    ) -> SyncSession: ...
    def transaction(
        self,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> SyncTransaction: ...
    def run_transaction(
        self,
        callback: Callable[[SyncTransaction], T],
        *,
        attempts: int | None = None,
        timeout: float = 120.0,
        restore: Collection[object] = (),
        join: SyncTransaction | None = None,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> T: ...
    def find(
        self,
        model: type[ModelType],
        *queries: _Condition,
        sort: _Sorting = None,
        skip: int = 0,
        limit: int | None = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> SyncCursor[ModelType]: ...
    def find_any(
        self,
        models: Iterable[type[ModelType]],
        *queries: _Condition,
        sort: _Sorting = None,
        limit: int | None = None,
        without: Without = (),
        session: SyncSessionType = None,
    ) -> SyncCursor[ModelType]: ...
    def find_one(
        self,
        model: type[ModelType],
        *queries: _Condition,
        sort: _Sorting = None,
        skip: int = 0,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> ModelType | None: ...
    def count(
        self,
        model: type[ModelType],
        *queries: _Condition,
        skip: int = 0,
        limit: int | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> int: ...
    def exists(
        self,
        model: type[ModelType],
        *queries: _Condition,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> bool: ...
    @overload
    def distinct(
        self,
        field: list[T] | set[T] | frozenset[T] | deque[T] | tuple[T, ...],
        *queries: _Condition,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    @overload
    def distinct(
        self,
        field: T,
        *queries: _Condition,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    def recompute(
        self,
        model: type[ModelType],
        *queries: _Condition,
        without: Without = (),
        session: SyncSessionType = None,
    ) -> int: ...
    def replace_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        upsert: bool = False,
        sort: _Sorting = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    @overload
    def find_one_and_replace(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        returning: Literal["after"] = "after",
        upsert: Literal[True],
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    def find_one_and_replace(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        returning: Literal["after", "before"] = "after",
        upsert: bool = False,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    def get_or_create(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        session: SyncSessionType = None,
    ) -> tuple[ModelType, bool]: ...
    @overload
    def find_one_and_update(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        returning: Literal["after"] = "after",
        upsert: Literal[True] | ModelType,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    def find_one_and_update(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        returning: Literal["after", "before"] = "after",
        upsert: bool | ModelType = False,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    def delete_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        sort: _Sorting = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> bool: ...
    def delete_many(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> int: ...
    def find_one_and_delete(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    def update_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        sort: _Sorting = None,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    def update_many(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        without: Without = (),
        session: SyncSessionType = None,
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    def update(
        self,
        instance: Model,
        *updates: AnyUpdate,
        where: _OneCondition | None = None,
        session: SyncSessionType = None,
    ) -> bool: ...
    def remove(
        self,
        model: type[ModelType],
        *queries: _Condition,
        just_one: bool = False,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        session: SyncSessionType = None,
    ) -> int: ...

class SyncSession(_SyncSession):
    engine: SyncEngine
    def transaction(
        self,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> SyncTransaction: ...
    def run_transaction(
        self,
        callback: Callable[[SyncTransaction], T],
        *,
        attempts: int | None = None,
        timeout: float = 120.0,
        restore: Collection[object] = (),
        join: SyncTransaction | None = None,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> T: ...
    def find(
        self,
        model: type[ModelType],
        *queries: _Condition,
        sort: _Sorting = None,
        skip: int = 0,
        limit: int | None = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> SyncCursor[ModelType]: ...
    def find_any(
        self,
        models: Iterable[type[ModelType]],
        *queries: _Condition,
        sort: _Sorting = None,
        limit: int | None = None,
        without: Without = (),
    ) -> SyncCursor[ModelType]: ...
    def find_one(
        self,
        model: type[ModelType],
        *queries: _Condition,
        sort: _Sorting = None,
        skip: int = 0,
        load: LoadArgument = None,
        missing: Missing | None = None,
        identity: bool = False,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> ModelType | None: ...
    def remove(
        self,
        model: type[ModelType],
        *queries: _Condition,
        just_one: bool = False,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
    ) -> int: ...
    def count(
        self,
        model: type[ModelType],
        *queries: _Condition,
        skip: int = 0,
        limit: int | None = None,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> int: ...
    def exists(
        self,
        model: type[ModelType],
        *queries: _Condition,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> bool: ...
    @overload
    def distinct(
        self,
        field: list[T] | set[T] | frozenset[T] | deque[T] | tuple[T, ...],
        *queries: _Condition,
        without: Without = (),
        **options: Unpack[FindOptions],
    ) -> list[T]: ...
    @overload
    def distinct(
        self, field: T, *queries: _Condition, without: Without = (), **options: Unpack[FindOptions]
    ) -> list[T]: ...
    def recompute(
        self, model: type[ModelType], *queries: _Condition, without: Without = ()
    ) -> int: ...
    def replace_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        upsert: bool = False,
        sort: _Sorting = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    @overload
    def find_one_and_replace(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        returning: Literal["after"] = "after",
        upsert: Literal[True],
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    def find_one_and_replace(
        self,
        model: type[ModelType],
        query: _OneCondition,
        instance: ModelType,
        *,
        returning: Literal["after", "before"] = "after",
        upsert: bool = False,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    def get_or_create(
        self, model: type[ModelType], query: _OneCondition, instance: ModelType
    ) -> tuple[ModelType, bool]: ...
    @overload
    def find_one_and_update(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        returning: Literal["after"] = "after",
        upsert: Literal[True] | ModelType,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType: ...
    @overload
    def find_one_and_update(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        returning: Literal["after", "before"] = "after",
        upsert: bool | ModelType = False,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    def delete_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        sort: _Sorting = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        **options: Unpack[WriteOptions],
    ) -> bool: ...
    def delete_many(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        **options: Unpack[WriteOptions],
    ) -> int: ...
    def find_one_and_delete(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *,
        sort: _Sorting = None,
        load: LoadArgument = None,
        missing: Missing | None = None,
        hard: bool = False,
        without: Without = (),
        rules: bool = True,
        rules_limit: int = ...,
        **options: Unpack[WriteOptions],
    ) -> ModelType | None: ...
    def update_one(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        sort: _Sorting = None,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    def update_many(
        self,
        model: type[ModelType],
        query: _OneCondition,
        *updates: AnyUpdate,
        upsert: bool | ModelType = False,
        without: Without = (),
        **options: Unpack[WriteOptions],
    ) -> UpdateResult: ...
    def update(
        self, instance: Model, *updates: AnyUpdate, where: _OneCondition | None = None
    ) -> bool: ...

class SyncTransaction(SyncSession, _SyncTransaction):
    engine: SyncEngine
    session: SyncSession
    def __init__(
        self,
        context: SyncEngine | SyncSession,
        *,
        read_concern: ReadConcern | None = None,
        write_concern: WriteConcern | None = None,
        max_commit_time_ms: int | None = None,
    ) -> None: ...
    def transaction(self, **_options: Any) -> NoReturn: ...

class Index(_Index):
    def __init__(
        self,
        *fields: _Field | Sort,
        unique: bool = False,
        name: str | None = None,
        by_type: bool = False,
    ) -> None: ...
