"""A request is one transaction: all of it is stored and answered, or nothing of it.

An attempt is the whole request. The response is sent after the commit, so a client hears of one that fails; after a
conflict everything is done again on the same request, and nothing of the failed attempt is seen.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections import Counter as Tally

import pytest
from tests.integration.fastapi.service import FAILURES, SUCCESSES

SLACK = 0.8
"""Seconds that a busy machine may take on top."""

CONFLICT = {"error_code": 112, "labels": ("TransientTransactionError",)}


async def test_concurrent_requests_on_one_document_all_succeed(service):
    service.store(hits=0)

    answers = await asyncio.gather(*(service.http.patch("/counters/hits") for _ in range(20)))

    assert [answer.status_code for answer in answers] == [200] * 20
    assert sorted(answer.json()["value"] for answer in answers) == [*range(1, 21)]
    assert service.stored == {"hits": 20}
    assert len(service.log) > 20


async def test_more_requests_than_threads_do_not_wait_for_each_other_forever(service):
    names = [f"n{number}" for number in range(12)]
    service.store(**dict.fromkeys(names, 0))

    requests = (service.http.patch(f"/counters/{name}") for name in names * 8)
    answers = await asyncio.wait_for(asyncio.gather(*requests), 60)

    assert Tally(answer.status_code for answer in answers) == {200: 96}
    assert service.stored == dict.fromkeys(sorted(names), 8)


@pytest.mark.parametrize(("how", "status"), FAILURES.items())
async def test_an_exception_and_a_status_of_400_and_above_roll_back(service, how, status):
    answer = await service.http.post(f"/ends/{how}")

    assert answer.status_code == status
    assert service.stored == {}
    assert service.open_transactions() == 0


@pytest.mark.parametrize(("how", "status"), SUCCESSES.items())
async def test_any_other_response_commits(service, how, status):
    answer = await service.http.post(f"/ends/{how}")

    assert answer.status_code == status
    assert service.stored == {how: 0}


async def test_a_request_that_is_not_valid_rolls_back(service):
    assert (await service.http.post("/counters", json={"value": 1})).status_code == 422
    assert (await service.http.post("/counters", content=b"{")).status_code == 422
    assert service.stored == {}


@pytest.mark.parametrize("times", [1, 3])
async def test_nothing_of_a_failed_attempt_is_seen(service, fail_point, times):
    with fail_point("commitTransaction", times=times, **CONFLICT):
        answer = await service.http.post("/everything", json=["body"])

    assert answer.status_code == 200
    assert answer.json() == {"tags": ["body", "dependency", "endpoint"], "count": 0}
    assert answer.headers.get_list("x-attempt") == ["made"]
    assert len(answer.headers.get_list("set-cookie")) == 1
    attempts = times + 1
    # One by one, since the transactions that were not committed left no trace.
    assert service.log[: 2 * attempts] == ["entered", "endpoint"] * attempts
    assert sorted(service.log[2 * attempts :]) == ["background"] + ["left"] * attempts
    assert service.stored == {"everything": 3}


async def test_a_conflict_in_the_endpoint_begins_the_request_again(service, fail_point):
    with fail_point("insert", "update", times=1, **CONFLICT):
        answer = await service.http.post("/everything", json=["body"])

    assert answer.json() == {"tags": ["body", "dependency", "endpoint"], "count": 0}
    assert service.log.count("entered") == service.log.count("left") == 2
    assert service.log.count("endpoint") == service.log.count("background") == 1


@pytest.mark.parametrize("size", [0, 10, 70_000, 3_000_000])
async def test_an_upload_is_read_again_though_the_endpoint_closes_it(service, fail_point, size):
    content = b"odmantic" * size
    content = content[:size]
    with fail_point("commitTransaction", times=2, **CONFLICT):
        answer = await service.http.post("/upload", files={"file": io.BytesIO(content)})

    assert (answer.status_code, answer.json()) == (200, {"size": size})
    assert service.log == [size] * 3
    assert service.stored == {"upload": size}


async def test_a_client_hears_of_a_commit_that_fails(service, fail_point):
    with fail_point("commitTransaction", error_code=11601, labels=()):
        answer = await service.http.post("/ends/well")

    assert answer.status_code == 500
    assert service.stored == {}


async def test_a_commit_of_unknown_outcome_is_logged_and_told(service, fail_point, caplog):
    with fail_point("commitTransaction", error_code=50):
        answer = await service.http.post("/ends/well")

    assert answer.status_code == 500
    assert answer.json() == {
        "detail": "It is unknown whether this was done: look before you try again"
    }
    (entry,) = [record for record in caplog.records if record.name == "odmantic.fastapi"]
    assert entry.getMessage() == "it is unknown whether POST /ends/well was committed"
    assert entry.levelname == "ERROR"
    assert entry.exc_info


async def test_a_conflict_that_lasts_is_told_with_a_time_to_try_again(serve, engine, fail_point):
    from odmantic.fastapi import TransactionRoute

    service = serve(TransactionRoute.using(engine, timeout=0.7))
    with fail_point("commitTransaction", **CONFLICT):
        answer = await asyncio.wait_for(service.http.post("/ends/well"), 5)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {
        "detail": "This could not be done in time, and nothing was changed: try again"
    }
    assert service.stored == {}


@pytest.mark.parametrize("command", ["insert", "update", "commitTransaction"])
@pytest.mark.parametrize("fault", ["connection", "primary"])
async def test_a_lost_connection_or_primary_is_no_failure(service, fail_point, command, fault):
    lost = {"close_connection": True} if fault == "connection" else {"error_code": 10107}
    with fail_point(command, times=1, **lost):
        assert (await service.http.post("/ends/well")).status_code == 200
    assert service.stored == {"well": 0}


async def test_a_duplicate_is_told_with_its_fields_and_without_values(service):
    await service.http.post("/counters", json={"name": "secret"})

    answer = await service.http.post("/counters", json={"name": "secret"})

    assert answer.status_code == 409
    assert answer.json() == {"detail": "Counter with this name exists already", "fields": ["name"]}


async def test_what_is_not_found_is_told(service):
    answer = await service.http.delete("/counters/nobody")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Counter not found"})


async def test_an_endpoint_without_a_transaction_sends_nothing(service, commands):
    assert (await service.http.get("/free")).json() == "free"
    assert commands.names == []


async def test_a_request_that_is_cancelled_leaves_nothing(service):
    request = asyncio.create_task(service.http.post("/sleeps"))
    while not service.log:
        await asyncio.sleep(0.01)
    assert service.open_transactions() == 1

    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request

    assert service.open_transactions() == 0
    await asyncio.sleep(1.2)  # the thread of a `def` endpoint cannot be stopped
    assert service.stored == {}
    assert service.log in (["saved"], ["saved", "SessionMisuseError"])


async def test_the_rollback_of_a_request_that_is_cancelled_is_short(service, fail_point, caplog):
    """Also where a thread does it, for nobody waits for that any more."""
    caplog.set_level("DEBUG", "odmantic.transaction")
    request = asyncio.create_task(service.http.post("/sleeps"))
    while not service.log:
        await asyncio.sleep(0.01)

    with fail_point("abortTransaction", block_ms=4000):
        began = time.time()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        while not (ends := [r for r in caplog.records if r.getMessage().startswith("abort")]):
            await asyncio.sleep(0.01)

    assert ends[0].created - began < 1.0 + SLACK
