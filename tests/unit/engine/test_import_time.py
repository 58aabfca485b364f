"""Engines made at import time: contract, section 2.1."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import pytest


@pytest.mark.parametrize("name", ["AIOEngine", "SyncEngine"])
def test_an_engine_needs_no_loop_no_server_and_no_connection(name):
    program = f"""
        import socket

        def refuse(*arguments, **options):
            raise AssertionError("an engine must not connect")

        socket.socket.connect = refuse
        from odmantic import {name}, Model

        engine = {name}()

        class User(Model):
            name: str

        print(engine.database_name, engine.get_collection(User).name)
    """
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.stdout.split() == ["test", "user"], done.stderr
    assert done.stderr == ""
    assert time.monotonic() - started < 20
