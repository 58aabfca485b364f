"""No process is left behind, however a program ends."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from odmantic.testing import LocalReplicaSet, LocalReplicaSetError, _startup

STARTED = """
replica_set.start()
tell_directory()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_members_end_with_a_program_that_gets_a_signal(program, gone, processes_of, number):
    running = program(STARTED + "time.sleep(60)")
    directory = running.stdout.readline().strip()
    assert len(processes_of(directory)) == 2  # the watchdog and mongod

    running.send_signal(number)

    running.wait(10)
    assert gone(directory)


@pytest.mark.parametrize(
    "ending",
    ["sys.exit(3)", "raise RuntimeError('mine')", "os._exit(3)", "os.abort()", "pass"],
)
def test_members_end_with_a_program_that_never_stops_them(program, gone, ending):
    running = program(STARTED + ending)
    directory = running.stdout.readline().strip()

    running.wait(10)

    assert gone(directory)


def test_nothing_is_left_once_a_program_that_leaves_the_block_has_ended(program, processes_of):
    running = program("with replica_set:\n    tell_directory()\n    raise RuntimeError('mine')")

    output, errors = running.communicate(timeout=60)

    directory = output.strip()
    assert processes_of(directory) == []
    assert not Path(directory).exists()
    assert errors.splitlines()[-1] == "RuntimeError: mine"


def test_members_end_although_a_forked_child_lives_on(program, gone):
    running = program(
        STARTED
        + """
child = os.fork()
if not child:
    time.sleep(60)
print(child, flush=True)
time.sleep(60)
"""
    )
    directory = running.stdout.readline().strip()
    child = int(running.stdout.readline())
    try:
        running.kill()

        assert gone(directory)
        os.kill(child, 0)
    finally:
        os.kill(child, signal.SIGKILL)


def test_members_end_although_a_child_that_python_knows_nothing_of_holds_the_pipe(program, gone):
    # As a fork by a C library does: no hook of Python closes the child's copy of the pipe.
    running = program(
        STARTED
        + """
import ctypes
child = ctypes.CDLL(None).fork()
if not child:
    ctypes.CDLL(None).sleep(60)
    os._exit(0)
print(child, flush=True)
time.sleep(60)
"""
    )
    directory = running.stdout.readline().strip()
    child = int(running.stdout.readline())
    try:
        running.kill()

        assert gone(directory)
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_forked_child_neither_uses_nor_ends_the_members(program):
    running = program(
        STARTED
        + """
child = os.fork()
if not child:
    try:
        replica_set.is_running(0)
    except Exception as error:
        print(type(error).__name__, flush=True)
    replica_set.stop()
    sys.exit()
os.waitpid(child, 0)
print(replica_set.is_running(0), replica_set.primary)
replica_set.stop()
"""
    )

    output, errors = running.communicate(timeout=60)

    assert output.split()[1:] == ["LocalReplicaSetError", "True", "0"]
    assert errors == ""


def test_members_outlive_the_thread_that_started_them(mongod):
    replica_set = LocalReplicaSet(mongod=mongod)
    thread = threading.Thread(target=replica_set.start)
    thread.start()
    thread.join()
    try:
        time.sleep(0.5)
        assert replica_set.is_running(0)
        assert replica_set.primary == 0
    finally:
        replica_set.stop()


def test_members_end_with_a_watchdog_that_is_killed(mongod, processes_of):
    with LocalReplicaSet(mongod=mongod) as replica_set:
        directory = replica_set.logs[0].parent
        watchdog, member = sorted(processes_of(directory))
        os.kill(watchdog, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while member in processes_of(directory) and time.monotonic() < deadline:
            time.sleep(0.02)

        assert processes_of(directory) == []
        with pytest.raises(LocalReplicaSetError, match="watches over"):
            replica_set.is_running(0)

    assert not directory.exists()


def test_a_replica_set_that_is_forgotten_ends(mongod, gone):
    replica_set = LocalReplicaSet(mongod=mongod).start()
    directory = replica_set.logs[0].parent

    del replica_set

    assert gone(directory)


def test_no_signal_handler_is_replaced(mongod):
    before = [signal.getsignal(number) for number in signal.valid_signals()]
    with LocalReplicaSet(mongod=mongod):
        assert [signal.getsignal(number) for number in signal.valid_signals()] == before


async def test_the_async_block_starts_and_ends_without_holding_up_the_loop(mongod, gone):
    turns = 0

    async def count_turns():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    counting = asyncio.create_task(count_turns())
    async with LocalReplicaSet(mongod=mongod) as replica_set:
        directory = replica_set.logs[0].parent
        turns_of_the_start = turns
        await asyncio.to_thread(replica_set.stop_member, 0)
        turns = 0
    counting.cancel()

    assert turns_of_the_start > 10
    assert turns > 0
    assert gone(directory, 0)


async def test_the_async_block_ends_with_an_exception(mongod, gone):
    async def fail():
        nonlocal directory
        async with LocalReplicaSet(mongod=mongod) as replica_set:
            directory = replica_set.logs[0].parent
            raise RuntimeError("mine")

    directory = None
    with pytest.raises(RuntimeError, match="mine"):
        await fail()

    assert gone(directory, 0)


@pytest.mark.parametrize("stage", ["launch", "configure", "wait_until_all_take_part"])
async def test_a_cancelled_start_leaves_nothing(mongod, processes_of, tmp_path, monkeypatch, stage):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    reached = threading.Event()
    original = getattr(_startup, stage)

    def hold(*arguments, **options):
        original(*arguments, **options)
        reached.set()
        pause = next(argument for argument in arguments if callable(argument))
        while True:
            pause("to be cancelled")

    monkeypatch.setattr(_startup, stage, hold)
    starting = asyncio.create_task(LocalReplicaSet(mongod=mongod).__aenter__())
    assert await asyncio.to_thread(reached.wait, 60)
    assert processes_of(tmp_path) != []
    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting

    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


async def test_a_start_cancelled_at_once_leaves_nothing(
    mongod, processes_of, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    starting = asyncio.create_task(LocalReplicaSet(mongod=mongod).__aenter__())
    await asyncio.sleep(0)
    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting

    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


async def test_a_replica_set_can_be_started_after_a_cancelled_start(mongod):
    replica_set = LocalReplicaSet(mongod=mongod)
    starting = asyncio.create_task(replica_set.__aenter__())
    await asyncio.sleep(0.05)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting

    async with replica_set:
        assert replica_set.primary == 0


async def test_a_cancelled_end_ends_nevertheless(mongod, gone):
    replica_set = await LocalReplicaSet(mongod=mongod).__aenter__()
    directory = replica_set.logs[0].parent
    ending = asyncio.create_task(replica_set.__aexit__(None, None, None))
    await asyncio.sleep(0)
    ending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await ending

    assert gone(directory, 0)


async def test_an_error_at_the_start_comes_out_of_the_async_block(tmp_path):
    with pytest.raises(LocalReplicaSetError, match="does not exist"):
        async with LocalReplicaSet(mongod=tmp_path / "mongod"):
            pass
