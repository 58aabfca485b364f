"""Sessions and transactions call their engine, whatever it is."""

from __future__ import annotations

import inspect
from unittest.mock import AsyncMock, MagicMock, Mock, sentinel

import pytest

from odmantic import AIOEngine, Model, SyncEngine
from odmantic.session import AIOSession, AIOTransaction, SyncSession, SyncTransaction


class User(Model):
    name: str


_QUERIES = (User.name == "Ada", {"age": 3})

CALLS = [
    ("find", (User, *_QUERIES), {"sort": User.name, "skip": 1, "limit": 2}, {}),
    ("find", (User,), {}, {"sort": None, "skip": 0, "limit": None}),
    ("find_one", (User, *_QUERIES), {"sort": User.name}, {}),
    ("find_one", (User,), {}, {"sort": None}),
    ("count", (User, *_QUERIES), {}, {}),
    ("count", (User,), {"skip": 1, "limit": 2, "comment": "why"}, {}),
    ("find_one", (User,), {"skip": 1, "hint": "_id_"}, {"sort": None}),
    ("estimated_count", (User,), {"comment": "why"}, {}),
    ("get", (User, 1), {"load": (), "without": "soft_delete"}, {}),
    ("get_many", (User, [1]), {"missing": "keep", "identity": True}, {}),
    ("exists", (User, *_QUERIES), {"without": "soft_delete"}, {}),
    ("estimated_count", (User,), {}, {}),
    ("distinct", (User.name, *_QUERIES), {}, {}),
    ("recompute", (User, *_QUERIES), {"without": "soft_delete"}, {}),
    ("save", (sentinel.instance,), {}, {}),
    ("save_all", ([sentinel.instance],), {}, {}),
    ("insert", (sentinel.instance,), {}, {"cascade": True}),
    (
        "insert_many",
        ([sentinel.instance],),
        {"ordered": False, "bypass_document_validation": True},
        {"cascade": True},
    ),
    ("replace", (sentinel.instance,), {}, {}),
    ("refresh", (sentinel.instance, User.name), {}, {"discard": False}),
    ("update", (sentinel.instance, {"$set": {"age": 1}}), {}, {}),
    ("update", (sentinel.instance, {"$set": {"age": 1}}), {"where": _QUERIES}, {}),
    ("delete", (sentinel.instance,), {}, {}),
    ("remove", (User, *_QUERIES), {"just_one": True}, {}),
    ("remove", (User,), {}, {"just_one": False}),
    ("delete_one", (User, {}), {}, {}),
    ("delete_one", (User, {}), {"sort": User.name, "without": "soft_delete", "hard": True}, {}),
    ("delete_many", (User, {}), {}, {}),
    ("delete_many", (User, {}), {"rules": False, "rules_limit": 3, "comment": "x"}, {}),
    ("find_one_and_delete", (User, {}), {}, {}),
    ("find_one_and_delete", (User, {}), {"load": (), "missing": "keep", "hard": True}, {}),
    ("find_one_and_update", (User, *_QUERIES), {}, {"returning": "after", "upsert": False}),
    (
        "find_one_and_update",
        (User, *_QUERIES),
        {"returning": "before", "sort": User.name, "load": (), "missing": "keep", "comment": "x"},
        {"upsert": False},
    ),
    ("find_one_and_update", (User, *_QUERIES), {"upsert": True}, {"returning": "after"}),
    ("replace_one", (User, {}, sentinel.instance), {}, {"upsert": False}),
    (
        "replace_one",
        (User, {}, sentinel.instance),
        {"upsert": True, "sort": User.name, "without": "soft_delete", "comment": "x"},
        {},
    ),
    (
        "find_one_and_replace",
        (User, {}, sentinel.instance),
        {},
        {"returning": "after", "upsert": False},
    ),
    (
        "find_one_and_replace",
        (User, {}, sentinel.instance),
        {"returning": "before", "upsert": True, "load": (), "missing": "keep", "comment": "x"},
        {},
    ),
    ("get_or_create", (User, {}, sentinel.instance), {}, {}),
    ("update_one", (User, {}, {"$set": {"age": 1}}), {}, {}),
    (
        "update_one",
        (User, {}, {"$set": {"age": 1}}),
        {"upsert": True, "sort": User.name, "without": "soft_delete", "array_filters": [{"x": 1}]},
        {},
    ),
    ("update_many", (User, *_QUERIES), {}, {}),
    (
        "update_many",
        (User, *_QUERIES),
        {"without": "soft_delete", "array_filters": [{"x": 1}], "hint": "n_1", "upsert": True},
        {},
    ),
]
"""Method, positional arguments, keyword arguments, and the defaults that are passed on with them."""
EVERY_CALL = pytest.mark.parametrize(("method", "arguments", "options", "defaults"), CALLS)
RETURNS_NOTHING = {"delete"}


def _aio_engine():
    engine = AsyncMock(spec=AIOEngine)
    engine.find = Mock()
    engine._get_session = Mock(return_value=sentinel.driver_session)
    return engine


def _sync_engine():
    engine = Mock(spec=SyncEngine)
    engine._get_session = Mock(return_value=sentinel.driver_session)
    return engine


def _transaction_with_replaced_engine():
    transaction = AIOTransaction(AIOEngine())
    transaction.engine = _aio_engine()
    return transaction


def _sync_transaction_with_replaced_engine():
    transaction = SyncTransaction(SyncEngine(MagicMock(), "test"))
    transaction.engine = _sync_engine()
    return transaction


AIO_OBJECTS = pytest.mark.parametrize(
    "make",
    [
        lambda: AIOSession(_aio_engine()),
        lambda: AIOTransaction(_aio_engine()),
        _transaction_with_replaced_engine,
    ],
    ids=["session", "transaction", "transaction with a replaced engine"],
)
SYNC_OBJECTS = pytest.mark.parametrize(
    "make",
    [
        lambda: SyncSession(_sync_engine()),
        lambda: SyncTransaction(_sync_engine()),
        _sync_transaction_with_replaced_engine,
    ],
    ids=["session", "transaction", "transaction with a replaced engine"],
)


def _assert_delegated(subject, method, arguments, options, defaults):
    called = getattr(subject.engine, method)
    called.assert_called_once_with(
        *arguments, **options, **defaults, session=sentinel.driver_session
    )
    subject.engine._get_session.assert_called_once_with(subject)
    return called


@AIO_OBJECTS
@EVERY_CALL
async def test_an_async_object_calls_the_engines_method_of_the_same_name(
    make, method, arguments, options, defaults
):
    subject = make()

    result = getattr(subject, method)(*arguments, **options)
    if method != "find":
        result = await result

    called = _assert_delegated(subject, method, arguments, options, defaults)
    if method not in RETURNS_NOTHING:
        assert result is called.return_value


@SYNC_OBJECTS
@EVERY_CALL
def test_a_sync_object_calls_the_engines_method_of_the_same_name(
    make, method, arguments, options, defaults
):
    subject = make()

    result = getattr(subject, method)(*arguments, **options)

    called = _assert_delegated(subject, method, arguments, options, defaults)
    if method not in RETURNS_NOTHING:
        assert result is called.return_value


@pytest.mark.parametrize("engine", [None, sentinel.engine, Mock()])
def test_a_session_takes_any_engine(engine):
    assert AIOSession(engine).engine is engine
    assert SyncSession(engine).engine is engine


def test_the_engine_is_asked_even_where_it_refuses():
    for make, engine in ((AIOSession, _aio_engine()), (SyncSession, _sync_engine())):
        engine._get_session.side_effect = RuntimeError("session not started")
        with pytest.raises(RuntimeError, match="session not started"):
            make(engine).find(User)
        engine.find.assert_not_called()


@pytest.mark.parametrize("make", [AIOSession, SyncSession])
@pytest.mark.parametrize(
    "method",
    [
        *("find", "find_one", "count", "save", "save_all", "delete", "remove"),
        *(
            "insert",
            "insert_many",
            "replace",
            "refresh",
            "get",
            "exists",
            "estimated_count",
            "update",
        ),
    ],
)
def test_no_operation_takes_a_session(make, method):
    assert "session" not in inspect.signature(getattr(make, method)).parameters
    with pytest.raises(TypeError):
        called = getattr(make(_sync_engine()), method)(User, session=None)
        if inspect.iscoroutine(called):
            called.send(None)


@pytest.mark.parametrize("started", ["coroutine", "bare"])
async def test_a_mocked_client_may_answer_with_a_coroutine_or_a_bare_mock(started):
    engine = _aio_engine()
    engine.client = Mock()
    driver_session = Mock()
    engine.client.start_session = (AsyncMock if started == "coroutine" else Mock)(
        return_value=driver_session
    )
    async with AIOSession(engine) as session:
        assert session.get_driver_session() is driver_session

    driver_session.end_session.assert_called_once_with()
