"""How commands end."""

from __future__ import annotations

import asyncio
import signal

import pytest
import typer
from pymongo.errors import OperationFailure

from odmantic.cli.terminal import ended_in_order, run


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("No space left"), "No space left"),
        (OperationFailure("no such user", 18, {"ok": 0, "codeName": "Auth"}), "no such user"),
    ],
)
def test_what_the_user_can_mend_is_told_in_a_line(error, told, capsys):
    with pytest.raises(typer.Exit) as ended, ended_in_order():
        raise error
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == f"Error: {told}\n"


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(KeyError), ended_in_order():
        raise KeyError("ours")


def test_sigterm_ends_like_ctrl_c_and_its_handler_is_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(typer.Exit) as ended, ended_in_order(interrupted=7):
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.exit_code == 7
    assert signal.getsignal(signal.SIGTERM) is before


INTERRUPTIONS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", INTERRUPTIONS)
def test_an_interruption_waits_for_its_turn_in_the_event_loop(number):
    """As in any lock: between the look at a future and its result, nobody else gets at it."""
    done = []

    async def wake(sleeper):
        assert not sleeper.done()
        signal.raise_signal(number)
        sleeper.set_result(None)
        done.append("woken")

    async def work():
        sleeper = asyncio.get_running_loop().create_future()
        waking = asyncio.create_task(wake(sleeper))
        try:
            await sleeper
        finally:
            await waking
            done.append("cleared up")

    before = list(map(signal.getsignal, INTERRUPTIONS))
    with pytest.raises(KeyboardInterrupt):
        run(work)
    assert done == ["woken", "cleared up"]
    assert list(map(signal.getsignal, INTERRUPTIONS)) == before


@pytest.mark.parametrize("number", INTERRUPTIONS)
def test_a_second_interruption_does_not_wait(number):
    async def work():
        signal.raise_signal(number)
        signal.raise_signal(number)
        pytest.fail("went on")

    with pytest.raises(typer.Exit) as ended, ended_in_order():
        run(work)
    assert ended.value.exit_code == 130


def test_what_runs_in_the_background_ignores_ctrl_c():
    async def work():
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0)
        return "went on"

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert run(work) == "went on"
    finally:
        signal.signal(signal.SIGINT, before)
