"""The command without the extra `cli`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from odmantic import cli


@pytest.mark.parametrize("name", ["typer", "rich"])
def test_a_missing_package_gives_the_command_to_install_it(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    assert cli.main() == 1
    shown = capsys.readouterr().err
    assert f"needs {name}" in shown
    assert "pip install 'odmantic[cli,server]'" in shown


def test_with_the_extra_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["odmantic", "--version"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("odmantic 2.")


def test_the_command_itself_ends_without_a_traceback() -> None:
    without = "import runpy, sys; sys.modules['typer'] = None; runpy.run_module('odmantic', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", without], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("The command odmantic needs typer.")
    assert "Traceback" not in done.stderr
