"""What sessions and transactions are, and what they refuse."""

from __future__ import annotations

from abc import ABCMeta
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from unittest.mock import MagicMock, Mock

import pytest
from pymongo.errors import InvalidOperation, PyMongoError

from odmantic import AIOEngine, SyncEngine
from odmantic.exceptions import OdmanticError, SessionMisuseError
from odmantic.session import (
    AIOSession,
    AIOSessionBase,
    AIOTransaction,
    SyncSession,
    SyncSessionBase,
    SyncTransaction,
)


@pytest.fixture
def aio():
    return AIOEngine()


@pytest.fixture
def sync():
    return SyncEngine(MagicMock(), "test")


def test_a_transaction_is_a_session():
    assert issubclass(AIOTransaction, AIOSession)
    assert issubclass(AIOTransaction, AIOSessionBase)
    assert issubclass(SyncTransaction, SyncSession)
    assert issubclass(SyncTransaction, SyncSessionBase)


def test_the_colours_are_apart():
    assert not issubclass(AIOSession, SyncSessionBase)
    assert not issubclass(SyncSession, AIOSessionBase)


def test_they_are_context_managers_of_their_colour():
    assert issubclass(AIOSession, AbstractAsyncContextManager)
    assert issubclass(SyncSession, AbstractContextManager)
    assert isinstance(AIOSessionBase, ABCMeta)
    assert isinstance(SyncSessionBase, ABCMeta)


def test_they_are_truthy_before_they_are_started(aio, sync):
    assert all((aio.session(), aio.transaction(), sync.session(), sync.transaction()))


@pytest.mark.parametrize("context", [None, "engine", object(), Mock()])
def test_a_transaction_needs_an_engine_or_a_session(context):
    with pytest.raises(TypeError, match="AIOTransaction takes an AIOEngine or an AIOSession"):
        AIOTransaction(context)
    with pytest.raises(TypeError, match="SyncTransaction takes a SyncEngine or a SyncSession"):
        SyncTransaction(context)


def test_a_transaction_refuses_the_other_colour(aio, sync):
    for context in (sync, sync.session(), sync.transaction()):
        with pytest.raises(TypeError, match=f"not {type(context).__name__}"):
            AIOTransaction(context)
    for context in (aio, aio.session(), aio.transaction()):
        with pytest.raises(TypeError, match=f"not {type(context).__name__}"):
            SyncTransaction(context)


def test_an_engine_refuses_sessions_of_the_other_colour(aio, sync):
    for session in (sync.session(), sync.transaction()):
        with pytest.raises(TypeError, match=type(session).__name__):
            aio._get_session(session)
    for session in (aio.session(), aio.transaction()):
        with pytest.raises(TypeError, match=type(session).__name__):
            sync._get_session(session)


def test_get_session_passes_none_and_driver_sessions_on(aio, sync):
    raw = object()
    for engine in (aio, sync):
        assert engine._get_session(None) is None
        assert engine._get_session(raw) is raw


def test_get_session_asks_the_transaction_not_its_session(aio, sync):
    for engine in (aio, sync):
        with pytest.raises(RuntimeError, match=r"^transaction not started$"):
            engine._get_session(engine.transaction())
        with pytest.raises(RuntimeError, match=r"^session not started$"):
            engine._get_session(engine.session())


def test_misuse_is_an_error_of_ours_of_python_and_of_the_driver(aio):
    with pytest.raises(SessionMisuseError) as caught:
        aio.session().get_driver_session()
    for kind in (OdmanticError, RuntimeError, InvalidOperation, PyMongoError):
        assert isinstance(caught.value, kind)
    assert str(caught.value) == "session not started"
    assert not caught.value.has_error_label("TransientTransactionError")
