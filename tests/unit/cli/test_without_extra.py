"""The command without the extra `cli`."""

from __future__ import annotations

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
