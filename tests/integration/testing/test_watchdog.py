"""The watchdog in this process, with short-lived processes in the place of mongod."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from odmantic.testing import _ports, _watchdog


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def serve(requests, grace=0.0, remove=()):
    replies = io.StringIO()
    watchdog = _watchdog.Watchdog(grace, remove)
    watchdog.serve(iter([json.dumps(request) for request in requests]), replies)
    return [json.loads(line) for line in replies.getvalue().splitlines()]


def start(script, tmp_path):
    argv = ["/bin/sh", "-c", script]
    return {"do": "start", "member": "0", "argv": argv, "log": str(tmp_path / "log")}


def end(grace):
    return {"do": "end", "member": "0", "grace": grace}


STATUS = {"do": "status"}


def test_the_end_of_the_requests_ends_processes_and_removes_directories(tmp_path):
    directory = tmp_path / "data"
    directory.mkdir()

    started, status = serve([start("exec sleep 60", tmp_path), STATUS], 0.0, [str(directory)])

    assert status == {"0": None}
    assert not alive(started["pid"])
    assert not directory.exists()


def test_processes_can_clean_up_within_the_grace(tmp_path):
    marker = tmp_path / "cleaned"
    script = f"trap 'touch {marker}; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    watchdog = _watchdog.Watchdog(10, [])
    watchdog.answer(start(script, tmp_path))
    while not (tmp_path / "log").read_text():
        time.sleep(0.01)

    watchdog.close()

    assert marker.exists()


def test_processes_that_outstay_the_grace_are_killed(tmp_path):
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    watchdog = _watchdog.Watchdog(0.2, [])
    pid = watchdog.answer(start(script, tmp_path))["pid"]
    while not (tmp_path / "log").read_text():
        time.sleep(0.01)

    watchdog.close()

    assert not alive(pid)


def test_one_process_can_be_ended_and_started_again(tmp_path):
    sleep = start("exec sleep 60", tmp_path)

    _, terminated, again, _, killed = serve([sleep, end(10), end(0), sleep, end(0)])

    assert terminated == {"returncode": -signal.SIGTERM}
    assert again == terminated
    assert killed == {"returncode": -signal.SIGKILL}


def test_output_of_both_kinds_is_appended_to_the_log(tmp_path):
    watchdog = _watchdog.Watchdog(0, [])
    for script in ("echo one", "echo two >&2"):
        watchdog.answer(start(script, tmp_path))
        while watchdog.answer(STATUS) == {"0": None}:
            time.sleep(0.01)

    assert (tmp_path / "log").read_text().split() == ["one", "two"]


def test_a_program_that_cannot_run_is_an_answer(tmp_path):
    request = {"do": "start", "member": "0", "argv": ["/nonexistent"], "log": str(tmp_path / "log")}

    (reply,) = serve([request])

    assert reply["errno"] == 2
    assert "/nonexistent" in reply["error"]


def test_an_unknown_request_is_an_answer():
    assert serve([{"do": "sing"}]) == [{"error": "unknown request 'sing'", "errno": None}]


def test_the_parents_death_is_noticed(monkeypatch):
    monkeypatch.setattr(_watchdog, "_parent", os.getppid())
    _watchdog._exit_without_parent(signal.SIGALRM, None)

    monkeypatch.setattr(_watchdog, "_parent", -1)
    with pytest.raises(SystemExit):
        _watchdog._exit_without_parent(signal.SIGALRM, None)


@pytest.fixture
def watchdog():
    """Runs the watchdog as a program."""
    started = []

    def run(parent):
        settings = {"parent": parent, "grace": 0, "remove": []}
        process = subprocess.Popen(
            [sys.executable, "-m", _watchdog.__name__, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def ask(process, request):
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_the_program_ends_its_processes_at_the_end_of_its_input(watchdog, tmp_path):
    process = watchdog(os.getpid())
    pid = ask(process, start("exec sleep 60", tmp_path))["pid"]

    process.stdin.close()

    assert process.wait(10) == 0
    assert not alive(pid)


def test_the_program_ends_its_processes_when_it_is_terminated(watchdog, tmp_path):
    process = watchdog(os.getpid())
    pid = ask(process, start("exec sleep 60", tmp_path))["pid"]

    process.terminate()

    assert process.wait(10) == 0
    assert not alive(pid)


def test_the_program_ends_when_it_has_another_parent(watchdog):
    assert watchdog(-1).wait(10) == 0


def test_the_program_ends_when_nobody_reads_its_answers(watchdog):
    process = watchdog(os.getpid())
    process.stdout.close()
    process.stdin.write(json.dumps(STATUS) + "\n")
    process.stdin.flush()

    assert process.wait(10) == 0


def test_the_ephemeral_range_is_read_from_the_system(tmp_path):
    setting = tmp_path / "ip_local_port_range"
    setting.write_text("20000\t30000\n", encoding="ascii")

    assert _ports.ephemeral_range(setting) == (20_000, 30_000)
    assert _ports.ephemeral_range(tmp_path / "nothing") == (49_152, 65_535)
