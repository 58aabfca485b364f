"""What an import loads, and engines made at import time."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
import time

import pytest

import odmantic

SUBMODULES = {
    "bson",
    "config",
    "engine",
    "exceptions",
    "field",
    "index",
    "model",
    "query",
    "reference",
    "session",
    "typing",
}


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_importing_the_package_loads_neither_pydantic_nor_a_driver():
    loaded = run("import sys, odmantic; print(*sys.modules)").split()

    assert not {"pydantic", "pymongo", "bson"} & set(loaded)


@pytest.mark.parametrize(
    ("statement", "other"),
    [
        ("from odmantic import AIOEngine, Model", "odmantic._sync"),
        ("from odmantic import SyncEngine, Model", "odmantic._aio"),
        ("from odmantic.engine import AIOEngine", "odmantic._sync"),
        ("from odmantic.session import SyncSession", "odmantic._aio"),
        ("from odmantic import EmbeddedModel, Field, Model, Reference", "odmantic._plan"),
    ],
)
def test_only_what_is_used_is_loaded(statement, other):
    assert run(f"import sys\n{statement}\nprint({other!r} in sys.modules)") == "False\n"


@pytest.mark.parametrize("module", ["odmantic", "odmantic.engine", "odmantic.session"])
def test_every_public_name_is_there_before_it_was_used(module):
    program = f"""
        import importlib
        module = importlib.import_module({module!r})
        names = dir(module)
        assert set(module.__all__) <= set(names), names
        for name in module.__all__:
            assert getattr(module, name) is getattr(module, name), name
        from {module} import *
        print(set(module.__all__) <= set(globals()))
    """
    assert run(program) == "True\n"


def test_submodules_are_reachable_after_a_bare_import():
    program = f"""
        import odmantic
        assert {sorted(SUBMODULES)} == sorted({SUBMODULES} & set(dir(odmantic)))
        print(*(getattr(odmantic, name).__name__ for name in {sorted(SUBMODULES)}))
    """
    assert run(program).split() == [f"odmantic.{name}" for name in sorted(SUBMODULES)]


def test_a_name_that_is_not_there_is_told_as_by_any_module():
    with pytest.raises(AttributeError, match=r"^module 'odmantic' has no attribute 'NoSuchModel'$"):
        _ = odmantic.NoSuchModel
    with pytest.raises(ImportError, match="cannot import name 'NoSuchModel' from 'odmantic'"):
        from odmantic import NoSuchModel  # noqa: F401
    assert not hasattr(odmantic, "NoSuchModel")


def test_classes_are_pickled_by_reference():
    from odmantic import engine

    for name in odmantic.__all__:
        each = getattr(odmantic, name)
        assert pickle.loads(pickle.dumps(each)) is each
    assert pickle.loads(pickle.dumps(engine.AIOSession)) is engine.AIOSession


def test_threads_that_load_a_name_at_once_get_the_same():
    program = """
        import threading
        import odmantic

        found, start = [], threading.Barrier(8)

        def load():
            start.wait()
            found.append((odmantic.Model, odmantic.AIOEngine, odmantic.session))

        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(len(found), len(set(found)))
    """
    assert run(program) == "8 1\n"


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
