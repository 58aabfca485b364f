"""Clients and sessions are told apart by their types, never by an attribute."""

from __future__ import annotations

from unittest.mock import MagicMock, Mock

import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.client_session import TransactionOptions
from pymongo.read_concern import ReadConcern

from odmantic import AIOEngine, SyncEngine
from odmantic._driver.clients import ClientKind, check_session, client_kind
from odmantic._transaction.concerns import NOTHING_ASKED, TransactionSettings
from odmantic.session import AIOSession, SyncSession


class StandIn:
    """Behaves like a client as far as an engine needs it."""

    def __getitem__(self, name):
        return {}

    def start_session(self):
        return Mock()


def _motor_client():
    motor = pytest.importorskip("motor.motor_asyncio")
    return motor.AsyncIOMotorClient(connect=False)


def _sync_client():
    return MongoClient(connect=False)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (_sync_client, ClientKind.SYNC),
        (AsyncMongoClient, ClientKind.ASYNC),
        (_motor_client, ClientKind.MOTOR),
        (StandIn, ClientKind.UNKNOWN),
        (MagicMock, ClientKind.UNKNOWN),
        (object, ClientKind.NONE),
        (lambda: "mongodb://localhost", ClientKind.NONE),
        (lambda: {"test": {}}, ClientKind.NONE),
        (lambda: _sync_client()["test"], ClientKind.NONE),
        (lambda: _sync_client()["test"]["x"], ClientKind.NONE),
        (lambda: AsyncMongoClient()["test"], ClientKind.NONE),
        (lambda: AsyncMongoClient()["test"]["x"], ClientKind.NONE),
        (lambda: _motor_client()["test"], ClientKind.NONE),
        (lambda: _motor_client()["test"]["x"], ClientKind.NONE),
    ],
)
async def test_the_kind_of_a_client(make, kind):
    assert client_kind(make()) is kind


@pytest.mark.parametrize(
    ("engine", "make", "accepted"),
    [
        (AIOEngine, AsyncMongoClient, True),
        (AIOEngine, _motor_client, True),
        (AIOEngine, StandIn, True),
        (AIOEngine, _sync_client, False),
        (AIOEngine, object, False),
        (SyncEngine, _sync_client, True),
        (SyncEngine, StandIn, True),
        (SyncEngine, AsyncMongoClient, False),
        (SyncEngine, _motor_client, False),
        (SyncEngine, object, False),
    ],
)
async def test_which_clients_an_engine_takes(engine, make, accepted):
    client = make()
    if accepted:
        assert engine(client).client is client
    else:
        with pytest.raises(TypeError, match=f"{engine.__name__} cannot use a"):
            engine(client)


@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        lambda: _sync_client().start_session(),
        lambda: AsyncMongoClient().start_session(),
        Mock,
        MagicMock,
    ],
)
async def test_sessions_of_drivers_and_stand_ins_are_accepted(make):
    check_session(make())


@pytest.mark.parametrize(
    "make",
    [
        object,
        lambda: "session",
        lambda: 0,
        lambda: False,
        lambda: Mock,
        lambda: type("Session", (), {}),
        _sync_client,
        AsyncMongoClient,
        _motor_client,
        lambda: _sync_client()["test"],
        lambda: AsyncMongoClient()["test"]["x"],
        lambda: _motor_client()["test"],
        lambda: AIOEngine(StandIn()),
    ],
)
async def test_what_is_no_session_is_refused(make):
    value = make()
    with pytest.raises(TypeError, match="session= takes a session or transaction object"):
        check_session(value)


def test_the_options_of_a_usual_transaction_are_found_once_for_a_client():
    engine = SyncEngine(_sync_client())
    options = engine._transaction_options(NOTHING_ASKED, None)

    assert options["read_concern"] == ReadConcern("snapshot")
    assert engine._transaction_options(NOTHING_ASKED, None) is options

    engine.client = MongoClient(connect=False, readConcernLevel="local")
    assert "read_concern" not in engine._transaction_options(NOTHING_ASKED, None)


def test_the_options_of_another_transaction_are_its_own():
    engine = SyncEngine(_sync_client())
    engine._transaction_options(NOTHING_ASKED, None)
    asked = TransactionSettings(ReadConcern("majority"))
    defaults = TransactionOptions(ReadConcern("local"))

    assert engine._transaction_options(asked, None)["read_concern"] == ReadConcern("majority")
    assert engine._transaction_options(NOTHING_ASKED, defaults)["read_concern"] == ReadConcern(
        "local"
    )


@pytest.mark.parametrize(
    ("engine", "session"), [(AIOEngine, AIOSession), (SyncEngine, SyncSession)]
)
def test_a_mock_of_a_session_gives_what_it_is_told(engine, session):
    mock = Mock(spec=session)

    assert engine._get_session(mock) is mock.get_driver_session()
