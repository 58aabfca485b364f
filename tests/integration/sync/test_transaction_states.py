# Generated from tests/integration/aio/test_transaction_states.py by tools/generate_sync.py: do not edit.
"""The states of a transaction object, as a table: what each operation does, sends and leads to."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from pymongo.errors import ExecutionTimeout

from odmantic import Model
from odmantic.exceptions import DuplicateKeyError, TransactionAbortedError


class User(Model):
    name: str
    email: str


REFUSED = (RuntimeError, "(?i)transaction (not|already) started")
"""What a table's cell says about errors."""
ABORTED = (TransactionAbortedError, "duplicate key")


class Row(NamedTuple):
    state: str
    action: str
    error: tuple[type[Exception], str] | None
    after: str
    stored: bool
    sent: tuple[str, ...] = ()


IDLE = ("new", "committed", "aborted", "failed")

TABLE = [
    *(Row(state, "start", None, "running", state == "committed") for state in IDLE),
    *(
        Row(state, action, REFUSED, "idle", state == "committed")
        for state in IDLE
        for action in ("commit", "abort", "end", "operate", "get_driver_session")
    ),
    *(
        Row(state, action, None, "idle", state == "committed")
        for state in IDLE
        for action in ("exit normally", "exit with exception")
    ),
    Row("running", "start", REFUSED, "running", stored=False),
    Row("running", "commit", None, "idle", stored=True, sent=("commitTransaction",)),
    Row("running", "abort", None, "idle", stored=False, sent=("abortTransaction",)),
    Row("running", "end", None, "idle", stored=False, sent=("abortTransaction",)),
    Row("running", "operate", None, "running", stored=False, sent=("update",)),
    Row("running", "get_driver_session", None, "running", stored=False),
    Row("running", "exit normally", None, "idle", stored=True, sent=("commitTransaction",)),
    Row("running", "exit with exception", None, "idle", stored=False, sent=("abortTransaction",)),
    Row("doomed", "start", REFUSED, "doomed", stored=False),
    Row("doomed", "commit", ABORTED, "idle", stored=False, sent=("abortTransaction",)),
    Row("doomed", "abort", None, "idle", stored=False, sent=("abortTransaction",)),
    Row("doomed", "end", None, "idle", stored=False, sent=("abortTransaction",)),
    Row("doomed", "operate", ABORTED, "doomed", stored=False),
    Row("doomed", "get_driver_session", ABORTED, "doomed", stored=False),
    Row("doomed", "exit normally", ABORTED, "idle", stored=False, sent=("abortTransaction",)),
    Row("doomed", "exit with exception", None, "idle", stored=False, sent=("abortTransaction",)),
    Row("in doubt", "start", REFUSED, "in doubt", stored=False),
    Row("in doubt", "commit", None, "idle", stored=True, sent=("commitTransaction",)),
    Row("in doubt", "abort", None, "idle", stored=False),
    Row("in doubt", "end", None, "idle", stored=False),
    Row("in doubt", "operate", REFUSED, "in doubt", stored=False),
    Row("in doubt", "get_driver_session", REFUSED, "in doubt", stored=False),
    Row("in doubt", "exit normally", None, "idle", stored=False),
    Row("in doubt", "exit with exception", None, "idle", stored=False),
]


@pytest.fixture
def user():
    return User(name="Ada", email="a@x")


@pytest.fixture
def brought_to(sync_engine, raw_database, fail_point, user):
    """Brings a new transaction, in a session of its own, to a state in which it has saved `user`."""
    raw_database["user"].create_index("email", unique=True)
    raw_database["user"].insert_one({"name": "Eve", "email": "taken"})

    def bring(transaction, state):
        if state == "new":
            return
        transaction.start()
        transaction.save(user)
        if state == "committed":
            transaction.commit()
        elif state == "aborted":
            transaction.abort()
        elif state == "failed":
            with fail_point("commitTransaction", error_code=8000, times=1):
                with pytest.raises(Exception, match="failCommand"):
                    transaction.commit()
        elif state == "doomed":
            with pytest.raises(DuplicateKeyError):
                transaction.save(User(name="Bob", email="taken"))
        elif state == "in doubt":
            with fail_point("commitTransaction", error_code=50, times=1):
                with pytest.raises(ExecutionTimeout):
                    transaction.commit()

    return bring


def _act(transaction, action):
    match action:
        case "operate":
            transaction.save(User(name="Cy", email="c@x"))
        case "get_driver_session":
            transaction.get_driver_session()
        case "exit normally":
            transaction.__exit__(None, None, None)
        case "exit with exception":
            error = ValueError("mine")
            assert not transaction.__exit__(ValueError, error, None)
        case _:
            getattr(transaction, action)()


def _state_of(transaction):
    """The state that shows from outside; an idle transaction is started and aborted for it."""
    if transaction.is_started:
        assert transaction.session.is_started
        try:
            transaction.count(User)
        except TransactionAbortedError:
            return "doomed"
        return "running"
    try:
        own_session_is_open = transaction.session.is_started
        transaction.start()
    except RuntimeError:
        assert own_session_is_open
        return "in doubt"
    assert not own_session_is_open
    transaction.abort()
    return "idle"


def _rolled_back(row):
    """Whether the user's save has come to nothing by the end of the row."""
    return row.state in {"aborted", "failed"} or (row.after == "idle" and not row.stored)


@pytest.mark.parametrize("row", TABLE, ids=[f"{row.state}-{row.action}" for row in TABLE])
def test_table(sync_engine, raw_database, commands, brought_to, user, row):
    transaction = sync_engine.transaction()
    brought_to(transaction, row.state)
    commands.clear()

    if row.error is None:
        _act(transaction, row.action)
    else:
        error, match = row.error
        with pytest.raises(error, match=match):
            _act(transaction, row.action)

    assert tuple(commands.names) == row.sent
    assert raw_database["user"].count_documents({"_id": user.id}) == int(row.stored)
    is_dirty = row.state == "new" or row.after == "in doubt" or _rolled_back(row)
    assert user.__fields_modified__ == ({"id", "name", "email"} if is_dirty else set())
    assert _state_of(transaction) == row.after


@pytest.mark.parametrize("state", ["running", "doomed", "in doubt", "committed"])
def test_every_way_to_idle_allows_a_fresh_run(sync_engine, raw_database, brought_to, state):
    transaction = sync_engine.transaction()
    brought_to(transaction, state)
    transaction.__exit__(ValueError, ValueError(), None)

    with transaction:
        transaction.save(User(name="Cy", email="c@x"))

    assert raw_database["user"].count_documents({"email": "c@x"}) == 1
    assert not transaction.session.is_started
