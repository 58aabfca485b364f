"""`odmantic serve`, from its start to every way it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess

import pytest
from pymongo import MongoClient


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def read_notes(serving: subprocess.Popen[str]) -> str:
    """What is told on standard error once it serves."""
    lines: list[str] = []
    while not lines or lines[-1] != "Ctrl-C ends it.\n":
        lines.append(serving.stderr.readline())
        assert lines[-1], "it has ended"
    return "".join(lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_leaves_nothing(start, members, temporary, number):
    serving = start("serve")
    uri = serving.stdout.readline().strip()
    with MongoClient(uri) as client, client.start_session() as session:
        with session.start_transaction():
            client["cli"]["thing"].insert_one({}, session=session)
        assert client["cli"]["thing"].count_documents({}) == 1
    assert members()
    notes = read_notes(serving)

    serving.send_signal(number)

    shown, error = serving.communicate(timeout=60)
    assert (serving.returncode, shown) == (0, "")
    assert "Traceback" not in error
    assert members() == []
    assert list(temporary.iterdir()) == []
    assert f'uri = "{uri}"' in notes


def test_it_has_as_many_members_as_asked_for(start, members):
    serving = start("serve", "--members", "3")
    uri = serving.stdout.readline().strip()
    with MongoClient(uri) as client:
        hosts = client.admin.command("hello")["hosts"]
    assert len(hosts) == 3
    assert uri.startswith(f"mongodb://{','.join(hosts)}/")
    assert "A replica set of 3 members; the data is temporary" in read_notes(serving)

    serving.terminate()

    serving.communicate(timeout=60)
    assert members() == []


def test_a_path_keeps_the_data(start, members, tmp_path):
    counts = []
    for _ in range(2):
        serving = start("serve", "--path", str(tmp_path / "data"))
        with MongoClient(serving.stdout.readline().strip()) as client:
            client["cli"]["thing"].insert_one({})
            counts.append(client["cli"]["thing"].count_documents({}))
        serving.terminate()
        serving.communicate(timeout=60)
        assert serving.returncode == 0
    assert counts == [1, 2]
    assert members() == []


def test_a_port_is_used_or_refused(start, members):
    port = str(free_port())
    serving = start("serve", "--port", port)
    assert serving.stdout.readline().startswith(f"mongodb://127.0.0.1:{port}/")

    second = start("serve", "--port", port)

    shown, error = second.communicate(timeout=60)
    assert (second.returncode, shown) == (1, "")
    assert error.startswith("Error: ")
    assert "port is taken" in error
    assert "Traceback" not in error
    serving.terminate()
    serving.communicate(timeout=60)
    assert members() == []


def test_ctrl_c_while_it_starts_leaves_nothing(start, members, temporary, wait_until):
    serving = start("serve", "--members", "3")
    wait_until(members)

    serving.send_signal(signal.SIGINT)

    shown, error = serving.communicate(timeout=60)
    assert (serving.returncode, shown) == (0, "")
    assert "Traceback" not in error
    assert members() == []
    assert list(temporary.iterdir()) == []


def test_it_tells_when_members_end_by_themselves(start, members):
    serving = start("serve")
    with MongoClient(serving.stdout.readline().strip()) as client:
        mongod = client.admin.command("serverStatus")["pid"]

    os.kill(mongod, signal.SIGKILL)

    _, error = serving.communicate(timeout=60)
    assert serving.returncode == 1
    assert "Member 0 has ended. Its log: " in error
    assert members() == []


@pytest.mark.parametrize(
    "arguments", [["--members", "0"], ["--port", "65536"], ["--path", __file__]]
)
def test_options_out_of_range_are_refused(start, arguments):
    refused = start("serve", *arguments)
    _, error = refused.communicate(timeout=60)
    assert refused.returncode == 2
    assert f"'{arguments[0]}'" in error
