"""Typed MongoDB documents on pydantic and PyMongo, async and sync.

A model is a class with type hints, a query is a Python expression, and a transaction saves several documents together:

    class Account(Model):
        owner: str
        balance: float = 0

    engine = AIOEngine()
    async with engine.transaction() as transaction:
        await transaction.save(Account(owner="Ada"))
"""

from typing import TYPE_CHECKING

from odmantic._lazy import lazy_names

if TYPE_CHECKING:
    from odmantic import back_reference as back_reference
    from odmantic import bson as bson
    from odmantic import computed as computed
    from odmantic import config as config
    from odmantic import engine as engine
    from odmantic import exceptions as exceptions
    from odmantic import expr as expr
    from odmantic import field as field
    from odmantic import index as index
    from odmantic import model as model
    from odmantic import query as query
    from odmantic import reference as reference
    from odmantic import session as session
    from odmantic import typing as typing
    from odmantic._bson.codecs import BsonCodec as BsonCodec
    from odmantic._bson.datetimes import Datetimes as Datetimes
    from odmantic._bson.reading import is_reading as is_reading
    from odmantic._codec.on_input import OnInput as OnInput
    from odmantic._define.codecs import register_codec as register_codec
    from odmantic._define.expand import Expand as Expand
    from odmantic._hooks.declared import hook as hook
    from odmantic._hooks.events import HookEvent as HookEvent
    from odmantic._mapping.ref import Ref as Ref
    from odmantic._mapping.suppliers import current as current
    from odmantic._mapping.suppliers import utcnow as utcnow
    from odmantic._query.narrowing import as_type as as_type
    from odmantic._query.types import type_is as type_is
    from odmantic._state.hollow import is_loaded as is_loaded
    from odmantic._state.hollow import is_missing as is_missing
    from odmantic._typed import F as F
    from odmantic._types.polymorphic import Polymorphic as Polymorphic
    from odmantic.back_reference import BackRef as BackRef
    from odmantic.back_reference import BackReference as BackReference
    from odmantic.back_reference import Load as Load
    from odmantic.bson import ObjectId, WithBsonSerializer
    from odmantic.computed import stored as stored
    from odmantic.engine import AIOEngine, SyncEngine
    from odmantic.field import Field
    from odmantic.index import Index
    from odmantic.model import EmbeddedModel, Model
    from odmantic.reference import Reference

__version__ = "2.0.0.dev0"

__all__ = [
    "AIOEngine",
    "EmbeddedModel",
    "Field",
    "Index",
    "Model",
    "ObjectId",
    "Reference",
    "SyncEngine",
    "WithBsonSerializer",
]

if not TYPE_CHECKING:
    # Importing the package loads neither of the drivers nor pydantic: only what a program uses is loaded.
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "odmantic._aio.engine": ("AIOEngine",),
            "odmantic._bson.codecs": ("BsonCodec",),
            "odmantic._bson.datetimes": ("Datetimes",),
            "odmantic._bson.reading": ("is_reading",),
            "odmantic._codec.on_input": ("OnInput",),
            "odmantic._hooks.declared": ("hook",),
            "odmantic._hooks.events": ("HookEvent",),
            "odmantic._mapping.ref": ("Ref",),
            "odmantic._mapping.suppliers": ("current", "utcnow"),
            "odmantic._query.narrowing": ("as_type",),
            "odmantic._query.types": ("type_is",),
            "odmantic._define.codecs": ("register_codec",),
            "odmantic._define.expand": ("Expand",),
            "odmantic._state.hollow": ("is_loaded", "is_missing"),
            "odmantic._sync.engine": ("SyncEngine",),
            "odmantic._typed": ("F",),
            "odmantic._types.polymorphic": ("Polymorphic",),
            "odmantic.back_reference": ("BackRef", "BackReference", "Load"),
            "odmantic.bson": ("ObjectId", "WithBsonSerializer"),
            "odmantic.computed": ("stored",),
            "odmantic.field": ("Field",),
            "odmantic.index": ("Index",),
            "odmantic.model": ("EmbeddedModel", "Model"),
            "odmantic.reference": ("Reference",),
        },
        submodules=(
            "back_reference",
            "bson",
            "computed",
            "config",
            "engine",
            "exceptions",
            "expr",
            "field",
            "index",
            "model",
            "path",
            "query",
            "reference",
            "session",
            "strict",
            "typing",
            "update",
        ),
    )
