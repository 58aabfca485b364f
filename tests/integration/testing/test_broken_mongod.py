"""A mongod that is missing or does not run gives an error that says what to do."""

from __future__ import annotations

import copy
import os
import pickle
import stat
import sys
from pathlib import Path

import pytest

from odmantic.exceptions import OdmanticError
from odmantic.testing import (
    LocalReplicaSet,
    MongodFailedError,
    MongodNotFoundError,
    ReplicaSetTimeoutError,
    _mongod,
)


@pytest.fixture
def fake_mongod(tmp_path):
    def make(script):
        file = tmp_path / "mongod"
        file.write_text(script, encoding="utf-8")
        file.chmod(0o755)
        return file

    return make


@pytest.fixture(autouse=True)
def temporary_directory(tmp_path, monkeypatch):
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    yield directory
    assert list(directory.iterdir()) == []


@pytest.fixture
def no_mongod(monkeypatch):
    monkeypatch.delenv("ODMANTIC_MONGOD", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(_mongod, "_WHEELS", ("odmantic-no-such-wheel",))


@pytest.fixture
def system(monkeypatch):
    def pretend(identifier, like=""):
        monkeypatch.setattr(
            "platform.freedesktop_os_release", lambda: {"ID": identifier, "ID_LIKE": like}
        )

    return pretend


def start(mongod, **options):
    with pytest.raises(OdmanticError) as caught:
        LocalReplicaSet(mongod=mongod, **options).start()
    return caught.value


# -- Searching ------------------------------------------------------------------------------------


def test_without_any_mongod_the_error_lists_what_was_tried(no_mongod):
    error = start(None)

    assert isinstance(error, MongodNotFoundError)
    for tried in ("argument", "ODMANTIC_MONGOD", "PATH", "wheel of the extra 'server'"):
        assert tried in str(error)


@pytest.mark.parametrize(
    ("platform", "machine", "remedy"),
    [
        ("linux", "x86_64", "pip install 'odmantic[server]'"),
        ("linux", "aarch64", "install MongoDB Community Server"),
        ("darwin", "arm64", "brew install mongodb-community"),
        ("win32", "AMD64", "install MongoDB Community Server"),
    ],
)
def test_the_remedy_is_one_for_the_platform(monkeypatch, platform, machine, remedy):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("platform.machine", lambda: machine)

    assert remedy in _mongod.how_to_get_mongod()


def test_a_given_mongod_that_does_not_exist_is_not_replaced_by_another(tmp_path):
    error = start(tmp_path / "nothing")

    assert isinstance(error, MongodNotFoundError)
    assert str(tmp_path / "nothing") in str(error)
    assert "argument" in str(error)


def test_the_environment_names_a_mongod(monkeypatch, tmp_path, no_mongod, fake_mongod):
    monkeypatch.setenv("ODMANTIC_MONGOD", str(tmp_path / "nothing"))
    assert "from the environment variable ODMANTIC_MONGOD" in str(start(None))

    monkeypatch.setenv("ODMANTIC_MONGOD", str(fake_mongod("#!/bin/sh\nexit 9\n")))
    assert "exit code 9" in str(start(None))


def test_a_given_mongod_goes_before_the_environment(monkeypatch, tmp_path, fake_mongod):
    monkeypatch.setenv("ODMANTIC_MONGOD", str(tmp_path / "nothing"))

    assert "exit code 9" in str(start(fake_mongod("#!/bin/sh\nexit 9\n")))


def test_a_mongod_on_the_path_is_found(monkeypatch, tmp_path, no_mongod, fake_mongod):
    fake = fake_mongod("#!/bin/sh\nexit 9\n")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert str(start(None)).startswith(f"{fake} ended with exit code 9")


@pytest.fixture
def wheel(tmp_path, monkeypatch, no_mongod):
    """An installed wheel whose file has lost its executable bit."""
    site = tmp_path / "site"
    file = site / "fiftyone" / "db" / "bin" / "mongod"
    file.parent.mkdir(parents=True)
    file.write_text("#!/bin/sh\nexit 9\n", encoding="utf-8")
    file.chmod(0o644)
    metadata = site / "odmantic_made_up-1.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: odmantic-made-up\nVersion: 1\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(_mongod, "_WHEELS", ("odmantic-made-up",))
    return file


def test_the_wheels_mongod_gets_its_executable_bit(wheel):
    assert str(start(None)).startswith(f"{wheel} ended with exit code 9")
    assert wheel.stat().st_mode & stat.S_IXUSR


def test_the_wheels_mongod_is_copied_where_it_cannot_be_changed(
    wheel, monkeypatch, temporary_directory
):
    change = Path.chmod

    def refuse(path, mode):
        if path == wheel:
            raise PermissionError(path)
        change(path, mode)

    monkeypatch.setattr(Path, "chmod", refuse)

    error = str(start(None))

    assert error.startswith(str(temporary_directory))
    assert "exit code 9" in error
    assert not wheel.stat().st_mode & stat.S_IXUSR


def test_a_wheel_without_the_file_is_passed_over(wheel):
    wheel.unlink()

    assert isinstance(start(None), MongodNotFoundError)


# -- Running --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "like", "remedy"),
    [
        ("debian", "", "apt-get install libcurl4"),
        ("mint", "ubuntu debian", "apt-get install libcurl4"),
        ("rocky", "rhel centos fedora", "dnf install libcurl"),
        ("opensuse-leap", "suse opensuse", "zypper install libcurl4"),
        ("arch", "", "pacman -S curl"),
        ("alpine", "", "Debian or Ubuntu"),
        ("haiku", "", "Debian's package is libcurl4"),
    ],
)
def test_a_missing_library_is_named_with_the_systems_remedy(
    fake_mongod, system, identifier, like, remedy
):
    system(identifier, like)
    message = (
        "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object"
        " file: No such file or directory"
    )

    error = start(fake_mongod(f"#!/bin/sh\necho '{message}' >&2\nexit 127\n"))

    assert isinstance(error, MongodFailedError)
    assert error.exit_code == 127
    assert error.log == message
    assert message in str(error)
    assert "It needs libcurl.so.4" in str(error)
    assert remedy in str(error)


def test_another_missing_library_is_named_as_well(fake_mongod, system):
    system("debian")
    message = "libssl.so.3: cannot open shared object file"

    error = start(fake_mongod(f"#!/bin/sh\necho '{message}' >&2\nexit 127\n"))

    assert "install the package of this system that has libssl.so.3" in str(error)


def test_exit_code_127_alone_means_a_library(fake_mongod, monkeypatch):
    def unknown():
        raise OSError

    monkeypatch.setattr("platform.freedesktop_os_release", unknown)

    assert "most often libcurl.so.4" in str(start(fake_mongod("#!/bin/sh\nexit 127\n")))


def test_an_illegal_instruction_means_a_processor_without_avx(fake_mongod):
    error = start(fake_mongod("#!/bin/sh\nkill -ILL $$\n"))

    assert isinstance(error, MongodFailedError)
    assert error.exit_code == -4
    assert "signal 4" in str(error)
    assert "AVX" in str(error)


def test_a_file_of_another_format_is_for_another_platform(fake_mongod):
    error = start(fake_mongod("\x7fELF this is not\n"))

    assert isinstance(error, MongodFailedError)
    assert error.exit_code is None
    assert "built for another platform" in str(error)


def test_a_file_whose_interpreter_is_missing_cannot_be_run(fake_mongod):
    error = start(fake_mongod("#!/nonexistent/interpreter\n"))

    assert isinstance(error, MongodFailedError)
    assert "cannot be run" in str(error)


def test_an_option_that_mongod_does_not_know_is_in_the_error(mongod):
    error = start(mongod, server_parameters={"noSuchParameter": 1})

    assert isinstance(error, MongodFailedError)
    assert "noSuchParameter" in str(error)


def test_a_mongod_that_never_answers_is_given_up_and_ended(fake_mongod, processes_of):
    fake = fake_mongod("#!/bin/sh\necho I am here\nexec sleep 60\n")

    error = start(fake, timeout=0.5)

    assert isinstance(error, ReplicaSetTimeoutError)
    assert isinstance(error, TimeoutError)
    assert "member 0 to answer" in str(error)
    assert "I am here" in str(error)
    assert processes_of(fake.parent) == []


def test_a_member_that_dies_while_it_takes_part_is_reported(mongod):
    with LocalReplicaSet(mongod=mongod) as replica_set:
        replica_set.kill_member(0)

        assert not replica_set.is_running(0)
        assert replica_set.primary is None


def test_the_errors_can_be_pickled_and_copied():
    error = MongodFailedError("problem", 127, "log")

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (str(twin), twin.exit_code, twin.log) == ("problem", 127, "log")


def test_a_log_that_is_not_there_is_empty(tmp_path):
    assert _mongod.log_tail(tmp_path / os.devnull.strip("/")) == ""


def test_errors_before_the_end_of_a_log_are_shown(tmp_path):
    log = tmp_path / "log"
    lines = ['{"s": "E", "c": "STORAGE", "msg": "broken", "attr": {"why": "because"}}']
    lines += [f"line {number} {'x' * 500}" for number in range(20)]
    log.write_text("of a former run\n" + "\n".join(lines), encoding="utf-8")

    shown = _mongod.log_tail(log, len("of a former run\n")).splitlines()

    assert shown[0] == 'E STORAGE broken {"why": "because"}'
    assert len(shown) == 16
    assert shown[1].startswith("line 5 xxx")
    assert shown[1].endswith("x...")
    assert len(shown[1]) == 403
